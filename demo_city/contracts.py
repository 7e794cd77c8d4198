"""SECOP II contracts of the made-up city, in the shape of dataset jbjy-vk9h."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from demo_city.catalogue import DEPARTMENTS, NIT, OTHER_NIT, Department
from demo_city.chance import Chance
from demo_city.contract_row import Contract, contract_row
from demo_city.loan import Kind, LoanItem, notice_number
from demo_city.people import invented_person
from demo_city.projects import Project
from demo_city.suppliers import Supplier, company, consortium, natural_person

OTHERS_AT_SCALE_1: Final = 160
FORGOTTEN_LOANS: Final = 3
"""Contracts paid from credit that the index does not name."""

_FIRST_ID: Final = 98_000_000


def portfolio_id(item: LoanItem) -> str:
    """The id that a process and its contracts share (`id_del_portafolio` = `proceso_de_compra`)."""
    return f"CO1.BDOS.{98_300_000 + item.number}"


def contracts_of_city(
    seed: int, scale: float, projects: list[Project], items: list[LoanItem]
) -> list[dict[str, object]]:
    """All rows of the dataset: the loan's, their namesakes of other years, other contracts, another entity's."""
    chance = Chance(seed, "contracts")
    ids = iter(range(_FIRST_ID, _FIRST_ID + 10_000_000))
    rows: list[dict[str, object]] = []
    for item in items:
        for lot, reference in enumerate(item.contracts):
            contract = _loan_contract(chance, ids, item, reference, lot)
            if reference in item.contracts_in_secop:
                rows.append(contract_row(chance, contract))
            rows += _namesakes(chance, ids, contract, reference)
    rows += _second_looks(rows)
    rows += [
        contract_row(chance, _other_contract(chance, ids, projects, number))
        for number in range(max(10, round(OTHERS_AT_SCALE_1 * scale)))
    ]
    rows += [contract_row(chance, _forgotten_loan(chance, ids, projects, number)) for number in range(FORGOTTEN_LOANS)]
    return rows


def _loan_contract(chance: Chance, ids: Iterator[int], item: LoanItem, reference: str, lot: int) -> Contract:
    signed = date(2025, 1, 20) + timedelta(days=chance.between(0, 230))
    value = item.value // len(item.contracts)
    # half of the loan's contracts are registered under the city's own resources, as in the original
    from_credit = chance.pick((0, value, value // 10 * 3))
    return Contract(
        id_number=next(ids),
        reference=_published(chance, reference, item.number + lot),
        portfolio=portfolio_id(item),
        notice=notice_number(item),
        department=item.project.department,
        supplier=_contractor(chance, item),
        kind=chance.pick(("Obra", "Suministros", "Compraventa", "Prestación de servicios", "Interventoría")),
        procedure=chance.pick(("Licitación pública Obra Publica", "Licitación pública", "Selección Abreviada")),
        text=f"{item.project.name} ({item.project.bp})" + (f" LOTE {lot + 1}" if item.kind is Kind.LOTS else ""),
        state=chance.pick(("En ejecución", "En ejecución", "Modificado", "Aprobado", "Suspendido", "terminado")),
        signed=signed,
        starts=signed + timedelta(days=7),
        ends=signed + timedelta(days=chance.between(60, 320)),
        value=value,
        from_credit=from_credit,
        project=item.project,
    )


def _contractor(chance: Chance, item: LoanItem) -> Supplier:
    if item.kind is Kind.LOTS:
        return consortium(chance)
    return natural_person(chance) if item.number % 9 == 3 else company(chance)  # noqa: PLR2004 - now and then


def _published(chance: Chance, reference: str, number: int) -> str:
    """The reference as SECOP prints it; every spelling occurs in every city."""
    stem, year = reference.rsplit("-", 1)
    by_turn = (reference, f"{stem} DE {year}", reference, f"{stem} - {year}", f"{stem}.{year}", reference)
    return by_turn[number % len(by_turn)] if number < len(by_turn) else chance.pick(by_turn)


def _namesakes(chance: Chance, ids: Iterator[int], contract: Contract, reference: str) -> Iterator[dict[str, object]]:
    """The same sequence number in other years, and this very reference at another entity: none belongs to the loan."""
    stem = reference.rsplit("-", 1)[0]
    for year, printed in ((2020, stem), (2022, f"{stem} DE 2022"), (2023, f"{stem}-2023"), (2024, f"{stem}-2024")):
        signed = date(year, 1, 15) + timedelta(days=chance.between(0, 250))
        service = _service_contract(chance, next(ids), contract.department, printed, signed)
        yield contract_row(chance, replace(service, state="Cerrado", notice=97_000_000 + service.id_number % 1_000_000))
    foreign = replace(contract, id_number=next(ids), reference=reference, nit=OTHER_NIT, from_credit=0, project=None)
    yield contract_row(chance, foreign)


def _service_contract(chance: Chance, id_number: int, department: Department, reference: str, signed: date) -> Contract:
    supplier = natural_person(chance)
    return Contract(
        id_number=id_number,
        reference=reference,
        portfolio=f"CO1.BDOS.{id_number % 1_000_000 + 96_000_000}",
        notice=96_500_000 + id_number % 1_000_000,
        department=department,
        supplier=supplier,
        kind="Prestación de servicios",
        procedure="Contratación directa",
        text=f"Prestar los servicios de apoyo a la gestión en la {department.name}",
        state=chance.pick(("En ejecución", "Cerrado", "Modificado", "cedido")),
        signed=signed,
        starts=signed + timedelta(days=3),
        ends=date(signed.year, 12, 31),
        value=chance.pesos(9_000_000, 70_000_000),
        from_credit=0,
        project=None,
    )


def _other_contract(chance: Chance, ids: Iterator[int], projects: list[Project], number: int) -> Contract:
    department = chance.pick(DEPARTMENTS)
    signed = date(2025, 1, 8) + timedelta(days=chance.between(0, 240))
    reference = f"{department.code}.010.26.1.{3000 + number:04d}-2025"
    contract = _service_contract(chance, next(ids), department, reference, signed)
    if chance.happens(60):
        return contract
    return replace(contract, supplier=company(chance), kind="Suministros", project=chance.pick(projects))


def _forgotten_loan(chance: Chance, ids: Iterator[int], projects: list[Project], number: int) -> Contract:
    project = [project for project in projects if project.takes_loan][number]
    reference = f"{project.department.code}.010.26.1.{9500 + number:04d}-2025"
    signed = date(2025, 6, 1) + timedelta(days=number)
    contract = _service_contract(chance, next(ids), project.department, reference, signed)
    value = chance.pesos(300_000_000, 900_000_000)
    return replace(
        contract, supplier=company(chance), kind="Suministros", value=value, from_credit=value, project=project
    )


def _second_looks(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The first loan contract once more with a second project, the fourth as it was before its last update."""
    loan = [row for row in rows if row["nit_entidad"] == NIT and str(row["referencia_del_contrato"]).endswith("2025")]
    other_project = {**loan[0], "c_digo_bpin": loan[1]["c_digo_bpin"]}
    earlier = {**loan[3], "estado_contrato": "Borrador", "ultima_actualizacion": "2025-01-02T00:00:00.000"}
    return [other_project, earlier]


def officials(seed: int, count: int) -> list[str]:
    """Contacts of `count` invented people, for the index: name and e-mail address."""
    chance = Chance(seed, "officials")
    people = [invented_person(chance) for _ in range(count)]
    return [f"{person.name}, {person.email}" for person in people]
