"""Reports of executions that have ended: `/reports`."""

import hashlib
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Request, Response

from orchestrator.core.outcomes import JSON
from orchestrator.core.report import iso
from orchestrator.core.states import ExecutionStatus
from orchestrator.listeners.report_file import report_file_name
from orchestrator.operations.tokens import Role
from orchestrator.web import answers
from orchestrator.web.executions import Cursor, Limit, next_cursor, page_of, report_of
from orchestrator.web.problems import not_found
from orchestrator.web.requests import execution_named, house_of, needs

router = APIRouter(tags=["reports"], dependencies=[Depends(needs(Role.READ))])

REPORTED: Final = tuple(status for status in ExecutionStatus if status.final or status is ExecutionStatus.INTERRUPTED)


@router.get(
    "/reports",
    summary="Reportes, el más nuevo primero / Reports, newest first",
    responses=answers.ok(answers.Reports, 409, 422),
)
def list_reports(request: Request, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """A page of them; `next` asks for the one after it."""
    parts = house_of(request).parts_at_hand()
    found = page_of(parts, cursor, limit, REPORTED)
    shown: list[JSON] = [
        {
            "execution_id": one.execution_id,
            "status": one.status.value,
            "workflow": one.request.workflow,
            "end_time": iso(one.ended_at, parts.zone),
            "total_duration": one.duration,
            "report": report_file_name(one.execution_id),
        }
        for one in found
    ]
    return answers.json({"reports": shown, "next": next_cursor(found, limit)})


@router.get(
    "/reports/{execution_id}",
    summary="Un reporte / One report",
    responses={**answers.ok(answers.ExecutionReport), 304: {"description": "Not modified"}},
)
def show_report(
    request: Request, execution_id: str, if_none_match: Annotated[str | None, Header(max_length=2000)] = None
) -> Response:
    """As its file, from what is stored: a report file that was lost does no harm. Carries an ETag."""
    parts = house_of(request).parts_at_hand()
    execution = execution_named(parts.store, execution_id)
    if execution.status not in REPORTED:
        raise not_found()
    content = answers.json_bytes(report_of(parts, execution))
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    given = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    if tag in given or "*" in given:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)
