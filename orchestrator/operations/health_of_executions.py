"""Whether each stored execution is what its event log says, has somebody who drives it, and has its report."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from orchestrator.core.errors import NoSuchExecution, OrchestratorError, StoreUnusable
from orchestrator.core.executions import Execution
from orchestrator.core.messages import N_, Message
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.engine.owners import owner_acts
from orchestrator.executors.execution_lock import held
from orchestrator.listeners.report_file import report_file_name
from orchestrator.operations.driving import proven_dead
from orchestrator.operations.findings import Finding, Severity, advice, error, fine, warning
from orchestrator.operations.health_of_events import WAY_OUT, faults_of_log
from orchestrator.operations.looking_back import Record, record_of, report_expected, report_faults
from orchestrator.operations.parts import REPORT, Parts
from orchestrator.operations.upkeep import all_executions
from orchestrator.stores.damage import DAMAGED

RECENT = timedelta(days=30)
MOST_RECENT = 200
NOT_ENDED = (
    ExecutionStatus.QUEUED,
    ExecutionStatus.RUNNING,
    ExecutionStatus.CANCELLING,
    ExecutionStatus.INTERRUPTED,
)
UNCLAIMED = timedelta(minutes=1)
"""A new execution may wait so long for whoever is to drive it."""
CLOCK_SLACK = timedelta(seconds=5)
MOST_NAMED = 3


@dataclass(kw_only=True)
class _Seen:
    """What is only told once all have been looked at."""

    examined: int = 0
    faulty: int = 0
    latest: datetime | None = None
    """Time of the latest event."""
    refused: Counter[str] = field(default_factory=Counter)


def executions(parts: Parts, *, all_of_them: bool) -> Iterator[Finding]:
    """Look at those that have not ended and the latest that have, or at all; one at a time."""
    seen = _Seen()
    undelivered = {delivery.event.execution_id for delivery in parts.store.deliveries(REPORT)}
    for execution in _chosen(parts, all_of_them=all_of_them):
        try:
            found = list(_of_one(parts, execution, seen, undelivered=execution.execution_id in undelivered))
        except NoSuchExecution:
            continue  # forgotten meanwhile
        except StoreUnusable as why:
            found = [_damaged(execution, why)]
            if why.message.template != DAMAGED:  # not this execution's fault: the others would say the same
                yield from found
                return
        seen.examined += 1
        seen.faulty += any(one.severity is not Severity.OK for one in found)
        yield from found
    yield from _summed_up(seen)


def _chosen(parts: Parts, *, all_of_them: bool) -> Iterator[Execution]:
    """Whatever has not ended, then the others, newest first."""
    if all_of_them:
        yield from all_executions(parts)
        return
    yield from all_executions(parts, statuses=NOT_ENDED)
    oldest = datetime.now(UTC) - RECENT
    ended = [status for status in ExecutionStatus if status.final]
    for number, execution in enumerate(all_executions(parts, statuses=ended)):
        if number >= MOST_RECENT or execution.created_at < oldest:
            return
        yield execution


def _of_one(parts: Parts, execution: Execution, seen: _Seen, *, undelivered: bool) -> Iterator[Finding]:
    if execution.refused_writes:
        seen.refused[execution.execution_id] = execution.refused_writes
    record = record_of(parts, execution.execution_id)
    if record.events:
        last = record.events[-1].move.at
        seen.latest = last if seen.latest is None else max(seen.latest, last)
    if record.settled:
        yield from faults_of_log(record)
    yield from _ownership(parts, record.execution)
    yield from _report(parts, record, undelivered=undelivered)


# --- who drives it ---------------------------------------------------------------------------------------------------


def _ownership(parts: Parts, execution: Execution) -> Iterator[Finding]:
    """One that has not ended wants an owner that lives (D9)."""
    if execution.status.final:
        return
    where = execution.execution_id
    try:
        holder = held(parts.lock_path(where))
    except OSError as why:
        yield error("lock", N_("its lock cannot be read: {why}"), where, why=why)
        return
    now = datetime.now(UTC)
    lease_over = execution.lease_until is None or execution.lease_until < now
    if holder is not None:
        if execution.owner is not None and lease_over:
            template = N_("if {owner} is stopped, let it go on or end it; then `etl resume {execution_id}`")
            way = advice(template, owner=holder, execution_id=where)
            yield warning("owner", N_("{owner} drives it, but has not been heard of"), where, advice=way, owner=holder)
        return
    known = parts.store.get_execution(where)
    if known.status.final or known.fencing_token != execution.fencing_token:
        return  # it ended, or was taken up, since it was read
    if execution.owner is not None and not lease_over and proven_dead(execution) is None:
        if owner_acts(execution.owner):
            way = advice(N_("do not touch .orchestrator/locks while executions run; let it end"))
            template = N_("{owner} drives it, though its lock is gone")
            yield warning("owner", template, where, advice=way, owner=execution.owner)
        return  # driven from another machine, as far as can be told from here
    yield from _left_alone(parts, execution, now)


def _left_alone(parts: Parts, execution: Execution, now: datetime) -> Iterator[Finding]:
    where = execution.execution_id
    if execution.status is ExecutionStatus.QUEUED and execution.owner is None:
        if execution.created_at < now - UNCLAIMED:
            yield warning("interrupted", N_("queued, and nobody drives it"), where, advice=_go_on(where))
        return
    yield warning("interrupted", N_("interrupted: nobody drives it any more"), where, advice=_go_on(where))
    for run in parts.store.task_runs(where):
        pool = execution.request.pools.get(run.key.task_id)
        if run.status is TaskStatus.RUNNING and pool is not None:
            until = execution.lease_until
            facts = {"task_id": run.key.task_id, "pool": pool}
            if until is not None and until > now:
                free = until.astimezone(parts.zone).isoformat(timespec="seconds")
                template = N_("task {task_id} still holds a slot of pool {pool}; it is free from {free} on")
                yield warning("slot", template, where, advice=_go_on(where), free=free, **facts)
            else:
                yield fine("slot", N_("task {task_id} holds no slot of pool {pool} any more"), where, **facts)


def _go_on(execution_id: str) -> Message:
    return advice(N_("`etl resume {execution_id}` or `etl cancel {execution_id}`"), execution_id=execution_id)


# --- its report ------------------------------------------------------------------------------------------------------


def _report(parts: Parts, record: Record, *, undelivered: bool) -> Iterator[Finding]:
    """One that has ended has a report file (R16); whoever was to write it may have been killed before."""
    execution = record.execution
    path = parts.settings.reports / report_file_name(execution.execution_id)
    missing = not path.exists()
    if not report_expected(execution) or not (missing or (undelivered and any(report_faults(parts, record)))):
        return
    if not execution.status.final and held(parts.lock_path(execution.execution_id)) is not None:
        return  # being taken up again
    template = N_("its report was never written") if missing else N_("its latest report was not written")
    way = advice(N_("`etl report {execution_id}`"), execution_id=execution.execution_id)
    yield warning("report", template, execution.execution_id, advice=way)


# --- all together ----------------------------------------------------------------------------------------------------


def _summed_up(seen: _Seen) -> Iterator[Finding]:
    sound = seen.examined - seen.faulty
    yield fine("executions", N_("{sound} of the {count} looked at are in order"), sound=sound, count=seen.examined)
    if seen.refused:
        named = ", ".join(list(seen.refused)[:MOST_NAMED]) + (" …" if len(seen.refused) > MOST_NAMED else "")
        yield warning(
            "refused_writes",
            N_("{count} write(s) by owners that had lost their execution were refused: {named}"),
            advice=advice(
                N_("nothing was lost; an orchestrator was stopped, or its machine hung, for longer than a lease")
            ),
            count=seen.refused.total(),
            named=named,
        )
    if seen.latest is not None and seen.latest > datetime.now(UTC) + CLOCK_SLACK:
        way = advice(N_("set the clock; leases and cached results are judged by it"))
        yield warning("clock", N_("the latest event lies in the future ({at})"), advice=way, at=seen.latest.isoformat())
    else:
        yield fine("clock", N_("no event lies in the future"))


def _damaged(execution: Execution, why: OrchestratorError) -> Finding:
    return error("event_log", N_("it cannot be read: {why}"), execution.execution_id, advice=WAY_OUT, why=why.message)
