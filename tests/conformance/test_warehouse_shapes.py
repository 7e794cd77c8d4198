"""What every warehouse does with tables whose dataset changed: DuckDB and PostgreSQL are asked the same."""
# ruff: noqa: F811 - fixtures are imported where they are used

from dataclasses import replace
from decimal import Decimal

import polars as pl

from etl_kit.columns import LINEAGE_COLUMNS, Column
from tests.conformance.warehouse_subjects import (  # noqa: F401
    CONTRATOS,
    CUOTAS,
    DAY,
    PAGOS,
    contratos,
    load,
    pagos,
    query,
    rows_of,
    warehouse,
)
from tests.integration.postgres_server import postgres, postgres_url  # noqa: F401


def test_a_dataset_that_gained_a_column_keeps_its_rows_and_is_updated(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None), ("B", Decimal(20), None)))
    wider = (*PAGOS.columns[:-4], Column(name="banco", dtype=pl.String), *LINEAGE_COLUMNS)
    later = replace(PAGOS, columns=wider)

    changes, warnings = load(warehouse, pagos(("A", Decimal(10), None, "BBVA"), dataset=later), datasets=[later])

    assert changes == {"pagos": (0, 1, 0, 1, 1)}
    assert query(warehouse, "SELECT contrato, banco FROM main.pagos ORDER BY 1") == [("A", "BBVA"), ("B", None)]
    assert query(warehouse, "SELECT contrato, banco FROM vigentes.pagos") == [("A", "BBVA")]
    assert "pagos" in warnings[0]


def test_a_column_of_a_new_type_keeps_the_values_that_fit_it(warehouse):
    load(warehouse, pagos(("A", Decimal(10), "7"), ("B", Decimal(20), "siete"), ("C", None, None)))
    columns = (*PAGOS.columns[:3], Column(name="nota", dtype=pl.Int64), *LINEAGE_COLUMNS)
    later = replace(PAGOS, columns=columns)

    load(warehouse, pagos(("C", None, 3), dataset=later), datasets=[later])

    found = query(warehouse, "SELECT contrato, nota FROM main.pagos ORDER BY 1")
    assert found == [("A", 7), ("B", None), ("C", 3)]


def test_a_dataset_with_a_new_key_is_filled_afresh_and_says_so(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))
    later = replace(PAGOS, key=("contrato",))

    changes, warnings = load(warehouse, pagos(("A", Decimal(10), None), dataset=later), datasets=[later])

    assert changes == {"pagos": (1, 0, 0, 0, 1)}
    assert len(warnings) == 1


def test_a_table_that_others_point_at_gets_new_columns_and_all_rows_are_kept(warehouse):
    load(warehouse, contratos(("A", 1, DAY)), rows_of(CUOTAS, ("A", 1)), datasets=[CONTRATOS, CUOTAS])
    wider = (*CONTRATOS.columns[:-4], Column(name="banco", dtype=pl.String), *LINEAGE_COLUMNS)
    later = replace(CONTRATOS, columns=wider)

    load(warehouse, rows_of(later, ("A", 1, DAY, "BBVA")), datasets=[later, CUOTAS])

    assert query(warehouse, "SELECT id, banco FROM vigentes.contratos") == [("A", "BBVA")]
    assert query(warehouse, "SELECT contrato, numero FROM vigentes.cuotas") == [("A", 1)]
