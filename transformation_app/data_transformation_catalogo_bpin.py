"""The catalogue BP → BPIN, from the monthly budget files."""

from datetime import UTC, datetime

import polars as pl

from etl_kit.datasets import CATALOGO_BPIN
from etl_kit.lineage import with_lineage
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import read_settings
from etl_kit.translation import _
from transformation_app.budget_lines import clean_lines
from transformation_app.budget_months import months_of
from transformation_app.budget_tables import bpin_catalogue
from transformation_app.results import write_results


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Leave one row per BP with its BPIN; safe to repeat.

    A step of its own, because contracts and the loan need it and must not wait for the whole budget.

    Raises:
        MissingInput: nothing has been extracted; the message names the command that does it.
        UnreadableInput: files are registered, but not one of them can be used.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    aside = Rejects(dataset=CATALOGO_BPIN.name)  # what the budget's own transform keeps already
    months, warnings = months_of(places.raw("ejecucion_presupuestal"), rejects=aside)
    rejects = Rejects(dataset=CATALOGO_BPIN.name)
    catalogue = CATALOGO_BPIN.empty()
    if months:
        lines = clean_lines(pl.concat([month.lines for month in months]), rejects=aside)
        catalogue = with_lineage(
            bpin_catalogue(lines, rejects=rejects),
            fuente=pl.col("fuente"),
            fecha_corte=pl.col("periodo_corte"),
            run_id=settings.run_id,
            now=datetime.now(UTC),
        )
    shared = catalogue.get_column("bpin").is_duplicated().sum()
    if shared:
        warnings.append(_("{count} BP share their BPIN with another BP").format(count=shared))
    return write_results(
        places,
        frames={CATALOGO_BPIN: catalogue},
        rejects={CATALOGO_BPIN.name: rejects},
        warnings=warnings,
    )
