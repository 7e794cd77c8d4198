"""A file of very many rows, read in place and compared in batches, is loaded as a small one is."""
# ruff: noqa: F811 - fixtures are imported where they are used

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from etl_kit import warehouse_duckdb
from etl_kit.errors import WrongValues
from etl_kit.load_pace import last_paces
from load_app import exports, inputs
from load_app.data_loading import load as load_into
from load_app.inputs import TransformedFile
from tests.conformance.warehouse_subjects import (  # noqa: F401
    CONTRATOS,
    CUOTAS,
    contratos,
    counts,
    query,
    rows_of,
    warehouse,
)
from tests.integration.postgres_server import postgres, postgres_url  # noqa: F401

ROWS = "SELECT id, valor, ultima_actualizacion, run_id, retirado_en IS NULL FROM main.contratos ORDER BY id"
MAY = date(2025, 5, 2)


@pytest.fixture
def large(monkeypatch):
    """Every file counts as large: ten rows in pieces of four and batches of three."""
    monkeypatch.setattr(inputs, "ROWS_COPIED", 0)
    monkeypatch.setattr(inputs, "ROWS_PER_PIECE", 4)
    monkeypatch.setattr(warehouse_duckdb, "ROWS_OF_A_BATCH", 3)


def load(warehouse, folder, *frames, datasets=(CONTRATOS,), run_id="corrida-1"):
    files = {}
    for dataset, frame in zip(datasets, frames, strict=True):
        path = folder / f"{dataset.name}.parquet"
        path.unlink(missing_ok=True)
        frame.write_parquet(path, row_group_size=2)
        files[dataset.name] = TransformedFile(path=path, dataset=dataset)
    loaded = load_into(warehouse, datasets, files, run_id=run_id, gate=False)
    return {name: counts(changes) for name, changes in loaded.changes.items()}, loaded.warnings


def ten(value, *, updated=MAY, first=0, **more):
    return contratos(*((f"C{number}", value + number, updated) for number in range(first, first + 10)), **more)


def test_rows_are_inserted_updated_left_alone_and_withdrawn(warehouse, large, tmp_path):
    first, _ = load(warehouse, tmp_path, ten(100))
    same, _ = load(warehouse, tmp_path, ten(100, run_id="corrida-2"))

    some = ten(100, run_id="corrida-3").head(8).with_columns(pl.col("valor").replace({103: 7, 106: 8}))

    changed, _ = load(warehouse, tmp_path, pl.concat([some, ten(500, first=20)]), run_id="corrida-3")

    assert first == {"contratos": (10, 0, 0, 0, 10)}
    assert same == {"contratos": (0, 0, 10, 0, 10)}
    assert changed == {"contratos": (10, 2, 6, 2, 18)}
    rows = {contract: (value, run, current) for contract, value, _day, run, current in query(warehouse, ROWS)}
    assert (rows["C3"], rows["C6"]) == ((7, "corrida-3", True), (8, "corrida-3", True))
    assert (rows["C4"], rows["C9"]) == ((104, "corrida-1", True), (109, "corrida-1", False))


def test_older_values_stay_out_batch_by_batch(warehouse, large, tmp_path):
    load(warehouse, tmp_path, ten(100, cut=date(2025, 5, 3)))

    changes, warnings = load(warehouse, tmp_path, ten(7, updated=date(2025, 4, 2), cut=date(2025, 5, 4)))

    assert changes == {"contratos": (0, 0, 10, 0, 10)}
    assert warnings == ["10 rows of contratos were older than those published, which stay"]


def test_a_text_that_no_database_keeps_is_taken_out_of_a_large_file_too(warehouse, large, tmp_path):
    frame = rows_of(CONTRATOS, *(("C\x001" if number == 9 else f"C{number}", 1, None) for number in range(3, 13)))

    _, warnings = load(warehouse, tmp_path, frame)

    assert len(warnings) == 1
    assert query(warehouse, "SELECT id FROM vigentes.contratos WHERE id = 'C1'") == [("C1",)]


def test_a_file_that_does_not_fit_is_refused_before_anything_is_published(warehouse, large, tmp_path):
    frame = ten(1).with_columns(pl.when(pl.col("id") != "C9").then(pl.col("id")).alias("id"))

    with pytest.raises(WrongValues):
        load(warehouse, tmp_path, frame)

    assert [path.name for path in Path(tmp_path).glob("*.entrada")] == []


def test_what_points_at_a_large_table_is_loaded_with_it(warehouse, large, tmp_path):
    shares = rows_of(CUOTAS, *((f"C{number}", 1) for number in range(10)))

    changes, _ = load(warehouse, tmp_path, ten(1), shares, datasets=(CONTRATOS, CUOTAS))

    assert changes["cuotas"] == (10, 0, 0, 0, 10)


def test_a_table_too_large_to_be_sorted_is_exported_whole(warehouse, large, tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "ROWS_SORTED", 3)
    load(warehouse, tmp_path, ten(1))

    with warehouse.reading(made_by="load_data_complete") as connection:
        exports.export_tables(connection, [CONTRATOS], tmp_path / "publicado")

    exported = pl.read_parquet(tmp_path / "publicado" / "contratos.parquet")
    assert exported.sort("id").select("id", "valor").rows() == [(f"C{number}", 1 + number) for number in range(10)]


def test_the_log_tells_how_fast_each_table_was_loaded(warehouse, tmp_path):
    load(warehouse, tmp_path, ten(1))
    load(warehouse, tmp_path, ten(1).head(4), run_id="corrida-2")

    with warehouse.reading(made_by="load_data_complete") as connection:
        (pace,) = last_paces(connection)

    assert (pace.table, pace.rows) == ("contratos", 4)
    assert pace.seconds > 0
    assert pace.rows_per_second == round(4 / pace.seconds)
