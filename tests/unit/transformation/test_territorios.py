"""Basemaps become tables of territories and of barrios and veredas, with outlines for maps."""

import hashlib
import json
from datetime import date

import polars as pl
import pytest
import shapely

from etl_kit.errors import MissingInput
from tests.unit.etl_kit.layers import city_layers, layer_parts, original_of
from transformation_app import data_transformation_territorios as transform


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the transform on layers that a function leaves in the folder it is given."""
    folder = tmp_path / "data" / "raw" / "files" / "basemaps"
    folder.mkdir(parents=True)
    monkeypatch.setenv("ETL_SOURCE_FOLDER", str(tmp_path))

    def run(make):
        register = [
            {
                "nombre": layer.name,
                "archivo": layer.path.name,
                "sha256": hashlib.sha256(layer.path.read_bytes()).hexdigest(),
                "reemplazado": False,
                "retrieved_at": "2025-09-01T02:00:00+00:00",
            }
            for layer in make(folder)
        ]
        (folder / "registro.json").write_text(json.dumps(register), encoding="utf-8")
        account = transform.main(source="files", home=str(tmp_path))
        tables = tmp_path / "data" / "transformed" / "files"
        return {
            "account": account,
            "territories": pl.read_parquet(tables / "territorios.parquet"),
            "parts": pl.read_parquet(tables / "barrios_veredas.parquet"),
        }

    return run


def test_each_territory_has_its_label_its_kind_and_its_code(run):
    city = run(city_layers)

    assert city["territories"].select("codigo", "territorio", "tipo_territorio").rows() == [
        ("01", "COMUNA 01", "comuna"),
        ("08", "COMUNA 08", "comuna"),
        ("54", "La Buitrera", "corregimiento"),
    ]
    assert city["account"]["warnings"] == []


def test_each_part_knows_the_territory_it_belongs_to_and_has_its_letters_back(run):
    city = run(city_layers)

    columns = ("codigo", "barrio_vereda", "tipo", "codigo_territorio", "territorio")
    assert city["parts"].select(columns).rows() == [
        ("0101", "Oeste", "barrio", "01", "COMUNA 01"),
        ("0102", "Este", "barrio", "01", "COMUNA 01"),
        ("0801", "Urbanización Baja", "barrio", "08", "COMUNA 08"),
        ("0802", "Caña", "barrio", "08", "COMUNA 08"),
        ("5401", "El Otoño", "vereda", "54", "La Buitrera"),
    ]


def test_outlines_are_geojson_in_degrees_and_areas_square_kilometres(run):
    territories = run(city_layers)["territories"]

    outlines = shapely.from_geojson(territories.get_column("geometria").to_list())

    assert shapely.bounds(outlines[0]) == pytest.approx((-76.54, 3.40, -76.52, 3.44), abs=1e-4)
    assert territories.get_column("area_km2").item(0) == pytest.approx(9.83, abs=0.05)


def test_rows_tell_their_layer_by_the_name_it_came_with_and_the_day_it_was_received_in_colombia(run):
    city = run(city_layers)

    veredas = city["parts"].filter(pl.col("tipo") == "vereda")
    assert veredas.select("fuente", "fecha_corte").rows() == [("Veredas.shp.zip", date(2025, 8, 31))]


def test_a_name_whose_letters_nobody_knows_is_told_of(run):
    def make(folder):
        layers = [each for each in city_layers(folder) if not each.name.startswith("barrios")]
        fields = [("id_barrio", "C", 4), ("barrio", "C", 41)]
        return [
            *layers,
            original_of(
                folder, "barrios", layer_parts(fields, [((-76.53, 3.4, -76.52, 3.44), ("0102", "Qu\ufffdrx"))])
            ),
        ]

    city = run(make)

    assert len(city["account"]["warnings"]) == 1
    assert "Qu\ufffdrx" in city["account"]["warnings"][0]


def test_no_basemaps_give_empty_tables_and_a_warning_but_some_without_others_an_error(run):
    city = run(lambda _folder: [])

    assert (city["territories"].height, city["parts"].height, len(city["account"]["warnings"])) == (0, 0, 1)
    with pytest.raises(MissingInput, match="corregimientos"):
        run(lambda folder: city_layers(folder)[:1])
