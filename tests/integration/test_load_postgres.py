"""Loading through the task into PostgreSQL."""
# ruff: noqa: F811 - fixtures are imported where they are used

import json
import shutil
import threading
import time
import traceback

import duckdb
import polars as pl
import psycopg
import pytest
from polars.testing import assert_frame_equal

from etl_kit.datasets import WAREHOUSE
from etl_kit.errors import MissingInput
from etl_kit.places import Places
from etl_kit.settings import Source
from etl_kit.warehouse_address import WarehouseRefused, WarehouseUnreachable
from etl_kit.warehouse_choice import open_warehouse, read_table
from load_app import data_loading
from load_app.gate import QualityGateFailed
from tests.integration.postgres_server import postgres, postgres_url, with_user  # noqa: F401
from tests.integration.warehouse_subjects import (  # noqa: F401
    WAIT,
    ask,
    home_in_duckdb,
    home_in_postgres,
    load,
    loaded,
    on_postgres,
    places,
    settings_of,
    transformed,
    values_of,
)
from tests.unit.validation.city_rows import budget_line, contract


def test_the_task_loads_into_the_schema_of_its_source_and_touches_no_file_of_the_warehouse(places, on_postgres):
    transformed(places)

    first, second = load(places), load(places)

    assert all(table["insertados"] == table["filas"] for table in first["tables"].values())
    assert all(table["sin_cambio"] == table["filas"] for table in second["tables"].values())
    assert not places.warehouse.exists()
    assert first["warehouse"].endswith("(etl_demo)")
    assert ask(on_postgres, "SELECT id_contrato, valor_contrato FROM etl_demo.contratos_secop_vigentes") == [
        ("CO1.PCCNTR.1", 900)
    ]


def test_both_databases_give_the_same_frames(places, on_postgres, loaded, home_in_duckdb, monkeypatch):
    of_postgres = {dataset.name: read_table(settings_of(places), dataset.name) for dataset in WAREHOUSE}
    monkeypatch.delenv("ETL_WAREHOUSE_URL")
    shutil.copytree(home_in_duckdb, places.home, dirs_exist_ok=True)

    of_duckdb = {dataset.name: read_table(settings_of(places), dataset.name) for dataset in WAREHOUSE}

    for dataset in WAREHOUSE:
        assert of_duckdb[dataset.name].schema == dataset.empty().schema
        assert_frame_equal(of_postgres[dataset.name], of_duckdb[dataset.name])


def test_columns_have_real_types_and_keys_are_the_databases_own(places, on_postgres, loaded):
    types = dict(
        ask(
            on_postgres,
            "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = 'etl_demo.contratos_secop'::regclass AND attnum > 0",
        )
    )
    keys = ask(
        on_postgres,
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'etl_demo.contrato_bpin'::regclass AND contype IN ('p', 'f') ORDER BY contype",
    )

    wanted = {
        "id_contrato": "text",
        "valor_contrato": "numeric(20,2)",
        "fecha_firma": "date",
        "es_emprestito": "boolean",
        "dias_plazo": "bigint",
        "pct_pagado": "numeric(12,6)",
        "fecha_procesamiento": "timestamp with time zone",
        "retirado_en": "timestamp with time zone",
    }
    assert {name: types[name] for name in wanted} == wanted
    assert [definition for _, definition in keys] == [
        "FOREIGN KEY (id_contrato) REFERENCES etl_demo.contratos_secop(id_contrato)",
        "PRIMARY KEY (id_contrato, bpin)",
    ]


def test_invented_and_real_data_have_schemas_of_their_own(places, on_postgres):
    real = Places(home=places.home, source=Source.PORTAL)
    transformed(places, contratos_secop=[contract(valor_contrato=1)])
    transformed(real)

    load(places)
    load(real)

    assert (values_of(places), values_of(real)) == ([("CO1.PCCNTR.1", 1)], [("CO1.PCCNTR.1", 900)])
    assert ask(on_postgres, "SELECT fuente, inventado FROM etl_demo.almacen") == [("demo", True)]
    assert ask(on_postgres, "SELECT fuente, inventado FROM etl_portal.almacen") == [("portal", False)]


def test_a_gate_asks_the_staged_rows_and_publishes_nothing_if_one_is_broken(places, on_postgres):
    transformed(places)
    assert load(places, gate=True)["gate"]["rules"] >= 20
    wrong = [budget_line(), budget_line(ordinal=2, ejecucion=601)]
    transformed(places, ejecucion_detalle=wrong, contratos_secop=[contract(valor_contrato=950)])

    with pytest.raises(QualityGateFailed, match=r"PR002 .*1 .*2.*ejecucion=601"):
        load(places, gate=True)

    assert values_of(places) == [("CO1.PCCNTR.1", 900)]
    with duckdb.connect(str(places.warehouse.with_name("demo_calidad.duckdb")), read_only=True) as kept:
        assert kept.execute("SELECT DISTINCT regla FROM calidad_filas").fetchall() == [("PR002",)]


def test_a_gate_in_either_database_asks_the_same_number_of_rules(places, on_postgres, monkeypatch):
    transformed(places)
    asked = load(places, gate=True)["gate"]

    monkeypatch.delenv("ETL_WAREHOUSE_URL")

    assert load(places, gate=True)["gate"] == asked


def test_a_reader_finds_the_tables_the_views_and_the_load_log_as_in_a_duckdb_file(
    places, on_postgres, loaded, home_in_duckdb, monkeypatch
):
    question = "SELECT schema_name, table_name FROM duckdb_tables() UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
    log = "SELECT * EXCLUDE (inicio, fin) FROM main.carga_log ORDER BY tabla"

    def seen():
        with open_warehouse(settings_of(places)).reading(made_by="load_data_complete") as connection:
            return connection.execute(question).fetchall(), pl.DataFrame(connection.sql(log)).rows()

    of_postgres = seen()
    monkeypatch.delenv("ETL_WAREHOUSE_URL")
    shutil.copytree(home_in_duckdb, places.home, dirs_exist_ok=True)

    assert seen() == of_postgres
    assert [left for left in places.warehouse.parent.iterdir() if "espejo" in left.name] == []


def test_tables_and_views_that_others_made_beside_ours_stay_and_disturb_nobody(places, on_postgres, loaded):
    with psycopg.connect(on_postgres) as connection:
        connection.execute("CREATE TABLE etl_demo.apuntes (id uuid, dibujo jsonb)")
        connection.execute("CREATE VIEW etl_demo.caros AS SELECT * FROM etl_demo.contratos_secop_vigentes")
    transformed(places, contratos_secop=[contract(valor_contrato=950)])

    load(places)

    assert values_of(places) == [("CO1.PCCNTR.1", 950)]
    assert ask(on_postgres, "SELECT valor_contrato FROM etl_demo.caros") == [(950,)]
    with open_warehouse(settings_of(places)).reading(made_by="x") as connection:
        assert connection.execute("SELECT count(*) FROM vigentes.contratos_secop").fetchone() == (1,)


def test_a_schema_of_somebody_else_is_refused_and_left_alone(places, on_postgres):
    transformed(places)
    with psycopg.connect(on_postgres) as connection:
        connection.execute("CREATE SCHEMA etl_demo")
        connection.execute("CREATE TABLE etl_demo.suyo AS SELECT 1 AS uno")

    with pytest.raises(WarehouseRefused, match="does not say whose data"):
        load(places)

    assert ask(on_postgres, "SELECT relname::text FROM pg_class WHERE relnamespace = 'etl_demo'::regnamespace") == [
        ("suyo",)
    ]


def test_an_empty_schema_that_somebody_made_ready_is_taken(places, on_postgres):
    transformed(places)
    with psycopg.connect(on_postgres) as connection:
        connection.execute("CREATE SCHEMA etl_demo")

    load(places)

    assert values_of(places) == [("CO1.PCCNTR.1", 900)]


def test_a_user_who_may_only_read_reads_and_cannot_load(places, on_postgres, loaded, monkeypatch):
    with psycopg.connect(on_postgres) as connection:
        connection.execute("DROP ROLE IF EXISTS lectora")
        connection.execute("CREATE ROLE lectora LOGIN")
        connection.execute("GRANT USAGE ON SCHEMA etl_demo TO lectora")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA etl_demo TO lectora")
    monkeypatch.setenv("ETL_WAREHOUSE_URL", with_user(on_postgres, "lectora", ""))
    transformed(places, contratos_secop=[contract(valor_contrato=950)])

    with pytest.raises(WarehouseRefused, match="permission denied"):
        load(places)

    assert values_of(places) == [("CO1.PCCNTR.1", 900)]
    with psycopg.connect(on_postgres) as connection:
        connection.execute("DROP OWNED BY lectora")
        connection.execute("DROP ROLE lectora")


def test_a_password_is_in_no_account_log_or_error(places, on_postgres, monkeypatch, caplog, capfd):
    transformed(places)
    caplog.set_level("DEBUG")
    monkeypatch.setenv("ETL_WAREHOUSE_URL", with_user(on_postgres, "postgres", "SECRETO@/:#1"))

    outcome = load(places)
    settings = settings_of(places)

    told = "\n".join(
        [json.dumps(outcome), repr(settings), repr(open_warehouse(settings)), caplog.text, *capfd.readouterr()]
    )
    assert "SECRETO" not in told
    assert "postgres:" not in told


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:SECRETO@127.0.0.1:1/base",
        "postgresql://ana:pre@SECRETO@127.0.0.1:1/base",
        "postgresql://ana:12/SECRETO@127.0.0.1:1/base",
        "postgresql://ana:12#SECRETO@127.0.0.1:1/base",
        "postgresql://ana:12?SECRETO@127.0.0.1:1/base",
        "postgresql://ana:SECRETO@127.0.0.1:1/base?password=SECRETO2&host=127.0.0.1",
        "postgresql://ana:SECRETO%zz@127.0.0.1:1/base",
        "postgresql://SECRETO:SECRETO@/base?host=127.0.0.1&port=1",
        "postgresql://ana@127.0.0.1:1/base?passwd=SECRETO",
        "postgres:/ana:SECRETO@127.0.0.1",
        "ana:SECRETO@127.0.0.1/base",
    ],
)
def test_an_address_that_does_not_work_is_refused_without_being_repeated(places, monkeypatch, url):
    transformed(places)
    monkeypatch.setenv("ETL_WAREHOUSE_URL", url)

    with pytest.raises(Exception, match="ETL_WAREHOUSE_URL") as refusal:
        load(places)

    told = "".join(traceback.format_exception(refusal.value))
    assert "SECRETO" not in told


def test_a_server_that_dies_in_the_middle_is_said_and_the_old_rows_are_there_afterwards(
    places, on_postgres, loaded, monkeypatch
):
    transformed(places, contratos_secop=[contract(valor_contrato=950)])
    merge_all = data_loading.merge_all

    def cut_off(publication, *args, **kwargs):
        merge_all(publication, *args, **kwargs)
        ((pid,),) = publication.ask("SELECT pg_backend_pid()")
        ask(on_postgres, f"SELECT pg_terminate_backend({pid})")
        publication.ask("SELECT 1")

    monkeypatch.setattr(data_loading, "merge_all", cut_off)
    with pytest.raises(WarehouseUnreachable, match="ETL_WAREHOUSE_URL"):
        load(places)

    monkeypatch.setattr(data_loading, "merge_all", merge_all)
    assert values_of(places) == [("CO1.PCCNTR.1", 900)]
    load(places)
    assert values_of(places) == [("CO1.PCCNTR.1", 950)]


def test_a_reader_that_is_not_done_does_not_hold_up_a_load(places, on_postgres, loaded):
    transformed(places, contratos_secop=[contract(valor_contrato=950)])

    with psycopg.connect(on_postgres) as reader:
        question = "SELECT valor_contrato FROM etl_demo.contratos_secop_vigentes"
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        before = reader.execute(question).fetchall()
        load(places)
        after = reader.execute(question).fetchall()

    assert before == after == [(900,)]
    assert values_of(places) == [("CO1.PCCNTR.1", 950)]


def test_a_reader_that_meets_a_load_which_makes_a_table_anew_waits_and_sees_its_rows(
    places, on_postgres, loaded, monkeypatch
):
    with psycopg.connect(on_postgres) as connection:
        connection.execute("ALTER TABLE etl_demo.contratos_secop ADD COLUMN sobra text")
    seen = []
    reader = threading.Thread(target=lambda: seen.extend(values_of(places)))
    merge_all = data_loading.merge_all

    def merge_while_somebody_reads(*args, **kwargs):
        changes = merge_all(*args, **kwargs)
        reader.start()
        give_up_at = time.monotonic() + WAIT
        while ask(on_postgres, "SELECT count(*) FROM pg_locks WHERE NOT granted") == [(0,)]:
            assert time.monotonic() < give_up_at
            time.sleep(0.05)
        return changes

    monkeypatch.setattr(data_loading, "merge_all", merge_while_somebody_reads)
    warnings = load(places)["warnings"]
    reader.join(timeout=WAIT)

    assert [text for text in warnings if "contratos_secop got its new columns" in text] != []
    assert seen == [("CO1.PCCNTR.1", 900)]


def test_without_a_load_the_command_that_makes_it_is_named(places, on_postgres):
    with pytest.raises(MissingInput, match="etl run --tasks load_data_complete"):
        values_of(places)
