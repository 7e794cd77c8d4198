"""Addresses of a server are shown without their secrets, and a missing driver is named."""

import sys
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_kit.settings import SettingsError, read_settings
from etl_kit.warehouse_address import HIDDEN, MissingDriver, shown, why_unreachable
from etl_kit.warehouse_choice import open_warehouse
from etl_kit.warehouse_duckdb import DuckdbWarehouse

SECRETS = st.text(st.characters(codec="utf-8"), min_size=4).filter(lambda text: text.strip() == text)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://ana:secreto@datos.cali.gov.co:5433/bodega", "postgresql://datos.cali.gov.co:5433/bodega"),
        ("postgres://ana@servidor/bodega?sslmode=require", "postgresql://servidor/bodega"),
        ("postgresql://ana:secreto@[::1]:5432/bodega", "postgresql://::1:5432/bodega"),
        ("postgresql:///bodega?host=/run/postgresql&password=secreto", "postgresql:///bodega"),
        ("postgresql://ana:se@creto@servidor/bodega", HIDDEN),
        ("postgresql://ana:12/creto@servidor/bodega", HIDDEN),
        ("postgresql://ana:12#creto@servidor/bodega", HIDDEN),
        ("postgresql://ana:se:creto/x@servidor:port/bodega", HIDDEN),
    ],
)
def test_an_address_is_shown_without_user_password_and_options(url, words):
    given_address = url

    told = shown(given_address)

    assert told == words


@given(SECRETS)
def test_no_password_is_ever_shown_escaped_or_not(secret):
    marked = f"q7{secret}q7"
    urls = [f"postgresql://ana:{text}@servidor/bodega" for text in (marked, quote(marked, safe=""))]

    told = [shown(url) for url in urls]

    assert [text for text in told if "q7" in text] == []


@given(st.text())
def test_why_a_connection_failed_is_said_in_words_of_ours(text):
    words = f"zq{text}"

    told = why_unreachable(None, words)

    assert "zq" not in told


def test_an_address_of_another_database_is_a_problem_that_does_not_repeat_it(monkeypatch):
    monkeypatch.setenv("ETL_LANG", "en")

    with pytest.raises(SettingsError, match="ETL_WAREHOUSE_URL must begin with postgresql://") as refusal:
        read_settings(environ={"ETL_WAREHOUSE_URL": "mysql://ana:secreto@servidor/base"})

    assert "secreto" not in str(refusal.value)


def test_settings_do_not_show_the_address(tmp_path):
    settings = read_settings(home=str(tmp_path), environ={"ETL_WAREHOUSE_URL": "postgresql://ana:secreto@s/b"})

    told = repr(settings)

    assert settings.warehouse_url == "postgresql://ana:secreto@s/b"
    assert "secreto" not in told


def test_without_an_address_the_warehouse_is_the_file_of_the_source(tmp_path):
    settings = read_settings(home=str(tmp_path), environ={"ETL_WAREHOUSE_URL": "  "})

    warehouse = open_warehouse(settings)

    assert warehouse == DuckdbWarehouse(path=tmp_path / "data" / "warehouse" / "demo.duckdb", source=settings.source)


def test_without_the_driver_the_extra_that_brings_it_is_named(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("psycopg", "etl_kit.warehouse_"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    settings = read_settings(home=str(tmp_path), environ={"ETL_WAREHOUSE_URL": "postgresql://s/b"})

    with pytest.raises(MissingDriver, match=r"pip install \.\[postgres\]"):
        open_warehouse(settings)
