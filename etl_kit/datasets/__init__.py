"""The datasets in which transforms, load, validation and reports meet."""

from typing import Final

from etl_kit.datasets.budget import (
    CATALOGO_BPIN,
    DATOS_CARACTERISTICOS,
    EJECUCION,
    EJECUCION_DETALLE,
    MOVIMIENTOS,
)
from etl_kit.datasets.dataset import Dataset, ForeignKey
from etl_kit.datasets.loan import EMP_CONTRATOS_INDEX, EMP_PROCESOS, EMP_PROYECTOS
from etl_kit.datasets.secop import CONTRATO_BPIN, CONTRATOS_SECOP, PROCESOS_SECOP

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

__all__ = [
    "CATALOGO_BPIN",
    "CONTRATOS_SECOP",
    "CONTRATO_BPIN",
    "DATOS_CARACTERISTICOS",
    "EJECUCION",
    "EJECUCION_DETALLE",
    "EMP_CONTRATOS_INDEX",
    "EMP_PROCESOS",
    "EMP_PROYECTOS",
    "MOVIMIENTOS",
    "PROCESOS_SECOP",
    "WAREHOUSE",
    "Dataset",
    "ForeignKey",
]
