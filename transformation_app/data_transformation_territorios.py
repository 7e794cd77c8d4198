"""Basemaps into tables of the city's territories, with outlines light enough to draw."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import polars as pl

from etl_kit.datasets import BARRIOS_VEREDAS, TERRITORIOS
from etl_kit.dates import today_in_colombia
from etl_kit.lineage import with_lineage
from etl_kit.lost_letters import LOST
from etl_kit.originals import EXTRACTED_BY, current_originals, received_days
from etl_kit.places import Places
from etl_kit.settings import read_settings
from etl_kit.shapes import areas_km2, geojson, simplified
from etl_kit.territories import COMUNA, CORREGIMIENTO, Area, Territories
from etl_kit.translation import _
from transformation_app.results import write_results

BARRIO: Final = "barrio"
VEREDA: Final = "vereda"
METRES_LEFT_OUT: Final = 30
"""A pixel of a map of the whole city, 1 000 pixels high."""

_SCHEMA: Final = {
    "codigo": pl.String(),
    "nombre": pl.String(),
    "tipo": pl.String(),
    "area_km2": pl.Float64(),
    "geometria": pl.String(),
    "fuente": pl.String(),
}


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Read the four basemaps and leave two tables; safe to repeat. Without any basemap both are empty.

    Raises:
        MissingInput: nothing has been extracted, or some of the four are not there.
        UnreadableInput: one of them is damaged.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    now = datetime.now(UTC)
    folder = places.raw("basemaps")
    originals = current_originals(folder, made_by=EXTRACTED_BY)
    frames = {TERRITORIOS: TERRITORIOS.empty(), BARRIOS_VEREDAS: BARRIOS_VEREDAS.empty()}
    warnings = [] if originals else [_("there are no basemaps, so no place has a territory")]
    if originals:
        territories = Territories.read(originals)
        names = {original.name.lower(): original.name for original in originals}
        received = received_days(folder, today=today_in_colombia(now))
        warnings = lost_letter_warnings(territories)
        frames = {
            each: with_lineage(
                frame.with_columns(pl.col("fuente").replace(names)),
                fuente=pl.col("fuente"),
                fecha_corte=pl.col("fuente").replace_strict(received, return_dtype=pl.Date),
                run_id=settings.run_id,
                now=now,
            )
            for each, frame in {
                TERRITORIOS: territory_rows(territories),
                BARRIOS_VEREDAS: part_rows(territories),
            }.items()
        }
    return write_results(places, frames=frames, rejects={}, warnings=warnings)


def territory_rows(territories: Territories) -> pl.DataFrame:
    """A row for each comuna and corregimiento; `fuente` in lower case."""
    rows = pl.concat(
        [
            _rows(territories.comunas, kind=COMUNA, layer="comunas"),
            _rows(territories.corregimientos, kind=CORREGIMIENTO, layer="corregimientos"),
        ]
    )
    return rows.rename({"nombre": "territorio", "tipo": "tipo_territorio"})


def part_rows(territories: Territories) -> pl.DataFrame:
    """A row for each barrio and vereda, with its comuna or corregimiento; `fuente` in lower case."""
    labels = {area.code: area.label for area in (*territories.comunas, *territories.corregimientos)}
    rows = pl.concat(
        [
            _rows(territories.barrios, kind=BARRIO, layer="barrios"),
            _rows(territories.veredas, kind=VEREDA, layer="veredas"),
        ]
    )
    of_territory = pl.col("codigo").str.head(2)
    return rows.rename({"nombre": "barrio_vereda"}).with_columns(
        of_territory.alias("codigo_territorio"),
        of_territory.replace_strict(labels, default=None, return_dtype=pl.String).alias("territorio"),
    )


def lost_letter_warnings(territories: Territories) -> list[str]:
    """A sentence on names that came without some of their letters, where no rule could put them back."""
    parts = (*territories.comunas, *territories.corregimientos, *territories.barrios, *territories.veredas)
    names = [area.label for area in parts if LOST in area.label]
    if not names:
        return []
    text = _("{count} names of the basemaps have lost letters: {names}")
    return [text.format(count=len(names), names="; ".join(names))]


def _rows(areas: Sequence[Area], *, kind: str, layer: str) -> pl.DataFrame:
    shapes = [area.geometry for area in areas]
    return pl.DataFrame(
        {
            "codigo": [area.code for area in areas],
            "nombre": [area.label for area in areas],
            "tipo": [kind] * len(areas),
            "area_km2": areas_km2(shapes),
            "geometria": geojson(simplified(shapes, metres=METRES_LEFT_OUT)),
            "fuente": [f"{layer}.shp.zip"] * len(areas),
        },
        schema=_SCHEMA,
    )
