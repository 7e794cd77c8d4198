"""Single cells of the field form: moments, categories, sites."""

import re
from datetime import date, datetime, time, timedelta
from typing import Final

from etl_kit.dates import COLOMBIA, EXCEL_EPOCH, FIRST_SERIAL, LAST_SERIAL
from etl_kit.text import BLANKS, plain_key

CATEGORIES: Final = (
    "ANDEN",
    "BACHE",
    "DEMARCACIÓN VIAL FIN",
    "DEMARCACIÓN VIAL INICIO",
    "INVASION ESPACIO PÚBLICO",
    "LUMINARIA Y/O POSTE EN MAL ESTADO",
    "PAVIMENTACIÓN FIN",
    "PAVIMENTACIÓN INICIO",
    "PODA ARBOLES",
    "PUNTO DE RECOLECCION Y ASEO",
    "SUMIDERO",
    "TAPA ANDEN",
    "TAPA VIA",
)
"""What the form offers, spelt as there."""

_BY_PLAIN_KEY: Final = {plain_key(name): name for name in CATEGORIES}
_CLOCK: Final = r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?)?"
_ISO: Final = re.compile(rf"(\d{{4}})-(\d{{2}})-(\d{{2}}){_CLOCK}", re.ASCII)
_DAY_FIRST: Final = re.compile(rf"(\d{{1,2}})[/-](\d{{1,2}})[/-](\d{{4}}){_CLOCK}", re.ASCII)
_SERIAL: Final = re.compile(r"\d{5}(?:\.\d{1,12})?", re.ASCII)
_NUMBERED: Final = re.compile(r"(\d{1,4})\s*[.)]\s*(\S.*)", re.ASCII)
_LINK: Final = re.compile(r"https?://[^\s,]+(?:\s*,\s*https?://[^\s,]+)*", re.IGNORECASE)
_MICROSECONDS_A_DAY: Final = 86_400_000_000
_MICROSECONDS_A_MILLISECOND: Final = 1_000


def read_moment(text: str) -> datetime | None:
    """Aware in Colombia: `2025-08-06 10:53:01`, `6/08/2025 10:53:01` (day first), `45875.4534` as Excel counts.

    A date alone is its midnight; None if it is none of these.
    """
    said = text.strip()
    try:
        if found := _ISO.fullmatch(said):
            year, month, day, *clock = found.groups()
            return _moment(date(int(year), int(month), int(day)), clock)
        if found := _DAY_FIRST.fullmatch(said):
            day, month, year, *clock = found.groups()
            return _moment(date(int(year), int(month), int(day)), clock)
    except ValueError:  # the 31st of February, 25 o'clock
        return None
    if _SERIAL.fullmatch(said) and FIRST_SERIAL <= float(said) < LAST_SERIAL + 1:
        return _of_serial(float(said))
    return None


def read_category(text: str) -> str:
    """In capitals with single spaces; one that the form offers, however accented, as the form spells it."""
    return _BY_PLAIN_KEY.get(plain_key(text), BLANKS.sub(" ", text).strip().upper())


def read_site(text: str) -> tuple[int | None, str]:
    """(number, name) of `2. IE Veinte de Julio`; no number if none stands before the name."""
    said = BLANKS.sub(" ", text).strip()
    if found := _NUMBERED.fullmatch(said):
        return int(found[1]), found[2]
    return None, said


def is_link(text: str) -> bool:
    """Whether it is one address of the web, or several with commas between them."""
    return _LINK.fullmatch(text.strip()) is not None


def _moment(day: date, clock: list[str | None]) -> datetime:
    hour, minute, second, fraction = clock
    at = time(int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "0").ljust(6, "0")))
    return datetime.combine(day, at, tzinfo=COLOMBIA)


def _of_serial(number: float) -> datetime:
    """To the millisecond: a float of days holds no more."""
    days, part = divmod(number, 1)
    milliseconds = round(part * _MICROSECONDS_A_DAY / _MICROSECONDS_A_MILLISECOND)
    midnight = datetime.combine(EXCEL_EPOCH + timedelta(days=int(days)), time(), tzinfo=COLOMBIA)
    return midnight + timedelta(milliseconds=milliseconds)
