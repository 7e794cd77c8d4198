"""Budget files from a folder and from a page of links."""

import json
from pathlib import Path

import pytest

from demo_city.faults import Faults, Refusal, Truncation
from demo_city.soda_server import BUDGET_PAGE, serve_folder
from etl_kit.errors import UnreadableInput
from extraction_app import data_extraction_ejecucion_presupuestal as budget
from extraction_app.http_source import open_http
from tests.integration.extraction_subjects import FAST, demo, from_files

pytestmark = pytest.mark.usefixtures("no_settings_from_outside")


def names(register):
    return {(entry["nombre"], entry["reemplazado"]) for entry in json.loads(Path(register).read_text())}


def test_budget_files_from_a_page_are_fetched_once(tmp_path, city):
    faults = Faults()
    settings = {"home": str(tmp_path / "home"), "source": "portal", "source_folder": str(tmp_path / "none")}

    with serve_folder(city, faults=faults) as url:
        page = {**settings, "budget_page_url": f"{url}{BUDGET_PAGE}"}
        first, second = budget.main(**page), budget.main(**page)

    assert (len(first["new"]), len(first["unchanged"])) == (7, 0)
    assert (len(second["new"]), len(second["unchanged"])) == (0, 7)
    assert faults.statuses == [200] * 8 + [200] + [304] * 7  # page and files, page and nothing new
    register = json.loads(Path(second["path"]).read_text())
    assert all((Path(second["path"]).parent / entry["archivo"]).stat().st_size == entry["bytes"] for entry in register)


def test_a_corrected_file_of_the_same_name_is_fetched_again_and_the_old_one_kept(tmp_path, files):
    settings = from_files(tmp_path, files)
    budget.main(**settings)
    april = files / "ejecucion_presupuestal" / "EJECUCION_ABRIL_2025.csv"
    april.write_bytes(april.read_bytes().replace(b"Actual", b"Actual ", 1))

    output = budget.main(**settings)

    assert output["new"] == ["EJECUCION_ABRIL_2025.csv"]
    assert {("EJECUCION_ABRIL_2025.csv", True), ("EJECUCION_ABRIL_2025.csv", False)} <= names(output["path"])
    assert len(list(Path(output["path"]).parent.glob("*EJECUCION_ABRIL_2025.csv"))) == 2


def test_refused_files_are_named_and_the_others_go_on(tmp_path, files):
    folder = files / "ejecucion_presupuestal"
    (folder / "EJECUCION_JUNIO_2025.xlsx").write_bytes(b"<html>404</html>")
    (folder / "notas.txt").write_text("x")
    (folder / "EJECUCION_2025.csv").write_bytes((folder / "EJECUCION_MAYO_2025.csv").read_bytes())
    (folder / "~$abierto.xlsx").write_bytes(b"lock")
    (folder / ".DS_Store").write_bytes(b"x")

    output = budget.main(**from_files(tmp_path, files))

    assert len(output["new"]) == 7
    assert [text.split(" ")[0] for text in output["refused"]] == [
        "EJECUCION_2025.csv",
        "EJECUCION_JUNIO_2025.xlsx",
        "notas.txt",
    ]
    assert set(output["refused"]) <= set(output["warnings"])


def test_no_usable_file_is_an_error_that_names_the_folder_and_what_to_put_there(tmp_path, files):
    for path in (files / "ejecucion_presupuestal").iterdir():
        path.write_bytes(b"")

    with pytest.raises(budget.NoBudgetFiles, match=r"files.ejecucion_presupuestal.*EJECUCION_ABRIL_2025\.csv"):
        budget.main(**from_files(tmp_path, files))


def test_a_copy_that_was_deleted_is_received_anew(tmp_path, city):
    settings = demo(tmp_path)
    output = budget.main(**settings)
    (lost,) = Path(output["path"]).parent.glob("*EJECUCION_MAYO_2025.csv")
    lost.unlink()

    again = budget.main(**settings)

    assert again["new"] == ["EJECUCION_MAYO_2025.csv"]
    assert "EJECUCION_MAYO_2025.csv" in again["warnings"][0]
    assert lost.exists()


def test_a_file_the_source_no_longer_has_stays_and_is_mentioned(tmp_path, files):
    settings = from_files(tmp_path, files)
    budget.main(**settings)
    (files / "ejecucion_presupuestal" / "EJECUCION_MAYO_2025.csv").unlink()

    output = budget.main(**settings)

    assert output["rows"] == 7
    assert "EJECUCION_MAYO_2025.csv" in output["warnings"][0]


def test_a_download_that_fails_fails_the_task_but_the_other_files_are_kept(tmp_path, city, monkeypatch):
    monkeypatch.setattr(budget, "open_http", lambda *, local: open_http(local=local, policy=FAST))
    settings = {"home": str(tmp_path / "home"), "source": "portal", "source_folder": str(tmp_path / "none")}
    faults = Faults(Refusal(status=500, part="MAYO", times=None), Truncation(part="ABRIL"))

    with serve_folder(city, faults=faults) as url, pytest.raises(budget.BudgetIncomplete) as failure:
        budget.main(**settings, budget_page_url=f"{url}{BUDGET_PAGE}")

    assert len(failure.value.failed) == 1
    assert "EJECUCION_MAYO_2025.csv" in failure.value.failed[0]
    register = tmp_path / "home/data/raw/portal/ejecucion_presupuestal/registro.json"
    assert len(names(register)) == 6
    assert ("EJECUCION_ABRIL_2025.csv", False) in names(register)


def test_a_damaged_register_is_refused_by_name(tmp_path):
    settings = demo(tmp_path)
    output = budget.main(**settings)
    Path(output["path"]).write_text('[{"nombre": 1}]')

    with pytest.raises(UnreadableInput, match=r"registro\.json"):
        budget.main(**settings)
