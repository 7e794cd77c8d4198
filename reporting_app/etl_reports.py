"""Write the report from the published warehouse: a folder of pages that need no network, and a workbook for each."""

from contextlib import ExitStack
from datetime import UTC, datetime

from etl_kit.files import write_bytes_atomic
from etl_kit.places import Places
from etl_kit.quality import run_rules
from etl_kit.quality_log import quality_file
from etl_kit.quality_rules import RULES
from etl_kit.settings import EtlSettings, read_settings
from etl_kit.translation import _
from etl_kit.warehouse import CURRENT, reading
from etl_kit.warehouse_choice import LOADER, open_warehouse
from reporting_app.action_plan_page import action_plan_subject
from reporting_app.budget_figures import read_budget
from reporting_app.budget_page import budget_subject
from reporting_app.budget_parts import parts_of_budget
from reporting_app.field_page import field_subject
from reporting_app.load_figures import read_loads, read_refused
from reporting_app.loan_figures import read_loan
from reporting_app.loan_flow import loan_flow
from reporting_app.loan_page import loan_subject
from reporting_app.page import write_page
from reporting_app.pdf import write_pdf
from reporting_app.plan_page import plan_subject
from reporting_app.quality_figures import CENTRE_FILES, read_quality
from reporting_app.quality_page import quality_subject
from reporting_app.report import (
    INDEX,
    Contents,
    about_of,
    invented,
    page_of,
    sources_tables,
    subject_page,
    tables_of,
    title,
)
from reporting_app.units_page import units_subject
from reporting_app.wording import BOGOTA
from reporting_app.workbook import write_workbook

_CARRIED_MONTHS = next(rule for rule in RULES if rule.rule_id == "PR009")


def main(*, source: str | None = None, home: str | None = None) -> dict[str, object]:
    """Write the report of a source as HTML and XLSX; on one day, the later report replaces the earlier.

    With the extra `pdf` there is a PDF too.

    Args:
        source: as `ETL_SOURCE`.
        home: as `ETL_HOME`.

    Returns:
        The paths of `informe.html`, which leads to every other page, and of `informe.xlsx`; they are always the latest,
        and a folder named by the day has the same files.

    Raises:
        MissingInput: nothing was loaded yet.
        OtherSource, WarehouseBusy, WarehouseUnreadable: a file cannot be read.
    """
    settings = read_settings(home=home, source=source)
    places = Places.of(settings)
    contents = read_contents(settings, places, made_at=datetime.now(UTC))
    files = files_of(contents)
    day = places.reports / f"{contents.made_at.astimezone(BOGOTA).date()}"
    of_centres = {
        f"{CENTRE_FILES}/{name}": (places.reports / CENTRE_FILES / name).read_bytes() for name in centre_files(places)
    }
    dated = [str(write_bytes_atomic(day / name, content)) for name, content in {**files, **of_centres}.items()]
    latest = {name: str(write_bytes_atomic(places.reports / name, content)) for name, content in files.items()}
    pdf, warnings = _pdf(places, contents)
    return {
        "status": "success",
        "rows": sum(len(table.rows) for table in tables_of(contents)),
        "source": settings.source.value,
        "source_label": settings.source.label(),
        "page": latest[f"{INDEX}.html"],
        "workbook": latest[f"{INDEX}.xlsx"],
        "pages": [path for name, path in latest.items() if name.endswith(".html")],
        "files": {
            _("Report (page)"): latest[f"{INDEX}.html"],
            _("Report (workbook)"): latest[f"{INDEX}.xlsx"],
            **({_("Report (PDF)"): pdf} if pdf else {}),
        },
        "dated": dated,
        "warnings": [*_warnings(contents), *warnings],
    }


def centre_files(places: Places) -> list[str]:
    """The names of the workbooks that the validation wrote for each centro gestor."""
    return sorted(file.name for file in (places.reports / CENTRE_FILES).glob("*.xlsx"))


def files_of(contents: Contents) -> dict[str, bytes]:
    """Every page and every workbook by file name; the pages point at each other by these names."""
    files = {
        f"{INDEX}.html": write_page(page_of(contents)).encode(),
        f"{INDEX}.xlsx": write_workbook(about_of(contents), tables_of(contents)),
    }
    for subject in contents.subjects:
        files[f"{subject.name}.html"] = write_page(subject_page(contents, subject)).encode()
        files[f"{subject.name}.xlsx"] = write_workbook(about_of(contents, subject), subject.tables)
    return files


def read_contents(settings: EtlSettings, places: Places, *, made_at: datetime) -> Contents:
    """Read all that the report shows; a validation that never ran leaves its part without data."""
    with ExitStack() as files:
        warehouse = files.enter_context(open_warehouse(settings).reading(made_by=LOADER))
        log = None
        if quality_file(places).exists():
            log = files.enter_context(
                reading(quality_file(places), source=settings.source, made_by="validate_data_quality")
            )
        today = made_at.astimezone(BOGOTA).date()
        (carried,) = run_rules(warehouse, [_CARRIED_MONTHS], schemas=(CURRENT,), today=today, previous_rows={})
        loads = read_loads(warehouse)
        budget, loan, quality = read_budget(warehouse, carried), read_loan(warehouse, loads), read_quality(log)
        return Contents(
            source=settings.source,
            budget=budget,
            loan=loan,
            quality=quality,
            loads=loads,
            refused=read_refused(places, loads),
            subjects=[
                budget_subject(budget, parts_of_budget(warehouse, budget)),
                loan_subject(loan, loan_flow(warehouse, loads)),
                plan_subject(warehouse, loads),
                action_plan_subject(warehouse, loads),
                units_subject(warehouse, loads),
                field_subject(warehouse, loads),
                quality_subject(quality, centre_files(places)),
            ],
            made_at=made_at,
            run_id=settings.run_id,
        )


def _pdf(places: Places, contents: Contents) -> tuple[str | None, list[str]]:
    """The report as PDF, or a warning that says what to install."""
    banner = invented() if contents.source.invented else ""
    content = write_pdf(title(), banner, about_of(contents)[1:], contents.subjects, sources_tables(contents))
    if content is None:
        return None, [_("no PDF was written: it needs `pip install .[pdf]`")]
    return str(write_bytes_atomic(places.reports / f"{INDEX}.pdf", content)), []


def _warnings(contents: Contents) -> list[str]:
    return [
        _("the report has no data on {subject}").format(subject=table.caption)
        for table in tables_of(contents)
        if table.empty and table.sheet not in {_("Broken rules"), _("Rows with problems")}
    ]
