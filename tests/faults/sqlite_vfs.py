"""A layer between SQLite and the disk: tells a watcher of each write, sync, creation and deletion, and can fail a sync.

It is a VFS, SQLite's own seam for this, put around the default one of the very library that Python's `sqlite3` uses:
symbols are looked up through the extension module `_sqlite3`, so that no second copy of SQLite is patched by mistake.
The -shm file does not pass here; SQLite makes it anew after a crash, so it is no durable state.
Where Python holds SQLite inside itself and shows no symbols, or on Windows, `install` raises VfsUnavailable.
"""

import _sqlite3
import ctypes
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Protocol

NAME = b"watched"
OK, IOERR_FSYNC = 0, 1034

_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_Delete = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
_SetSystemCall = CFUNCTYPE(c_int, c_void_p, c_char_p, c_void_p)
_GetSystemCall = CFUNCTYPE(c_void_p, c_void_p, c_char_p)
_OpenDirectory = CFUNCTYPE(c_int, c_char_p, c_void_p)
_Close = CFUNCTYPE(c_int, c_void_p)
_Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class VfsUnavailable(Exception):
    """This Python's SQLite cannot be reached from outside."""


class Watcher(Protocol):
    """Is told of everything that happens to the files of one folder, after it happened."""

    def created(self, path: Path) -> None:
        """A file came into being, with nothing in it."""

    def deleted(self, path: Path) -> None:
        """The name is gone."""

    def wrote(self, path: Path, at: int, data: bytes) -> None:
        """Bytes were handed to the operating system."""

    def truncated(self, path: Path, size: int) -> None:
        """The file has `size` bytes now."""

    def syncing(self, path: Path) -> bool:
        """All that was written to the file is to be made durable; False lets it fail with EIO."""

    def synced(self, path: Path) -> None:
        """It is durable."""

    def synced_folder(self, folder: Path) -> None:
        """So are the names in the folder."""


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("iVersion", c_int),
        ("szOsFile", c_int),
        ("mxPathname", c_int),
        ("pNext", c_void_p),
        ("zName", c_char_p),
        ("pAppData", c_void_p),
        *((name, c_void_p) for name in ("xOpen", "xDelete", "xAccess", "xFullPathname", "xDlOpen", "xDlError")),
        *((name, c_void_p) for name in ("xDlSym", "xDlClose", "xRandomness", "xSleep", "xCurrentTime")),
        *((name, c_void_p) for name in ("xGetLastError", "xCurrentTimeInt64", "xSetSystemCall", "xGetSystemCall")),
        ("xNextSystemCall", c_void_p),
    ]


class _Methods(ctypes.Structure):
    _fields_ = [
        ("iVersion", c_int),
        *((name, c_void_p) for name in ("xClose", "xRead", "xWrite", "xTruncate", "xSync", "xFileSize", "xLock")),
        *((name, c_void_p) for name in ("xUnlock", "xCheckReservedLock", "xFileControl", "xSectorSize")),
        *((name, c_void_p) for name in ("xDeviceCharacteristics", "xShmMap", "xShmLock", "xShmBarrier")),
        *((name, c_void_p) for name in ("xShmUnmap", "xFetch", "xUnfetch")),
    ]


class _File(ctypes.Structure):
    _fields_ = [("pMethods", POINTER(_Methods))]


def library() -> ctypes.CDLL:
    """The SQLite that `sqlite3` uses; raises VfsUnavailable."""
    if os.name != "posix":
        raise VfsUnavailable("only the unix VFS shows when a folder is synced")
    found = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    try:
        find, version = found.sqlite3_vfs_find, found.sqlite3_libversion
    except AttributeError:
        raise VfsUnavailable("this Python holds SQLite inside itself and shows no symbols of it") from None
    find.restype, find.argtypes = POINTER(_Vfs), [c_char_p]
    version.restype = c_char_p
    found.sqlite3_vfs_register.argtypes = [c_void_p, c_int]
    found.sqlite3_vfs_unregister.argtypes = [c_void_p]
    if version().decode() != sqlite3.sqlite_version:
        raise VfsUnavailable(f"two copies of SQLite: {version().decode()} and {sqlite3.sqlite_version}")
    return found


def version() -> str:
    """Version and source of the SQLite that is watched."""
    with sqlite3.connect(":memory:") as connection:
        source = connection.execute("SELECT sqlite_source_id()").fetchone()[0]
    connection.close()
    linked = Path(getattr(_sqlite3, "__file__", "")).suffix
    return f"{sqlite3.sqlite_version} {source[:10]} {source[20:32]} ({'shared library' if linked else 'built in'})"


@contextmanager
def watched(folder: Path, watcher: Watcher) -> Iterator[None]:
    """In the block, whatever this process opens by SQLite in `folder` is watched; raises VfsUnavailable.

    Other files pass untouched. What was opened in the block must be closed in it.
    """
    layer = _Layer(library(), folder, watcher)
    layer.put_on()
    try:
        yield
    finally:
        layer.take_off()


class _Layer:
    """The VFS itself; keeps alive what C points to."""

    def __init__(self, sqlite: ctypes.CDLL, folder: Path, watcher: Watcher) -> None:
        self.sqlite, self.folder, self.watcher = sqlite, folder, watcher
        self.beneath = sqlite.sqlite3_vfs_find(None)
        if self.beneath.contents.iVersion < 3:
            raise VfsUnavailable("the default VFS lets no system call be watched")
        self.open_files: dict[int, Path] = {}
        self.tables: dict[int, _Methods] = {}
        self.kept = [_Open(self._open), _Delete(self._delete), _OpenDirectory(self._open_directory)]
        self.vfs = _Vfs.from_buffer_copy(self.beneath.contents)
        self.vfs.iVersion, self.vfs.zName, self.vfs.pNext = 3, NAME, None
        self.vfs.xOpen, self.vfs.xDelete = (ctypes.cast(each, c_void_p) for each in self.kept[:2])

    def put_on(self) -> None:
        beneath = self.beneath.contents
        self.real_open = _Open(beneath.xOpen)
        self.real_delete = _Delete(beneath.xDelete)
        self.real_open_directory = _OpenDirectory(
            _GetSystemCall(beneath.xGetSystemCall)(self.beneath, b"openDirectory")
        )
        # unixSync and unixDelete open the folder for one thing only: to sync it
        self._set_system_call(ctypes.cast(self.kept[2], c_void_p))
        if self.sqlite.sqlite3_vfs_register(ctypes.byref(self.vfs), 1) != OK:
            raise VfsUnavailable("the VFS was refused")

    def take_off(self) -> None:
        assert not self.open_files, f"still open: {self.open_files}"
        self.sqlite.sqlite3_vfs_unregister(ctypes.byref(self.vfs))
        self._set_system_call(None)

    def _set_system_call(self, function: c_void_p | None) -> None:
        if _SetSystemCall(self.beneath.contents.xSetSystemCall)(self.beneath, b"openDirectory", function) != OK:
            raise VfsUnavailable("the opening of folders cannot be watched")

    def _open(self, _vfs: int, name: int | None, file: int, flags: int, out_flags: int) -> int:
        path = Path(os.fsdecode(ctypes.string_at(name))) if name else None
        ours = path is not None and path.parent == self.folder
        existed = ours and path.exists()
        verdict = self.real_open(self.beneath, name, file, flags, out_flags)
        if ours and verdict == OK:
            if not existed:
                self.watcher.created(path)
            self.open_files[file] = path
            opened = _File.from_address(file)
            opened.pMethods = ctypes.pointer(self._table_around(opened.pMethods))
        return verdict

    def _delete(self, _vfs: int, name: bytes, sync_folder: int) -> int:
        path = Path(os.fsdecode(name))
        if path.parent == self.folder and path.exists():
            self.watcher.deleted(path)  # before the folder is synced, which happens inside the next line
        return self.real_delete(self.beneath, name, sync_folder)

    def _open_directory(self, name: bytes, descriptor: int) -> int:
        folder = Path(os.fsdecode(name)).parent  # the name is that of a file in it
        verdict = self.real_open_directory(name, descriptor)
        if folder == self.folder and verdict == OK:
            self.watcher.synced_folder(folder)
        return verdict

    def _table_around(self, beneath: "ctypes._Pointer[_Methods]") -> _Methods:
        """The same methods with ours in place of those that change the file; one table for each beneath."""
        address = ctypes.addressof(beneath.contents)
        if address not in self.tables:
            table = _Methods.from_buffer_copy(beneath.contents)
            table.iVersion = min(table.iVersion, 3)
            self.tables[address] = table
            for name, kind, make in (
                ("xClose", _Close, self._closing),
                ("xWrite", _Write, self._writing),
                ("xTruncate", _Truncate, self._truncating),
                ("xSync", _Sync, self._syncing),
            ):
                function = kind(make(kind(getattr(beneath.contents, name))))
                self.kept.append(function)
                setattr(table, name, ctypes.cast(function, c_void_p))
        return self.tables[address]

    def _closing(self, real):
        def close(file: int) -> int:
            self.open_files.pop(file, None)
            return real(file)

        return close

    def _writing(self, real):
        def write(file: int, data: int, count: int, at: int) -> int:
            verdict = real(file, data, count, at)
            if verdict == OK:
                self.watcher.wrote(self.open_files[file], at, ctypes.string_at(data, count))
            return verdict

        return write

    def _truncating(self, real):
        def truncate(file: int, size: int) -> int:
            verdict = real(file, size)
            if verdict == OK:
                self.watcher.truncated(self.open_files[file], size)
            return verdict

        return truncate

    def _syncing(self, real):
        def sync(file: int, flags: int) -> int:
            path = self.open_files[file]
            if not self.watcher.syncing(path):
                return IOERR_FSYNC
            # the folder is synced after the file and inside the same call: what it makes durable is told in that order
            self.watcher.synced(path)
            return real(file, flags)

        return sync
