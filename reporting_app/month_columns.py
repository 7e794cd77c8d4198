"""Columns by month as inline SVG: one or several series beside each other, with a zero line and few labels."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from html import escape

from etl_kit.translation import _
from reporting_app import wording

_WIDTH, _HEIGHT = 560, 250
_LEFT, _TOP, _BOTTOM = 8, 12, 34
_MOST_LABELS = 7
_LABEL_WIDTH = 96  # pixels, in the widest type that the style sheet sets


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
        f"{_key(list(series), highest)}"
        f'<svg class="grafico" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{ident}-t {ident}-d">'
        f'<title id="{ident}-t">{escape(title)}</title><desc id="{ident}-d">{escape(described)}</desc>'
        f"{''.join(columns)}"
        f'<line class="eje" x1="{_LEFT}" x2="{_WIDTH - _LEFT}" y1="{zero:.1f}" y2="{zero:.1f}"/>'
        f"{_month_labels(months, step)}</svg>"
    )


def _key(names: Sequence[str], highest: Decimal) -> str:
    """The names of the series, if there are several, and how much the highest column is; above the drawing."""
    shown = names if len(names) > 1 else ()
    items = "".join(
        f'<li><span class="muestra serie-{number}"></span>{escape(name)}</li>' for number, name in enumerate(shown, 1)
    )
    tallest = _("highest: {amount}").format(amount=wording.large(highest))
    return f'<ul class="leyenda">{items}<li>{escape(tallest)}</li></ul>'


def _month_labels(months: Sequence[date], step: float) -> str:
    """Some months' names below their columns; those at the edges hang inwards, so that none is clipped."""
    every = -(-len(months) // _MOST_LABELS)
    crowded = len(months) // every > _MOST_LABELS // 2
    pieces = []
    for place, month in enumerate(months[::every]):
        middle = _LEFT + place * every * step + step / 2
        x, anchor = middle, "middle"
        if middle < _LABEL_WIDTH / 2:
            x, anchor = _LEFT, "start"
        elif middle > _WIDTH - _LABEL_WIDTH / 2:
            x, anchor = _WIDTH - _LEFT, "end"
        alternate = ' class="alterna"' if crowded and place % 2 else ""  # a narrow screen has no room for it
        pieces.append(
            f'<text{alternate} x="{x:.1f}" y="{_HEIGHT - 10}" text-anchor="{anchor}">'
            f"{wording.short_month(month)}</text>"
        )
    return f'<g aria-hidden="true">{"".join(pieces)}</g>'
