"""Files of project units, in four forms, as frames of text under our own column names and their geometries."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import fastexcel
import polars as pl
from shapely.geometry.base import BaseGeometry

from etl_kit.errors import UnreadableInput
from etl_kit.money import Spelling
from etl_kit.originals import Original
from etl_kit.rejects import Rejects
from etl_kit.shapes import read_shapefile
from etl_kit.text import normalise_header
from etl_kit.translation import _
from transformation_app.units_layout import UNIT_COLUMNS, columns_by_name, is_header

TEXT_SCHEMA: Final = {"fila": pl.Int64(), "fuente": pl.String()} | dict.fromkeys(UNIT_COLUMNS, pl.String())
RAGGED: Final = "el registro no es una lista de campos con nombre"
_HEADER_WITHIN: Final = 30

Record = Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True)
class UnitFile:
    """One file as read.

    Attributes:
        rows: all cells as text, columns of `TEXT_SCHEMA`; blank rows are no rows. `fila` is the row of the sheet as a
            spreadsheet counts, or the place of the record, both from 1.
        shapes: the geometry of a row of `rows`, in their order, in EPSG:4326; None if the file is no shapefile.
        spelling: how its money is written.
        warnings: what the reader should know.
    """

    rows: pl.DataFrame
    shapes: Sequence[BaseGeometry | None] | None
    spelling: Spelling
    warnings: tuple[str, ...] = ()


def read_unit_file(original: Original, *, rejects: Rejects) -> UnitFile:
    """The rows of one file: workbook, JSON list of records, GeoJSON, or zipped shapefile.

    Args:
        original: its name tells the form, and becomes `fuente`.
        rejects: takes records that are none.

    Raises:
        UnreadableInput: it is damaged, of another form, or no header names the columns of project units.
    """
    match original.name.lower().rpartition(".")[2]:
        case "xlsx":
            return _workbook(original)
        case "json" | "geojson":
            return _records(original, rejects)
        case "zip":
            return _shapefile(original)
        case _:
            raise UnreadableInput(original.name, _("it is neither a workbook, nor JSON, nor a zipped shapefile"))


def _workbook(original: Original) -> UnitFile:
    try:
        workbook = fastexcel.read_excel(original.path)
        sheets = {
            name: workbook.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars().rows()
            for name in workbook.sheet_names
        }
    except fastexcel.FastExcelError as error:
        raise UnreadableInput(original.name, str(error)) from error
    headers = {name: _header_place(rows) for name, rows in sheets.items()}
    usable = [name for name, place in headers.items() if place is not None]
    if not usable:
        raise UnreadableInput(original.name, _("no header row of project units in the first rows of any sheet"))
    rows, place = sheets[usable[0]], headers[usable[0]]
    assert place is not None
    header = normalise_header(rows[place])
    records = [
        (number, dict(zip(header, cells, strict=False)))
        for number, cells in enumerate(rows[place + 1 :], start=place + 2)
    ]
    text = _("{name}: sheets {others} have a header too and were not read; sheet {sheet} was")
    more = [text.format(name=original.name, others=", ".join(usable[1:]), sheet=usable[0])] if usable[1:] else []
    frame, _kept = _frame(records, columns_by_name(header), original.name)
    return UnitFile(rows=frame, shapes=None, spelling=Spelling.MACHINE, warnings=tuple(more))


def _header_place(rows: Sequence[Sequence[str | None]]) -> int | None:
    return next((place for place, cells in enumerate(rows[:_HEADER_WITHIN]) if is_header(cells)), None)


def _records(original: Original, rejects: Rejects) -> UnitFile:
    try:
        # Numbers stay as they are written: a float would change 576702878.10 and a BPIN.
        value = json.loads(original.path.read_bytes(), parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise UnreadableInput(original.name, str(error)) from error
    if isinstance(value, dict) and isinstance(value.get("features"), list):
        value = [_flat(feature) for feature in value["features"]]
    if not isinstance(value, list):
        raise UnreadableInput(original.name, _("it is no list of records"))
    records = []
    for number, record in enumerate(value, start=1):
        if isinstance(record, dict):
            records.append((number, {str(key): _text(cell) for key, cell in record.items()}))
        else:
            rejects.add(motivo=RAGGED, fuente=original.name, fila=number, valor_crudo=str(record))
    header = list(dict.fromkeys(key for _number, record in records for key in record))
    if not is_header(header):
        raise UnreadableInput(original.name, _("its records do not have the fields of project units"))
    frame, _kept = _frame(records, columns_by_name(header), original.name)
    return UnitFile(rows=frame, shapes=None, spelling=Spelling.MACHINE)


def _flat(feature: object) -> object:
    """A GeoJSON feature as a record with its geometry as text in `geom`."""
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        return feature
    return feature["properties"] | {"geom": feature.get("geometry")}


def _text(cell: object) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False)
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _shapefile(original: Original) -> UnitFile:
    layer = read_shapefile(original)
    header = list(dict.fromkeys(name for record in layer.records for name in record))
    if not is_header(header):
        raise UnreadableInput(original.name, _("its attributes are not those of project units"))
    records = [
        (number, {name: _attribute(cell) for name, cell in record.items()})
        for number, record in enumerate(layer.records, start=1)
    ]
    frame, kept = _frame(records, columns_by_name(header), original.name)
    return UnitFile(rows=frame, shapes=[layer.geometries[place] for place in kept], spelling=Spelling.COLOMBIAN)


def _attribute(cell: object) -> str | None:
    """An attribute as text; what dBASE keeps as a float stays recognisable as one, for a BPIN in it is not exact."""
    return None if cell is None else str(cell)


def _frame(
    records: Iterable[tuple[int, Record]], columns: Mapping[str, str], name: str
) -> tuple[pl.DataFrame, list[int]]:
    """The records under our names, and the places (from 0) of those that are not blank."""
    cells: dict[str, list[str | None]] = {ours: [] for ours in UNIT_COLUMNS}
    numbers: list[int] = []
    kept: list[int] = []
    for place, (number, record) in enumerate(records):
        if not any(cell and cell.strip() for cell in record.values()):
            continue
        numbers.append(number)
        kept.append(place)
        for ours, column in cells.items():
            column.append(record.get(columns[ours]) if ours in columns else None)
    frame = pl.DataFrame({"fila": numbers, "fuente": [name] * len(numbers), **cells}, schema=TEXT_SCHEMA)
    return frame, kept
