"""A small city to load, into a DuckDB file or into PostgreSQL, and child processes that do it."""
# ruff: noqa: F811 - fixtures are imported where they are used

import os
import shutil
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
TEMPLATE = "ciudad_cargada"


@pytest.fixture
def places(tmp_path, monkeypatch):
    _forget_settings(monkeypatch)
    return Places(home=tmp_path, source=Source.DEMO)


def _forget_settings(patch):
    for name in [name for name in os.environ if name.startswith("ETL_")]:
        patch.delenv(name)
    patch.setenv("ETL_LANG", "en")


@pytest.fixture
def on_postgres(places, postgres_url, monkeypatch):
    monkeypatch.setenv("ETL_WAREHOUSE_URL", postgres_url)
    return postgres_url


@pytest.fixture(params=["duckdb", "postgres"])
def either(request, places):
    if request.param == "postgres":
        request.getfixturevalue("on_postgres")
    return request.param


_HOMES: dict[str, Path] = {}
"""Homes made once for all modules: pytest takes a session's fixture for another one in each module that imports it."""


@pytest.fixture(scope="session")
def home_in_duckdb(tmp_path_factory):
    """A home in which the sound city is loaded into its file; to be copied, never to be written to."""
    if "duckdb" not in _HOMES:
        _HOMES["duckdb"] = tmp_path_factory.mktemp("home_in_duckdb")
        _load_sound_city(_HOMES["duckdb"])
    return _HOMES["duckdb"]


@pytest.fixture(scope="session")
def home_in_postgres(tmp_path_factory, postgres):
    """As `home_in_duckdb`, loaded into the database `TEMPLATE`; others are made from that one."""
    if "postgres" not in _HOMES:
        _HOMES["postgres"] = tmp_path_factory.mktemp("home_in_postgres")
        with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
        _load_sound_city(_HOMES["postgres"], ETL_WAREHOUSE_URL=postgres.get_uri(database=TEMPLATE))
    return _HOMES["postgres"]


@pytest.fixture
def loaded(request, places):
    """The sound city transformed and loaded, into the database that was asked for before: a copy of what was once."""
    if "ETL_WAREHOUSE_URL" in os.environ:
        home = request.getfixturevalue("home_in_postgres")
        name = psycopg.conninfo.conninfo_to_dict(os.environ["ETL_WAREHOUSE_URL"])["dbname"]
        with psycopg.connect(request.getfixturevalue("postgres").get_uri(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name}")
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    else:
        home = request.getfixturevalue("home_in_duckdb")
    shutil.copytree(home, places.home, dirs_exist_ok=True)


def _load_sound_city(home, **environment):
    places = Places(home=home, source=Source.DEMO)
    with pytest.MonkeyPatch.context() as patch:
        _forget_settings(patch)
        for name, value in environment.items():
            patch.setenv(name, value)
        transformed(places)
        load(places)


@pytest.fixture
def start():
    """Starts child processes and ends those that a failing test leaves behind."""
    children = []

    def start_child(script, *arguments, **more):
        command = [sys.executable, "-c", script, *map(str, arguments)]
        children.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, **more))
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
