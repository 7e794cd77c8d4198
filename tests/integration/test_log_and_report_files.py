"""The log file and the report file on a real disk: what stands in them, and what happens when they cannot be written."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core.errors import HomeUnusable
from orchestrator.core.events import Event, ExecutionMoved, TaskMoved
from orchestrator.core.executions import Request
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.ports import AttemptOutput
from orchestrator.core.redaction import redact
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.listeners import log_file
from orchestrator.listeners.log_file import LogFile
from orchestrator.listeners.report_file import ReportFile
from orchestrator.stores.memory import MemoryStore
from orchestrator.translation import current_language, use_language

AT = datetime(2024, 9, 18, 19, 30, 22, 123456, tzinfo=UTC)
ID = "20240918_143022"
BOGOTA = ZoneInfo("America/Bogota")
RUN = TaskRunKey(execution_id=ID, task_id="carga_ñ")
LEASE = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def _english():
    before = current_language()
    use_language("en")
    yield
    use_language(before)


def began() -> Event:
    move = ExecutionMoved(before=ExecutionStatus.QUEUED, after=ExecutionStatus.RUNNING, at=AT)
    return Event(execution_id=ID, seq=1, move=move)


def completed() -> ExecutionMoved:
    return ExecutionMoved(
        before=ExecutionStatus.RUNNING,
        after=ExecutionStatus.COMPLETED,
        at=AT + timedelta(seconds=5),
        duration=5.0,
        exit_code=0,
    )


def output_of(text: str, stream: str = "stdout") -> AttemptOutput:
    return AttemptOutput(attempt=AttemptKey(run=RUN, number=1), stream=stream, text=text)


def log_in(folder: Path, level: int = logging.INFO) -> LogFile:
    return LogFile(folder, ID, level=level, zone=BOGOTA)


# --- the log file ----------------------------------------------------------------------------------------------------


def test_a_record_is_one_line_with_local_time_level_and_what_happened(tmp_path):
    log = log_in(tmp_path)

    log.on_event(began())
    log.close()

    text = (tmp_path / f"orchestrator_{ID}.log").read_text(encoding="utf-8")
    assert text == f"2024-09-18 14:30:22.123-05:00 INFO     execution {ID} started\n"


def test_lines_are_on_disk_as_soon_as_they_are_written_for_whoever_follows_the_log(tmp_path):
    log = log_in(tmp_path)

    log.on_event(began())

    assert log.path.read_text(encoding="utf-8").count("\n") == 1
    log.close()


@pytest.mark.parametrize(("level", "lines"), [(logging.INFO, 2), (logging.WARNING, 0), (logging.ERROR, 0)])
def test_only_records_that_are_loud_enough_are_written(tmp_path, level, lines):
    log = log_in(tmp_path, level)

    log.on_event(began())
    log.on_output(output_of("hola\n"))
    log.close()

    written = log.path.read_text(encoding="utf-8").splitlines() if log.path.exists() else []
    assert len(written) == lines


def test_what_a_task_writes_can_forge_no_record_of_ours(tmp_path):
    log = log_in(tmp_path)

    log.on_output(output_of("uno\n2024-09-18 14:30:22.123-05:00 ERROR    forged\r\x1b[2Jdos\udcff\n", "stderr"))
    log.close()

    lines = log.path.read_text(encoding="utf-8").splitlines()
    assert [line.partition(" INFO     ")[2] for line in lines] == [
        "carga_ñ stderr| uno",
        "carga_ñ stderr| 2024-09-18 14:30:22.123-05:00 ERROR    forged",
        "carga_ñ stderr| \\x1b[2Jdos\\udcff",
    ]


def test_a_log_stops_growing_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(log_file, "MOST_BYTES", 1000)
    log = log_in(tmp_path)

    for _ in range(100):
        log.on_output(output_of("x" * 100))
    log.close()

    lines = log.path.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 10
    assert lines[-1].endswith("[log cut at 1000 bytes; the attempt logs hold the rest]")


def test_nobody_else_may_read_a_log(tmp_path):
    log = log_in(tmp_path / "logs")

    log.on_event(began())
    log.close()

    assert oct(log.path.stat().st_mode & 0o777) == "0o600"
    assert oct(log.path.parent.stat().st_mode & 0o777) == "0o700"


def test_a_log_that_cannot_be_written_says_which_file_it_is(tmp_path):
    (tmp_path / "logs").write_text("a file where the folder should be")

    with pytest.raises(HomeUnusable, match=f"log file .*orchestrator_{ID}.log cannot be written"):
        log_in(tmp_path / "logs").on_event(began())


# --- the report file -------------------------------------------------------------------------------------------------


@pytest.fixture
def store() -> MemoryStore:
    """An execution of one task, completed but for the last move."""
    store = MemoryStore()
    store.create_execution(ID, Request(tasks=(RUN.task_id,), parameters={"token": "x"}), snapshot="", at=AT)
    execution = store.claim_execution(ID, owner="h:1:1", lease=LEASE, at=AT)
    said = {"status": "success", "note": "año hunter22"}
    states = [(TaskStatus.PENDING, TaskStatus.RUNNING, None), (TaskStatus.RUNNING, TaskStatus.COMPLETED, said)]
    moves = [TaskMoved(run=RUN, before=now, after=then, at=AT, output=out) for now, then, out in states]
    store.record(execution, [began().move, *moves])
    store.record(execution, [completed()])
    return store


def path_in(folder: Path) -> Path:
    return folder / f"execution_report_{ID}.json"


def test_the_report_is_written_when_the_execution_ends_and_not_before(tmp_path, store):
    report = ReportFile(tmp_path, store, zone=BOGOTA)

    report.on_event(began())
    before = path_in(tmp_path).exists()
    report.on_event(Event(execution_id=ID, seq=4, move=completed()))

    assert not before
    written = json.loads(path_in(tmp_path).read_text(encoding="utf-8"))
    assert (written["execution_id"], written["status"], written["exit_code"]) == (ID, "completed", 0)
    assert written["results"]["carga_ñ"]["output"]["note"] == "año hunter22"


def test_an_interrupted_execution_gets_a_report_too(tmp_path, store):
    move = ExecutionMoved(before=ExecutionStatus.RUNNING, after=ExecutionStatus.INTERRUPTED, at=AT)

    ReportFile(tmp_path, store, zone=BOGOTA).on_event(Event(execution_id=ID, seq=4, move=move))

    assert path_in(tmp_path).exists()


def test_a_report_holds_no_secret(tmp_path, store):
    hidden = frozenset({"hunter22"})

    ReportFile(tmp_path, store, zone=BOGOTA, clean=lambda value: redact(value, hidden)).write(ID)

    written = json.loads(path_in(tmp_path).read_text(encoding="utf-8"))
    assert written["results"]["carga_ñ"]["output"]["note"] == "año ***"
    assert written["parameters"] == {"token": "***"}


def test_a_report_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path, store):
    path_in(tmp_path).write_text("an older one")

    path = ReportFile(tmp_path, store, zone=BOGOTA).write(ID)

    assert json.loads(path.read_text(encoding="utf-8"))["execution_id"] == ID
    assert [*tmp_path.iterdir()] == [path]
    assert oct(path.stat().st_mode & 0o777) == "0o600"


def test_a_report_that_cannot_be_written_leaves_the_older_one_whole_and_says_how_to_make_it(
    tmp_path, store, monkeypatch
):
    path_in(tmp_path).write_text("an older one")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(HomeUnusable, match=f"No space left on device; once it can, `etl report {ID}` makes it again"):
        ReportFile(tmp_path, store, zone=BOGOTA).write(ID)

    assert path_in(tmp_path).read_text() == "an older one"
    assert [*tmp_path.iterdir()] == [path_in(tmp_path)]
