"""Tables as files for other programs: what a map and a spreadsheet get."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from etl_kit.columns import LINEAGE_COLUMNS, Column
from etl_kit.datasets import Dataset
from etl_kit.lineage import with_lineage
from etl_kit.settings import Source
from etl_kit.warehouse_duckdb import DuckdbWarehouse
from load_app import exports
from load_app.data_loading import load
from load_app.exports import export_tables

SITIOS = Dataset(
    name="sitios",
    key=("clave",),
    columns=(
        Column(name="clave", dtype=pl.String, required=True),
        Column(name="valor", dtype=pl.Decimal(20, 2)),
        Column(name="metros", dtype=pl.Float64),
        Column(name="activo", dtype=pl.Boolean),
        Column(name="geometria", dtype=pl.String),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_sitios",
    critical=True,
)
NOTES = Dataset(name="notas", key=("clave",), columns=(SITIOS.columns[0], *LINEAGE_COLUMNS), made_by="t", critical=True)
POINT = '{"type":"Point","coordinates":[-76.53,3.45]}'
NOON = datetime(2025, 4, 1, 12, tzinfo=UTC)


class Frame:
    def __init__(self, frame):
        self.frame = frame

    def large_file(self):
        return None

    def pieces(self):
        yield self.frame


def sitios(*rows):
    columns = {c.name: c.dtype for c in SITIOS.columns[: -len(LINEAGE_COLUMNS)]}
    frame = pl.DataFrame(list(rows), schema=columns, orient="row")
    return SITIOS.conform(with_lineage(frame, fuente="s.csv", fecha_corte=date(2025, 3, 31), run_id="c", now=NOON))


@pytest.fixture
def published(tmp_path, monkeypatch):
    monkeypatch.setenv("ETL_LANG", "en")
    warehouse = DuckdbWarehouse(path=tmp_path / "demo.duckdb", source=Source.DEMO)

    def publish(*rows):
        load(warehouse, [SITIOS, NOTES], {"sitios": Frame(sitios(*rows))}, run_id="c", gate=False)
        with warehouse.reading(made_by="load_data_complete") as connection:
            return export_tables(connection, [SITIOS, NOTES], tmp_path / "publicado")

    return publish


def bytes_of(exported):
    return Path(exported.files["sitios"]["geojson"]).read_bytes()


def features(exported):
    return json.loads(bytes_of(exported), parse_float=Decimal)


def test_every_table_becomes_a_parquet_file_of_its_current_rows(published):
    rows = [("B", Decimal("0.10"), 1.5, True, POINT), ("A", None, None, None, None)]
    published(*rows, ("C", None, None, None, None))

    exported = published(*rows)

    assert set(exported.files) == {"sitios", "notas"}
    frame = pl.read_parquet(exported.files["sitios"]["parquet"])
    assert SITIOS.conform(frame).equals(sitios(*rows))
    assert pl.read_parquet(exported.files["notas"]["parquet"]).is_empty()


def test_a_table_with_a_geometry_becomes_a_feature_collection(published):
    exported = published(("A", Decimal("123456789012345678.91"), 0.1, True, POINT), ("B", Decimal(7), None, None, None))

    found = features(exported)

    assert found["type"] == "FeatureCollection"
    assert [feature["geometry"] for feature in found["features"]] == [
        {"type": "Point", "coordinates": [Decimal("-76.53"), Decimal("3.45")]},
        None,
    ]
    assert found["features"][0]["properties"] == {
        "clave": "A",
        "valor": Decimal("123456789012345678.91"),
        "metros": Decimal("0.1"),
        "activo": True,
        "fuente": "s.csv",
        "fecha_corte": "2025-03-31",
        "run_id": "c",
        "fecha_procesamiento": "2025-04-01T12:00:00.000000Z",
    }
    assert found["features"][1]["properties"]["valor"] == 7
    assert "geojson" not in exported.files["notas"]


def test_a_table_without_rows_is_an_empty_collection(published):
    exported = published()

    found = features(exported)

    assert found == {"type": "FeatureCollection", "name": "sitios", "features": []}


@pytest.mark.parametrize(
    "text", ["", "POINT (1 2)", "[1, 2]", '{"type": "Point"}', '{"type": "Point", "coordinates": [NaN, 1]}', "null"]
)
def test_a_geometry_that_is_no_geojson_is_counted_and_left_out(published, text):
    exported = published(("A", None, None, None, text), ("B", None, None, None, POINT))

    found = features(exported)

    assert [feature["geometry"] is None for feature in found["features"]] == [True, False]
    assert exported.warnings == ["1 geometries of sitios are no GeoJSON; those rows are on no map"]


def test_the_same_rows_give_the_same_text_whatever_their_order(published):
    rows = [(f"S{number:03}", Decimal(number), float("nan"), None, POINT) for number in range(50)]
    before = bytes_of(published(*rows))

    exported = published(*reversed(rows))

    assert bytes_of(exported) == before


def test_an_export_that_fails_leaves_the_last_files_whole(published, monkeypatch, tmp_path):
    first = published(("A", Decimal(1), None, None, POINT))
    before = bytes_of(first)

    def broken(text):
        raise OSError("no room")

    monkeypatch.setattr(exports, "_geometry", broken)
    with pytest.raises(OSError, match="no room"):
        published(("A", Decimal(2), None, None, POINT))

    assert bytes_of(first) == before
    assert list((tmp_path / "publicado").glob(".*")) == []


def test_the_files_are_closed_to_other_users(published, tmp_path):
    published(("A", None, None, None, POINT))

    modes = {file.name: file.stat().st_mode & 0o077 for file in (tmp_path / "publicado").iterdir()}

    assert modes == {"sitios.parquet": 0, "sitios.geojson": 0, "notas.parquet": 0}


def test_no_moment_is_shown_in_a_local_time_zone():
    moment = exports._moment_as_text("TIMESTAMPTZ '2025-04-01 12:00:00+00'")

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'America/Bogota'")
        told = connection.execute(f"SELECT {moment}").fetchone()

    assert told == ("2025-04-01T12:00:00.000000Z",)
