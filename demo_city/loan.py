"""The city's loan: what its index names, and what of it SECOP really holds."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from demo_city.catalogue import BANKS, SHORT_NAMES
from demo_city.chance import Chance
from demo_city.projects import Project

ITEMS_AT_SCALE_1: Final = 48
LOAN_YEAR: Final = 2025


class Kind(StrEnum):
    """How far an item of the loan has come, and which trap it holds."""

    NOTHING_YET = "nothing_yet"
    PROCESS = "process"
    CONTRACT = "contract"
    LOTS = "lots"
    PURCHASE_ORDER = "purchase_order"
    CONTRACT_NOT_IN_SECOP = "contract_not_in_secop"
    PROCESS_NOT_IN_SECOP = "process_not_in_secop"


_CYCLE: Final = (
    Kind.CONTRACT, Kind.PROCESS, Kind.LOTS, Kind.CONTRACT, Kind.PURCHASE_ORDER, Kind.NOTHING_YET,
    Kind.CONTRACT_NOT_IN_SECOP, Kind.CONTRACT, Kind.PROCESS, Kind.CONTRACT, Kind.PROCESS_NOT_IN_SECOP, Kind.CONTRACT,
)  # fmt: skip
"""Kinds by position, so that every city holds every trap whatever its seed."""

_LOTS: Final = 3


@dataclass(frozen=True, kw_only=True)
class LoanItem:
    """One item of the loan; references are in their one exact spelling, `4151.010.26.1.0932-2025`.

    `process` is None until a process is published; `orders` holds purchase orders such as `OC 150273`.
    """

    number: int
    kind: Kind
    project: Project
    bank: str
    process: str | None
    contracts: tuple[str, ...]
    orders: tuple[str, ...]
    value: int

    @property
    def process_in_secop(self) -> bool:
        """Whether SECOP publishes the process."""
        return self.process is not None and self.kind is not Kind.PROCESS_NOT_IN_SECOP

    @property
    def contracts_in_secop(self) -> tuple[str, ...]:
        """The references of contracts that SECOP publishes."""
        return () if self.kind is Kind.CONTRACT_NOT_IN_SECOP else self.contracts


def invent_loan(seed: int, scale: float, projects: list[Project]) -> list[LoanItem]:
    """The items of the loan over those `projects` that take it; every kind occurs."""
    chance = Chance(seed, "loan")
    takers = [project for project in projects if project.takes_loan]
    count = max(len(_CYCLE), round(ITEMS_AT_SCALE_1 * scale))
    return [_item(chance, number, takers[number % len(takers)]) for number in range(count)]


def index_records(seed: int, items: list[LoanItem], officials: list[str]) -> list[dict[str, object]]:
    """The loan's index as its keepers write it: careless spellings, one row twice, some without BPIN, contacts.

    Args:
        seed: of the city.
        items: from `invent_loan`.
        officials: contacts of invented people, text such as "name, e-mail".
    """
    chance = Chance(seed, "index")
    records = [_record(chance, item) for item in items]
    records.insert(1, dict(records[0]))
    for record, contact in zip(records[2::9], officials, strict=False):
        record["contacto"] = contact
    return records


def _item(chance: Chance, number: int, project: Project) -> LoanItem:
    kind = _CYCLE[number % len(_CYCLE)]
    code = project.department.code
    first = 800 + number * 7
    has_process = kind not in {Kind.NOTHING_YET, Kind.PURCHASE_ORDER}
    lots = _LOTS if kind is Kind.LOTS else 1
    has_contract = kind in {Kind.CONTRACT, Kind.LOTS, Kind.CONTRACT_NOT_IN_SECOP}
    # some processes miss the group `.1.`, as 4143.010.32.0876-2025 does
    series = "32" if number % 11 == 8 else "32.1"  # noqa: PLR2004
    return LoanItem(
        number=number,
        kind=kind,
        project=project,
        bank=chance.pick(BANKS),
        process=f"{code}.010.{series}.{first - 200:04d}-{LOAN_YEAR}" if has_process else None,
        contracts=tuple(f"{code}.010.26.1.{first + lot:04d}-{LOAN_YEAR}" for lot in range(lots))
        if has_contract
        else (),
        orders=(f"OC {150_000 + number}",) if kind is Kind.PURCHASE_ORDER else (),
        value=chance.pesos(400_000_000, 15_000_000_000),
    )


def _record(chance: Chance, item: LoanItem) -> dict[str, object]:
    project = item.project
    record: dict[str, object] = {
        "plataforma": None,
        "nombre_abreviado": SHORT_NAMES[project.department.code],
        "id_paa": _id_paa(chance, item),
        "banco": item.bank,
        "bp": project.bp,
        "descripcion": project.name.upper() if chance.happens(30) else project.name,
        "link_del_proceso": _link(item),
        "estado_proceso": _STATES[item.kind],
        "referencia_proceso": [_spelled(chance, item.process)] if item.process else [],
        "referencia_contrato": [*(_spelled(chance, reference) for reference in item.contracts), *item.orders],
        "nombre_centro_gestor": project.department.name,
    }
    if item.number % 10 == 5:  # noqa: PLR2004
        record["nombre_centro_gestor"] = None  # as in the original, such a row has no BPIN either
    else:
        record["bpin"] = int(project.bpin)
    return record


_STATES: Final = {
    Kind.NOTHING_YET: None,
    Kind.PROCESS: "En Evaluacion",
    Kind.CONTRACT: "En Ejecución",
    Kind.LOTS: "En Ejecución",
    Kind.PURCHASE_ORDER: "publicado TVEC",
    Kind.CONTRACT_NOT_IN_SECOP: "Contrato Firmado",
    Kind.PROCESS_NOT_IN_SECOP: "Proyecto de Pliegos",
}


def _id_paa(chance: Chance, item: LoanItem) -> object:
    if item.kind is Kind.NOTHING_YET:
        return chance.pick(("VIGENCIA 2026", "NO VA AL PAA", "Sin Incluir", None))
    return 18_900 + item.number


def _link(item: LoanItem) -> str | None:
    if item.process is None:
        return None
    return f"https://secop.example/Tendering/ContractNoticeView/Index?Notice=CO1.NTC.{notice_number(item)}"


def notice_number(item: LoanItem) -> int:
    """The number of the item's notice, shared by its link, its process and its contracts."""
    return 98_400_000 + item.number


def _spelled(chance: Chance, reference: str) -> str:
    """The reference as somebody may have typed it."""
    number, year = reference.rsplit("-", 1)
    return chance.pick((reference, reference, reference, f"{number}- {year}", f"{number} - {year}"))
