"""Executions in memory that wait for workers, the keys they were asked for under, and who may ask."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from orchestrator.core.errors import AskedBefore, NoSuchToken, QueueFull, TokenNameTaken
from orchestrator.core.executions import Execution
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Placed, Queueing, Token
from orchestrator.stores.memory_reading import MemoryReading, lease_runs
from orchestrator.stores.records import in_utc


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What was asked under a key."""

    execution_id: str
    body_sha256: str
    at: datetime


class MemoryWaiting(MemoryReading):
    """The part of the store in memory that workers and servers need, and nobody else."""

    def __init__(self) -> None:
        super().__init__()
        self._for_workers: set[str] = set()
        self._asked: dict[str, _Asked] = {}
        self._tokens: list[Token] = []
        self._placed: list[Placed] = []
        self._position = 0

    def send_to_workers(self, execution_id: str) -> None:
        """From now on a worker may take it, until it has ended; raises NoSuchExecution."""
        with self._lock:
            self._find(execution_id)
            self._for_workers.add(execution_id)
            self._changes.note()

    def waiting_for_workers(self, *, at: datetime, limit: int = 50) -> list[Execution]:
        """Executions that are for workers, have not ended and that nobody owns at `at`; the oldest first."""
        now = in_utc(at)
        with self._lock:
            oldest_first = reversed(self._newest_first())
            return [one for one in oldest_first if self._is_for_workers(one) and not lease_runs(one, now)][:limit]

    def asked_before(self, key: str, *, body_sha256: str, at: datetime) -> str | None:
        """The execution that was asked for under `key`; raises AskedBefore where another body came with it."""
        with self._lock:
            asked = self._asked.get(key)
        if asked is None or asked.at <= at - Queueing().remembered:
            return None
        if asked.body_sha256 != body_sha256:
            raise AskedBefore(asked.execution_id, same=False)
        return asked.execution_id

    def keep_token(self, token: Token) -> None:
        """Store a new token; raises TokenNameTaken."""
        with self._lock:
            if any(known.name == token.name and known.revoked_at is None for known in self._tokens):
                raise TokenNameTaken(token.name)
            self._tokens.append(token)
            self._changes.note()

    def tokens(self) -> list[Token]:
        """All that were ever kept, the oldest first."""
        with self._lock:
            return list(self._tokens)

    def revoke_token(self, name: str, *, at: datetime) -> None:
        """From now on it opens nothing; raises NoSuchToken."""
        with self._lock:
            for place, token in enumerate(self._tokens):
                if token.name == name and token.revoked_at is None:
                    self._tokens[place] = replace(token, revoked_at=in_utc(at))
                    self._changes.note()
                    return
        raise NoSuchToken(name)

    def events_after(self, position: int, *, limit: int = 1000, execution_id: str | None = None) -> list[Placed]:
        """Events of all executions, or of one, stored after `position`, in the order in which they were stored."""
        with self._lock:
            return [
                placed
                for placed in self._placed
                if placed.position > position and execution_id in {None, placed.event.execution_id}
            ][:limit]

    def last_position(self) -> int:
        """The place of the latest event; 0 before the first."""
        with self._lock:
            return self._position

    def numbers(self) -> Mapping[str, Mapping[str, int]]:
        """How many `executions`, `task_runs` and `attempts` are in each state; `refused_writes` under `total`."""
        with self._lock:
            kept = list(self._kept.values())
            return {
                "executions": Counter(str(one.execution.status) for one in kept),
                "task_runs": Counter(str(run.status) for one in kept for run in one.runs.values()),
                "attempts": Counter(attempt.status for one in kept for attempt in one.attempts.values()),
                "refused_writes": {"total": sum(one.execution.refused_writes for one in kept)},
            }

    # --- within the lock ---------------------------------------------------------------------------------------------

    def _check_queueing(self, queueing: Queueing, now: datetime) -> None:
        border = now - queueing.remembered
        self._asked = {key: asked for key, asked in self._asked.items() if asked.at > border}
        asked = self._asked.get(queueing.key) if queueing.key is not None else None
        if asked is not None:
            raise AskedBefore(asked.execution_id, same=asked.body_sha256 == queueing.body_sha256)
        queued = (kept.execution for kept in self._kept.values() if self._is_for_workers(kept.execution))
        waiting = sum(one.status is ExecutionStatus.QUEUED and one.owner is None for one in queued)
        if waiting >= queueing.most_waiting:
            raise QueueFull(waiting)

    def _get_in_line(self, execution: Execution, queueing: Queueing) -> None:
        self._for_workers.add(execution.execution_id)
        if queueing.key is not None:
            asked = _Asked(
                execution_id=execution.execution_id, body_sha256=queueing.body_sha256, at=execution.created_at
            )
            self._asked[queueing.key] = asked

    def _forget(self, execution_ids: set[str]) -> None:
        """What goes with executions that are no more."""
        self._for_workers -= execution_ids
        self._asked = {key: asked for key, asked in self._asked.items() if asked.execution_id not in execution_ids}
        self._placed = [placed for placed in self._placed if placed.event.execution_id not in execution_ids]

    def _is_for_workers(self, execution: Execution) -> bool:
        return execution.execution_id in self._for_workers and not execution.status.final
