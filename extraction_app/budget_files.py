"""Whether a file is a monthly budget file, and of which month: checked before it is kept."""

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from html import unescape
from typing import Final

from etl_kit.dates import month_of_file_name
from etl_kit.errors import EtlError
from etl_kit.text import normalise_header
from etl_kit.translation import _

SHEET: Final = "DEFINITIVO"
"""The sheet of the workbook that holds the detail."""

NEEDED: Final = (
    "Centro Gestor", "BPIN", "BP", "VIGENCIA", "PPTO INICIAL", "REDUCCIONES", "ADICIONES", "CONTRACREDITOS", "CREDITOS",
    "APLAZAMIENTO", "DESAPLAZAMIENTO", "PPTO. MODIFICADO", "TOTAL ACUMULADO CDP", "TOTAL ACUMULADO RPC",
    "TOTAL ACUMUL OBLIGAC", "PAGOS", "EJECUCION", "SALDOS CDP", "PPTO. DISPONIBLE",
)  # fmt: skip
"""Columns that every header generation since 2024 has, padded or not."""

KINDS: Final = (".csv", ".xlsx")
LARGEST_UNPACKED: Final = 1024 * 1024 * 1024
_LARGEST_LIST: Final = 5 * 1024 * 1024
_SHEET_NAME: Final = re.compile(r"<(?:\w+:)?sheet\s[^>]*?\bname=(?:\"([^\"]*)\"|'([^']*)')")
_SHOWN: Final = 8


class RefusedFile(EtlError):
    """A file that cannot be used as a monthly budget file, and why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(_("{name} is refused: {reason}").format(name=name, reason=reason))
        self.name = name
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Period:
    """The cut of a file: the last day of month `mes` (1–12) of the year `vigencia`."""

    vigencia: int
    mes: int


def period_of(name: str, *hints: str) -> Period:
    """The period that the name of a file tells, or the first of `hints` that does (a link's text, its heading).

    Raises:
        RefusedFile: none tells exactly one month and one year; a period is never guessed.
    """
    for text in (name, *hints):
        found = month_of_file_name(text)
        if found is not None:
            return Period(vigencia=found[0], mes=found[1])
    raise RefusedFile(name, _("its name must tell one month and one year, such as EJECUCION_ABRIL_2025.csv"))


def check_budget_file(name: str, data: bytes) -> None:
    """Return if `data` is what its `name` promises: a CSV with the budget's header, or a workbook with DEFINITIVO.

    Raises:
        RefusedFile: it is not; the reason says what was found.
    """
    kind = name[name.rfind(".") :].lower()
    if kind == ".csv":
        _check_csv(name, data)
    elif kind == ".xlsx":
        _check_workbook(name, data)
    else:
        raise RefusedFile(name, _("only {kinds} can be read").format(kinds=", ".join(KINDS)))


def _check_csv(name: str, data: bytes) -> None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = _("it is not UTF-8 (byte {position}); save it as CSV UTF-8").format(position=error.start)
        raise RefusedFile(name, reason) from error
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    try:
        header = normalise_header(next(rows, []))
        missing = [column for column in NEEDED if column not in header]
        if missing:
            shown = ", ".join(missing[:_SHOWN])
            raise RefusedFile(name, _("its header lacks {columns}; it must be separated by ;").format(columns=shown))
        if next(rows, None) is None:
            raise RefusedFile(name, _("it has a header and no row"))
    except csv.Error as error:
        raise RefusedFile(name, str(error)) from error


def _check_workbook(name: str, data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if sum(entry.file_size for entry in package.infolist()) > LARGEST_UNPACKED:
                raise RefusedFile(name, _("it unpacks to more than {limit} bytes").format(limit=LARGEST_UNPACKED))
            damaged = package.testzip()
            with package.open("xl/workbook.xml") as file:
                listing = file.read(_LARGEST_LIST).decode("utf-8", "replace")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise RefusedFile(name, _("it is not a workbook ({error})").format(error=error)) from error
    except KeyError as error:
        raise RefusedFile(name, _("it is a zip but no workbook")) from error
    if damaged is not None:
        raise RefusedFile(name, _("its part {part} is damaged").format(part=damaged))
    sheets = [unescape(double or single) for double, single in _SHEET_NAME.findall(listing)]
    if SHEET not in (sheet.strip().upper() for sheet in sheets):
        found = ", ".join(sheets[:_SHOWN])
        raise RefusedFile(name, _("it has no sheet {sheet}, only {found}").format(sheet=SHEET, found=found))
