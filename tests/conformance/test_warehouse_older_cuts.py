"""What every warehouse does with an older cut after a newer one: DuckDB and PostgreSQL are asked the same."""
# ruff: noqa: F811 - fixtures are imported where they are used

from dataclasses import replace
from datetime import date

import polars as pl

from etl_kit.columns import Column
from etl_kit.settings import Source
from etl_kit.warehouse_duckdb import DuckdbWarehouse
from etl_kit.warehouse_postgres import PostgresWarehouse
from tests.conformance.warehouse_subjects import (  # noqa: F401
    CONTRATOS,
    CUOTAS,
    DAY,
    contratos,
    current_contracts,
    load,
    published,
    query,
    rows_of,
    warehouse,
)
from tests.integration.postgres_server import postgres, postgres_url  # noqa: F401


def test_older_values_of_a_contract_never_replace_newer_ones(warehouse):
    newer, older = date(2025, 5, 2), date(2025, 4, 2)
    load(warehouse, contratos(("A", 200, newer), ("B", 7, None), cut=date(2025, 5, 3)), datasets=[CONTRATOS])

    changes, warnings = load(
        warehouse, contratos(("A", 100, older), ("B", 8, None), cut=date(2025, 5, 4)), datasets=[CONTRATOS]
    )

    assert current_contracts(warehouse) == [("A", 200), ("B", 8)]
    assert changes == {"contratos": (0, 1, 1, 0, 2)}
    assert warnings == ["1 rows of contratos were older than those published, which stay"]


def test_two_cuts_of_contracts_give_the_same_current_rows_in_either_order(warehouse, tmp_path):
    march = contratos(("A", 1, date(2025, 3, 1)), ("B", 1, date(2025, 3, 1)), ("G", 1, None), cut=date(2025, 3, 31))
    april = contratos(("A", 2, date(2025, 4, 1)), ("C", 1, date(2025, 4, 1)), ("G", 2, None), cut=date(2025, 4, 30))
    rows = "SELECT id, valor, ultima_actualizacion, fecha_corte, retirado_en IS NULL FROM main.contratos ORDER BY id"
    load(warehouse, march, datasets=[CONTRATOS])
    load(warehouse, april, datasets=[CONTRATOS])
    in_order = query(warehouse, rows)
    other = another(warehouse, tmp_path)

    load(other, april, datasets=[CONTRATOS])
    load(other, march, datasets=[CONTRATOS])

    assert query(other, rows) == in_order
    assert current_contracts(other) == [("A", 2), ("C", 1), ("G", 2)]


def test_an_older_cut_withdraws_nothing_and_brings_nothing_back(warehouse):
    load(warehouse, contratos(("A", 1, DAY), ("B", 1, DAY), cut=date(2025, 3, 31)), datasets=[CONTRATOS])
    load(warehouse, contratos(("A", 1, DAY), ("C", 1, DAY), cut=date(2025, 4, 30)), datasets=[CONTRATOS])

    changes, _ = load(warehouse, contratos(("B", 1, DAY), cut=date(2025, 3, 31)), datasets=[CONTRATOS])

    assert changes == {"contratos": (0, 0, 1, 0, 2)}
    assert current_contracts(warehouse) == [("A", 1), ("C", 1)]


def test_a_row_without_a_date_is_older_than_one_with_a_date_in_either_order(warehouse, tmp_path):
    march = contratos(("A", 1, date(2025, 3, 1)), ("B", 1, None), cut=date(2025, 3, 31))
    april = contratos(("A", 2, None), ("B", 2, date(2025, 2, 1)), cut=date(2025, 4, 30))
    load(warehouse, march, datasets=[CONTRATOS])
    load(warehouse, april, datasets=[CONTRATOS])
    in_order = current_contracts(warehouse)
    other = another(warehouse, tmp_path)

    load(other, april, datasets=[CONTRATOS])
    load(other, march, datasets=[CONTRATOS])

    assert current_contracts(other) == in_order == [("A", 1), ("B", 2)]


def test_a_late_cut_does_not_undo_what_stayed_as_it_was(warehouse):
    march, april, may = (date(2025, month, 28) for month in (3, 4, 5))
    load(warehouse, contratos(("A", 1, DAY), cut=march), datasets=[CONTRATOS])
    load(warehouse, contratos(("A", 1, DAY), cut=may), datasets=[CONTRATOS])

    load(warehouse, contratos(("A", 2, DAY), cut=april), datasets=[CONTRATOS])

    assert current_contracts(warehouse) == [("A", 1)]


def test_where_rows_bear_no_date_the_cut_decides_in_either_order(warehouse, tmp_path):
    march = (
        contratos(("A", 1, None), cut=date(2025, 3, 31)),
        shares(("A", 1, "x"), ("A", 2, "x"), cut=date(2025, 3, 31)),
    )
    april = (
        contratos(("A", 1, None), cut=date(2025, 4, 30)),
        shares(("A", 1, "y"), ("A", 3, "y"), cut=date(2025, 4, 30)),
    )
    which = [CONTRATOS, CUOTAS_DE_UN_CORTE]
    load(warehouse, *march, datasets=which)
    load(warehouse, *april, datasets=which)
    in_order = query(warehouse, SHARES)
    other = another(warehouse, tmp_path)

    load(other, *april, datasets=which)
    changes, _ = load(other, *march, datasets=which)

    assert query(other, SHARES) == in_order == [(1, "y", True), (2, "x", False), (3, "y", True)]
    assert changes["cuotas"] == (1, 0, 1, 0, 2)


def test_an_older_cut_that_has_no_share_at_all_takes_none_away(warehouse):
    which = [CONTRATOS, CUOTAS_DE_UN_CORTE]
    later = contratos(("A", 1, None), cut=date(2025, 4, 30)), shares(("A", 1, "y"), cut=date(2025, 4, 30))
    load(warehouse, *later, datasets=which)

    load(warehouse, contratos(("A", 1, None), cut=date(2025, 3, 31)), shares(), datasets=which)

    assert query(warehouse, SHARES) == [(1, "y", True)]


SHARES = "SELECT numero, nota, retirado_en IS NULL FROM main.cuotas ORDER BY numero"
CUOTAS_DE_UN_CORTE = replace(
    CUOTAS,
    columns=(*CUOTAS.columns[:2], Column(name="nota", dtype=pl.String), *CUOTAS.columns[2:]),
    newer_by="fecha_corte",
)


def shares(*rows, **more):
    return rows_of(CUOTAS_DE_UN_CORTE, *rows, **more)


def another(warehouse, folder):
    if isinstance(warehouse, PostgresWarehouse):
        return replace(warehouse, source=Source.FILES)
    return DuckdbWarehouse(path=folder / "otra.duckdb", source=Source.DEMO)
