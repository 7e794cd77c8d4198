"""The weekly procurement plan into its lines, their sources of money, and the purchases of the loan."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import polars as pl

from etl_kit.datasets import EMP_PAA, PAA, PAA_FUENTES, Dataset
from etl_kit.lineage import with_lineage
from etl_kit.originals import EXTRACTED_BY, current_originals
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import read_settings
from etl_kit.translation import _
from transformation_app.inputs import bpin_catalogue, if_present
from transformation_app.paa_files import WeeklyPlan
from transformation_app.paa_lines import typed_lines
from transformation_app.paa_tables import (
    NOT_IN_CATALOGUE,
    loan_lines,
    sources_of_money,
    sums_apart,
    with_projects,
    with_source_counts,
)
from transformation_app.paa_weeks import current_plans, latest_lines, plan_warnings, read_plans
from transformation_app.results import write_results

_SHOWN: Final = 5


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Read the weekly workbooks and leave `paa`, `paa_fuentes` and `emp_paa`; safe to repeat.

    The latest week speaks for each ID. Without the catalogue of projects it goes on and says so; `motivo_sin_bpin`
    tells row by row. The account's `current` names the workbook that is current.

    Raises:
        MissingInput: nothing has been extracted; the message names the command that does it.
        UnreadableInput: workbooks are there, but not one of them can be used.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    rejects = Rejects(dataset=PAA.name)
    plans, warnings = read_plans(current_originals(places.raw("paa"), made_by=EXTRACTED_BY), rejects=rejects)
    catalogue = if_present(bpin_catalogue, places, warnings)
    frames = plan_frames(
        plans,
        catalogue=catalogue,
        rejects=rejects,
        warnings=warnings,
        run_id=settings.run_id,
        now=datetime.now(UTC),
    )
    account = write_results(places, frames=frames, rejects={PAA.name: rejects}, warnings=warnings)
    return {**account, "current": [plan.name for plan in current_plans(plans)]}


def plan_frames(
    plans: Sequence[WeeklyPlan],
    *,
    catalogue: pl.DataFrame | None,
    rejects: Rejects,
    warnings: list[str],
    run_id: str,
    now: datetime,
) -> dict[Dataset, pl.DataFrame]:
    """The three datasets from any number of weeks, oldest first; without one, empty."""
    if not plans:
        warnings.append(_("there is no procurement plan: its tables stay empty"))
        return {each: each.empty() for each in (PAA, PAA_FUENTES, EMP_PAA)}
    latest = latest_lines(plans, rejects=rejects)
    warnings.extend(plan_warnings(plans, latest))
    typed = with_projects(typed_lines(latest, rejects=rejects), catalogue)
    sources = sources_of_money(typed, rejects=rejects)
    lines = with_source_counts(typed, sources)
    warnings.extend(line_warnings(lines, sources, rejects))
    frames = {PAA: lines, PAA_FUENTES: sources, EMP_PAA: loan_lines(lines)}
    return {
        each: with_lineage(
            frame,
            fuente=pl.col("fuente"),
            fecha_corte=pl.col("fecha_corte"),
            run_id=run_id,
            now=now,
        )
        for each, frame in frames.items()
    }


def line_warnings(lines: pl.DataFrame, sources: pl.DataFrame, rejects: Rejects) -> list[str]:
    """Sentences on lines without a project, lines whose sources do not add up, and what was refused."""
    warnings = []
    unknown = lines.filter(pl.col("motivo_sin_bpin") == NOT_IN_CATALOGUE).height
    if unknown:
        warnings.append(_("{count} lines of the plan have a BP that is not in the catalogue").format(count=unknown))
    apart = sums_apart(lines, sources)
    if apart:
        shown = ", ".join(apart[:_SHOWN]) + ("…" if len(apart) > _SHOWN else "")
        text = _("{count} lines have sources that do not add up to their total: {ids}")
        warnings.append(text.format(count=len(apart), ids=shown))
    if len(rejects):
        warnings.append(_("{count} cells, rows or files were refused and kept").format(count=len(rejects)))
    return warnings
