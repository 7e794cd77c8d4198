"""What an execution would do, and why: worked out from the plan, the caches and the store; nothing is stored (D1, D2d).

It tells what happens if every task that runs succeeds. What hangs on a result that is not there yet is said to be
decided later, and on what.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from heapq import heapify, heappop, heappush

from orchestrator.core.executions import Execution, Request
from orchestrator.core.inputs import tasks_asked
from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.plan import Plan, PlannedTask, make_plan
from orchestrator.core.selection import Selection
from orchestrator.core.slots import rank_of
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.tasks import TriggerRule
from orchestrator.engine.caching import Cache
from orchestrator.engine.calls import TRIAL_ID
from orchestrator.engine.clocks import SystemClock
from orchestrator.operations.expected import LongestPath, longest_path, usual_durations
from orchestrator.operations.parts import Parts
from orchestrator.operations.submitting import sources_of_outputs, workers_of
from orchestrator.operations.upkeep import state_exists
from orchestrator.stores import open_store


class Fate(StrEnum):
    """What becomes of a task if everything before it succeeds."""

    RUNS = "runs"
    CACHED = "cached"
    LATER = "decided_later"
    ASSUMED = "assumed_satisfied"


WORDS = (N_("runs"), N_("cached"), N_("decided_later"), N_("assumed_satisfied"))
"""The fates as the translators meet them."""


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What becomes of one task, and why."""

    task_id: str
    fate: Fate
    why: Message
    number: int | None = None
    """In the order in which tasks get in line, from 1; None for one that is not selected."""
    waits_for: tuple[str, ...] = ()
    """Selected tasks whose result counts, seen through those that are not selected."""
    after: tuple[str, ...] = ()
    """Selected tasks that must have ended."""
    unselected: tuple[str, ...] = ()
    """Direct dependencies that are not selected."""
    cached_from: str | None = None
    decided_by: tuple[str, ...] = ()
    """Tasks that must end first for it to be known."""
    pool: str | None = None
    priority: int = 0
    critical: bool = True
    usual_duration: float | None = None
    """Seconds that it took when it completed last."""


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """What an execution would do."""

    plan: Plan
    outlooks: Sequence[Outlook]
    """Of tasks that are taken as done first, then of the selected ones in the order in which they get in line."""
    max_workers: int
    workflow: str | None = None
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    pools: Mapping[str, int | None] = field(default_factory=dict)
    """Slots of the pools that its tasks need; None where the pool has no limit of its own."""
    longest: LongestPath = field(default_factory=LongestPath)
    """Of what is to be executed, by the durations that are known."""


def look_ahead(parts: Parts, selection: Selection, *, parallel: bool = False, max_workers: int | None = None) -> Ahead:
    """What an execution of `selection` would do now; raises UsageError where it would be refused."""
    if not state_exists(parts):  # to look ahead is not to make one
        parts = Parts(parts.registry, parts.settings, open_store("memory://"))
    plan = make_plan(parts.registry, selection.tasks)
    workers = workers_of(parts, parallel=parallel, max_workers=max_workers)
    foresight = _Foresight(parts, plan, selection, workers=workers, parallel=parallel)
    order = _order_in_line(plan)
    durations = usual_durations(parts, plan)
    selected = [
        replace(foresight.of(task_id, number), usual_duration=durations.get(task_id))
        for number, task_id in enumerate(order, start=1)
    ]
    executed = {one.task_id for one in selected if one.fate is not Fate.CACHED}
    pools = {planned.task.pool for planned in plan.tasks.values() if planned.task.pool is not None}
    return Ahead(
        plan=plan,
        outlooks=[*_assumed(parts, plan), *selected],
        max_workers=workers,
        workflow=selection.workflow,
        parameters=selection.parameters,
        pools={pool: parts.registry.pools.get(pool) for pool in sorted(pools)},
        longest=longest_path(plan, {task_id: durations[task_id] for task_id in executed & durations.keys()}),
    )


class _Foresight:
    """Goes through the plan in an order its edges allow, and remembers what it said of each task."""

    def __init__(self, parts: Parts, plan: Plan, selection: Selection, *, workers: int, parallel: bool) -> None:
        self._known = parts.registry.tasks
        self._plan = plan
        self._calls = parts.call_maker(plan)
        self._cache = Cache(calls=self._calls, store=parts.store, home=parts.settings.home)
        self._now = SystemClock().now()
        sources = sources_of_outputs(parts, self._calls.outputs_asked() - plan.tasks.keys())
        request = Request(
            tasks=plan.order,
            workflow=selection.workflow,
            parameters=selection.parameters,
            parallel=parallel,
            max_workers=workers,
            outputs_from=sources,
        )
        self._calls.check(request, self._now)
        self._trial = Execution(
            execution_id=TRIAL_ID, request=request, status=ExecutionStatus.QUEUED, created_at=self._now
        )
        self._outputs: dict[str, JSON] = {}
        """Of what is known already: tasks outside the plan, and cached results."""
        for task_id, source in sources.items():
            runs = parts.store.task_runs(source)
            self._outputs |= {run.key.task_id: run.output for run in runs if run.key.task_id == task_id}
        self._fates: dict[str, Fate] = {}
        self._sure: set[str] = set()
        """Tasks that complete, one way or the other, if nothing fails."""

    def of(self, task_id: str, number: int) -> Outlook:
        """What becomes of it; all that it waits for must have been asked for before."""
        planned = self._plan.tasks[task_id]
        fate, why, decided_by, source = self._judge(planned)
        self._fates[task_id] = fate
        task = planned.task
        return Outlook(
            task_id=task_id,
            fate=fate,
            why=why,
            number=number,
            waits_for=planned.dependencies,
            after=planned.after,
            unselected=tuple(one for one in (*task.dependencies, *task.after) if one not in self._plan.tasks),
            cached_from=source,
            decided_by=decided_by,
            pool=task.pool,
            priority=task.priority,
            critical=task.critical,
        )

    def _judge(self, planned: PlannedTask) -> tuple[Fate, Message, tuple[str, ...], str | None]:
        task = planned.task
        if not _completes(task.trigger_rule, planned.dependencies, self._sure):
            why = N_("its rule {rule} is decided after {tasks}")
            return (
                Fate.LATER,
                _message(why, planned.dependencies, rule=task.trigger_rule.value),
                planned.dependencies,
                None,
            )
        self._sure.add(task.task_id)
        if task.cache is None:
            return Fate.RUNS, self._when(planned), (), None
        undecided = self._running_before(planned)
        if undecided:
            why = N_("whether a kept result fits is decided after {tasks}")
            return Fate.LATER, _message(why, undecided), undecided, None
        answer = self._cache.look_up(task, self._trial, self._outputs, self._now)
        if answer.found is not None:
            self._outputs[task.task_id] = answer.found.output
            source = answer.found.execution_id
            return Fate.CACHED, _message(N_("the result of {source} still fits"), (), source=source), (), source
        if answer.cache_key is None:
            return Fate.RUNS, _message(N_("what its result would be made of cannot be told"), ()), (), None
        return Fate.RUNS, _message(N_("no kept result fits"), ()), (), None

    def _running_before(self, planned: PlannedTask) -> tuple[str, ...]:
        """Tasks that (may) run before it: they may change what its result is made of, or only take too long."""
        before = dict.fromkeys((*planned.dependencies, *planned.after))
        before |= dict.fromkeys(sorted(tasks_asked(planned.task, self._known) & self._plan.tasks.keys()))
        return tuple(one for one in before if self._fates.get(one) is not Fate.CACHED)

    @staticmethod
    def _when(planned: PlannedTask) -> Message:
        before = (*planned.dependencies, *planned.after)
        if not before:
            return _message(N_("nothing comes before it"), ())
        return _message(N_("after {tasks}"), before)


def _completes(rule: TriggerRule, dependencies: Sequence[str], sure: set[str]) -> bool:
    """Whether a task starts for certain where nothing fails; the others may be skipped neutrally (D2d)."""
    if not dependencies:
        return True
    match rule:
        case TriggerRule.ALL_SUCCESS:
            return all(one in sure for one in dependencies)
        case TriggerRule.ONE_SUCCESS:
            return any(one in sure for one in dependencies)
        case TriggerRule.ONE_FAILED | TriggerRule.ALL_FAILED:
            return False
        case _:
            return True


def _order_in_line(plan: Plan) -> list[str]:
    """How tasks get in line where each is over at once: by priority, then by their place in the plan."""
    missing = {task_id: len(planned.dependencies) + len(planned.after) for task_id, planned in plan.tasks.items()}
    free = [rank_of(plan.tasks[task_id]) for task_id in plan.order if not missing[task_id]]
    heapify(free)
    order: list[str] = []
    while free:
        task_id = plan.order[heappop(free)[1]]
        order.append(task_id)
        for dependent in plan.dependents[task_id]:
            missing[dependent] -= 1
            if not missing[dependent]:
                heappush(free, rank_of(plan.tasks[dependent]))
    return order


def _assumed(parts: Parts, plan: Plan) -> list[Outlook]:
    """Dependencies that are not selected: taken as done, whatever became of them (D1)."""
    completed = parts.store.latest_completed(plan.assumed_satisfied)
    return [
        Outlook(
            task_id=task_id,
            fate=Fate.ASSUMED,
            why=_message(N_("not selected; it completed in {source}"), (), source=completed[task_id])
            if task_id in completed
            else _message(N_("not selected, and it did not complete in its latest execution"), ()),
        )
        for task_id in plan.assumed_satisfied
    ]


def _message(template: str, tasks: Sequence[str], **facts: object) -> Message:
    return Message(template=template, facts={"tasks": ", ".join(tasks), **facts})
