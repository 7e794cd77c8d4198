"""The datasets in which transforms, load, validation and reports meet."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from etl_kit.columns import (
    EXECUTION,
    FUNDING,
    LINEAGE_COLUMNS,
    MOVEMENTS,
    PLAN,
    Column,
    DType,
    counts,
    days,
    flags,
    keys,
    money,
    ratio,
    texts,
)
from etl_kit.errors import DuplicateKeys, MissingColumns, WrongValues
from etl_kit.translation import _


@dataclass(frozen=True, kw_only=True)
class ForeignKey:
    """`columns` name rows of `dataset` by its key; how many do is reported, and enforced only if `enforced`."""

    columns: tuple[str, ...]
    dataset: str
    enforced: bool = False


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A table of the warehouse.

    Attributes:
        name: of the table and of its parquet file.
        key: what makes a row unique; never NULL.
        columns: in their order, lineage last.
        made_by: the task that transforms it.
        critical: whether the pipeline fails without it.
        foreign_keys: what its rows point at.
        about: what a row is, in the data's language.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    made_by: str
    critical: bool
    foreign_keys: tuple[ForeignKey, ...] = ()
    about: str = ""

    @property
    def schema(self) -> dict[str, DType]:
        """Types by column, in order."""
        return {column.name: column.dtype for column in self.columns}

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` with exactly the dataset's columns, order and types, sorted by its key; further columns go.

        Raises:
            MissingColumns: a column is absent.
            WrongValues: a value does not fit its type, or is NULL where it may not be.
            DuplicateKeys: two rows share a key.
        """
        absent = [name for name in self.schema if name not in frame.columns]
        if absent:
            raise MissingColumns(self.name, absent, present=frame.columns)
        typed = frame.select(self._typed(frame, column) for column in self.columns)
        self._check_required(typed)
        repeated = typed.group_by(self.key).len().filter(pl.col("len") > 1).sort(self.key)
        if repeated.height:
            examples = repeated.select(self.key).head(3).rows()
            raise DuplicateKeys(self.name, self.key, examples, repeated.height)
        return typed.sort(self.key)

    def empty(self) -> pl.DataFrame:
        """No rows, but every column."""
        return pl.DataFrame(schema=self.schema)

    def _typed(self, frame: pl.DataFrame, column: Column) -> pl.Series:
        try:
            return frame.get_column(column.name).cast(column.dtype)
        except pl.exceptions.PolarsError as error:
            raise WrongValues(self.name, column.name, str(error)) from error

    def _check_required(self, frame: pl.DataFrame) -> None:
        for column in self.columns:
            absent = frame.get_column(column.name).null_count() if column.required else 0
            if absent:
                reason = _("{count} rows have no value, and each must").format(count=absent)
                raise WrongValues(self.name, column.name, reason)


CATALOGO_BPIN: Final = Dataset(
    name="catalogo_bpin",
    key=("bp",),
    columns=(
        *keys("bp", "bpin"),
        *texts("nombre_proyecto", "cod_centro_gestor", "nombre_centro_gestor"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_catalogo_bpin",
    critical=False,
    about="un proyecto por código BP de la ciudad, con su BPIN nacional",
)

DATOS_CARACTERISTICOS: Final = Dataset(
    name="datos_caracteristicos_proyectos",
    key=("bpin",),
    columns=(
        *keys("bpin"),
        *texts("bp", "nombre_proyecto", "cod_centro_gestor", "nombre_centro_gestor", *PLAN),
        *texts("origen", "comuna", "tipo_gasto"),
        *counts("anio", "n_actividades"),
        *days("periodo_corte"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_ejecucion_presupuestal",
    critical=False,
    about="un proyecto de inversión, según el último corte en que aparece",
)

_CUT_KEY = ("bpin", "periodo_corte", "vigencia")
_CUT_COLUMNS = (*keys("bpin"), *days("periodo_corte", required=True), *keys("vigencia"), *counts("anio"))
_PROJECT = ForeignKey(columns=("bpin",), dataset="datos_caracteristicos_proyectos")

MOVIMIENTOS: Final = Dataset(
    name="movimientos_presupuestales",
    key=_CUT_KEY,
    columns=(*_CUT_COLUMNS, *money(*MOVEMENTS), *LINEAGE_COLUMNS),
    made_by="transform_ejecucion_presupuestal",
    critical=False,
    foreign_keys=(_PROJECT,),
    about="movimientos del presupuesto de un proyecto, acumulados al corte",
)

EJECUCION: Final = Dataset(
    name="ejecucion_presupuestal",
    key=_CUT_KEY,
    columns=(
        *_CUT_COLUMNS,
        *money(*EXECUTION),
        ratio("pct_ejecucion", "ejecucion / ppto_modificado"),
        ratio("pct_pagos", "pagos / ejecucion"),
        ratio("pct_obligado", "total_acumul_obligac / ejecucion"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_ejecucion_presupuestal",
    critical=False,
    foreign_keys=(_PROJECT, ForeignKey(columns=_CUT_KEY, dataset="movimientos_presupuestales")),
    about="ejecución del presupuesto de un proyecto, acumulada al corte",
)

EJECUCION_DETALLE: Final = Dataset(
    name="ejecucion_detalle",
    key=(
        "periodo_corte",
        "cod_centro_gestor",
        "bp",
        "programa_presupuestal",
        "pospre",
        "fondo",
        "area_funcional",
        "origen",
        "comuna",
        "vigencia",
        "ordinal",
    ),
    columns=(
        *days("periodo_corte", required=True),
        *keys("cod_centro_gestor", "bp", "programa_presupuestal", "pospre", "fondo", "area_funcional"),
        *keys("origen", "comuna", "vigencia"),
        *counts("ordinal", required=True),
        *counts("anio"),
        *texts("bpin", "nombre_centro_gestor", "nombre_proyecto", "nombre_actividad", "nombre_pospre"),
        *texts("nombre_fondo", "clasificacion_fondo", "nombre_area_funcional", *PLAN),
        *texts("cod_producto_mga", "nombre_producto_mga", "rubro", "tipo_gasto"),
        *money(*MOVEMENTS, *EXECUTION),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_ejecucion_presupuestal",
    critical=False,
    foreign_keys=(_PROJECT,),
    about="una línea del presupuesto tal como se publicó, acumulada al corte",
)

PROCESOS_SECOP: Final = Dataset(
    name="procesos_secop",
    key=("id_del_proceso", "id_adjudicacion", "nit_del_proveedor_adjudicado"),
    columns=(
        *keys("id_del_proceso", "id_adjudicacion", "nit_del_proveedor_adjudicado"),
        *texts("referencia_proceso", "referencia_normalizada", "proceso_compra", "nombre_procedimiento"),
        *texts("descripcion_procedimiento", "fase", "estado_procedimiento", "id_estado_procedimiento"),
        *texts("estado_resumen", "estado_apertura_proceso", "modalidad_contratacion", "justificacion_modalidad"),
        *texts("tipo_contrato", "subtipo_contrato", "unidad_duracion", "codigo_principal_categoria"),
        *texts("nombre_proveedor", "nombre_entidad", "cod_centro_gestor", "nombre_centro_gestor", "urlproceso"),
        *days("fecha_publicacion", "fecha_ultima_publicacion", "fecha_publicacion_fase_2"),
        *days("fecha_publicacion_fase_3", "fecha_recepcion_respuestas", "fecha_apertura_respuesta"),
        *days("fecha_apertura_efectiva", "fecha_adjudicacion"),
        *money("precio_base", "valor_adjudicacion"),
        *counts("duracion", "proveedores_invitados", "proveedores_con_invitacion", "proveedores_que_manifestaron"),
        *counts("respuestas_al_procedimiento", "respuestas_externas", "conteo_respuestas_ofertas"),
        *counts("proveedores_unicos_con_respuesta", "visualizaciones", "numero_lotes"),
        *flags("adjudicado"),
        *counts("dias_publicado", "n_oferentes"),
        ratio("pct_adjudicado_base", "valor_adjudicacion / precio_base"),
        *flags("tiene_contrato"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_procesos_secop",
    critical=True,
    about="un proceso de contratación por adjudicación y proveedor; los lotes repiten el proceso",
)

CONTRATOS_SECOP: Final = Dataset(
    name="contratos_secop",
    key=("id_contrato",),
    columns=(
        *keys("id_contrato"),
        *texts("referencia_contrato", "referencia_normalizada", "proceso_compra", "estado_contrato"),
        *texts("tipo_contrato", "modalidad_contratacion", "justificacion_modalidad", "descripcion_proceso"),
        *texts("objeto_contrato", "codigo_categoria_principal", "condiciones_entrega", "nombre_entidad"),
        *texts("cod_centro_gestor", "nombre_centro_gestor", "tipo_documento_proveedor", "documento_proveedor"),
        *texts("proveedor", "origen_recursos", "destino_gasto", "duracion_contrato", "urlproceso"),
        *days("fecha_firma", "fecha_inicio_contrato", "fecha_fin_contrato", "fecha_inicio_ejecucion"),
        *days("fecha_fin_ejecucion", "fecha_inicio_liquidacion", "fecha_fin_liquidacion"),
        *days("fecha_notificacion_prorrogacion", "ultima_actualizacion"),
        *money("valor_contrato", "valor_pago_adelantado", "valor_facturado", "valor_pendiente_pago"),
        *money("valor_pagado", "valor_amortizado", "valor_pendiente_amortizacion", "valor_pendiente_ejecucion"),
        *money("saldo_cdp", "saldo_vigencia", *FUNDING),
        *flags("es_grupo", "es_pyme", "habilita_pago_adelantado", "liquidacion", "puede_ser_prorrogado"),
        *counts("dias_adicionados", "dias_plazo", "anno_bpin"),
        *texts("estado_bpin", "bpin", "bpin_origen", "motivo_sin_bpin"),
        *flags("es_emprestito"),
        *texts("banco"),
        ratio("pct_pagado", "valor_pagado / valor_contrato"),
        ratio("pct_facturado", "valor_facturado / valor_contrato"),
        *flags("vencido"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_contratos_secop",
    critical=True,
    foreign_keys=(_PROJECT,),
    about="un contrato electrónico de SECOP II",
)

CONTRATO_BPIN: Final = Dataset(
    name="contrato_bpin",
    key=("id_contrato", "bpin"),
    columns=(*keys("id_contrato", "bpin"), *texts("bpin_origen", "referencia_contrato"), *LINEAGE_COLUMNS),
    made_by="transform_contratos_secop",
    critical=False,
    foreign_keys=(ForeignKey(columns=("id_contrato",), dataset="contratos_secop", enforced=True), _PROJECT),
    about="puente entre contratos y proyectos; el valor del contrato no se reparte ni se suma a través de él",
)

EMP_PROYECTOS: Final = Dataset(
    name="emp_proyectos",
    key=("bp",),
    columns=(
        *keys("bp"),
        *texts("bpin", "motivo_sin_bpin", "nombre_proyecto", "bancos", "cod_centro_gestor", "nombre_centro_gestor"),
        *counts("n_lineas", "n_procesos", "n_contratos"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=True,
    foreign_keys=(ForeignKey(columns=("bp",), dataset="catalogo_bpin"),),
    about="un proyecto que se paga con el empréstito",
)

EMP_CONTRATOS_INDEX: Final = Dataset(
    name="emp_contratos_index",
    key=("clave",),
    columns=(
        *keys("clave", "banco"),
        *texts("banco_linea", "id_paa", "bp", "bpin", "bpin_indice", "motivo_sin_bpin", "descripcion"),
        *texts("referencia_proceso", "referencia_contrato", "referencia_proceso_normalizada"),
        *texts("referencia_contrato_normalizada", "id_contrato", "estado_proceso", "link_del_proceso"),
        *texts("cod_centro_gestor", "nombre_centro_gestor"),
        *counts("filas_indice"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=True,
    foreign_keys=(ForeignKey(columns=("id_contrato",), dataset="contratos_secop"),),
    about="una línea del índice del empréstito por referencia; las que aún no tienen referencia van sin ella",
)

EMP_PROCESOS: Final = Dataset(
    name="emp_procesos",
    key=("referencia_proceso",),
    columns=(
        *keys("referencia_proceso"),
        *texts("bancos", "bps", "bpin", "cod_centro_gestor", "nombre_centro_gestor", "estado_indice"),
        *flags("encontrado_en_secop"),
        *texts("id_del_proceso", "proceso_compra", "estado_procedimiento", "modalidad_contratacion"),
        *days("fecha_publicacion"),
        *money("precio_base", "valor_adjudicacion"),
        *counts("n_adjudicaciones", "n_contratos"),
        *money("valor_contratado"),
        *texts("urlproceso"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=True,
    about="un proceso de contratación del empréstito, esté o no en SECOP",
)

WAREHOUSE: Final[tuple[Dataset, ...]] = (
    CATALOGO_BPIN,
    DATOS_CARACTERISTICOS,
    MOVIMIENTOS,
    EJECUCION,
    EJECUCION_DETALLE,
    PROCESOS_SECOP,
    CONTRATOS_SECOP,
    CONTRATO_BPIN,
    EMP_PROYECTOS,
    EMP_CONTRATOS_INDEX,
    EMP_PROCESOS,
)
"""Every table, in the order in which they are loaded: what is pointed at comes first."""
