"""Small shapefiles for tests, in whatever projection and encoding, as the originals that extraction leaves."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pyproj
import shapefile

from etl_kit.originals import Original

ESRI_GRID = (
    'PROJCS["MAGNA_Cali_Valle_del_Cauca_2009",GEOGCS["GCS_MAGNA",DATUM["D_MAGNA",SPHEROID["GRS_1980",6378137.0,'
    '298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["IGAC_Plano_Cartesiano"],'
    'PARAMETER["False_Easting",1061900.18],PARAMETER["False_Northing",872364.63],'
    'PARAMETER["Longitude_Of_Center",-76.5205625],PARAMETER["Latitude_Of_Center",3.441883333333334],'
    'PARAMETER["Height",1000.0],UNIT["Meter",1.0]]'
)
GRID = pyproj.CRS.from_epsg(6249).to_wkt("WKT1_ESRI")
DEGREES = (
    'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)
Square = tuple[float, float, float, float]
"""West, south, east, north."""


def layer_parts(
    fields: Sequence[tuple[str, str, int]],
    rows: Sequence[tuple[Square | None, tuple[object, ...]]],
    *,
    prj: str | None = DEGREES,
    cpg: str | None = "UTF-8",
    encoding: str = "utf-8",
) -> dict[str, bytes]:
    """The parts of a layer of squares given in degrees; written in metres if `prj` is not `DEGREES`."""
    parts = {name: io.BytesIO() for name in ("shp", "shx", "dbf")}
    writer = shapefile.Writer(**parts, shapeType=shapefile.POLYGON, encoding=encoding)
    for name, kind, size in fields:
        writer.field(name, kind, size=size)
    towards = pyproj.Transformer.from_crs(4326, 6249, always_xy=True)
    for square, record in rows:
        if square is None:
            writer.null()
        else:
            west, south, east, north = square
            ring = [(west, south), (west, north), (east, north), (east, south), (west, south)]
            writer.poly([ring if prj == DEGREES else [towards.transform(*corner) for corner in ring]])
        writer.record(*record)
    writer.close()
    told = {"prj": prj, "cpg": cpg}
    return {name: part.getvalue() for name, part in parts.items()} | {
        name: text.encode() for name, text in told.items() if text is not None
    }


def original_of(folder: Path, stem: str, parts: dict[str, bytes]) -> Original:
    """The zip of `parts` as extraction keeps it in `folder`."""
    path = folder / f"{stem}.shp.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for ending, data in parts.items():
            archive.writestr(f"{stem}.{ending}", data)
    return Original(name=path.name, path=path, sha256="")


def city_layers(folder: Path) -> list[Original]:
    """A city of two comunas side by side, a corregimiento west of them, two barrios in each comuna, one vereda."""
    first, second = (-76.54, 3.40, -76.52, 3.44), (-76.52, 3.40, -76.50, 3.44)
    west = (-76.60, 3.40, -76.54, 3.44)
    barrios = [
        ("0102", "Este", (-76.53, 3.40, -76.52, 3.44)),
        ("0101", "Oeste", (-76.54, 3.40, -76.53, 3.44)),
        ("0802", "Caña", (-76.52, 3.42, -76.50, 3.44)),
        ("0801", "Urbanizaci\ufffdn Baja", (-76.52, 3.40, -76.50, 3.42)),
    ]
    return [
        original_of(
            folder,
            "comunas",
            layer_parts(
                [("comuna", "N", 2), ("nombre", "C", 9)],
                [(second, (8, "Comuna 8")), (first, (1, "Comuna 1"))],
                prj=GRID,
            ),
        ),
        original_of(
            folder,
            "corregimientos",
            layer_parts([("id_correg", "N", 9), ("corregimie", "C", 254)], [(west, (54, "La Buitrera"))]),
        ),
        original_of(
            folder,
            "barrios",
            layer_parts(
                [("id_barrio", "C", 4), ("barrio", "C", 41)], [(square, (code, name)) for code, name, square in barrios]
            ),
        ),
        original_of(
            folder,
            "Veredas",
            layer_parts(
                [("id_vereda", "N", 4), ("id_correg", "N", 2), ("vereda", "C", 50), ("corregimie", "C", 30)],
                [((-76.60, 3.40, -76.55, 3.44), (5401, 54, "El Otoño", "La Buitrera"))],
                prj=ESRI_GRID,
                cpg=None,
            ),
        ),
    ]
