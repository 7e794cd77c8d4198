"""What watches a server asks: `/`, `/health`, `/livez`, `/readyz`."""

from fastapi import APIRouter, Depends, Request, Response

from orchestrator.core.outcomes import JSON
from orchestrator.operations.tokens import Role
from orchestrator.settings import VERSION
from orchestrator.translation import _
from orchestrator.web import answers
from orchestrator.web.requests import house_of, needs

router = APIRouter(tags=["service"])
may_read = Depends(needs(Role.READ))

ENDPOINTS = (
    "GET /health",
    "GET /livez",
    "GET /readyz",
    "GET /metrics",
    "GET /openapi.json",
    "GET /tasks",
    "GET /workflows",
    "POST /validate",
    "POST /plan",
    "POST /execute",
    "GET /executions",
    "GET /executions/{execution_id}",
    "DELETE /executions/{execution_id}",
    "POST /executions/{execution_id}/resume",
    "POST /executions/{execution_id}/rerun",
    "GET /executions/{execution_id}/events",
    "GET /executions/{execution_id}/tasks/{task_id}/attempts/{number}/log",
    "GET /events",
    "GET /schedules",
    "GET /schedules/{name}",
    "POST /schedules/{name}/pause",
    "POST /schedules/{name}/resume",
    "POST /schedules/{name}/trigger",
    "GET /reports",
    "GET /reports/{execution_id}",
)


@router.get(
    "/",
    summary="Información del servicio / What this is",
    responses=answers.ok(answers.Service),
    dependencies=[may_read],
)
async def root() -> Response:
    """Name, version, addresses."""
    return answers.json(
        {
            "name": "Orquestador ETL",
            "version": VERSION,
            "description": _("Executes the tasks and workflows of a configuration, and tells what became of them."),
            "endpoints": list(ENDPOINTS),
        }
    )


@router.get(
    "/health",
    summary="¿Está el servidor? / Is the server there?",
    responses={200: {"model": answers.ServerHealth}},
)
async def health(request: Request) -> Response:
    """Needs no token, and tells no more than that it is there; with one, how each of its workers is."""
    if request.state.bearer is None:
        return answers.json({"status": "ok"})
    workers: list[JSON] = [
        {"pid": one.pid, "state": one.state, "silent_for": round(one.silent_for, 1)}
        for one in request.app.state.workers.states
    ]
    well = all(one.state in {"starts", "runs"} for one in request.app.state.workers.states)
    return answers.json({"status": "ok" if well else "degraded", "workers": workers})


@router.get(
    "/livez",
    summary="¿Vive el proceso? / Does the process live?",
    responses=answers.ok(answers.Health),
    dependencies=[may_read],
)
async def livez() -> Response:
    """Asks nothing else: a server whose store is away must not be restarted for it."""
    return answers.json({"status": "ok"})


@router.get(
    "/readyz",
    summary="¿Puede trabajar? / Can it do its work?",
    responses=answers.ok(answers.Readiness, 503),
    dependencies=[may_read],
)
def readyz(request: Request) -> Response:
    """200 where store and configuration can be used and all workers breathe; else 503, with the reasons."""
    troubles = house_of(request).usable()
    workers = request.app.state.workers
    if workers.count and not workers.alive:
        troubles.append(_("no worker runs"))
    troubles += [
        _("worker {pid} lives, and has given no sign of life for {seconds:.0f} s").format(
            pid=one.pid, seconds=one.silent_for
        )
        for one in workers.states
        if one.state == "silent"
    ]
    content = {
        "status": "not ready" if troubles else "ready",
        "troubles": list(troubles),
        "workers": workers.alive,
    }
    return answers.json(content, status=503 if troubles else 200)
