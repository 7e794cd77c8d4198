"""What each attempt of a rehearsal does: as the task's `mock` says, as it was recorded, else something plain."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from orchestrator.core.errors import NoSuchExecution, UsageError
from orchestrator.core.executions import Execution
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON, Returned, TimedOut
from orchestrator.core.ports import Call
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.tasks import Mock, Task
from orchestrator.executors.rehearsing import Part
from orchestrator.operations.injected import Injected
from orchestrator.operations.parts import Parts
from orchestrator.operations.upkeep import state_exists
from orchestrator.stores import open_store

LATEST = "latest"
USUAL_DURATION = 1.0
"""Simulated seconds of an attempt of which nothing is known."""
PLAIN_OUTPUT: Mapping[str, JSON] = {"status": "success", "rows": 0}
"""What a task returns of which nothing is known."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What the tasks of one stored execution did, of those that completed."""

    execution_id: str | None = None
    outputs: Mapping[str, JSON] = field(default_factory=dict)
    durations: Mapping[str, float] = field(default_factory=dict)
    """Seconds of the attempt that completed it; none for a result that was taken over."""


def record_of(parts: Parts, which: str, *, workflow: str | None) -> Recording:
    """The recording of the execution `which`, or with "latest" of the last that went through, of `workflow` if named.

    Reads the store and changes nothing. Raises NoSuchExecution, AmbiguousExecution; UsageError where none went through.
    """
    if not state_exists(parts):  # to look is not to make one
        raise NoSuchExecution(which) if which != LATEST else _nothing_recorded(workflow)
    with closing(open_store(parts.settings.state_url)) as store:  # the folders beside it are not made either
        return _recording(Parts(parts.registry, parts.settings, store), which, workflow)


class Script:
    """Gives attempts their parts, and remembers which of the failures asked for came to pass."""

    def __init__(self, tasks: Mapping[str, Task], recording: Recording, failures: Sequence[Injected] = ()) -> None:
        self._tasks = tasks
        self._recording = recording
        self._failures = failures
        self._happened: set[Injected] = set()

    @property
    def missed(self) -> list[Injected]:
        """Failures asked for whose attempt never came."""
        return [one for one in self._failures if one not in self._happened]

    def play(self, call: Call) -> Part:
        """The part of one attempt: a failure asked for comes first, then the task's limit, then what it returns."""
        task_id = call.attempt.run.task_id
        duration = self._duration(task_id)
        for failure in self._failures:
            if failure.task_id == task_id and failure.attempt in (None, call.attempt.number):
                self._happened.add(failure)
                outcome = failure.outcome(call.timeout)
                return Part(outcome=outcome, duration=call.timeout if isinstance(outcome, TimedOut) else duration)
        if duration > call.timeout:
            return Part(outcome=TimedOut(limit=call.timeout), duration=call.timeout)
        return Part(outcome=Returned(output=self.output(task_id)), duration=duration)

    def output(self, task_id: str) -> JSON:
        """What the task returns where nothing fails."""
        mock = self._mock(task_id)
        if mock.declares_output:
            return mock.output
        return self._recording.outputs.get(task_id, dict(PLAIN_OUTPUT))

    def plain(self, task_id: str) -> bool:
        """Whether nothing is known of what the task returns."""
        return not self._mock(task_id).declares_output and task_id not in self._recording.outputs

    def _duration(self, task_id: str) -> float:
        declared = self._mock(task_id).duration
        return self._recording.durations.get(task_id, USUAL_DURATION) if declared is None else declared

    def _mock(self, task_id: str) -> Mock:
        return self._tasks[task_id].mock or Mock()


def _recording(parts: Parts, which: str, workflow: str | None) -> Recording:
    execution = _latest(parts, workflow) if which == LATEST else parts.find_execution(which)
    runs = parts.store.task_runs(execution.execution_id)
    return Recording(
        execution_id=execution.execution_id,
        outputs={run.key.task_id: run.output for run in runs if run.status is TaskStatus.COMPLETED},
        durations={
            attempt.key.run.task_id: attempt.duration
            for attempt in parts.store.attempts(execution.execution_id)
            if attempt.status == "completed" and attempt.duration is not None
        },
    )


def _latest(parts: Parts, workflow: str | None) -> Execution:
    through = (ExecutionStatus.COMPLETED, ExecutionStatus.COMPLETED_WITH_ERRORS)
    found = parts.store.list_executions(limit=1, statuses=through, workflow=workflow)
    if not found:
        raise _nothing_recorded(workflow)
    return found[0]


def _nothing_recorded(workflow: str | None) -> UsageError:
    if workflow is None:
        return UsageError(N_("--record latest: no execution has completed yet"))
    return UsageError(N_("--record latest: no execution of workflow {name} has completed yet"), name=workflow)
