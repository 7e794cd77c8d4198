"""The header generations of the monthly budget files and how each fills its columns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from demo_city.budget import Row

MONEY_HEADERS: Final = (
    "PPTO INICIAL", "REDUCCIONES", "ADICIONES", "CONTRACREDITOS", "CREDITOS", "APLAZAMIENTO", "DESAPLAZAMIENTO",
    "PPTO. MODIFICADO", "TOTAL ACUMULADO CDP", "TOTAL ACUMULADO RPC", "TOTAL ACUMUL OBLIGAC", "PAGOS", "EJECUCION",
    "SALDOS CDP", "PPTO. DISPONIBLE",
)  # fmt: skip
"""The 15 money columns, unpadded, in the order of `Balance.columns`."""

Cell = str | int
"""A cell before formatting: text, or a whole number (money and plan codes)."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A header generation: headers exactly as printed, and the cells of a row in the same order."""

    headers: tuple[str, ...]
    cells: Callable[[Row], Sequence[Cell]]


def layout_of(year: int, month: int) -> Layout:
    """The generation in use for the cut of `month` in `year`."""
    if year <= 2024:  # noqa: PLR2004 - the year of the old plan
        return Layout(headers=_HEADERS_2024, cells=_cells_2024)
    if month <= 2:  # noqa: PLR2004 - January and February 2025 pad every header
        return Layout(headers=tuple(f" {name} " for name in _head_2025("Nombre Proyecto", ())), cells=_cells_2025)
    if month <= 4:  # noqa: PLR2004 - March and April 2025 call the project `Nombre BP`
        return Layout(headers=_partly_padded(_head_2025("Nombre BP", ())), cells=_cells_2025)
    mga = ("Código Producto MGA", "Nombre Producto MGA")
    return Layout(headers=_partly_padded(_head_2025("Nombre BP", mga)), cells=_cells_with_product)


def _head_2025(project_name: str, product: tuple[str, ...]) -> tuple[str, ...]:
    return (
        "Centro Gestor", "Nombre Centro Gestor", "Area Funcional", "Nombre Area Funcional", "Propósito",
        "Nombre Propósito", "Reto", "Nombre Reto", "Programa", "Nombre Programa", "BPIN", "BP", project_name,
        *product, "Programa Presupuestal", "Nombre Actividad", "Pospre", "Nombre Pospre", "Fondo", "Nombre Fondo",
        "Origen", "COMUNA", "VIGENCIA", "TIPO DE GASTO", *MONEY_HEADERS, "Clasificación del fondo 1",
    )  # fmt: skip


def _partly_padded(headers: tuple[str, ...]) -> tuple[str, ...]:
    """From March 2025 on the headers are padded from `Pospre` to the end, and one has two blanks."""
    first = headers.index("Pospre")
    padded = [name if place < first else f" {name} " for place, name in enumerate(headers)]
    return tuple(" Nombre Fondo  " if name == " Nombre Fondo " else name for name in padded)


_HEADERS_2024: Final = (
    "RUBRO", "Centro Gestor", "Nombre Centro Gestor", "BP", "Nombre del Proyecto", "Programa",
    "Nombre de la actividad", "BPIN", "SECTOR", "PROGRAMA", "PRODUCTO", "PRODUCTO 1", "VALIDADOR CUIPO", "Fondo 1",
    "Nombre de fondo", "Clasificación del fondo", "Pospre 1", "Pospre 1", "Dimensión", "Nombre de Dimensión",
    "Línea Estratégica", "Nombre de Línea Estratégica", "Programa", "Nombre de Programa", "Area Funcional",
    "Nombre del Area Funcional", "Origen", "COMUNA", "VIGENCIA", "TIPO DE GASTO",
    *(f" {name} " for name in MONEY_HEADERS),
)  # fmt: skip


def _cells_2024(row: Row) -> Sequence[Cell]:
    line, project, branch = row.line, row.line.project, row.line.project.branch
    rubro = f"{project.department.code}{line.fund.code}{line.area_code}{line.activity_code}{line.pospre[0]}"
    return (
        rubro, project.department.code, project.department.name, project.bp, project.name, line.activity_code,
        line.activity_name, project.bpin, "", "", "", "", "", line.fund.code, line.fund.name,
        line.fund.classification, *line.pospre, *branch.top, *branch.middle, *branch.bottom, line.area_code,
        line.area_name, line.origen, line.comuna, line.vigencia, "Inversión", *row.balance.columns(),
    )  # fmt: skip


def _cells_2025(row: Row) -> Sequence[Cell]:
    return _new_plan_cells(row, ())


def _cells_with_product(row: Row) -> Sequence[Cell]:
    return _new_plan_cells(row, row.line.product)


def _new_plan_cells(row: Row, product: tuple[str, ...]) -> Sequence[Cell]:
    line, project, branch = row.line, row.line.project, row.line.project.branch
    return (
        project.department.code, project.department.name, line.area_code, line.area_name, *branch.top,
        *branch.middle, *branch.bottom, project.bpin, project.bp, project.name, *product, line.activity_code,
        line.activity_name, *line.pospre, line.fund.code, line.fund.name, line.origen, line.comuna, line.vigencia,
        "Inversión", *row.balance.columns(), line.fund.classification,
    )  # fmt: skip
