"""Files of project units in four forms: found by their headers, every row once, geometries in degrees without Z."""

import io
import json
import zipfile

import polars as pl
import pytest
import shapefile
import xlsxwriter

from etl_kit.errors import UnreadableInput
from etl_kit.money import Spelling
from etl_kit.originals import Original
from etl_kit.rejects import Rejects
from transformation_app.units_files import TEXT_SCHEMA, read_unit_file
from transformation_app.units_places import ACCEPTABLE, NO_GEOMETRY, NOT_COMPARED, OUT_OF_RANGE, OUTSIDE, with_places

HEADER = ["key", "bpin", "nickname", "comuna_corregimiento", "presupuesto_base", "geom", "lat", "lon"]
WGS_84 = (
    'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)


class MadeUpTerritories:
    """Knows two comunas: west of −76.5 and east of it."""

    def locate(self, points):
        sides = [None if point is None else point[0] < -76.5 for point in points]
        return pl.DataFrame(
            {
                "territorio": [None if side is None else "COMUNA 01" if side else "COMUNA 02" for side in sides],
                "barrio_vereda": [None if side is None else "Oeste" if side else "Este" for side in sides],
                "tipo_territorio": [None if side is None else "comuna" for side in sides],
            },
            schema={"territorio": pl.String, "barrio_vereda": pl.String, "tipo_territorio": pl.String},
        )


def original(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return Original(name=name, path=path, sha256="0" * 64)


def workbook(*rows, header=HEADER, above=0, first_sheets=()):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for name in first_sheets:
            book.add_worksheet(name).write(0, 0, "Instrucciones")
        sheet = book.add_worksheet("obras")
        grey = book.add_format({"bg_color": "#F2F2F2"})
        for number in range(above):
            sheet.write(number, 0, "ALCALDÍA")
        for number, cells in enumerate([header, *rows], start=above):
            for column, cell in enumerate(cells):
                if cell is not None:
                    sheet.write(number, column, cell)
        for number in range(20):
            sheet.write_blank(above + len(rows) + 1 + number, 0, None, grey)
    return buffer.getvalue()


def layer(*lines, fields=(("Dirección", "C"), ("Año", "N"), ("BPIN", "N"), ("VALOR_INTE", "C"), ("ESTADO", "C"))):
    parts = {name: io.BytesIO() for name in ("shp", "shx", "dbf")}
    writer = shapefile.Writer(**parts, shapeType=shapefile.POLYLINEZ, encoding="utf-8")
    for name, kind in fields:
        writer.field(name, kind, size=30)
    for points, record in lines:
        writer.linez([[(x, y, 7.5) for x, y in points]])
        writer.record(*record)
    writer.close()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in parts.items():
            archive.writestr(f"Vias.{name}", part.getvalue())
        archive.writestr("Vias.prj", WGS_84)
    return buffer.getvalue()


def read(tmp_path, name, data):
    rejects = Rejects(dataset="intervenciones")
    return read_unit_file(original(tmp_path, name, data), rejects=rejects), rejects


def located(file, rejects, territories=None):
    return with_places(file.rows, file.shapes, territories or MadeUpTerritories(), rejects=rejects)


def records(*cells):
    usual = {"nombre_up": "Obra", "bpin": None, "estado": None, "avance_obra": None, "presupuesto_base": None}
    return json.dumps([usual | {"lat": None, "lon": None, "geom": None} | one for one in cells]).encode()


def test_a_workbook_is_read_below_its_header_wherever_that_is_and_blank_rows_are_no_rows(tmp_path):
    data = workbook(
        [1, 2024760010333, "Uno", "COMUNA 8", 707333964.700000048, None, 3.41, -76.51],
        [None] * 8,
        [1, "202400000006267", "Dos", "Pance", None, None, None, None],
        above=3,
        first_sheets=["Lea esto"],
    )

    file, rejects = read(tmp_path, "obras.xlsx", data)

    assert file.rows.get_column("nombre_up").to_list() == ["Uno", "Dos"]
    assert file.rows.get_column("fila").to_list() == [5, 7]
    assert file.rows.get_column("bpin_declarado").to_list() == ["2024760010333", "202400000006267"]
    assert file.rows.schema == TEXT_SCHEMA
    assert len(rejects) == 0


def test_numbers_of_a_json_file_stay_as_they_are_written(tmp_path):
    data = (
        b'[{"nombre_up": "Uno", "bpin": 2024760010333, "presupuesto_base": 576702878.10, "estado": null,'
        b' "avance_obra": 100.0, "centros_gravedad": false}, "roto", {"nombre_up": "Dos", "bpin": null}]'
    )

    file, rejects = read(tmp_path, "unidades.json", data)

    assert file.rows.get_column("presupuesto").to_list() == ["576702878.10", None]
    assert file.rows.get_column("bpin_declarado").to_list() == ["2024760010333", None]
    assert file.rows.get_column("fila").to_list() == [1, 3]
    assert rejects.frame().select("fila", "valor_crudo").rows() == [(2, "roto")]


def test_a_geojson_file_is_a_list_of_records_too(tmp_path):
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [-76.51, 3.41, 1000.5]},
        "properties": {"nombre_up": "Uno", "bpin": None, "estado": None, "avance_obra": 3, "presupuesto_base": 1},
    }

    file, rejects = read(
        tmp_path, "u.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    )
    placed = located(file, rejects)

    assert placed.select("lon", "lat", "territorio_calculado").rows() == [(-76.51, 3.41, "COMUNA 01")]


def test_a_layer_gives_lines_without_z_and_their_attributes_with_accents(tmp_path):
    data = layer(([(-76.51, 3.41), (-76.51, 3.42)], ("CALLE 1", 2024, 2023760010180, " $ 1.234,50", "FINALIZADO")))

    file, rejects = read(tmp_path, "Vias.shp.zip", data)
    placed = located(file, rejects)

    assert file.spelling is Spelling.COLOMBIAN
    assert placed.select("nombre_up", "direccion", "anio", "presupuesto").rows() == [
        ("CALLE 1", "CALLE 1", "2024", " $ 1.234,50")
    ]
    assert json.loads(placed.item(0, "geometria")) == {
        "type": "LineString",
        "coordinates": [[-76.51, 3.41], [-76.51, 3.42]],
    }
    assert 1100 < placed.item(0, "longitud_m") < 1112
    assert placed.item(0, "territorio_calculado") == "COMUNA 01"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("obras.xlsx", b"no workbook"),
        ("obras.xlsx", workbook(header=["a", "b"])),
        ("u.json", b"[{]"),
        ("u.json", b'{"a": 1}'),
        ("u.json", b'[{"a": 1}]'),
        ("u.shp.zip", b"no zip"),
        ("u.docx", b"what"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path, name, data):
    with pytest.raises(UnreadableInput, match=name):
        read(tmp_path, name, data)


def test_the_text_of_a_line_loses_its_z_and_a_turned_point_is_turned_back(tmp_path):
    line = '{"type": "LineString", "coordinates": [[-76.51, 3.41, 0.0], [-76.51, 3.42, 0.0]]}'
    point = '{"type": "Point", "coordinates": [3.41, -76.52]}'

    file, rejects = read(tmp_path, "u.json", records({"geom": line}, {"geom": point}))
    placed = located(file, rejects)

    assert placed.get_column("tipo_geometria").to_list() == ["LineString", "Point"]
    assert placed.select(pl.col("lon", "lat").round(6)).rows() == [(-76.51, 3.415), (-76.52, 3.41)]
    assert placed.item(1, "reparacion") is not None


def test_coordinates_beside_a_broken_geometry_are_used_and_a_broken_one_alone_is_refused(tmp_path):
    cut = '{"type": "Point", "coordinates": [3, 435714, -76, 471659]}'

    file, rejects = read(tmp_path, "u.json", records({"geom": cut, "lat": "3,41", "lon": "-76,52"}, {"geom": cut}))
    placed = located(file, rejects)

    assert placed.select("lon", "lat").row(0) == (-76.52, 3.41)
    assert placed.select("geometria", "motivo_sin_geometria").row(1) == (None, NO_GEOMETRY)
    assert rejects.frame().select("fila", "columna", "valor_crudo").rows() == [(2, "geometria", cut)]


def test_a_place_outside_the_city_keeps_its_coordinates_and_is_not_drawn(tmp_path):
    file, rejects = read(tmp_path, "u.json", records({"lat": "3.22298", "lon": "-76.31417"}))

    placed = located(file, rejects)

    assert placed.select("lat", "lon", "geometria", "motivo_sin_geometria").row(0) == (
        3.22298,
        -76.31417,
        None,
        OUTSIDE,
    )
    assert len(rejects) == 1


def test_geometries_are_written_with_six_decimals(tmp_path):
    file, rejects = read(tmp_path, "u.json", records({"lat": "3.4112345678", "lon": "-76.5198765432"}))

    placed = located(file, rejects)

    assert json.loads(placed.item(0, "geometria"))["coordinates"] == [-76.519877, 3.411235]
    assert placed.item(0, "lat") == 3.4112345678


@pytest.mark.parametrize(
    ("declared", "barrio", "outcome"),
    [
        ("comuna 1", "Otro", (ACCEPTABLE, "COMUNA 01", "Oeste")),
        ("COMUNA 9", "OESTE", (ACCEPTABLE, "COMUNA 01", "Oeste")),
        ("COMUNA 9", "Otro", (OUT_OF_RANGE, "COMUNA 09", "Otro")),
        ("COMUNA 9", None, (OUT_OF_RANGE, "COMUNA 09", "Oeste")),
        ("EXPANSION URBANA", "Otro", (NOT_COMPARED, "COMUNA 01", "Oeste")),
        (None, None, (NOT_COMPARED, "COMUNA 01", "Oeste")),
    ],
)
def test_the_computed_territory_holds_unless_the_declared_one_is_another(tmp_path, declared, barrio, outcome):
    cells = {"lat": "3.41", "lon": "-76.52", "comuna_corregimiento": declared, "barrio_vereda": barrio}

    file, rejects = read(tmp_path, "u.json", records(cells))
    placed = located(file, rejects)

    assert placed.select("fuera_rango", "territorio", "barrio_vereda").row(0) == outcome
    assert placed.select("comuna_corregimiento_declarada", "territorio_calculado").row(0) == (declared, "COMUNA 01")


def test_without_coordinates_the_declared_territory_is_all_there_is(tmp_path):
    file, rejects = read(tmp_path, "u.json", records({"comuna_corregimiento": "COMUNA 08", "barrio_vereda": "Norte"}))

    placed = located(file, rejects)

    assert placed.select("fuera_rango", "territorio", "barrio_vereda").row(0) == (NOT_COMPARED, "COMUNA 08", "Norte")
    assert len(rejects) == 0
