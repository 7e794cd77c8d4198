"""Why cells and rows were refused, lack something or were repaired: stored in Spanish, told as the reader speaks."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from etl_kit.translation import N_, Text

REASONS: Final[tuple[Text, ...]] = (
    N_("the BPIN has neither 13 nor 15 digits"),
    N_("the row has no activity code"),
    N_("the BP does not have 8 digits"),
    N_("the row repeats another cell by cell and counts once"),
    N_("is not a readable share"),
    N_("is not a readable quantity"),
    N_("the date is not of this century"),
    N_("the activity names no target or product and counts in no product"),
    N_("the activities of the product do not say the same; what most of them say counts"),
    N_("the activities of the project do not say the same; what most of them say counts"),
    N_("the project's BP cannot be read; that of its products counts"),
    N_("the project's BP cannot be read, and its products do not name a single one"),
    N_("the sheet does not say whose it is"),
    N_("the row does not have as many cells as the header"),
    N_("the row names no department, no BP and no BPIN: it looks like a total"),
    N_("the BPIN has neither 13 nor 15 digits; the line stays in the detail only"),
    N_("neither the name of the file nor the registry names a single month and year"),
    N_("the same BP appears with several BPIN in a cut"),
    N_("SECOP publishes no valid BPIN, and the contract is not in the index of the loan"),
    N_("SECOP publishes no valid BPIN, and the index of the loan is missing"),
    N_("SECOP publishes no valid BPIN, and the BP-BPIN catalogue is missing"),
    N_("SECOP publishes no valid BPIN, and the BP of the index is not in the catalogue"),
    N_("the index of the loan gives it to several projects; see contrato_bpin"),
    N_("estado_bpin says it is valid, but the BPIN has neither 13 nor 15 digits"),
    N_("the row has no code"),
    N_("the code is already in another row of the same file"),
    N_("is not a readable date and time"),
    N_("is not a link"),
    N_("the row brings no coordinates"),
    N_("the coordinates are outside the city"),
    N_("repeated header: only the first column counts"),
    N_("the subtotal of the year is not the sum of its months"),
    N_("is neither yes nor no"),
    N_("is not a readable percentage"),
    N_("is not a readable term"),
    N_("the row looks like a total"),
    N_("is not a reference of SECOP II"),
    N_("the line of the index has no readable BP"),
    N_("the BP-BPIN catalogue is missing"),
    N_("the BP is not in the BP-BPIN catalogue"),
    N_("the index has no readable BP"),
    N_("it is not known whether the credit limit is in millions or in pesos"),
    N_("the bank already has another row of terms"),
    N_("the value of the source cannot be read"),
    N_("FUENTE RECURSOS and FUENTE RECURSOS-VALOR do not name the same sources"),
    N_("is not the name of a month"),
    N_("the ELEMENTO PEP 2 is not a BP of 8 digits"),
    N_("is not a web address"),
    N_("is not the number of an RPC"),
    N_("the line of the PAA has no readable BP"),
    N_("half-empty row: it lacks its ID, department, description or total estimated value"),
    N_("the ID is not a whole number"),
    N_("the ID is repeated in the file; the row with most modifications counts"),
    N_("the row has no id_contrato"),
    N_("the row has no id_del_proceso"),
    N_("the row brings no BPIN"),
    N_("the cell of the BPIN holds a BP"),
    N_("the BPIN comes as a number with decimals and may have lost digits"),
    N_("is not a readable number"),
    N_("the progress is not between 0 and 100"),
    N_("the record is not a list of named fields"),
    N_("the geometry cannot be read"),
    N_("the row says neither what it is nor where"),
    N_("the latitude or the longitude is missing"),
    N_("is not a readable coordinate"),
    N_("zero is not a coordinate of the city"),
    N_("they are no degrees, and no rule leads them into the city"),
    N_("is not a readable date"),
    N_("is not a readable amount of money"),
    N_("is not a readable whole number"),
    N_("unknown department"),
    N_("unknown bank"),
    N_("says neither SI nor NO"),
    N_("the row of the summary has no department code of four digits"),
    N_("the row of the summary repeats a department"),
)
"""Every reason that a transform stores; its Spanish in the catalogue is, letter by letter, what is stored."""

REPAIRS: Final[tuple[Text, ...]] = (
    N_("decimal comma"),
    N_("letters at the end"),
    N_("lost decimal point"),
    N_("shifted decimal point"),
    N_("sign of the longitude"),
    N_("latitude and longitude swapped"),
)
"""What was done to read coordinates, stored in the same way; several are joined by `; `."""


def reason_in_words(stored: object) -> str:
    """A stored reason in the reader's language; as it is stored where nobody has translated it."""
    reason = _by_stored().get(str(stored))
    return str(stored) if reason is None else str(reason)


def repairs_in_words(stored: object) -> str:
    """Stored repairs of coordinates in the reader's language."""
    return "; ".join(reason_in_words(repair) for repair in str(stored).split("; "))


@lru_cache
def _by_stored() -> Mapping[str, Text]:
    return {reason.said_in("es"): reason for reason in (*REASONS, *REPAIRS)}
