"""Charts of a report as inline SVG: no script, colours from the page's style sheet, a title and a description."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

import altair as alt
import polars as pl
import vl_convert

from reporting_app import wording

_WIDTH = 300
_LONGEST_LABEL = 190  # pixels
_LONGEST_WORDS = 26  # characters of a line: as wide as that on a reader's screen
_MOST_LINES = 2
_BAR_STEP = 19
_BAR_STEP_OF_TWO_LINES = 31
_LINES_HEIGHT = 230
_CHARACTER_WIDTH = 7.2  # pixels, generous: the reader's font is not the one that measured
_SERIES = ("var(--serie-1)", "var(--serie-2)", "var(--serie-3)", "var(--serie-4)")
_MONTHS = [name[:3] for name in wording.MONTHS]
_ACCESSIBILITY_OF_VEGA = re.compile(r'\s(?:aria-[a-z]+|role|aria-roledescription|pointer-events)="[^"]*"')
_CLIP = re.compile(r'id="(clip\d+)"')
_ROOT = re.compile(r'<svg [^>]*viewBox="(?P<box>[^"]+)"[^>]*>')


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: its label, its length, and the text at its end."""

    label: str
    value: Decimal
    text: str


def bars(ident: str, items: Sequence[Bar], *, title: str, series: int = 0) -> str:
    """Horizontal bars from zero, in the order given; "" if there are none.

    `ident` is unique on the page; it ties the drawing to its title and description.
    """
    if not items:
        return ""
    labels = _wrapped_labels([item.label for item in items])
    longest = max(len(line) for label in labels for line in label.split("\n"))
    frame = pl.DataFrame(
        [
            (position, label, float(item.value), item.text)
            for position, (label, item) in enumerate(zip(labels, items, strict=True))
        ],
        schema={"orden": pl.Int64, "etiqueta": pl.String, "valor": pl.Float64, "texto": pl.String},
        orient="row",
    )
    label_room = min(_LONGEST_LABEL, _CHARACTER_WIDTH * longest) + 14
    room = _WIDTH - _CHARACTER_WIDTH * max(len(item.text) for item in items) - 8
    lengths = [float(item.value) for item in items]
    domain = [min(0.0, *lengths), (max(lengths) or 1.0) * _WIDTH / max(room, _WIDTH / 4)]
    across = alt.X("valor:Q", axis=None, scale=alt.Scale(domain=domain))
    down = alt.Y(
        "etiqueta:N",
        sort=alt.EncodingSortField(field="orden"),
        title=None,
        axis=alt.Axis(
            labelLimit=_LONGEST_LABEL,
            minExtent=label_room,
            labelExpr="split(datum.label, '\\n')",
            labelLineHeight=13,
            labelBaseline="middle",
        ),
    )
    drawn = alt.Chart(frame)
    step = _BAR_STEP_OF_TWO_LINES if any("\n" in label for label in labels) else _BAR_STEP
    chart = alt.layer(
        drawn.mark_bar(color=_SERIES[series], cornerRadiusEnd=2).encode(x=across, y=down),
        drawn.mark_text(align="left", dx=5, color="currentColor").encode(x=across, y=down, text="texto:N"),
    ).properties(width=_WIDTH, height=alt.Step(step))
    return _as_svg(ident, chart, title, "; ".join(f"{item.label}: {item.text}" for item in items))


def _wrapped_labels(labels: Sequence[str]) -> list[str]:
    """Labels in at most two lines beside the bars, kept apart: two bars of one name would be drawn over each other."""
    wrapped: list[str] = []
    for label in labels:
        lines = textwrap.wrap(label, _LONGEST_WORDS, max_lines=_MOST_LINES, placeholder="…") or [""]
        text = "\n".join(lines)
        same = wrapped.count(text) + sum(other.startswith(f"{text} (") for other in wrapped)
        wrapped.append(f"{text} ({same + 1})" if same else text)
    return wrapped


def lines_by_year(ident: str, shares: Mapping[tuple[int, int], Decimal], *, title: str) -> str:
    """Shares (0 to 1) by (year, month): a line per year over the months; "" if there are none."""
    if not shares:
        return ""
    years = sorted({year for year, _month in shares})[-len(_SERIES) :]
    shown = [(year, month, share) for (year, month), share in sorted(shares.items()) if year in years]
    frame = pl.DataFrame(
        [(_MONTHS[month - 1], str(year), float(share), wording.percent(share)) for year, month, share in shown],
        schema={"mes": pl.String, "anio": pl.String, "valor": pl.Float64, "texto": pl.String},
        orient="row",
    )
    colour = alt.Color(
        "anio:N",
        scale=alt.Scale(domain=[str(year) for year in years], range=list(_SERIES[: len(years)])),
        legend=alt.Legend(title=None, orient="top", symbolType="stroke", symbolStrokeWidth=3),
    )
    across = alt.X("mes:O", sort=_MONTHS, scale=alt.Scale(domain=_MONTHS), title=None, axis=alt.Axis(labelAngle=0))
    up = alt.Y(
        "valor:Q",
        title=None,
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
    )
    drawn = alt.Chart(frame).encode(x=across, y=up)
    latest = alt.datum.anio == str(years[-1])
    chart = alt.layer(
        drawn.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=50)).encode(color=colour),
        drawn.mark_text(dy=-13, fontWeight="bold").encode(text="texto:N", color=colour).transform_filter(latest),
        drawn.mark_text(dy=17).encode(text="texto:N", color=colour).transform_filter(~latest),
    ).properties(width=_WIDTH + 120, height=_LINES_HEIGHT)
    told = "; ".join(f"{_MONTHS[month - 1]} {year}: {wording.percent(share)}" for year, month, share in shown)
    return _as_svg(ident, chart, title, told)


def _as_svg(ident: str, chart: alt.LayerChart | alt.FacetChart, title: str, description: str) -> str:
    styled = (
        chart.configure(background="transparent", font="system-ui, sans-serif", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor="currentColor",
            labelFontSize=12,
            domain=False,
            ticks=False,
            gridColor="currentColor",
            gridOpacity=0.14,
            labelPadding=6,
        )
        .configure_axisX(grid=False)
        .configure_text(fontSize=12)
        .configure_legend(labelColor="currentColor", labelFontSize=13)
    )
    drawing = vl_convert.vegalite_to_svg(styled.to_dict())
    root = _ROOT.search(drawing)
    assert root is not None  # every drawing of vl-convert begins with its root element
    body = _ACCESSIBILITY_OF_VEGA.sub("", drawing[root.end() :])  # its English would be read aloud instead of ours
    for number, clip in enumerate(dict.fromkeys(_CLIP.findall(body))):  # counted per process, not per page
        body = body.replace(f'{clip}"', f'{ident}-c{number}"').replace(f"#{clip})", f"#{ident}-c{number})")
    return (
        f'<svg class="grafico" viewBox="{root["box"]}" role="img" aria-labelledby="{ident}-t {ident}-d">'
        f'<title id="{ident}-t">{escape(title)}</title><desc id="{ident}-d">{escape(description)}</desc>{body}'
    )
