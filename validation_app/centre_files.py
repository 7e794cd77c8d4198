"""A workbook for each centro gestor: its score, the rules that its rows break, and those rows."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook

from etl_kit.files import write_bytes_atomic
from etl_kit.quality import Rule, Severity
from etl_kit.quality_centres import Centre, Fault
from etl_kit.quality_words import class_in_words, severity_in_words, values_in_words
from etl_kit.settings import Source
from etl_kit.translation import _

_ORDER = list(Severity)
Row = tuple[str | int | float, ...]
Headings = tuple[tuple[str, int], ...]
"""Each with the width of its column in characters."""


def write_centre_files(
    folder: Path, centres: Sequence[Centre], *, source: Source, run_id: str, at: datetime
) -> tuple[Path, ...]:
    """Write `<code>.xlsx` for each centro gestor into `folder`; workbooks of others that are there go.

    Args:
        folder: made if absent.
        centres: as `judge_centres` gives them.
        source: whose data it is; said in each workbook.
        run_id: of the execution.
        at: the moment of the check, in the city's time.
    """
    written = tuple(
        write_bytes_atomic(folder / f"{_file_name(centre)}.xlsx", _workbook(centre, source, run_id, at))
        for centre in centres
    )
    for old in folder.glob("*.xlsx"):
        if old not in written:
            old.unlink()
    return written


def _file_name(centre: Centre) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in centre.code)


def _workbook(centre: Centre, source: Source, run_id: str, at: datetime) -> bytes:
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    faults = sorted(centre.faults, key=lambda fault: (_ORDER.index(fault.rule.severity), -fault.failed))
    with xlsxwriter.Workbook(buffer, options) as book:
        title = _("Quality of the data: {centre}").format(centre=centre.name)
        book.set_properties({"title": title, "created": at.replace(tzinfo=None)})
        look = book.add_format({"bold": True, "bg_color": "#1B3F73", "font_color": "#FFFFFF", "text_wrap": True})
        _write_sheet(book, look, _("Summary"), _of_summary(), _summary(centre, source, run_id, at))
        _write_sheet(book, look, _("Broken rules"), _of_rules(), (_rule(fault) for fault in faults))
        _write_sheet(book, look, _("Rows"), _of_rows(), (row for fault in faults for row in _rows(fault)))
    return buffer.getvalue()


def _of_summary() -> Headings:
    return ((_("What"), 34), (_("Rows"), 12), (_("Score (0 to 100)"), 16), (_("Class"), 16))


def _of_rules() -> Headings:
    return (*_of_a_rule(70), (_("Break it"), 11), (_("On the next sheet"), 13))


def _of_rows() -> Headings:
    return (*_of_a_rule(50), (_("Row"), 50), (_("Values"), 90))


def _of_a_rule(width: int) -> Headings:
    return ((_("Severity"), 11), (_("Rule"), 9), (_("Table"), 28), (_("What must hold"), width))


def _write_sheet(book: Workbook, look: Format, name: str, headings: Headings, rows: Iterable[Row]) -> None:
    sheet = book.add_worksheet(name)
    for at, (heading, width) in enumerate(headings):
        sheet.set_column(at, at, width)
        sheet.write_string(0, at, heading, look)
    last = 0
    for last, row in enumerate(rows, 1):
        for at, value in enumerate(row):
            sheet.write(last, at, value)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, len(headings) - 1)


def _summary(centre: Centre, source: Source, run_id: str, at: datetime) -> list[Row]:
    whose = _("INVENTED DATA: city made up for tests") if source.invented else source.label()
    scores = [(f"{centre.code} {centre.name}", centre.score), *sorted(centre.tables.items())]
    return [
        *(
            (
                name,
                judged.rows,
                _("no data") if judged.points is None else float(judged.points),
                class_in_words(judged.quality_class),
            )
            for name, judged in scores
        ),
        (_("Source: {source}").format(source=whose),),
        (_("Validation {run} of {moment}").format(run=run_id, moment=f"{at:%Y-%m-%d %H:%M}"),),
    ]


def _rule(fault: Fault) -> Row:
    return (*_named(fault.rule), fault.failed, len(fault.rows))


def _rows(fault: Fault) -> list[Row]:
    return [(*_named(fault.rule), values_in_words(row.key), values_in_words(row.values)) for row in fault.rows]


def _named(rule: Rule) -> Row:
    return (severity_in_words(rule.severity), rule.rule_id, rule.table, str(rule.about))
