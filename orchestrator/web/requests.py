"""What handlers are given: the server's parts, the body as a model, the execution that an address names."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from orchestrator.core.errors import NoSuchExecution
from orchestrator.core.executions import Execution
from orchestrator.core.identity import is_execution_id
from orchestrator.core.messages import N_
from orchestrator.core.storing import Store
from orchestrator.documents.bodies import BodyRefused, BodyUnreadable, read_body
from orchestrator.operations.tokens import Bearer, Role
from orchestrator.web.house import House
from orchestrator.web.problems import Fault, RequestRefused, not_found, refused

Body = TypeVar("Body", bound=BaseModel)


def house_of(request: Request) -> House:
    """The server's."""
    house: House = request.app.state.house
    return house


def bearer_of(request: Request) -> Bearer:
    """Whose request it is; the guard has made sure that there is one."""
    bearer: Bearer = request.state.bearer
    return bearer


def needs(role: Role) -> Callable[[Request], Awaitable[None]]:
    """A dependency: refuses those whose role is less (403)."""

    async def check(request: Request) -> None:
        if bearer_of(request).role < role:
            raise refused(403, "role", N_("this needs a token of role {role}"), role=role.name.lower())

    return check


def body_as(model: type[Body]) -> Callable[[Request], Awaitable[Body]]:
    """A dependency: the body as `model`; raises RequestRefused with every problem (400, 422)."""

    async def read(request: Request) -> Body:
        try:
            data = await request.body()
        except ClientDisconnect:
            raise refused(400, "unreadable", N_("the body did not come whole")) from None
        request.state.body = data
        try:
            return await run_in_threadpool(read_body, model, data)  # a MiB takes a second: not in the event loop
        except BodyUnreadable as why:
            raise RequestRefused(400, "unreadable", why.message) from None
        except BodyRefused as why:
            faults = [Fault(place="$", what=problem) for problem in why.problems]
            raise RequestRefused(422, "not-valid", why.message, faults=faults) from None

    return read


def schema_of(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """What OpenAPI says of a body that `body_as` reads; its schema stands among the components."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    examples: list[Any] = (model.model_config.get("json_schema_extra") or {}).get("examples", [])  # type: ignore[union-attr,assignment]
    content: dict[str, Any] = {"schema": schema}
    if examples:
        content["examples"] = {f"{number}": {"value": value} for number, value in enumerate(examples, start=1)}
    return {"requestBody": {"required": required, "content": {"application/json": content}}}


def execution_named(store: Store, execution_id: str) -> Execution:
    """The execution of that whole id; raises RequestRefused (404), the same for what is no id (S2)."""
    if not is_execution_id(execution_id):
        raise not_found()
    try:
        return store.get_execution(execution_id)
    except NoSuchExecution:
        raise not_found() from None
