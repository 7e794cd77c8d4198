"""A workflow rehearsed: the same submission, machine and runner as for any execution, with attempts that are played.

What differs is the stage: a store that forgets, an executor that executes nothing, a clock that jumps, doors that are
closed. Nothing is read from ETL_HOME or written there.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from orchestrator.core.errors import UsageError
from orchestrator.core.executions import Execution, TaskRun
from orchestrator.core.inputs import secrets_filled, tasks_asked
from orchestrator.core.machine_state import StartAttempt
from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.plan import Plan, make_plan
from orchestrator.core.ports import Call, Listener
from orchestrator.core.redaction import redact
from orchestrator.core.report import build_report
from orchestrator.core.tasks import Registry, Task
from orchestrator.engine.calls import CallMaker
from orchestrator.engine.jumping_time import JumpingClock, jumping
from orchestrator.engine.owners import owner_name
from orchestrator.engine.runner import Runner
from orchestrator.executors.rehearsing import RehearsingExecutor
from orchestrator.operations.closed_doors import closed_doors
from orchestrator.operations.driving import room_of, standing_outputs, state_of
from orchestrator.operations.injected import Injected
from orchestrator.operations.parts import Parts
from orchestrator.operations.rehearsed_parts import Recording, Script
from orchestrator.operations.submitting import Wanted, submit
from orchestrator.settings import Settings
from orchestrator.stores import open_store
from orchestrator.translation import say

LEASE = timedelta(days=36_500)
LOOK = 3600.0
"""Nobody else could take the execution over or give orders: there is nothing to renew, and nothing to look for."""
MIDDLE = 0.5
"""The jitter of every retry: none, so that two rehearsals are the same."""


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """How a rehearsal went."""

    execution: Execution
    runs: Sequence[TaskRun]
    report: Mapping[str, JSON]
    """As of any execution, with `"rehearsal": true`."""
    missed: Sequence[Injected]
    """Failures asked for whose attempt never came."""
    plain: Sequence[str]
    """Tasks of whose outputs nothing was known."""


def rehearse(
    parts: Parts,
    wanted: Wanted,
    *,
    recording: Recording | None = None,
    failures: Sequence[Injected] = (),
    listeners: Sequence[Listener] = (),
) -> Rehearsed:
    """Take an execution of `wanted` to its end without executing, storing or reaching anything.

    Raises UsageError where such an execution would be refused. `listeners` hear of everything at simulated times.
    """
    tasks = parts.registry.tasks
    script = Script(tasks, recording or Recording(), failures)
    settings = _with_invented_secrets(parts.settings, tasks.values())
    stage = Parts(_uncached(parts.registry), settings, open_store("memory://"))
    _perform_what_is_taken_as_done(stage, wanted, script)
    execution, plan = submit(stage, wanted)
    ended = _perform(stage, execution, plan, script, listeners)
    runs = stage.store.task_runs(ended.execution_id)
    report = build_report(ended, runs, stage.store.attempts(ended.execution_id), zone=stage.zone, say=say)
    shown = redact(report, stage.call_maker(plan).hidden(ended.request))
    assert isinstance(shown, dict)
    return Rehearsed(
        execution=ended,
        runs=runs,
        report={**shown, "rehearsal": True},
        missed=script.missed,
        plain=[task_id for task_id in plan.order if script.plain(task_id)],
    )


def _perform(
    stage: Parts, execution: Execution, plan: Plan, script: Script, listeners: Sequence[Listener] = ()
) -> Execution:
    """Drive a stored execution of the stage to its end, in no time."""
    clock = JumpingClock(execution.created_at)
    calls = stage.call_maker(plan)
    asked = calls.outputs_asked()
    claimed = stage.store.claim_execution(
        execution.execution_id, owner=owner_name(), lease=LEASE, at=execution.created_at
    )
    runner = Runner(
        store=stage.store,
        executor=RehearsingExecutor(max_workers=execution.request.max_workers, clock=clock, play=script.play),
        make_call=_telling_the_way_out(calls, stage.registry, execution),
        outputs=standing_outputs(stage, execution, asked),
        outputs_asked=asked,
        room=room_of(stage, execution),
        listeners=listeners,
        clock=clock,
        lease=LEASE,
        look=LOOK,
        chance=lambda: MIDDLE,
        hidden=calls.hidden(execution.request),
    )
    with jumping(clock) as run, closed_doors():
        return run(runner.drive(claimed, state_of(stage, execution, plan))).execution


def _perform_what_is_taken_as_done(stage: Parts, wanted: Wanted, script: Script) -> None:
    """Leave on the stage what an execution finds in the store: outputs of tasks outside the selection that it takes."""
    plan = make_plan(stage.registry, wanted.tasks)
    outside = sorted(stage.call_maker(plan).outputs_asked() - plan.tasks.keys())
    if not outside:
        return
    bare = [Task(task_id=task_id, module_path="taken.as", function_name="done") for task_id in outside]
    before = stage.with_registry(Registry(bare))
    execution, its_plan = submit(before, Wanted(tasks=outside, parameters={}))
    _perform(before, execution, its_plan, script)


def _telling_the_way_out(
    calls: CallMaker, registry: Registry, execution: Execution
) -> Callable[[StartAttempt, dict[str, JSON]], Call]:
    """Makes calls as ever; where an output lacks what another task takes, it is told where to say what is in it."""
    places = {task_id: f"tasks[{index}]" for index, task_id in enumerate(registry.tasks)}

    def make_call(start: StartAttempt, outputs: dict[str, JSON]) -> Call:
        try:
            return calls.call(start, execution, outputs)
        except UsageError as why:
            task_id = start.attempt.run.task_id
            sources = sorted(tasks_asked(registry.task(task_id), registry.tasks))
            told = Message(
                template=N_(
                    "{place}: {why}; a rehearsal takes outputs from the file ({mocks}) or, with --record, from an "
                    "execution"
                ),
                facts={
                    "place": places[task_id],
                    "why": why.message,
                    "mocks": ", ".join(f"{places[source]}.mock.output" for source in sources),
                },
            )
            raise UsageError("{told}", told=say(told)) from why

    return make_call


def _uncached(registry: Registry) -> Registry:
    """The same definitions, every task to be performed: on the stage there are no results to take again."""
    return Registry(
        tasks=[replace(task, cache=None) for task in registry.tasks.values()],
        workflows=registry.workflows.values(),
        limits=registry.limits,
        pools=registry.pools,
    )


def _with_invented_secrets(settings: Settings, tasks: Iterable[Task]) -> Settings:
    """Settings whose secrets are made up: nobody gets them, so real ones need not be here, and are not read."""
    names: set[str] = set()

    def remember(name: str) -> str:
        names.add(name)
        return name

    for task in tasks:
        secrets_filled(task.parameters, remember)
    invented = {name: f"secret:{name}" for name in names}
    return replace(settings, environment={**settings.environment, **invented})
