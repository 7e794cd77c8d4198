"""What the machine makes of the events of one commit: a draft, until the store has taken its moves."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from orchestrator.core import machine_state as said
from orchestrator.core.crash_points import passing
from orchestrator.core.events import AttemptNoted, ExecutionMoved, Move, TaskMoved
from orchestrator.core.executions import Attempt
from orchestrator.core.identity import AttemptKey
from orchestrator.core.machine import step
from orchestrator.core.outcomes import JSON
from orchestrator.core.ports import (
    AttemptEnded,
    AttemptOutput,
    AttemptProgress,
    AttemptStarted,
    Clock,
    ExecutorEvent,
    PlaceExhausted,
)
from orchestrator.core.redaction import redact_move
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.engine.clocks import moment

Heard: TypeAlias = "ExecutorEvent | said.MachineEvent"
Deed: TypeAlias = "said.StartAttempt | said.StopAttempt | said.LookUp"
Shown: TypeAlias = "AttemptOutput | AttemptProgress"


class Draft:
    """The machine's next state, the moves that lead to it, and what is to be done once they are stored."""

    def __init__(
        self,
        state: said.MachineState,
        clock: Clock,
        chance: Callable[[], float],
        *,
        hidden: frozenset[str],
        log_of: Callable[[AttemptKey], str | None],
        show: Callable[[Shown], None],
    ) -> None:
        self.state = state
        self.moves: list[Move] = []
        self.deeds: list[Deed] = []
        self.wake_at: float | None = None
        self._clock = clock
        self._chance = chance
        self._hidden = hidden
        self._log_of = log_of
        self._show = show
        self._points: set[str] = set()

    def take_all(self, heard: Sequence[Heard]) -> None:
        """Feed the machine; what is only to be shown is shown."""
        for event in heard:
            if isinstance(event, AttemptOutput | AttemptProgress):
                self._show(event)
            elif isinstance(event, AttemptStarted):
                self._points.add("child_start_recorded")
                self.moves.append(self._noted(event))
            else:
                self._step(event)

    @property
    def begins(self) -> bool:
        """Whether the execution starts to run, or does so again after an interruption."""
        return any(
            isinstance(move, ExecutionMoved)
            and move.before in _BEFORE_RUNNING
            and move.after is ExecutionStatus.RUNNING
            for move in self.moves
        )

    @property
    def returned(self) -> list[tuple[str, JSON]]:
        """Tasks that completed, with their outputs."""
        return [
            (move.run.task_id, move.output)
            for move in self.moves
            if isinstance(move, TaskMoved) and move.after is TaskStatus.COMPLETED
        ]

    def pools_taken(self) -> set[str]:
        """Pools that a task run takes a slot of."""
        tasks = self.state.plan.tasks
        started = (move for move in self.moves if isinstance(move, TaskMoved) and move.after is TaskStatus.RUNNING)
        return {pool for move in started if (pool := tasks[move.run.task_id].task.pool) is not None}

    def pass_points_before(self) -> None:
        """Tell the crash points that stand before the commit."""
        for point in sorted(self._points_of_moves()):
            passing(f"before_{point}")

    def pass_points_after(self) -> None:
        """Tell those that stand behind it."""
        for point in sorted(self._points_of_moves()):
            passing(f"after_{point}")

    def _points_of_moves(self) -> set[str]:
        points = set(self._points)
        for move in self.moves:
            if isinstance(move, TaskMoved) and move.after is TaskStatus.COMPLETED:
                points.add("completion_written")
            if isinstance(move, ExecutionMoved) and move.after is ExecutionStatus.CANCELLING:
                points.add("cancel_recorded")
        return points

    def _step(self, event: AttemptEnded | PlaceExhausted | said.MachineEvent) -> None:
        if isinstance(event, PlaceExhausted):
            event = said.StopAsked()
        if isinstance(event, AttemptEnded):
            passing("before_result_received")
            event = said.AttemptFinished(
                attempt=event.attempt,
                outcome=event.outcome,
                duration=event.duration,
                usage=event.usage,
                code_sha256=event.code_sha256,
            )
            passing("after_result_received")
        self.wake_at = None
        self.state, commands = step(self.state, event, moment(self._clock), self._chance())
        for command in commands:
            if isinstance(command, said.Record):
                self.moves.append(redact_move(self._with_log(command.move), self._hidden))
            elif isinstance(command, said.WakeAt):
                self.wake_at = command.ticks
            else:
                self.deeds.append(command)

    def _with_log(self, move: Move) -> Move:
        attempt = move.attempt if isinstance(move, TaskMoved) else None
        if not isinstance(move, TaskMoved) or attempt is None or attempt.status == "marked":
            return move
        return replace(move, attempt=replace(attempt, log=self._log_of(attempt.key)))

    def _noted(self, event: AttemptStarted) -> AttemptNoted:
        attempt = Attempt(key=event.attempt, started_at=event.at, pid=event.pid, log=self._log_of(event.attempt))
        return AttemptNoted(run=event.attempt.run, attempt=attempt, at=event.at)


_BEFORE_RUNNING = frozenset({ExecutionStatus.QUEUED, ExecutionStatus.INTERRUPTED})
