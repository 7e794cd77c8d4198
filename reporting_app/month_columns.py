"""Columns by month as inline SVG: one or several series beside each other, with a zero line and few labels."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from html import escape

from reporting_app import wording

_WIDTH, _HEIGHT = 560, 250
_LEFT, _TOP, _BOTTOM = 8, 34, 34
_MOST_LABELS = 7
_LABEL_WIDTH = 60  # pixels


def month_columns(ident: str, series: Mapping[str, Mapping[date, Decimal]], *, title: str) -> str:
    """Pesos per month, a colour per series; "" without any value.

    Months without a value in any series are left out. `ident` is unique on the page.
    """
    months = sorted({month for values in series.values() for month in values})
    if not months:
        return ""
    amounts = [value for values in series.values() for value in values.values()]
    highest, lowest = max(Decimal(0), *amounts), min(Decimal(0), *amounts)
    room = (_HEIGHT - _TOP - _BOTTOM) / float((highest - lowest) or 1)
    zero = _TOP + float(highest) * room
    step = (_WIDTH - 2 * _LEFT) / len(months)
    width = step * 0.8 / len(series)
    columns = []
    for position, (name, values) in enumerate(series.items()):
        for place, month in enumerate(months):
            if month not in values:
                continue
            size = float(values[month]) * room
            left = _LEFT + place * step + step * 0.1 + position * width
            told = f"{name}, {wording.short_month(month)}: {wording.large(values[month])}"
            columns.append(
                f'<rect class="serie-{position + 1}" x="{left:.1f}" y="{min(zero, zero - size):.1f}" '
                f'width="{width:.1f}" height="{max(abs(size), 0.6):.1f}"><title>{escape(told)}</title></rect>'
            )
    described = "; ".join(
        f"{name}, {wording.short_month(month)}: {wording.large(value)}"
        for name, values in series.items()
        for month, value in sorted(values.items())
    )
    return (
        f'<svg class="grafico" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{ident}-t {ident}-d">'
        f'<title id="{ident}-t">{escape(title)}</title><desc id="{ident}-d">{escape(described)}</desc>'
        f"{_key(list(series), highest)}{''.join(columns)}"
        f'<line class="eje" x1="{_LEFT}" x2="{_WIDTH - _LEFT}" y1="{zero:.1f}" y2="{zero:.1f}"/>'
        f"{_month_labels(months, step)}</svg>"
    )


def _key(names: Sequence[str], highest: Decimal) -> str:
    """The names of the series and, at the right, how much the highest column is."""
    pieces, left = [], _LEFT
    for position, name in enumerate(names if len(names) > 1 else ()):
        pieces.append(f'<rect class="serie-{position + 1}" x="{left}" y="8" width="12" height="12"/>')
        pieces.append(f'<text x="{left + 17}" y="19">{escape(name)}</text>')
        left += 17 + 8 * len(name) + 16
    pieces.append(f'<text x="{_WIDTH - _LEFT}" y="19" text-anchor="end">↑ {escape(wording.large(highest))}</text>')
    return f'<g aria-hidden="true">{"".join(pieces)}</g>'


def _month_labels(months: Sequence[date], step: float) -> str:
    """Some months' names below their columns; those at the edges hang inwards, so that none is clipped."""
    every = -(-len(months) // _MOST_LABELS)
    narrow = step < _LABEL_WIDTH
    pieces = []
    for place, month in enumerate(months):
        if place % every:
            continue
        anchor = "start" if narrow and place == 0 else "end" if narrow and place == len(months) - 1 else "middle"
        x = {"start": _LEFT, "end": _WIDTH - _LEFT}.get(anchor, _LEFT + place * step + step / 2)
        pieces.append(
            f'<text x="{x:.1f}" y="{_HEIGHT - 10}" text-anchor="{anchor}">{wording.short_month(month)}</text>'
        )
    return f'<g aria-hidden="true">{"".join(pieces)}</g>'
