"""A small city to load, into a DuckDB file or into PostgreSQL, and child processes that do it."""
# ruff: noqa: F811 - fixtures are imported where they are used

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from etl_kit.files import write_parquet
from etl_kit.places import Places
from etl_kit.settings import Source, read_settings
from etl_kit.warehouse_choice import read_table
from load_app import data_loading
from tests.integration.postgres_server import postgres, postgres_url  # noqa: F401
from tests.unit.validation.city_rows import city

ROOT = Path(__file__).parents[2]
WAIT = 60  # seconds for a child process to get somewhere


@pytest.fixture
def places(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("ETL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ETL_LANG", "en")
    return Places(home=tmp_path, source=Source.DEMO)


@pytest.fixture
def on_postgres(places, postgres_url, monkeypatch):
    monkeypatch.setenv("ETL_WAREHOUSE_URL", postgres_url)
    return postgres_url


@pytest.fixture(params=["duckdb", "postgres"])
def either(request, places):
    if request.param == "postgres":
        request.getfixturevalue("on_postgres")
    return request.param


@pytest.fixture
def start():
    """Starts child processes and ends those that a failing test leaves behind."""
    children = []

    def start_child(script, *arguments):
        command = [sys.executable, "-c", script, *map(str, arguments)]
        children.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return children[-1]

    yield start_child
    for child in children:
        child.kill()
        child.communicate(timeout=WAIT)


def transformed(places, **rows):
    for name, frame in city(**rows).items():
        write_parquet(places.transformed(name), frame)


def load(places, **more):
    return data_loading.main(source=places.source.value, home=str(places.home), **more)


def settings_of(places):
    return read_settings(home=str(places.home), source=places.source.value)


def values_of(places):
    frame = read_table(settings_of(places), "contratos_secop")
    return frame.select("id_contrato", "valor_contrato").rows()


def ask(url, sql):
    with psycopg.connect(url) as connection:
        return connection.execute(sql).fetchall()
