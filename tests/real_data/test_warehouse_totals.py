"""The whole pipeline on the city's real files, through the command line, read back from the warehouse."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ETL_REAL_DATA", REPOSITORY.parent / "shared" / "data")).absolute()
MONTHS = {
    "EJECUCION_FEBRERO_2024.csv": "2024-02-29",
    "EJECUCION_ENERO_2025.csv": "2025-01-31",
    "EJECUCION_ABRIL_2025.csv": "2025-04-30",
    "EJECUCION_MAYO_2025.csv": "2025-05-31",
}
COLUMNS = {
    "PPTO INICIAL": "ppto_inicial",
    "REDUCCIONES": "reducciones",
    "ADICIONES": "adiciones",
    "CONTRACREDITOS": "contracreditos",
    "CREDITOS": "creditos",
    "APLAZAMIENTO": "aplazamiento",
    "DESAPLAZAMIENTO": "desaplazamiento",
    "PPTO. MODIFICADO": "ppto_modificado",
    "TOTAL ACUMULADO CDP": "total_acumulado_cdp",
    "TOTAL ACUMULADO RPC": "total_acumulado_rpc",
    "TOTAL ACUMUL OBLIGAC": "total_acumul_obligac",
    "PAGOS": "pagos",
    "EJECUCION": "ejecucion",
    "SALDOS CDP": "saldos_cdp",
    "PPTO. DISPONIBLE": "ppto_disponible",
}
SHARE = """
    select cod_centro_gestor, sum(ejecucion), sum(ppto_modificado) from vigentes.ejecucion_detalle
    where periodo_corte = cast(? as date) and vigencia = 'Actual' group by 1 order by 1
"""

pytestmark = pytest.mark.skipif(
    not DATA.is_dir() and not os.environ.get("CI"), reason="the city's real files are not here (ETL_REAL_DATA)"
)


@pytest.fixture(scope="module")
def control():
    return json.loads((DATA / "control_totals.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    home = tmp_path_factory.mktemp("real_home")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", "run", "--workflow", "full_etl", "--parallel"],
        cwd=REPOSITORY,
        env={**clean, "ETL_HOME": str(home), "ETL_SOURCE": "files", "ETL_SOURCE_FOLDER": str(DATA)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect(str(home / "data" / "warehouse" / "files.duckdb"), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize(("file", "cut"), MONTHS.items())
def test_all_fifteen_money_columns_of_a_month_equal_the_citys_totals(warehouse, control, file, cut):
    sums = ", ".join(f"sum({column})" for column in COLUMNS.values())
    query = f"select {sums} from vigentes.ejecucion_detalle where periodo_corte = cast(? as date)"

    found = dict(zip(COLUMNS, warehouse.execute(query, [cut]).fetchone(), strict=True))

    assert found == {name: Decimal(value) for name, value in control["ejecucion"][file]["totals"].items()}


@pytest.mark.parametrize(("file", "cut"), MONTHS.items())
def test_execution_per_organismo_equals_the_citys_to_six_decimals(warehouse, control, file, cut):
    rows = warehouse.execute(SHARE, [cut]).fetchall()

    found = {code: f"{done / budget:.6f}" if budget else None for code, done, budget in rows}

    expected = control["ejecucion"][file]["pct_ejecucion_actual_por_organismo"]
    assert found == {code: f"{Decimal(str(value)):.6f}" for code, value in expected.items()}
    if "ABRIL" in file:
        official = control["control_oficial_abril_2025"]["pct"]
        assert found == {code: f"{Decimal(str(value)):.6f}" for code, value in official.items()}


def test_the_month_that_lies_there_twice_is_counted_once(warehouse, control):
    query = "select count(*) from vigentes.ejecucion_detalle where periodo_corte = date '2025-04-30'"

    rows = warehouse.execute(query).fetchone()

    assert rows == (control["ejecucion"]["EJECUCION_ABRIL_2025.csv"]["rows"],)


def test_the_loan_contracts_are_the_eight_of_2025(warehouse):
    rows = warehouse.execute("select referencia_contrato, valor_contrato from vigentes.contratos_secop").fetchall()

    assert len(rows) == 8
    assert all(reference.endswith("-2025") for reference, _value in rows)
    assert sum(value for _reference, value in rows) == Decimal(39_514_770_999)
