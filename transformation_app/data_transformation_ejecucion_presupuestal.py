"""Monthly budget files into project tables and line detail."""

from datetime import UTC, datetime

import polars as pl

from etl_kit.datasets import DATOS_CARACTERISTICOS, EJECUCION, EJECUCION_DETALLE, MOVIMIENTOS, Dataset
from etl_kit.lineage import with_lineage
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import read_settings
from etl_kit.translation import _
from transformation_app.budget_lines import clean_lines
from transformation_app.budget_months import months_of
from transformation_app.budget_tables import characteristics, execution, movements, project_totals
from transformation_app.results import write_results


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Read the current budget files and leave three project tables and the line detail; safe to repeat.

    Raises:
        MissingInput: nothing has been extracted; the message names the command that does it.
        UnreadableInput: files are registered, but not one of them can be used.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    rejects = Rejects(dataset=EJECUCION_DETALLE.name)
    months, warnings = months_of(places.raw("ejecucion_presupuestal"), rejects=rejects)
    lines = [month.lines for month in months]
    frames = budget_frames(lines, rejects=rejects, run_id=settings.run_id, now=datetime.now(UTC))
    return write_results(
        places,
        frames=frames,
        rejects={EJECUCION_DETALLE.name: rejects},
        warnings=[*warnings, *unread_warnings(frames[EJECUCION_DETALLE], rejects)],
    )


def budget_frames(
    months: list[pl.DataFrame],
    *,
    rejects: Rejects,
    run_id: str,
    now: datetime,
) -> dict[Dataset, pl.DataFrame]:
    """The four budget datasets from the lines of any number of months; without a month, empty."""
    if not months:
        return {each: each.empty() for each in (DATOS_CARACTERISTICOS, MOVIMIENTOS, EJECUCION, EJECUCION_DETALLE)}
    lines = clean_lines(pl.concat(months), rejects=rejects)
    totals = project_totals(lines, rejects=rejects)
    frames = {
        DATOS_CARACTERISTICOS: characteristics(lines),
        MOVIMIENTOS: movements(totals),
        EJECUCION: execution(totals),
        EJECUCION_DETALLE: lines,
    }
    return {
        each: with_lineage(
            frame,
            fuente=pl.col("fuente"),
            fecha_corte=pl.col("periodo_corte"),
            run_id=run_id,
            now=now,
        )
        for each, frame in frames.items()
    }


def unread_warnings(lines: pl.DataFrame, rejects: Rejects) -> list[str]:
    """Sentences on what the tables leave out: lines in no project, and cells that could not be read."""
    warnings = []
    homeless = lines.get_column("bpin").null_count()
    if homeless:
        warnings.append(_("{count} lines have no readable BPIN and are only in the detail").format(count=homeless))
    if len(rejects):
        warnings.append(_("{count} cells, rows or files were refused and kept").format(count=len(rejects)))
    return warnings
