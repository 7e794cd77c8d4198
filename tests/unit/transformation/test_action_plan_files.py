"""Which file of Cuadro 1S speaks for which cut, from the register to the tables of the warehouse."""

import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from etl_kit.datasets import SEGUIMIENTO_ACTIVIDADES, WAREHOUSE
from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.rejects import Rejects
from tests.unit.transformation.action_plan_subjects import NAME, activities_book, activity, reading
from transformation_app.action_plan_checks import falling_projects
from transformation_app.action_plan_files import TABLES, choose
from transformation_app.data_transformation_seguimiento_pa import action_plan_frames, main

NOW = datetime(2025, 9, 22, 13, tzinfo=UTC)
SECOND = "CUADRO 1S_II Trimestre 2025.xlsx"


def registered(home: Path, books: dict[str, bytes]) -> Path:
    """A home whose register holds these workbooks."""
    raw = home / "data" / "raw" / "files" / "seguimiento_pa"
    raw.mkdir(parents=True)
    entries = []
    for name, content in books.items():
        digest = hashlib.sha256(content).hexdigest()
        (raw / f"{digest[:12]}__{name}").write_bytes(content)
        entries.append({"nombre": name, "archivo": f"{digest[:12]}__{name}", "sha256": digest, "reemplazado": False})
    (raw / "registro.json").write_text(json.dumps(entries), encoding="utf-8")
    return home


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ETL_SOURCE_FOLDER", str(tmp_path))
    return tmp_path


def written(home: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(home / "data" / "transformed" / "files" / f"{name}.parquet")


def test_of_two_files_on_one_cut_the_one_with_more_rows_speaks_and_the_other_is_told():
    short = reading(activity(codigo="A1"), name="A I Trimestre 2025.xlsx")
    long = reading(activity(codigo="A1"), activity(codigo="A2"), name="B I Trimestre 2025.xlsx")

    chosen, warnings = choose([short, long])

    assert [each.name for each in chosen] == ["B I Trimestre 2025.xlsx"]
    assert "A I Trimestre 2025.xlsx" in warnings[0]


def test_cuts_in_either_order_give_the_same_tables():
    first = reading(activity(avance=(0.1,)))
    second = reading(activity(avance=(0.1, 0.2)), name=SECOND, cut=date(2025, 6, 30))

    one, other = (
        action_plan_frames(choose(each)[0], run_id="r", now=NOW) for each in ([first, second], [second, first])
    )

    assert all(one[each].equals(other[each]) for each in TABLES)
    assert one[SEGUIMIENTO_ACTIVIDADES]["periodo_corte"].to_list() == [date(2025, 3, 31), date(2025, 6, 30)]


def test_every_table_of_the_task_is_a_table_of_the_warehouse():
    names = {dataset.name for dataset in WAREHOUSE if dataset.made_by == "transform_seguimiento_pa"}

    made = {table.name for table in TABLES}

    assert made == names


def test_without_any_reading_every_table_is_there_and_empty():
    frames = action_plan_frames([], run_id="r", now=NOW)

    shapes = {table.name: (frame.height, frame.width) for table, frame in frames.items()}

    assert shapes == {table.name: (0, len(table.columns)) for table in TABLES}


def test_a_file_whose_name_tells_no_period_is_refused_by_name_and_the_others_are_read(folder):
    home = registered(folder, {NAME: activities_book(activity()), "CUADRO 1S.xlsx": activities_book(activity())})

    account = main(source="files", home=str(home))

    assert account["rows"]["seguimiento_actividades_pa"] == 1
    assert account["rejected"]["seguimiento_archivos_pa"] == 1
    assert any(warning.startswith("CUADRO 1S.xlsx") for warning in account["warnings"])
    assert written(home, "rejected/seguimiento_archivos_pa")["fuente"].to_list() == ["CUADRO 1S.xlsx"]


def test_if_not_one_file_can_be_used_the_task_fails_and_says_which(folder):
    home = registered(folder, {"CUADRO 1S.xlsx": activities_book(activity())})

    with pytest.raises(UnreadableInput) as caught:
        main(source="files", home=str(home))

    assert "CUADRO 1S.xlsx" in str(caught.value)


def test_a_register_without_files_gives_empty_tables_and_a_warning(folder):
    home = registered(folder, {})

    account = main(source="files", home=str(home))

    assert set(account["rows"].values()) == {0}
    assert len(account["warnings"]) == 1


def test_nothing_extracted_names_the_task_that_does_it(folder):
    with pytest.raises(MissingInput) as caught:
        main(source="files", home=str(folder))

    assert caught.value.made_by == "extract_archivos"


def test_a_project_that_falls_back_from_one_cut_to_the_next_is_told(folder):
    books = {
        NAME: activities_book(activity(avance_proyecto=0.5)),
        SECOND: activities_book(activity(avance_proyecto=0.4)),
    }
    home = registered(folder, books)

    account = main(source="files", home=str(home))

    assert falling_projects(written(home, "seguimiento_pa")) == 1
    assert len(account["warnings"]) == 1


def test_a_new_year_begins_anew():
    cuts = {"periodo_corte": [date(2024, 12, 31), date(2025, 3, 31)], "avance_proyecto": [0.9, 0.1]}
    projects = pl.DataFrame({"bpin": ["2024760019901"] * 2, **cuts})

    falls = falling_projects(projects)

    assert falls == 0


def test_running_twice_and_with_rows_in_another_order_gives_the_same_tables(folder):
    rows = [activity(codigo="A1", inicial=1), activity(codigo="A1", inicial=2), activity(codigo="A2", inicial=3)]
    homes = [
        registered(folder / name, {NAME: activities_book(*ordered)})
        for name, ordered in (("one", rows), ("again", rows), ("other", rows[::-1]))
    ]

    for home in homes:
        main(source="files", home=str(home))

    for table in TABLES:
        one, *others = (written(home, table.name).drop("fecha_procesamiento") for home in homes)
        assert all(one.equals(other) for other in others)


def test_what_is_refused_is_kept_under_the_table_it_was_meant_for():
    bad = reading(activity(bpin="x"), activity())

    refused = {name: len(rejects) for name, rejects in bad.rejects.items() if len(rejects)}

    assert refused == {"seguimiento_actividades_pa": 1}
    assert isinstance(bad.rejects["seguimiento_actividades_pa"], Rejects)
