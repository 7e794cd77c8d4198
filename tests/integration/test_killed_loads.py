"""Loads killed in the middle, into either database: the last good warehouse is there, and the next load succeeds."""
# ruff: noqa: F811 - fixtures are imported where they are used

import os
import signal
import sys
import time

import polars as pl
import pytest

from etl_kit.files import write_parquet
from etl_kit.warehouse_choice import read_table
from tests.integration.postgres_server import postgres, postgres_url  # noqa: F401
from tests.integration.warehouse_subjects import (  # noqa: F401
    WAIT,
    either,
    home_in_duckdb,
    home_in_postgres,
    load,
    loaded,
    on_postgres,
    places,
    settings_of,
    start,
    transformed,
    values_of,
)
from tests.unit.validation.city_rows import city, contract

ROWS = 10_000
POINTS = ["make_ready", "stage", "merge_all", "export_tables"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

# Runs a load that stops after a named function has done its work and waits there to be killed.
STOPPED_LOAD = """
import sys, time
from load_app import data_loading
home, function = sys.argv[1:]
real = getattr(data_loading, function)
def stop(*args, **kwargs):
    real(*args, **kwargs)
    print("stopped", flush=True)
    time.sleep(600)
setattr(data_loading, function, stop)
data_loading.main(source="demo", home=home)
"""

# The same in the middle of staging, when some rows of a table are there and the others are not.
HALF_STAGED_LOAD = """
import sys, time
from load_app import data_loading, inputs
inputs.ROWS_PER_PIECE = 1
real = inputs.TransformedFile.pieces
def stop(self):
    for number, piece in enumerate(real(self)):
        if number:
            print("stopped", flush=True)
            time.sleep(600)
        yield piece
inputs.TransformedFile.pieces = stop
data_loading.main(source="demo", home=sys.argv[1])
"""

LOAD = """
import sys
from load_app import data_loading
print("begins", flush=True)
data_loading.main(source="demo", home=sys.argv[1])
"""


@pytest.mark.parametrize("point", [*POINTS, "half staged"])
def test_a_load_killed_at_a_known_point_leaves_the_last_good_warehouse_and_the_next_one_succeeds(
    places, either, loaded, start, point
):
    two = [contract(valor_contrato=950), contract(id_contrato="CO1.PCCNTR.2")]
    transformed(places, contratos_secop=two)
    child = start(HALF_STAGED_LOAD, places.home) if point == "half staged" else start(STOPPED_LOAD, places.home, point)
    assert child.stdout.readline() == "stopped\n"

    os.kill(child.pid, signal.SIGKILL)
    child.wait(timeout=WAIT)

    new = [("CO1.PCCNTR.1", 950), ("CO1.PCCNTR.2", 900)]
    published = point == "export_tables"  # it comes after the rows are published
    assert values_of(places) == (new if published else [("CO1.PCCNTR.1", 900)])
    again = load(places)["tables"]["contratos_secop"]
    assert values_of(places) == new
    assert (again["insertados"], again["sin_cambio"]) == ((0, 2) if published else (1, 0))


def version(places, number):
    """The same contracts with another value each time, enough of them that a load takes a while."""
    one = city()["contratos_secop"].drop("id_contrato", "valor_contrato")
    ids = pl.DataFrame({"id_contrato": [f"CO1.{row:07}" for row in range(ROWS)]})
    many = ids.join(one, how="cross").with_columns(pl.lit(number).alias("valor_contrato"))
    write_parquet(places.transformed("contratos_secop"), many)
    bridge = city()["contrato_bpin"].drop("id_contrato", "referencia_contrato")
    links = ids.join(bridge, how="cross").with_columns(pl.lit(str(number)).alias("referencia_contrato"))
    write_parquet(places.transformed("contrato_bpin"), links)


def versions_seen(places):
    contracts = read_table(settings_of(places), "contratos_secop")
    links = read_table(settings_of(places), "contrato_bpin")
    values = {int(value) for value in contracts.get_column("valor_contrato").unique()}
    return contracts.height, links.height, values | {int(text) for text in links["referencia_contrato"].unique()}


@pytest.mark.timeout(600)
def test_a_load_killed_at_any_moment_leaves_one_version_whole_and_the_next_one_succeeds(places, either, start):
    transformed(places)
    version(places, 1)
    load(places)
    version(places, 2)
    began = time.monotonic()
    load(places)
    took = time.monotonic() - began
    seen = 2

    for round_, share in enumerate((0.2, 0.5, 0.8, 0.95), 3):
        version(places, round_)
        child = start(LOAD, places.home)
        assert child.stdout.readline() == "begins\n"
        time.sleep(took * share)
        os.kill(child.pid, signal.SIGKILL)
        child.wait(timeout=WAIT)

        contracts, links, versions = versions_seen(places)
        assert (contracts, links) == (ROWS, ROWS)
        assert versions in ({seen}, {round_})
        seen = versions.pop()

    load(places)
    assert versions_seen(places) == (ROWS, ROWS, {6})
