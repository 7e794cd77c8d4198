"""The procurement plan of the made-up city: two weekly workbooks, the later one as careless as the original's."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import xlsxwriter

from demo_city.catalogue import DEPARTMENTS
from demo_city.chance import Chance
from demo_city.loan import Kind, invent_loan
from demo_city.paa_lines import FIRST_LOAN_ID, HEADERS, Cell, Line, changed, loan_line, other_line
from demo_city.people import invented_person
from demo_city.projects import Project

EARLIER: Final = "paa/DACP W-31 PAA BD.xlsx"
LATER: Final = "paa/DACP W-35 PAA BD.xlsx"
LINES_AT_SCALE_1: Final = 240
MOST_LINES: Final = 5_000
"""A city plans no more purchases because its contracts are drawn by the million."""

WITHDRAWN: Final = 3
"""Lines that the later week no longer has."""

HALF_EMPTY: Final = 4
"""Rows of the later week that are no lines."""

_JUNK: Final = (
    "VALOR TOTAL ESTIMADO", "ORGANISMO.1", "ID_2", "45890", "BP26800000-17726", "SI", "", "RESPONSABLE", "CORREO",
)  # fmt: skip
"""Headers that the later week has after its own: a column twice, suffixes, stray values, and people."""
_NUMERIC: Final = frozenset(
    header for header in HEADERS if header.startswith(("VALOR", "PPTO")) or header.endswith("REAL ESTIMADO")
)
_WORKBOOK_DATE: Final = datetime(2025, 8, 1)  # noqa: DTZ001 - a workbook property has no zone


def files_of_paa(seed: int, scale: float, projects: Sequence[Project]) -> dict[str, bytes]:
    """The two workbooks by their path within the city; the same bytes for the same arguments.

    The lines that the loan pays are the items of its index under the same IDs. The later week lacks the first
    `WITHDRAWN` other lines, has others changed and some new; its sheet holds junk columns, writes nothing as `0` or a
    blank, and ends with `HALF_EMPTY` rows that are no lines.

    Args:
        seed: of the city.
        scale: of the city; below 0.25 and above 20 the plan changes its size no further.
        projects: those of 2025.
    """
    loan = invent_loan(seed, scale, list(projects))
    items = [item for item in loan if item.kind is not Kind.NOTHING_YET][:MOST_LINES]
    chance = Chance(seed, "paa")
    count = min(max(60, round(LINES_AT_SCALE_1 * scale)), MOST_LINES)
    first = FIRST_LOAN_ID + items[-1].number + 1_000
    paid = [loan_line(chance, item) for item in items]
    others = [other_line(chance, first + number, projects[number % len(projects)]) for number in range(count)]
    new = [other_line(chance, first + count + number, chance.pick(projects)) for number in range(count // 20)]
    kept = [changed(line) if place % 7 == 0 else line for place, line in enumerate(others[WITHDRAWN:])]
    return {
        EARLIER: _workbook("V28 PAA 2025 sin duplicados", [HEADERS, *(_cells(line) for line in paid + others)]),
        LATER: _later_workbook(chance, [*paid, *kept, *new]),
    }


def _cells(line: Line) -> list[Cell]:
    return [line[header] for header in HEADERS]


def _later_workbook(chance: Chance, lines: Sequence[Line]) -> bytes:
    rows: list[Sequence[Cell]] = [(*HEADERS, *_JUNK)]
    for place, line in enumerate(lines):
        person = invented_person(chance)
        junk: list[Cell] = [1, "ORG", "x", "0", " ", "SI", 7, person.name, person.email]
        rows.append([*_carelessly(line, place), *junk])
    department = DEPARTMENTS[0]
    blank: Line = dict.fromkeys(HEADERS, "0")
    half = [
        blank | {"ORGANISMO": department.name, "VALOR TOTAL ESTIMADO": 0},
        blank | {"ID": 99_999, "DESCRIPCION": " "},
        blank | {"VALOR TOTAL ESTIMADO": sum(int(str(line["VALOR TOTAL ESTIMADO"])) for line in lines)},
        blank | {"ID": "TOTAL", "DESCRIPCION": "Total", "ORGANISMO": "Total", "VALOR TOTAL ESTIMADO": 1},
    ]
    return _workbook("V32 PAA 2025", [*rows, *(_cells(line) for line in half)], before="TD")


def _carelessly(line: Line, place: int) -> list[Cell]:
    """The line with what is absent written as `0` or a blank, as formulas and people leave it."""
    nothing: tuple[Cell, ...] = ("0", " ", None)
    cells = ((header, line[header]) for header in HEADERS)
    return [
        (" " if header in _NUMERIC else nothing[(place + number) % 3]) if cell in (None, "") else cell
        for number, (header, cell) in enumerate(cells)
    ]


def _workbook(title: str, rows: Sequence[Sequence[Cell]], *, before: str | None = None) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"created": _WORKBOOK_DATE})  # or the same city would give other bytes each time
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        if before is not None:
            book.add_worksheet(before).write_row(0, 0, ["Etiquetas de fila", "Suma de VALOR TOTAL ESTIMADO"])
        sheet = book.add_worksheet(title)
        for number, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                match cell:
                    case None:
                        continue
                    case date():
                        sheet.write_datetime(number, column, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001
                    case int():
                        sheet.write_number(number, column, cell)
                    case _:
                        sheet.write_string(number, column, cell)
    return buffer.getvalue()
