"""The made-up project units come in the four forms of the real ones, hold their traps, and can be read."""

import hashlib
import io
import json
import zipfile

import polars as pl
import pytest

from demo_city.people import EMAIL_MARKER
from demo_city.projects import invent_projects
from demo_city.unit_rows import SLIPS
from demo_city.units import files_of_units
from transformation_app import data_transformation_unidades_proyecto as transform

SEED, SCALE = 7, 0.3
FOLDER = "unidades_proyecto/"
PARTS = ("shp", "shx", "dbf", "prj", "cpg")


@pytest.fixture(scope="module")
def files():
    return files_of_units(SEED, SCALE, invent_projects(SEED, SCALE, 2025))


@pytest.fixture(scope="module")
def city(files, tmp_path_factory):
    """A home into which the made-up files were received, transformed once."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "data" / "raw" / "demo" / "unidades_proyecto"
    folder.mkdir(parents=True)
    whole = {path.removeprefix(FOLDER): data for path, data in files.items() if not path.endswith(PARTS)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for part in PARTS:
            archive.writestr(f"Infraestructura_2024.{part}", files[f"{FOLDER}Infraestructura_2024.{part}"])
    register = []
    for name, data in {**whole, "Infraestructura_2024.shp.zip": buffer.getvalue()}.items():
        (folder / name).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        register.append({"nombre": name, "archivo": name, "sha256": digest, "reemplazado": False})
    (folder / "registro.json").write_text(json.dumps(register), encoding="utf-8")
    account = transform.main(source="demo", home=str(home))
    tables = home / "data" / "transformed" / "demo"
    return {
        "account": account,
        "units": pl.read_parquet(tables / "unidades_proyecto.parquet"),
        "works": pl.read_parquet(tables / "intervenciones.parquet"),
        "rejects": pl.read_parquet(tables / "rejected" / "intervenciones.parquet"),
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(files):
    projects = invent_projects(SEED, SCALE, 2025)

    again, other = files_of_units(SEED, SCALE, projects), files_of_units(SEED + 1, SCALE, projects)

    assert again == files
    assert all(other[path] != data for path, data in files.items() if not path.endswith(("prj", "cpg", "shx")))


def test_the_files_are_called_as_the_real_ones(files):
    assert set(files) == {
        *(f"{FOLDER}Infraestructura_2024.{part}" for part in PARTS),
        f"{FOLDER}obras_equipamientos.xlsx",
        f"{FOLDER}obras_lineales.xlsx",
        f"{FOLDER}unidades_proyecto_drive_2025.json",
    }


def test_a_larger_scale_gives_more_rows_and_a_tiny_one_still_holds_every_slip():
    projects = invent_projects(SEED, 1, 2025)
    path = f"{FOLDER}unidades_proyecto_drive_2025.json"

    sizes = [len(json.loads(files_of_units(SEED, scale, projects)[path])) for scale in (0.01, 1, 2)]

    assert sizes[0] >= 2 * len(SLIPS)
    assert sizes[1:] == [400, 800]


def test_an_invented_person_stands_in_a_free_text_as_a_canary(files):
    text = files[f"{FOLDER}unidades_proyecto_drive_2025.json"].decode()

    assert EMAIL_MARKER in text


def test_every_row_is_read_by_the_transform_from_each_of_the_four_files(files, city):
    records = json.loads(files[f"{FOLDER}unidades_proyecto_drive_2025.json"])

    rows = dict(city["works"].group_by("fuente").len().rows())

    assert rows == {
        "obras_equipamientos.xlsx": 48,
        "obras_lineales.xlsx": 15,
        "unidades_proyecto_drive_2025.json": len(records),
        "Infraestructura_2024.shp.zip": 45,
    }


def test_the_traps_reach_the_rejects_and_nothing_else_is_refused_in_the_other_files(city):
    refused = dict(city["rejects"].group_by("columna").len().rows())
    of_books = city["rejects"].filter(pl.col("fuente").str.ends_with(".xlsx"))

    assert set(refused) == {"bpin", "geometria", "presupuesto", "avance_obra", "fecha_inicio", "fecha_fin"}
    assert of_books.select("columna").rows() == [("geometria",)] * 2


def test_the_files_agree_on_places_so_that_units_gather_interventions_of_two(city):
    shared = city["units"].filter(pl.col("n_fuentes") == 2)

    assert shared.height > 0
    assert city["units"].height < city["works"].height


def test_some_coordinates_need_a_repair_and_all_repaired_ones_are_in_the_city(city):
    repaired = city["works"].filter(pl.col("reparacion").is_not_null())

    assert repaired.get_column("reparacion").n_unique() >= 3
    assert repaired.get_column("geometria").null_count() == 0


def test_progress_in_shares_and_in_per_cent_meet_in_one_scale(city):
    largest = dict(city["works"].group_by("fuente").agg(pl.col("avance_obra").max()).rows())

    assert largest["obras_equipamientos.xlsx"] == 100
    assert largest["unidades_proyecto_drive_2025.json"] == 100


def test_there_are_active_fronts_and_subsidies_and_roads(city):
    works = city["works"]

    assert "Frente activo" in works.get_column("frente_activo").to_list()
    assert {"Subsidios", "Obra vial", "Obras equipamientos"} <= set(works.get_column("clase_up").to_list())
