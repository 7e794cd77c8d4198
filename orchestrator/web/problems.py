"""Errors as RFC 9457 problem details: the one place where they become statuses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import JSONResponse

from orchestrator.core import errors
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import JSON
from orchestrator.translation import say

MEDIA_TYPE: Final = "application/problem+json"
KIND: Final = "urn:orquestador-etl:problem:"
TITLES: Final = {
    400: N_("the request cannot be understood"),
    401: N_("a token is needed"),
    403: N_("not allowed"),
    404: N_("not found"),
    405: N_("this method is not for this address"),
    408: N_("the request came too slowly"),
    409: N_("it cannot be done as things stand"),
    413: N_("the body is too large"),
    415: N_("the body must be JSON: Content-Type: application/json"),
    421: N_("the server is not known by this name"),
    422: N_("the request is not valid"),
    429: N_("too many: try again later"),
    500: N_("the server failed"),
    503: N_("the server cannot do it now"),
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong with a request: where (`$.tasks[0]`), and what."""

    place: str
    what: Message


class RequestRefused(Exception):
    """A request that cannot be answered as it stands; `status` and a kind say why."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: Message,
        *,
        faults: Sequence[Fault] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(str(detail))
        self.status = status
        self.kind = kind
        self.detail = detail
        self.faults = tuple(faults)
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True)
class _Told:
    status: int
    kind: str
    headers: dict[str, str] = field(default_factory=dict)


def refused(status: int, kind: str, template: str, /, **facts: object) -> RequestRefused:
    """The exception for one plain fault."""
    return RequestRefused(status, kind, Message(template=template, facts=facts))


def not_found() -> RequestRefused:
    """The same for whatever is not there, and for what cannot be an id: nobody learns which (S2)."""
    return refused(404, "not-found", N_("there is nothing of that name here"))


def problem(
    status: int,
    kind: str,
    detail: str,
    *,
    faults: Sequence[Fault] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """The answer."""
    body: dict[str, JSON] = {
        "type": f"{KIND}{kind}",
        "title": say(Message(template=TITLES.get(status, TITLES[500]))),
        "status": status,
        "detail": detail,
    }
    if faults:
        body["errors"] = [{"place": fault.place, "detail": say(fault.what)} for fault in faults]
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def problem_of_refusal(refusal: RequestRefused) -> JSONResponse:
    """What a refused request is answered."""
    headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    if refusal.status == 401:  # noqa: PLR2004 - the status
        headers["WWW-Authenticate"] = 'Bearer realm="orquestador-etl"'
    return problem(refusal.status, refusal.kind, say(refusal.detail), faults=refusal.faults, headers=headers)


def problem_of_error(error: OrchestratorError) -> JSONResponse:
    """What an error of ours is answered; a refused configuration comes with every problem."""
    told = _told(error)
    faults: list[Fault] = []
    if isinstance(error, errors.ConfigurationRefused):
        faults = [Fault(place="$", what=fault) for fault in error.problems]
    return problem(told.status, told.kind, say(error), faults=faults, headers=told.headers)


def _told(error: OrchestratorError) -> _Told:  # noqa: PLR0911 - a table
    match error:
        case errors.NoSuchExecution() | errors.NoReport():
            return _Told(status=404, kind="not-found")
        case errors.UnknownWorkflow():
            return _Told(status=422, kind="unknown-workflow")
        case errors.UnknownTask():
            return _Told(status=422, kind="unknown-task")
        case errors.WorkflowBusy() | errors.BeingDriven() | errors.ExecutionEnded() | errors.AskedBefore():
            return _Told(status=409, kind="conflict")
        case errors.TokenNameTaken() | errors.NoSuchToken():
            return _Told(status=409, kind="conflict")
        case errors.QueueFull():
            return _Told(status=429, kind="queue-full", headers={"Retry-After": "10"})
        case errors.ConfigurationRefused():
            return _Told(status=503, kind="configuration-refused", headers={"Retry-After": "60"})
        case errors.UsageError():
            return _Told(status=422, kind="not-valid")
        case _:
            return _Told(status=503, kind="unusable", headers={"Retry-After": "30"})


def problem_of_failure() -> JSONResponse:
    """What is answered where we failed: the log says why, not the answer."""
    return problem(500, "failed", say(Message(template=N_("the server failed; its log says why"))))
