"""Takes personal data out of files that the city hands over, before anything of them is kept.

A column is personal by its header, from a declared list; an e-mail address is personal wherever it stands. A workbook
in which neither is found is kept byte for byte; else it is written anew, as text, with those cells empty.
"""

import io
import json
import re
from dataclasses import dataclass
from typing import Final

import fastexcel
import polars as pl
import xlsxwriter

from etl_kit.errors import UnreadableInput
from etl_kit.text import source_key

PERSONAL_HEADERS: Final = frozenset(
    {
        "direccion_de_correo_electronico",
        "correo_electronico",
        "correo",
        "e_mail",
        "email",
        "contacto",
        "numero_de_contacto",
        "telefono",
        "telefono_de_contacto",
        "celular",
        "cedula",
        "numero_de_cedula",
        "numero_de_documento",
        "responsable",
        "nombre_supervisor",
        "supervisor",
        "nombre_interventor",
        "nombre_contratista",
        "nombre_beneficiario",
        "beneficiario",
        "numero_de_cuenta",
        "cuenta_bancaria",
    }
)
"""Headers, as `source_key` writes them, of columns that hold people: how to reach them, who they are, accounts."""
FREE_TEXT: Final = re.compile(r"explicacion(_|$)")
"""Columns of explanations, which name whoever did the work; nothing downstream reads them."""
BESIDE_ANOTHER: Final = frozenset({"numero", "nombre"})
"""Headers that hold people only where another one of the same row does: `Número` alone counts things."""

E_MAIL: Final = re.compile(r"[^\s@<>;,:()\"']+@[^\s@<>;,:()\"']+\.[A-Za-z]{2,}")
HIDDEN: Final = "***"
_HEADER_WITHIN: Final = 30
"""Rows from the top in which headers are looked for."""


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """What may be kept of a file, and the columns that were emptied, by sheet."""

    data: bytes
    emptied: tuple[str, ...]


def without_people(data: bytes, *, name: str) -> Cleaned:
    """The file without personal cells; one of a kind that cannot hold any is returned as it is.

    Args:
        data: of a workbook (.xlsx) or a JSON list of records; others are kept as they are.
        name: tells the kind by its ending.

    Raises:
        UnreadableInput: it is damaged.
    """
    match name.lower().rpartition(".")[2]:
        case "xlsx":
            return _workbook(data, name)
        case "json" | "geojson":
            return _records(data, name)
        case _:
            return Cleaned(data=data, emptied=())


def _workbook(data: bytes, name: str) -> Cleaned:
    try:
        workbook = fastexcel.read_excel(data)
        sheets = {
            sheet: workbook.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars()
            for sheet in workbook.sheet_names
        }
    except fastexcel.FastExcelError as error:
        raise UnreadableInput(name, str(error)) from error
    emptied = []
    clean = {}
    for sheet, frame in sheets.items():
        clean[sheet], found = _sheet(frame)
        emptied += [f"{sheet}: {header}" for header in found]
    return Cleaned(data=_written(clean), emptied=tuple(emptied)) if emptied else Cleaned(data=data, emptied=())


def _sheet(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The sheet without personal cells, and what was found there."""
    headers = _personal_headers(frame)
    found = [title for _place, title in headers.values()]
    columns = []
    for position, column in enumerate(frame.get_columns()):
        if position in headers:
            kept = headers[position][0] + 1
            empty = pl.Series(column.name, [None] * (len(column) - kept), dtype=pl.String)
            columns.append(pl.concat([column.head(kept), empty]))
            continue
        hidden = column.str.replace_all(E_MAIL.pattern, HIDDEN)
        if not hidden.equals(column, null_equal=True):
            found.append("e-mail")
        columns.append(hidden)
    return pl.DataFrame(columns), found


def _personal_headers(frame: pl.DataFrame) -> dict[int, tuple[int, str]]:
    """Position of each personal column → row of its header, and the header."""
    found: dict[int, tuple[int, str]] = {}
    for place, cells in enumerate(frame.head(_HEADER_WITHIN).iter_rows()):
        titles = {
            position: source_key(cell)
            for position, cell in enumerate(cells)
            if cell and len(cell) < 60  # noqa: PLR2004 - no header is longer
        }
        sure = {position for position, title in titles.items() if _is_personal(title)}
        for position, title in titles.items():
            if position in sure or (sure and title in BESIDE_ANOTHER):
                found.setdefault(position, (place, str(cells[position]).strip()))
    return found


def _is_personal(title: str) -> bool:
    return title in PERSONAL_HEADERS or FREE_TEXT.match(title) is not None


def _written(sheets: dict[str, pl.DataFrame]) -> bytes:
    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    for name, frame in sheets.items():
        sheet = workbook.add_worksheet(name)
        for row, cells in enumerate(frame.iter_rows()):
            for position, cell in enumerate(cells):
                if cell is not None:
                    sheet.write_string(row, position, cell)
    workbook.close()
    return buffer.getvalue()


def _records(data: bytes, name: str) -> Cleaned:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise UnreadableInput(name, str(error)) from error
    emptied: set[str] = set()
    clean = _clean(value, emptied)
    if not emptied:
        return Cleaned(data=data, emptied=())
    return Cleaned(data=json.dumps(clean, ensure_ascii=False).encode(), emptied=tuple(sorted(emptied)))


def _clean(value: object, emptied: set[str]) -> object:
    if isinstance(value, dict):
        personal = {key for key in value if _is_personal(source_key(str(key)))}
        emptied |= personal
        return {key: _clean(one, emptied) for key, one in value.items() if key not in personal}
    if isinstance(value, list):
        return [_clean(one, emptied) for one in value]
    if isinstance(value, str) and E_MAIL.search(value):
        emptied.add("e-mail")
        return E_MAIL.sub(HIDDEN, value)
    return value
