"""What the portable executor tells besides the outcome: the task's progress, and trouble with its log."""

import json
import os

import pytest

from orchestrator.core.outcomes import Returned
from orchestrator.core.ports import AttemptProgress
from orchestrator.executors.portable import PortableExecutor
from orchestrator.executors.travel import call_to_wire
from orchestrator.executors.watched_process import WatchedProcess
from tests.integration.executor_watch import Watch, call_of


@pytest.fixture
def watch():
    executor = PortableExecutor(max_workers=2)
    yield Watch(executor)
    executor.close()


def test_progress_is_told_as_it_comes_each_word_once_and_the_last_before_the_end(watch):
    call = call_of("count_to", parameters={"total": 50, "pause": 0.02})

    ended = watch.run(call)

    told = [(event.done, event.total) for event in watch.of(AttemptProgress, call.attempt)]
    assert ended.outcome == Returned(output="counted")
    assert told[-1] == (50, 50)
    assert len(told) > 2
    assert told == sorted(set(told))
    assert isinstance(watch.events[-1], type(ended))


def test_a_task_that_says_nothing_of_its_progress_has_none(watch):
    call = call_of("give_back")

    watch.run(call)

    assert watch.of(AttemptProgress, call.attempt) == []


@pytest.mark.parametrize(
    "left",
    [
        {"nonce": "another's", "progress": [1, 2]},
        {"progress": [1, 2]},
        {"nonce": None, "progress": "far"},
        {"nonce": None, "progress": [10**400, None]},
        {"nonce": None},
        "pipe",
        "folder",
    ],
    ids=["another's", "nobody's", "text", "too large", "nothing", "pipe", "folder"],
)
def test_what_is_no_word_of_ours_is_no_progress_and_holds_nobody_up(left):
    told = []
    process = WatchedProcess(call_to_wire(call_of("give_back")), lambda *_: None, lambda *word: told.append(word))
    place = process._folder / "result.progress"
    if left == "pipe":
        os.mkfifo(place)
    elif left == "folder":
        place.mkdir()
    else:
        place.write_text(json.dumps({**left, "nonce": left["nonce"] or process._nonce} if "nonce" in left else left))

    outcome, _, _ = process.watch()

    assert isinstance(outcome, Returned)
    assert told == []


def test_a_log_that_cannot_be_written_is_told_at_the_end(watch, tmp_path):
    (tmp_path / "file").write_text("no folder")

    ended = watch.run(call_of("give_back", log_path=str(tmp_path / "file" / "log")))

    assert isinstance(ended.outcome, Returned)
    assert ended.trouble.startswith(f"the log {tmp_path / 'file' / 'log'} cannot be written: ")


def test_a_log_without_trouble_is_not_spoken_of(watch, tmp_path):
    ended = watch.run(call_of("give_back", log_path=str(tmp_path / "log")))

    assert ended.trouble == ""
