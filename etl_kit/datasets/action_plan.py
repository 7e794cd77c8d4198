"""Tables of the follow-up of the action plan (Cuadro 1S)."""

from typing import Final

import polars as pl

from etl_kit.columns import LINEAGE_COLUMNS, PLAN, Column, counts, days, keys, money, ratio, texts
from etl_kit.datasets.budget import OF_A_PROJECT
from etl_kit.datasets.dataset import Dataset, ForeignKey
from etl_kit.translation import N_

QUANTITY: Final = pl.Decimal(20, 6)
"""The type of an amount of something that is no money: exact to the sixth decimal."""

QUARTERS: Final = (1, 2, 3, 4)
MADE_BY: Final = "transform_seguimiento_pa"
MONEY_OF_ACTIVITY: Final = ("ppto_inicial", "ppto_modificado", "ejecucion", "obligado", "pagos")
MONEY_OF_ORGANISMO: Final = ("ppto_inicial", "ppto_definitivo", "ejecucion", "pagos")
PLAN_OF_2024: Final = PLAN[:4] + PLAN[-2:]
"""Propósito, reto and programa: the levels 1 to 3 of the plan in force since 2024."""
PLAN_OF_2020: Final = PLAN[4:]
"""Dimensión, línea estratégica and programa: those of the plan before."""


def by_quarter(stem: str) -> tuple[str, ...]:
    """The names of four columns, one for each quarter of the year."""
    return tuple(f"{stem}_trim_{quarter}" for quarter in QUARTERS)


def quantities(*names: str) -> tuple[Column, ...]:
    """Columns of amounts of something that is no money."""
    return tuple(Column(name=name, dtype=QUANTITY) for name in names)


def _shares(about: str, *names: str) -> tuple[Column, ...]:
    return tuple(ratio(name, about) for name in names)


_ORGANISMO = ("cod_centro_gestor", "nombre_centro_gestor")

SEGUIMIENTO_ARCHIVOS: Final = Dataset(
    name="seguimiento_archivos_pa",
    key=("periodo_corte",),
    columns=(
        *days("periodo_corte", required=True),
        *keys("disposicion", "hoja"),
        *counts("fila_encabezado", "n_hojas", "n_filas"),
        *counts("productos_con_ponderacion_distinta_de_1", "avances_fuera_de_0_a_1", "avances_que_bajan"),
        *counts("valores_en_desacuerdo"),
        *LINEAGE_COLUMNS,
    ),
    made_by=MADE_BY,
    critical=False,
    about=N_("the file that counts for a cut of the action plan, and what was noticed in it"),
)

SEGUIMIENTO_PA: Final = Dataset(
    name="seguimiento_pa",
    key=("bpin", "periodo_corte"),
    columns=(
        *keys("bpin"),
        *days("periodo_corte", required=True),
        *texts("bp", "nombre_proyecto", *_ORGANISMO, *PLAN_OF_2024, "comuna"),
        *_shares("avance físico del proyecto", "avance_proyecto"),
        *counts("n_actividades", "n_filas", "n_productos"),
        *days("fecha_inicio", "fecha_fin"),
        *money(*MONEY_OF_ACTIVITY),
        ratio("pct_ejecucion", "ejecucion / ppto_modificado"),
        ratio("pct_pagos", "pagos / ejecucion"),
        *LINEAGE_COLUMNS,
    ),
    made_by=MADE_BY,
    critical=False,
    foreign_keys=(OF_A_PROJECT,),
    about=N_("a project of the action plan at a cut: the sum of its activities"),
)

SEGUIMIENTO_PRODUCTOS: Final = Dataset(
    name="seguimiento_productos_pa",
    key=("bpin", "meta_pd", "cod_producto_mga", "periodo_corte"),
    columns=(
        *keys("bpin", "meta_pd", "cod_producto_mga"),
        *days("periodo_corte", required=True),
        *texts(*_ORGANISMO, "denominacion_meta_pd", "nombre_producto_mga"),
        *quantities("programacion_pi", "cantidad_programada_producto", *by_quarter("ejecucion_fisica")),
        *_shares("peso del producto en el proyecto", "ponderacion_producto"),
        *_shares("avance acumulado al trimestre", *by_quarter("avance_producto")),
        *_shares("avance en el trimestre del corte", "avance_producto"),
        *_shares("último avance reportado hasta el corte", "avance_producto_acumulado"),
        *_shares("suma de los pesos de sus actividades", "suma_ponderacion_actividades"),
        *counts("n_actividades"),
        *LINEAGE_COLUMNS,
    ),
    made_by=MADE_BY,
    critical=False,
    foreign_keys=(ForeignKey(columns=("bpin", "periodo_corte"), dataset="seguimiento_pa"),),
    about=N_("a product of a project for a target of the plan, at a cut"),
)

SEGUIMIENTO_ACTIVIDADES: Final = Dataset(
    name="seguimiento_actividades_pa",
    key=("bpin", "cod_actividad", "periodo_corte", "ordinal"),
    columns=(
        *keys("bpin", "cod_actividad"),
        *days("periodo_corte", required=True),
        *counts("ordinal", required=True),
        *texts("bp", "nombre_proyecto", *_ORGANISMO, "subdireccion", *PLAN_OF_2024, "nombre_actividad"),
        *texts("articulacion_pi", "meta_pd", "cod_producto_mga", "comuna"),
        *_shares("peso de la actividad en el producto", "ponderacion_actividad"),
        *_shares("avance acumulado al trimestre", *by_quarter("avance_actividad")),
        *_shares("avance en el trimestre del corte", "avance_actividad"),
        *days("fecha_inicio_actividad", "fecha_fin_actividad"),
        *money(*MONEY_OF_ACTIVITY),
        *LINEAGE_COLUMNS,
    ),
    made_by=MADE_BY,
    critical=False,
    foreign_keys=(
        ForeignKey(columns=("bpin", "periodo_corte"), dataset="seguimiento_pa"),
        ForeignKey(
            columns=("bpin", "meta_pd", "cod_producto_mga", "periodo_corte"), dataset="seguimiento_productos_pa"
        ),
    ),
    about=N_("a row of an activity of Cuadro 1S; those that share a code are numbered by what they say"),
)

SEGUIMIENTO_ORGANISMOS: Final = Dataset(
    name="seguimiento_organismos_pa",
    key=("cod_centro_gestor", "organismo", "periodo_corte"),
    columns=(
        *keys("cod_centro_gestor", "organismo"),
        *days("periodo_corte", required=True),
        *texts("nombre_centro_gestor"),
        *counts("proyectos", "proyectos_ejecutados"),
        *_shares("ejecución física promedio de sus proyectos", "ejecucion_fisica"),
        *money(*MONEY_OF_ORGANISMO),
        ratio("pct_ejecucion", "ejecucion / ppto_definitivo"),
        ratio("pct_pagos", "pagos / ejecucion"),
        *LINEAGE_COLUMNS,
    ),
    made_by=MADE_BY,
    critical=False,
    about=N_("a department in the summary of Cuadro 1S of a cut of 2024"),
)

SEGUIMIENTO_PROYECTOS: Final = Dataset(
    name="seguimiento_proyectos_pa",
    key=("bp", "cod_centro_gestor", "periodo_corte", "ordinal"),
    columns=(
        *keys("bp", "cod_centro_gestor"),
        *days("periodo_corte", required=True),
        *counts("ordinal", required=True),
        *texts("bp_crudo", "nombre_proyecto", "nombre_centro_gestor", *PLAN_OF_2020),
        *texts("cod_indicador", "nombre_indicador"),
        *_shares("ejecución física de sus productos", "ejecucion_fisica"),
        *_shares("avance del proyecto", "avance_proyecto"),
        *money(*MONEY_OF_ORGANISMO),
        ratio("pct_ejecucion", "ejecucion / ppto_definitivo"),
        ratio("pct_pagos", "pagos / ejecucion"),
        *counts("n_productos"),
        *LINEAGE_COLUMNS,
    ),
    made_by=MADE_BY,
    critical=False,
    foreign_keys=(ForeignKey(columns=("bp",), dataset="catalogo_bpin"),),
    about=N_("a project in the tree of its department, of a cut of 2024"),
)
