"""The city's own procurement plan against its control totals."""

import hashlib
import json
import os
import shutil
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from etl_kit.datasets import EMP_PAA, PAA, PAA_FUENTES
from tests.real_data.paa_figures import figures
from transformation_app import data_transformation_paa

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ETL_REAL_DATA", REPOSITORY.parent / "shared" / "data")).absolute()
PLANS = DATA / "paa"

pytestmark = pytest.mark.skipif(
    not PLANS.is_dir() and not os.environ.get("CI"),
    reason="the real procurement plan is not here (ETL_REAL_DATA)",
)


@pytest.fixture(scope="module")
def control() -> dict:
    return json.loads((DATA / "control_totals.json").read_text(encoding="utf-8"))["paa"]


@pytest.fixture(scope="module")
def plan(tmp_path_factory) -> dict[str, pl.DataFrame]:
    """The tables of the real workbook, transformed once."""
    home = tmp_path_factory.mktemp("home")
    raw = home / "data" / "raw" / "files" / "paa"
    raw.mkdir(parents=True)
    register = []
    for file in sorted(PLANS.glob("*.xlsx")):
        shutil.copyfile(file, raw / file.name)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        register.append({"nombre": file.name, "archivo": file.name, "sha256": digest, "reemplazado": False})
    (raw / "registro.json").write_text(json.dumps(register), encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ETL_SOURCE_FOLDER", str(DATA))
        data_transformation_paa.main(source="files", home=str(home))
    tables = home / "data" / "transformed" / "files"
    frames = {each.name: pl.read_parquet(tables / f"{each.name}.parquet") for each in (PAA, PAA_FUENTES, EMP_PAA)}
    return frames | {"rejected": pl.read_parquet(tables / "rejected" / "paa.parquet")}


def test_every_figure_of_the_control_is_matched_exactly(plan, control):
    expected = {f"paa.{name}": value for name, value in control.items()}

    computed = figures(plan.__getitem__)

    print(f"compared {len(computed.keys() & expected.keys())} of {len(expected)} figures")
    assert computed == expected


def test_no_row_is_refused_and_only_dates_and_commitments_have_unreadable_cells(plan):
    refused = plan["rejected"]

    columns = set(refused.get_column("columna").to_list())

    assert columns == {"fecha_firma", "rpc"}
    assert refused.height < 20


def test_the_sources_of_every_line_add_up_to_its_total(plan):
    sums = plan["paa_fuentes"].group_by("id").agg(pl.col("valor").sum().alias("suma"))

    apart = plan["paa"].join(sums, on="id", how="left").filter(pl.col("suma") != pl.col("valor_total_estimado"))

    assert sums.height == plan["paa"].height
    assert apart.height == 0
    assert sums.get_column("suma").sum() == Decimal(plan["paa"].get_column("valor_total_estimado").sum())


def test_months_years_and_values_of_every_line_are_read(plan):
    lines = plan["paa"]

    absent = {
        name: lines.get_column(name).null_count()
        for name in (
            "anio",
            "mes_inicio",
            "mes_oferta",
            "duracion_valor",
            "valor_total_estimado",
            "clasificacion_valor",
        )
    }

    assert set(absent.values()) == {0}
    assert lines.get_column("mes_inicio").n_unique() == 12
