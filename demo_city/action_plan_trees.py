"""Cuadro 1S until June 2024 as a workbook: a summary by organismo, and a tree of projects for each of them."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import xlsxwriter

from demo_city.action_plan_contents import weights_of
from demo_city.budget import Row
from demo_city.catalogue import DEPARTMENTS, Department
from demo_city.chance import Chance
from demo_city.people import invented_person
from demo_city.projects import Project

SUMMARY: Final = "Junio de 2024"
TWO_WITH_ONE_NUMBER: Final = "4181 Protección Animal"
"""The sheet of 4183 bears the number of another organismo, as in the original."""

DIFFERS: Final = "4146"
"""The organismo whose projects do not add up to its line of the summary."""

MISSING: Final = 9_000_000
"""By how much, in pesos."""

UNREADABLE: Final = 19
"""The project whose code is no BP at all; those of its products tell it."""

WIDEST: Final = 255
"""A forgotten cell in the last column of one sheet, so that it has 256."""

SHORT_NAMES: Final = {
    "4124": "Departamento Admtivo. de Control Disciplinario Interno",
    "4133": "Departamento Admtivo. Gestion Medio Ambiente",
    "4181": "Unidad Admtiva Esp. de Gestión de Bienes y Servicios",
}
"""How the summary shortens some names."""

_REPORTED: Final = datetime(2024, 6, 30)  # noqa: DTZ001 - a date cell has no zone
_ZERO: Final = "                     -  "
_TREE_HEADERS: Final = (
    "Código organismo", "Código general", "Clase",
    "Identificación de la dimensión, línea estratégica, programa, indicador y proyectos de inversión",
    "Clasificación (BP)", "Meta a alcanzar Plan Indicativo\n", "Indicador de resultado del proyecto (Descripción)",
    "Valor Indicador de resultado del proyecto", "Meta de producto del proyecto (Descripción)",
    "Indicador de producto del proyecto (Descripción)", "Valor de la meta de producto del proyecto",
    "Ponderación producto\n (%)", "Valor de la ejecución del producto del proyecto",
    "% de ejecución física de los productos del proyecto\n", "% de avance del proyecto",
    "Presupuesto inicial\n(Pesos)", "Presupuesto definitivo\n(Pesos)\n(1)", "Presupuesto ejecutado\n(Pesos)\n(2)",
    "Presupuesto pagos\n(Pesos)\n(3)", "% de ejecución presupuestal\n(2) / (1)", "% de ejecución con pagos\n(3) / (2)",
    "Día / Mes / Año (Inicio)", "Día / Mes / Año (Finali-zación)", "Explicación del avance o retraso",
    "Organismo responsable\n(Reparto administrativo)",
)  # fmt: skip

Cell = str | int | float | None


@dataclass(frozen=True, kw_only=True)
class Reported:
    """A project with its lines, and its physical progress in ten thousandths."""

    project: Project
    rows: Sequence[Row]
    progress: int

    @property
    def amounts(self) -> list[int]:
        """Initial, definitive, executed and paid."""
        return [sum(each) for each in zip(*(_amounts(row) for row in self.rows), strict=True)] or [0, 0, 0, 0]


def workbook_bytes(seed: int, money: Mapping[str, Sequence[Row]], projects: Sequence[Project]) -> bytes:
    """The workbook of June 2024; the same bytes for the same arguments."""
    chance = Chance(seed, "action_plan/2024")
    reported: dict[str, list[Reported]] = {department.code: [] for department in DEPARTMENTS}
    for project in projects:
        reported[project.department.code].append(
            Reported(project=project, rows=money[project.bp], progress=chance.between(0, 6_000))
        )
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": _REPORTED})
        _write_summary(book, reported)
        for department in DEPARTMENTS:
            _write_tree(book, chance, department, reported[department.code])
    return buffer.getvalue()


def _write_summary(book: xlsxwriter.Workbook, reported: Mapping[str, Sequence[Reported]]) -> None:
    sheet = book.add_worksheet(SUMMARY)
    merged = book.add_format({"bold": True})
    sheet.write_string(0, 0, "Ciudad de prueba")
    sheet.write_string(3, 0, "Ejecución física, ejecución presupuestal y pagos según organismo")
    sheet.write_string(4, 0, "Enero - Junio de 2024")
    for column, header in ((0, "Código"), (1, "Organismo"), (4, "% Ejecución física")):
        sheet.merge_range(6, column, 7, column, header, merged)
    sheet.merge_range(6, 2, 6, 3, "Proyectos", merged)
    sheet.merge_range(6, 5, 6, 10, "Presupuesto Administración Central", merged)
    sheet.write_row(7, 2, ["Total", "Ejecu-tado"])
    sheet.write_row(7, 5, ["Inicial              ", "Definitivo      ", "Ejecutado", "Pagos", "% ejecución", "% pagos"])
    number = 9
    lines = []
    for department in DEPARTMENTS:
        line = _summary_line(department, reported[department.code])
        sheet.write_row(number, 0, [department.code, SHORT_NAMES.get(department.code, department.name), *line])
        lines.append(line)
        number += 1
    sheet.write_row(number + 1, 1, ["TOTAL", *_added(lines)])
    sheet.write_string(number + 3, 0, "Fuente: organismos de la ciudad de prueba")
    sheet.write_row(number + 6, 0, ["Título", "Segmento"])
    sheet.write_row(number + 7, 0, [0.2, 0.2])  # the numbers behind a chart


def _summary_line(department: Department, own: Sequence[Reported]) -> list[float]:
    amounts = [sum(each) for each in zip(*(one.amounts for one in own), strict=True)] or [0, 0, 0, 0]
    if department.code == DIFFERS:
        amounts[1] += MISSING
    begun = sum(one.progress > 0 for one in own)
    mean = sum(one.progress for one in own) / len(own) / 10_000 if own else 0
    return [len(own), begun, round(mean, 9), *amounts, _share(amounts[2], amounts[1]), _share(amounts[3], amounts[2])]


def _added(lines: Sequence[Sequence[float]]) -> list[float]:
    sums = [sum(each) for each in zip(*lines, strict=True)]
    mean = round(sums[2] / len(lines), 9)
    return [*sums[:2], mean, *sums[3:7], _share(sums[5], sums[4]), _share(sums[6], sums[5])]


def _write_tree(book: xlsxwriter.Workbook, chance: Chance, department: Department, own: Sequence[Reported]) -> None:
    short = department.name.rpartition(" de ")[2][:20].strip()
    sheet = book.add_worksheet(TWO_WITH_ONE_NUMBER if department.code == "4183" else f"{department.code} {short}")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    known = department.code != "4124"  # its name in the head lacks a word, so the code below has to tell
    sheet.write_string(2, 0, "ORGANISMO:" if department.code == "4183" else "ORGANISMO")
    sheet.write_string(2, 2, department.name.upper() if known else "DEPARTAMENTO ADMINISTRATIVO CONTROL DISCIPLINARIO")
    sheet.write_string(2, 18, "Fecha de reporte:")
    sheet.write_datetime(2, 21, _REPORTED, day)
    sheet.write_row(2, 23, ["Vigencia:", 2024])
    sheet.write_row(4, 0, _TREE_HEADERS)
    number = 6
    branch = None
    for place, one in enumerate(own):
        if one.project.branch != branch:
            branch = one.project.branch
            for kind, (code, name) in zip(("D", "E" if place else "L", "P"), _levels(one.project), strict=True):
                sheet.write_row(number, 1, [code, kind, name])
                number += 1
        goal = f"{one.project.branch.bottom[0]}{place + 1:04d}"
        sheet.write_row(number, 1, [goal, "I", f"Indicador {place + 1} de prueba"])
        number = _write_project(sheet, chance, one, number + 1, coded=not known or place % 3 != 1)
    sums = [sum(each) for each in zip(*(one.amounts for one in own), strict=True)] or [0, 0, 0, 0]
    sheet.write_row(number + 1, 1, ["pr" if department.code == "4162" else "Proyectos", len(own)])
    sheet.write_row(number + 1, 13, ["Avance físico", 0.2, *sums])
    sheet.write_row(number + 2, 13, ["Proyectos con ejecución física en 0%", 0, *sums])
    if department.code == "4148":
        sheet.write_number(number + 4, WIDEST, 0)


def _write_project(
    sheet: "xlsxwriter.worksheet.Worksheet", chance: Chance, one: Reported, number: int, *, coded: bool
) -> int:
    """Write a project and its products from row `number` on; returns the row after them."""
    project = one.project
    _write_row(
        sheet,
        number,
        {
            0: project.department.code if coded else None,
            2: "pr" if project.number % 3 == 0 else "Pr",
            3: project.name,
            4: spelt_bp(project),
            11: 1,
            13: one.progress / 10_000,
            14: _told_progress(one),
            **dict(enumerate(one.amounts, start=15)),
        },
    )
    for place, (row, weight) in enumerate(zip(one.rows, weights_of(len(one.rows) or 1), strict=False), start=1):
        _write_row(
            sheet,
            number + place,
            {
                4: f"{project.bp}10{place:02d}01",
                8: row.line.activity_name,
                9: row.line.product[1],
                10: 1,
                11: weight / 100,
                12: 0,
                13: one.progress / 10_000,
                **{column: amount or _ZERO for column, amount in enumerate(_amounts(row), start=15)},
                23: _explanation(chance),
            },
        )
    return number + 1 + len(one.rows)


def spelt_bp(project: Project) -> str:
    """The BP of a project as one of those who fill in the sheets would write it."""
    if project.number == UNREADABLE:
        return "18"
    digits = project.bp.removeprefix("BP")
    spellings = (
        project.bp, project.bp, f"BP-{digits}", f"{project.bp} ", digits, f"BP {digits}", f"{project.bp}10101",
        f"BPBP{digits}10101", project.bp,
    )  # fmt: skip
    return spellings[project.number % len(spellings)]


def _told_progress(one: Reported) -> Cell:
    match one.project.number % 12:
        case 3:
            return "na"
        case 5:
            return f"{one.progress / 100}%"
        case 7:
            return None
    return one.progress / 10_000


def _explanation(chance: Chance) -> str:
    if chance.happens(4):
        person = invented_person(chance)
        return f"Informa {person.name}: se avanza según lo previsto ({person.email})."
    return "Se avanza según lo previsto."


def _levels(project: Project) -> Sequence[tuple[str, str]]:
    branch = project.branch
    return branch.top, branch.middle, branch.bottom


def _amounts(row: Row) -> list[int]:
    balance = row.balance
    return [balance.inicial, balance.modificado, balance.rpc, balance.pagos]


def _share(part: float, whole: float) -> float:
    return round(part / whole, 9) if whole else 0


def _write_row(sheet: "xlsxwriter.worksheet.Worksheet", number: int, cells: Mapping[int, Cell]) -> None:
    for column, cell in cells.items():
        if isinstance(cell, str):
            sheet.write_string(number, column, cell)
        elif cell is not None:
            sheet.write_number(number, column, cell)
