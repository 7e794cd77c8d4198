"""Files of project units into units and interventions, and a map."""

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from etl_kit.datasets import INTERVENCIONES, UNIDADES_PROYECTO
from etl_kit.dates import today_in_colombia
from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.files import read_parquet, write_bytes_atomic, write_parquet
from etl_kit.lineage import with_lineage
from etl_kit.originals import EXTRACTED_BY, Original, current_originals, received_days
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import read_settings
from etl_kit.territories import Territories
from etl_kit.translation import _
from transformation_app.inputs import basemaps, if_present
from transformation_app.results import write_results
from transformation_app.units_categories import unknown_categories, with_categories
from transformation_app.units_cells import clean_file
from transformation_app.units_files import read_unit_file
from transformation_app.units_ids import REMEMBERED
from transformation_app.units_map import feature_collection
from transformation_app.units_places import with_places
from transformation_app.units_tables import interventions, unit_rows, with_ids, without_nobodies

UPIDS = "upids"
"""The map of ids, beside the datasets: it makes a unit keep its id when its rows change."""


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Read the current files of project units and leave two tables, a map, and the ids given; safe to repeat.

    Raises:
        MissingInput: nothing has been extracted; the message names the task that does it.
        UnreadableInput: there are files, but not one of them can be used.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    now = datetime.now(UTC)
    rejects = Rejects(dataset=INTERVENCIONES.name)
    warnings: list[str] = []
    territories = if_present(basemaps, places, warnings)
    folder = places.raw("unidades_proyecto")
    originals = current_originals(folder, made_by=EXTRACTED_BY)
    rows = read_units(originals, territories, rejects=rejects, warnings=warnings)
    remembered = _remembered(places)
    if rows is None:
        units, works, upids = UNIDADES_PROYECTO.empty(), INTERVENCIONES.empty(), remembered
    else:
        cuts = received_days(folder, today=today_in_colombia(now))
        identified, upids = with_ids(rows, remembered)
        works = with_lineage(
            interventions(identified),
            fuente=pl.col("fuente"),
            fecha_corte=pl.col("fuente").replace_strict(cuts, default=today_in_colombia(now), return_dtype=pl.Date),
            run_id=settings.run_id,
            now=now,
        )
        units = with_lineage(
            unit_rows(works),
            fuente=pl.col("fuente"),
            fecha_corte=pl.col("fecha_corte"),
            run_id=settings.run_id,
            now=now,
        )
        warnings += category_warnings(works)
    if len(rejects):
        warnings.append(_("{count} cells, rows or files were refused and kept").format(count=len(rejects)))
    account = write_results(
        places,
        frames={UNIDADES_PROYECTO: units, INTERVENCIONES: works},
        rejects={INTERVENCIONES.name: rejects},
        warnings=warnings,
    )
    write_parquet(places.transformed(UPIDS), upids)
    drawing = places.transformed(UNIDADES_PROYECTO.name).with_suffix(".geojson")
    write_bytes_atomic(drawing, feature_collection(units, works).encode())
    return account | {"geojson": str(drawing)}


def read_units(
    originals: Sequence[Original],
    territories: Territories | None,
    *,
    rejects: Rejects,
    warnings: list[str],
) -> pl.DataFrame | None:
    """The rows of all files with typed values, places and categories; None if there is no file.

    A file that cannot be read is refused whole and told of; the others count.

    Raises:
        UnreadableInput: not one can be read.
    """
    parts = []
    for original in originals:
        try:
            file = read_unit_file(original, rejects=rejects)
        except UnreadableInput as error:
            rejects.add(motivo=str(error), fuente=original.name)
            warnings.append(str(error))
            continue
        warnings += file.warnings
        cleaned = clean_file(file.rows, spelling=file.spelling, rejects=rejects)
        placed = with_places(cleaned, file.shapes, territories, rejects=rejects)
        parts.append(with_categories(without_nobodies(placed, rejects=rejects)))
    if originals and not parts:
        raise UnreadableInput(originals[0].path.parent, "; ".join(warnings))
    return pl.concat(parts) if parts else None


def category_warnings(works: pl.DataFrame) -> list[str]:
    """A sentence for each column that holds texts outside its catalogue."""
    text = _("{column}: {count} rows hold texts outside the catalogue, kept as they are: {texts}")
    return [
        text.format(
            column=column,
            count=sum(counts.values()),
            texts="; ".join(f"{each} ({count})" for each, count in counts.items()),
        )
        for column, counts in unknown_categories(works).items()
    ]


def _remembered(places: Places) -> pl.DataFrame:
    try:
        return read_parquet(places.transformed(UPIDS), made_by="transform_unidades_proyecto")
    except MissingInput:
        return pl.DataFrame(schema=REMEMBERED)
