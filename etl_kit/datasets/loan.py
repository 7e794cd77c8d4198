"""Tables of the city loan (empréstito)."""

from typing import Final

import polars as pl

from etl_kit.columns import LINEAGE_COLUMNS, Column, counts, days, flags, keys, money, ratio, texts
from etl_kit.datasets.dataset import Dataset, ForeignKey
from etl_kit.translation import N_

MONTHS_OF_TIME: Final = pl.Decimal(6, 2)
"""The type of a length of time in months: 3.5 is three and a half."""

UNROUNDED: Final = pl.Decimal(24, 4)
"""Pesos with the fractions of a cent that the workbooks' own formulas leave, without the noise of their floats."""

_OF_A_PROJECT: Final = ForeignKey(columns=("bp",), dataset="catalogo_bpin")
_OF_A_BANK: Final = ForeignKey(columns=("banco",), dataset="emp_bancos")

EMP_BANCOS: Final = Dataset(
    name="emp_bancos",
    key=("banco",),
    columns=(
        *keys("banco"),
        *texts("nombres_encontrados", "lineas", "id_entidad", "entidad", "referencia_contrato"),
        *days("fecha_contrato"),
        *texts("link_contrato"),
        *money("cupo"),
        *texts("modalidad", "plazo"),
        Column(name="plazo_meses", dtype=MONTHS_OF_TIME),
        *texts("periodo_gracia"),
        Column(name="gracia_meses", dtype=MONTHS_OF_TIME),
        *texts("tasa", "tasa_referencia"),
        ratio("spread", "puntos sobre la tasa de referencia"),
        *days("disponible_hasta"),
        *texts("pago_intereses", "garantia", "cobertura_garantia"),
        *flags("provisional"),
        *counts("n_proyectos_negociados"),
        *money("valor_negociado"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=False,
    about=N_("a bank of the loan, with the names it is given, its terms and what was negotiated with it"),
)

EMP_PROYECTOS: Final = Dataset(
    name="emp_proyectos",
    key=("bp",),
    columns=(
        *keys("bp"),
        *texts("bpin", "motivo_sin_bpin", "nombre_proyecto", "bancos", "cod_centro_gestor", "nombre_centro_gestor"),
        *counts("n_lineas", "n_procesos", "n_contratos"),
        *flags("en_indice"),
        *texts("nombre_comercial"),
        *money("valor_negociado", "incorporado_2025", "incorporado_2026", "incorporado_2027"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=True,
    foreign_keys=(_OF_A_PROJECT,),
    about=N_("a project that the loan pays"),
)

EMP_CONTRATOS_INDEX: Final = Dataset(
    name="emp_contratos_index",
    key=("clave",),
    columns=(
        *keys("clave", "banco"),
        *texts(
            "banco_linea",
            "banco_crudo",
            "id_paa",
            "bp",
            "bp_crudo",
            "bpin",
            "bpin_indice",
            "motivo_sin_bpin",
            "descripcion",
        ),
        *texts("referencia_proceso", "referencia_contrato", "referencia_proceso_normalizada"),
        *texts("referencia_contrato_normalizada", "id_contrato", "estado_proceso", "link_del_proceso"),
        *texts("cod_centro_gestor", "nombre_centro_gestor"),
        *counts("filas_indice"),
        Column(name="filas_propias", dtype=pl.Int64, about="filas del índice que encabeza; sumadas, las del índice"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=True,
    foreign_keys=(_OF_A_BANK, ForeignKey(columns=("id_contrato",), dataset="contratos_secop")),
    about=N_("a line of the index of the loan by reference; those that have no reference yet stand without it"),
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
    about=N_("a contracting process of the loan, whether in SECOP or not"),
)

EMP_NEGOCIACIONES: Final = Dataset(
    name="emp_negociaciones",
    key=("banco", "bp", "ordinal"),
    columns=(
        *keys("banco", "bp"),
        *counts("ordinal", required=True),
        *texts("banco_linea", "banco_crudo", "bp_crudo", "id_entidad", "nombre_proyecto"),
        *money("valor_negociado"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=False,
    foreign_keys=(_OF_A_BANK, _OF_A_PROJECT),
    about=N_(
        "what was negotiated with a bank for a project; the ordinal tells apart agreements of the same bank and project"
    ),
)

EMP_INCORPORACIONES: Final = Dataset(
    name="emp_incorporaciones",
    key=("banco", "bp", "ordinal", "anio"),
    columns=(
        *keys("banco", "bp"),
        *counts("ordinal", "anio", required=True),
        *texts("acuerdo"),
        *money("valor_incorporado"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=False,
    foreign_keys=(ForeignKey(columns=("banco", "bp", "ordinal"), dataset="emp_negociaciones", enforced=True),),
    about=N_("what an agreement brought into the budget of a year"),
)

EMP_CONTRATOS_PLAN: Final = Dataset(
    name="emp_contratos_plan",
    key=("clave",),
    columns=(
        *keys("clave", "banco_linea"),
        *texts("banco", "banco_crudo", "cod_centro_gestor", "nombre_centro_gestor", "bp", "bp_crudo"),
        *texts("descripcion", "nombre_comercial", "contrato"),
        *money("valor_contrato", "total_planeado", "total_real"),
        *texts("tipo_contratacion", "vigencia_futura"),
        *flags("requiere_vigencia_futura", "delegado"),
        *days("fecha_inicio", "fecha_terminacion", "fecha_publicacion", "fecha_adjudicacion"),
        *texts("referencia_contrato", "cdp", "rpc", "link_secop", "observaciones"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=False,
    foreign_keys=(_OF_A_BANK, _OF_A_PROJECT),
    about=N_("a contract of the loan, planned or signed, by the base of its follow-up"),
)

EMP_FLUJO_CONTRATOS: Final = Dataset(
    name="emp_flujo_contratos",
    key=("clave", "mes"),
    columns=(
        *keys("clave"),
        *days("mes", required=True),
        *money("desembolso_planeado", "desembolso_real"),
        ratio("avance_planeado", "como lo escribe el contrato: lo que suma el mes, o lo acumulado"),
        ratio("avance_real", "como lo escribe el contrato: lo que suma el mes, o lo acumulado"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=False,
    foreign_keys=(ForeignKey(columns=("clave",), dataset="emp_contratos_plan", enforced=True),),
    about=N_("what is planned and real of a contract in a month; `mes` is its first day"),
)

EMP_FLUJO_CAJA: Final = Dataset(
    name="emp_flujo_caja",
    key=("origen", "banco_linea", "nombre_centro_gestor", "mes"),
    columns=(
        *keys("origen", "banco_linea", "nombre_centro_gestor"),
        *days("mes", required=True),
        *texts("banco", "banco_crudo", "cod_centro_gestor"),
        *money("desembolso_planeado", "desembolso_real"),
        ratio("avance_planeado", "lo que suma el mes: media de los contratos que lo dicen, ponderada por su valor"),
        ratio("avance_real", "lo que suma el mes: media de los contratos que lo dicen, ponderada por su valor"),
        Column(name="desembolso_planeado_sin_redondear", dtype=UNROUNDED, about="pesos con fracciones de centavo"),
        *counts("n_filas"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=False,
    foreign_keys=(_OF_A_BANK,),
    about=N_("disbursements by bank, department and month; the two origins tell the same money and are not added"),
)

EMP_SEGUIMIENTO: Final = Dataset(
    name="emp_seguimiento",
    key=("clave",),
    columns=(
        *keys("clave"),
        *texts("item", "id_paa", "banco", "banco_linea", "banco_crudo", "cod_centro_gestor", "nombre_centro_gestor"),
        *texts("descripcion", "objeto", "tipo_actividad"),
        *flags("es_emprestito"),
        *money("valor_total", "valor_plataforma"),
        *texts("modalidad", "plazo"),
        Column(name="plazo_meses", dtype=MONTHS_OF_TIME),
        *days("plazo_hasta"),
        *texts("referencia_proceso", "referencia_proceso_normalizada", "referencias_contrato"),
        *counts("n_contratos"),
        *days("fecha_planeada", "fecha_entrega_real"),
        *texts("estado_proceso", "observaciones", "link_del_proceso", "link_estado_real"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=False,
    foreign_keys=(_OF_A_BANK,),
    about=N_("a process of the loan as its follow-up team tracks it; without the people to contact"),
)
