"""Files of the made-up project units in the four forms of the real ones."""

import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import shapefile
import xlsxwriter

from demo_city.chance import Chance
from demo_city.projects import Project
from demo_city.unit_rows import Place, Row, drive_rows, equipment_rows, layer_rows, road_rows
from demo_city.unit_words import BOOK_COLUMNS, DRIVE_COLUMNS

ROWS_AT_SCALE_1: Final = {"equipment": 160, "roads": 50, "drive": 400, "layer": 150}
"""About half of what the real files hold."""

_FEWEST: Final = {"equipment": 16, "roads": 8, "drive": 60, "layer": 12}
_BLANK_ROWS: Final = 40
_WORKBOOK_DATE: Final = datetime(2025, 8, 1)  # noqa: DTZ001 - a workbook property has no zone
_DBASE_DATE: Final = bytes((125, 8, 1))  # year since 1900, month, day; the writer would put today's
_WGS_84: Final = (
    'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)
_FIELDS: Final = (
    ("Id_1", "N", 10, 0), ("FID_1", "N", 10, 0), ("Dirección", "C", 254, 0), ("Barrio", "C", 254, 0),
    ("Comuna", "C", 254, 0), ("Tipo_Infra", "C", 254, 0), ("Tipo_Int_1", "C", 254, 0), ("Longitud", "F", 19, 11),
    ("Año", "N", 10, 0), ("X_INICIA_1", "F", 19, 11), ("Y_INICIA_1", "F", 19, 11), ("F__AVANCE", "C", 254, 0),
    ("ESTADO", "C", 254, 0), ("BP", "C", 254, 0), ("Nompre_BP", "C", 254, 0), ("BPIN", "F", 19, 5),
    ("VALOR_INTE", "C", 254, 0),
)  # fmt: skip


def files_of_units(seed: int, scale: float, projects: Sequence[Project]) -> dict[str, bytes]:
    """The files of project units, by their path within the city's folder; the same bytes for the same arguments.

    Args:
        seed: any whole number.
        scale: 1 is some 760 rows in all; a small one never goes below what holds every trap.
        projects: those of 2025, whose BPINs the units bear.
    """
    sizes = {kind: max(_FEWEST[kind], round(rows * scale)) for kind, rows in ROWS_AT_SCALE_1.items()}
    chances = {kind: Chance(seed, f"units/{kind}") for kind in sizes}
    equipment = equipment_rows(chances["equipment"], sizes["equipment"], projects)
    roads = road_rows(chances["roads"], sizes["roads"], projects)
    drive = drive_rows(chances["drive"], sizes["drive"], projects)
    files = {
        "obras_equipamientos.xlsx": _workbook("obras_equipamientos", equipment),
        "obras_lineales.xlsx": _workbook("obra_lineal", roads),
        "unidades_proyecto_drive_2025.json": _records(drive),
        **_layer("Infraestructura_2024", layer_rows(chances["layer"], sizes["layer"])),
    }
    return {f"unidades_proyecto/{name}": data for name, data in files.items()}


def _workbook(title: str, rows: Sequence[Row]) -> bytes:
    """One sheet, its header in the first row; formatted blank rows follow the data."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_numbers": False}) as book:
        book.set_properties({"created": _WORKBOOK_DATE})  # or the same city would give other bytes each time
        sheet = book.add_worksheet(title)
        grey = book.add_format({"bg_color": "#F2F2F2"})
        sheet.write_row(0, 0, BOOK_COLUMNS)
        for number, row in enumerate(rows, start=1):
            for column, name in enumerate(BOOK_COLUMNS):
                if (cell := row[name]) is not None:
                    sheet.write(number, column, cell)
        for number in range(len(rows) + 1, len(rows) + 1 + _BLANK_ROWS):
            sheet.write_blank(number, 0, None, grey)
    return buffer.getvalue()


def _records(rows: Sequence[Row]) -> bytes:
    ordered = [{name: row.get(name) for name in DRIVE_COLUMNS} for row in rows]
    return (json.dumps(ordered, ensure_ascii=False, indent=1) + "\n").encode()


def _layer(stem: str, rows: Sequence[tuple[list[Place], Row]]) -> Mapping[str, bytes]:
    """The parts of a shapefile of lines with Z, in degrees, its accented attributes in UTF-8."""
    parts = {name: io.BytesIO() for name in ("shp", "shx", "dbf")}
    writer = shapefile.Writer(
        shp=parts["shp"], shx=parts["shx"], dbf=parts["dbf"], shapeType=shapefile.POLYLINEZ, encoding="utf-8"
    )
    for name, kind, size, decimals in _FIELDS:
        writer.field(name, kind, size=size, decimal=decimals)  # type: ignore[arg-type]  # its wrapper hides `self`
    for points, attributes in rows:
        writer.linez([[(lon, lat, 0.0) for lat, lon in points]])
        writer.record(**attributes)  # type: ignore[arg-type]  # texts and numbers, as the fields say
    writer.close()
    files = {f"{stem}.{name}": part.getvalue() for name, part in parts.items()}
    table = files[f"{stem}.dbf"]
    files[f"{stem}.dbf"] = table[:1] + _DBASE_DATE + table[4:]
    return files | {f"{stem}.prj": _WGS_84.encode(), f"{stem}.cpg": b"UTF-8"}
