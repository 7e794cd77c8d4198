"""What may be executed, checked and foreseen: `/tasks`, `/workflows`, `/validate`, `/plan`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request

from orchestrator.core.errors import ConfigurationRefused, UsageError
from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.redaction import SECRET_NAME
from orchestrator.core.selection import Selection, select
from orchestrator.documents import reading
from orchestrator.documents.bodies import SelectionBody, ValidateBody
from orchestrator.documents.configuration import parse_configuration
from orchestrator.operations.ahead import look_ahead
from orchestrator.operations.describing import plan_description, task_description, workflow_description
from orchestrator.operations.parts import Parts
from orchestrator.operations.tokens import Role
from orchestrator.translation import say
from orchestrator.web import answers
from orchestrator.web.house import House
from orchestrator.web.problems import RequestRefused, refused
from orchestrator.web.requests import body_as, house_of, needs, schema_of

_AT_WORK: Final = BoundedSemaphore(2)
router = APIRouter(tags=["definitions"], dependencies=[Depends(needs(Role.READ))])
ConfigFile = Annotated[str | None, Query(max_length=200, description="Configuración / configuration file")]


@router.get("/tasks", summary="Tareas disponibles / Available tasks", responses=answers.ok(answers.Tasks))
def list_tasks(
    request: Request,
    category: Annotated[str | None, Query(max_length=200)] = None,
    config_file: ConfigFile = None,
) -> Any:
    """In the file's order."""
    registry = parts_for(house_of(request), config_file).registry
    tasks = [task for task in registry.tasks.values() if category in {None, task.category}]
    shown: list[JSON] = [task_description(registry, task) for task in tasks]
    return answers.json({"tasks": shown, "total": len(shown)})


@router.get("/workflows", summary="Workflows disponibles / Workflows", responses=answers.ok(answers.Workflows))
def list_workflows(request: Request, config_file: ConfigFile = None) -> Any:
    """In the file's order."""
    registry = parts_for(house_of(request), config_file).registry
    found: list[JSON] = [workflow_description(registry, one) for one in registry.workflows.values()]
    return answers.json({"workflows": found, "total": len(found)})


@router.post(
    "/validate",
    summary="Revisa una configuración / Check a configuration",
    responses=answers.ok(answers.Validation, *answers.WITH_BODY),
    openapi_extra=schema_of(ValidateBody, required=False),
)
def validate(request: Request, body: Annotated[ValidateBody, Depends(body_as(ValidateBody))]) -> Any:
    """Every problem at once, with its place. Starts nothing, imports no task code, keeps nothing."""
    with _at_work():
        return _validated(request, body)


def _validated(request: Request, body: ValidateBody) -> Any:
    given = body.model_fields_set
    if given == {"config_file", "configuration"}:
        raise refused(422, "not-valid", N_("give one of config_file and configuration, not both"))
    problems: list[JSON]
    if "configuration" in given:
        content: bytes | str = json.dumps(body.configuration, ensure_ascii=False)
        name = "configuration"
    else:
        path = _configuration(house_of(request), body.config_file)
        try:
            content, name = reading.read_bytes(path), path.name
        except reading.Unreadable as why:
            problems = [say(why.problem)]
            return answers.json({"valid": False, "problems": problems, "tasks": None, "workflows": None})
    try:
        registry = parse_configuration(content, name).registry
    except ConfigurationRefused as why:
        problems = [say(problem) for problem in why.problems]
        return answers.json({"valid": False, "problems": problems, "tasks": None, "workflows": None})
    counts = {"tasks": len(registry.tasks), "workflows": len(registry.workflows)}
    return answers.json({"valid": True, "problems": [], **counts})


@router.post(
    "/plan",
    summary="Qué se ejecutaría, en qué orden y por qué / What would be executed, in which order, and why",
    responses=answers.ok(answers.Plan, *answers.WITH_BODY),
    openapi_extra=schema_of(SelectionBody),
)
def plan(request: Request, body: Annotated[SelectionBody, Depends(body_as(SelectionBody))]) -> Any:
    """Told for the case that no task fails; nothing is started or stored."""
    with _at_work():
        parts = parts_for(house_of(request), body.config_file)
        ahead = look_ahead(parts, selected(parts, body), parallel=body.parallel, max_workers=body.max_workers)
    return answers.json(plan_description(ahead, parallel=body.parallel))


@contextmanager
def _at_work() -> Iterator[None]:
    """A configuration may take seconds to check: of those who ask at once, two are served."""
    if not _AT_WORK.acquire(blocking=False):
        raise RequestRefused(
            429, "busy", Message(template=N_("other configurations are being checked; try again")), retry_after=2
        )
    try:
        yield
    finally:
        _AT_WORK.release()


def selected(parts: Parts, body: SelectionBody) -> Selection:
    """What a body selects; raises RequestRefused unless it names exactly one of `workflow` and `tasks`."""
    if len(body.model_fields_set & {"workflow", "tasks"}) != 1:
        raise refused(422, "not-valid", N_('say what to run, exactly one of "workflow" and "tasks"'))
    for name in body.parameters:
        if SECRET_NAME.search(name):  # what is asked for is stored, and a secret must not be
            raise refused(
                422,
                "secret-parameter",
                N_('parameter {name!r} is called like a secret and would be stored; use {{"$secret": "NAME"}} instead'),
                name=name[:80],
            )
    return select(
        parts.registry,
        workflow=body.workflow,
        tasks=body.tasks or (),
        dependencies_too=body.with_dependencies,
        parameters=body.parameters,
    )


def parts_for(house: House, config_file: str | None) -> Parts:
    """The parts with the definitions of a configuration; one that a request names and that is broken is its fault."""
    try:
        return house.parts(config_file=config_file)
    except ConfigurationRefused as why:
        if config_file is None:
            raise
        raise RequestRefused(422, "configuration-refused", why.message) from why


def _configuration(house: House, name: str | None) -> Any:
    try:
        return house.configuration(name)
    except UsageError as why:
        raise RequestRefused(422, "unknown-configuration", why.message) from why
