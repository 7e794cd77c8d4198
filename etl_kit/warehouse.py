"""The DuckDB files: read at any time, written beside and published whole."""

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import IO

import duckdb
import polars as pl

from etl_kit.errors import EtlError, MissingInput
from etl_kit.files import make_folder
from etl_kit.settings import Source
from etl_kit.translation import _

CURRENT = "vigentes"
"""Schema of the views that show each table without its withdrawn rows; what reports and rules read."""

STAGING = "preparacion"
"""Schema in which a load prepares its tables; gone before the file is published."""

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",  # nothing is downloaded at run time
    "autoload_known_extensions": "false",
    "memory_limit": "800MB",  # a key of five million rows fits; all else spills to a folder beside the file
}
_LEFTOVER_AFTER = 24 * 60 * 60  # seconds; nobody reads for so long
_SPILL = Template("SET temp_directory = '$folder'")
_HOLDER = re.compile(r"PID \d+")
_CREATE_IDENTITY = """
CREATE TABLE main.almacen (
    fuente VARCHAR PRIMARY KEY, etiqueta VARCHAR NOT NULL, inventado BOOLEAN NOT NULL, creado_en TIMESTAMPTZ NOT NULL
)
"""
_READ_IDENTITY = "SELECT fuente FROM main.almacen"
_HAS_IDENTITY = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'main' AND table_name = 'almacen'"
_WRITE_IDENTITY = "INSERT INTO main.almacen VALUES ($fuente, $etiqueta, $inventado, now())"


class WarehouseBusy(EtlError):
    """Another process is writing the same file and did not end in time."""

    def __init__(self, path: Path | str, owner: str) -> None:
        super().__init__(
            _("{path} is being written by another process ({owner}); wait until it ends and run again").format(
                path=path, owner=owner
            )
        )
        self.path = path
        self.owner = owner


class WarehouseUnreadable(EtlError):
    """A file that DuckDB cannot open: damaged, of a newer version, or no database at all."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(
            _("{path} cannot be opened: {reason}. Move it to another folder and run the load again").format(
                path=path, reason=reason
            )
        )
        self.path = path


class OtherSource(EtlError):
    """A file or schema that holds the data of another source than the one asked for."""

    def __init__(self, path: Path | str, *, holds: str, wanted: str) -> None:
        super().__init__(
            _(
                "{path} holds data of the source {holds!r}, and data of {wanted!r} is never mixed with it; "
                "move it elsewhere, or choose its source with ETL_SOURCE={holds}"
            ).format(path=path, holds=holds, wanted=wanted)
        )
        self.path = path
        self.holds = holds
        self.wanted = wanted


class ArrowStream:
    """A frame as DuckDB takes it without pyarrow: `connection.register(name, ArrowStream(frame))`."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Hand the frame over as an Arrow C stream; called once per scan."""
        return self._frame.__arrow_c_stream__(requested_schema)


@contextmanager
def reading(path: Path, *, source: Source, made_by: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published file for reading; a load that publishes meanwhile is not seen and does no harm.

    Raises:
        MissingInput: there is no such file yet; the text names the task that makes it.
        OtherSource: the file holds another source's data.
        WarehouseBusy, WarehouseUnreadable: somebody opened it for writing, or it is damaged.
    """
    if not path.exists():
        raise MissingInput(path, made_by=made_by)
    connection = open_file(path, read_only=True)
    try:
        _check_owner(connection, path, source)
        yield connection
    finally:
        connection.close()


@contextmanager
def publishing(
    path: Path, *, source: Source, patience: timedelta = timedelta(seconds=60)
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a private copy of `path` for writing and put it in its place when the block ends well.

    Readers keep the file they opened. If the block raises, or the process is killed at any instruction, the
    published file stays as it was; what was left beside is removed by the next writer. Writers go one at a
    time: one waits up to `patience` for the other.

    Raises:
        OtherSource: the file holds another source's data.
        WarehouseBusy: another writer did not end in time, or a program holds the published file open for writing.
        WarehouseUnreadable: the published file is damaged.
    """
    make_folder(path.parent)
    draft = draft_of(path)
    with _writers_lock(path.with_name(f"{path.name}.lock"), path, patience):
        _remove(draft)  # left by a writer that was killed: whoever holds the lock is the only one alive
        _sweep(path)
        exists = path.exists()
        if exists:
            _copy(path, draft)
        try:
            connection = open_file(draft, read_only=False)
            try:
                if exists:
                    _check_owner(connection, path, source)
                else:
                    _claim(connection, source)
                yield connection
                connection.execute("CHECKPOINT")
            finally:
                connection.close()
            _put_in_place(draft, path)
        finally:
            _remove(draft)


def draft_of(path: Path) -> Path:
    """Where the private copy of a published file lies while it is written."""
    return path.with_name(f"{path.stem}.borrador{path.suffix}")


def inputs_of(draft: Path) -> Path:
    """The folder of files that a load reads in place; it goes with the draft."""
    return draft.with_name(f"{draft.name}.entrada")


def open_file(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file that downloads nothing and speaks in UTC.

    Raises:
        WarehouseBusy, WarehouseUnreadable: somebody opened it for writing, or it is damaged.
    """
    _tell_that_there_is_no_pandas()
    try:
        connection = duckdb.connect(str(path), read_only=read_only, config=_SETTINGS)
    except (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException) as error:
        if "lock" in str(error).lower():
            holder = _HOLDER.search(str(error))
            raise WarehouseBusy(path, holder[0].lower() if holder else _("unknown process")) from error
        raise WarehouseUnreadable(path, str(error).splitlines()[0]) from error
    connection.execute("SET TimeZone = 'UTC'")
    if read_only:  # others read the same file, and its usual folder would be theirs too
        spill = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        connection.execute(_SPILL.substitute(folder=str(spill).replace("'", "''")))
    return connection


def _tell_that_there_is_no_pandas() -> None:
    """DuckDB looks for pandas on the whole module path with every value that it is given, and never gives up."""
    if "pandas" not in sys.modules and find_spec("pandas") is None:
        sys.modules["pandas"] = None  # type: ignore[assignment]  # what Python itself keeps for "not there"


def _check_owner(connection: duckdb.DuckDBPyConnection, path: Path, source: Source) -> None:
    """Raise OtherSource for somebody else's data, and WarehouseUnreadable for a file that does not say whose it is."""
    found = connection.execute(_HAS_IDENTITY).fetchone()
    owner = connection.execute(_READ_IDENTITY).fetchone() if found is not None and found[0] else None
    if owner is None:
        raise WarehouseUnreadable(path, _("it does not say whose data it holds"))
    if owner[0] != source.value:
        raise OtherSource(path, holds=str(owner[0]), wanted=source.value)


def _claim(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    connection.execute(_CREATE_IDENTITY)
    connection.execute(
        _WRITE_IDENTITY, {"fuente": source.value, "etiqueta": source.label(), "inventado": source.invented}
    )


def _copy(path: Path, draft: Path) -> None:
    """Copy the published file; holding it open for reading proves that nobody writes to it meanwhile."""
    with open_file(path, read_only=True):
        shutil.copyfile(path, draft)
        journal = _journal_of(path)
        if journal.exists():  # somebody wrote to the published file by hand and did not close it properly
            shutil.copyfile(journal, _journal_of(draft))


def _put_in_place(draft: Path, path: Path) -> None:
    draft.chmod(0o600)
    _flush(draft)
    _journal_of(path).unlink(missing_ok=True)  # its content is in the draft; beside the new file it would be poison
    draft.replace(path)
    if sys.platform != "win32":
        _flush(path.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _journal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _sweep(path: Path) -> None:
    """Remove the folders of readers that were killed while their rows did not fit into memory."""
    for left in path.parent.glob(f"{path.name}.*.tmp"):
        if time.time() - left.stat().st_mtime > _LEFTOVER_AFTER:
            shutil.rmtree(left, ignore_errors=True)


def _remove(draft: Path) -> None:
    draft.unlink(missing_ok=True)
    _journal_of(draft).unlink(missing_ok=True)
    shutil.rmtree(inputs_of(draft), ignore_errors=True)
    shutil.rmtree(draft.with_name(f"{draft.name}.tmp"), ignore_errors=True)  # where DuckDB puts what memory cannot hold


@contextmanager
def _writers_lock(lock: Path, path: Path, patience: timedelta) -> Iterator[None]:
    """Hold the kernel's lock on `lock`; it ends with the process, so a killed writer blocks nobody.

    The file itself stays: removing it would let two writers lock two different files of one name.
    """
    with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as handle:
        give_up_at = time.monotonic() + patience.total_seconds()
        while not _try_lock(handle):
            if time.monotonic() >= give_up_at:
                handle.seek(0)
                raise WarehouseBusy(path, handle.read(64).strip() or _("unknown process"))
            time.sleep(0.05)
        try:
            handle.seek(0)
            handle.truncate()
            handle.write(f"pid {os.getpid()}")
            handle.flush()
            yield
        finally:
            _unlock(handle)


if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 1 << 30  # far behind the text, so that others can still read the pid

    def _try_lock(handle: IO[str]) -> bool:
        handle.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(handle: IO[str]) -> None:
        handle.seek(_LOCKED_BYTE)
        with suppress(OSError):
            msvcrt.locking(handle.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(handle: IO[str]) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(handle: IO[str]) -> None:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)
