"""Numbers and dates as people in Colombia write them."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

NO_DATA = "sin datos"
BOGOTA = ZoneInfo("America/Bogota")
MONTHS = (
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
)
_MILLION = 1_000_000
_BILLION = 1_000_000_000_000


def whole(number: Decimal | int | None) -> str:
    """A count: `1.234.567`."""
    return NO_DATA if number is None else _grouped(Decimal(number), 0)


def pesos(amount: Decimal | int | None) -> str:
    """Pesos: `$ 1.234.567`, with cents only where there are some; the blank does not break."""
    if amount is None:
        return NO_DATA
    exact = Decimal(amount)
    return _money(_grouped(exact, 0 if exact == exact.to_integral_value() else 2))


def millions(amount: Decimal | int | None) -> str:
    """Pesos in millions, rounded: `$ 1.235 millones`."""
    if amount is None:
        return NO_DATA
    return f"{_money(_grouped(Decimal(amount) / _MILLION, 0))} millones"


def large(amount: Decimal | int | None) -> str:
    """Pesos as people say them: `$ 4,53 billones`, `$ 1.235 millones`, and in full below a million."""
    if amount is None:
        return NO_DATA
    exact = Decimal(amount)
    if abs(exact) >= _BILLION:
        return f"{_money(_grouped(exact / _BILLION, 2))} billones"
    return millions(exact) if abs(exact) >= _MILLION else pesos(exact)


def percent(ratio: Decimal | None, digits: int = 1) -> str:
    """A ratio from 0 to 1 as a percentage: `40,5 %`."""
    return NO_DATA if ratio is None else f"{_grouped(ratio * 100, digits)}\N{NO-BREAK SPACE}%"


def points(score: Decimal | None) -> str:
    """A score from 0 to 100 with one decimal: `93,4`."""
    return NO_DATA if score is None else _grouped(score, 1)


def long_date(day: date | None) -> str:
    """A day: `31 de mayo de 2025`."""
    return NO_DATA if day is None else f"{day.day} de {MONTHS[day.month - 1]} de {day.year}"


def short_date(day: date | None) -> str:
    """A day in a table: `31/05/2025`."""
    return NO_DATA if day is None else f"{day:%d/%m/%Y}"


def short_month(day: date) -> str:
    """A month for a narrow heading: `may 2025`."""
    return f"{MONTHS[day.month - 1][:3]} {day.year}"


def moment(instant: datetime | None) -> str:
    """An instant in the city's time: `24 de noviembre de 2026, 08:05 (hora de Bogotá)`."""
    if instant is None:
        return NO_DATA
    local = instant.astimezone(BOGOTA)
    return f"{long_date(local.date())}, {local:%H:%M} (hora de Bogotá)"


def _grouped(number: Decimal, digits: int) -> str:
    rounded = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0  # + 0: no "-0"
    return f"{rounded:,}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _money(text: str) -> str:
    return f"-$\N{NO-BREAK SPACE}{text[1:]}" if text.startswith("-") else f"$\N{NO-BREAK SPACE}{text}"
