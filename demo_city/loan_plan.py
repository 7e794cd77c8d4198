"""The loan's contracts month by month, as the city's base of the loan has them, with its traps; and the cash flow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from demo_city.catalogue import SHORT_NAMES
from demo_city.chance import Chance
from demo_city.loan import Kind, LoanItem
from demo_city.loan_sheets import Cell

FIRST_MONTH: Final = (2025, 7)
MONTHS: Final = 30
FLOW_MONTHS: Final = 9
_DONE_MONTHS: Final = 2
"""Months of which the base already says what was really paid."""

_ABBREVIATIONS: Final = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")
_FACTS: Final = (
    "Organismo", "Banco", "BP Proyecto", "Descripcion BP", "Nombre Comercial",
    "Proyectos con sus respectivos contratos", "Valor Contrato", "Tipo de Contratación", "Pliego Tipo", "Vig Futura",
    "Deleg", "Fecha inicio", "Fecha terminación", "Número del contrato", "CDP", "RPC", "Link secop",
    "Fecha publicación proceso", "Fecha Adjudicacion proceso",
)  # fmt: skip
_BLOCK: Final = ("Desembolso", "Avance", "Desembolso REAL", "Avance REAL")
_TYPES: Final = ("Licitación Pública", "Licitaición", "Concurso de Méritos", "concurso meritos abiertos", "Directa")
_FLOW_BANKS: Final = ("BBVA", "Bancolombia", "Davivienda", "Davivienda/Otro Si")
_NO_REAL: Final = (2025, 12)
"""The month whose block has no real columns."""


@dataclass(frozen=True, kw_only=True)
class PlannedContract:
    """A line of the base: what a contract of `value` pesos plans to take from `start` on, in equal parts.

    `bank` is None where it is still open; `start` counts months from `FIRST_MONTH`; without `length` it plans nothing.
    """

    department: str
    bank: str | None
    bp: str
    project: str
    title: str
    contract: str
    value: int
    start: int
    length: int
    signed: bool

    def planned(self, month: int) -> float | None:
        """Pesos of a month, with the fractions that a division by a spreadsheet leaves; None where nothing is said."""
        return self.value / self.length if self.start <= month < self.start + self.length else None


def planned_contracts(seed: int, items: Sequence[LoanItem]) -> list[PlannedContract]:
    """A contract for each of the loan's items, and another one for its supervision where it has a contract."""
    chance = Chance(seed, "loan plan")
    lines = []
    for item in items:
        line = _line(chance, item)
        lines.append(line)
        if item.kind in {Kind.CONTRACT, Kind.LOTS}:
            lines.append(replace(line, contract="Contrato 2: Interventoria", value=line.value // 10))
    lines[-1] = replace(lines[-1], length=0)
    lines[-2] = replace(lines[-2], bank=None)
    return lines


def base_rows(seed: int, lines: Sequence[PlannedContract]) -> list[list[Cell]]:
    """The sheet `Base +`: header, one row per contract, and what its keepers left in it.

    Subtotals stand between the years; one is wrong, one is an amount in a column of progress. Two columns at the end
    have no header. There is a negative disbursement, a dash, a day that no calendar has and a BP with nine digits.
    """
    chance = Chance(seed, "loan base")
    header = _header()
    rows: list[list[Cell]] = [header, *(_row(chance, number, line) for number, line in enumerate(lines))]
    place = {name: position for position, name in enumerate(header) if isinstance(name, str)}
    rows[1][place["sep-26 Avance"]] = " $                                         -"
    rows[1] += ["queda faltando un saldo ", 300_000_000]
    rows[2][place["Fecha terminación"]] = "29/02/2026"
    rows[2][place["feb-27 Avance"]] = 1.0002
    rows[3][place["dic-25 Desembolso"]] = -11_700_000_000
    rows[3][place["Vig Futura"]] = "para 2027, en ejecucion de contrato"
    rows[4][place["Subtotal 2025"]] = 110_000_000
    rows[4][place["Subtotal 2025 avance"]] = 80_892_605
    rows[5][place["BP Proyecto"]] = 260_005_325
    for name in ("Fecha inicio", "Fecha publicación proceso", "Fecha Adjudicacion proceso"):
        rows[6][place[name]] = "POR DEFINIR"
    return rows


def flow_rows(lines: Sequence[PlannedContract]) -> list[list[Cell]]:
    """The cash flow of four banks: the months of the base summed by bank and department, some months blank."""
    rows: list[list[Cell]] = [["banco", "centro_gestor", *(datetime(*_month(n), 1) for n in range(FLOW_MONTHS))]]  # noqa: DTZ001 - a cell has no zone
    places = sorted({(line.bank, line.department) for line in lines if line.bank in _FLOW_BANKS})
    for number, (bank, department) in enumerate(places):
        of_place = [line for line in lines if (line.bank, line.department) == (bank, department)]
        sums = [sum(line.planned(month) or 0.0 for line in of_place) for month in range(FLOW_MONTHS)]
        absent: Cell = 0 if number % 3 else None
        rows.append([bank, department, *(amount or absent for amount in sums)])
    return rows


def _line(chance: Chance, item: LoanItem) -> PlannedContract:
    project = item.project
    start = chance.between(0, 12)
    return PlannedContract(
        department=_department(item),
        bank={"DAVIVIENDA": "Davivienda", "DAVIVIENDA-Otro Si": "Davivienda/Otro Si"}.get(item.bank, item.bank),
        bp=project.bp.removeprefix("BP"),
        project=project.name.upper() if chance.happens(20) else project.name,
        title=f"Obra inventada {item.number % 20 + 1} ",
        contract=chance.pick(("Contrato 1: Obra", "Obra", f"Contrato {item.number + 1}: Suministro")),
        value=item.value,
        start=start,
        length=chance.between(3, min(15, MONTHS - start)),
        signed=bool(item.contracts_in_secop),
    )


def _department(item: LoanItem) -> str:
    """The short name in the base, which misspells one and ends another in a blank."""
    name = SHORT_NAMES[item.project.department.code]
    return {"Participación": "Desarrollo Terriotiral", "Bienes": "Bienes ", "cultura": "Cultura"}.get(name, name)


def _header() -> list[Cell]:
    header: list[Cell] = [*_FACTS]
    for number in range(MONTHS):
        year, month = _month(number)
        name = _ABBREVIATIONS[month - 1]
        block = _BLOCK[:2] if (year, month) == _NO_REAL else _BLOCK
        shown = name.capitalize() if (year, month) == (2026, 12) else name
        header += [f"{shown}-{year % 100} {measure}" for measure in block]
        if month == 12:  # noqa: PLR2004 - the subtotal follows December
            total = "SubTotal" if year == 2026 else "Subtotal"  # noqa: PLR2004 - as careless as there
            progress = "avance" if year == 2025 else "Avance"  # noqa: PLR2004
            header += [f"{total} {year}", f"{total} {year} {progress}", f"{total} {year} REAL",
                       f"{total} {year} {progress} REAL"]  # fmt: skip
    return [*header, "GRAN TOTAL 2025-2026-2027", "Observaciones"]


def _row(chance: Chance, number: int, line: PlannedContract) -> list[Cell]:
    begins, ends = date(*_month(line.start), 5), date(*_month(line.start + max(line.length, 1) - 1), 28)
    published = begins - timedelta(days=chance.between(40, 80))
    cells: list[Cell] = [
        line.department, line.bank, int(line.bp) if number % 2 else line.bp, line.project, line.title, line.contract,
        line.value, chance.pick(_TYPES), None, chance.pick(("SI", "Si", "NO", "NO ")), chance.pick(("NO", "SI ")),
        _day(begins), _day(ends), None, None, None, None, _day(published), _day(begins - timedelta(days=9)),
    ]  # fmt: skip
    year_sum = 0.0
    for month in range(MONTHS):
        year, calendar = _month(month)
        amount = line.planned(month)
        year_sum += amount or 0.0
        cells += [amount if amount is not None or number % 2 else 0, None if amount is None else 1 / line.length]
        if (year, calendar) != _NO_REAL:
            cells += _real(chance, line, month)
        if calendar == 12:  # noqa: PLR2004 - the subtotal follows December
            cells += [year_sum, None, None, None]
            year_sum = 0.0
    return [*cells, line.value if line.length else None, None]


def _real(chance: Chance, line: PlannedContract, month: int) -> list[Cell]:
    amount = line.planned(month)
    if amount is None or not line.signed or month >= _DONE_MONTHS:
        return [None, None]
    done = chance.between(60, 110) / 100
    return [round(amount * done, 2), round(done / line.length, 4)]


def _month(number: int) -> tuple[int, int]:
    year, month = FIRST_MONTH
    years, rest = divmod(month - 1 + number, 12)
    return year + years, rest + 1


def _day(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a cell has no zone
