"""Charts of the loan's performance as inline SVG: the curve of its money, works against money, and the target.

They are drawn narrow, so that their letters are readable on a telephone, and told in words to those who cannot see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape
from typing import Final

from etl_kit.translation import _
from reporting_app import wording
from reporting_app.performance_figures import TARGET
from reporting_app.performance_progress import AHEAD
from reporting_app.tables import Row, exact, maybe

_WIDTH: Final = 400
_CURVE_HEIGHT, _CURVE_TOP, _CURVE_BOTTOM = 298, 78, 30
_SQUARE: Final = 300
_SQUARE_LEFT, _SQUARE_TOP = 52, 12
_ROW: Final = 72
_LINES: Final = (
    ("planeado_acumulado", "var(--serie-1)", "7 4"),
    ("ganado_acumulado", "var(--serie-3)", "2 4"),
    ("real_acumulado", "var(--serie-2)", ""),
)
_TARGET_LINE: Final = 'style="stroke:currentColor;stroke-width:2"'
_LITTLE: Final = Decimal("0.01")
_BEYOND: Final = Decimal("1.05")
"""Progress and payments a little over a whole are drawn at the edge."""


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A contract in the chart of works against money: shares of 1, and what it is called."""

    name: str
    works: Decimal
    money: Decimal

    @property
    def ahead(self) -> bool:
        """Whether money runs more than 20 points ahead of the works."""
        return self.money - self.works > AHEAD


def curve(ident: str, months: Sequence[Row], *, cut: date | None, title: str) -> str:
    """What is planned, earned and disbursed in all by each month, with the cut; "" if nothing is planned.

    Args:
        ident: unique on the page.
        months: rows of `by_month`.
        cut: the month that is marked.
        title: said to those who cannot see it.
    """
    if not any(row["planeado_acumulado"] is not None for row in months):
        return ""
    names = (_("planned"), _("earned (progress × value)"), _("disbursed"))
    highest = max(exact(row[name]) for row in months for name, *_rest in _LINES if row[name] is not None)
    room = (_CURVE_HEIGHT - _CURVE_TOP - _CURVE_BOTTOM) / float(highest or 1)
    step = (_WIDTH - 16) / max(len(months) - 1, 1)
    floor = _CURVE_HEIGHT - _CURVE_BOTTOM
    drawn, told = [], []
    for (name, colour, dash), words in zip(_LINES, names, strict=True):
        places = [
            (8 + place * step, floor - max(float(exact(row[name])), 0) * room)
            for place, row in enumerate(months)
            if row[name] is not None
        ]
        drawn.append(_line(places, colour, dash))
        told.append(f"{words}: {_last(months, name)}")
    words_drawn = [
        *_curve_key(names),
        _text(_WIDTH - 8, _CURVE_TOP - 6, f"↑ {wording.large(highest)}", "end"),
        *_ends(months),
    ]
    axis = f'<line class="eje" x1="8" x2="{_WIDTH - 8}" y1="{floor}" y2="{floor}"/>'
    pieces = [axis, *_cut(months, cut, step), *drawn, *words_drawn]
    return _svg(ident, title, "; ".join(told), _CURVE_HEIGHT, pieces)


def works_against_money(ident: str, dots: Sequence[Dot], *, title: str) -> str:
    """A dot per contract: works to the right, money upwards, the diagonal, and what is too far above it; "" without."""
    if not dots:
        return ""
    right, bottom = _SQUARE_LEFT + _SQUARE, _SQUARE_TOP + _SQUARE
    ahead = float(AHEAD) * _SQUARE
    too_far = f"M{_SQUARE_LEFT} {bottom - ahead:.1f}L{right - ahead:.1f} {_SQUARE_TOP}H{_SQUARE_LEFT}Z"
    pieces = [
        f'<path d="{too_far}" style="fill:var(--aviso-fondo)"/>',
        f'<path d="M{_SQUARE_LEFT} {_SQUARE_TOP}V{bottom}H{right}" class="eje" fill="none"/>',
        f'<line class="eje" x1="{_SQUARE_LEFT}" y1="{bottom}" x2="{right}" y2="{_SQUARE_TOP}" stroke-dasharray="5 4"/>',
        *_square_words(right, bottom),
        *(_dot(dot) for dot in sorted(dots, key=lambda dot: dot.ahead)),
    ]
    told = [_("{count} contracts; money more than 20 points ahead of the works:").format(count=len(dots))]
    told += [_dot_words(dot) for dot in dots if dot.ahead] or [_("no contract")]
    return _svg(ident, title, " ".join([told[0], "; ".join(told[1:])]), bottom + 44, pieces)


def against_target(ident: str, rows: Sequence[Row], *, title: str) -> str:
    """Per group, how much of what was negotiated is signed and disbursed, with the line of the target; "" without.

    Args:
        ident: unique on the page.
        rows: `grupo`, `pct_firmado` and `pct_negociado` as shares; those without `negociado` are left out.
        title: said to those who cannot see it.
    """
    known = [row for row in rows if row["negociado"] is not None]
    if not known:
        return ""
    width = _WIDTH - 16
    height = 24 + _ROW * len(known)
    target = 8 + float(TARGET) * width
    pieces, told = [], []
    for place, row in enumerate(known):
        top = 26 + place * _ROW
        signed, spent = maybe(row["pct_firmado"]), maybe(row["pct_negociado"])
        words = _("signed {signed} · disbursed {spent}").format(
            signed=small_percent(signed), spent=small_percent(spent)
        )
        told.append(f"{row['grupo']}: {words}")
        pieces += [
            f'<rect x="8" y="{top + 20}" width="{width}" height="18" rx="3" style="fill:var(--vacio)"/>',
            _bar(signed, top + 20, 18, width, "var(--serie-1)"),
            _bar(spent, top + 25, 8, width, "var(--serie-2)"),
            f'<line x1="{target:.1f}" x2="{target:.1f}" y1="{top + 15}" y2="{top + 40}" {_TARGET_LINE}/>',
            _text(8, top + 13, str(row["grupo"]), bold=True),
            _text(8, top + 55, words),
        ]
    target_words = _("target {share}").format(share=wording.percent(TARGET, 0))
    pieces.append(_text(target, 14, f"{target_words} ▾", "middle"))
    return _svg(ident, title, "; ".join([target_words, *told]), height, pieces)


def small_percent(share: Decimal | None) -> str:
    """A share as a percentage, with two decimals below 1 %, so that a little is not read as nothing."""
    return wording.percent(share, 2 if share is not None and 0 < abs(share) < _LITTLE else 1)


def _svg(ident: str, title: str, description: str, height: int, pieces: Sequence[str]) -> str:
    return (
        f'<svg class="grafico estrecho" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-labelledby="{ident}-t {ident}-d"><title id="{ident}-t">{escape(title)}</title>'
        f'<desc id="{ident}-d">{escape(description)}</desc>{"".join(pieces)}</svg>'
    )


def _text(x: float, y: float, words: str, anchor: str = "start", *, bold: bool = False) -> str:
    """Words that are seen only: those who cannot see are told by the description."""
    weight = ' font-weight="600"' if bold else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place}{weight} aria-hidden="true">{escape(words)}</text>'


def _line(places: Sequence[tuple[float, float]], colour: str, dash: str) -> str:
    """A line through the places, with a point at its end: a line of one month would not be seen."""
    if not places:
        return ""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    x, y = places[-1]
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="M{path}" fill="none" style="stroke:{colour};stroke-width:3"{dashes}/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" style="fill:{colour}"/>'
    )


def _curve_key(names: Sequence[str]) -> list[str]:
    pieces = []
    for place, ((_name, colour, dash), words) in enumerate(zip(_LINES, names, strict=True)):
        top = 14 + place * 20
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        pieces += [
            f'<line x1="8" x2="38" y1="{top - 4}" y2="{top - 4}" style="stroke:{colour};stroke-width:3"{dashes}/>',
            _text(46, top, words),
        ]
    return pieces


def _ends(months: Sequence[Row]) -> list[str]:
    """The first and the last month below the curve."""
    places = ((months[0]["mes"], 8, "start"), (months[-1]["mes"], _WIDTH - 8, "end"))
    return [
        _text(x, _CURVE_HEIGHT - 10, wording.short_month(month), anchor)
        for month, x, anchor in places
        if isinstance(month, date)
    ]


def _cut(months: Sequence[Row], cut: date | None, step: float) -> list[str]:
    """The line of the cut, with its month at the side where there is room."""
    place = next((number for number, row in enumerate(months) if row["mes"] == cut), None)
    if cut is None or place is None:
        return []
    x = 8 + place * step
    anchor, aside = ("start", 6) if x < _WIDTH / 2 else ("end", -6)
    ends = f'x1="{x:.1f}" x2="{x:.1f}" y1="{_CURVE_TOP}" y2="{_CURVE_HEIGHT - _CURVE_BOTTOM}"'
    words = _("cut: {month}").format(month=wording.short_month(cut))
    return [
        f'<line class="eje" {ends} stroke-dasharray="3 3"/>',
        _text(x + aside, _CURVE_TOP + 14, words, anchor),
    ]


def _last(months: Sequence[Row], name: str) -> str:
    """The latest value of a column in words, with its month."""
    for row in reversed(months):
        month = row["mes"]
        if row[name] is not None and isinstance(month, date):
            return f"{wording.large(exact(row[name]))} ({wording.short_month(month)})"
    return wording.no_data()


def _square_words(right: int, bottom: int) -> list[str]:
    """Ticks and names of both axes, and what the shaded corner means."""
    side = _SQUARE_TOP + _SQUARE / 2
    money = _("money, %")  # by itself: translators are not shown what stands within an f-string
    turned = f'<text transform="translate(14 {side:.0f}) rotate(-90)" text-anchor="middle" aria-hidden="true">'
    pieces = [
        _text((_SQUARE_LEFT + right) / 2, bottom + 38, _("works, %"), "middle"),
        f"{turned}{escape(money)}</text>",
        _text(_SQUARE_LEFT + 8, _SQUARE_TOP + 18, _("money far ahead")),
    ]
    for share in (0, 50, 100):
        length = share * _SQUARE / 100
        pieces += [
            _text(_SQUARE_LEFT + length, bottom + 18, str(share), "middle"),
            _text(_SQUARE_LEFT - 6, bottom - length + 5, str(share), "end"),
        ]
    return pieces


def _dot(dot: Dot) -> str:
    x = _SQUARE_LEFT + float(min(max(dot.works, Decimal(0)), _BEYOND)) * _SQUARE
    y = _SQUARE_TOP + _SQUARE - float(min(max(dot.money, Decimal(0)), _BEYOND)) * _SQUARE
    title = f"<title>{escape(_dot_words(dot))}</title>"
    if dot.ahead:  # told apart by its shape too
        return f'<path d="M{x:.1f} {y - 7:.1f}l7 12h-14z" style="fill:var(--mal)">{title}</path>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" style="fill:var(--serie-1);fill-opacity:.75">{title}</circle>'


def _dot_words(dot: Dot) -> str:
    return _("{name}: works {works}, money {money}").format(
        name=dot.name, works=wording.percent(dot.works), money=wording.percent(dot.money)
    )


def _bar(share: Decimal | None, top: int, height: int, width: int, colour: str) -> str:
    if share is None:
        return ""
    length = float(min(max(share, Decimal(0)), Decimal(1))) * width
    return f'<rect x="8" y="{top}" width="{max(length, 1):.1f}" height="{height}" rx="3" style="fill:{colour}"/>'
