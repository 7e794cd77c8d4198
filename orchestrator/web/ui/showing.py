"""What all pages share: who may look, the live part of a page, and trouble told as a page."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import Depends, Request
from starlette.responses import Response

from orchestrator.core.events import ExecutionMoved
from orchestrator.core.messages import N_, Message
from orchestrator.core.storing import Placed
from orchestrator.operations.tokens import Role
from orchestrator.translation import current_language
from orchestrator.web.access import Access
from orchestrator.web.problems import RequestRefused
from orchestrator.web.requests import bearer_of, needs
from orchestrator.web.ui import rendering, session
from orchestrator.web.ui.live import Live, View

reader: Final = Depends(needs(Role.READ))


def live_part(
    request: Request,
    template: str,
    facts: Callable[[], dict[str, Any]],
    wanted: Callable[[Placed], bool],
    *,
    new_executions: bool = True,
) -> Response:
    """Server-sent texts of `template`, rendered with `facts()` whenever an event that is `wanted` was stored.

    With `new_executions` also whenever somebody asked for one.
    """
    live: Live = request.app.state.live
    access: Access = request.app.state.access
    may_run = bearer_of(request).role >= Role.RUN
    view = View(
        key=f"{request.url.path}?{request.url.query} {current_language()} {may_run}",
        render=lambda: rendering.render(template, may_run=may_run, **facts()),
        wanted=wanted,
        new_executions=new_executions,
    )
    stream = live.stream(view, lambda: access.still_opens(request.state.authorization))
    if stream is None:
        raise RequestRefused(
            429, "too-many-streams", Message(template=N_("as many listen as may; try again later")), retry_after=30
        )
    return stream


def moves_execution(placed: Placed) -> bool:
    """Whether an execution itself changed its state, and not only a task of it."""
    return isinstance(placed.event.move, ExecutionMoved)


def anything(placed: Placed) -> bool:
    """Whatever happens."""
    del placed
    return True


def trouble(request: Request, problem: Response, why: str) -> Response:
    """`problem` as a page, for those who asked for a page."""
    if not session.is_page(request.scope):
        return problem
    return rendering.html("trouble.html", status=problem.status_code, why=why)
