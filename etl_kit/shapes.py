"""Zipped shapefiles of any projection and encoding as geometries in EPSG:4326; lengths and areas in metres."""

import codecs
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Final

import numpy as np
import pyproj
import shapefile
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, shape
from shapely.geometry.base import BaseGeometry

from etl_kit.errors import UnreadableInput
from etl_kit.originals import Original
from etl_kit.translation import _

DEGREES: Final = 4326
METRES: Final = 6249
"""MAGNA-SIRGAS / Cali urban grid: what the city measures in."""

SQUARE_METRES: Final = 1_000_000
"""In a square kilometre."""

_METRES_PER_DEGREE: Final = 111_320
_MAP_DECIMALS: Final = 5
_NEEDED: Final = ("shp", "shx", "dbf", "prj")
_LARGEST: Final = 1 << 29
"""Bytes of all parts together, unpacked; the city's largest layer has 2 million."""
_CUT_TAIL: Final = "etl_kit.cut_tail"


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A shapefile as read.

    Attributes:
        geometries: in EPSG:4326, longitude first, without Z; None where the file has no shape.
        records: the attributes of each, by field name.
    """

    geometries: Sequence[BaseGeometry | None]
    records: Sequence[Mapping[str, object]]


def read_shapefile(original: Original) -> Layer:
    """The layer in a zip of the parts of one shapefile.

    Text is UTF-8 unless the .cpg says otherwise. The .prj tells the projection: degrees, the city's grid, its Esri
    spelling, or any other that is known.

    Raises:
        UnreadableInput: a part is missing or damaged, or the projection or the encoding is unknown.
    """
    parts = _parts(original)
    towards_degrees = _towards_degrees(original, parts["prj"])
    encoding = _encoding(original, parts.get("cpg"))
    try:
        reader = shapefile.Reader(
            shp=BytesIO(parts["shp"]),
            shx=BytesIO(parts["shx"]),
            dbf=BytesIO(parts["dbf"]),
            encoding=encoding,
            encodingErrors=_CUT_TAIL,
        )
        shapes = [None if each is None else _shape(each) for each in reader.iterShapes()]
        records = [each.as_dict() for each in reader.iterRecords() if each is not None]
    except Exception as error:  # a damaged file makes pyshp raise whatever it stumbles over: struct.error, IndexError
        if "Could not decode" in str(error):
            text = _("its attributes are not written in {encoding}; a .cpg file beside it tells how they are")
            raise UnreadableInput(original.name, text.format(encoding=encoding)) from error
        raise UnreadableInput(original.name, f"{type(error).__name__}: {error}") from error
    if len(shapes) != len(records):
        text = _("it holds {shapes} shapes and {records} rows of attributes")
        raise UnreadableInput(original.name, text.format(shapes=len(shapes), records=len(records)))
    return Layer(geometries=_transformed(shapes, towards_degrees), records=records)


def length_m(line: LineString) -> float:
    """The length in metres of a line in degrees, measured in the city's grid (EPSG:6249)."""
    (metres,) = shapely.length(_in_metres([line]))  # type: ignore[no-untyped-call]
    return float(metres)


def simplified(geometries: Sequence[BaseGeometry], *, metres: float) -> list[BaseGeometry]:
    """Areas in degrees with fewer corners, for maps; neighbours keep their common border common.

    Args:
        geometries: of one layer, areas that hardly overlap.
        metres: about the size of what is left out.
    """
    if not geometries:
        return []
    tolerance = metres / _METRES_PER_DEGREE
    fewer = shapely.coverage_simplify(np.array(geometries, dtype=object), tolerance)
    return list(shapely.make_valid(_rounded(fewer, _MAP_DECIMALS)))  # type: ignore[no-untyped-call]


def geojson(geometries: Sequence[BaseGeometry | None], *, decimals: int = 6) -> list[str | None]:
    """Each geometry as GeoJSON text, longitude first; None stays None.

    Args:
        geometries: in degrees.
        decimals: of a degree; the sixth is 0.1 m.
    """
    if not geometries:
        return []
    rounded = _rounded(np.array(geometries, dtype=object), decimals)
    return list(shapely.to_geojson(rounded))  # type: ignore[no-untyped-call]


def areas_km2(geometries: Sequence[BaseGeometry]) -> list[float]:
    """The areas in square kilometres of geometries in degrees, measured in the city's grid (EPSG:6249)."""
    if not geometries:
        return []
    areas = shapely.area(_in_metres(geometries))  # type: ignore[no-untyped-call]
    return [float(area) / SQUARE_METRES for area in areas]


def _rounded(geometries: NDArray[np.object_], decimals: int) -> NDArray[np.object_]:
    return np.asarray(shapely.transform(geometries, lambda xy: xy.round(decimals)), dtype=object)


def _in_metres(geometries: Sequence[BaseGeometry]) -> NDArray[np.object_]:
    given = np.array(geometries, dtype=object)
    transformed = shapely.transform(given, _transformer(DEGREES, METRES).transform, interleaved=False)
    return np.asarray(transformed, dtype=object)


@lru_cache(maxsize=16)
def _transformer(origin: int | str, target: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(origin, target, always_xy=True)


def _parts(original: Original) -> dict[str, bytes]:
    """The bytes of each part by its ending, in lower case."""
    try:
        with zipfile.ZipFile(original.path) as archive:
            entries = {entry.filename.rpartition(".")[2].lower(): entry for entry in archive.infolist()}
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise UnreadableInput(original.name, _("its parts are too large"))
            parts = {ending: archive.read(entry) for ending, entry in entries.items()}
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise UnreadableInput(original.name, str(error)) from error
    missing = [f".{ending}" for ending in _NEEDED if ending not in parts]
    if missing:
        text = _("of the parts of a shapefile it lacks {parts}")
        raise UnreadableInput(original.name, text.format(parts=", ".join(missing)))
    return parts


def _towards_degrees(original: Original, prj: bytes) -> pyproj.Transformer | None:
    """What turns the file's coordinates into degrees; None if they are degrees already."""
    try:
        crs = pyproj.CRS.from_user_input(prj.decode("utf-8-sig").strip())
        if crs.equals(pyproj.CRS.from_epsg(DEGREES), ignore_axis_order=True) or crs.to_epsg() == DEGREES:
            return None
        return _transformer(crs.to_wkt(), DEGREES)
    except (pyproj.exceptions.ProjError, UnicodeDecodeError) as error:
        raise UnreadableInput(original.name, _("its .prj names no projection that is known")) from error


def _encoding(original: Original, cpg: bytes | None) -> str:
    """The encoding that a .cpg names: `UTF-8`, `1252`, `ANSI 1252`, `ISO 88591`; UTF-8 without one."""
    told = (cpg or b"").decode("ascii", "replace").strip().upper().removeprefix("ANSI").strip()
    if not told:
        return "utf-8"
    if told.removeprefix("ISO").strip(" -_").startswith("8859"):
        told = f"ISO8859-{told.removeprefix('ISO').strip(' -_').removeprefix('8859').strip(' -_')}"
    try:
        return codecs.lookup(f"cp{told}" if told.isdecimal() else told).name
    except LookupError as error:
        text = _("its .cpg names the unknown encoding {encoding}")
        raise UnreadableInput(original.name, text.format(encoding=told)) from error


def _drop_cut_tail(error: UnicodeError) -> tuple[str, int]:
    """A letter cut in two by the end of its field is dropped; anything else is no text of this encoding."""
    if isinstance(error, UnicodeDecodeError) and error.reason == "unexpected end of data":
        return "", len(error.object)
    raise error


codecs.register_error(_CUT_TAIL, _drop_cut_tail)


def _shape(each: shapefile.Shape) -> BaseGeometry | None:
    return None if each.shapeType == shapefile.NULL else shape(each.__geo_interface__)  # type: ignore[no-untyped-call]


def _transformed(
    geometries: Sequence[BaseGeometry | None], transformer: pyproj.Transformer | None
) -> list[BaseGeometry | None]:
    flat = shapely.force_2d(np.array(geometries, dtype=object))  # type: ignore[no-untyped-call]
    if transformer is None or not len(flat):
        return list(flat)
    return list(shapely.transform(flat, transformer.transform, interleaved=False))
