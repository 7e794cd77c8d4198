"""The city's own Cuadro 1S, both layouts, against the control totals."""

import hashlib
import json
import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from etl_kit.datasets import WAREHOUSE
from extraction_app.personal_cells import without_people
from tests.real_data.action_plan_figures import ACTIVITIES_BOOK, ORGANISMOS_BOOK, figures
from transformation_app import data_transformation_seguimiento_pa

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ETL_REAL_DATA", REPOSITORY.parent / "shared" / "data")).absolute()
FOLDER = DATA / "seguimiento_pa"
FIRST_QUARTER = date(2025, 3, 31)

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir() and not os.environ.get("CI"),
    reason="the real Cuadro 1S files are not here (ETL_REAL_DATA)",
)


@pytest.fixture(scope="module", params=["as received", "as extraction keeps them"])
def city(request, tmp_path_factory):
    """A home with the real files: byte for byte, and without the cells in which extraction finds people."""
    home = tmp_path_factory.mktemp("home")
    raw = home / "data" / "raw" / "files" / "seguimiento_pa"
    raw.mkdir(parents=True)
    registry = []
    for file in sorted(FOLDER.glob("*.xlsx")):
        received = file.read_bytes()
        digest = hashlib.sha256(received).hexdigest()
        kept = f"{digest[:12]}__{file.name}"
        clean = received if request.param == "as received" else without_people(received, name=file.name).data
        (raw / kept).write_bytes(clean)
        registry.append({"nombre": file.name, "archivo": kept, "sha256": digest, "reemplazado": False})
    (raw / "registro.json").write_text(json.dumps(registry), encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ETL_SOURCE_FOLDER", str(DATA))
        output = data_transformation_seguimiento_pa.main(source="files", home=str(home))
    return {"home": home, "output": output}


def table(city, name: str) -> pl.DataFrame:
    return pl.read_parquet(city["home"] / "data" / "transformed" / "files" / f"{name}.parquet")


def control_of(*books: str) -> dict[str, object]:
    totals = json.loads((DATA / "control_totals.json").read_text(encoding="utf-8"))
    return {name: value for book in books for name, value in flattened(totals[book], book).items()}


def flattened(value: object, name: str) -> dict[str, object]:
    if not isinstance(value, dict):
        return {name: value}
    return {deep: one for key, inner in value.items() for deep, one in flattened(inner, f"{name}.{key}").items()}


def test_every_figure_of_the_control_on_cuadro_1s_is_matched(city):
    expected = control_of(ACTIVITIES_BOOK, ORGANISMOS_BOOK)

    computed = figures(lambda name: table(city, name))

    print(f"compared {len(computed.keys() & expected.keys())} of {len(expected)} figures")
    assert computed == expected


def test_products_are_told_by_the_column_that_holds_codes_whatever_its_header(city):
    products = table(city, "seguimiento_productos_pa")

    codes = products["cod_producto_mga"]

    assert codes.str.contains(r"^\d{7}$").all()
    assert products["nombre_producto_mga"].str.contains(r"[A-Za-z]{4}").all()
    assert products.select(pl.struct("bpin", "cod_producto_mga").n_unique()).item() == products.height == 656
    assert any("Cód Producto MGA" in warning for warning in city["output"]["warnings"])


def test_no_money_of_an_activity_becomes_null_and_none_is_refused(city):
    activities = table(city, "seguimiento_actividades_pa")
    money = ["ppto_inicial", "ppto_modificado", "ejecucion", "obligado", "pagos"]

    refused = pl.read_parquet(
        city["home"] / "data" / "transformed" / "files" / "rejected" / "seguimiento_actividades_pa.parquet"
    )

    assert activities.select(pl.col(money).null_count().sum()).row(0) == (0,) * 5
    assert not set(refused["columna"]) & set(money)
    assert set(refused["columna"]) <= {"fecha_inicio_actividad", "fecha_fin_actividad"}


def test_the_two_activities_that_stand_twice_keep_both_their_rows(city):
    activities = table(city, "seguimiento_actividades_pa")

    twice = activities.filter(pl.col("ordinal") > 1)

    assert twice.height == 2
    assert twice["ordinal"].to_list() == [2, 2]


def test_the_trees_of_june_2024_reconcile_with_its_summary_but_for_one_difference_that_is_told(city):
    organismos, projects = (table(city, name) for name in ("seguimiento_organismos_pa", "seguimiento_proyectos_pa"))
    money = ["ppto_inicial", "ejecucion", "pagos"]

    differences = [warning for warning in city["output"]["warnings"] if "4146" in warning]

    assert projects.height == organismos["proyectos"].sum()
    assert projects.select(pl.col(money).sum()).row(0) == organismos.select(pl.col(money).sum()).row(0)
    assert projects["bp"].str.contains(r"^BP\d{8}$").all()
    assert projects["bp"].n_unique() == projects.height
    assert len(differences) == 1
    assert "ppto_definitivo" in differences[0]


def test_no_explanation_reaches_a_table(city):
    names = [dataset.name for dataset in WAREHOUSE if dataset.made_by == "transform_seguimiento_pa"]

    longest = {
        (name, column): table(city, name)[column].str.len_chars().max() or 0
        for name in names
        for column, dtype in table(city, name).schema.items()
        if dtype == pl.String
    }

    assert len(names) == 6
    assert not [column for _name, column in longest if "explicacion" in column]
    assert not table(city, "seguimiento_actividades_pa").select(pl.col("fuente").is_null().any()).item()
