"""Trigger rules against an oracle that tries every way in which the open dependencies could still end (D2d)."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.tasks import TriggerRule
from orchestrator.core.trigger_rules import Decision, Tally, decide

RULES = list(TriggerRule)
EARLY = {TriggerRule.ONE_SUCCESS, TriggerRule.ONE_FAILED}


def holds(rule: TriggerRule, succeeded: int, failed: int, skipped: int) -> bool:
    """What the rule asks of dependencies that have all ended."""
    total = succeeded + failed + skipped
    return (
        total == 0
        or {
            "all_success": succeeded == total,
            "all_done": True,
            "none_failed": failed == 0,
            "one_success": succeeded >= 1,
            "all_failed": failed == total,
            "one_failed": failed >= 1,
            "always": True,
        }[rule.value]
    )


def ways_to_end(tally: Tally) -> list[bool]:
    """Every end of the open dependencies, as a triple of counts."""
    left = range(tally.open + 1)
    return [
        (tally.succeeded + won, tally.failed + lost, tally.skipped + tally.open - won - lost)
        for won, lost in itertools.product(left, left)
        if won + lost <= tally.open
    ]


def expected(rule: TriggerRule, tally: Tally) -> Decision:
    can_hold = [holds(rule, *counts) for counts in ways_to_end(tally)]
    if all(can_hold) and (tally.open == 0 or rule in EARLY):
        return Decision.START
    if any(can_hold):
        return Decision.WAIT
    if rule is not TriggerRule.ALL_SUCCESS:
        return Decision.SKIP_NEUTRAL
    if tally.failed:
        return Decision.SKIP_BLOCKED
    return Decision.WAIT if tally.open else Decision.SKIP_NEUTRAL  # a failure to come would make it a blocked one


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    succeeded, failed, skipped, still_open = draw(st.tuples(*[st.integers(0, 6)] * 4))
    return Tally(succeeded + failed + skipped + still_open, succeeded, failed, skipped)


@given(rule=st.sampled_from(RULES), tally=tallies())
def test_a_rule_decides_as_every_possible_end_of_its_dependencies_says(rule, tally):
    decision = decide(rule, tally)

    assert decision is expected(rule, tally)


@pytest.mark.parametrize("rule", RULES)
def test_the_whole_table_up_to_four_dependencies(rule):
    counts = [c for c in itertools.product(range(5), repeat=4) if sum(c) <= 4]

    wrong = [c for c in counts if decide(rule, Tally(sum(c), *c[:3])) is not expected(rule, Tally(sum(c), *c[:3]))]

    assert wrong == []


@given(rule=st.sampled_from(RULES), ends=st.lists(st.sampled_from("sfk"), min_size=1, max_size=8))
def test_the_order_in_which_dependencies_end_never_changes_the_decision(rule, ends):
    decided = set()

    for order in (ends, ends[::-1], sorted(ends), sorted(ends, reverse=True)):
        tally, first = Tally(len(ends)), None
        for end in order:
            tally = {"s": tally.with_success, "f": tally.with_failure, "k": tally.with_skip}[end]()
            if first is None and (decision := decide(rule, tally)) is not Decision.WAIT:
                first = decision
        decided.add(first)

    assert len(decided) == 1
    assert None not in decided


@pytest.mark.parametrize("rule", RULES)
def test_without_dependencies_every_rule_lets_a_task_start(rule):
    decision = decide(rule, Tally(0))

    assert decision is Decision.START


def test_rules_of_clean_up_are_the_four_that_look_at_failures():
    clean_up = {rule.value for rule in RULES if rule.clean_up}

    assert clean_up == {"always", "all_done", "one_failed", "all_failed"}
