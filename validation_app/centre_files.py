"""A workbook for each centro gestor: its score, the rules that its rows break, and those rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook

from etl_kit.files import write_bytes_atomic
from etl_kit.quality import Severity
from etl_kit.quality_centres import Centre, Fault
from etl_kit.settings import Source

_SEVERITIES = {
    Severity.CRITICAL: "crítica",
    Severity.HIGH: "alta",
    Severity.MEDIUM: "media",
    Severity.LOW: "baja",
}
_CLASSES = {
    "EXCELLENT": "excelente",
    "GOOD": "buena",
    "ACCEPTABLE": "aceptable",
    "NEEDS_IMPROVEMENT": "por mejorar",
    "CRITICAL": "crítica",
}
_ORDER = list(Severity)
_NO_DATA = "sin datos"
Row = tuple[str | int | float, ...]


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
        book.set_properties({"title": f"Calidad de los datos: {centre.name}", "created": at.replace(tzinfo=None)})
        look = book.add_format({"bold": True, "bg_color": "#1B3F73", "font_color": "#FFFFFF", "text_wrap": True})
        _write_sheet(book, look, "Resumen", _RESUMEN, _summary(centre, source, run_id, at))
        _write_sheet(book, look, "Reglas incumplidas", _REGLAS, (_rule(fault) for fault in faults))
        _write_sheet(book, look, "Filas", _FILAS, (row for fault in faults for row in _rows(fault)))
    return buffer.getvalue()


_RESUMEN = (("Qué", 34), ("Filas", 12), ("Puntaje (0 a 100)", 16), ("Clase", 16))
_REGLAS = (("Severidad", 11), ("Regla", 9), ("Tabla", 28), ("Qué debe cumplirse", 70), ("Incumplen", 11), ("Abajo", 9))
_FILAS = (("Severidad", 11), ("Regla", 9), ("Tabla", 28), ("Qué debe cumplirse", 50), ("Fila", 50), ("Valores", 90))


def _write_sheet(
    book: Workbook, look: Format, name: str, headings: Sequence[tuple[str, int]], rows: Iterable[Row]
) -> None:
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
    whose = "DATOS INVENTADOS: ciudad de prueba" if source.invented else source.label()
    scores = [(f"{centre.code} {centre.name}", centre.score), *sorted(centre.tables.items())]
    return [
        *(
            (
                name,
                judged.rows,
                _NO_DATA if judged.points is None else float(judged.points),
                _CLASSES.get(str(judged.quality_class), _NO_DATA),
            )
            for name, judged in scores
        ),
        (f"Fuente: {whose}",),
        (f"Validación {run_id} del {at:%Y-%m-%d %H:%M}",),
    ]


def _rule(fault: Fault) -> Row:
    rule = fault.rule
    return (_SEVERITIES[rule.severity], rule.rule_id, rule.table, rule.about, fault.failed, len(fault.rows))


def _rows(fault: Fault) -> list[Row]:
    rule = fault.rule
    named = (_SEVERITIES[rule.severity], rule.rule_id, rule.table, rule.about)
    return [(*named, _in_words(row.key), _in_words(row.values)) for row in fault.rows]


def _in_words(values: Mapping[str, object]) -> str:
    return "; ".join(f"{name}: {_NO_DATA if value is None else value}" for name, value in values.items())
