"""Files written beside and renamed, so that a reader never sees half of one."""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import polars as pl

from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.translation import _

FOLDER_MODE = 0o700


def make_folder(path: Path) -> Path:
    """`path`, made with its parents if absent, closed to other users of the machine."""
    for folder in reversed([path, *path.parents]):
        if not folder.exists():
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    return path


def write_bytes_atomic(path: Path, data: bytes, *, mode: int = 0o600) -> Path:
    """Put `data` at `path`, whole or not at all, and on the disk when this returns."""
    return _write_beside(path, lambda file: file.write(data), mode)


def write_whole(path: Path, write: Callable[[BinaryIO], object], *, mode: int = 0o600) -> Path:
    """Let `write` fill `path` as a stream: whole or not at all; if it raises, what was at `path` stays."""
    return _write_beside(path, write, mode)


def write_bytes_once(path: Path, data: bytes) -> None:
    """Put `data` at `path` unless something is there already: of several at once, the first one wins for all."""
    beside = write_bytes_atomic(path.with_name(f".{path.name}.{secrets.token_hex(8)}"), data)
    try:
        os.link(beside, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        if not path.exists():
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> Path:
    """Put `value` at `path` as UTF-8 JSON with sorted keys; dates and decimals become text."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str)
    return write_bytes_atomic(path, f"{text}\n".encode())


def read_json(path: Path, *, made_by: str | None = None) -> object:
    """The JSON value at `path`.

    Raises:
        MissingInput: the file is absent and `made_by` names the task that makes it.
        UnreadableInput: it is no JSON, or absent without anyone to make it.
    """
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError as error:
        if made_by is not None:
            raise MissingInput(path, made_by=made_by) from error
        raise UnreadableInput(path, _("there is no such file")) from error
    except ValueError as error:
        raise UnreadableInput(path, str(error)) from error


def write_parquet(path: Path, frame: pl.DataFrame) -> Path:
    """Put `frame` at `path` as parquet."""
    return _write_beside(path, frame.write_parquet, 0o600)


def read_parquet(path: Path, *, made_by: str) -> pl.DataFrame:
    """The frame at `path`.

    Raises:
        MissingInput: the file is absent; its text names the task `made_by` that makes it.
        UnreadableInput: it is no parquet file.
    """
    if not path.is_file():
        raise MissingInput(path, made_by=made_by)
    try:
        return pl.read_parquet(path, glob=False, hive_partitioning=False)
    except pl.exceptions.PolarsError as error:
        raise UnreadableInput(path, str(error)) from error


def _write_beside(path: Path, write: Callable[[BinaryIO], object], mode: int) -> Path:
    make_folder(path.parent)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return path


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
