"""Progress while an execution runs: drawn live on a terminal, a plain line per event elsewhere."""

import logging
import sys
import time
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from orchestrator.commands.printing import printable, write_err
from orchestrator.commands.summary import MARKS, STYLES
from orchestrator.commands.tables import shortened
from orchestrator.core.events import Event, TaskMoved
from orchestrator.core.ports import AttemptOutput, AttemptProgress
from orchestrator.core.states import TaskStatus
from orchestrator.listeners.wording import level_of, line_of
from orchestrator.translation import _

LIVE_ROWS = 30
"""A drawing taller than this would scroll; the rest is counted."""


class PlainProgress:
    """A line on stderr per event of at least `level`, at the time of `zone`, else of this machine.

    What tasks write is shown only at DEBUG.
    """

    def __init__(self, *, level: int, zone: tzinfo | None) -> None:
        self._level = level
        self._zone = zone

    def on_event(self, event: Event) -> None:
        """One line."""
        if level_of(event) >= self._level:
            stamp = event.move.at.astimezone(self._zone).strftime("%H:%M:%S")
            write_err(f"{stamp} {logging.getLevelName(level_of(event)):<8} {printable(line_of(event))}")

    def on_output(self, output: AttemptOutput) -> None:
        """What a task wrote."""
        if self._level <= logging.DEBUG:
            for line in output.text.splitlines():
                write_err(f"         {printable(output.attempt.run.task_id)}| {printable(line)}")

    def on_progress(self, progress: AttemptProgress) -> None:
        """Nothing: a line per step would drown the others."""

    def close(self) -> None:
        """Nothing is held open."""


class LiveProgress:
    """A table that redraws itself: what runs, for how long, what is done, what comes next."""

    def __init__(self, order: Sequence[str]) -> None:
        from rich.console import Console
        from rich.live import Live

        self._status = dict.fromkeys(order, TaskStatus.PENDING)
        self._since: dict[str, float] = {}
        self._took: dict[str, float | None] = {}
        self._said: dict[str, str] = {}
        self._live = Live(
            console=Console(file=sys.stderr, highlight=False),
            get_renderable=self._drawing,
            refresh_per_second=4,
            transient=True,
        )
        self._live.start()

    def on_event(self, event: Event) -> None:
        """Remember; the drawing catches up by itself."""
        move = event.move
        if isinstance(move, TaskMoved):
            task_id = move.run.task_id
            self._status[task_id] = move.after
            self._took[task_id] = move.duration
            if move.after is TaskStatus.RUNNING:
                self._since[task_id] = time.monotonic()
            if move.after not in {TaskStatus.RUNNING, TaskStatus.COMPLETED}:
                self._said[task_id] = line_of(event)

    def on_output(self, output: AttemptOutput) -> None:
        """The last line that a running task wrote stands beside it."""
        lines = output.text.strip().splitlines()
        if lines:
            self._said[output.attempt.run.task_id] = lines[-1]

    def on_progress(self, progress: AttemptProgress) -> None:
        """How far a running task says it has come."""
        done, total = progress.done, progress.total
        share = f" ({100 * done / total:.0f} %)" if total else ""
        of = "" if total is None else f" / {total:g}"
        self._said[progress.attempt.run.task_id] = f"{done:g}{of}{share}"

    def close(self) -> None:
        """Take the drawing away: the summary follows."""
        self._live.stop()

    def _drawing(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 1))
        for task_id in self._shown():
            status = self._status[task_id]
            style = STYLES[status]
            said = "" if status is TaskStatus.COMPLETED else shortened(printable(self._said.get(task_id, "")), 70)
            grid.add_row(
                Text(MARKS[status], style=style),
                Text(printable(task_id), style=style),
                Text(self._time(task_id), style="dim"),
                Text(said, style="dim", overflow="ellipsis", no_wrap=True),
            )
        done = sum(status.final for status in self._status.values())
        footer = _("{done} of {total} tasks").format(done=done, total=len(self._status))
        return Group(grid, Text(footer, style="bold"))

    def _shown(self) -> list[str]:
        order = list(self._status)
        if len(order) <= LIVE_ROWS:
            return order
        open_ones = [task_id for task_id in order if not self._status[task_id].final]
        moving = [task_id for task_id in open_ones if self._status[task_id] is not TaskStatus.PENDING]
        return (moving + [task_id for task_id in open_ones if task_id not in set(moving)])[:LIVE_ROWS]

    def _time(self, task_id: str) -> str:
        took = self._took.get(task_id)
        if took is None and self._status[task_id] is TaskStatus.RUNNING:
            took = time.monotonic() - self._since[task_id]
        return "" if took is None else f"{took:6.1f} s"
