"""Input files with their rows in another order: the same data, as somebody who sorted it would hand it over."""

import csv
import io
import json
import random
import struct
from collections.abc import Sequence
from datetime import date

import openpyxl
import xlsxwriter

Cells = Sequence[object]
_SHX_RECORD = 8
_SHP_HEADER = 100


def shuffled_city(files: dict[str, bytes], *, seed: int) -> dict[str, bytes]:
    """Every file of a city whose rows have no order, its rows shuffled; headers and what is above them stay.

    The trees of Cuadro 1S (layout B) stay as they are: there a row belongs to the one above it.
    """
    chance = random.Random(seed)
    stems = [name.removesuffix(".shp") for name in files if name.endswith(".shp")]
    layers = {name: part for stem in stems for name, part in _layer(files, stem, chance).items()}
    return {name: layers[name] if name in layers else _shuffled(name, data, chance) for name, data in files.items()}


def _shuffled(name: str, data: bytes, chance: random.Random) -> bytes:
    if name.endswith(".csv"):
        return _table(data, chance)
    if name.endswith(".json"):
        value = json.loads(data)
        return json.dumps(chance.sample(value, len(value)), ensure_ascii=False).encode()
    if name.endswith(".xlsx") and "Junio de 2024" not in name:
        return _workbook(data, chance)
    return data


def _table(data: bytes, chance: random.Random) -> bytes:
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerows([rows[0], *chance.sample(rows[1:], len(rows) - 1)])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _workbook(data: bytes, chance: random.Random) -> bytes:
    """Each sheet with the rows below its header shuffled; the header is the first row with half of the cells filled."""
    buffer = io.BytesIO()
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False}) as written:
        day = written.add_format({"num_format": "dd/mm/yyyy"})
        for sheet in book:
            rows = [list(cells) for cells in sheet.iter_rows(values_only=True)]
            header = _header_of(rows)
            target = written.add_worksheet(sheet.title)
            for number, cells in enumerate(
                [*rows[: header + 1], *chance.sample(rows[header + 1 :], len(rows) - header - 1)]
            ):
                for column, cell in enumerate(cells):
                    _write(target, (number, column), cell, day)
    return buffer.getvalue()


def _header_of(rows: Sequence[Cells]) -> int:
    filled = [sum(cell is not None for cell in cells) for cells in rows]
    return next((place for place, count in enumerate(filled) if count * 2 > max(filled)), -1) if rows else -1


def _write(sheet: "xlsxwriter.worksheet.Worksheet", place: tuple[int, int], cell: object, day: object) -> None:
    if isinstance(cell, str):
        sheet.write_string(*place, cell)
    elif isinstance(cell, date):
        sheet.write_datetime(*place, cell, day)
    elif cell is not None:
        sheet.write(*place, cell)


def _layer(files: dict[str, bytes], stem: str, chance: random.Random) -> dict[str, bytes]:
    """The parts of a shapefile with its shapes, and their attributes with them, in another order."""
    shp, shx, dbf = (files[f"{stem}.{part}"] for part in ("shp", "shx", "dbf"))
    places = [
        struct.unpack(">ii", shx[at : at + _SHX_RECORD]) for at in range(_SHP_HEADER, len(shx), _SHX_RECORD)
    ]  # both count words of two bytes
    shapes = [shp[2 * offset + 8 : 2 * offset + 8 + 2 * length] for offset, length in places]
    count, begin, size = struct.unpack("<IHH", dbf[4:12])
    records = [dbf[begin + size * number : begin + size * (number + 1)] for number in range(count)]
    order = chance.sample(range(count), count)
    body, index = b"", b""
    for number, place in enumerate(order, start=1):
        words = len(shapes[place]) // 2
        index += struct.pack(">ii", (_SHP_HEADER + len(body)) // 2, words)
        body += struct.pack(">ii", number, words) + shapes[place]
    return {
        f"{stem}.shp": shp[:_SHP_HEADER] + body,
        f"{stem}.shx": shx[:_SHP_HEADER] + index,
        f"{stem}.dbf": dbf[:begin] + b"".join(records[place] for place in order) + dbf[begin + size * count :],
    }
