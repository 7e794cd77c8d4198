"""Tables of the budget and of the projects that it pays."""

from typing import Final

from etl_kit.columns import EXECUTION, LINEAGE_COLUMNS, MOVEMENTS, PLAN, counts, days, keys, money, ratio, texts
from etl_kit.datasets.dataset import Dataset, ForeignKey
from etl_kit.translation import N_

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
    about=N_("a project by the city's BP code, with its national BPIN"),
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
    about=N_("an investment project, as of the latest cut in which it appears"),
)

_CUT_KEY = ("bpin", "periodo_corte", "vigencia")

_CUT_COLUMNS = (*keys("bpin"), *days("periodo_corte", required=True), *keys("vigencia"), *counts("anio"))

OF_A_PROJECT: Final = ForeignKey(columns=("bpin",), dataset="datos_caracteristicos_proyectos")

MOVIMIENTOS: Final = Dataset(
    name="movimientos_presupuestales",
    key=_CUT_KEY,
    columns=(*_CUT_COLUMNS, *money(*MOVEMENTS), *LINEAGE_COLUMNS),
    made_by="transform_ejecucion_presupuestal",
    critical=False,
    foreign_keys=(OF_A_PROJECT,),
    about=N_("the movements of a project's budget, cumulative at the cut"),
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
    foreign_keys=(OF_A_PROJECT, ForeignKey(columns=_CUT_KEY, dataset="movimientos_presupuestales")),
    about=N_("the execution of a project's budget, cumulative at the cut"),
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
    foreign_keys=(OF_A_PROJECT,),
    about=N_("a line of the budget as it was published, cumulative at the cut"),
)
