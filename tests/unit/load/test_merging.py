"""Staged rows meet published rows: what is new, changed, equal, gone and back."""

from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import polars as pl
import pytest

from etl_kit.columns import LINEAGE_COLUMNS, Column
from etl_kit.datasets import Dataset
from etl_kit.lineage import with_lineage
from load_app.merging import merge_all
from load_app.staging import stage

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
DAY = date(2025, 3, 31)
NOON = datetime(2025, 4, 1, 12, tzinfo=UTC)
LATER = datetime(2025, 4, 2, 12, tzinfo=UTC)


@pytest.fixture
def warehouse():
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    yield connection
    connection.close()


def pagos(*rows, run_id="corrida-1", cut=DAY, dataset=PAGOS):
    columns = {c.name: c.dtype for c in dataset.columns[: -len(LINEAGE_COLUMNS)]}
    frame = pl.DataFrame([(contract, DAY, *rest) for contract, *rest in rows], schema=columns, orient="row")
    return dataset.conform(with_lineage(frame, fuente=f"{run_id}.csv", fecha_corte=cut, run_id=run_id, now=NOON))


def load(connection, frame, *, dataset=PAGOS, at=NOON, run_id="corrida-1"):
    warnings = stage(connection, [dataset], {} if frame is None else {dataset.name: frame})
    merged = [] if frame is None else [dataset]
    changes = merge_all(connection, merged, run_id=run_id, clock=lambda: at)
    return changes.get(dataset.name), warnings


def published(connection):
    rows = connection.execute(
        "SELECT contrato, valor, nota, run_id, retirado_en IS NOT NULL FROM main.pagos ORDER BY contrato"
    ).fetchall()
    return {contract: rest for contract, *rest in rows}


def counts(changes):
    return (changes.inserted, changes.updated, changes.unchanged, changes.withdrawn, changes.rows)


def test_the_first_load_inserts_every_row(warehouse):
    frame = pagos(("A", Decimal("10.50"), None), ("B", None, "x"))

    changes, _ = load(warehouse, frame)

    assert counts(changes) == (2, 0, 0, 0, 2)
    assert published(warehouse) == {
        "A": [Decimal("10.50"), None, "corrida-1", False],
        "B": [None, "x", "corrida-1", False],
    }


def test_an_equal_row_is_unchanged_and_keeps_the_lineage_of_its_last_change(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))

    changes, _ = load(warehouse, pagos(("A", Decimal(10), None), run_id="corrida-2", cut=date(2025, 4, 30)))

    assert counts(changes) == (0, 0, 1, 0, 1)
    assert published(warehouse)["A"] == [Decimal(10), None, "corrida-1", False]


@pytest.mark.parametrize("after", [(Decimal("10.01"), None), (None, None), (Decimal(10), "nota")])
def test_a_changed_value_updates_the_row_and_its_lineage_even_from_or_to_null(warehouse, after):
    load(warehouse, pagos(("A", Decimal(10), None)))

    changes, _ = load(warehouse, pagos(("A", *after), run_id="corrida-2"))

    assert counts(changes) == (0, 1, 0, 0, 1)
    assert published(warehouse)["A"] == [*after, "corrida-2", False]


def test_a_row_that_is_gone_is_marked_and_not_deleted(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None), ("B", Decimal(20), None)))

    changes, _ = load(warehouse, pagos(("A", Decimal(10), None)), at=LATER)

    assert counts(changes) == (0, 0, 1, 1, 1)
    assert published(warehouse)["B"] == [Decimal(20), None, "corrida-1", True]
    assert warehouse.execute("SELECT contrato FROM vigentes.pagos").fetchall() == [("A",)]


def test_a_withdrawn_row_keeps_the_moment_it_was_first_missed(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None), ("B", Decimal(20), None)))
    load(warehouse, pagos(("A", Decimal(10), None)), at=NOON)

    changes, _ = load(warehouse, pagos(("A", Decimal(10), None)), at=LATER)

    (moment,) = warehouse.execute("SELECT epoch(retirado_en) FROM pagos WHERE contrato = 'B'").fetchone()
    assert changes.withdrawn == 0
    assert moment == NOON.timestamp()


def test_a_row_that_comes_back_is_current_again_and_counts_as_updated(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))
    load(warehouse, pagos())

    changes, _ = load(warehouse, pagos(("A", Decimal(10), None), run_id="corrida-3"))

    assert counts(changes) == (0, 1, 0, 0, 1)
    assert published(warehouse)["A"] == [Decimal(10), None, "corrida-3", False]


def test_a_table_without_a_file_stays_as_it_was(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))

    changes, _ = load(warehouse, None)

    assert changes is None
    assert published(warehouse) == {"A": [Decimal(10), None, "corrida-1", False]}


def test_a_table_that_never_had_a_file_is_there_and_empty(warehouse):
    load(warehouse, None)

    rows = warehouse.execute("SELECT * FROM vigentes.pagos").fetchall()

    assert rows == []


def test_columns_have_the_types_of_the_dataset_and_the_key_is_the_primary_key(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))

    described = warehouse.execute("DESCRIBE main.pagos").fetchall()

    assert {name: (dtype, key) for name, dtype, _null, key, *_ in described} == {
        "contrato": ("VARCHAR", "PRI"),
        "dia": ("DATE", "PRI"),
        "valor": ("DECIMAL(20,2)", None),
        "nota": ("VARCHAR", None),
        "fuente": ("VARCHAR", None),
        "fecha_corte": ("DATE", None),
        "run_id": ("VARCHAR", None),
        "fecha_procesamiento": ("TIMESTAMP WITH TIME ZONE", None),
        "retirado_en": ("TIMESTAMP WITH TIME ZONE", None),
    }


def test_a_dataset_that_gained_a_column_keeps_its_rows_and_is_updated(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None), ("B", Decimal(20), None)))
    lineage = PAGOS.columns[-len(LINEAGE_COLUMNS) :]
    wider = (*PAGOS.columns[: -len(lineage)], Column(name="banco", dtype=pl.String), *lineage)
    later = Dataset(name="pagos", key=PAGOS.key, columns=wider, made_by="transform_pagos", critical=True)

    changes, warnings = load(warehouse, pagos(("A", Decimal(10), None, "BBVA"), dataset=later), dataset=later)

    assert counts(changes) == (0, 1, 0, 1, 1)
    assert warehouse.execute("SELECT contrato, banco FROM pagos ORDER BY ALL").fetchall() == [
        ("A", "BBVA"),
        ("B", None),
    ]
    assert "pagos" in warnings[0]


def test_a_dataset_with_a_new_key_is_filled_afresh_and_says_so(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))
    later = Dataset(name="pagos", key=("contrato",), columns=PAGOS.columns, made_by="t", critical=True)

    changes, warnings = load(warehouse, pagos(("A", Decimal(10), None), dataset=later), dataset=later)

    assert counts(changes) == (1, 0, 0, 0, 1)
    assert len(warnings) == 1


def test_every_load_is_written_into_the_load_log(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))

    load(warehouse, pagos(("A", Decimal(11), None), ("B", None, None), run_id="corrida-2"), run_id="corrida-2")

    log = warehouse.execute(
        "SELECT run_id, insertados, actualizados, sin_cambio, retirados, filas, fuente, fecha_corte FROM carga_log"
    ).fetchall()
    assert log == [
        ("corrida-1", 1, 0, 0, 0, 1, "corrida-1.csv", DAY),
        ("corrida-2", 1, 1, 0, 0, 2, "corrida-2.csv", DAY),
    ]


def test_a_fault_in_the_last_table_leaves_every_table_as_it_was(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))
    stage(warehouse, [PAGOS], {"pagos": pagos(("A", Decimal(99), None))})
    unknown = Dataset(name="fantasma", key=PAGOS.key, columns=PAGOS.columns, made_by="t", critical=True)

    with pytest.raises(duckdb.CatalogException):
        merge_all(warehouse, [PAGOS, unknown], run_id="corrida-2", clock=lambda: NOON)

    assert published(warehouse)["A"][0] == Decimal(10)
    assert warehouse.execute("SELECT count(*) FROM carga_log").fetchone() == (1,)
