"""Every figure of control_totals.json, after the whole pipeline ran on the city's real files: in DuckDB and PostgreSQL.

What is loaded is read from the warehouse; what is not (national contracts, DACP's list, the BPIN index, the sample of a
month that a complete file beats) from what the parsers return.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from etl_kit.datasets import EJECUCION_DETALLE
from etl_kit.settings import read_settings
from etl_kit.warehouse_choice import read_table
from load_app import data_loading
from tests.integration.postgres_server import postgres  # noqa: F401 - a fixture
from tests.real_data import (
    action_plan_figures,
    budget_figures,
    geo_figures,
    loan_figures,
    paa_figures,
    secop_figures,
    units_figures,
)
from transformation_app import data_transformation_ejecucion_presupuestal

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ETL_REAL_DATA", REPOSITORY.parent / "shared" / "data")).absolute()
LOADED = (budget_figures, paa_figures, action_plan_figures, loan_figures, geo_figures, units_figures)

ELSEWHERE = {
    "geo.obras_lineales.con_z": "the Z is dropped on reading: test_units.py counts it in the file",
    "geo.Infraestructura_2024.shp.epsg": "of the file, not of what is kept: test_units.py",
    "geo.obras_equipamientos.out_of_bbox_examples": "points outside the city are kept out: test_units.py",
    "geo.unidades_proyecto_drive_2025.out_of_bbox_examples": "the same",
}
"""Figures about files rather than about what is kept of them, and where they are compared."""

pytestmark = pytest.mark.skipif(
    not DATA.is_dir() and not os.environ.get("CI"), reason="the city's real files are not here (ETL_REAL_DATA)"
)


def leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Dotted name → figure."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{name}.{key}" if name else key)
    else:
        yield name, value


def same(found: object, expected: object) -> bool:
    """Exactly, but that a share in the control is rounded to its digits."""
    if isinstance(expected, float) and isinstance(found, float | Decimal):
        digits = Decimal(str(expected)).as_tuple().exponent
        return round(Decimal(str(found)), -int(digits)) == Decimal(str(expected))
    return found == expected


@pytest.fixture(scope="module")
def control() -> dict[str, object]:
    return dict(leaves(json.loads((DATA / "control_totals.json").read_text(encoding="utf-8"))))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where the whole pipeline has run, through the command line."""
    place = tmp_path_factory.mktemp("real_home")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", "run", "--workflow", "full_etl", "--parallel"],
        cwd=REPOSITORY,
        env={**clean, "ETL_HOME": str(place), "ETL_SOURCE": "files", "ETL_SOURCE_FOLDER": str(DATA)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return place


@pytest.fixture(scope="module")
def postgres_url(postgres):  # noqa: F811 - the fixture itself
    """A database for all tests of this module."""
    import psycopg

    with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE cifras")
    yield postgres.get_uri(database="cifras")
    with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
        connection.execute("DROP DATABASE cifras WITH (FORCE)")


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def settings(request, home):
    """Settings whose warehouse holds what the pipeline made."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ETL_SOURCE_FOLDER", str(DATA))
        if request.param == "postgresql":
            environment.setenv("ETL_WAREHOUSE_URL", request.getfixturevalue("postgres_url"))
            data_loading.main(source="files", home=str(home))
        yield read_settings(home=str(home), source="files")


@pytest.fixture(scope="module")
def of_sample(tmp_path_factory):
    """The figures of the workbook that is only a sample of its month."""
    place = tmp_path_factory.mktemp("sample")
    raw = place / "data" / "raw" / "files" / "ejecucion_presupuestal"
    raw.mkdir(parents=True)
    file = DATA / "ejecucion_presupuestal" / budget_figures.SAMPLE
    shutil.copyfile(file, raw / file.name)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    entry = {"nombre": file.name, "archivo": file.name, "sha256": digest, "reemplazado": False}
    (raw / "registro.json").write_text(json.dumps([entry]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ETL_SOURCE_FOLDER", str(DATA))
        data_transformation_ejecucion_presupuestal.main(source="files", home=str(place))
    path = place / "data" / "transformed" / "files" / f"{EJECUCION_DETALLE.name}.parquet"
    return budget_figures.of_sample(_parquet(path))


def _parquet(path: Path):
    import polars as pl

    return pl.read_parquet(path)


def test_every_figure_of_the_control_is_matched(settings, control, of_sample, capsys):
    found: dict[str, object] = {**secop_figures.figures(DATA / "secop"), **of_sample}
    for figures in LOADED:
        found |= figures.figures(lambda name: read_table(settings, name))
    found = {name: value for group, figure in found.items() for name, value in leaves(figure, group)}

    wrong = {name: (value, control.get(name)) for name, value in found.items() if not same(value, control.get(name))}
    missing = [name for name in control if name not in found and name not in ELSEWHERE]

    with capsys.disabled():
        place = "PostgreSQL" if settings.warehouse_url else "DuckDB"
        print(f"\n{place}: {len(found) - len(wrong)} of {len(control)} figures matched, {len(ELSEWHERE)} elsewhere")
    assert wrong == {}
    assert missing == []


def test_the_loan_contracts_are_the_eight_of_2025(settings):
    contracts = read_table(settings, "contratos_secop")

    assert contracts.height == 8
    assert contracts["referencia_contrato"].str.ends_with("-2025").all()
    assert contracts["valor_contrato"].sum() == Decimal(39_514_770_999)


def test_loading_the_same_again_changes_nothing(settings, home):
    again = data_loading.main(source="files", home=str(home))

    changed = {
        name: changes
        for name, changes in again["tables"].items()
        if changes["insertados"] or changes["actualizados"] or changes["retirados"]
    }
    assert changed == {}
