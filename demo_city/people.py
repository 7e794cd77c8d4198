"""The invented people of the city, every one of them marked so that a test can look for leaks."""

from dataclasses import dataclass
from typing import Final

from demo_city.chance import Chance

NAME_MARKERS: Final = ("INVENTADEZ", "ZIFICTA")
"""Surnames nobody bears: every invented person bears both, in whatever case."""

ID_MARKER: Final = "1999007"
"""First digits of every personal id and bank account; no identity card of Colombia reaches this range."""

EMAIL_MARKER: Final = "@personas.invalid"
"""The domain of every e-mail address; `.invalid` is reserved and never resolves (RFC 2606)."""

MARKERS: Final = (*NAME_MARKERS, ID_MARKER, EMAIL_MARKER)
"""What must not be found, in any case of letters, in anything written by the extraction."""

_FIRST_NAMES: Final = (
    "Aurelia", "Benigno", "Clodomira", "Demetrio", "Eufemia", "Fulgencio", "Griselda", "Hermógenes", "Iluminada",
    "Jacobo", "Leovigilda", "Macario", "Nicanora", "Olegario", "Petronila", "Quintín", "Rosaura", "Saturnino",
    "Teófila", "Ubaldo", "Viridiana", "Wenceslao", "Ximena", "Yolanda", "Zenón", "Íngrid", "Ángela María",
)  # fmt: skip
_PER_RANGE: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who does not exist: a name with both markers, an id and an account in the marked range."""

    name: str
    id_number: str
    bank_account: str
    email: str


def invented_person(chance: Chance) -> Person:
    """Return a person that bears every marker; some names come in capitals, as in SECOP."""
    number = chance.between(0, _PER_RANGE - 1)
    first = chance.pick(_FIRST_NAMES)
    name = f"{first} Inventadez Zificta"
    return Person(
        name=name.upper() if chance.happens(60) else name,
        id_number=f"{ID_MARKER}{number:03d}",
        bank_account=f"{ID_MARKER}{number:03d}{chance.between(0, 9)}",
        email=f"persona{number:03d}{EMAIL_MARKER}",
    )
