"""`run`, `resume` and `rerun` at a server: asked for there, shown here as if they ran here.

A thread talks to the server; this one shows what it hears, and is free for signals: SIGINT cancels the execution
there, SIGTERM and SIGHUP only end the watching (semantics D7).
"""

import logging
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.commands.framing import say_what_it_is, sum_up
from orchestrator.commands.outlets import hand_over
from orchestrator.commands.printing import courtesy_only, tell_error, write_err, write_out
from orchestrator.commands.progress import LiveProgress, PlainProgress
from orchestrator.commands.running import Wish
from orchestrator.commands.server_looking import chosen_there, selection_of, tell_return, tell_silence
from orchestrator.commands.server_opening import no_config_there, open_server, patience_with_servers
from orchestrator.commands.signals import CANCELS, catching_signals
from orchestrator.commands.tables import on_terminal
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.events import Event
from orchestrator.core.executions import Execution
from orchestrator.core.exit_codes import OF_STATUS, ExitCode
from orchestrator.core.outcomes import JSON
from orchestrator.operations.rerunning import Part
from orchestrator.remote.following import FROM_NOW, Patience, follow, submit
from orchestrator.remote.records import execution_of, runs_of
from orchestrator.remote.server import Server
from orchestrator.translation import _

LOOK = 0.1
"""Seconds between two looks for signals while the server says nothing."""


def run_there(url: str, wish: Wish) -> int:
    """Submit, follow, sum up; the exit code of D3."""
    body = selection_of(wish)
    if not wish.stop_on_failure:
        body["stop_on_failure"] = False
    if wish.require_dependencies:
        body["require_dependencies"] = True
    if wish.exclusive:
        body["exclusive"] = True
    server = open_server(url)
    if wish.max_workers is not None and not wish.parallel:
        write_err(_("Warning: --max-workers has no effect without --parallel"))
    return _Watch(server, wish.log_level, wish.junit).watch(lambda patience: submit(server, body, patience))


def resume_there(
    url: str, part: str | None, *, latest: bool, log_level: str, junit: Path | None, config: Path | None
) -> int:
    """Go on where it was interrupted; one that has ended is only summed up. The exit code of D3."""
    no_config_there(config)
    server = open_server(url)
    known = chosen_there(server, part, latest=latest)
    key = str(known["execution_id"])
    if server.has_ended(known):
        courtesy_only()
        write_out(key)
        write_err(_("Nothing to resume: the execution has ended"))
        return _sum_up(server, known, junit)
    watch = _Watch(server, log_level, junit)
    return watch.watch(lambda _patience: key, once_listening=lambda: server.resume(key))


def rerun_there(
    url: str,
    part_of_id: str | None,
    part: Part,
    *,
    latest: bool,
    log_level: str,
    junit: Path | None,
    config: Path | None,
) -> int:
    """Repeat an execution or a part of it as a new one; the exit code of D3."""
    no_config_there(config)
    server = open_server(url)
    first = str(chosen_there(server, part_of_id, latest=latest)["execution_id"])
    asked: dict[str, JSON] = {"failed": part.failed, "from_task": part.from_task, "only_task": part.only_task}
    body = {name: value for name, value in asked.items() if value}
    return _Watch(server, log_level, junit).watch(lambda _patience: server.rerun(first, body))


@dataclass(frozen=True, kw_only=True)
class _Accepted:
    execution_id: str


@dataclass(frozen=True, kw_only=True)
class _Began:
    report: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Ended:
    report: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Broke:
    """What ends the watching; `of_cancel`: only the cancel did not get through."""

    error: Exception
    of_cancel: bool = False


_Heard = _Accepted | _Began | _Ended | _Broke | Event | OrchestratorError | None
"""What the thread that talks says; an error alone: the server is away; None: it is there again."""


@dataclass(kw_only=False)
class _Watch:
    """One execution at a server, from the request to its end."""

    server: Server
    log_level: str
    junit: Path | None
    _heard: "queue.SimpleQueue[_Heard]" = field(init=False, default_factory=queue.SimpleQueue)
    _execution_id: str | None = field(init=False, default=None)
    _progress: LiveProgress | PlainProgress | None = field(init=False, default=None)
    _cancelling: bool = field(init=False, default=False)

    def watch(self, begin: Callable[[Patience], str], once_listening: Callable[[], None] | None = None) -> int:
        """Call `begin` for the id, then show what happens; with `once_listening`, only from when it is called on."""
        courtesy_only()
        with catching_signals() as caught:
            self._in_thread(lambda: self._talk(begin, once_listening), of_cancel=False)
            try:
                return self._show(caught)
            finally:
                self._close_progress()

    # --- the thread that talks ---------------------------------------------------------------------------------------

    def _talk(self, begin: Callable[[Patience], str], once_listening: Callable[[], None] | None) -> None:
        patience = Patience(
            limit=patience_with_servers(),
            on_silence=self._heard.put,
            on_return=lambda: self._heard.put(None),
        )
        key = begin(patience)
        self._heard.put(_Accepted(execution_id=key))
        self._heard.put(_Began(report=patience.until_answered(lambda: self.server.execution(key))))
        for event in self._events(key, patience, once_listening):
            self._heard.put(event)
        self._heard.put(_Ended(report=patience.until_answered(lambda: self.server.execution(key))))

    def _events(self, key: str, patience: Patience, once_listening: Callable[[], None] | None) -> Iterator[Event]:
        if once_listening is None:
            return follow(self.server, key, patience)
        return follow(self.server, key, patience, after=FROM_NOW, once_listening=once_listening)

    def _cancel(self, key: str) -> None:
        Patience(limit=patience_with_servers()).until_answered(lambda: self.server.cancel(key))

    def _in_thread(self, work: Callable[[], None], *, of_cancel: bool) -> None:
        def at_work() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - told, and raised, by the thread that shows
                self._heard.put(_Broke(error=error, of_cancel=of_cancel))

        threading.Thread(target=at_work, name="server", daemon=True).start()

    # --- the thread that shows ---------------------------------------------------------------------------------------

    def _show(self, caught: list[str]) -> int:
        heeded = 0
        while True:
            while heeded < len(caught):
                heeded += 1
                code = self._heed(caught[heeded - 1])
                if code is not None:
                    return code
            try:
                heard = self._heard.get(timeout=LOOK)
            except queue.Empty:
                continue
            if isinstance(heard, _Ended):
                self._close_progress()
                return _sum_up(self.server, heard.report, self.junit)
            self._take(heard)

    def _take(self, heard: _Heard) -> None:
        match heard:
            case Event():
                if self._progress is not None:
                    self._progress.on_event(heard)
            case _Accepted():
                self._accepted(heard.execution_id)
            case _Began():
                self._introduce(heard.report)
            case _Broke():
                self._give_up(heard)
            case OrchestratorError():
                tell_silence(heard)
            case None:
                tell_return()

    def _heed(self, signal: str) -> int | None:
        """What a signal asks for; the exit code where the watching ends."""
        if signal not in CANCELS:
            self._close_progress()
            write_err(
                _("{signal} received: the execution goes on at the server; see `etl status`").format(signal=signal)
            )
            return ExitCode.SIGTERM
        if self._cancelling:
            self._close_progress()
            write_err(_("Left before the server said that it is cancelled; see `etl status`"))
            return ExitCode.SIGINT
        self._cancelling = True
        write_err(
            _("{signal} received: cancelling the execution at the server (once more leaves it there)").format(
                signal=signal
            )
        )
        self._send_cancel()
        return None

    def _accepted(self, execution_id: str) -> None:
        self._execution_id = execution_id
        write_out(execution_id)
        if self._cancelling:
            self._send_cancel()

    def _send_cancel(self) -> None:
        """Once the id is known: before that there is nothing to cancel."""
        key = self._execution_id
        if key is not None:
            self._in_thread(lambda: self._cancel(key), of_cancel=True)

    def _introduce(self, report: dict[str, Any]) -> None:
        with self.server.understood():
            execution = execution_of(report)
        say_what_it_is(execution)
        level = logging.getLevelNamesMapping()[self.log_level]
        if on_terminal(sys.stderr) and level >= logging.INFO:
            self._progress = LiveProgress(execution.request.tasks)
        else:
            self._progress = PlainProgress(level=level, zone=None)

    def _give_up(self, broke: _Broke) -> None:
        if not (broke.of_cancel and isinstance(broke.error, OrchestratorError)):
            self._close_progress()
            raise broke.error
        self._cancelling = False  # Ctrl-C may be tried again
        tell_error(broke.error)

    def _close_progress(self) -> None:
        if self._progress is not None:
            self._progress.close()
            self._progress = None


def _sum_up(server: Server, report: dict[str, Any], junit: Path | None) -> int:
    with server.understood():
        execution, runs = execution_of(report), runs_of(report)
        code = _code_of(execution)
    sum_up(execution.execution_id, execution.status, execution.duration, runs, code=code)
    write_out(_("Execution report: {path}").format(path=f"{server}/reports/{execution.execution_id}"))
    return hand_over(report, runs, code=code, junit=junit)


def _code_of(execution: Execution) -> int:
    return int(OF_STATUS[execution.status] if execution.exit_code is None else execution.exit_code)
