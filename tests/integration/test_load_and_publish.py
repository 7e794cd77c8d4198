"""Loading into a real DuckDB file: published whole, never mixed, never half."""
# ruff: noqa: F811 - fixtures are imported where they are used

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import duckdb
import pytest

from etl_kit.errors import MissingInput
from etl_kit.places import Places
from etl_kit.settings import Source
from etl_kit.warehouse import OtherSource, WarehouseBusy, WarehouseUnreadable, publishing, reading
from load_app.gate import QualityGateFailed
from tests.integration.warehouse_subjects import (  # noqa: F401
    WAIT,
    home_in_duckdb,
    load,
    loaded,
    places,
    start,
    transformed,
)
from tests.unit.validation.city_rows import budget_line, contract
from tests.yardstick import yardstick


def query(path, sql):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def values_of(places):
    return query(places.warehouse, "SELECT id_contrato, valor_contrato FROM vigentes.contratos_secop ORDER BY ALL")


def leftovers(places):
    return sorted(p.name for p in places.warehouse.parent.iterdir() if "borrador" in p.name)


def test_a_second_load_of_the_same_files_changes_no_row(places):
    transformed(places)
    first = load(places)
    before = query(places.warehouse, "SELECT * EXCLUDE (fecha_procesamiento, retirado_en) FROM contratos_secop")

    second = load(places)

    assert all(table["insertados"] == table["filas"] for table in first["tables"].values())
    assert all(table["sin_cambio"] == table["filas"] for table in second["tables"].values())
    assert first["rows"] == second["rows"] == sum(table["filas"] for table in second["tables"].values())
    assert query(places.warehouse, "SELECT * EXCLUDE (fecha_procesamiento, retirado_en) FROM contratos_secop") == before


def test_changed_new_and_missing_rows_are_counted_and_published(places):
    transformed(places, contratos_secop=[contract(), contract(id_contrato="CO1.PCCNTR.2")])
    load(places)
    transformed(places, contratos_secop=[contract(valor_contrato=950), contract(id_contrato="CO1.PCCNTR.3")])

    outcome = load(places)

    assert outcome["tables"]["contratos_secop"] == {
        "insertados": 1,
        "actualizados": 1,
        "sin_cambio": 0,
        "retirados": 1,
        "filas": 2,
        "cut": "2025-04-30",
    }
    assert values_of(places) == [("CO1.PCCNTR.1", 950), ("CO1.PCCNTR.3", 900)]


def test_a_missing_critical_file_fails_the_load_and_names_the_command_that_makes_it(places, loaded):
    places.transformed("contratos_secop").unlink()

    with pytest.raises(MissingInput, match="etl run --tasks transform_contratos_secop"):
        load(places)

    assert values_of(places) == [("CO1.PCCNTR.1", 900)]


def test_a_missing_file_that_is_not_critical_leaves_its_table_and_is_a_warning(places, loaded):
    places.transformed("ejecucion_detalle").unlink()

    outcome = load(places)

    assert "ejecucion_detalle" not in outcome["tables"]
    assert "ejecucion_detalle" in outcome["warnings"][0]
    assert query(places.warehouse, "SELECT count(*) FROM vigentes.ejecucion_detalle") == [(1,)]


def test_the_published_file_is_closed_to_others_and_holds_no_staging_tables(places):
    transformed(places)

    load(places)

    schemas = query(places.warehouse, "SELECT schema_name FROM duckdb_schemas() WHERE NOT internal ORDER BY ALL")
    assert [file.name for file in places.warehouse.parent.iterdir() if file.stat().st_mode & 0o077] == []
    assert schemas == [("vigentes",)]
    assert leftovers(places) == []


def test_a_reader_keeps_what_it_opened_while_a_load_publishes(places, loaded, start):
    transformed(places, contratos_secop=[contract(valor_contrato=950)])
    opened = places.warehouse.stat().st_ino
    old = start(READER, places.warehouse, stdin=subprocess.PIPE)
    assert old.stdout.readline() == "open\n"

    load(places)

    answer, _ = old.communicate("go\n", timeout=WAIT)
    assert answer == "900.00\n"
    assert places.warehouse.stat().st_ino != opened  # replaced whole, not written over
    assert values_of(places) == [("CO1.PCCNTR.1", 950)]


READER = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print("open", flush=True)
    sys.stdin.readline()
    print(connection.execute("SELECT valor_contrato FROM vigentes.contratos_secop").fetchone()[0])
"""

# Runs a load that stops at a named function and waits there to be killed.
STOPPED_LOAD = """
import sys, time
import importlib
home, module, function = sys.argv[1:]
target = importlib.import_module(module)
real = getattr(target, function)
def stop(*args, **kwargs):
    if module != "etl_kit.warehouse":
        real(*args, **kwargs)
    print("stopped", flush=True)
    time.sleep(60)
setattr(target, function, stop)
from load_app import data_loading
data_loading.main(source="demo", home=home)
"""


def stopped_load(start, places, module, function):
    child = start(STOPPED_LOAD, places.home, module, function)
    assert child.stdout.readline() == "stopped\n"
    return child


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    ("module", "function"),
    [
        ("load_app.data_loading", "stage"),
        ("load_app.data_loading", "merge_all"),
        ("etl_kit.warehouse", "_put_in_place"),
    ],
)
def test_a_load_killed_in_the_middle_leaves_the_old_warehouse_and_the_next_one_cleans_up(
    places, loaded, start, module, function
):
    before = places.warehouse.read_bytes()
    transformed(places, contratos_secop=[contract(valor_contrato=950)])
    child = stopped_load(start, places, module, function)

    os.kill(child.pid, signal.SIGKILL)
    child.wait(timeout=WAIT)

    assert leftovers(places) != []
    assert places.warehouse.read_bytes() == before
    assert values_of(places) == [("CO1.PCCNTR.1", 900)]
    load(places)
    assert values_of(places) == [("CO1.PCCNTR.1", 950)]
    assert leftovers(places) == []


def test_what_a_killed_first_load_left_beside_is_not_taken_for_a_warehouse(places):
    transformed(places)
    draft = places.warehouse.with_name("demo.borrador.duckdb")
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b"half a database")
    draft.with_name(f"{draft.name}.wal").write_bytes(b"half a journal")

    load(places)

    assert values_of(places) == [("CO1.PCCNTR.1", 900)]
    assert leftovers(places) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_load_refuses_by_name_while_another_one_runs_and_goes_on_once_that_one_is_dead(places, start):
    transformed(places)
    child = stopped_load(start, places, "load_app.data_loading", "merge_all")

    with (
        pytest.raises(WarehouseBusy, match=f"pid {child.pid}"),
        publishing(places.warehouse, source=places.source, patience=timedelta(milliseconds=200)),
    ):
        pass

    child.kill()
    child.wait(timeout=WAIT)
    assert load(places)["status"] == "success"


def test_two_loads_at_once_both_succeed_one_after_the_other(places, start):
    transformed(places)
    script = "import sys; from load_app import data_loading; data_loading.main(source='demo', home=sys.argv[1])"

    loads = [start(script, places.home) for _ in range(2)]

    assert [child.wait(timeout=60) for child in loads] == [0, 0]
    log = query(places.warehouse, "SELECT insertados, sin_cambio FROM carga_log WHERE tabla = 'contratos_secop'")
    assert sorted(log) == [(0, 1), (1, 0)]


def test_a_program_that_holds_the_warehouse_open_for_writing_is_named_and_nothing_is_lost(places, loaded, start):
    script = "import sys, duckdb, time; c = duckdb.connect(sys.argv[1]); print('open', flush=True); time.sleep(60)"
    other = start(script, places.warehouse)
    assert other.stdout.readline() == "open\n"

    with pytest.raises(WarehouseBusy, match=rf"demo\.duckdb.*pid {other.pid}"):
        load(places)

    other.kill()
    other.wait(timeout=WAIT)
    assert values_of(places) == [("CO1.PCCNTR.1", 900)]


def test_invented_and_real_data_have_files_of_their_own(places):
    real = Places(home=places.home, source=Source.PORTAL)
    transformed(places, contratos_secop=[contract(valor_contrato=1)])
    transformed(real)

    load(places)
    load(real)

    assert (values_of(places), values_of(real)) == ([("CO1.PCCNTR.1", 1)], [("CO1.PCCNTR.1", 900)])
    assert query(places.warehouse, "SELECT fuente, inventado FROM almacen") == [("demo", True)]
    assert query(real.warehouse, "SELECT fuente, inventado FROM almacen") == [("portal", False)]


def test_a_warehouse_of_invented_data_put_in_the_place_of_real_data_is_refused_by_name(places, loaded):
    real = Places(home=places.home, source=Source.PORTAL)
    transformed(real)
    places.warehouse.rename(real.warehouse)

    with pytest.raises(OtherSource, match=r"portal\.duckdb.*'demo'.*'portal'"):
        load(real)

    with (
        pytest.raises(OtherSource),
        reading(real.warehouse, source=real.source, made_by="load_data_complete"),
    ):
        pass


DAMAGES = {
    "overwritten": lambda content: b"no database" * 1000,
    "emptied": lambda content: b"",
    "cut in half": lambda content: content[: len(content) // 2],
    "head flipped": lambda content: bytes(255 - byte for byte in content[:64]) + content[64:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_warehouse_is_refused_by_name_and_left_alone(places, loaded, damage):
    places.warehouse.write_bytes(DAMAGES[damage](places.warehouse.read_bytes()))
    before = places.warehouse.read_bytes()

    with pytest.raises(WarehouseUnreadable, match=r"demo\.duckdb"):
        load(places)

    assert places.warehouse.read_bytes() == before


def test_a_database_of_somebody_else_is_not_taken_for_a_warehouse(places):
    transformed(places)
    places.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(places.warehouse)) as connection:
        connection.execute("CREATE TABLE suyo AS SELECT 1 AS uno")

    with pytest.raises(WarehouseUnreadable, match=r"demo\.duckdb"):
        load(places)

    assert query(places.warehouse, "SELECT uno FROM suyo") == [(1,)]


def test_a_gate_that_is_met_publishes_and_says_how_many_rules_were_asked(places):
    transformed(places)

    outcome = load(places, gate=True)

    assert outcome["gate"]["asked"] is True
    assert outcome["gate"]["rules"] >= 20
    assert values_of(places) == [("CO1.PCCNTR.1", 900)]


def test_a_gate_that_is_not_met_publishes_nothing_and_keeps_the_failing_rows(places, loaded):
    before = places.warehouse.read_bytes()
    wrong = [budget_line(), budget_line(ordinal=2, ejecucion=601), budget_line(ordinal=3, saldos_cdp=7)]
    transformed(places, ejecucion_detalle=wrong, contratos_secop=[contract(valor_contrato=950)])

    with pytest.raises(QualityGateFailed, match=r"PR002 .*1 .*3.*ejecucion=601(.|\n)*PR003") as refusal:
        load(places, gate=True)

    assert places.warehouse.read_bytes() == before
    assert {finding.rule.rule_id for finding in refusal.value.findings} == {"PR002", "PR003"}
    kept = query(
        places.warehouse.with_name("demo_calidad.duckdb"),
        "SELECT origen, regla, clave ->> 'ordinal', valores ->> 'ejecucion' FROM calidad_filas ORDER BY regla",
    )
    assert kept[0] == ("compuerta", "PR002", "2", "601.00")
    assert load(places)["tables"]["ejecucion_detalle"]["filas"] == 3  # without the gate it is published as it is


def test_a_gate_refuses_an_input_that_would_empty_a_table(places, loaded):
    transformed(places, procesos_secop=[])

    with pytest.raises(QualityGateFailed, match=r"VO002"):
        load(places, gate=True)

    assert query(places.warehouse, "SELECT count(*) FROM vigentes.procesos_secop") == [(1,)]


def test_a_load_of_ten_thousand_lines_takes_seconds(places):
    lines = [budget_line(ordinal=number) for number in range(1, 10_001)]
    transformed(places, ejecucion_detalle=lines)
    began = time.process_time()

    load(places, gate=True)

    took = time.process_time() - began
    assert took < 100 * yardstick()  # some five seconds
