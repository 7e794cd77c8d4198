"""The city's own budget files against the control totals taken from the official workbook."""

import hashlib
import json
import os
import shutil
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from etl_kit.dates import last_day, month_of_file_name
from etl_kit.money import ratio_expr
from transformation_app import data_transformation_catalogo_bpin, data_transformation_ejecucion_presupuestal
from transformation_app.budget_layout import MONEY_COLUMNS, SHARED

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ETL_REAL_DATA", REPOSITORY.parent / "shared" / "data")).absolute()
BUDGET = DATA / "ejecucion_presupuestal"
CSV_FILES = (
    "EJECUCION_FEBRERO_2024.csv",
    "EJECUCION_ENERO_2025.csv",
    "EJECUCION_ABRIL_2025.csv",
    "EJECUCION_MAYO_2025.csv",
)
SAMPLE = "4. Ejecucion_Def_Abril_Inversion_2025 (muestra).xlsx"

pytestmark = pytest.mark.skipif(
    not BUDGET.is_dir() and not os.environ.get("CI"),
    reason="the real budget files are not here (ETL_REAL_DATA)",
)


@pytest.fixture(scope="module")
def control() -> dict:
    return json.loads((DATA / "control_totals.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A home whose budget files are the real ones, transformed once."""
    return transformed(tmp_path_factory.mktemp("home"), [*CSV_FILES, SAMPLE])


def transformed(home: Path, names: list[str]) -> dict[str, object]:
    raw = home / "data" / "raw" / "files" / "ejecucion_presupuestal"
    raw.mkdir(parents=True)
    registry = []
    for name in names:
        digest = hashlib.sha256((BUDGET / name).read_bytes()).hexdigest()
        kept = f"{digest[:12]}__{name}"
        shutil.copyfile(BUDGET / name, raw / kept)
        registry.append({"nombre": name, "archivo": kept, "sha256": digest, "reemplazado": False})
    (raw / "registro.json").write_text(json.dumps(registry), encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ETL_SOURCE_FOLDER", str(DATA))
        output = data_transformation_ejecucion_presupuestal.main(source="files", home=str(home))
        catalogue = data_transformation_catalogo_bpin.main(source="files", home=str(home))
    return {"home": home, "output": output, "catalogue": catalogue}


def table(city: dict[str, object], name: str) -> pl.DataFrame:
    return pl.read_parquet(Path(city["home"]) / "data" / "transformed" / "files" / f"{name}.parquet")


def cut_of(name: str):
    return last_day(*month_of_file_name(name))


def month_of(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.filter(pl.col("periodo_corte") == cut_of(name))


def shares(detail: pl.DataFrame) -> dict[str, Decimal]:
    actual = detail.filter(pl.col("vigencia") == "Actual")
    sums = actual.group_by("cod_centro_gestor").agg(
        pl.col("ejecucion", "ppto_modificado").sum().cast(pl.Decimal(20, 2)),
    )
    return dict(sums.select("cod_centro_gestor", ratio_expr("ejecucion", "ppto_modificado").alias("pct")).rows())


def six_decimals(shares_by_code: dict[str, float]) -> dict[str, Decimal]:
    return {code: Decimal(str(share)).quantize(Decimal("0.000001")) for code, share in shares_by_code.items()}


@pytest.mark.parametrize("name", CSV_FILES)
def test_all_fifteen_totals_of_the_detail_equal_the_control(city, control, name):
    detail = month_of(table(city, "ejecucion_detalle"), name)

    totals = {SHARED[column][0]: detail.get_column(column).sum() for column in MONEY_COLUMNS}

    assert len(totals) == 15
    assert totals == control["ejecucion"][name]["totals"]


@pytest.mark.parametrize("name", CSV_FILES)
def test_the_project_tables_add_up_to_the_same_totals(city, control, name):
    by_project = {
        **dict.fromkeys(MONEY_COLUMNS[:8], month_of(table(city, "movimientos_presupuestales"), name)),
        **dict.fromkeys(MONEY_COLUMNS[8:], month_of(table(city, "ejecucion_presupuestal"), name)),
    }

    totals = {SHARED[column][0]: frame.get_column(column).sum() for column, frame in by_project.items()}

    assert totals == control["ejecucion"][name]["totals"]


@pytest.mark.parametrize("name", CSV_FILES)
def test_rows_projects_departments_and_vigencias_are_counted_as_in_the_control(city, control, name):
    expected = control["ejecucion"][name]
    detail = month_of(table(city, "ejecucion_detalle"), name)

    vigencias = dict(detail.group_by("vigencia").len().rows())

    assert detail.height == expected["rows"]
    assert detail.get_column("bpin").n_unique() == expected["bpin_distinct"]
    assert detail.get_column("bp").n_unique() == expected["bp_distinct"]
    assert detail.get_column("cod_centro_gestor").n_unique() == expected["organismos"]
    assert detail.filter(pl.col("bpin").str.len_chars() != 13).height == expected["bpin_not_13_digits"]
    assert vigencias == {name.replace("Reservas", "Reserva"): rows for name, rows in expected["vigencia_rows"].items()}


@pytest.mark.parametrize("name", CSV_FILES)
def test_signs_survive_and_no_cell_becomes_null(city, control, name):
    expected = control["ejecucion"][name]
    detail = month_of(table(city, "ejecucion_detalle"), name)

    negatives = {
        SHARED[column][0]: count for column in MONEY_COLUMNS if (count := detail.filter(pl.col(column) < 0).height)
    }

    assert negatives == expected["negative_cells"]
    assert sum(detail.get_column(column).null_count() for column in MONEY_COLUMNS) == expected["null_money_cells"]


@pytest.mark.parametrize("name", CSV_FILES)
def test_the_share_executed_by_each_department_equals_the_control_to_six_decimals(city, control, name):
    expected = control["ejecucion"][name]["pct_ejecucion_actual_por_organismo"]

    computed = shares(month_of(table(city, "ejecucion_detalle"), name))

    assert computed == six_decimals(expected)


def test_april_equals_the_official_workbook_for_all_departments(city, control):
    official = control["control_oficial_abril_2025"]

    computed = shares(month_of(table(city, "ejecucion_detalle"), "EJECUCION_ABRIL_2025.csv"))

    assert len(computed) == official["organismos"]
    assert computed == six_decimals(official["pct"])


@pytest.mark.parametrize("name", CSV_FILES)
def test_the_totals_of_the_current_vigencia_and_of_the_largest_projects_equal_the_control(city, control, name):
    expected = control["ejecucion"][name]
    actual = month_of(table(city, "ejecucion_detalle"), name).filter(pl.col("vigencia") == "Actual")
    headers = {header: column for column in MONEY_COLUMNS for header in SHARED[column]}

    totals = {header: actual.get_column(headers[header]).sum() for header in expected["totals_actual"]}
    projects = {
        bpin: {
            header: month_of(table(city, "ejecucion_detalle"), name)
            .filter(pl.col("bpin") == bpin)
            .get_column(headers[header])
            .sum()
            for header in amounts
        }
        for bpin, amounts in expected["top3_bpin"].items()
    }

    assert totals == expected["totals_actual"]
    assert projects == expected["top3_bpin"]


def test_of_two_formats_of_a_month_the_complete_one_counts_once_and_the_difference_is_told(city):
    april = month_of(table(city, "ejecucion_detalle"), SAMPLE)

    [warning] = [text for text in city["output"]["warnings"] if SAMPLE in text]

    assert april.get_column("fuente").unique().to_list() == ["EJECUCION_ABRIL_2025.csv"]
    assert "3589" in warning
    assert "700" in warning
    assert "2025-04-30" in warning


def test_the_workbook_alone_gives_its_own_control_totals(tmp_path, control):
    sample = transformed(tmp_path, [SAMPLE])

    detail = table(sample, "ejecucion_detalle")
    totals = {SHARED[column][0]: detail.get_column(column).sum() for column in MONEY_COLUMNS}

    assert detail.height == control["ejecucion"][SAMPLE]["rows"]
    assert detail.get_column("bpin").n_unique() == control["ejecucion"][SAMPLE]["bpin_distinct"]
    assert detail.get_column("cod_centro_gestor").n_unique() == control["ejecucion"][SAMPLE]["organismos"]
    assert totals == control["ejecucion"][SAMPLE]["totals"]


def test_a_second_run_changes_nothing_but_the_time(city, tmp_path):
    names = ["ejecucion_detalle", "ejecucion_presupuestal", "movimientos_presupuestales", "catalogo_bpin"]
    again = transformed(tmp_path, [SAMPLE, *reversed(CSV_FILES)])

    first, second = ({name: table(each, name).drop("fecha_procesamiento") for name in names} for each in (city, again))

    assert all(first[name].equals(second[name]) for name in names)


def test_every_project_has_one_bp_one_bpin_and_one_department(city):
    catalogue = table(city, "catalogo_bpin")
    projects = table(city, "datos_caracteristicos_proyectos")

    unsettled = projects.filter(pl.any_horizontal(pl.col("bp", "cod_centro_gestor", "nombre_proyecto").is_null()))

    assert catalogue.height == catalogue.get_column("bpin").n_unique() == projects.height
    assert unsettled.height == 0
    assert city["catalogue"]["rejected"] == {"catalogo_bpin": 0}
