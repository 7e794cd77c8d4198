"""A worker: takes executions that wait for one, drives several at once, and goes on with those that others left."""

import asyncio
import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from orchestrator.core.errors import BeingDriven, ExecutionEnded, OrchestratorError, StaleOwner, WorkflowFull
from orchestrator.core.events import AttemptNoted, Event
from orchestrator.core.executions import Execution
from orchestrator.core.ports import AttemptOutput, AttemptProgress
from orchestrator.core.results import ExecutionResult
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.tasks import OnRestart, Registry
from orchestrator.engine.clocks import SystemClock
from orchestrator.engine.runner import Runner
from orchestrator.operations import driving, ordering
from orchestrator.operations.driving import left_alone
from orchestrator.operations.journeys import Journey, take_up
from orchestrator.operations.parts import Parts, registry_as_started

logger = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between looks for what waits, where nobody says that something does."""
LOOK_AT_OWNERS = 3.0
"""Seconds between looks whether other workers of this machine died, whose lease still runs."""
START_PATIENCE = 3.0
"""Seconds after which one that starts no attempt keeps no other from starting."""
FIRST_BACK_OFF = 2.0
BACK_OFF = 30.0
"""Seconds until an execution that could not be driven is tried again: the first time, then twice as long up to this."""
MOST_LOOKED_AT = 200
FOR_WORKERS = frozenset({"api", "schedule"})
"""Doors whose executions are never driven by whoever asked for them."""
OWNED = (ExecutionStatus.QUEUED, ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING)


@dataclass(kw_only=True)
class Worker:
    """Drives up to `slots` executions at once, each under a supervisor of its own; `work` may be awaited once.

    `wake` and `stop` may be called from any thread, and from a signal's handler.
    """

    parts: Parts
    slots: int
    _driven: dict[str, "asyncio.Task[None]"] = field(init=False, default_factory=dict)
    _workflows: dict[str, str | None] = field(init=False, default_factory=dict)
    """Of what is driven."""
    _runners: dict[str, Runner] = field(init=False, default_factory=dict)
    _not_before: dict[str, float] = field(init=False, default_factory=dict)
    _pauses: dict[str, float] = field(init=False, default_factory=dict)
    """Seconds that an execution was put off last."""
    _stops: int = field(init=False, default=0)
    _looked_at_owners: float = field(init=False, default=-LOOK_AT_OWNERS)
    _loop: asyncio.AbstractEventLoop | None = field(init=False, default=None)
    _news: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _starts: asyncio.Semaphore = field(init=False, default_factory=lambda: asyncio.Semaphore(os.cpu_count() or 1))

    def wake(self) -> None:
        """Look at once for what waits."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    def stop(self) -> None:
        """Take no more; what is driven ends as `interrupted`. Asked again, what is left is killed at once."""
        if self._loop is None or self._loop.is_closed():
            self._stops += 1
        else:
            self._loop.call_soon_threadsafe(self._stop)

    async def work(self) -> None:
        """Take and drive until `stop`; ends when nothing is under way any more. Raises StoreUnusable at the start."""
        self._loop = asyncio.get_running_loop()
        self.parts.store.last_position()  # a store that cannot be used is told at once
        while not self._stops:
            try:
                self._take_what_waits()
            except OrchestratorError as trouble:  # the store may be back at the next look
                logger.warning("%s", trouble)
            await self._sleep()
        while self._driven:
            await asyncio.wait(self._driven.values())
            await asyncio.sleep(0)  # those that ended take themselves off the list

    async def _sleep(self) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), LOOK)
        except TimeoutError:
            return
        self._news.clear()

    def _stop(self) -> None:
        self._stops += 1
        self._news.set()
        for runner in list(self._runners.values()):
            runner.ask_stop()

    def _take_what_waits(self) -> None:
        for execution in self._waiting():
            if len(self._driven) >= self.slots:
                return
            key = execution.execution_id
            try:
                wanted = self._may_take(execution)
            except OrchestratorError as trouble:  # its own trouble: those behind it must not wait for it
                logger.warning("%s: %s; trying again in %.0f s", key, trouble, self._put_off(key))
                continue
            if wanted:
                self._workflows[key] = execution.request.workflow
                self._driven[key] = asyncio.ensure_future(self._drive(execution))

    def _waiting(self) -> Iterator[Execution]:
        if len(self._driven) >= self.slots:
            return
        at = SystemClock().now()
        limit, seen = self.slots + len(self._not_before) + 1, 0
        while True:  # deeper only where those in front may not be taken
            found = self.parts.store.waiting_for_workers(at=at, limit=limit)
            yield from found[seen:]
            if len(found) < limit:
                break
            limit, seen = limit * 4, len(found)
        now = time.monotonic()
        if now - self._looked_at_owners >= LOOK_AT_OWNERS:
            self._looked_at_owners = now
            for one in self.parts.store.list_executions(statuses=OWNED, limit=MOST_LOOKED_AT):
                if one.request.source in FOR_WORKERS and driving.proven_dead(one) is not None:
                    yield one

    def _may_take(self, execution: Execution) -> bool:
        key = execution.execution_id
        now = time.monotonic()
        if key in self._driven or now < self._not_before.get(key, now):
            return False
        self._not_before.pop(key, None)
        return left_alone(self.parts, execution) and self._has_room(execution)

    def _put_off(self, key: str) -> float:
        """Leave it alone for a while, each time for longer; the seconds."""
        pause = min(self._pauses.get(key, FIRST_BACK_OFF / 2) * 2, BACK_OFF)
        self._pauses[key] = pause
        self._not_before[key] = time.monotonic() + pause
        return pause

    def _has_room(self, execution: Execution) -> bool:
        """Whether its workflow may run now: one that only waits for others of its kind must not take a slot."""
        name = execution.request.workflow
        if name is None or execution.status is not ExecutionStatus.QUEUED:
            return True
        workflow = registry_as_started(self.parts, execution).workflows.get(name)
        if workflow is None or workflow.concurrency is None:
            return True
        limit = workflow.concurrency.limit
        under_way = (ExecutionStatus.RUNNING, ExecutionStatus.CANCELLING)
        running = {
            one.execution_id
            for one in self.parts.store.list_executions(statuses=under_way, workflow=name, limit=limit + self.slots)
        }
        taken = {key for key, workflow in self._workflows.items() if workflow == name}
        return len(running | taken) < limit

    async def _drive(self, execution: Execution) -> None:
        key = execution.execution_id
        # a store of its own: whoever drives waits for its own news, and one that fails takes no other along
        parts = Parts(Registry(), self.parts.settings)
        try:
            if execution.status is not ExecutionStatus.QUEUED and self._ends_here(execution):
                ordering.give_up(parts, execution)
                return
            journey = take_up(parts, execution)
            with ExitStack() as stack:
                # clearing up after a dead owner takes seconds: the others must not wait for it
                taking = driving.taking_over(journey.parts, execution, patience=0.0)
                taken = await asyncio.to_thread(stack.enter_context, taking)
                result = await self._from_start_to_end(journey, taken)
            for trouble in result.troubles:
                logger.error("%s: %s", key, trouble)
            if result.status.final:
                self._pauses.pop(key, None)
            elif not self._stops:
                self._put_off(key)
        except (BeingDriven, ExecutionEnded, StaleOwner) as other:  # somebody else was faster, or it is over
            logger.info("%s: %s", key, other)
        except WorkflowFull:
            self._not_before[key] = time.monotonic() + LOOK
        except OrchestratorError as trouble:
            logger.warning("%s: %s; trying again in %.0f s", key, trouble, self._put_off(key))
        except Exception:  # whatever one execution meets, the others go on
            logger.exception("%s could not be driven", key)
            self._put_off(key)
        finally:
            self._runners.pop(key, None)
            self._workflows.pop(key, None)
            self._driven.pop(key, None)
            self._news.set()
            parts.close()

    async def _from_start_to_end(self, journey: Journey, taken: driving.Taken) -> ExecutionResult:
        """Drive it; of many that come at once only a few start at the same time, or nobody else would get a turn."""
        begun = _Begun()
        key = taken.execution.execution_id
        async with self._starts:
            driving_it = asyncio.ensure_future(
                driving.drive(
                    journey.parts,
                    taken,
                    journey.plan,
                    listeners=[begun],
                    on_start=lambda runner: self._started(key, runner),
                )
            )
            until_begun = asyncio.ensure_future(begun.news.wait())
            await asyncio.wait({driving_it, until_begun}, timeout=START_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            until_begun.cancel()
        return await driving_it

    def _started(self, key: str, runner: Runner) -> None:
        self._runners[key] = runner
        for _ in range(min(self._stops, 2)):
            runner.ask_stop()

    def _ends_here(self, execution: Execution) -> bool:
        """Whether its workflow says that what was left interrupted is not resumed; only what came for workers."""
        if execution.request.source not in FOR_WORKERS:
            return False
        workflow = registry_as_started(self.parts, execution).workflows.get(execution.request.workflow or "")
        return workflow is not None and workflow.on_restart is OnRestart.FAIL


class _Begun:
    """Notes that the first attempt of an execution has a process."""

    def __init__(self) -> None:
        self.news = asyncio.Event()

    def on_event(self, event: Event) -> None:
        """A move was stored."""
        if isinstance(event.move, AttemptNoted):
            self.news.set()

    def on_output(self, output: AttemptOutput) -> None:
        """Nothing to do with it."""

    def on_progress(self, progress: AttemptProgress) -> None:
        """Nothing to do with it."""

    def close(self) -> None:
        """It is over, whether anything began or not."""
        self.news.set()
