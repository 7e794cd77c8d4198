"""Write the report: one offline page and one workbook, from the published warehouse."""

from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

from etl_kit.files import write_bytes_atomic
from etl_kit.places import Places
from etl_kit.quality import run_rules
from etl_kit.quality_log import quality_file
from etl_kit.quality_rules import RULES
from etl_kit.settings import EtlSettings, read_settings
from etl_kit.translation import _
from etl_kit.warehouse import CURRENT, reading
from reporting_app.budget_figures import read_budget
from reporting_app.loan_figures import read_loan
from reporting_app.page import write_page
from reporting_app.quality_figures import read_loads, read_quality
from reporting_app.report import Contents, about_of, page_of, tables_of
from reporting_app.wording import BOGOTA
from reporting_app.workbook import write_workbook

_CARRIED_MONTHS = next(rule for rule in RULES if rule.rule_id == "PR009")


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Write the report of a source as HTML and XLSX; on one day, the later report replaces the earlier.

    Args:
        source: as `ETL_SOURCE`.
        home: as `ETL_HOME`.

    Returns:
        The paths of the dated files and of `informe.html` and `informe.xlsx`, which are always the latest.

    Raises:
        MissingInput: nothing was loaded yet.
        OtherSource, WarehouseBusy, WarehouseUnreadable: a file cannot be read.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    contents = read_contents(settings, places, made_at=datetime.now(UTC))
    page = write_page(page_of(contents)).encode()
    workbook = write_workbook(about_of(contents), tables_of(contents))
    day = contents.made_at.astimezone(BOGOTA).date()
    latest_page = str(_write_both(places.reports, "html", page, day))
    latest_workbook = str(_write_both(places.reports, "xlsx", workbook, day))
    return {
        "status": "success",
        "rows": sum(len(table.rows) for table in tables_of(contents)),
        "source": settings.source.value,
        "source_label": settings.source.label(),
        "page": latest_page,
        "workbook": latest_workbook,
        "files": {_("Report (page)"): latest_page, _("Report (workbook)"): latest_workbook},
        "dated": [str(places.reports / f"informe_{day}.{kind}") for kind in ("html", "xlsx")],
        "warnings": _warnings(contents),
    }


def read_contents(settings: EtlSettings, places: Places, *, made_at: datetime) -> Contents:
    """Read all that the report shows; a validation that never ran leaves its part without data."""
    with ExitStack() as files:
        warehouse = files.enter_context(reading(places.warehouse, source=settings.source, made_by="load_data_complete"))
        log = None
        if quality_file(places).exists():
            log = files.enter_context(
                reading(quality_file(places), source=settings.source, made_by="validate_data_quality")
            )
        today = made_at.astimezone(BOGOTA).date()
        (carried,) = run_rules(warehouse, [_CARRIED_MONTHS], schemas=(CURRENT,), today=today, previous_rows={})
        loads = read_loads(warehouse)
        return Contents(
            source=settings.source,
            budget=read_budget(warehouse, carried),
            loan=read_loan(warehouse, loads),
            quality=read_quality(log),
            loads=loads,
            made_at=made_at,
            run_id=settings.run_id,
        )


def _write_both(folder: Path, kind: str, content: bytes, day: date) -> Path:
    """Write the dated file and the one that is always called the same; return the latter."""
    write_bytes_atomic(folder / f"informe_{day}.{kind}", content)
    return write_bytes_atomic(folder / f"informe.{kind}", content)


def _warnings(contents: Contents) -> list[str]:
    return [
        _("the report has no data on {subject}").format(subject=table.caption)
        for table in tables_of(contents)
        if table.empty and table.sheet not in {"Reglas incumplidas", "Filas con problemas"}
    ]
