"""The server: its gate, its addresses, and what lives as long as it does."""

import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.messages import N_, Message
from orchestrator.core.tasks import Registry
from orchestrator.documents.bodies import BODIES
from orchestrator.operations.parts import Parts
from orchestrator.operations.scheduling import Scheduler
from orchestrator.operations.tokens import Role, first_token, hash_of, token_of_environment
from orchestrator.settings import VERSION, Settings
from orchestrator.translation import say
from orchestrator.web import answers, definitions, executions, health, logs, metrics, reports, streams
from orchestrator.web import schedules as schedules_api
from orchestrator.web.access import Access
from orchestrator.web.audit import Audit
from orchestrator.web.guard import LOCAL_NAMES, Guard
from orchestrator.web.house import House
from orchestrator.web.news import News
from orchestrator.web.problems import Fault, RequestRefused, problem, problem_of_error, problem_of_refusal
from orchestrator.web.remembering import Remembered
from orchestrator.web.requests import needs
from orchestrator.web.ui import comparison, configuration_page, data, entry, pages, schedules, system
from orchestrator.web.ui.live import Live
from orchestrator.web.ui.loads import Memory
from orchestrator.web.ui.showing import trouble
from orchestrator.web.workers import WorkerProcesses

THREADS: Final = 8
"""Handlers at work at once: more would only wait for the same two cores."""
LATELY: Final = 2.0
"""Seconds for which the first page tells what changes slowly."""
DESCRIPTION: Final = """Ejecuta tareas y workflows, y cuenta qué fue de ellos. Toda dirección salvo `/health` pide
`Authorization: Bearer <token>`; los errores son RFC 9457.

Executes tasks and workflows, and tells what became of them. Every address but `/health` asks for
`Authorization: Bearer <token>`; errors are RFC 9457."""


def create_app(
    settings: Settings,
    *,
    workers: int = 1,
    slots: int = 4,
    token_needed: bool = True,
    allowed_hosts: Iterable[str] = (),
) -> FastAPI:
    """The application; nothing is opened before its lifespan begins.

    Args:
        settings: where things lie, and which configuration holds.
        workers: processes that are started beside it to drive executions.
        slots: executions that each of them drives at once.
        token_needed: False only for a server that listens on this machine alone.
        allowed_hosts: names by which it may be asked, besides those of this machine.
    """
    app = FastAPI(
        title="Orquestador ETL",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,  # its page loads scripts of another host (S6)
        redoc_url=None,
        openapi_url=None,  # ours asks for a token
        lifespan=_lifespan,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,
    )
    house = House(settings=settings)
    app.state.house = house
    app.state.workers = WorkerProcesses(settings=settings, count=workers, slots=slots)
    app.state.token_needed = token_needed
    app.state.failure = None
    app.state.closed = False
    app.state.counters = metrics.Counters(
        workflow_of=lambda execution_id: house.store.get_execution(execution_id).request.workflow or ""
    )
    app.state.scheduler = Scheduler(parts=house.parts, fired=app.state.workers.wake)
    app.state.scheduling = threading.Thread(target=app.state.scheduler.run, name="scheduler", daemon=True)
    app.state.log_followers = logs.Places()
    app.state.news = News(house=house, observe=app.state.counters.observe)
    stored = metrics.Stored(
        store=lambda: house.store,
        streams=lambda: app.state.news.listening,
        workers=lambda: app.state.workers.alive,
    )
    app.state.counters.registry.register(stored)
    app.state.lately = Remembered(seconds=LATELY)
    app.state.reported = Memory()
    app.state.live = Live(news=app.state.news)
    shown = (
        entry,
        comparison,
        configuration_page,
        schedules,
        data,
        system,
        pages,
    )  # the last one tells of addresses that lead nowhere
    for module in (health, definitions, executions, schedules_api, streams, logs, reports, metrics, *shown):
        app.include_router(module.router)
    app.add_api_route("/openapi.json", _openapi, methods=["GET"], include_in_schema=False)
    app.add_exception_handler(RequestRefused, _refusal)  # type: ignore[arg-type]  # starlette's own signature is wider
    app.add_exception_handler(OrchestratorError, _error)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _not_valid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _http)  # type: ignore[arg-type]
    app.add_middleware(
        Guard,
        access=lambda: app.state.access,
        audit=lambda: app.state.audit,
        allowed_hosts=LOCAL_NAMES | {name.lower() for name in allowed_hosts},
    )
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # as FastAPI's own documentation does it
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the house, then the workers; in the end the streams, the workers, the house."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    house: House = app.state.house
    try:
        _open(app, house)
    except (OrchestratorError, OSError) as why:
        app.state.failure = why
        house.close()
        raise
    try:
        yield
    finally:
        app.state.scheduler.stop()
        app.state.news.close()
        await anyio.to_thread.run_sync(app.state.workers.close)
        app.state.audit.close()
        await anyio.to_thread.run_sync(app.state.scheduling.join)
        house.close()
        app.state.closed = True


def _open(app: FastAPI, house: House) -> None:
    """Raises StoreUnusable, HomeUnusable, UsageError; then no worker was started."""
    parts = Parts(Registry(), house.settings)
    own = [token_of_environment(parts) or first_token(parts)[1]] if app.state.token_needed else []
    house.open()
    app.state.access = Access(house=house, own=tuple(hash_of(token) for token in own), required=app.state.token_needed)
    app.state.audit = Audit(path=house.settings.state / "audit.jsonl")
    app.state.news.start()
    app.state.workers.start()
    app.state.scheduling.start()


async def _refusal(request: Request, refusal: RequestRefused) -> Response:
    if refusal.status in {401, 403}:  # a login that failed, or somebody tried what a role does not hold (S17)
        request.app.state.audit.refused(request.scope, refusal)
    return trouble(request, problem_of_refusal(refusal), say(refusal.detail))


async def _error(request: Request, error: OrchestratorError) -> Response:
    return trouble(request, problem_of_error(error), say(error))


async def _not_valid(request: Request, error: RequestValidationError) -> Response:
    """A parameter of the address or a header that cannot be."""
    faults = [
        Fault(
            place=".".join(str(step) for step in detail["loc"]),
            what=Message(template="{why}", facts={"why": detail["msg"]}),
        )
        for detail in error.errors()
    ]
    detail = say(Message(template=N_("a parameter is not valid")))
    places = ", ".join(fault.place for fault in faults)
    return trouble(request, problem(422, "not-valid", detail, faults=faults), f"{detail}: {places}")


async def _http(request: Request, error: HTTPException) -> Response:
    """What the framework itself refuses: no such address, no such method."""
    kind = {404: "not-found", 405: "method"}.get(error.status_code, "refused")
    told = {
        404: N_("there is nothing of that name here"),
        405: N_("this address knows other methods"),
    }.get(error.status_code)
    detail = say(Message(template=told)) if told else str(error.detail)
    headers = dict(error.headers or {})
    if "Allow" in headers:  # the framework names those of the first route at this address alone
        headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return problem(error.status_code, kind, detail, headers=headers)


def _methods_at(request: Request) -> set[str]:
    return {
        method
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }


async def _openapi(request: Request) -> Response:
    await needs(Role.READ)(request)
    return JSONResponse(request.app.openapi())


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document: FastAPI's, with the token and the problems that every address shares."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    document = FastAPI.openapi(app)
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    described: list[type[BaseModel]] = [answers.Problem, *BODIES]
    for model in described:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    document["paths"]["/health"]["get"]["security"] = []
    for operations in document["paths"].values():
        for operation in operations.values():
            _mend(operation["responses"])
    app.openapi_schema = document
    return document


def _mend(responses: dict[str, Any]) -> None:
    """FastAPI describes its own 422, which is not ours."""
    own = responses.get("422", {}).get("content", {})
    if "application/json" in own:
        responses["422"] = answers.problems(422)[422]
