"""Every warehouse shows a load whole or not at all: DuckDB and PostgreSQL are asked the same."""
# ruff: noqa: F811 - fixtures are imported where they are used

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from etl_kit.errors import MissingInput
from etl_kit.warehouse import OtherSource, WarehouseBusy
from load_app.merging import DanglingReferences
from tests.conformance.warehouse_subjects import (  # noqa: F401
    CONTRATOS,
    CUOTAS,
    DAY,
    PAGOS,
    Frames,
    contratos,
    current_contracts,
    everything,
    load,
    load_into,
    pagos,
    published,
    query,
    rows_of,
    warehouse,
)
from tests.integration.postgres_server import postgres, postgres_url  # noqa: F401


@pytest.mark.parametrize("indexed", [True, False])
def test_a_fault_in_the_last_table_leaves_every_table_as_it_was(warehouse, indexed):
    links = tuple(replace(link, indexed=indexed) for link in CUOTAS.foreign_keys)
    both = [CONTRATOS, replace(CUOTAS, foreign_keys=links)]
    load(warehouse, contratos(("A", 1, DAY)), rows_of(CUOTAS, ("A", 1)), datasets=both)

    with pytest.raises(DanglingReferences, match=r"cuotas\.contrato .*contratos.*'Z'"):
        load(warehouse, contratos(("A", 99, DAY), ("B", 2, DAY)), rows_of(CUOTAS, ("Z", 1)), datasets=both)

    assert current_contracts(warehouse) == [("A", 1)]
    assert query(warehouse, "SELECT contrato, numero FROM vigentes.cuotas") == [("A", 1)]
    assert query(warehouse, "SELECT count(*) FROM main.carga_log") == [(2,)]


def test_an_error_in_the_middle_of_a_load_takes_all_of_it_back(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))
    before = everything(warehouse)

    def broken():
        yield pagos(("A", Decimal(99), None), ("B", Decimal(1), None))
        raise RuntimeError("half way")

    inputs = {"pagos": Frames()}
    inputs["pagos"].pieces = broken
    with pytest.raises(RuntimeError, match="half way"):
        load_into(warehouse, [PAGOS], inputs, run_id="c", gate=False)

    assert everything(warehouse) == before


def test_nothing_loaded_yet_names_the_task_that_loads(warehouse):
    with pytest.raises(MissingInput, match="etl run --tasks load_data_complete"):
        query(warehouse, "SELECT 1")

    with pytest.raises(MissingInput, match="etl run --tasks load_data_complete"):
        warehouse.read_table(PAGOS, made_by="load_data_complete")


def test_a_table_that_is_not_there_yet_names_the_task_that_loads(warehouse):
    load(warehouse)

    with pytest.raises(MissingInput, match="etl run --tasks load_data_complete"):
        warehouse.read_table(CONTRATOS, made_by="load_data_complete")


def test_a_reader_sees_the_old_rows_until_a_load_ends(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))

    with warehouse.publishing() as publication:
        table = publication.dialect.table_of("pagos")
        publication.execute(f"UPDATE {table} SET valor = 99")
        during = published(warehouse)

    assert during["A"][0] == Decimal(10)
    assert published(warehouse)["A"][0] == Decimal(99)


def test_a_load_refuses_while_another_one_runs(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))

    with (
        warehouse.publishing(),
        pytest.raises(WarehouseBusy, match="pid"),
        warehouse.publishing(patience=timedelta(milliseconds=100)),
    ):
        pass

    assert load(warehouse, pagos(("A", Decimal(10), None)))[0] == {"pagos": (0, 0, 1, 0, 1)}


def test_two_loads_at_once_both_succeed_one_after_the_other(warehouse):
    results = []

    def one():
        results.append(load(warehouse, pagos(("A", Decimal(10), None)))[0]["pagos"])

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(results) == [(0, 0, 1, 0, 1), (1, 0, 0, 0, 1)]


def test_another_sources_data_is_refused_by_name(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))
    with warehouse.publishing() as publication:
        publication.execute(f"UPDATE {publication.dialect.table_of('almacen')} SET fuente = 'portal'")

    with pytest.raises(OtherSource, match=r"'portal'.*'demo'"):
        load(warehouse, pagos())

    with pytest.raises(OtherSource):
        query(warehouse, "SELECT 1")


def test_the_primary_key_and_the_foreign_key_are_the_databases_own(warehouse):
    load(warehouse, contratos(("A", 1, DAY)), rows_of(CUOTAS, ("A", 1)), datasets=[CONTRATOS, CUOTAS])

    with warehouse.publishing() as publication:
        dialect = publication.dialect
        contracts, dues, none = (dialect.table_of(name) for name in ("contratos", "cuotas", "nada"))
        shapes = publication.shapes_of([contracts, dues, none])

    assert set(shapes) == {contracts, dues}
    assert shapes[contracts].key == ("id",)
    assert shapes[dues].key == ("contrato", "numero")
    assert shapes[contracts].points_at == frozenset()
    assert shapes[dues].points_at == {(("contrato",), "contratos")}
