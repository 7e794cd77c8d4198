import itertools

import pytest

from orchestrator.core.errors import IllegalMove
from orchestrator.core.exit_codes import OF_STATUS
from orchestrator.core.states import ExecutionStatus, TaskStatus, move

TASK_STEPS = """
pending running|skipped|cancelled
running completed|failed|retry_wait|interrupted|cancelled|skipped
retry_wait running|failed|cancelled|interrupted
interrupted running|failed|cancelled
"""
EXECUTION_STEPS = """
queued running|cancelled
running completed|completed_with_errors|failed|cancelling|interrupted
cancelling cancelled
interrupted running|cancelled|failed
"""


def steps_in(text: str) -> set[tuple[str, str]]:
    lines = [line.split() for line in text.strip().splitlines()]
    return {(now, then) for now, targets in lines for then in targets.split("|")}


@pytest.mark.parametrize(
    ("statuses", "text"), [(TaskStatus, TASK_STEPS), (ExecutionStatus, EXECUTION_STEPS)], ids=["task", "execution"]
)
def test_a_move_is_allowed_where_the_table_of_the_semantics_has_it_and_nowhere_else(statuses, text):
    allowed = set()

    for now, then in itertools.product(statuses, repeat=2):
        try:
            move(now, then)
        except IllegalMove:
            continue
        allowed.add((now.value, then.value))

    assert allowed == steps_in(text)


def test_a_refused_move_names_both_states():
    with pytest.raises(IllegalMove, match="a completed one cannot become running") as caught:
        move(TaskStatus.COMPLETED, TaskStatus.RUNNING)

    assert (caught.value.now, caught.value.then) == ("completed", "running")


def test_states_that_nothing_leaves_are_final():
    final = {status.value for status in (*TaskStatus, *ExecutionStatus) if status.final}

    assert final == {"completed", "completed_with_errors", "failed", "skipped", "cancelled"}


def test_zero_means_success_and_nothing_else_does():
    codes = {status.value: int(code) for status, code in OF_STATUS.items()}

    assert codes == {"completed": 0, "failed": 1, "completed_with_errors": 3, "cancelled": 130, "interrupted": 143}
