"""What past executions cost: only what was really executed counts, and each figure is of the runs that have it."""

from datetime import timedelta

import pytest

from orchestrator.core.events import AttemptNoted
from orchestrator.core.outcomes import Usage
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.tasks import Registry, Task, Workflow
from orchestrator.operations.parts import Parts
from orchestrator.operations.statistics import statistics_description, statistics_of
from orchestrator.stores.memory import MemoryStore
from tests.conformance.store_subjects import AT, attempt_of, execution_to, start_of, started, task_to

WORKFLOW = Workflow(workflow_id="w", tasks=["a", "b"])


@pytest.fixture
def parts():
    tasks = [Task(task_id=name, module_path="m", function_name="f") for name in ("a", "b")]
    return Parts(Registry(tasks, [WORKFLOW]), store=MemoryStore())


def executed(parts, number, *, seconds, ends=TaskStatus.COMPLETED, waited=2.0, **facts):
    """An execution of `w` in which `a` took so long, and `b` was skipped."""
    execution_id, at = f"20250401_0000{number:02}", AT + timedelta(hours=number)
    execution = started(parts.store, execution_id, at=at, workflow="w")
    begun = parts.store.get_execution(execution_id).started_at
    usage = Usage(cpu_seconds=seconds / 2, peak_memory_bytes=1000 * number)
    done = attempt_of("a", of=execution_id, status=ends, usage=usage)
    parts.store.record(
        execution,
        [
            start_of("a", of=execution_id, at=begun + timedelta(seconds=waited)),
            AttemptNoted(run=done.key.run, attempt=done, at=AT),
            task_to(ends, of=execution_id, duration=seconds, **facts),
            task_to(TaskStatus.SKIPPED, before=TaskStatus.PENDING, task="b", of=execution_id),
        ],
    )
    well = ends is TaskStatus.COMPLETED
    final = ExecutionStatus.COMPLETED if well else ExecutionStatus.FAILED
    parts.store.record(execution, [execution_to(final, duration=seconds + 1)])


def test_figures_of_a_workflow_and_its_tasks_stand_side_by_side(parts):
    for number, seconds in enumerate((10.0, 20.0, 30.0), 1):
        executed(parts, number, seconds=seconds, output={"rows": 100 * number})
    executed(parts, 4, seconds=500.0, ends=TaskStatus.FAILED)

    whole, a, b = statistics_of(parts, WORKFLOW)

    assert (whole.task_id, whole.judged, whole.success, whole.durations.p50) == (None, 4, 0.75, 21.0)
    assert (a.judged, a.completed, a.durations.p50, a.durations.last) == (4, 3, 20.0, 30.0)
    assert (a.waited_p50, a.rows_p50, a.cpu_p50) == (2.0, 200.0, 10.0)
    assert a.memory_p95 == pytest.approx(2900)
    assert (b.judged, b.success, b.durations, b.waited_p50) == (0, None, None, None)


def test_only_as_many_executions_are_looked_at_as_asked_for(parts):
    for number, seconds in enumerate((10.0, 20.0, 30.0), 1):
        executed(parts, number, seconds=seconds)

    _whole, a, _b = statistics_of(parts, WORKFLOW, executions=2)

    assert (a.judged, a.durations.p50) == (2, 25.0)


def test_a_last_run_that_the_others_do_not_explain_is_marked(parts):
    for number, seconds in enumerate((10.0, 10.5, 9.5, 10.0, 10.2, 9.8, 10.1, 60.0), 1):
        executed(parts, number, seconds=seconds)

    told = statistics_description(statistics_of(parts, WORKFLOW)[1])

    assert (told["task_id"], told["regressed"], told["last"], told["success"]) == ("a", True, 60.0, 1.0)
