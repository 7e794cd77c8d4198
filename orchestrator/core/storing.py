"""What the engine needs of a state store: the port, what may be asked of a running execution, what a move must find."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from orchestrator.core.events import Event, Move
from orchestrator.core.executions import Attempt, Execution, Request, TaskRun
from orchestrator.core.schedule_records import ScheduleRecords, Slot
from orchestrator.core.states import ExecutionStatus, TaskStatus


class OrderKind(StrEnum):
    """What somebody who does not drive an execution may ask of whoever does."""

    CANCEL = "cancel"
    MARK = "mark"


@dataclass(frozen=True, kw_only=True)
class Order:
    """A wish for an execution, stored until its owner has obeyed it; `number` counts 1, 2, 3 … per execution."""

    kind: OrderKind
    at: datetime
    by: str = ""
    """Who asked: `user@host`, for the audit."""
    reason: str = ""
    task_id: str | None = None
    mark_as: TaskStatus | None = None
    """`completed` or `skipped`, for a mark."""
    number: int = 0


@dataclass(frozen=True, kw_only=True)
class Room:
    """What must be free for moves to be recorded, counted over all executions whose lease still runs.

    A task run that is `running` and named in its request's `pools` holds one slot of that pool, and no other record of
    it exists: leaving `running` gives the slot back in the same transaction, and nothing can leak.
    """

    pools: Mapping[str, int] = field(default_factory=dict)
    """Slots of each pool that the moves start a task run in."""
    workflow: str | None = None
    """For the move `queued → running`: executions of this workflow count against `concurrency`."""
    concurrency: int | None = None


@dataclass(frozen=True, kw_only=True)
class Queueing:
    """How a new execution waits for a worker, and by what it is known when it is asked for twice (D17)."""

    most_waiting: int = 1000
    """As many may be queued for workers; one more is refused."""
    key: str | None = None
    """The asker's own name for the request (`Idempotency-Key`); None for none."""
    body_sha256: str = ""
    """Of what was asked under `key`."""
    remembered: timedelta = timedelta(hours=24)
    """How long `key` stands for the execution."""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An event with its place among all events of the store; places grow, and may leave gaps."""

    position: int
    event: Event


@dataclass(frozen=True, kw_only=True)
class Token:
    """Who may ask the server for what; the token itself is known only to its bearer."""

    name: str
    role: str
    """`read`, `run` or `admin`."""
    sha256: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """An event that a listener has still to take; kept with the move itself, so that no crash loses it."""

    listener: str
    event: Event


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Executions that were asked for in one hour, and ended in the same state."""

    hour: datetime
    """Its beginning."""
    status: ExecutionStatus
    count: int
    seconds: float
    """Durations of all of them together."""


class Tokens(Protocol):
    """Who may ask; only hashes are kept. Any method may raise StoreUnusable."""

    def keep_token(self, token: Token) -> None:
        """Store a new token; raises TokenNameTaken where one of that name is not revoked."""

    def tokens(self) -> list[Token]:
        """All that were ever kept, the oldest first."""

    def revoke_token(self, name: str, *, at: datetime) -> None:
        """From now on it opens nothing; raises NoSuchToken where none of that name is in use."""


class Store(Tokens, ScheduleRecords, Protocol):
    """Remembers executions. Every method is one transaction; what has returned is durable (R3).

    Any method may raise StoreUnusable.
    """

    def create_execution(
        self,
        execution_id: str,
        request: Request,
        *,
        snapshot: str,
        at: datetime,
        only_one: bool = False,
        queueing: Queueing | None = None,
        slot: Slot | None = None,
    ) -> Execution:
        """Reserve the id and store the execution as queued with one pending task run per task of `request.tasks`.

        `snapshot` is the configuration's text, kept once per sha256 (`request.snapshot`). With `only_one` it raises
        WorkflowBusy where another execution of `request.workflow` has not ended and was not interrupted: queued,
        running or cancelling (one whose lease ran out counts as interrupted; a queued one without a lease counts for
        the first minute). Raises ExecutionIdTaken; then, too, nothing was stored.

        With `queueing` it waits for a worker. Raises AskedBefore where its key was stored with another execution and is
        still remembered, QueueFull where as many wait as may: nothing was stored. The key is looked at first.

        With `slot` that slot is fired by it; raises SlotTaken where it has its fate already, or its schedule is paused:
        nothing was stored.
        """

    def asked_before(self, key: str, *, body_sha256: str, at: datetime) -> str | None:
        """The execution that `key` still stands for; raises AskedBefore where it was stored with another body."""

    def send_to_workers(self, execution_id: str) -> None:
        """From now on a worker may take it, until it has ended; raises NoSuchExecution."""

    def waiting_for_workers(self, *, at: datetime, limit: int = 50) -> list[Execution]:
        """Executions that are for workers, have not ended and that nobody owns at `at`; the oldest first."""

    def claim_execution(
        self, execution_id: str, *, owner: str, lease: timedelta, at: datetime, proven_dead: str | None = None
    ) -> Execution:
        """Become the owner of a queued or interrupted execution, or of one whose lease ran out; token + 1.

        `proven_dead` names an owner that the kernel's lock has shown to be gone: its lease is worth nothing any more.
        The status does not change by this. Raises NoSuchExecution, or StaleOwner while another's lease lasts or the
        execution is final.
        """

    def renew_lease(self, execution: Execution, *, lease: timedelta, at: datetime) -> None:
        """Extend the lease of `execution` (its owner and token). Raises StaleOwner."""

    def record(
        self,
        execution: Execution,
        moves: Sequence[Move],
        *,
        room: Room | None = None,
        obeyed: int = 0,
        outbox: Sequence[str] = (),
    ) -> list[Event]:
        """Apply all moves, or none, and append them to the event log; returns them numbered.

        Each is a conditional update that names the state it expects. Raises StaleOwner where owner or token of
        `execution` are not the stored ones (counted in `Execution.refused_writes`), IllegalMove where a state is not
        the expected one or the table of moves has no such step. The last move of an execution to a final state or
        `interrupted` gives up the lease.

        `room`: raises NoRoom where the moves would leave more slots taken than there are. `obeyed`: orders up to this
        number are done with. Raises OrdersWaiting where a cancel with a higher number is stored and the moves do not
        leave the execution `cancelling` or `cancelled`: an acknowledged cancel wins over whatever ends later (D7).
        `outbox`: names of listeners for whom each move of the execution to a final state or to `interrupted` is kept
        until `delivered`.
        """

    def give_order(self, execution_id: str, order: Order) -> Execution:
        """Store `order` (its number is given here) unless the execution has ended; returns the execution as it stands.

        A second cancel that waits changes nothing. Raises NoSuchExecution.
        """

    def orders(self, execution_id: str, *, after: int = 0) -> list[Order]:
        """Orders with a number above `after` that nobody has obeyed, in order."""

    def pools_in_use(self, pools: Iterable[str], *, besides: str) -> dict[str, int]:
        """Slots of each pool that executions other than `besides` hold, as `Room` counts them."""

    def deliveries(self, listener: str) -> list[Delivery]:
        """What `listener` has still to take, oldest first."""

    def delivered(self, delivery: Delivery) -> None:
        """`delivery` is done with; unknown ones are ignored."""

    def wait_for_change(self, timeout: float) -> bool:
        """Wait until something was stored by anyone else since this was last asked, at most `timeout` seconds.

        True where there was; other calls may go on meanwhile. Called from one thread at a time.
        """

    def get_execution(self, execution_id: str) -> Execution:
        """The execution; raises NoSuchExecution."""

    def find_executions(self, part: str, *, limit: int = 10) -> list[str]:
        """Ids that contain `part`, newest first."""

    def list_executions(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        statuses: Iterable[ExecutionStatus] = (),
        workflow: str | None = None,
        since: datetime | None = None,
        part: str | None = None,
    ) -> list[Execution]:
        """Newest first (created_at, then id).

        `before` is the last id of the page before, `since` an earliest time, `part` is in the id.
        """

    def latest_executions(self, workflows: Iterable[str], *, each: int) -> Mapping[str, list[Execution]]:
        """The newest `each` of every one of these workflows, newest first; none for one that was never executed."""

    def outcomes(self, *, since: datetime) -> list[Outcomes]:
        """How executions that were asked for since then ended, by hour (of UTC) and state; oldest first."""

    def numbers(self) -> Mapping[str, Mapping[str, int]]:
        """How many `executions`, `task_runs` and `attempts` are in each state; `refused_writes` under `total`."""

    def task_runs(self, execution_id: str) -> list[TaskRun]:
        """Of one execution, by position, then index."""

    def task_runs_of(
        self, execution_ids: Iterable[str], *, task_ids: Iterable[str] = ()
    ) -> Mapping[str, list[TaskRun]]:
        """`task_runs` of several executions, by id, in one read; with `task_ids` those alone.

        An unknown execution has none.
        """

    def attempts(self, execution_id: str) -> list[Attempt]:
        """Of one execution, by task run's position, then number."""

    def events(self, execution_id: str, *, after: int = 0) -> list[Event]:
        """The event log from `after` on (exclusive), in order."""

    def events_after(self, position: int, *, limit: int = 1000, execution_id: str | None = None) -> list[Placed]:
        """Events of all executions, or of one, stored after `position`, in the order in which they were stored."""

    def last_position(self) -> int:
        """The place of the latest event; 0 before the first."""

    def snapshot(self, sha256: str) -> str:
        """The configuration's text; raises KeyError."""

    def latest_completed(self, task_ids: Iterable[str]) -> Mapping[str, str]:
        """Which of these tasks completed in the latest execution that held them: task id → execution id."""

    def find_cached(self, task_id: str, cache_key: str, *, since: datetime | None = None) -> TaskRun | None:
        """The latest run of the task that completed with that key (not before `since`), itself no cached one."""

    def forget_execution(self, execution_id: str) -> bool:
        """Forget one that has ended; False where it has not, or others were rerun or cached from it.

        Raises NoSuchExecution.
        """

    def close(self) -> None:
        """Let go of files and connections. Calling it twice does no harm."""


class Upkeep(Protocol):
    """What an operator does to a store as a whole. Any method may raise StoreUnusable."""

    def check(self) -> list[str]:
        """Every fault that can be found in the file itself, in the database's own words; empty where it is sound."""

    def backup(self, path: str) -> None:
        """Write a whole, consistent copy to `path`, which must not exist, while others go on working."""

    def prune(self, *, before: datetime, keep: int) -> list[str]:
        """Forget executions that ended before `before`, save the newest `keep` of all; returns their ids.

        Whatever has not ended stays, and so does what a kept execution was rerun or cached from.
        """

    def schema_version(self) -> int:
        """Number of the last schema file that was applied."""


class AttemptLogs(Protocol):
    """What attempts wrote. Where a log is kept is told by `Attempt.log`, relative to ETL_HOME."""

    def read(self, log: str, *, start: int = 0, limit: int = 1 << 20) -> bytes:
        """At most `limit` bytes from byte `start` on; empty where there is no more (yet), or no such log."""

    def remove(self, execution_id: str) -> None:
        """Forget all logs of an execution; unknown ones are ignored."""
