"""Comunas, corregimientos, barrios and veredas: which of them a place lies in, and how their names are written."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.lost_letters import with_letters_back
from etl_kit.originals import EXTRACTED_BY, Original
from etl_kit.shapes import read_shapefile
from etl_kit.text import or_none, plain_key
from etl_kit.translation import _

COMUNA: Final = "comuna"
CORREGIMIENTO: Final = "corregimiento"
LOCATED: Final = {"territorio": pl.String(), "barrio_vereda": pl.String(), "tipo_territorio": pl.String()}

COMUNAS: Final = 22
CORREGIMIENTOS: Final[Mapping[int, str]] = {
    51: "Navarro",
    52: "El Hormiguero",
    53: "Pance",
    54: "La Buitrera",
    55: "Villacarmelo",
    56: "Los Andes",
    57: "Pichinde",
    58: "La Leonera",
    59: "Felidia",
    60: "El Saladito",
    61: "La Elvira",
    62: "La Castilla",
    63: "La Paz",
    64: "Montebello",
    65: "Golondrinas",
}
"""Names by the city's code, as the basemap writes them."""

BASEMAPS: Final = ("comunas", "corregimientos", "barrios", "veredas")


@dataclass(frozen=True, kw_only=True)
class Area:
    """One area of a basemap.

    Attributes:
        code: the city's: `01`…`22`, `51`…`65`; four digits for a barrio or vereda, the first two of its territory.
        label: its name, with the letters that its file has lost put back.
        geometry: valid, EPSG:4326.
    """

    code: str
    label: str
    geometry: BaseGeometry


@dataclass(frozen=True, kw_only=True)
class Territories:
    """The four basemaps, each sorted by code."""

    comunas: Sequence[Area]
    corregimientos: Sequence[Area]
    barrios: Sequence[Area]
    veredas: Sequence[Area]

    @classmethod
    def read(cls, originals: Sequence[Original]) -> "Territories":
        """The basemaps among `originals`: `comunas.shp.zip` and so on, in whatever case.

        Raises:
            MissingInput: one of the four is not there.
            UnreadableInput: one is damaged or lacks a field.
        """
        files = {original.name.lower(): original for original in originals}
        layers = {name: files.get(f"{name}.shp.zip") for name in BASEMAPS}
        for name, file in layers.items():
            if file is None:
                folder = originals[0].path.parent if originals else Path("basemaps")
                raise MissingInput(folder / f"{name}.shp.zip", made_by=EXTRACTED_BY)
        return cls(**{name: _areas(file, _READERS[name]) for name, file in layers.items() if file is not None})

    def locate(self, points: Sequence[tuple[float, float] | None]) -> pl.DataFrame:
        """The territory, and the barrio or vereda, of each (longitude, latitude) in degrees; NULL outside all.

        A point on a border or in two areas belongs to the one with the lowest code, comunas before corregimientos;
        and to a barrio or vereda of its own territory before one of another.

        Returns:
            Columns of `LOCATED`, as many rows as `points`, in their order.
        """
        places = _points(points)
        comuna = _first(self.comunas, places)
        corregimiento = _first(self.corregimientos, places)
        urban, rural = comuna >= 0, (comuna < 0) & (corregimiento >= 0)
        barrio = _first(self.barrios, places, within=_codes(self.comunas, comuna))
        vereda = _first(self.veredas, places, within=_codes(self.corregimientos, corregimiento))
        return pl.DataFrame(
            {
                "territorio": _labels((urban, self.comunas, comuna), (rural, self.corregimientos, corregimiento)),
                "barrio_vereda": _labels((urban, self.barrios, barrio), (rural, self.veredas, vereda)),
                "tipo_territorio": np.select(
                    [urban, rural], [_constant(COMUNA), _constant(CORREGIMIENTO)], _constant(None)
                ).tolist(),  # an array of objects that begins with None is none of texts to polars
            },
            schema=LOCATED,
        )

    def locate_lines(self, lines: Sequence[LineString | None]) -> pl.DataFrame:
        """`locate` of the point halfway along each line in degrees."""
        middles = shapely.line_interpolate_point(np.array(lines, dtype=object), 0.5, normalized=True)
        return self.locate([None if each is None or each.is_empty else (each.x, each.y) for each in middles])


def territory_label(text: str | None) -> str | None:
    """The name of a comuna or corregimiento as the basemap writes it.

    `COMUNA 08` for `COMUNA 8`, `comuna 08`, `8`; `Pichinde` for `PICHINDÉ`, `Corregimiento 57`.
    None for what is in no basemap, such as `EXPANSION URBANA`, `Corregimiento 20`, several names in one, or nothing.
    """
    said = plain_key(or_none(text) or "")
    if found := _COMUNA.fullmatch(said):
        number = int(found[1])
        return comuna_label(number) if 1 <= number <= COMUNAS else None
    if found := _CORREGIMIENTO_NUMBER.fullmatch(said):
        return CORREGIMIENTOS.get(int(found[1]))
    return _BY_BARE_NAME.get(_bare_name(said))


def comuna_label(number: int) -> str:
    """`COMUNA 08` for 8."""
    return f"COMUNA {number:02d}"


_COMUNA: Final = re.compile(r"(?:comuna\s*(?:n[o°º]?\.?\s*)?)?0*(\d{1,2})(?:\.0)?", re.ASCII)
_CORREGIMIENTO_NUMBER: Final = re.compile(r"corregimiento\s*(?:n[o°º]?\.?\s*)?0*(\d{1,2})(?:\.0)?", re.ASCII)


def _bare_name(said: str) -> str:
    """`corregimiento de la buitrera` → `buitrera`: without what is sometimes left out, and blanks."""
    return re.sub(r"^(corregimiento )?(de |del )?(el |la |los )?", "", said).replace(" ", "")


_BY_BARE_NAME: Final = {_bare_name(plain_key(name)): name for name in CORREGIMIENTOS.values()}

Reader = Callable[[Mapping[str, object]], tuple[str, str]]
"""(code, label) of a record whose field names are in lower case."""


def _comuna(record: Mapping[str, object]) -> tuple[str, str]:
    number = int(str(record["comuna"]))
    return f"{number:02d}", comuna_label(number)


_READERS: Final[Mapping[str, Reader]] = {
    "comunas": _comuna,
    "corregimientos": lambda record: (f"{int(str(record['id_correg'])):02d}", _name(record["corregimie"])),
    "barrios": lambda record: (str(record["id_barrio"]).strip().zfill(4), _name(record["barrio"])),
    "veredas": lambda record: (f"{int(str(record['id_vereda'])):04d}", _name(record["vereda"])),
}


def _name(value: object) -> str:
    name = " ".join(str(value or "").split())
    if not name:
        raise ValueError(_("an area has no name"))
    return with_letters_back(name)


def _areas(original: Original, reader: Reader) -> list[Area]:
    layer = read_shapefile(original)
    areas = []
    try:
        for geometry, record in zip(layer.geometries, layer.records, strict=True):
            code, label = reader({name.lower(): value for name, value in record.items()})
            areas.append(Area(code=code, label=label, geometry=_valid(geometry, label)))
    except KeyError as error:
        raise UnreadableInput(original.name, _("it has no field {field}").format(field=error.args[0])) from error
    except ValueError as error:
        raise UnreadableInput(original.name, str(error)) from error
    return sorted(areas, key=lambda area: (area.code, area.label))


def _valid(geometry: BaseGeometry | None, label: str) -> BaseGeometry:
    if geometry is None:
        raise ValueError(_("{area} has no geometry").format(area=label))
    valid: BaseGeometry = shapely.make_valid(geometry)  # type: ignore[no-untyped-call]
    return valid


def _constant(value: str | None) -> NDArray[np.object_]:
    return np.array(value, dtype=object)


def _points(points: Sequence[tuple[float, float] | None]) -> NDArray[np.object_]:
    """Geometries, None where there is no point."""
    lonlat = np.array([(np.nan, np.nan) if each is None else each for each in points], dtype=float).reshape(-1, 2)
    made = shapely.points(lonlat)
    made[np.isnan(lonlat).any(axis=1)] = None
    return np.asarray(made, dtype=object)


def _first(
    areas: Sequence[Area], places: NDArray[np.object_], *, within: NDArray[np.object_] | None = None
) -> NDArray[np.intp]:
    """For each place the index of the first of `areas` that it touches, of those whose code begins as `within` says
    if there is one; -1 for none.

    The tree holds the places and the areas are asked for, because the areas are then prepared: many vertices each.
    """
    tree = shapely.STRtree(places)
    shapes = [each.geometry for each in areas]
    area, place = tree.query(shapes, predicate="intersects")  # type: ignore[no-untyped-call]
    found = np.full(len(places), len(areas) * 2)
    rank = area if within is None else area + len(areas) * (_begins(areas)[area] != within[place])
    np.minimum.at(found, place, rank)
    return np.where(found < len(areas) * 2, found % max(len(areas), 1), -1)


def _begins(areas: Sequence[Area]) -> NDArray[np.object_]:
    return np.array([each.code[:2] for each in areas], dtype=object)


def _codes(areas: Sequence[Area], chosen: NDArray[np.intp]) -> NDArray[np.object_]:
    """The code of each chosen area; None for -1."""
    return np.array([*(each.code for each in areas), None], dtype=object)[chosen]


def _labels(
    urban: tuple[NDArray[np.bool_], Sequence[Area], NDArray[np.intp]],
    rural: tuple[NDArray[np.bool_], Sequence[Area], NDArray[np.intp]],
) -> list[str | None]:
    found = np.full(len(urban[0]), None, dtype=object)
    for mask, areas, chosen in (urban, rural):
        labels = np.array([*(each.label for each in areas), None], dtype=object)
        found[mask] = labels[chosen][mask]
    return list(found)
