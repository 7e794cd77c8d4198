"""The invented Cuadro 1S: the same for the same city, true to its budget, with the traps of the real ones."""

from datetime import UTC, datetime

import polars as pl
import pytest

from demo_city.action_plan import FIRST_QUARTER, FOLDER, JUNE_2024, SECOND_QUARTER, files_of_action_plan
from demo_city.action_plan_trees import DIFFERS, MISSING
from demo_city.budget import year_of_budget
from demo_city.people import MARKERS
from demo_city.projects import invent_projects
from extraction_app.personal_cells import without_people
from transformation_app.action_plan_files import TABLES, Reading, read_file
from transformation_app.action_plan_periods import period_of_file_name
from transformation_app.data_transformation_seguimiento_pa import action_plan_frames

SEED, SCALE = 7, 0.3


def files(seed: int = SEED) -> dict[str, bytes]:
    return files_of_action_plan(seed, SCALE, invent_projects(seed, SCALE, 2025))


def read(name: str, content: bytes) -> Reading:
    return read_file(content, name=name, cut=period_of_file_name(name))


@pytest.fixture(scope="module")
def readings() -> dict[str, Reading]:
    return {
        path.removeprefix(f"{FOLDER}/"): read(path.removeprefix(f"{FOLDER}/"), data) for path, data in files().items()
    }


def table(reading: Reading, name: str) -> pl.DataFrame:
    return next(frame for dataset, frame in reading.frames.items() if dataset.name == name)


def test_the_same_city_gives_the_same_bytes_and_another_seed_others():
    one, again, other = files(), files(), files(8)

    assert one == again
    assert all(one[path] != other[path] for path in one)
    assert list(one) == [f"{FOLDER}/{name}" for name in (FIRST_QUARTER, SECOND_QUARTER, JUNE_2024)]


@pytest.mark.parametrize(("name", "month"), [(FIRST_QUARTER, 3), (SECOND_QUARTER, 6)])
def test_the_money_of_a_quarter_is_that_of_the_budget_to_the_peso(readings, name, month):
    rows = year_of_budget(SEED, invent_projects(SEED, SCALE, 2025), 2025, month)[month]
    balances = [row.balance for row in rows if row.line.vigencia == "Actual"]

    projects = table(readings[name], "seguimiento_pa")

    assert projects["ejecucion"].sum() == sum(balance.rpc for balance in balances)
    assert projects["obligado"].sum() == sum(balance.obligaciones for balance in balances)
    assert projects["pagos"].sum() == sum(balance.pagos for balance in balances)
    assert projects["ppto_modificado"].sum() == sum(balance.modificado for balance in balances)


def test_both_layouts_of_a_quarter_give_the_same_products(readings):
    codes = [
        table(readings[name], "seguimiento_productos_pa").select("bpin", "meta_pd", "cod_producto_mga").sort(pl.all())
        for name in (FIRST_QUARTER, SECOND_QUARTER)
    ]

    assert codes[0].equals(codes[1])
    assert codes[0]["cod_producto_mga"].str.contains(r"^\d{7}$").all()
    assert any("Nombre Producto MGA" in warning for warning in readings[FIRST_QUARTER].warnings)
    assert not any("Nombre Producto MGA" in warning for warning in readings[SECOND_QUARTER].warnings)


def test_the_header_and_the_sheet_are_elsewhere_in_each_quarter(readings):
    about = pl.concat(table(reading, "seguimiento_archivos_pa") for reading in readings.values())

    assert about["fila_encabezado"].to_list() == [9, 11, 7]
    assert about["n_hojas"].to_list() == [3, 6, 28]
    assert about["disposicion"].to_list() == ["A", "A", "B"]


def test_the_deliberate_faults_are_noticed_and_no_others(readings):
    noticed = pl.concat(table(readings[name], "seguimiento_archivos_pa") for name in (FIRST_QUARTER, SECOND_QUARTER))

    assert noticed["productos_con_ponderacion_distinta_de_1"].to_list() == [1, 1]  # the activity in two rows
    assert noticed["avances_fuera_de_0_a_1"].to_list() == [1, 2]
    assert noticed["avances_que_bajan"].to_list() == [0, 1]
    assert noticed["valores_en_desacuerdo"].to_list() == [2, 2]
    assert table(readings[FIRST_QUARTER], "seguimiento_actividades_pa").filter(pl.col("ordinal") > 1).height == 1


def test_the_trees_of_2024_add_up_to_the_summary_but_for_the_one_that_differs(readings):
    organismos = table(readings[JUNE_2024], "seguimiento_organismos_pa")
    projects = table(readings[JUNE_2024], "seguimiento_proyectos_pa")

    [warning] = readings[JUNE_2024].warnings

    assert DIFFERS in warning
    assert organismos["ppto_definitivo"].sum() - projects["ppto_definitivo"].sum() == MISSING
    assert organismos["pagos"].sum() == projects["pagos"].sum()
    assert sorted(projects["bp"]) == sorted(project.bp for project in invent_projects(SEED, SCALE, 2024))
    assert organismos["cod_centro_gestor"].n_unique() == 27


def test_the_tables_fit_their_datasets(readings):
    frames = action_plan_frames(list(readings.values()), run_id="r", now=datetime(2025, 9, 22, tzinfo=UTC))

    conformed = {each.name: each.conform(frames[each]) for each in TABLES}

    assert all(frame.height for frame in conformed.values())


def test_invented_people_are_in_the_explanations_and_in_no_table(readings):
    raw = " ".join(str(reading) for reading in map(everything, files().values())).upper()

    tables = [
        frame
        for reading in readings.values()
        for frame in (*reading.frames.values(), *(rejects.frame() for rejects in reading.rejects.values()))
    ]
    told = " ".join(frame.write_csv() for frame in tables).upper()

    assert any(marker.upper() in raw for marker in MARKERS)
    assert not [marker for marker in MARKERS if marker.upper() in told]


def test_a_workbook_that_extraction_has_written_anew_as_text_gives_the_same_tables(readings):
    for path, content in files().items():
        name = path.removeprefix(f"{FOLDER}/")

        again = read(name, without_people(content, name=name).data)

        for each, frame in readings[name].frames.items():
            other = again.frames[each]
            assert frame.sort(each.key).equals(other.sort(each.key))


def everything(content: bytes) -> str:
    """All texts of a workbook."""
    import fastexcel

    book = fastexcel.read_excel(content)
    sheets = (book.load_sheet(name, header_row=None, dtypes="string").to_polars() for name in book.sheet_names)
    return "".join(sheet.write_csv() for sheet in sheets)
