"""Charts of a report: bars as a list that fits any width, lines as inline SVG; colours from the style sheet."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from html import escape

from reporting_app import wording

_SERIES = 4
_WIDTH, _HEIGHT = 560, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 92, 26, 44, 36
_STEP = Decimal("0.25")  # between the lines of the grid
_MOST_STEPS = 8
_ALTERNATE = ' class="alterna"'  # a narrow screen has no room for it
_LEGEND_STEP = 110  # pixels: room for a year in the widest type that the style sheet sets


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: its label, its length, and the text at its end."""

    label: str
    value: Decimal
    text: str


def bars(ident: str, items: Sequence[Bar], *, title: str, series: int = 0) -> str:
    """Horizontal bars from zero, in the order given; "" if there are none.

    It is a list whose texts are as large as the page's own, so that it can be read on a telephone, aloud and on paper.
    `ident` is unique on the page.
    """
    if not items:
        return ""
    lowest = min(Decimal(0), *(item.value for item in items))
    span = max(Decimal(0), *(item.value for item in items)) - lowest or Decimal(1)
    lines = "".join(_bar(item, lowest, span) for item in items)
    room = max(len(item.text) for item in items) + 1
    return (
        f'<ul class="barras serie-{series % _SERIES + 1}" id="{ident}" style="--texto:{room}ch" '
        f'aria-label="{escape(title, quote=True)}">{lines}</ul>'
    )


def _bar(item: Bar, lowest: Decimal, span: Decimal) -> str:
    left = (min(item.value, Decimal(0)) - lowest) / span
    style = f"--desde:{left:.4f};--largo:{abs(item.value) / span:.4f}"
    return (
        f'<li><span class="nombre">{escape(item.label)}</span><span class="riel"><span class="barra" style="{style}">'
        f'</span><span class="cifra">{escape(item.text)}</span></span></li>'
    )


def lines_by_year(
    ident: str,
    shares: Mapping[tuple[int, int], Decimal],
    *,
    title: str,
    doubtful: Collection[tuple[int, int]] = (),
) -> str:
    """Shares (0 and more) by (year, month): a line per year over the months; "" if there are none.

    The `doubtful` ones are drawn hollow and marked. At most the four latest years are shown.
    """
    if not shares:
        return ""
    years = sorted({year for year, _month in shares})[-_SERIES:]
    shown = [(year, month, share) for (year, month), share in sorted(shares.items()) if year in years]
    highest = max(Decimal(1), *(share for _year, _month, share in shown))
    step = _STEP * max(Decimal(1), (highest / _STEP / _MOST_STEPS).to_integral_value(ROUND_CEILING))
    top = (highest / step).to_integral_value(ROUND_CEILING) * step
    pieces = [_grid(step, top), _months()]
    for series, year in enumerate(years, 1):
        points = [(month, share) for each, month, share in shown if each == year]
        pieces.append(_line(series, year, points, top, doubtful, latest=year == years[-1]))
    pieces.append(_legend(years))
    told = "; ".join(f"{_month_name(month)} {year}: {wording.percent(share)}" for year, month, share in shown)
    return (
        f'<svg class="grafico" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{ident}-t {ident}-d">'
        f'<title id="{ident}-t">{escape(title)}</title><desc id="{ident}-d">{escape(told)}</desc>'
        f'<g aria-hidden="true">{"".join(pieces)}</g></svg>'
    )


def _line(
    series: int,
    year: int,
    points: Sequence[tuple[int, Decimal]],
    top: Decimal,
    doubtful: Collection[tuple[int, int]],
    *,
    latest: bool,
) -> str:
    """A year's line, its points and their texts."""
    places = [(_across(month), _up(share, top)) for month, share in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    pieces = [f'<polyline class="linea serie-{series}" points="{path}"/>']
    for number, ((month, share), (x, y)) in enumerate(zip(points, places, strict=True)):
        unsure = (year, month) in doubtful
        last = number == len(points) - 1
        pieces.append(
            f'<circle class="punto serie-{series}{" dudoso" if unsure else ""}" cx="{x:.1f}" cy="{y:.1f}" r="5">'
            f"<title>{_month_name(month)} {year}: {wording.percent(share)}</title></circle>"
        )
        # above the latest year's line, and below and beside the others; a narrow screen has room for the last text only
        classes = f"dato serie-{series}{'' if latest else ' bajo'}{'' if last else ' menor'}"
        left, top_of_text = (x, y - 13) if latest else (x + 6, y + 25)
        pieces.append(
            f'<text class="{classes}" x="{left:.1f}" y="{top_of_text:.1f}">'
            f"{wording.percent(share)}{' ⚠' if unsure else ''}</text>"
        )
    return "".join(pieces)


def _grid(step: Decimal, top: Decimal) -> str:
    pieces = []
    for number in range(int(top / step) + 1):
        y = _up(number * step, top)
        pieces.append(f'<line class="rejilla" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        pieces.append(
            f'<text x="{_LEFT - 8}" y="{y:.1f}" text-anchor="end" dominant-baseline="central">'
            f"{wording.percent(number * step, 0)}</text>"
        )
    return "".join(pieces)


def _months() -> str:
    return "".join(
        f'<text{"" if month % 2 else _ALTERNATE} x="{_across(month):.1f}" y="{_HEIGHT - 8}" text-anchor="middle">'
        f"{_month_name(month)}</text>"
        for month in range(1, 13)
    )


def _legend(years: Sequence[int]) -> str:
    return "".join(
        f'<circle class="punto serie-{series}" cx="{_LEFT + (series - 1) * _LEGEND_STEP + 6}" cy="14" r="6"/>'
        f'<text x="{_LEFT + (series - 1) * _LEGEND_STEP + 18}" y="14" dominant-baseline="central">{year}</text>'
        for series, year in enumerate(years, 1)
    )


def _across(month: int) -> float:
    return _LEFT + 18 + (month - 1) * (_WIDTH - _LEFT - _RIGHT - 18) / 11


def _up(share: Decimal, top: Decimal) -> float:
    return _HEIGHT - _BOTTOM - float(share / top) * (_HEIGHT - _TOP - _BOTTOM)


def _month_name(month: int) -> str:
    return wording.months()[month - 1][:3]
