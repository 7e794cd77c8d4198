"""Tables of the project units and what is done at them."""

from typing import Final

import polars as pl

from etl_kit.columns import LINEAGE_COLUMNS, Column, counts, days, keys, money, texts
from etl_kit.datasets.dataset import Dataset, ForeignKey
from etl_kit.money import RATIO
from etl_kit.translation import N_


def _degrees(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=name, dtype=pl.Float64, about="grados, EPSG:4326") for name in names)


_LENGTH: Final = Column(name="longitud_m", dtype=pl.Float64, about="metros de la línea, EPSG:6249; NULL si es un punto")
_PLACE: Final = (
    *texts("direccion"),
    *_degrees("lat", "lon"),
    *texts("reparacion", "motivo_sin_geometria", "tipo_geometria"),
    Column(name="geometria", dtype=pl.String, about="GeoJSON, EPSG:4326, sin Z; NULL fuera de la ciudad"),
    _LENGTH,
    *texts("territorio_calculado", "barrio_vereda_calculado", "tipo_territorio"),
    *texts("comuna_corregimiento_declarada", "territorio_declarado", "barrio_vereda_declarado"),
    Column(name="fuera_rango", dtype=pl.String, required=True, about="ACEPTABLE, FUERA DE RANGO o SIN COMPARAR"),
    *texts("territorio", "barrio_vereda"),
)

UNIDADES_PROYECTO: Final = Dataset(
    name="unidades_proyecto",
    key=("upid",),
    columns=(
        *keys("upid"),
        *texts("nombre_up", "nombre_up_detalle", "clase_up", "tipo_equipamiento"),
        *_PLACE,
        *texts("cod_centro_gestor", "nombre_centro_gestor"),
        *counts("n_intervenciones", "n_fuentes", required=True),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_unidades_proyecto",
    critical=False,
    about=N_("a work or a place: a school, a park, a stretch of road; or a group of subsidies"),
)

INTERVENCIONES: Final = Dataset(
    name="intervenciones",
    key=("intervencion_id",),
    columns=(
        *keys("intervencion_id", "upid"),
        *texts("identificador", "nombre_up", "nombre_up_detalle"),
        *texts("referencia_proceso", "referencia_proceso_declarada"),
        *texts("referencia_contrato", "referencia_contrato_declarada"),
        *texts("bpin", "motivo_sin_bpin", "bp", "estado", "estado_declarado"),
        *texts("clase_up", "clase_declarada", "tipo_equipamiento", "tipo_equipamiento_declarado"),
        *texts("tipo_intervencion", "tipo_intervencion_declarado", "descripcion_intervencion"),
        *texts("fuente_financiacion", "fuente_financiacion_declarada"),
        *money("presupuesto"),
        Column(name="avance_obra", dtype=RATIO, about="por ciento, de 0 a 100"),
        *counts("anio"),
        *days("fecha_inicio", "fecha_fin", "fecha_inauguracion"),
        Column(name="frente_activo", dtype=pl.String, required=True, about="Frente activo, Inactivo o No aplica"),
        *texts("unidad"),
        Column(name="cantidad", dtype=pl.Float64, about="en la unidad declarada"),
        *counts("usuarios"),
        *texts("plataforma", "url_proceso", "cod_centro_gestor", "nombre_centro_gestor"),
        *_PLACE,
        *counts("fila_origen", required=True),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_unidades_proyecto",
    critical=False,
    foreign_keys=(
        ForeignKey(columns=("upid",), dataset="unidades_proyecto", enforced=True),
        ForeignKey(columns=("bpin",), dataset="datos_caracteristicos_proyectos"),
    ),
    about=N_("what is done at a project unit: a row of a source file"),
)
