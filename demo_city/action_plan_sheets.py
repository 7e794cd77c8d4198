"""Cuadro 1S since September 2024 as a workbook: one row for each activity, with every habit of the original."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import xlsxwriter

from demo_city.action_plan_contents import SMALL_CODE, Activity
from demo_city.catalogue import DEPARTMENTS
from demo_city.chance import Chance
from demo_city.people import invented_person

SHEET: Final = "MEDE01.03.01.P01.F05"
EXPLAINED_BY_A_PERSON: Final = 25
"""Every so many explanations name somebody, as free text does."""

TOO_FAR: Final = 7
"""The activity that reports more than the whole."""

FALLS_BACK: Final = 11
"""The activity that reports less in the second quarter than in the first."""

SPLIT: Final = 5
"""The activity that stands in two rows, each with a part of its money."""

_CREATED: Final = datetime(2025, 7, 15)  # noqa: DTZ001 - a workbook property has no zone
_NEW_YEAR: Final = datetime(2025, 1, 1)  # noqa: DTZ001 - a date cell has no zone
_QUARTERS: Final = ("I", "II", "III", "IV")

Cell = str | int | float | datetime | None


@dataclass(frozen=True, kw_only=True)
class Edition:
    """How one quarter's workbook is laid out.

    Attributes:
        quarter: 0 or 1: the first or second of 2025.
        header_row: where the header stands, from 0.
        dictionary_first: the sheet that describes the columns comes first, and control sheets last.
        product_headers: the headers of the three columns on the product, in the order in which they stand.
        product_cells: what these columns really hold, by position: programmed quantity 0, code 1, name 2.
        third_label: what the columns of the third quarter's progress are called.
    """

    quarter: int
    header_row: int
    dictionary_first: bool
    product_headers: tuple[str, str, str]
    product_cells: tuple[int, int, int]
    third_label: str


FIRST_QUARTER: Final = Edition(
    quarter=0,
    header_row=8,
    dictionary_first=False,
    product_headers=("Cód Producto MGA", "Nombre Producto MGA", "Programación PI Año 1"),
    product_cells=(0, 1, 2),  # one column to the right of its header, but for the quantity
    third_label="II",  # mislabelled
)
SECOND_QUARTER: Final = Edition(
    quarter=1,
    header_row=10,
    dictionary_first=True,
    product_headers=("Nombre Producto MGA", "Cód Producto MGA", "Programación PI Año 2"),
    product_cells=(2, 1, 0),
    third_label="III",
)


def workbook_bytes(seed: int, activities: Sequence[Activity], edition: Edition) -> bytes:
    """The workbook of one quarter; the same bytes for the same arguments."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": _CREATED})
        if edition.dictionary_first:
            _write_dictionary(book, edition)
        _write_activities(book, seed, activities, edition)
        if edition.dictionary_first:
            _write_controls(book, activities, edition)
        else:
            _write_dictionary(book, edition)
        _write_hidden(book)
    return buffer.getvalue()


def headers_of(edition: Edition) -> list[str]:
    """The 52 headers of an edition."""
    labels = [edition.third_label if quarter == "III" else quarter for quarter in _QUARTERS]
    progress = [
        header
        for label, quarter in zip(labels, _QUARTERS, strict=True)
        for header in (f"% de Avance Actividad\nTrimestre {label}", f"Explicación Actividad Trim {quarter}")
    ]
    executed = [
        header
        for quarter in _QUARTERS
        for header in (
            f"Ejecución Fisica Trimestre {quarter}",
            f"Explicación Producto Trim {quarter}",
            "% de Avance Producto",
        )
    ]
    return [
        *("Cód centro gestor", "Nivel 1 PD Cód", "Nivel 1 PD Nombre", "Nivel 2 PD Cód", "Nivel 2 PD Nombre"),
        *("Nivel 3 PD Cód", "Nivel 3 PD Nombre", "Cód BPIN", "Cód BP", "Nombre BP", "Cód Actividad"),
        *("Nombre Actividad", "Articulación Variables PI", "Ponderación de Actividad", *progress),
        *("Meta PD", "Denominación Meta PD", *edition.product_headers, "Cantidad Programada Producto"),
        *("Ponderación producto", *executed, "% Avance Proyecto", "Comuna", "Presupuesto Inicial"),
        *("Presupuesto Modificado", "Ejecución", "Obligado", "Pagos", "Fecha Inicio", "Fecha Fin"),
        *("Nombre Centro Gestor", "Subdirección / Subsecretaria"),
    ]


def _write_activities(book: xlsxwriter.Workbook, seed: int, activities: Sequence[Activity], edition: Edition) -> None:
    sheet = book.add_worksheet(SHEET)
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_row(edition.header_row, 0, headers_of(edition))
    chance = Chance(seed, f"action_plan/sheet/{edition.quarter}")
    drags = _dragged(activities)
    number = edition.header_row + 1
    for activity in activities:
        rows = _rows_of(chance, activity, edition, dragged=drags.get(activity.number, 0))
        for cells in rows:
            for column, cell in enumerate(cells):
                _write(sheet, number, column, cell, day)
            number += 1


def _dragged(activities: Sequence[Activity]) -> dict[int, int]:
    """How far the cells of one product were counted on while they were copied down, by activity."""
    sizes: dict[int, list[int]] = {}
    for activity in activities:
        sizes.setdefault(id(activity.product), []).append(activity.number)
    numbers = next((each for each in sizes.values() if len(each) > 2), [])  # noqa: PLR2004
    return {numbers[-1]: 1} if numbers else {}


def _rows_of(chance: Chance, activity: Activity, edition: Edition, *, dragged: int) -> list[list[Cell]]:
    """The row of an activity, or the two of the one that is split."""
    whole = _amounts(activity, edition)
    row = _cells(chance, activity, edition, whole, dragged)
    if activity.number != SPLIT:
        return [row]
    part = [amount // 3 for amount in whole]
    rest = [amount - less for amount, less in zip(whole, part, strict=True)]
    return [_with_amounts(row, part), _with_amounts(row, rest)]


def _with_amounts(row: Sequence[Cell], amounts: Sequence[int]) -> list[Cell]:
    return [*row[:43], *(_money(amount) for amount in amounts), *row[48:]]


def _amounts(activity: Activity, edition: Edition) -> list[int]:
    balance = activity.money[edition.quarter]
    return [balance.inicial, balance.modificado, balance.rpc, balance.obligaciones, balance.pagos]


def _cells(chance: Chance, activity: Activity, edition: Edition, amounts: Sequence[int], dragged: int) -> list[Cell]:
    project, product = activity.line.project, activity.product
    progress: list[Cell] = []
    executed: list[Cell] = []
    for quarter in range(len(_QUARTERS)):
        known = quarter <= edition.quarter
        progress += [_progress(activity, quarter) if known else None, _explanation(chance) if known else None]
        share: Cell = product.progress[quarter] / 100 if known else None
        if known and activity.number % 60 == 1:
            share = f"{product.progress[quarter]:.2f}%"  # a percentage typed as text
        executed += [product.done[quarter] if known else None, _explanation(chance) if known else None, share]
    code = product.mga[0] if product.mga != SMALL_CODE else product.mga[0].lstrip("0")
    trio: tuple[Cell, Cell, Cell] = ("NP" if activity.number % 30 == 2 else product.programmed, code, product.mga[1])  # noqa: PLR2004
    branch = project.branch
    return [
        *(project.department.code, *branch.top, *branch.middle, *branch.bottom, project.bpin, project.bp),
        *(project.name, activity.line.activity_code, activity.line.activity_name),
        *("0" if activity.number % 4 else "V1=Resultado del programa", activity.weight / 100, *progress),
        *(*product.goal, *(trio[at] for at in edition.product_cells), product.programmed + dragged),
        *(product.weight / 100 + dragged, *executed, activity.project_progress[edition.quarter] / 100),
        *(_area(project.comuna), *(_money(amount) for amount in amounts), *_days(activity)),
        *(project.department.name, f"Subdirección {project.number % 3 + 1}"),
    ]


def _progress(activity: Activity, quarter: int) -> float:
    if activity.number == TOO_FAR:
        return 1.05
    if activity.number == FALLS_BACK:
        return 0.3 - 0.1 * quarter
    return activity.progress[quarter] / 100


def _explanation(chance: Chance) -> str:
    if chance.between(1, EXPLAINED_BY_A_PERSON) == 1:
        person = invented_person(chance)
        return f"Según {person.name} ({person.email}), la actividad\navanza de acuerdo con el cronograma."
    return chance.pick(("Avanza de acuerdo con el cronograma.", "\nSe surtió la etapa precontractual.", ""))


def _money(amount: int) -> Cell:
    return amount or "$ -"


def _area(comuna: str | None) -> int:
    """The number of a comuna; 99 is the whole city, and from 51 on there are the rural districts."""
    if comuna is None:
        return 99
    number = comuna.rpartition(" ")[2]
    return int(number) if number.isdecimal() else 51


def _days(activity: Activity) -> tuple[Cell, Cell]:
    start: Cell = _NEW_YEAR + timedelta(days=activity.number % 80)
    match activity.number % 40:
        case 15:
            return "1/15/2025", "31/12/2025"  # the month first, typed as text
        case 16:
            return "1/3/0205", "3011/2025"
        case 17 | 18:
            return "NA", None
        case place if place < 12:  # noqa: PLR2004
            return "N/A", "N/A"
    return start, datetime(2025, 12, 31)  # noqa: DTZ001 - a date cell has no zone


def _write(
    sheet: "xlsxwriter.worksheet.Worksheet", row: int, column: int, cell: Cell, day: "xlsxwriter.format.Format"
) -> None:
    if isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell, day)
    elif isinstance(cell, str):
        sheet.write_string(row, column, cell)
    elif cell is not None:
        sheet.write_number(row, column, cell)


def _write_dictionary(book: xlsxwriter.Workbook, edition: Edition) -> None:
    """The columns described, one a row: their names must not be taken for a header."""
    sheet = book.add_worksheet("Descripcion Cuadro")
    sheet.write_string(0, 0, "Descripción del Cuadro 1S Seguimiento al Plan de Acción")
    sheet.write_row(1, 0, ["ENCABEZADO COLUMNA", "", "DESCRIPCIÓN DE LA COLUMNA"])
    for number, header in enumerate(headers_of(edition), start=2):
        sheet.write_row(number, 0, [str(number - 1), header, f"Qué significa {header.lower()}"])


def _write_controls(book: xlsxwriter.Workbook, activities: Sequence[Activity], edition: Edition) -> None:
    """Control totals by organismo with percentages as text, and lists of projects that look like the real sheet."""
    by_code: dict[str, list[Activity]] = {}
    for activity in activities:
        by_code.setdefault(activity.line.project.department.code, []).append(activity)
    organismo = book.add_worksheet("Organismo")
    organismo.write_row(0, 0, ["Cód", "Organismo", "Proyectos", "% Avance físico", "Modificado", "Ejecución", "Pagos"])
    for number, department in enumerate(DEPARTMENTS, start=1):
        own = by_code.get(department.code, [])
        sums = [sum(_amounts(activity, edition)[at] for activity in own) for at in (1, 2, 4)]
        count = len({activity.line.project.bp for activity in own})
        organismo.write_row(number, 0, [department.code, department.name, count, "40.53%", *sums])
    projects = {activity.line.project.bp: activity for activity in activities}
    for name in ("Proyectos", "Avance Proyecto"):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, ["Cód BPIN", "Cód BP", "Nombre BP", "% Avance Proyecto"])
        for number, activity in enumerate(projects.values(), start=1):
            project = activity.line.project
            share = f"{activity.project_progress[edition.quarter]:.2f}%"
            sheet.write_row(number, 0, [project.bpin, project.bp, project.name, share])


def _write_hidden(book: xlsxwriter.Workbook) -> None:
    sheet = book.add_worksheet("DAP Cuadro 4F")
    sheet.write_row(2, 0, ["ORGANISMO:", "DEPARTAMENTO ADMINISTRATIVO DE PLANEACIÓN"])
    sheet.write_row(
        4, 0, ["Cód BPIN", "Cód Actividad", "Meta\n(Descripción)"]
    )  # a header like the real one, but hidden
    sheet.hide()
