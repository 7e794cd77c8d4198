"""The extractions of the made-up city and of a folder of saved files, over real loopback HTTP."""

import json

import pytest

from demo_city.city import ensure_city
from demo_city.people import MARKERS
from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.snapshots import latest_snapshot
from extraction_app import data_extraction_contratos_emprestito as contracts
from extraction_app import data_extraction_ejecucion_presupuestal as budget
from extraction_app import data_extraction_indice_emprestito as index
from extraction_app import data_extraction_procesos_emprestito as processes
from extraction_app.handed_over import KINDS
from extraction_app.sources import InventedFolder, MissingSource
from tests.integration.extraction_subjects import SEED, demo, everything_below, from_files

pytestmark = pytest.mark.usefixtures("no_settings_from_outside")


def test_the_made_up_city_is_extracted_and_no_invented_person_gets_through(tmp_path):
    settings = demo(tmp_path)
    source = everything_below(ensure_city(tmp_path / "home" / "data" / "demo_city", seed=SEED, scale=0.3))

    outputs = [task.main(**settings) for task in (index, contracts, processes, budget)]

    assert [output["status"] for output in outputs] == ["success"] * 4
    assert all(output["rows"] > 0 for output in outputs)
    written = everything_below(tmp_path / "home" / "data" / "raw")
    assert all(marker.lower() in source for marker in MARKERS)
    assert [marker for marker in MARKERS if marker.lower() in written] == []
    assert "persona-" in written


def test_the_log_names_no_invented_person_either(tmp_path, caplog):
    settings = demo(tmp_path)

    with caplog.at_level("DEBUG"):
        for task in (index, contracts, processes, budget):
            task.main(**settings)

    assert not [marker for marker in MARKERS if marker.lower() in caplog.text.lower()]


def test_outputs_can_be_written_as_json(tmp_path):
    outputs = [task.main(**demo(tmp_path)) for task in (index, contracts, processes, budget)]

    assert json.loads(json.dumps(outputs)) == outputs


def test_exactly_the_rows_of_the_index_are_taken(tmp_path):
    settings = demo(tmp_path)
    index.main(**settings)

    output = contracts.main(**settings)

    snapshot = latest_snapshot(tmp_path / "home/data/raw/demo/contratos_emprestito", made_by="x")
    assert {row["nit_entidad"] for row in snapshot.rows} == {"890399011"}
    years = {row["referencia_del_contrato"].replace(" ", "")[-4:] for row in snapshot.rows}
    assert years == {"2025"}
    assert output["not_found"]
    assert output["failed"] == []
    assert any("another year" in warning for warning in output["warnings"])
    assert any("paid from credit" in warning for warning in output["warnings"])
    assert [entry["text"][:2] for entry in output["unsupported"]] == ["OC"]
    assert snapshot.about["found"] == output["found"]
    assert snapshot.about["invented"] is True


def test_all_lots_of_a_process_are_kept(tmp_path):
    settings = demo(tmp_path)
    index.main(**settings)

    processes.main(**settings)

    rows = latest_snapshot(tmp_path / "home/data/raw/demo/procesos_emprestito", made_by="x").rows
    awards = {row["id_adjudicacion"] for row in rows if row["numero_de_lotes"] == "3"}
    assert len(awards) >= 3


def test_extracting_twice_leaves_the_same_rows(tmp_path):
    settings = demo(tmp_path)
    folder = tmp_path / "home" / "data" / "raw" / "demo"

    def rows():
        for task in (index, contracts, processes, budget):
            task.main(**settings)
        names = ("indice_emprestito", "contratos_emprestito", "procesos_emprestito")
        register = (folder / "ejecucion_presupuestal" / "registro.json").read_text()
        return [latest_snapshot(folder / name, made_by="x").rows for name in names], register

    assert rows() == rows()
    assert len(list((folder / "contratos_emprestito").iterdir())) == 1


def test_contracts_without_an_index_say_which_task_makes_it(tmp_path):
    with pytest.raises(MissingInput, match="etl run --tasks extract_indice_emprestito"):
        contracts.main(**demo(tmp_path))


def test_a_folder_of_saved_files_gives_the_same_rows_as_the_city_it_was_copied_from(tmp_path, files):
    for task in (index, contracts):
        task.main(**demo(tmp_path))
        task.main(**from_files(tmp_path, files))

    raw = tmp_path / "home" / "data" / "raw"
    demo_rows, file_rows = (
        latest_snapshot(raw / source / "contratos_emprestito", made_by="x").rows for source in ("demo", "files")
    )
    assert demo_rows == file_rows


@pytest.mark.parametrize("task", [index, contracts, processes, budget])
def test_a_folder_that_is_not_there_is_named(tmp_path, task):
    if task in (contracts, processes):
        index.main(**demo(tmp_path))

    with pytest.raises(MissingSource, match="nowhere") as missing:
        task.main(**from_files(tmp_path, tmp_path / "nowhere"))

    assert all(f"{folder}/" in str(missing.value) for folder in ("ejecucion_presupuestal", "secop", *KINDS))


def test_a_folder_without_contracts_says_what_to_save_there(tmp_path, files):
    (files / "secop" / "contratos_jbjy-vk9h.json").unlink()

    with pytest.raises(MissingSource, match=r"secop.*resource/jbjy-vk9h\.json"):
        contracts.main(**from_files(tmp_path, files))


def test_a_folder_without_an_index_says_where_to_put_it(tmp_path, files):
    (files / "emprestito" / "indice_procesos_emprestito.json").unlink()

    with pytest.raises(MissingSource, match=r"emprestito.indice_procesos_emprestito\.json"):
        index.main(**from_files(tmp_path, files))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "cannot be read"),
        ('{"a": 1}', "list of rows"),
        ('[{"referencia_contrato": "x"}, 5]', "row 1.*referencia_contrato.*row 2"),
        ('[{"referencia_proceso": [3]}]', "row 1.*referencia_proceso"),
    ],
)
def test_an_index_that_cannot_be_used_is_refused_with_every_problem(tmp_path, files, content, problem):
    (files / "emprestito" / "indice_procesos_emprestito.json").write_text(content)

    with pytest.raises((index.UnusableIndex, UnreadableInput), match=problem):
        index.main(**from_files(tmp_path, files))


def test_an_index_without_references_is_a_warning_and_gives_no_rows(tmp_path, files):
    (files / "emprestito" / "indice_procesos_emprestito.json").write_text('[{"bp": "BP26005375"}]')
    settings = from_files(tmp_path, files)

    first, second = index.main(**settings), contracts.main(**settings)

    assert len(first["warnings"]) == 1
    assert (second["status"], second["rows"], second["found"]) == ("success", 0, [])


@pytest.mark.parametrize("task", [index, contracts, processes, budget])
def test_the_made_up_city_is_refused_where_real_files_are_expected(tmp_path, city, task):
    settings = from_files(tmp_path, city)

    with pytest.raises(InventedFolder, match="ETL_SOURCE=demo"):
        task.main(**settings)
