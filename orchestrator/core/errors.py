"""What callers may ask for and cannot have: one class for each thing that is handled differently."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from itertools import islice

from orchestrator.core.messages import N_, Message

MOST_COMPARED = 30_000_000
"""Pairs of letters: beyond that a suggestion would cost seconds."""


class OrchestratorError(Exception):
    """Root of our errors: a translatable `message` that names the place and, where known, the way out."""

    def __init__(self, template: str, **facts: object) -> None:
        self.message = Message(template=template, facts=facts)
        super().__init__(str(self.message))


class UsageError(OrchestratorError):
    """The request cannot be: nothing was started (exit 2)."""


class ConfigurationRefused(UsageError):
    """A configuration with problems; `problems` (each a `Message`) holds all of them, with their places."""

    def __init__(self, source: str, problems: Sequence[Message]) -> None:
        super().__init__(
            N_("{source}: {count} problem(s) in the configuration; nothing was started"),
            source=source,
            count=len(problems),
        )
        self.source = source
        self.problems = tuple(problems)


class UnknownTask(UsageError):
    """A task id that no registered task bears."""

    def __init__(self, task_id: str, known: Iterable[str] = ()) -> None:
        near = nearest(task_id, known)
        if near is None:
            super().__init__(N_("no task is called {name!r}; see `etl list-tasks`"), name=task_id)
        else:
            super().__init__(N_("no task is called {name!r}; did you mean {near!r}?"), name=task_id, near=near)
        self.task_id = task_id


class UnknownWorkflow(UsageError):
    """A workflow name that the configuration does not hold."""

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        near = nearest(name, known)
        if near is None:
            super().__init__(N_("no workflow is called {name!r}; see `etl list-workflows`"), name=name)
        else:
            super().__init__(N_("no workflow is called {name!r}; did you mean {near!r}?"), name=name, near=near)
        self.name = name


class CycleFound(UsageError):
    """Tasks that wait for each other; `cycle` starts and ends with the same id."""

    def __init__(self, cycle: Sequence[str]) -> None:
        super().__init__(N_("cycle: {path}"), path=cycle_text(cycle))
        self.cycle = tuple(cycle)


class IllegalMove(OrchestratorError):
    """A change of state that the table of moves does not have."""

    def __init__(self, now: str, then: str) -> None:
        super().__init__(N_("a {now} one cannot become {then}"), now=now, then=then)
        self.now = now
        self.then = then


class NoSuchExecution(OrchestratorError):
    """Nothing is stored under that id (exit 4)."""

    def __init__(self, execution_id: str) -> None:
        super().__init__(
            N_("there is no execution {execution_id!r}; `etl status` lists them"), execution_id=shorten(execution_id)
        )
        self.execution_id = execution_id


class NoExecutionYet(NoSuchExecution):
    """The latest execution was asked for and there is none."""

    def __init__(self) -> None:
        OrchestratorError.__init__(self, N_("there is no execution yet; `etl run --workflow NAME` starts one"))
        self.execution_id = ""


class NoReport(NoSuchExecution):
    """The execution has not ended, so it has no report."""

    def __init__(self, execution_id: str, status: str) -> None:
        OrchestratorError.__init__(
            self,
            N_("execution {execution_id} has no report: it is {status}"),
            execution_id=execution_id,
            status=status,
        )
        self.execution_id = execution_id


class AmbiguousExecution(UsageError):
    """A part of an id that several executions share."""

    def __init__(self, part: str, candidates: Sequence[str]) -> None:
        super().__init__(
            N_("{part!r} fits several executions ({examples} …); give more of the id"),
            part=part,
            examples=", ".join(candidates[:3]),
        )
        self.candidates = tuple(candidates)


class ExecutionIdTaken(OrchestratorError):
    """The id was reserved by another execution in the same second."""

    def __init__(self, execution_id: str) -> None:
        super().__init__(N_("execution id {execution_id} is taken"), execution_id=execution_id)


class StaleOwner(OrchestratorError):
    """A write by somebody who no longer owns the execution; it was refused and nothing changed."""

    def __init__(self, execution_id: str) -> None:
        super().__init__(
            N_("execution {execution_id} is owned by another process now; this one stops without writing"),
            execution_id=execution_id,
        )


class NoRoom(OrchestratorError):
    """A move that would take more slots than there are; nothing changed, and it may be tried again later."""

    def __init__(self, what: str, in_use: Mapping[str, int]) -> None:
        super().__init__(N_("no slot is free: {what}"), what=what)
        self.in_use = dict(in_use)
        """Slots that other executions hold, by pool; empty where the workflow itself has no room."""


class OrdersWaiting(OrchestratorError):
    """A cancel was acknowledged meanwhile: it comes first; nothing changed."""

    def __init__(self, execution_id: str) -> None:
        super().__init__(N_("execution {execution_id} was cancelled meanwhile"), execution_id=execution_id)


class AskedBefore(OrchestratorError):
    """The same key was given with an earlier request: its execution stands for this one, if they ask the same (D17)."""

    def __init__(self, execution_id: str, *, same: bool) -> None:
        super().__init__(
            N_("the key was given before, for execution {execution_id}")
            if same
            else N_("the key was given before, for another request: execution {execution_id}; take a new key"),
            execution_id=execution_id,
        )
        self.execution_id = execution_id
        self.same = same


class SlotTaken(OrchestratorError):
    """The slot of a schedule has its fate already, or the schedule was paused meanwhile. Nothing was stored."""

    def __init__(self, schedule: str, at: datetime) -> None:
        super().__init__(
            N_("the slot {at} of schedule {schedule} is not to fire any more"), schedule=schedule, at=at.isoformat()
        )


class QueueFull(OrchestratorError):
    """As many executions wait for workers as may; nothing was stored, and it may be tried again later."""

    def __init__(self, waiting: int) -> None:
        super().__init__(N_("{waiting} executions wait already; nothing was started, try again later"), waiting=waiting)
        self.waiting = waiting


class TokenNameTaken(UsageError):
    """A token of that name is in use."""

    def __init__(self, name: str) -> None:
        super().__init__(N_("a token called {name!r} is in use; revoke it first, or choose another name"), name=name)


class NoSuchToken(UsageError):
    """No token of that name is in use."""

    def __init__(self, name: str) -> None:
        super().__init__(N_("no token called {name!r} is in use; `etl token list` shows them"), name=name)


class WorkflowBusy(UsageError):
    """Another execution of the workflow is under way, and only one may be."""

    def __init__(self, workflow: str, execution_id: str) -> None:
        super().__init__(
            N_("workflow {workflow} is being executed by {execution_id}; nothing was started"),
            workflow=workflow,
            execution_id=execution_id,
        )
        self.execution_id = execution_id


class WorkflowFull(UsageError):
    """As many executions of the workflow run as may: one that was interrupted has to wait for its turn."""

    def __init__(self, workflow: str) -> None:
        super().__init__(
            N_("as many executions of workflow {workflow} run as its concurrency allows; resume this one after them"),
            workflow=workflow,
        )


class BeingDriven(UsageError):
    """Another process drives the execution: there is nothing to resume (exit 2)."""

    def __init__(self, execution_id: str, owner: str) -> None:
        super().__init__(
            N_("execution {execution_id} is being run by {owner}; nothing was started"),
            execution_id=execution_id,
            owner=owner,
        )
        self.owner = owner


class ExecutionEnded(UsageError):
    """The execution has ended: there is nothing to drive."""

    def __init__(self, execution_id: str, status: str) -> None:
        super().__init__(
            N_("execution {execution_id} has ended: it is {status}; `etl rerun {execution_id}` repeats it"),
            execution_id=execution_id,
            status=status,
        )
        self.execution_id = execution_id


class StoreUnusable(OrchestratorError):
    """The state store cannot go on (disk, corruption, lock, newer schema): exit 5. The text names file and way out."""


class PlaceUnusable(OrchestratorError):
    """This machine has no process or descriptor for the attempts of an execution, which can be resumed: exit 5."""

    def __init__(self, execution_id: str, why: str) -> None:
        super().__init__(
            N_("no process could be started here: {why}; when some are free again: etl resume {execution_id}"),
            why=why,
            execution_id=execution_id,
        )


class HomeUnusable(OrchestratorError):
    """A folder or file that the orchestrator must write cannot be written: exit 5."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, or None if none is close; of very many only those that begin alike count."""
    pool = list(known)
    if len(name[:200]) * sum(map(len, pool)) > MOST_COMPARED:
        alike = (other for other in pool if other[:1] == name[:1] and abs(len(other) - len(name)) <= 2)  # noqa: PLR2004
        pool = list(islice(alike, 2000))
    found = get_close_matches(name[:200], pool, n=1)
    return found[0] if found else None


def shorten(text: str, limit: int = 80) -> str:
    """`text` cut to `limit` characters with a mark, for messages that quote what was given."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def cycle_text(cycle: Sequence[str], ends: int = 4) -> str:
    """`a → b → a`; of a long cycle the first and last few."""
    if len(cycle) <= 2 * ends + 2:
        return " → ".join(cycle)
    left_out = len(cycle) - 2 * ends
    return " → ".join([*cycle[:ends], f"… ({left_out}) …", *cycle[-ends:]])
