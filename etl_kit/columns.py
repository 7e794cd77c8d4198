"""Columns of the datasets: their types, and the names that several tables share."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from etl_kit.money import MONEY, RATIO

DType = pl.DataType | type[pl.DataType]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: `dtype` as polars knows it, `required` where NULL may not stand, `about` in the data's language."""

    name: str
    dtype: DType
    required: bool = False
    about: str = ""


def keys(*names: str) -> tuple[Column, ...]:
    """Columns of text that are never NULL."""
    return tuple(Column(name=name, dtype=pl.String, required=True) for name in names)


def texts(*names: str) -> tuple[Column, ...]:
    """Columns of text."""
    return tuple(Column(name=name, dtype=pl.String) for name in names)


def days(*names: str, required: bool = False) -> tuple[Column, ...]:
    """Columns of dates."""
    return tuple(Column(name=name, dtype=pl.Date, required=required) for name in names)


def counts(*names: str, required: bool = False) -> tuple[Column, ...]:
    """Columns of whole numbers."""
    return tuple(Column(name=name, dtype=pl.Int64, required=required) for name in names)


def flags(*names: str) -> tuple[Column, ...]:
    """Columns of yes or no."""
    return tuple(Column(name=name, dtype=pl.Boolean) for name in names)


def money(*names: str) -> tuple[Column, ...]:
    """Columns of pesos, exact to the cent."""
    return tuple(Column(name=name, dtype=MONEY, about="pesos colombianos") for name in names)


def ratio(name: str, about: str) -> Column:
    """A column of exact shares: 0.5 is half."""
    return Column(name=name, dtype=RATIO, about=f"{about}; 1 es el 100 %")


LINEAGE_COLUMNS: Final = (
    Column(name="fuente", dtype=pl.String, required=True, about="archivo o instantánea de origen"),
    Column(name="fecha_corte", dtype=pl.Date, required=True, about="día hasta el que vale el dato"),
    Column(name="run_id", dtype=pl.String, required=True, about="ejecución que produjo la fila"),
    Column(name="fecha_procesamiento", dtype=pl.Datetime("us", "UTC"), required=True),
)

MOVEMENTS: Final = (
    "ppto_inicial",
    "reducciones",
    "adiciones",
    "contracreditos",
    "creditos",
    "aplazamiento",
    "desaplazamiento",
    "ppto_modificado",
)
"""The money columns of `movimientos_presupuestales`; `ppto_modificado` is the sum of the others as signed."""

EXECUTION: Final = (
    "total_acumulado_cdp",
    "total_acumulado_rpc",
    "total_acumul_obligac",
    "pagos",
    "ejecucion",
    "saldos_cdp",
    "ppto_disponible",
)
"""The money columns of `ejecucion_presupuestal`, cumulative since January."""

FUNDING: Final = (
    "presupuesto_general_nacion",
    "sistema_general_participaciones",
    "sistema_general_regalias",
    "recursos_propios_alcaldias_gobernaciones",
    "recursos_credito",
    "recursos_propios",
)
"""How a contract's value splits by source of money."""

PLAN: Final = (
    "cod_proposito",
    "nombre_proposito",
    "cod_reto",
    "nombre_reto",
    "cod_dimension",
    "nombre_dimension",
    "cod_linea_estrategica",
    "nombre_linea_estrategica",
    "cod_programa",
    "nombre_programa",
)
"""Where a project stands in the development plan: propósito/reto since 2025, dimensión/línea before."""
