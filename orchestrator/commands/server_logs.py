"""`logs` of a server: read over HTTP, and asked for again and again while they are followed."""

import time
from pathlib import Path
from typing import Any

from orchestrator.commands.log_reading import Wanted, show_or_follow
from orchestrator.commands.server_looking import chosen_there, tell_return, tell_silence
from orchestrator.commands.server_opening import no_config_there, open_server, patience_with_servers
from orchestrator.core.executions import Attempt, TaskRun
from orchestrator.core.states import ExecutionStatus
from orchestrator.remote.following import Patience
from orchestrator.remote.records import attempts_of, runs_of
from orchestrator.remote.server import Server

LOOK = 1.0
"""Seconds between two looks for new lines: each is a request."""


def logs_there(
    url: str, execution_id: str | None, wanted: Wanted, *, latest: bool, follow: bool, config: Path | None
) -> int:
    """As `logs` shows them here."""
    no_config_there(config)
    server = open_server(url)
    logbook = _ServerLogbook(server, chosen_there(server, execution_id, latest=latest), patient=follow)
    return show_or_follow(logbook, wanted, follow=follow)


class _ServerLogbook:
    """The logs of an execution at a server; followed, it waits for a server that is away for a while."""

    def __init__(self, server: Server, report: dict[str, Any], *, patient: bool) -> None:
        self._server = server
        self._report = report
        self._patience = Patience(limit=patience_with_servers(), on_silence=tell_silence, on_return=tell_return)
        self._patient = patient
        self.execution_id = str(report["execution_id"])

    @property
    def attempt_logs(self) -> "_ServerLogbook":
        """Read from the server."""
        return self

    def task_runs(self) -> list[TaskRun]:
        """Of the latest look."""
        with self._server.understood():
            return runs_of(self._report)

    def attempts(self) -> list[Attempt]:
        """Of the latest look."""
        with self._server.understood():
            return attempts_of(self._report)

    def over(self) -> bool:
        """True also where its owner is gone; this is what looks."""
        self._report = self._patience.until_answered(lambda: self._server.execution(self.execution_id))
        interrupted = self._report["status"] == ExecutionStatus.INTERRUPTED.value
        return interrupted or self._server.has_ended(self._report)

    def wait(self) -> bool:
        """For a moment; anything may have changed."""
        time.sleep(LOOK)
        return True

    def read(self, log: str, *, start: int = 0, limit: int = 1 << 20) -> bytes:
        """Some of what an attempt wrote."""

        def ask() -> bytes:
            return self._server.read(log, start=start, limit=limit)

        return self._patience.until_answered(ask) if self._patient else ask()

    def remove(self, execution_id: str) -> None:
        """Not from here."""
        raise NotImplementedError(execution_id)
