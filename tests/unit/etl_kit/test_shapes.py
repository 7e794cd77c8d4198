"""Zipped shapefiles are read whatever their projection and encoding, or refused for a reason."""

import zipfile

import pytest
import shapely
from shapely.geometry import LineString, Point, box

from etl_kit.errors import UnreadableInput
from etl_kit.shapes import areas_km2, geojson, length_m, read_shapefile, simplified
from tests.unit.etl_kit.layers import DEGREES, ESRI_GRID, GRID, layer_parts, original_of

SQUARE = (-76.54, 3.40, -76.52, 3.44)
NAME = [("nombre", "C", 40)]


@pytest.mark.parametrize("prj", [DEGREES, GRID, ESRI_GRID])
def test_a_layer_of_any_of_the_three_projections_comes_in_degrees(tmp_path, prj):
    original = original_of(tmp_path, "capa", layer_parts(NAME, [(SQUARE, ("Uno",)), (None, ("Dos",))], prj=prj))

    layer = read_shapefile(original)

    assert layer.geometries[0].bounds == pytest.approx(SQUARE, abs=1e-8)
    assert layer.geometries[1] is None
    assert list(layer.records) == [{"nombre": "Uno"}, {"nombre": "Dos"}]


@pytest.mark.parametrize(
    ("cpg", "encoding"),
    [
        (None, "utf-8"),
        ("UTF-8", "utf-8"),
        ("\ufeffutf8".encode().decode("utf-8-sig"), "utf-8"),
        ("1252", "cp1252"),
        ("ANSI 1252", "cp1252"),
        ("ISO 88591", "latin-1"),
        ("ISO-8859-1", "latin-1"),
    ],
)
def test_text_is_utf_8_unless_the_cpg_says_otherwise(tmp_path, cpg, encoding):
    parts = layer_parts([("Dirección", "C", 40)], [(SQUARE, ("Peñas Ñ",))], cpg=cpg, encoding=encoding)

    layer = read_shapefile(original_of(tmp_path, "capa", parts))

    assert layer.records[0] == {"Dirección": "Peñas Ñ"}


def test_a_letter_cut_in_two_by_the_end_of_its_field_is_dropped(tmp_path):
    parts = layer_parts([("nombre", "C", 6)], [(SQUARE, ("Calido",))])
    parts["dbf"] = parts["dbf"].replace(b"Calido", b"Calid\xc3")  # the first half of an ñ

    layer = read_shapefile(original_of(tmp_path, "capa", parts))

    assert layer.records[0] == {"nombre": "Calid"}


@pytest.mark.parametrize("gone", ["shp", "shx", "dbf", "prj"])
def test_a_layer_without_one_of_its_parts_is_refused_and_the_part_named(tmp_path, gone):
    parts = layer_parts(NAME, [(SQUARE, ("Uno",))])
    del parts[gone]

    with pytest.raises(UnreadableInput, match=rf"\.{gone}"):
        read_shapefile(original_of(tmp_path, "capa", parts))


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"prj": b"no projection"}, "prj"),
        ({"cpg": b"KLINGON"}, "KLINGON"),
        ({"shp": b"\0" * 40}, "capa"),
        ({"dbf": b"\3"}, "capa"),
    ],
)
def test_a_damaged_or_unknown_part_is_refused(tmp_path, broken, words):
    parts = layer_parts(NAME, [(SQUARE, ("Uno",))]) | broken

    with pytest.raises(UnreadableInput, match=words):
        read_shapefile(original_of(tmp_path, "capa", parts))


def test_text_that_is_not_of_its_encoding_is_refused_with_the_way_out(tmp_path):
    parts = layer_parts(NAME, [(SQUARE, ("Peñas",))], cpg=None, encoding="cp1252")

    with pytest.raises(UnreadableInput, match=r"utf-8.*\.cpg"):
        read_shapefile(original_of(tmp_path, "capa", parts))


def test_what_is_no_zip_is_refused(tmp_path):
    original = original_of(tmp_path, "capa", {})
    original.path.write_bytes(b"PK no")

    with pytest.raises(UnreadableInput):
        read_shapefile(original)


def test_endings_in_capitals_are_the_same_parts(tmp_path):
    original = original_of(tmp_path, "capa", {})
    with zipfile.ZipFile(original.path, "w") as archive:
        for ending, data in layer_parts(NAME, [(SQUARE, ("Uno",))]).items():
            archive.writestr(f"CAPA.{ending.upper()}", data)

    layer = read_shapefile(original)

    assert len(layer.records) == 1


def test_lengths_and_areas_are_in_metres_of_the_ground():
    degree_of_latitude = 110_575  # metres at 3° north

    length = length_m(LineString([(-76.52, 3.44), (-76.52, 3.45)]))
    (area,) = areas_km2([box(-76.52, 3.44, -76.51, 3.45)])

    assert length == pytest.approx(degree_of_latitude / 100, rel=1e-3)
    assert area == pytest.approx(1.106 * 1.111, rel=5e-3)
    assert areas_km2([]) == []


def test_simplified_neighbours_share_their_border_still():
    wavy = [(-76.52 + (0.00005 if place % 2 else 0), 3.40 + place * 0.0005) for place in range(41)]
    west = shapely.Polygon([*wavy, (-76.54, 3.42), (-76.54, 3.40)])
    east = shapely.Polygon([*wavy, (-76.50, 3.42), (-76.50, 3.40)])

    fewer = simplified([west, east], metres=30)

    assert sum(len(each.exterior.coords) for each in fewer) < 40
    assert shapely.coverage_is_valid(fewer)
    assert simplified([], metres=30) == []


def test_geojson_is_longitude_first_and_rounded_and_nothing_stays_nothing():
    texts = geojson([Point(-76.51234567, 3.4), None], decimals=6)

    assert texts == ['{"type":"Point","coordinates":[-76.512346,3.4]}', None]
    assert geojson([]) == []
