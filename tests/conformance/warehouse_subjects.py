"""The warehouses that the conformance suite asks, and small tables to load into them."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from etl_kit.columns import LINEAGE_COLUMNS, Column
from etl_kit.datasets import Dataset, ForeignKey
from etl_kit.lineage import with_lineage
from etl_kit.settings import Source
from etl_kit.warehouse_duckdb import DuckdbWarehouse
from etl_kit.warehouse_postgres import PostgresWarehouse
from load_app.data_loading import load as load_into

PAGOS = Dataset(
    name="pagos",
    key=("contrato", "dia"),
    columns=(
        Column(name="contrato", dtype=pl.String, required=True),
        Column(name="dia", dtype=pl.Date, required=True),
        Column(name="valor", dtype=pl.Decimal(20, 2)),
        Column(name="nota", dtype=pl.String),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_pagos",
    critical=True,
)
CONTRATOS = Dataset(
    name="contratos",
    key=("id",),
    columns=(
        Column(name="id", dtype=pl.String, required=True),
        Column(name="valor", dtype=pl.Int64),
        Column(name="ultima_actualizacion", dtype=pl.Date),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_contratos",
    critical=True,
    newer_by="ultima_actualizacion",
)
CUOTAS = Dataset(
    name="cuotas",
    key=("contrato", "numero"),
    columns=(
        Column(name="contrato", dtype=pl.String, required=True),
        Column(name="numero", dtype=pl.Int64, required=True),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_cuotas",
    critical=True,
    foreign_keys=(ForeignKey(columns=("contrato",), dataset="contratos", enforced=True),),
)
EVERYTHING = Dataset(
    name="todo",
    key=("clave",),
    columns=(
        Column(name="clave", dtype=pl.String, required=True),
        Column(name="texto", dtype=pl.String),
        Column(name="pesos", dtype=pl.Decimal(20, 2)),
        Column(name="parte", dtype=pl.Decimal(12, 6)),
        Column(name="cuenta", dtype=pl.Int64),
        Column(name="metros", dtype=pl.Float64),
        Column(name="bandera", dtype=pl.Boolean),
        Column(name="fecha", dtype=pl.Date),
        Column(name="select", dtype=pl.String),
        Column(name='con "comillas"', dtype=pl.String),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_todo",
    critical=True,
)
DAY = date(2025, 3, 31)
NOON = datetime(2025, 4, 1, 12, 0, 0, 123456, tzinfo=UTC)


class Frames:
    """Rows as a load takes them, in pieces."""

    def __init__(self, *frames):
        self.frames = frames

    def large_file(self):
        return None

    def pieces(self):
        yield from self.frames


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request, tmp_path, monkeypatch):
    monkeypatch.setenv("ETL_LANG", "en")
    if request.param == "duckdb":
        return DuckdbWarehouse(path=tmp_path / "demo.duckdb", source=Source.DEMO)
    return PostgresWarehouse(
        url=request.getfixturevalue("postgres_url"), source=Source.DEMO, folder=tmp_path / "warehouse"
    )


def rows_of(dataset, *rows, run_id="corrida-1", cut=DAY):
    columns = {c.name: c.dtype for c in dataset.columns[: -len(LINEAGE_COLUMNS)]}
    frame = pl.DataFrame(list(rows), schema=columns, orient="row")
    return dataset.conform(with_lineage(frame, fuente=f"{run_id}.csv", fecha_corte=cut, run_id=run_id, now=NOON))


def pagos(*rows, dataset=PAGOS, **more):
    return rows_of(dataset, *((contract, DAY, *rest) for contract, *rest in rows), **more)


def contratos(*rows, **more):
    return rows_of(CONTRATOS, *rows, **more)


def load(warehouse, *frames, datasets=(PAGOS,), run_id="corrida-1"):
    inputs = {dataset.name: Frames(frame) for dataset, frame in zip(datasets, frames, strict=False)}
    loaded = load_into(warehouse, datasets, inputs, run_id=run_id, gate=False)
    return {name: counts(changes) for name, changes in loaded.changes.items()}, loaded.warnings


def counts(changes):
    return (changes.inserted, changes.updated, changes.unchanged, changes.withdrawn, changes.rows)


def query(warehouse, sql):
    with warehouse.reading(made_by="load_data_complete") as connection:
        return pl.DataFrame(connection.sql(sql)).rows()


def published(warehouse):
    rows = query(warehouse, "SELECT contrato, valor, nota, run_id, retirado_en IS NOT NULL FROM main.pagos ORDER BY 1")
    return {contract: rest for contract, *rest in rows}


def current_contracts(warehouse):
    return query(warehouse, "SELECT id, valor FROM vigentes.contratos ORDER BY id")


def everything(warehouse):
    """All that a load may change, the moments of the log aside."""
    log = "SELECT * EXCLUDE (inicio, fin) FROM main.carga_log ORDER BY ALL"
    return query(warehouse, "SELECT * FROM main.pagos ORDER BY ALL"), query(warehouse, log)
