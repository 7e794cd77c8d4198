"""Answers to the field form around building sites into one table of located reports."""

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from etl_kit.datasets import CENTROS_GRAVEDAD
from etl_kit.dates import today_in_colombia
from etl_kit.errors import UnreadableInput
from etl_kit.lineage import with_lineage
from etl_kit.originals import EXTRACTED_BY, Original, current_originals
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import read_settings
from etl_kit.translation import _
from transformation_app.field_tables import current_reports, reports, unknown_categories, with_places
from transformation_app.field_workbooks import read_answers
from transformation_app.inputs import basemaps, if_present
from transformation_app.results import write_results


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Read the current workbooks of the field form and leave one table; safe to repeat.

    Raises:
        MissingInput: nothing has been extracted; the message names the task that does it.
        UnreadableInput: there are workbooks, but not one of them can be used.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    now = datetime.now(UTC)
    rejects = Rejects(dataset=CENTROS_GRAVEDAD.name)
    warnings: list[str] = []
    originals = current_originals(places.raw("centros_gravedad"), made_by=EXTRACTED_BY)
    rows = read_reports(originals, rejects=rejects, warnings=warnings)
    frame = CENTROS_GRAVEDAD.empty()
    if rows is not None:
        placed = with_places(rows, if_present(basemaps, places, warnings), rejects=rejects)
        frame = with_lineage(
            placed,
            fuente=pl.col("fuente"),
            # the youngest answer of a workbook is what it is up to date with
            fecha_corte=pl.col("fecha").max().over("fuente").fill_null(today_in_colombia(now)),
            run_id=settings.run_id,
            now=now,
        )
        warnings += _category_warnings(frame)
    if len(rejects):
        warnings.append(_("{count} cells, rows or files were refused and kept").format(count=len(rejects)))
    return write_results(
        places,
        frames={CENTROS_GRAVEDAD: frame},
        rejects={CENTROS_GRAVEDAD.name: rejects},
        warnings=warnings,
    )


def read_reports(originals: Sequence[Original], *, rejects: Rejects, warnings: list[str]) -> pl.DataFrame | None:
    """The reports of all workbooks, each once; None if there is no workbook.

    A workbook that cannot be read is refused whole and told of; the others count.

    Raises:
        UnreadableInput: not one can be read.
    """
    workbooks = []
    for original in originals:
        try:
            answers = read_answers(original)
        except UnreadableInput as error:
            rejects.add(motivo=str(error), fuente=original.name)
            warnings.append(str(error))
            continue
        workbooks.append(reports(answers, rejects=rejects))
    if originals and not workbooks:
        raise UnreadableInput(originals[0].path.parent, "; ".join(warnings))
    if not workbooks:
        return None
    rows, older = current_reports(workbooks)
    if older:
        text = _("{count} reports stand in a later workbook too and count there only")
        warnings.append(text.format(count=older))
    return rows


def _category_warnings(rows: pl.DataFrame) -> list[str]:
    others = unknown_categories(rows)
    if not others:
        return []
    text = _("{column}: {count} rows hold texts outside the catalogue, kept as they are: {texts}")
    texts = "; ".join(f"{each} ({count})" for each, count in others.items())
    return [text.format(column="novedad", count=sum(others.values()), texts=texts)]
