"""What may be asked of a server, by name; answers are plain data in the shapes of the API."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from orchestrator.core.errors import AmbiguousExecution, NoExecutionYet, NoReport, NoSuchExecution
from orchestrator.core.identity import is_execution_id, is_part_of_id
from orchestrator.core.outcomes import JSON
from orchestrator.core.states import ExecutionStatus
from orchestrator.remote.connection import Caller
from orchestrator.remote.errors import NoServerOfOurs, NothingThere, NotUnderstood, PerhapsDone, ServerUnreachable
from orchestrator.remote.stream import Stream

PAGE = 1000
"""Executions on the largest page that a server gives."""
ENOUGH = 4
"""Executions that a part of an id may fit before nobody looks for more."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """The API of one server. Every method raises what `Caller.ask` raises, besides what it says itself."""

    caller: Caller

    def __str__(self) -> str:
        """Its address."""
        return str(self.caller.address)

    # --- definitions -------------------------------------------------------------------------------------------------

    def tasks(self, config_file: str | None) -> list[dict[str, JSON]]:
        """The tasks of a configuration, in its order."""
        return self._list("/tasks", "tasks", config_file=config_file)

    def workflows(self, config_file: str | None) -> list[dict[str, JSON]]:
        """The workflows of a configuration, in its order."""
        return self._list("/workflows", "workflows", config_file=config_file)

    def plan(self, body: Mapping[str, JSON]) -> dict[str, Any]:
        """What an execution would do."""
        found: dict[str, Any] = self.caller.ask("POST", "/plan", body=body)
        return found

    def validate(self, config_file: str | None) -> dict[str, Any]:
        """Whether a configuration can be used, and every problem that keeps it from it."""
        body: dict[str, JSON] = {} if config_file is None else {"config_file": config_file}
        found: dict[str, Any] = self.caller.ask("POST", "/validate", body=body)
        return found

    # --- executions --------------------------------------------------------------------------------------------------

    def execute(self, body: Mapping[str, JSON], key: str) -> str:
        """Ask for an execution and give its id; asked again with the same key and body, it is the same one (D17)."""
        return self._accepted("/execute", body, {"Idempotency-Key": key})

    def rerun(self, execution_id: str, body: Mapping[str, JSON]) -> str:
        """Repeat an execution, or a part of it; gives the id of the new one."""
        with self._told_if_perhaps_done():
            return self._accepted(f"/executions/{execution_id}/rerun", body, {})

    def resume(self, execution_id: str) -> None:
        """Have a worker go on with an interrupted execution."""
        with self._told_if_perhaps_done():
            self._accepted(f"/executions/{execution_id}/resume", None, {})

    def cancel(self, execution_id: str, reason: str = "") -> None:
        """Have it end as `cancelled`; asking twice does no harm."""
        self.caller.ask("DELETE", f"/executions/{execution_id}", body={"reason": reason} if reason else None)

    def execution(self, execution_id: str) -> dict[str, Any]:
        """The execution of that whole id as its report, ended or not; raises NothingThere."""
        found: dict[str, Any] = self.caller.ask("GET", f"/executions/{execution_id}")
        return found

    def executions(self, limit: int) -> list[dict[str, Any]]:
        """So many at most, newest first."""
        found: list[dict[str, Any]] = self._list("/executions", "executions", limit=str(limit))
        return found

    def find(self, part: str) -> dict[str, Any]:
        """The execution whose id is `part`, or holds it and no other does, as its report.

        Raises NoSuchExecution, AmbiguousExecution; the characters are checked before anybody is asked (D6).
        """
        if not is_part_of_id(part):
            raise NoSuchExecution(part)
        if is_execution_id(part):
            try:
                return self.execution(part)
            except NothingThere:  # a part of the id of an execution that was asked for over the API, perhaps
                pass
        found = self._ids_with(part)
        if not found:
            raise NoSuchExecution(part)
        if len(found) > 1:
            raise AmbiguousExecution(part, found)
        return self.execution(found[0])

    def latest(self) -> dict[str, Any]:
        """The execution that was asked for last, as its report; raises NoExecutionYet."""
        newest = self.executions(limit=1)
        if not newest:
            raise NoExecutionYet
        return self.execution(str(newest[0]["execution_id"]))

    def report(self, execution: Mapping[str, Any]) -> dict[str, Any]:
        """The report of an execution that has ended; raises NoReport."""
        execution_id = str(execution["execution_id"])
        try:
            found: dict[str, Any] = self.caller.ask("GET", f"/reports/{execution_id}")
        except NothingThere:
            raise NoReport(execution_id, str(execution["status"])) from None
        return found

    def has_ended(self, report: Mapping[str, Any]) -> bool:
        """Whether nothing will change any more in an execution."""
        with self.understood():
            return ExecutionStatus(report["status"]).final

    @contextmanager
    def events(self, execution_id: str, after: str | None) -> Iterator[Stream]:
        """What happens to it, after the event of that id, else from its beginning."""
        headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": after})
        with self.caller.open("GET", f"/executions/{execution_id}/events", headers=headers) as response:
            if response.headers.get_content_type() != "text/event-stream":
                raise NoServerOfOurs(str(self), response.headers.get_content_type())
            with self.understood():
                yield Stream(response)

    def read(self, log: str, *, start: int = 0, limit: int = 1 << 20) -> bytes:
        """What an attempt wrote, from a byte on; `log` is an address (`records.attempts_of`)."""
        return self.caller.read(f"{log}?offset={start}", limit=limit)

    def remove(self, execution_id: str) -> None:
        """Not from here."""
        raise NotImplementedError(execution_id)

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Around whatever reads its answers: what has not the shape that we know is none of ours."""
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError) as why:
            raise NotUnderstood(str(self), f"{type(why).__name__}: {why}") from why

    def _ids_with(self, part: str) -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        while len(found) < ENOUGH:
            page = self.caller.ask("GET", _with("/executions", limit=str(PAGE), cursor=cursor))
            with self.understood():
                found += [each["execution_id"] for each in page["executions"] if part in each["execution_id"]]
                cursor = page["next"]
            if cursor is None:
                break
        return found

    def _list(self, path: str, name: str, **query: str | None) -> list[dict[str, Any]]:
        answer = self.caller.ask("GET", _with(path, **query))
        with self.understood():
            return [dict(each) for each in answer[name]]

    def _accepted(self, path: str, body: Mapping[str, JSON] | None, headers: Mapping[str, str]) -> str:
        answer = self.caller.ask("POST", path, body=body, headers=headers)
        execution_id = answer.get("execution_id")
        if not isinstance(execution_id, str) or not is_execution_id(execution_id):
            raise NoServerOfOurs(str(self), "execution_id")
        return execution_id

    @contextmanager
    def _told_if_perhaps_done(self) -> Iterator[None]:
        """Of what must not be asked twice, it is told that nobody knows whether it was done."""
        try:
            yield
        except NoServerOfOurs:
            raise
        except ServerUnreachable as why:
            if why.sent:
                raise PerhapsDone(str(self), why.message.facts["why"]) from why
            raise


def _with(path: str, **query: str | None) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given, quote_via=quote)}" if given else path
