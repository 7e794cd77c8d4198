"""What every warehouse does with an older cut after a newer one: DuckDB and PostgreSQL are asked the same."""
# ruff: noqa: F811 - fixtures are imported where they are used

from dataclasses import replace
from datetime import date

from etl_kit.settings import Source
from etl_kit.warehouse_duckdb import DuckdbWarehouse
from etl_kit.warehouse_postgres import PostgresWarehouse
from tests.conformance.warehouse_subjects import (  # noqa: F401
    CONTRATOS,
    DAY,
    contratos,
    current_contracts,
    load,
    published,
    query,
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
    other = DuckdbWarehouse(path=tmp_path / "otra.duckdb", source=Source.DEMO)
    if isinstance(warehouse, PostgresWarehouse):
        other = replace(warehouse, source=Source.FILES)

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
