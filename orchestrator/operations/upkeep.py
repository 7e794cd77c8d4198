"""The state store as a whole: whether there is one, its upkeep, and what goes with executions that are forgotten."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from orchestrator.core.errors import NoSuchExecution, UsageError
from orchestrator.core.executions import Execution
from orchestrator.core.messages import N_
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Upkeep
from orchestrator.listeners.log_file import log_file_name
from orchestrator.listeners.report_file import report_file_name
from orchestrator.operations.parts import Parts
from orchestrator.stores import open_upkeep
from orchestrator.stores.connecting import path_in_url
from orchestrator.stores.sqlite_file import accept_loss

SQLITE = "sqlite://"
PAGE = 200


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What `prune` took away."""

    executions: Sequence[str]
    files: int = 0
    """Log and report files."""
    left: Sequence[str] = field(default_factory=tuple)
    """Files that could not be removed."""


def state_file(parts: Parts) -> Path | None:
    """The file that the state store lies in; None for one that lies elsewhere."""
    url = parts.settings.state_url
    return path_in_url(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


def state_exists(parts: Parts) -> bool:
    """Whether there is a store to be opened, or the remains of one: to look is not to make one."""
    path = state_file(parts)
    return path is None or path.exists() or path.with_name(f"{path.name}-wal").exists()


def upkeep_of(parts: Parts) -> Upkeep:
    """Who looks after the store; raises UsageError where there is none yet, or it keeps nothing to look after."""
    if state_file(parts) is None:
        raise UsageError(
            N_("the state store {kind} keeps no file: there is nothing to look after"),
            kind=f"{parts.settings.state_url.partition('://')[0]}://",  # the rest of an address may hold a password
        )
    if not state_exists(parts):
        raise UsageError(N_("there is no state store at {path} yet"), path=str(state_file(parts)))
    return open_upkeep(parts.settings.state_url)


def brought_up_to_date(parts: Parts) -> int:
    """Open the store, made where it is missing, and apply what its schema lacks; returns the schema's number.

    Raises StoreUnusable, and UsageError where the store has no schema.
    """
    _ = parts.store
    return upkeep_of(parts).schema_version()


def accept_lost_commits(parts: Parts) -> int:
    """Let a store that lost its last commits be used as it is; returns how many. Raises StoreUnusable, UsageError."""
    upkeep_of(parts)
    path = state_file(parts)
    assert path is not None
    return accept_loss(path)


def ended_before(parts: Parts, before: datetime) -> int:
    """How many executions ended before then: so many `forget` can take away at most."""
    return sum(one.status.final and one.ended_at is not None and one.ended_at < before for one in all_executions(parts))


def forget(parts: Parts, *, before: datetime, keep: int, with_files: bool) -> Forgotten:
    """Forget executions that ended before then, with their attempt logs; `with_files` logs and reports, too.

    Raises UsageError where the store has no upkeep, StoreUnusable.
    """
    return _without_files(parts, upkeep_of(parts).prune(before=before, keep=keep), with_files=with_files)


def purge(parts: Parts, execution: Execution) -> bool:
    """Forget one execution that has ended, with its logs and its report; False where others were made from it.

    Raises NoSuchExecution, StoreUnusable.
    """
    if not parts.store.forget_execution(execution.execution_id):
        return False
    _without_files(parts, [execution.execution_id], with_files=True)
    return True


def _without_files(parts: Parts, pruned: Sequence[str], *, with_files: bool) -> Forgotten:
    logs, settings = parts.attempt_logs, parts.settings
    removed, left = 0, []
    for execution_id in pruned:
        logs.remove(execution_id)
        named = [settings.logs / log_file_name(execution_id), settings.reports / report_file_name(execution_id)]
        for path in named if with_files else ():
            try:
                path.unlink()
                removed += 1
            except FileNotFoundError:
                continue
            except OSError:
                left.append(str(path))
    return Forgotten(executions=pruned, files=removed, left=left)


def all_executions(parts: Parts, *, statuses: Sequence[ExecutionStatus] = ()) -> Iterator[Execution]:
    """Newest first, a page at a time: never all at once."""
    before: str | None = None
    while True:
        try:
            page = parts.store.list_executions(limit=PAGE, before=before, statuses=statuses)
        except NoSuchExecution:  # the last one of the page before was forgotten meanwhile, and what is older with it
            return
        yield from page
        if len(page) < PAGE:
            return
        before = page[-1].execution_id
