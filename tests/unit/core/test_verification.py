"""Whether a log that keeps every promise is said to, and one that breaks a promise is found out, by that promise."""

from dataclasses import replace
from random import Random

import pytest

from orchestrator.core.machine_state import CacheLookedUp, Kept, MarkAsked, OwnerLost, TimePassed
from orchestrator.core.states import TaskStatus
from orchestrator.core.tasks import CachePolicy, TriggerRule
from orchestrator.core.verification import PROMISES
from tests.unit.core.logged_cases import EARLIER, Case, carried, case_of, edited, place_of
from tests.unit.core.scenarios import any_features, make_scenario
from tests.unit.core.simulated_faults import ALL
from tests.unit.core.simulation import Simulation
from tests.unit.core.subjects import (
    BROKEN,
    DONE,
    LATE,
    LOST,
    NO_MODULE,
    SKIP,
    Journey,
    begun,
    plan_of,
    settled,
    task_of,
)

# --- what held ---------------------------------------------------------------------------------------------------------


def test_an_execution_in_which_everything_happens_once_keeps_every_promise():
    plan = plan_of(
        task_of("extract", retry_count=3),
        task_of("empty"),
        task_of("check", critical=False),
        task_of("transform", ["extract"]),
        task_of("after_empty", ["empty"]),
        task_of("after_check", ["check"], critical=False),
        task_of("report", after=["check", "transform"]),
        task_of("tidy", ["transform"], trigger_rule=TriggerRule.ALWAYS),
    )

    journey = settled(plan, {"extract": [LOST, BROKEN, LATE, DONE], "empty": SKIP, "check": NO_MODULE})

    case = case_of(plan, journey.moves)
    assert journey.status.value == "completed_with_errors"
    assert case.broken == {}
    assert {finding.promise: finding.cases for finding in case.verified()} == {
        "R1": 4,
        "R2": len(journey.moves) + 8 + 9,
        "R4": 9,
        "R6": 9,
        "R8": 9,
        "R9": 9,
        "R10": 9 + 3 + 1,
        "R12": 9,
        "R14": 0,
        "R16": 8,
        "D16": 0,
    }
    assert {finding.detail for finding in case.verified()} == {None}


def test_a_critical_failure_with_its_clean_up_keeps_every_promise():
    plan = plan_of(
        task_of("a"),
        task_of("waits", retry_count=1, retry_delay=50),
        task_of("b", ["a"]),
        task_of("other", after=["a"]),
        task_of("tidy", ["a"], trigger_rule=TriggerRule.ALL_DONE),
    )
    journey = begun(plan).end("waits", BROKEN).end("a", BROKEN).end("tidy")

    case = case_of(plan, journey.moves)

    assert journey.status.value == "failed"
    assert case.broken == {}


def test_independent_branches_may_start_after_a_critical_failure_where_that_was_asked_for():
    plan = plan_of(a=[], b=["a"], c=[], d=["c"])
    journey = begun(plan, stop_on_failure=False).end("a", BROKEN).end("c").end("d")

    allowed = case_of(plan, journey.moves, stop_on_failure=False)

    assert allowed.broken == {}
    assert set(case_of(plan, journey.moves, stop_on_failure=True).broken) == {"R10"}


def test_a_cancelled_execution_keeps_every_promise():
    plan = plan_of(task_of("again", retry_count=1), live=[], later=["live"])
    journey = begun(plan).end("again", BROKEN).cancel().end("live")

    case = case_of(plan, journey.moves)

    assert journey.status.value == "cancelled"
    assert case.broken == {}
    assert next(finding.cases for finding in case.verified() if finding.promise == "R14") == 3


def test_one_cancelled_before_it_began_keeps_every_promise():
    plan = plan_of(a=[], b=["a"])

    case = case_of(plan, Journey(plan).cancel().moves)

    assert case.broken == {}


def test_an_execution_that_lost_its_owner_and_went_on_keeps_every_promise():
    plan = plan_of(task_of("a", retry_count=1), b=["a"], c=[])
    journey = begun(plan).end("c").hear(OwnerLost()).begin().end("a", BROKEN).wait(5).hear(OwnerLost())
    interrupted = case_of(plan, journey.moves)

    journey.begin().end("a").end("b")

    assert interrupted.broken == {}
    assert journey.status.value == "completed"
    assert case_of(plan, journey.moves).broken == {}


def test_an_execution_that_has_not_ended_is_verified_as_far_as_it_goes_and_that_is_said():
    plan = plan_of(a=[], b=["a"])
    case = case_of(plan, begun(plan).moves)

    findings = case.verified()

    assert {finding.held for finding in findings} == {True}
    assert {str(finding.detail) for finding in findings} == {"it has not ended: verified as far as it went"}


def test_an_execution_that_lasted_too_long_keeps_every_promise():
    plan = plan_of(task_of("a", retry_count=1), b=["a"], c=[])
    journey = begun(plan, max_duration=60, max_workers=1)
    journey.now = journey.now.later(61)
    journey.hear(TimePassed()).end("a")

    case = case_of(plan, journey.moves)

    assert (journey.status.value, journey.statuses["a"]) == ("failed", "completed")
    assert case.broken == {}


def test_a_mark_may_come_while_nobody_drives_the_execution():
    plan = plan_of(a=[], b=["a"])
    journey = begun(plan).hear(OwnerLost())
    journey.hear(MarkAsked(task_id="a", mark_as=TaskStatus.COMPLETED, by="ana@host", reason="done by hand")).begin()

    case = case_of(plan, journey.end("b").moves)

    assert journey.status.value == "completed"
    assert case.broken == {}


@pytest.mark.parametrize("mark_as", [TaskStatus.COMPLETED, TaskStatus.SKIPPED])
def test_an_operators_mark_is_no_attempt_and_asks_for_no_order(mark_as):
    plan = plan_of(task_of("a", retry_count=1), b=["a"], c=[])
    journey = begun(plan, max_workers=1).end("a", BROKEN)
    for task_id in ("b", "a"):
        journey.hear(MarkAsked(task_id=task_id, mark_as=mark_as, by="ana@host", reason="loaded by hand"))
    journey.end("c")

    case = case_of(plan, journey.moves, max_workers=1)

    assert journey.status.value == "completed"
    assert case.broken == {}
    assert next(finding.cases for finding in case.verified() if finding.promise == "R12") == 2


def test_kept_and_cached_results_are_completed_without_an_attempt():
    plan = plan_of(task_of("kept"), task_of("cached", ["kept"], cache=CachePolicy()), c=["cached"])
    journey = begun(plan, kept={"kept": Kept(execution_id=EARLIER)})
    journey.hear(CacheLookedUp(task_id="cached", cache_key="k", found=Kept(execution_id=EARLIER))).end("c")

    case = case_of(plan, journey.moves, rerun_of=EARLIER, kept=("kept",))

    assert case.broken == {}
    assert next(finding.cases for finding in case.verified() if finding.promise == "D16") == 2


def test_a_log_of_the_first_version_says_by_its_reasons_who_is_to_blame_for_a_skip():
    plan = plan_of(a=[], b=["a"], c=["b"])
    neutral, blamed = (settled(plan, {"a": end}).moves for end in (SKIP, BROKEN))

    old = [
        [replace(move, neutral=None) if hasattr(move, "neutral") else move for move in moves]
        for moves in (neutral, blamed)
    ]

    assert [case_of(plan, moves).broken for moves in old] == [{}, {}]


@pytest.mark.parametrize("part", range(3))
def test_every_random_execution_is_found_to_have_kept_every_promise(part):
    for seed in range(part, 300, 3):
        scenario = make_scenario(seed)
        walk = Simulation(scenario, seed).run()

        broken = simulated(scenario, walk).broken

        assert broken == {}, scenario


@pytest.mark.parametrize("part", range(2))
def test_kills_marks_clocks_and_second_owners_make_no_log_that_is_found_to_break_a_promise(part):
    for seed in range(part, 150, 2):
        scenario = make_scenario(seed, size=[2, 5, 8, 13, 21][seed % 5], features=any_features(seed))
        walk = Simulation(scenario, seed, faults=ALL, most_faults=12).run()

        broken = simulated(scenario, walk).broken

        assert broken == {}, scenario


def simulated(scenario, walk: Simulation) -> Case:
    return case_of(
        scenario.plan,
        [event.move for event in walk.events],
        slots=scenario.pools,
        max_workers=scenario.max_workers,
        stop_on_failure=scenario.stop_on_failure,
        kept=tuple(scenario.kept),
    )


# --- whatever the log --------------------------------------------------------------------------------------------------


def test_every_promise_is_looked_at_in_order_and_one_fault_hides_no_other():
    plan = plan_of(a=[], b=["a"])
    moves = settled(plan).moves
    moves = carried(moves, place_of(moves, "b", "running"), 1)
    moves = edited(moves, place_of(moves, "a", "completed"), attempt=lambda old: replace(old, duration=1e6))

    case = case_of(plan, moves, max_workers=1)

    assert [finding.promise for finding in case.verified()] == list(PROMISES)
    assert set(case.broken) == {"R6", "R9", "R12"}


def test_of_many_faults_the_first_few_are_told_and_the_others_counted():
    plan = plan_of(*(task_of(f"t{n}") for n in range(30)))
    case = case_of(plan, settled(plan).moves, max_workers=10)

    told = case.broken["R12"]

    assert told.count("max_workers is 10") == 5
    assert told.endswith("; and 15 more")


def test_a_mangled_log_is_judged_and_never_refused():
    found = set()

    for seed in range(150):
        chance = Random(seed)
        scenario = make_scenario(seed, size=chance.choice([2, 5, 8]))
        case = simulated(scenario, Simulation(scenario, seed).run())
        found |= set(replace(case, events=mangled(chance, case.events)).broken)

    assert found >= {"R2", "R4", "R6", "R8", "R10", "R16"}


def test_an_event_that_was_taken_out_is_always_missed():
    unseen = []

    for seed in range(150):
        chance = Random(seed)
        scenario = make_scenario(seed, size=chance.choice([2, 5, 8]))
        case = simulated(scenario, Simulation(scenario, seed).run())
        gone = chance.randrange(len(case.events))
        left = [event for place, event in enumerate(case.events) if place != gone]
        renumbered = tuple(replace(event, seq=seq) for seq, event in enumerate(left, start=1))
        if "R2" not in replace(case, events=renumbered).broken:
            unseen.append(seed)

    assert unseen == []


def mangled(chance: Random, events):
    """A few events out of place, told twice or left out, and numbered as if nothing were wrong."""
    left = list(events)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(left))
        event = left.pop(place)
        for _ in range(chance.choice([0, 1, 1, 2])):
            left.insert(chance.randint(0, len(left)), event)
        if not left:
            return ()
    return tuple(replace(event, seq=seq) for seq, event in enumerate(left, start=1))
