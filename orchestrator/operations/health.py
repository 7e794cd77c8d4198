"""Everything that `doctor` looks at, one after the other; it changes nothing unless it is told to reap."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from orchestrator.core.errors import ConfigurationRefused, OrchestratorError, StoreUnusable, UsageError
from orchestrator.core.messages import N_
from orchestrator.documents.checked import open_configuration
from orchestrator.engine.owners import owner_name
from orchestrator.executors.execution_lock import Held, take
from orchestrator.executors.orphans import clear_up, find_all
from orchestrator.operations import health_of_executions, health_of_place
from orchestrator.operations.findings import Finding, advice, error, fine, warning
from orchestrator.operations.parts import Parts
from orchestrator.operations.upkeep import state_exists
from orchestrator.stores import open_store

REAP_PATIENCE = 5.0
"""Seconds for processes that nobody drives to end."""


def examine(parts: Parts, *, all_executions: bool = False, reap: bool = False) -> Iterator[Finding]:
    """Look at everything; with `all_executions` also at those that ended long ago, with `reap` end what was left."""
    yield from configuration(parts)
    yield from health_of_place.folders(parts)
    yield from health_of_place.space(parts)
    yield from health_of_place.platform()
    opened, trouble = _opened(parts)
    yield from health_of_place.store(parts, trouble)
    yield from orphans(parts, reap=reap)
    yield from health_of_place.left_files(parts)
    if opened is None:
        return
    with closing(opened):
        try:
            yield from health_of_executions.executions(opened, all_of_them=all_executions)
            yield from health_of_place.left_logs(opened)
        except StoreUnusable as why:
            yield error("store", "{why}", why=why.message)


def _opened(parts: Parts) -> tuple[Parts | None, OrchestratorError | None]:
    """The same parts with the store open, or why it is not; unlike for an execution, no store or folder is made."""
    if not state_exists(parts):
        return None, None
    try:
        return Parts(parts.registry, parts.settings, open_store(parts.settings.state_url)), None
    except (StoreUnusable, UsageError) as why:
        return None, why


def configuration(parts: Parts) -> Iterator[Finding]:
    """The file that would be used: what is stored can be looked at without it."""
    where = str(parts.settings.config)
    try:
        checked = open_configuration(parts.settings.config, parts.settings.checked)
    except ConfigurationRefused as why:
        way = advice(N_("`etl validate` lists them"))
        yield warning("configuration", N_("refused: {count} problem(s)"), where, advice=way, count=len(why.problems))
    except UsageError as why:
        yield warning("configuration", "{why}", where, why=why.message)
    else:
        count = len(checked.registry.tasks)
        yield fine("configuration", N_("without a problem; {count} task(s)"), where, count=count)


def orphans(parts: Parts, *, reap: bool) -> Iterator[Finding]:
    """Processes of executions that nobody drives (R5, D9)."""
    found = find_all(parts.settings.locks)
    for execution_id, processes in found.items():
        pids = ", ".join(str(process.pid) for process in processes)
        if reap:
            yield _reaped(parts.lock_path(execution_id), execution_id, pids)
        else:
            way = advice(N_("`etl doctor --reap` ends them"))
            template = N_("processes of its tasks live on although nobody drives it: {pids}")
            yield error("orphans", template, execution_id, advice=way, pids=pids)
    if not found:
        yield fine("orphans", N_("no process lives on without its orchestrator"))


def _reaped(lock_path: Path, execution_id: str, pids: str) -> Finding:
    """Under the execution's lock, so that nobody takes it up meanwhile."""
    try:
        lock = take(lock_path, holder=owner_name(), patience=0.0)
    except Held:
        return fine("orphans", N_("it was taken up again meanwhile; its processes are its owner's"), execution_id)
    except OSError as why:
        return error("orphans", N_("its lock cannot be taken: {why}"), execution_id, why=why)
    try:
        left = clear_up(lock_path, execution_id, REAP_PATIENCE)
    finally:
        lock.release()
    if left:
        template = N_("processes of its tasks cannot be ended: {pids}")
        way = advice(N_("end them as their owner, or restart the machine"))
        living = ", ".join(str(process.pid) for process in left)
        return error("orphans", template, execution_id, advice=way, pids=living)
    return fine("orphans", N_("ended what was left of its tasks: {pids}"), execution_id, pids=pids)
