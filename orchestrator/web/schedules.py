"""Schedules over HTTP: which there are, what comes next, what became of the last slots; pause, resume, trigger."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from orchestrator.core.errors import UsageError
from orchestrator.core.outcomes import JSON
from orchestrator.documents.bodies import PauseBody
from orchestrator.operations import schedules
from orchestrator.operations.parts import Parts
from orchestrator.operations.schedules import LAST_SLOTS, coming, schedule_description
from orchestrator.operations.tokens import Role
from orchestrator.translation import _
from orchestrator.web import answers
from orchestrator.web.executions import accepted
from orchestrator.web.problems import not_found
from orchestrator.web.requests import bearer_of, body_as, house_of, needs, schema_of

router = APIRouter(tags=["schedules"], dependencies=[Depends(needs(Role.READ))])
may_run = Depends(needs(Role.RUN))

MOST_SLOTS: Final = 200
MOST_SLOTS_OF_EACH: Final = 10
CountOfEach = Annotated[int, Query(ge=1, le=MOST_SLOTS_OF_EACH, description="Turnos de cada una / slots of each")]
Count = Annotated[int, Query(ge=1, le=MOST_SLOTS, description="Cuántos turnos siguientes / so many next slots")]


@router.get(
    "/schedules",
    summary="Programaciones y su próximo turno / Schedules and their next slots",
    responses=answers.ok(answers.Schedules, 422),
)
def list_schedules(request: Request, count: CountOfEach = 3) -> Response:
    """In the order of the configuration; times in each schedule's own zone."""
    found = coming(house_of(request).parts_at_hand(), count=count, last=LAST_SLOTS)
    return answers.json({"schedules": [schedule_description(one) for one in found]})


@router.get(
    "/schedules/{name}",
    summary="Una programación / One schedule",
    responses=answers.ok(answers.Schedule, 422),
)
def show_schedule(request: Request, name: str, count: Count = 10) -> Response:
    """What `next` tells is what fires."""
    return answers.json(_described(house_of(request).parts_at_hand(), name, count))


@router.post(
    "/schedules/{name}/pause",
    summary="Pausar / Pause",
    responses=answers.ok(answers.Schedule, *answers.WITH_BODY),
    openapi_extra=schema_of(PauseBody),
    dependencies=[may_run],
)
def pause(request: Request, name: str, body: Annotated[PauseBody, Depends(body_as(PauseBody))]) -> Response:
    """Its slots of that time are not made up for."""
    parts = _with(request, name)
    schedules.pause(parts, name, reason=body.reason, by=bearer_of(request).name)
    _did(request, "pause", name)
    return answers.json(_described(parts, name, 1))


@router.post(
    "/schedules/{name}/resume",
    summary="Reanudar / Resume",
    responses=answers.ok(answers.Schedule),
    dependencies=[may_run],
)
def resume(request: Request, name: str) -> Response:
    """From its next slot on."""
    parts = _with(request, name)
    schedules.resume(parts, name)
    request.app.state.scheduler.wake()
    _did(request, "resume", name)
    return answers.json(_described(parts, name, 1))


@router.post(
    "/schedules/{name}/trigger",
    summary="Ejecutar ahora / Execute now",
    status_code=202,
    responses=answers.ok(answers.Accepted, 409, success=202),
    dependencies=[may_run],
)
def trigger(request: Request, name: str) -> Response:
    """As a slot of this moment would; paused or not."""
    execution = schedules.trigger(_with(request, name), name)
    _did(request, "trigger", name, execution_id=execution.execution_id)
    request.app.state.workers.wake()
    return accepted(execution, _("Execution queued"))


def _with(request: Request, name: str) -> Parts:
    """With the definitions that hold now, of which the schedule must be one; raises RequestRefused (404)."""
    parts = house_of(request).parts()
    if name not in parts.registry.schedules:
        raise not_found()
    return parts


def _described(parts: Parts, name: str, count: int) -> dict[str, JSON]:
    try:
        schedules.find_schedule(parts, name)
    except UsageError:
        raise not_found() from None
    found = coming(parts, count=count, last=LAST_SLOTS, only=name)
    return schedule_description(found[0])


def _did(request: Request, what: str, name: str, **facts: Any) -> None:
    body: bytes = getattr(request.state, "body", b"")
    request.app.state.audit.did(request.scope, bearer_of(request), what, body=body, schedule=name, **facts)
    request.app.state.news.ring()  # no event of an execution tells of it
