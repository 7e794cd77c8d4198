"""What watches a server asks: `/`, `/health`, `/livez`, `/readyz`."""

from fastapi import APIRouter, Depends, Request, Response

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


@router.get("/health", summary="¿Está el servidor? / Is the server there?", responses={200: {"model": answers.Health}})
async def health() -> Response:
    """Needs no token, and tells no more than that."""
    return answers.json({"status": "ok"})


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
    """200 where store and configuration can be used and a worker runs; else 503, with the reasons."""
    troubles = house_of(request).usable()
    workers = request.app.state.workers
    if workers.count and not workers.alive:
        troubles.append(_("no worker runs"))
    content = {
        "status": "not ready" if troubles else "ready",
        "troubles": list(troubles),
        "workers": workers.alive,
    }
    return answers.json(content, status=503 if troubles else 200)
