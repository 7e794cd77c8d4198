"""Executions over HTTP: ask for one, list them, look at one, end it, go on with it, repeat it."""

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BeforeValidator

from orchestrator.core.errors import AskedBefore, NoSuchExecution
from orchestrator.core.executions import Execution
from orchestrator.core.identity import is_execution_id
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.report import build_report, iso
from orchestrator.core.results import runs_stand_at, stands_at
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Order, OrderKind, Queueing
from orchestrator.documents.bodies import CancelBody, ExecuteBody, RerunBody
from orchestrator.engine.clocks import SystemClock
from orchestrator.engine.owners import owner_name
from orchestrator.executors.execution_lock import Held, take
from orchestrator.operations import ordering
from orchestrator.operations.driving import left_alone
from orchestrator.operations.parts import Parts
from orchestrator.operations.rerunning import Part, wanted_again
from orchestrator.operations.submitting import API, Wanted, submit
from orchestrator.operations.tokens import Bearer, Role
from orchestrator.operations.upkeep import purge
from orchestrator.translation import _, say
from orchestrator.web import answers
from orchestrator.web.definitions import parts_for, selected
from orchestrator.web.problems import refused
from orchestrator.web.requests import bearer_of, body_as, execution_named, house_of, needs, schema_of

router = APIRouter(tags=["executions"], dependencies=[Depends(needs(Role.READ))])
may_run = Depends(needs(Role.RUN))

MOST_ON_A_PAGE: Final = 1000
LONGEST_KEY: Final = 200
LET_GO: Final = 2.0
"""Seconds in which whoever drove an execution that has ended is expected to let go of it."""
Cursor = Annotated[str | None, Query(max_length=200, description="`next` de la página anterior / of the page before")]
Limit = Annotated[int, Query(ge=1, le=MOST_ON_A_PAGE)]


def _written_out(text: object) -> object:
    """Refuses what pydantic would take for seconds since 1970."""
    if isinstance(text, str) and not _DATE.match(text):
        raise ValueError("ISO 8601: 2024-09-18T14:30:22Z")
    return text


_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Since = Annotated[
    datetime | None,
    BeforeValidator(_written_out),
    Query(description="ISO 8601; sin zona: UTC / without a zone: UTC"),
]


@router.post(
    "/execute",
    summary="Ejecutar tareas o un workflow / Execute tasks or a workflow",
    status_code=202,
    responses=answers.ok(answers.Accepted, 409, *answers.WITH_BODY, success=202),
    openapi_extra=schema_of(ExecuteBody),
    dependencies=[may_run],
)
def execute(
    request: Request,
    body: Annotated[ExecuteBody, Depends(body_as(ExecuteBody))],
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=LONGEST_KEY)] = None,
) -> Response:
    """Store it as queued; a worker drives it. With an `Idempotency-Key` the same request is executed once in 24 h."""
    house, sha256 = house_of(request), hashlib.sha256(request.state.body).hexdigest()
    key = _key_of(bearer_of(request), idempotency_key)
    if key is not None:  # before anything else: what it asked for may be what is in its way now
        before = house.store.asked_before(key, body_sha256=sha256, at=SystemClock().now())
        if before is not None:
            return accepted(house.store.get_execution(before), _("It was asked for before"))
    parts = parts_for(house, body.config_file)
    chosen = selected(parts, body)
    wanted = Wanted(
        tasks=chosen.tasks,
        workflow=chosen.workflow,
        parameters=chosen.parameters,
        parallel=body.parallel,
        max_workers=body.max_workers,
        stop_on_failure=body.stop_on_failure,
        require_dependencies=body.require_dependencies,
        exclusive=body.exclusive,
        source=API,
        queueing=Queueing(key=key, body_sha256=sha256),
    )
    try:
        execution, _plan = submit(parts, wanted)
    except AskedBefore as before:
        if not before.same:
            raise
        return accepted(parts.store.get_execution(before.execution_id), _("It was asked for before"))
    _did(request, "execute", execution)
    request.app.state.workers.wake()
    return accepted(execution, _("Execution queued"))


@router.get(
    "/executions",
    summary="Ejecuciones, la más nueva primero / Executions, newest first",
    responses=answers.ok(answers.Executions, 409, 422),
)
def list_executions(  # noqa: PLR0917 - by name: they are the address's
    request: Request,
    status: Annotated[list[ExecutionStatus] | None, Query()] = None,
    workflow: Annotated[str | None, Query(max_length=200)] = None,
    since: Since = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """A page of them; `next` asks for the one after it."""
    parts = house_of(request).parts_at_hand()
    zone = parts.zone
    found = page_of(parts, cursor, limit, status or (), workflow=workflow, since=since)
    now = datetime.now(UTC)
    shown: list[JSON] = [
        {
            "execution_id": one.execution_id,
            "status": stands_at(one, now).value,
            "workflow": one.request.workflow,
            "started_by": one.request.source,
            "created_at": iso(one.created_at, zone),
            "start_time": iso(one.started_at, zone),
            "end_time": iso(one.ended_at, zone),
            "total_duration": one.duration,
            "exit_code": one.exit_code,
            "task_count": len(one.request.tasks),
            "rerun_of": one.request.rerun_of,
        }
        for one in found
    ]
    return answers.json({"executions": shown, "next": next_cursor(found, limit)})


@router.get(
    "/executions/{execution_id}",
    summary="Estado de una ejecución / One execution",
    responses=answers.ok(answers.ExecutionReport),
)
def show_execution(request: Request, execution_id: str) -> Response:
    """As its report, whether it has ended or not."""
    parts = house_of(request).parts_at_hand()
    execution = execution_named(parts.store, execution_id)
    return answers.json(report_of(parts, execution))


@router.delete(
    "/executions/{execution_id}",
    summary="Cancelar u olvidar una ejecución / Cancel or forget an execution",
    responses={**answers.ok(answers.Ended, 409, *answers.WITH_BODY), 202: {"model": answers.Ended}},
    openapi_extra=schema_of(CancelBody, required=False),
    dependencies=[may_run],
)
def end_execution(
    request: Request,
    execution_id: str,
    body: Annotated[CancelBody, Depends(body_as(CancelBody))],
    purge: Annotated[bool, Query(description="Olvidar una que terminó (admin) / forget one that has ended")] = False,
) -> Response:
    """Cancel it: what was answered with 2xx wins over whatever ends later. `purge` forgets one that has ended."""
    parts = house_of(request).parts_at_hand()
    execution = execution_named(parts.store, execution_id)
    if purge:
        return _purged(request, parts, execution)
    bearer = bearer_of(request)
    order = Order(kind=OrderKind.CANCEL, at=SystemClock().now(), by=bearer.name, reason=body.reason)
    known = parts.store.give_order(execution.execution_id, order)
    if known.status.final:
        return _ended(known, _("It had ended before; nothing was changed"))
    _did(request, "cancel", execution)
    if left_alone(parts, known):  # nobody would obey: what it means is recorded here
        known = ordering.cancel(parts, known, reason=body.reason)
    request.app.state.workers.wake()
    return _ended(known, _("It is being cancelled"), status=200 if known.status.final else 202)


@router.post(
    "/executions/{execution_id}/resume",
    summary="Continuar una ejecución interrumpida / Go on with an interrupted execution",
    status_code=202,
    responses=answers.ok(answers.Accepted, 409, 422, success=202),
    dependencies=[may_run],
)
def resume(request: Request, execution_id: str) -> Response:
    """What completed is not executed again; 409 where it has ended, or somebody drives it."""
    parts = house_of(request).parts_at_hand()
    execution = execution_named(parts.store, execution_id)
    status = stands_at(execution, datetime.now(UTC))
    if status is not ExecutionStatus.INTERRUPTED and not (
        status is ExecutionStatus.QUEUED and left_alone(parts, execution)
    ):
        raise refused(409, "conflict", N_("there is nothing to resume: it is {status}"), status=status.value)
    parts.store.send_to_workers(execution_id)
    _did(request, "resume", execution)
    request.app.state.workers.wake()
    return accepted(execution, _("A worker goes on with it"))


@router.post(
    "/executions/{execution_id}/rerun",
    summary="Repetir una ejecución, entera o en parte / Execute again, whole or in part",
    status_code=202,
    responses=answers.ok(answers.Accepted, 409, *answers.WITH_BODY, success=202),
    openapi_extra=schema_of(RerunBody, required=False),
    dependencies=[may_run],
)
def rerun(request: Request, execution_id: str, body: Annotated[RerunBody, Depends(body_as(RerunBody))]) -> Response:
    """A new execution, linked to the first; results that are kept are named in its report."""
    if sum((body.failed, body.from_task is not None, body.only_task is not None)) > 1:
        raise refused(422, "not-valid", N_("at most one of failed, from_task and only_task"))
    parts = parts_for(house_of(request), body.config_file)
    first = execution_named(parts.store, execution_id)
    part = Part(failed=body.failed, from_task=body.from_task, only_task=body.only_task)
    if not (first.status.final or first.status is ExecutionStatus.INTERRUPTED):
        raise refused(409, "conflict", N_("it has not ended: it is {status}"), status=first.status.value)
    execution, _plan = submit(parts, wanted_again(parts, first, part, source=API, queueing=Queueing()))
    _did(request, "rerun", execution, of=first.execution_id)
    request.app.state.workers.wake()
    return accepted(execution, _("Execution queued"))


def report_of(parts: Parts, execution: Execution) -> dict[str, JSON]:
    """An execution as it stands now, in the shape of its report; nothing is `running` that nobody drives (R21)."""
    status = stands_at(execution, datetime.now(UTC))
    runs = runs_stand_at(parts.store.task_runs(execution.execution_id), status)
    attempts = parts.store.attempts(execution.execution_id)
    report = build_report(execution, runs, attempts, zone=parts.zone, say=say)
    return report | {"status": status.value}


def page_of(
    parts: Parts,
    cursor: str | None,
    limit: int,
    statuses: Sequence[ExecutionStatus],
    *,
    workflow: str | None = None,
    since: datetime | None = None,
    part: str | None = None,
) -> list[Execution]:
    """Executions after `cursor`; raises RequestRefused for one that never was a `next`."""
    before = None if cursor is None else _read_cursor(cursor)
    if since is not None:
        try:
            since = since.replace(tzinfo=UTC) if since.tzinfo is None else since.astimezone(UTC)
        except OverflowError:
            raise refused(422, "not-valid", N_("since: beyond the calendar")) from None
    try:
        return parts.store.list_executions(
            limit=limit, before=before, statuses=statuses, workflow=workflow, since=since, part=part
        )
    except NoSuchExecution:  # forgotten meanwhile: an empty page would say that there are no more
        raise refused(
            409, "cursor-gone", N_("cursor: what it stood for was forgotten; begin with the first page")
        ) from None


def next_cursor(page: Sequence[Execution], limit: int) -> str | None:
    """The cursor of the next page; None where this is the last one."""
    if len(page) < limit:
        return None
    return base64.urlsafe_b64encode(page[-1].execution_id.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> str:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        text = ""
    if not is_execution_id(text):
        raise refused(422, "not-valid", N_("cursor: not one that this server gave"))
    return text


def _purged(request: Request, parts: Parts, execution: Execution) -> Response:
    if bearer_of(request).role < Role.ADMIN:
        raise refused(403, "role", N_("this needs a token of role {role}"), role="admin")
    if not execution.status.final:
        raise refused(409, "conflict", N_("it has not ended: it is {status}"), status=execution.status.value)
    path = parts.lock_path(execution.execution_id)
    try:  # whoever drove it may be about to write its report, which would be there again afterwards
        lock = take(path, holder=owner_name(), patience=LET_GO)
    except Held:
        raise refused(409, "conflict", N_("whoever drove it has not let go of it yet; try again")) from None
    gone = False
    try:
        gone = purge(parts, execution)
    finally:
        lock.remove() if gone else lock.release()
    if not gone:
        raise refused(409, "conflict", N_("other executions were made from its results, which are kept with it"))
    _did(request, "purge", execution)
    return _ended(execution, _("It was forgotten, with its logs and its report"))


def _key_of(bearer: Bearer, given: str | None) -> str | None:
    """What the store knows a request by: the same key of another token is another's, and tells nobody of this one."""
    return None if given is None else hashlib.sha256(f"{bearer.mark} {given}".encode()).hexdigest()


def accepted(execution: Execution, message: str) -> Response:
    """202, and where to look at it."""
    key = execution.execution_id
    links = {"self": f"/executions/{key}", "events": f"/executions/{key}/events", "report": f"/reports/{key}"}
    content: dict[str, JSON] = {
        "execution_id": key,
        "status": execution.status.value,
        "message": message,
        "links": dict(links),
    }
    return answers.json(content, status=202, headers={"Location": links["self"]})


def _ended(execution: Execution, message: str, *, status: int = 200) -> Response:
    content: dict[str, JSON] = {
        "execution_id": execution.execution_id,
        "status": execution.status.value,
        "message": message,
    }
    return answers.json(content, status=status)


def _did(request: Request, what: str, execution: Execution, **facts: object) -> None:
    body: bytes = getattr(request.state, "body", b"")
    audit = request.app.state.audit
    audit.did(request.scope, bearer_of(request), what, body=body, execution_id=execution.execution_id, **facts)
