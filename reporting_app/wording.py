"""Numbers, money and dates as the reader writes them: as people in Colombia do, or in English."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from etl_kit.translation import _, language

BOGOTA = ZoneInfo("America/Bogota")
_MILLION = 1_000_000
_LARGE = 1_000_000_000_000


@dataclass(frozen=True, kw_only=True)
class _Style:
    """How a language writes numbers; `large` is from `_LARGE` on: the unit, its name, and decimals."""

    thousands: str
    decimal: str
    money: str
    percent: str
    million: str
    large: tuple[int, str, int]
    day: str


_SPANISH = _Style(
    thousands=".",
    decimal=",",
    money="$\N{NO-BREAK SPACE}",
    percent="\N{NO-BREAK SPACE}%",
    million="millones",
    large=(10**12, "billones", 2),
    day="%d/%m/%Y",
)
# "trillion" and "billion" mean other numbers to a reader of Spanish: thousands of millions are said in full digits
_ENGLISH = _Style(
    thousands=",",
    decimal=".",
    money="COP\N{NO-BREAK SPACE}",
    percent="%",
    million="million",
    large=(10**9, "billion", 0),
    day="%Y-%m-%d",
)


def no_data() -> str:
    """What stands where nothing is known: `sin datos`."""
    return _("no data")


def whole(number: Decimal | int | None) -> str:
    """A count: `1.234.567`."""
    return no_data() if number is None else _grouped(Decimal(number), 0)


def pesos(amount: Decimal | int | None) -> str:
    """Pesos: `$ 1.234.567`, with cents only where there are some; the blank does not break."""
    if amount is None:
        return no_data()
    exact = Decimal(amount)
    return _money(_grouped(exact, 0 if exact == exact.to_integral_value() else 2))


def millions(amount: Decimal | int | None) -> str:
    """Pesos in millions, rounded: `$ 1.235 millones`."""
    if amount is None:
        return no_data()
    return f"{_money(_grouped(Decimal(amount) / _MILLION, 0))} {_style().million}"


def large(amount: Decimal | int | None) -> str:
    """Pesos as people say them: `$ 4,53 billones`, `$ 1.235 millones`, and in full below a million.

    In English these are `COP 4,531 billion` and `COP 1,235 million`.
    """
    if amount is None:
        return no_data()
    exact = Decimal(amount)
    if abs(exact) >= _LARGE:
        unit, name, digits = _style().large
        return f"{_money(_grouped(exact / unit, digits))} {name}"
    return millions(exact) if abs(exact) >= _MILLION else pesos(exact)


def percent(ratio: Decimal | None, digits: int = 1) -> str:
    """A ratio from 0 to 1 as a percentage: `40,5 %`."""
    return no_data() if ratio is None else f"{_grouped(ratio * 100, digits)}{_style().percent}"


def points(score: Decimal | None) -> str:
    """A score from 0 to 100 with one decimal: `93,4`."""
    return no_data() if score is None else _grouped(score, 1)


def index(quotient: Decimal | None) -> str:
    """A quotient as such, with two decimals: `0,92`."""
    return no_data() if quotient is None else _grouped(quotient, 2)


def long_date(day: date | None) -> str:
    """A day: `31 de mayo de 2025`."""
    if day is None:
        return no_data()
    return _("{day} {month} {year}").format(day=day.day, month=months()[day.month - 1], year=day.year)


def short_date(day: date | None) -> str:
    """A day in a table: `31/05/2025`."""
    return no_data() if day is None else f"{day:{_style().day}}"


def short_month(day: date) -> str:
    """A month for a narrow heading: `may 2025`."""
    return f"{months()[day.month - 1][:3]} {day.year}"


def months() -> tuple[str, ...]:
    """The names of the months."""
    return (
        _("January"),
        _("February"),
        _("March"),
        _("April"),
        _("May"),
        _("June"),
        _("July"),
        _("August"),
        _("September"),
        _("October"),
        _("November"),
        _("December"),
    )


def moment(instant: datetime | None) -> str:
    """An instant in the city's time: `24 de noviembre de 2026, 08:05 (hora de Bogotá)`."""
    if instant is None:
        return no_data()
    local = instant.astimezone(BOGOTA)
    return _("{day}, {time} (Bogotá time)").format(day=long_date(local.date()), time=f"{local:%H:%M}")


def money_sign() -> str:
    """What stands before an amount: `$`."""
    return _style().money.strip()


def _style() -> _Style:
    return _SPANISH if language() == "es" else _ENGLISH


def _grouped(number: Decimal, digits: int) -> str:
    rounded = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0  # + 0: no "-0"
    style = _style()
    return f"{rounded:,}".replace(",", " ").replace(".", style.decimal).replace(" ", style.thousands)


def _money(text: str) -> str:
    return f"-{_style().money}{text[1:]}" if text.startswith("-") else f"{_style().money}{text}"
