"""Who sells to the made-up city: companies, consortia without a document, and invented people."""

from dataclasses import dataclass
from typing import Final

from demo_city.chance import Chance
from demo_city.people import Person, invented_person

_TRADES: Final = (
    "OBRAS DE CARTÓN", "VÍAS DE PAPEL", "CABLES Y NUBES", "JARDINES DE TIZA", "ANDAMIOS DEL AIRE", "PUPITRES SIN FIN",
    "BALONES CUADRADOS", "LIBROS EN BLANCO",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Supplier:
    """A party to a contract as SECOP describes it; `person` is None for a company or a consortium."""

    name: str
    document_type: str
    document: str
    code: str
    person: Person | None = None
    is_group: bool = False


def company(chance: Chance) -> Supplier:
    """A company with a NIT that nobody holds; some trade under a name without its legal form."""
    number = chance.between(0, 99_999)
    legal_form = chance.pick((" S.A.S.", " SAS", " LTDA", " S.A."))
    return Supplier(
        name=f"{chance.pick(_TRADES)} {number:05d}{legal_form}",
        document_type="NIT",
        document=f"9999{number:05d}",
        code=f"7{number:08d}",
    )


def consortium(chance: Chance) -> Supplier:
    """A consortium: SECOP gives it neither document nor type."""
    kind = chance.pick(("CONSORCIO", "UNION TEMPORAL"))
    return Supplier(
        name=f"{kind} {chance.pick(_TRADES)} {chance.between(1, 999):03d}",
        document_type="No Definido",
        document="No Definido",
        code=f"7{chance.between(0, 99_999):08d}",
        is_group=True,
    )


def natural_person(chance: Chance) -> Supplier:
    """An invented person under contract; some are wrongly filed under their id as a NIT."""
    person = invented_person(chance)
    return Supplier(
        name=person.name,
        document_type="NIT" if chance.happens(10) else "Cédula de Ciudadanía",
        document=person.id_number,
        code=f"7{chance.between(0, 99_999):08d}",
        person=person,
    )
