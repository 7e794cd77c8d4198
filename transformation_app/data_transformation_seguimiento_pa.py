"""Quarterly follow-up of the action plan (Cuadro 1S) into activities, products, projects and organismos.

Not taken: the explanations of each quarter's progress. They are free text of any length in which people are named,
nothing is computed from them, and who wants to read one finds it in the workbook by its activity.
"""

from datetime import UTC, datetime
from typing import Final

import polars as pl

from etl_kit.datasets import SEGUIMIENTO_ARCHIVOS, SEGUIMIENTO_PA, Dataset
from etl_kit.lineage import with_lineage
from etl_kit.originals import EXTRACTED_BY, current_originals
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import read_settings
from etl_kit.translation import _
from transformation_app.action_plan_checks import falling_projects
from transformation_app.action_plan_files import TABLES, Reading, read_files
from transformation_app.results import write_results

FOLDER: Final = "seguimiento_pa"


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Read the current workbooks of both layouts, one for each cut, and leave six tables; safe to repeat.

    Raises:
        MissingInput: nothing has been extracted; the message names the command that does it.
        UnreadableInput, MissingColumns: workbooks are registered, but not one of them can be used.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    originals = current_originals(places.raw(FOLDER), made_by=EXTRACTED_BY)
    refused_files = Rejects(dataset=SEGUIMIENTO_ARCHIVOS.name)
    readings, warnings = read_files(originals, rejects=refused_files)
    rejects = all_rejects(readings, refused_files)
    frames = action_plan_frames(readings, run_id=settings.run_id, now=datetime.now(UTC))
    if not originals:
        warnings.append(_("there is no Cuadro 1S: the tables of the action plan are empty"))
    return write_results(
        places,
        frames=frames,
        rejects=rejects,
        warnings=[
            *warnings,
            *(warning for reading in readings for warning in reading.warnings),
            *_warnings_over_time(frames[SEGUIMIENTO_PA]),
            *_refused_warnings(rejects),
        ],
    )


def action_plan_frames(readings: list[Reading], *, run_id: str, now: datetime) -> dict[Dataset, pl.DataFrame]:
    """Every dataset of the action plan from any number of cuts; empty where no file gives it."""
    frames = {}
    for table in TABLES:
        given = [reading.frames[table] for reading in readings if table in reading.frames]
        frames[table] = (
            with_lineage(
                pl.concat(given, how="diagonal"),
                fuente=pl.col("fuente"),
                fecha_corte=pl.col("periodo_corte"),
                run_id=run_id,
                now=now,
            )
            if given
            else table.empty()
        )
    return frames


def all_rejects(readings: list[Reading], refused_files: Rejects) -> dict[str, Rejects]:
    """What was refused on the way to each dataset, over all files."""
    rejects = {table.name: Rejects(dataset=table.name) for table in TABLES}
    rejects[SEGUIMIENTO_ARCHIVOS.name].extend(refused_files)
    for reading in readings:
        for name, refused in reading.rejects.items():
            rejects[name].extend(refused)
    return rejects


def _warnings_over_time(projects: pl.DataFrame) -> list[str]:
    count = falling_projects(projects)
    text = _("{count} times a project reports less progress than at its cut before")
    return [text.format(count=count)] if count else []


def _refused_warnings(rejects: dict[str, Rejects]) -> list[str]:
    count = sum(len(refused) for refused in rejects.values())
    return [_("{count} cells, rows or files were refused and kept").format(count=count)] if count else []
