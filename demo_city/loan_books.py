"""The loan's four workbooks as its keepers leave them: base of contracts, terms of the banks, follow-up, cash flow."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from demo_city.catalogue import SHORT_NAMES
from demo_city.chance import Chance
from demo_city.loan import LoanItem, invent_loan, notice_number
from demo_city.loan_plan import base_rows, flow_rows, planned_contracts
from demo_city.loan_sheets import Cell, workbook_of
from demo_city.people import invented_person
from demo_city.projects import Project

FOLDER: Final = "emprestito"
BASE: Final = "04-09-25 10-12 AM Base Emprestito - DASHBOARD.xlsx"
BANKS_BOOK: Final = "BD Emprestito V20250815 BID.xlsx"
CASH_FLOW: Final = "flujo_de_caja_desembolsos.xlsx"
FOLLOW_UP: Final = "seguimiento_contratos_emprestito.xlsx"

MOST_ITEMS: Final = 200
"""People keep these workbooks by hand: however large the city, they have no more items."""

_MADE: Final = datetime(2025, 9, 4)  # noqa: DTZ001 - a workbook property has no zone
_EXCEL_EPOCH: Final = date(1899, 12, 30)
_FOLLOWED: Final = 17
_LENGTHS: Final = ("5 (Months)", "7 (Months)", "4 (Meses)", "Hasta el 3-12-25", "3,5 (Months)")
_STATES: Final = ("En Evaluacion ", "Proyecto de Pliegos ", "Contrato Firmado", "Adjudicado", "Pliegos Definitivos ")
_METHODS: Final = ("Licitacion publica ", "Concurso de meritos", "Minima cuantia ", "Licitacion publica - LP")
_GUARANTEE: Final = "Pignoración de rentas inventadas, "


def files_of_loan_books(seed: int, scale: float, projects: Sequence[Project]) -> dict[str, bytes]:
    """The workbooks by their path in the city's folder; the same bytes for the same arguments.

    They tell of the items that `demo_city.loan` invents for the same seed, and of two projects that its index lacks.
    """
    items = invent_loan(seed, scale, list(projects))[:MOST_ITEMS]
    lines = planned_contracts(seed, items)
    agreed, terms = _banks(seed, items, [project for project in projects if not project.takes_loan][:2])
    books: dict[str, dict[str, list[list[Cell]]]] = {
        BASE: {"Base +": base_rows(seed, lines)},
        BANKS_BOOK: {"BaseEmprestito": agreed, "CONDICIONESBANCOS": terms},
        CASH_FLOW: {"Hoja1": flow_rows(lines)},
        FOLLOW_UP: {"Hoja1": _follow_up(seed, items)},
    }
    return {f"{FOLDER}/{name}": workbook_of(sheets, made=_MADE) for name, sheets in books.items()}


def _banks(
    seed: int, items: Sequence[LoanItem], others: Sequence[Project]
) -> tuple[list[list[Cell]], list[list[Cell]]]:
    """What was negotiated, and the terms, whose limits are in millions and equal to it.

    Davivienda has an agreement more on one project, whose BP ends in blanks.
    """
    chance = Chance(seed, "loan banks")
    header: list[Cell] = [
        "IdEntidadFinanciera", "Entidad Financiera", "BP", "NOMBRE", "Valor Negociado con entidad financiera",
        *(f"{what} {year}" for year in (2025, 2026, 2027) for what in ("Acuerdo de incorporación",
                                                                       "Valor incorporación")),
    ]  # fmt: skip
    rows = [header]
    limits = []
    for number, bank, agreement in (
        (1, "Banco Bancolombia", "Acuerdo 9602 de 15 de mayo 2025"),
        (2, "Banco DAVIVIENDA", "Acuerdo 9607 de 9 de julio 2025"),
    ):
        taken = [item.project for item in items if bank.removeprefix("Banco ").lower() in item.bank.lower()]
        projects = [*dict.fromkeys(taken), *others]
        amounts = [chance.pesos(1_000_000_000, 60_000_000_000, step=1_000_000) for _project in projects]
        rows += [
            [number, bank, project.bp, project.name, amount, agreement, chance.share(amount, 0, 100)]
            for project, amount in zip(projects, amounts, strict=True)
        ]
        limits.append(sum(amounts))
    again = rows[-1]
    extra = chance.pesos(1_000_000_000, 9_000_000_000, step=1_000_000)
    later: list[Cell] = ["Acuerdo 9611 de 11 de agosto 2025", 0, "Acuerdo 9700 de 10 de enero 2026", extra // 2]
    rows.append([again[0], again[1], f"{again[2]}  ", again[3], extra, *later])
    limits[-1] += extra
    return rows, _terms(limits)


def _terms(limits: Sequence[int]) -> list[list[Cell]]:
    header: list[Cell] = [
        "IdentiicadorEntidadFinanciera", "Entidad Financiera", "Contrato ", "Fecha contrato", "Link del contrato",
        "Cupo", "Modalidad", "Plazo", "Periodo de Gracia", "Tasa de Referencia", "Spread",
        "Disponibilidad de recursos hasta", "Pago Intereses / Amortización a Capital", "Garantía", "Cobertura Garantía",
    ]  # fmt: skip
    facts = (("Banco Bancolombia", "4131.010.26.1.9941-2025", 4, 0.019), ("Banco Davivienda", "4131.010.26.1.9952-2025",
                                                                          5, 0.0251))  # fmt: skip
    rows: list[list[Cell]] = [
        [number, bank, contract, datetime(2025, month, 10),  # noqa: DTZ001 - a cell has no zone
         f"https://secop.example/Index?noticeUID=CO1.NTC.{99_000_000 + number}", limit // 1_000_000, "Recursos Propios",
         "12 años", "3 años", "IBR 3M", spread, datetime(2026 + number, 4, 1),  # noqa: DTZ001
         "Trimestral", _GUARANTEE, "Hasta el 130% del servicio de la deuda"]
        for number, ((bank, contract, month, spread), limit) in enumerate(zip(facts, limits, strict=True), start=1)
    ]  # fmt: skip
    return [header, *rows]


def _follow_up(seed: int, items: Sequence[LoanItem]) -> list[list[Cell]]:
    """The follow-up of the first items with a process: days as Excel's serials, lists in a cell, people to call."""
    chance = Chance(seed, "loan follow-up")
    header: list[Cell] = [
        "Item", "NOMBRE ABREVIADO", "BANCO", "DESCRIPCION", "ID", "LINK DEL PROCESO", "VALOR TOTAL",
        "TIPO DE ACTIVIDAD", "EMPRESTITO", "OBJETO", "VALOR \nPLATAFORMA\n", "MODALIDAD", "Plazo", "Nro de Proceso",
        "referencia_contato", "PLANEADO", "ENTREGA REAL", "ESTADO PROCESO SECOP", "OBSERVACIONES ", "CONTACTO",
        "NUMERO", "Link Estado real SECOP II ",
    ]  # fmt: skip
    followed = [item for item in items if item.process][:_FOLLOWED]
    return [header, *(_followed(chance, number, item) for number, item in enumerate(followed, start=1))]


def _followed(chance: Chance, number: int, item: LoanItem) -> list[Cell]:
    person = invented_person(chance) if number % 3 == 1 else None
    planned = (date(2025, 8, 20) - _EXCEL_EPOCH).days + number
    reference = str(item.process).replace("-", "- ") if number % 4 == 0 else item.process
    link = f"https://secop.example/Tendering/ContractNoticeView/Index?Notice=CO1.NTC.{notice_number(item)}"
    return [
        number, SHORT_NAMES[item.project.department.code], item.bank, item.project.name, 18_900 + item.number, link,
        item.value, "Emprestito", None if number == 12 else "Si", f"OBJETO INVENTADO {number}",  # noqa: PLR2004
        item.value - chance.between(0, 9_999), chance.pick(_METHODS), _LENGTHS[number % len(_LENGTHS)], reference,
        ", ".join(item.contracts) or None, planned, planned if number <= 5 else None,  # noqa: PLR2004
        chance.pick(_STATES), "Publicación del informe\tde evaluación", person.name if person else None,
        int(person.id_number) if person else None, link,
    ]  # fmt: skip
