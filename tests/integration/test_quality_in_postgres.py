"""The rules are asked of a warehouse in PostgreSQL as of one in DuckDB, and find the same."""
# ruff: noqa: F811 - fixtures are imported where they are used

from tests.integration.warehouse_subjects import (  # noqa: F401
    load,
    on_postgres,
    places,
    postgres,
    postgres_url,
    transformed,
)
from tests.unit.validation.city_rows import contract
from validation_app import data_quality


def test_validation_finds_the_same_in_either_warehouse(places, on_postgres, monkeypatch):
    transformed(places, contratos_secop=[contract(valor_pagado=901)])
    load(places)
    in_postgres = data_quality.main(source=places.source.value, home=str(places.home))
    monkeypatch.delenv("ETL_WAREHOUSE_URL")
    load(places)

    in_duckdb = data_quality.main(source=places.source.value, home=str(places.home))

    assert in_postgres["broken"] == in_duckdb["broken"]
    assert in_postgres["broken"]["HIGH"] == {"contratos_secop.FI001": 1}
    assert in_postgres["tables"] == in_duckdb["tables"]
    assert in_postgres["centros_gestores"] == in_duckdb["centros_gestores"]
