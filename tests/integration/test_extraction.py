"""The four extractions, over real loopback HTTP and real files."""

import gzip
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from demo_city.city import SEAL, _put_in_place, ensure_city
from demo_city.faults import Faults, LyingCount, Nonsense, Refusal, Stall, TokenNeeded, Truncation
from demo_city.people import MARKERS
from demo_city.soda_server import BUDGET_PAGE, serve_folder
from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.settings import read_settings
from etl_kit.snapshots import latest_snapshot
from extraction_app import data_extraction_contratos_emprestito as contracts
from extraction_app import data_extraction_ejecucion_presupuestal as budget
from extraction_app import data_extraction_indice_emprestito as index
from extraction_app import data_extraction_procesos_emprestito as processes
from extraction_app.http_source import Patience, open_http
from extraction_app.loan_extraction import LoanIncomplete, extract_loan
from extraction_app.retries import NoAnswer, Overloaded, Refused, RetryPolicy, SourceTrouble
from extraction_app.soda import CountMismatch, SodaClient
from extraction_app.sources import InventedFolder, MissingSource

SEED = 11
FAST = RetryPolicy(attempts=4, first_wait=timedelta(milliseconds=1), longest_wait=timedelta(milliseconds=5))
DAY = datetime(2025, 9, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    for name in list(os.environ):
        if name.startswith("ETL_") and name != "ETL_REAL_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("ETL_LANG", "en")


@pytest.fixture(scope="session")
def city(tmp_path_factory):
    return ensure_city(tmp_path_factory.mktemp("city"), seed=SEED, scale=0.3)


@pytest.fixture
def files(city, tmp_path):
    """A private copy of the city without its seal, to be damaged at will."""
    return unsealed(city, tmp_path / "files")


def unsealed(city, copy):
    return shutil.copytree(city, copy, ignore=shutil.ignore_patterns(SEAL))


def demo(tmp_path):
    return {"home": str(tmp_path / "home"), "source": "demo", "demo_seed": SEED, "demo_scale": 0.3}


def from_files(tmp_path, folder):
    return {"home": str(tmp_path / "home"), "source": "files", "source_folder": str(folder)}


def everything_below(folder):
    """All bytes below `folder`, unpacked, as lower-case text."""
    texts = []
    for path in sorted(Path(folder).rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as package:
                data = b"".join(package.read(name) for name in package.namelist())
        texts.append(data.decode("utf-8", "replace"))
    return "\n".join(texts).lower()


# ---- the city on disk ----


def test_the_city_is_made_once(tmp_path):
    first = ensure_city(tmp_path, seed=1, scale=0.2)
    stamp = tmp_path.stat().st_mtime_ns

    again = ensure_city(tmp_path, seed=1, scale=0.2)

    assert again == first
    assert tmp_path.stat().st_mtime_ns == stamp  # nothing was built beside it either
    assert ensure_city(tmp_path, seed=2, scale=0.2) != first


def test_who_comes_second_leaves_the_first_city_alone(tmp_path):
    first = ensure_city(tmp_path, seed=1, scale=0.2)
    inode = first.stat().st_ino
    second = shutil.copytree(first, tmp_path / "second")

    _put_in_place(second, first)

    assert first.stat().st_ino == inode


def test_what_a_killed_process_left_is_cleared_and_what_is_being_built_is_not(tmp_path):
    for name, age in (("old", 7200), ("young", 10)):
        (tmp_path / f".{name}.part").mkdir()
        os.utime(tmp_path / f".{name}.part", (time.time() - age,) * 2)

    ensure_city(tmp_path, seed=1, scale=0.1)

    assert {path.name for path in tmp_path.glob(".*")} == {".young.part"}


def test_a_city_without_its_seal_is_made_again(tmp_path):
    folder = ensure_city(tmp_path, seed=1, scale=0.2)
    whole = everything_below(folder)
    (folder / SEAL).unlink()
    (folder / "secop" / "contratos_jbjy-vk9h.json").unlink()

    again = ensure_city(tmp_path, seed=1, scale=0.2)

    assert everything_below(again) == whole


def test_several_processes_may_ask_for_the_same_city_at_once(tmp_path):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        folders = pool.starmap(_ensure, [(tmp_path,)] * 4)

    assert len(set(folders)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [Path(folders[0]).name]


def _ensure(folder):
    return str(ensure_city(folder, seed=3, scale=0.2))


def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed_and_the_locale():
    script = (
        "import hashlib; from demo_city.city import build_city; c = build_city(seed=7, scale=0.2);"
        "print(hashlib.sha256(b''.join(k.encode() + c.files[k] for k in sorted(c.files))).hexdigest())"
    )
    surroundings = [{"PYTHONHASHSEED": "1", "LC_ALL": "C"}, {"PYTHONHASHSEED": "99", "TZ": "Asia/Tokyo"}]

    digests = {
        subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True).stdout
        for env in surroundings
    }

    assert len(digests) == 1


def test_the_command_writes_a_city_and_refuses_a_folder_with_something_else(tmp_path):
    call = [sys.executable, "-m", "demo_city", "--scale", "0.1", "--seed", "5", "--out"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("important")

    made = subprocess.run([*call, str(tmp_path / "new")], capture_output=True, text=True, check=False)
    refused = subprocess.run([*call, str(tmp_path / "mine")], capture_output=True, text=True, check=False)

    assert (made.returncode, refused.returncode) == (0, 2)
    assert json.loads((tmp_path / "new" / SEAL).read_text())["semilla"] == 5
    assert "mine" in refused.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


# ---- the made-up city, all four tasks ----


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


# ---- a folder of saved files ----


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

    with pytest.raises(MissingSource, match="nowhere"):
        task.main(**from_files(tmp_path, tmp_path / "nowhere"))


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


# ---- faults of the portal ----


@pytest.fixture
def loan(tmp_path, city):
    """A function that extracts the loan's contracts from a server with the given faults."""
    saved = from_files(tmp_path, unsealed(city, tmp_path / "saved"))
    settings = read_settings(**saved, environ={})
    index.main(**saved)

    def extract(*faults, record=None, token=None, policy=FAST, patience=None, page_size=50):
        record = record or Faults(*faults)
        with (
            serve_folder(city, faults=record) as url,
            open_http(local=True, token=token, policy=policy, patience=patience) as http,
        ):
            client = SodaClient(http=http, base_url=url, page_size=page_size)
            return extract_loan(settings, contracts.CONTRACTS, client, now=DAY), record.requests

    return extract


def in_a_moment():
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


@pytest.mark.parametrize(
    "faults",
    [
        [Refusal(status=429, retry_after="0", times=2)],
        [Refusal(status=429, retry_after=in_a_moment())],
        [Refusal(status=500), Refusal(status=502), Refusal(status=503, part="$offset=50")],
        [Truncation(part="$limit")],
        [Truncation(part="count", times=2)],
        [Nonsense(part="$limit", times=2)],
        [Stall(seconds=30, part="$limit")],
        [LyingCount(by=3)],
        [LyingCount(by=-1)],
    ],
    ids=lambda faults: "+".join(type(fault).__name__ for fault in faults),
)
def test_a_passing_fault_changes_nothing_in_the_result(loan, faults):
    expected, undisturbed = loan()

    output, requests = loan(*faults, patience=Patience(read=0.5))

    assert output == expected
    assert len(requests) > len(undisturbed)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Refusal(status=429, times=None), Overloaded),
        (Refusal(status=429, retry_after="7200", times=None), Overloaded),
        (Refusal(status=503, times=None), Overloaded),
        (Refusal(status=400, times=None), Refused),
        (Truncation(times=None), NoAnswer),
        (Nonsense(times=None), NoAnswer),
        (Stall(seconds=30, times=None), NoAnswer),
        (LyingCount(by=1, times=None), CountMismatch),
        (TokenNeeded(token="abc"), Refused),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_lasting_fault_fails_the_task_and_is_not_taken_for_no_rows(loan, tmp_path, fault, cause):
    with pytest.raises(LoanIncomplete) as failure:
        loan(fault, patience=Patience(read=0.2))

    assert isinstance(failure.value.__cause__, cause)
    assert failure.value.found == ()
    assert failure.value.not_found == ()
    assert failure.value.failed
    assert failure.value.failed[0] in str(failure.value)
    assert not (tmp_path / "home/data/raw/files/contratos_emprestito").exists()


def test_when_a_part_fails_the_lists_tell_what_was_found_and_nothing_is_written(tmp_path, files, loan):
    whole, _ = loan()
    folder = tmp_path / "home/data/raw/files/contratos_emprestito"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    many = [f"4199.010.26.1.{number:04d}-2025" for number in range(60)]
    path = files / "emprestito" / "indice_procesos_emprestito.json"
    rows = json.loads(path.read_text())
    path.write_text(json.dumps([*rows, {"referencia_contrato": many}]))
    index.main(**from_files(tmp_path, files))

    with pytest.raises(LoanIncomplete) as failure:
        loan(Refusal(status=500, part="4199%0059%", times=None))

    assert set(failure.value.found) <= set(whole["found"])
    assert failure.value.found
    assert many[-1] in failure.value.failed
    assert not set(failure.value.failed) & {*failure.value.found, *failure.value.not_found}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_portal_that_is_down_is_not_asked_for_every_batch(loan, tmp_path, files):
    path = files / "emprestito" / "indice_procesos_emprestito.json"
    many = [f"4199.010.26.1.{number:04d}-2025" for number in range(300)]
    path.write_text(json.dumps([{"referencia_contrato": many}]))
    index.main(**from_files(tmp_path, files))
    record = Faults(Refusal(status=503, times=None))

    with pytest.raises(LoanIncomplete) as failure:
        loan(record=record)

    assert sorted(failure.value.failed) == many
    assert len(record.requests) == 2 * FAST.attempts


def test_the_token_opens_the_door_and_appears_nowhere(loan, caplog):
    secret = "s3cr3t-t0k3n"

    with caplog.at_level("DEBUG"):
        output, _ = loan(TokenNeeded(token=secret), token=secret)
        with pytest.raises(LoanIncomplete) as failure:
            loan(TokenNeeded(token="another"), token=secret)

    assert output["status"] == "success"
    shown = [str(failure.value), repr(failure.value.__cause__), caplog.text, json.dumps(output)]
    assert not any(secret in text for text in shown)


def test_nothing_listening_is_a_failure_with_an_address(tmp_path, city):
    with serve_folder(city) as url:
        pass

    with open_http(local=True, policy=FAST) as http, pytest.raises(SourceTrouble, match=r"127\.0\.0\.1"):
        SodaClient(http=http, base_url=url).count("jbjy-vk9h", "valor_del_contrato > 0")


# ---- budget files ----


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


@pytest.mark.parametrize("task", [index, contracts, processes, budget])
def test_the_made_up_city_is_refused_where_real_files_are_expected(tmp_path, city, task):
    settings = from_files(tmp_path, city)

    with pytest.raises(InventedFolder, match="ETL_SOURCE=demo"):
        task.main(**settings)
