"""What a task forks, detaches and leaves behind, and that all of it is dead in time (F7, F10 to F12, D14)."""

import sys

import pytest

from orchestrator.core.outcomes import Cancelled, Returned, TimedOut
from tests.integration.executor_watch import KINDS, call_of, kinds_of, living, wait_until, watched_chain, witnesses

if sys.platform != "linux":
    pytest.skip("the supervisor's chain is Linux's", allow_module_level=True)


@pytest.fixture
def watch():
    with watched_chain() as watch:
        yield watch


@pytest.mark.parametrize("function", ["spin", "stubborn", "stop_yourself", "family"])
def test_a_task_and_all_it_forked_is_dead_at_timeout_plus_grace_plus_one_second(watch, tmp_path, function):
    call = call_of(function, evidence=tmp_path, timeout=1.5, kill_grace=1.0)

    ended = watch.run(call)

    assert ended.outcome == TimedOut(limit=1.5)
    assert ended.duration <= 1.5 + 1.0 + 1.0
    assert kinds_of(witnesses(tmp_path)) == (sorted(KINDS) if function == "family" else ["child"])
    assert living(tmp_path) == []


def test_what_a_finished_task_leaves_behind_is_killed_when_it_ends(watch, tmp_path):
    call = call_of("family", evidence=tmp_path, parameters={"stay": False}, kill_grace=60)

    ended = watch.run(call)

    assert ended.outcome == Returned(output="left my family behind")
    assert kinds_of(witnesses(tmp_path)) == sorted(KINDS)
    assert living(tmp_path) == []


def test_cancel_reaches_every_descendant(watch, tmp_path):
    attempt = watch.submit(call_of("family", evidence=tmp_path, kill_grace=0.5))
    wait_until(lambda: len(witnesses(tmp_path)) == len(KINDS), what="the family")

    watch.executor.cancel(attempt)

    assert watch.end_of(attempt, 2).outcome == Cancelled()
    assert living(tmp_path) == []


def test_children_that_end_in_order_get_the_grace_though_their_parent_died_at_once(watch, tmp_path):
    attempt = watch.submit(call_of("leave_a_careful_child", evidence=tmp_path, kill_grace=5))
    wait_until(lambda: len(witnesses(tmp_path)) == 2, what="the careful child")

    watch.executor.cancel(attempt)
    watch.end_of(attempt, 6)

    assert (tmp_path / "tidied").read_text() == "in order"
    assert living(tmp_path) == []


def test_a_process_that_fled_from_its_subreaper_is_killed_while_the_attempt_goes_on(watch, tmp_path):
    watch.submit(call_of("flee_the_reaper", evidence=tmp_path))

    wait_until(lambda: kinds_of(witnesses(tmp_path)) == ["child", "fled"], what="the flight")

    wait_until(lambda: kinds_of(living(tmp_path)) == ["child"], within=3, what="the end of the one that fled")


def test_a_bounded_fork_bomb_is_swept_within_five_seconds(watch, tmp_path):
    attempt = watch.submit(call_of("fork_many", evidence=tmp_path, timeout=60.0, kill_grace=0.2))
    wait_until(lambda: len(witnesses(tmp_path)) > 200, within=50, what="two hundred processes")

    watch.executor.cancel(attempt)

    assert watch.end_of(attempt, 5).outcome == Cancelled()
    assert living(tmp_path) == []


def test_two_attempts_do_not_mix_their_families(watch, tmp_path):
    stays, goes = tmp_path / "stays", tmp_path / "goes"
    stays.mkdir()
    goes.mkdir()
    first = watch.submit(call_of("family", evidence=stays))
    wait_until(lambda: len(witnesses(stays)) == len(KINDS), what="the family that stays")

    watch.run(call_of("family", evidence=goes, parameters={"stay": False}))

    assert living(goes) == []
    assert kinds_of(living(stays)) == sorted(KINDS)
    watch.executor.cancel(first)
    watch.end_of(first)
    assert living(stays) == []
