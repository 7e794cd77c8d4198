"""The loan extraction on the city's real SECOP rows, served by the local SODA server."""

import json
import os
from pathlib import Path

import pytest

from etl_kit.references import normalise_reference, parse_reference
from etl_kit.snapshots import latest_snapshot
from extraction_app import data_extraction_contratos_emprestito as contracts
from extraction_app import data_extraction_ejecucion_presupuestal as budget
from extraction_app import data_extraction_indice_emprestito as index
from extraction_app import data_extraction_procesos_emprestito as processes

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ETL_REAL_DATA", ROOT.parent / "shared" / "data"))
CONTRACTS = DATA / "secop" / "contratos_cali_soda_jbjy-vk9h.json"


@pytest.fixture(autouse=True)
def real_data(monkeypatch):
    if not CONTRACTS.is_file():
        if os.environ.get("CI"):
            pytest.fail(f"the real data is not at {DATA}; set ETL_REAL_DATA")
        pytest.skip(f"the real data is not at {DATA}")
    for name in [name for name in os.environ if name.startswith("ETL_") and name != "ETL_REAL_DATA"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ETL_LANG", "en")


@pytest.fixture
def real_folder(tmp_path):
    """A folder with the real SECOP rows and a place for an index."""
    folder = tmp_path / "saved"
    (folder / "secop").mkdir(parents=True)
    (folder / "emprestito").mkdir()
    for name in ("contratos_cali_soda_jbjy-vk9h.json", "procesos_cali_soda_p6dx-8zbt.json"):
        (folder / "secop" / name).symlink_to(DATA / "secop" / name)
    return folder


def settings(tmp_path, folder):
    return {"home": str(tmp_path / "home"), "source": "files", "source_folder": str(folder)}


def with_index(folder, rows):
    (folder / "emprestito" / "indice_procesos_emprestito.json").write_text(json.dumps(rows), encoding="utf-8")


def snapshot(tmp_path, name):
    return latest_snapshot(tmp_path / "home" / "data" / "raw" / "files" / name, made_by="x")


def test_exactly_the_eight_contracts_of_2025_are_found_and_never_their_namesakes_of_other_years(tmp_path, real_folder):
    rows = json.loads(CONTRACTS.read_text(encoding="utf-8"))
    parsed = [parse_reference(row["referencia_del_contrato"]) for row in rows]
    of_2025 = {str(reference) for reference in parsed if reference.year == 2025}
    others = [reference for reference in parsed if reference.year != 2025]
    same_number = {f"{r.organismo}.{r.serie}.{r.consecutivo}-2025" for r in others}
    not_there = same_number - of_2025
    with_index(real_folder, [{"referencia_contrato": [name]} for name in sorted(of_2025 | same_number)])
    index.main(**settings(tmp_path, real_folder))

    output = contracts.main(**settings(tmp_path, real_folder))

    assert (len(rows), len(of_2025), len(others)) == (23, 8, 15)
    taken = snapshot(tmp_path, "contratos_emprestito").rows
    assert sorted(normalise_reference(row["referencia_del_contrato"]) for row in taken) == sorted(of_2025)
    assert sorted(output["found"]) == sorted(of_2025)
    assert sorted(output["not_found"]) == sorted(not_there)
    assert output["failed"] == []


def test_rows_come_as_published_less_personal_data(tmp_path, real_folder):
    with_index(real_folder, [{"referencia_contrato": ["4134.010.26.1.0251-2025"]}])
    index.main(**settings(tmp_path, real_folder))

    contracts.main(**settings(tmp_path, real_folder))

    (taken,) = snapshot(tmp_path, "contratos_emprestito").rows
    published = json.loads(CONTRACTS.read_text(encoding="utf-8"))
    (original,) = [row for row in published if row["referencia_del_contrato"] == "4134.010.26.1.0251-2025"]
    assert taken.items() <= original.items()
    assert taken["valor_del_contrato"] == original["valor_del_contrato"]
    assert taken["urlproceso"] == original["urlproceso"]
    dropped = original.keys() - taken.keys()
    assert {"nombre_ordenador_del_gasto", "nombre_supervisor", "n_mero_de_cuenta"} <= dropped


def test_the_real_index_finds_all_it_can_and_lists_the_rest(tmp_path):
    whole = settings(tmp_path, DATA)
    index.main(**whole)

    of_contracts, of_processes = contracts.main(**whole), processes.main(**whole)

    assert len(of_contracts["found"]) == 8
    assert [entry["text"] for entry in of_contracts["unsupported"]] == ["OC 150273"]
    assert "4151.010.26.1.0932-2025" in of_contracts["not_found"]
    assert len(of_processes["found"]) == 23
    assert "4151.010.32.1.0577-2025" in of_processes["found"]


def test_the_real_budget_files_are_all_accepted(tmp_path):
    output = budget.main(**settings(tmp_path, DATA))

    assert output["refused"] == []
    register = json.loads(Path(output["path"]).read_text())
    assert [(entry["vigencia"], entry["mes"], entry["nombre"][-4:]) for entry in register] == [
        (2024, 2, ".csv"),
        (2025, 1, ".csv"),
        (2025, 4, "xlsx"),
        (2025, 4, ".csv"),
        (2025, 5, ".csv"),
    ]
