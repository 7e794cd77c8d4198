"""The city's territories from the warehouse, drawn as a map shaded by a count."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import duckdb

from etl_kit.translation import _
from reporting_app import wording
from reporting_app.maps import Area, Spot, map_of, shades_of
from reporting_app.page import Drawing
from reporting_app.subject import rows_if_there
from reporting_app.tables import Row, exact

_TERRITORIES = "SELECT territorio, tipo_territorio, geometria FROM vigentes.territorios ORDER BY codigo"
_NUMBER = re.compile(r"^COMUNA\s+0*(\d+)$", re.IGNORECASE)


def read_areas(warehouse: duckdb.DuckDBPyConnection) -> list[Area]:
    """The comunas and corregimientos; [] where the map was never loaded."""
    return [
        Area(name=str(row["territorio"]), label=_short(str(row["territorio"])), geometry=str(row["geometria"]))
        for row in rows_if_there(warehouse, _TERRITORIES)
        if row["geometria"] is not None
    ]


def map_drawing(
    ident: str,
    heading: str,
    areas: Sequence[Area],
    rows: Sequence[Row],
    *,
    value: str,
    source: str,
    points: Sequence[Row] = (),
) -> Drawing:
    """A map shaded by the column `value` of rows that bear a `territorio`, with points where `lat` and `lon` say."""
    values: Mapping[str, Decimal] = {
        str(row["territorio"]): exact(row[value]) for row in rows if row["territorio"] is not None
    }
    spots = [Spot(lon=float(str(row["lon"])), lat=float(str(row["lat"]))) for row in points]
    told = {name: wording.whole(number) for name, number in values.items()}
    shades = [
        (style, _counts(int(low) + 1, int(high)))
        for style, low, high in shades_of(values.values())
        if int(high) > int(low)  # where counts are small, no count falls into some shades
    ]
    return Drawing(
        heading=heading,
        svg=map_of(ident, areas, values, title=heading, words=told, spots=spots),
        source=source,
        legend=shades if areas else (),
    )


def _counts(first: int, last: int) -> str:
    if first == last:
        return wording.whole(first)
    return _("{low} to {high}").format(low=wording.whole(first), high=wording.whole(last))


def _short(name: str) -> str:
    numbered = _NUMBER.match(name)
    return numbered[1] if numbered else ""
