"""How much memory an attempt may take, and what is told of what it used (F17, D5)."""

import sys

import psutil
import pytest

from orchestrator.core.outcomes import Crashed, Raised, Returned
from orchestrator.core.ports import AttemptProgress
from tests.integration.executor_watch import call_of, kinds_of, living, supervisor_of, watched_chain, witnesses

if sys.platform != "linux":
    pytest.skip("the supervisor's chain is Linux's", allow_module_level=True)


@pytest.fixture
def watch():
    with watched_chain() as watch:
        yield watch


@pytest.mark.parametrize("isolation", ["fresh", "shared"])
def test_a_task_that_takes_more_memory_than_it_may_is_killed_and_says_so(watch, isolation):
    call = call_of("fill_memory", memory_limit_mb=256, isolation=isolation, parameters={"pause": 0.01})

    ended = watch.run(call)

    assert isinstance(ended.outcome, Crashed)
    assert ended.outcome.signal == 9
    assert ended.outcome.message.startswith("memory limit of 256 MB exceeded (")
    assert 256 * 1024 * 1024 < ended.usage.peak_memory_bytes < 1024 * 1024 * 1024
    assert psutil.Process(supervisor_of(watch)).memory_info().rss < 100 * 1024 * 1024
    assert watch.run(call_of("give_back")).outcome == Returned(output={})


def test_the_memory_of_all_its_processes_counts_together(watch, tmp_path):
    parameters = {"each_mb": 100, "count": 4}

    ended = watch.run(call_of("fill_memory_by_family", evidence=tmp_path, memory_limit_mb=256, parameters=parameters))

    assert isinstance(ended.outcome, Crashed)
    assert "memory limit of 256 MB exceeded" in ended.outcome.message
    assert "child" in kinds_of(witnesses(tmp_path)) or "glutton" in kinds_of(witnesses(tmp_path))
    assert living(tmp_path) == []


def test_pages_that_a_family_shares_count_once(watch):
    call = call_of("share_memory", memory_limit_mb=256, parameters={"each_mb": 128, "count": 6})

    outcome = watch.run(call).outcome

    assert outcome == Returned(output="shared")


def test_one_absurd_request_is_a_memory_error_with_its_traceback(watch):
    outcome = watch.run(call_of("ask_for_too_much", memory_limit_mb=256)).outcome

    assert isinstance(outcome, Raised)
    assert outcome.error_type == "MemoryError"
    assert "in ask_for_too_much" in outcome.traceback


@pytest.mark.parametrize("isolation", ["fresh", "shared"])
def test_only_a_call_with_a_limit_has_its_addresses_bounded(watch, isolation):
    bounded, free = (
        watch.run(call_of("describe_yourself", memory_limit_mb=limit, isolation=isolation)).outcome.output["limits"]
        for limit in (256, None)
    )

    bound = int(next(line for line in bounded.splitlines() if line.startswith("Max address space")).split()[3])
    assert bound > 256 * 1024 * 1024
    assert bounded != free


FRAMES = """
def main():
    import duckdb
    import polars as pl

    frame = pl.DataFrame({"a": range(100_000), "b": [n % 7 for n in range(100_000)]})
    groups = frame.lazy().group_by("b").agg(pl.col("a").sum()).collect()
    return [groups.height, duckdb.connect().sql("select count(*) from range(1000)").fetchone()[0]]
"""


def test_the_libraries_of_the_pipeline_work_under_a_limit_of_512_mb(watch, tmp_path):
    (tmp_path / "frames.py").write_text(FRAMES)

    call = call_of("main", module="frames", search_path=(str(tmp_path),), memory_limit_mb=512)

    assert watch.run(call, within=60).outcome == Returned(output=[7, 1000])


@pytest.mark.parametrize("isolation", ["fresh", "shared"])
@pytest.mark.parametrize("wait", [True, False])
def test_the_processor_time_of_a_grandchild_is_counted_whether_it_was_waited_for_or_not(watch, isolation, wait):
    parameters = {"seconds": 1.0, "wait": wait}

    ended = watch.run(call_of("burn_below", isolation=isolation, parameters=parameters))

    assert ended.outcome == Returned(output=None)
    assert 0.8 <= ended.usage.cpu_seconds < 5


def test_progress_reaches_the_owner_before_the_end_and_the_last_word_is_never_lost(watch, tmp_path):
    log = tmp_path / "log"
    call = call_of("count_to", parameters={"total": 5000}, log_path=str(log))

    ended = watch.run(call)

    told = watch.of(AttemptProgress, call.attempt)
    assert ended.outcome == Returned(output="counted")
    assert (told[0].done, told[0].total) == (1, 5000)
    assert (told[-1].done, told[-1].total) == (5000, 5000)
    assert len(told) <= 2 + ended.duration * 10
    assert watch.events.index(told[-1]) < watch.events.index(ended)
    assert 1 <= log.read_text().count("progress: ") <= 1 + ended.duration


@pytest.mark.parametrize("done", ["nan", "inf", "half", None])
def test_progress_that_is_no_number_fails_in_the_tasks_own_code(watch, done):
    call = call_of("say_progress", parameters={"done": done})

    outcome = watch.run(call).outcome

    assert isinstance(outcome, Raised)
    assert outcome.error_type == "ValueError"
    assert "must be a finite number" in outcome.message
    assert watch.of(AttemptProgress, call.attempt) == []
