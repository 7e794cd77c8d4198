"""Whether the place is sound: folders, free space, the store's file, and what killed processes left lying about."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from orchestrator.core.errors import NoSuchExecution, OrchestratorError, UsageError
from orchestrator.core.identity import is_execution_id
from orchestrator.core.messages import N_, Message
from orchestrator.executors import open_executor
from orchestrator.operations.findings import Finding, advice, error, fine, warning
from orchestrator.operations.parts import Parts
from orchestrator.operations.upkeep import state_exists, state_file
from orchestrator.stores import open_upkeep
from orchestrator.stores.damage import LOST_COMMITS, NEWER

LITTLE_SPACE = 1 << 30
"""Bytes: with less, a day of logs and data may fill the disk."""
NO_SPACE = 50 << 20
"""Bytes: with less, not even the state store can be sure of its journal."""
LONG_JOURNAL = 256 << 20
"""Bytes: a journal that long is kept from being emptied by somebody who reads for hours."""
OTHERS_MAY_WRITE, OTHERS_MAY_ANYTHING = 0o022, 0o077
BEING_WRITTEN = 60.0
"""Seconds: a draft that is younger may belong to somebody who is at work."""
MOST_NAMED = 5

PUT_BACK = N_(
    "keep a copy of it and of what lies beside it (-wal, .head), then put the latest backup in its place; without one, "
    "move them away: the history begins anew"
)


def folders(parts: Parts) -> Iterator[Finding]:
    """Writable, ours, and for nobody else to read or change."""
    settings = parts.settings
    yield _folder(settings.home, OTHERS_MAY_WRITE)
    for path in (settings.state, settings.logs, settings.reports, settings.locks):
        yield _folder(path, OTHERS_MAY_ANYTHING)


def space(parts: Parts) -> Iterator[Finding]:
    """Room on the disk that holds home."""
    home = next(path for path in (parts.settings.home, *parts.settings.home.parents) if path.exists())
    yield judged_space(shutil.disk_usage(home).free, str(home))


def judged_space(free: int, where: str) -> Finding:
    """What `free` bytes mean."""
    facts = {"free": free >> 20}
    way = advice(N_("free some; `etl db prune` forgets old executions and their logs"))
    if free < NO_SPACE:
        return error("space", N_("only {free} MiB are free: executions will fail"), where, advice=way, **facts)
    if free < LITTLE_SPACE:
        return warning("space", N_("only {free} MiB are free"), where, advice=way, **facts)
    return fine("space", N_("{free} MiB are free"), where, **facts)


def store(parts: Parts, trouble: OrchestratorError | None) -> Iterator[Finding]:
    """The state store: whether it could be opened (else `trouble`), and every fault of its file."""
    path = state_file(parts)
    where = parts.settings.state_url.partition("://")[0] if path is None else str(path)
    if not state_exists(parts):
        yield fine("store", N_("there is none yet; the first execution makes it"), where)
        return
    if trouble is not None:
        yield error("store", N_("it cannot be opened: {why}"), where, advice=_way_out(trouble), why=trouble.message)
    if path is None:
        return
    upkeep = open_upkeep(parts.settings.state_url)
    faults = upkeep.check()
    for fault in faults[:MOST_NAMED]:
        yield error("store", N_("damaged: {fault}"), where, advice=advice(PUT_BACK), fault=fault)
    if len(faults) > MOST_NAMED:
        yield error("store", N_("and {count} more faults"), where, count=len(faults) - MOST_NAMED)
    if trouble is None and not faults:
        yield fine(
            "store",
            N_("sound; schema {schema}, {size} KiB, journal (WAL) {journal} KiB"),
            where,
            schema=upkeep.schema_version(),
            size=_size(path) >> 10,
            journal=_size(_journal(path)) >> 10,
        )
    if _size(_journal(path)) > LONG_JOURNAL:
        way = advice(N_("end whoever has had it open for long; it shrinks by itself afterwards"))
        yield warning("store", N_("its journal has grown long"), str(_journal(path)), advice=way)


def platform() -> Iterator[Finding]:
    """What cannot be promised on this system (R5)."""
    executor = open_executor("processes", max_workers=1)
    gap: Message | None = getattr(executor, "promise_gap", None)
    if gap is None:
        yield fine("platform", N_("every promise about processes can be kept here"))
    else:
        yield warning("platform", "{gap}", gap=gap)


def left_files(parts: Parts) -> Iterator[Finding]:
    """Drafts of reports, backups and stores whose writer was killed."""
    path = state_file(parts)
    drafts = [*parts.settings.reports.glob(".*.tmp"), *parts.settings.reports.glob("*.new")]
    if path is not None:
        drafts += path.parent.glob(f"{path.name}.*.new")
    old = [draft for draft in sorted(drafts) if _age(draft) > BEING_WRITTEN]
    for draft in old:
        way = advice(N_("delete it"))
        yield warning("draft", N_("left over from a process that was ended while it wrote"), str(draft), advice=way)
    if not old:
        yield fine("draft", N_("no half-written files are left"))


def left_logs(parts: Parts) -> Iterator[Finding]:
    """Logs of attempts of executions that nobody knows any more; to be asked where the store could be opened."""
    folder = parts.settings.state / "attempts"
    strays = [path for path in _entries(folder) if is_execution_id(path.name) and not _is_known(parts, path.name)]
    if not strays:
        yield fine("attempt_logs", N_("every attempt log belongs to an execution"), str(folder))
        return
    yield warning(
        "attempt_logs",
        N_("{count} folder(s) belong to no execution: {names}"),
        str(folder),
        advice=advice(N_("delete them, unless an older state store is to be put back")),
        count=len(strays),
        names=", ".join(path.name for path in strays[:MOST_NAMED]) + (" …" if len(strays) > MOST_NAMED else ""),
    )


def _folder(path: Path, forbidden: int) -> Finding:
    where = str(path)
    try:
        found = path.stat()
    except FileNotFoundError:
        return fine("folder", N_("not there yet; it is made when it is needed"), where)
    except OSError as why:
        return error("folder", N_("cannot be looked at: {why}"), where, why=why)
    if not stat.S_ISDIR(found.st_mode):
        return error("folder", N_("is no folder"), where, advice=advice(N_("move it away, or choose another ETL_HOME")))
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        way = advice(N_("check its rights and the mount, or choose another ETL_HOME"))
        return error("folder", N_("cannot be written"), where, advice=way)
    if os.name == "posix" and (found.st_uid != os.geteuid() or found.st_mode & forbidden):
        return _shared(where, found, forbidden)
    return fine("folder", N_("writable, and only by you"), where)


def _shared(where: str, found: os.stat_result, forbidden: int) -> Finding:
    if found.st_uid != os.geteuid():
        way = advice(N_("run as its owner, or hand it over with chown"))
        return warning("folder", N_("belongs to another user ({uid})"), where, advice=way, uid=found.st_uid)
    mode = f"{stat.S_IMODE(found.st_mode):04o}"
    right = f"{stat.S_IMODE(found.st_mode) & ~forbidden:04o}"
    way = advice("chmod {right} {path}", right=right, path=where)
    return warning("folder", N_("others have rights to it (mode {mode})"), where, advice=way, mode=mode)


def _way_out(why: OrchestratorError) -> Message | None:
    if isinstance(why, UsageError):
        return advice(N_("correct ETL_DATABASE_URL"))
    if why.message.template == NEWER:
        return advice(N_("update the orchestrator, or put a backup of the older version in its place"))
    if why.message.template == LOST_COMMITS:
        return advice(N_("put back what was there; or accept the loss with `etl db check --accept`"))
    return advice(PUT_BACK)


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _size(path: Path) -> int:
    """Bytes; asked of the folder, never by opening: closing a descriptor would drop the locks of an open store."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _age(path: Path) -> float:
    """Seconds since it was last written; 0 for one that is gone."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_known(parts: Parts, execution_id: str) -> bool:
    try:
        parts.store.get_execution(execution_id)
    except NoSuchExecution:
        return False
    return True
