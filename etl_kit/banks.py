"""The banks of the city's loan, under the names the workbooks give them."""

from dataclasses import dataclass

from etl_kit.text import or_none, plain_key


@dataclass(frozen=True, kw_only=True)
class Bank:
    """A bank of the loan; `amendment` marks its sub-line of the amended contract ("Otro Sí")."""

    name: str
    amendment: bool = False
    placeholder: bool = False

    @property
    def line(self) -> str:
        """Bank and sub-line in one text."""
        return f"{self.name} - Otro Sí" if self.amendment else self.name


ALIASES = {
    "bancolombia": Bank(name="Bancolombia"),
    "banco bancolombia": Bank(name="Bancolombia"),
    "davivienda": Bank(name="Davivienda"),
    "banco davivienda": Bank(name="Davivienda"),
    "davivienda-otro si": Bank(name="Davivienda", amendment=True),
    "davivienda/otro si": Bank(name="Davivienda", amendment=True),
    "bbva": Bank(name="BBVA"),
    "banco bbva": Bank(name="BBVA"),
    "banco de occidente": Bank(name="Banco de Occidente"),
    "ifc": Bank(name="IFC"),
    "caf": Bank(name="CAF"),
    "banco nuevo 1": Bank(name="Banco Nuevo 1", placeholder=True),
    "banco nuevo 2": Bank(name="Banco Nuevo 2", placeholder=True),
}


def bank_of(text: object) -> Bank | None:
    """The bank that `text` names; None for an absent or unknown one (never the nearest)."""
    said = or_none(text)
    if said is None:
        return None
    return ALIASES.get(plain_key(said).replace(" - ", "-").replace(" / ", "/"))
