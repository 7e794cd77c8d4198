"""What the state store and the folders hold, how much room they take, and how much is left."""

import os
import shutil
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from orchestrator.core.errors import OrchestratorError
from orchestrator.operations.parts import Parts
from orchestrator.operations.upkeep import SQLITE, state_file
from orchestrator.stores import open_upkeep

MOST_LOOKED_AT: Final = 5_000
LONGEST_LOOK: Final = 0.2
"""Seconds for one folder."""


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What a folder holds; `more` where not all of it was looked at."""

    path: str
    files: int
    size: int
    more: bool


@dataclass(frozen=True, kw_only=True)
class Stock:
    """As of one moment; sizes in bytes, None where they cannot be told."""

    kind: str
    """`sqlite`, `memory` …"""
    path: str
    engine: str
    """The database's own version; empty where there is none."""
    size: int | None
    journal: int | None
    schema: int | None
    free: int | None
    """Room on the disk that holds home."""
    last_position: int
    numbers: Mapping[str, Mapping[str, int]]
    folders: Mapping[str, Weight]


def stock_of(parts: Parts) -> Stock:
    """Count and weigh; raises StoreUnusable. Counts go over the whole store: not to be asked again and again."""
    settings = parts.settings
    path, url = state_file(parts), settings.state_url
    return Stock(
        kind=url.partition("://")[0],  # the rest of a database's address may hold a password
        path="" if path is None else str(path),
        engine=f"SQLite {sqlite3.sqlite_version}" if url.startswith(SQLITE) else "",
        size=None if path is None else _size(path),
        journal=None if path is None else _size(path.with_name(f"{path.name}-wal")),
        schema=None if path is None else _schema(url),
        free=_free(settings.home),
        last_position=parts.store.last_position(),
        numbers=parts.store.numbers(),
        folders={
            "logs": weigh(settings.logs),
            "attempts": weigh(settings.state / "attempts"),
            "reports": weigh(settings.reports),
        },
    )


def weigh(folder: Path) -> Weight:
    """Files of a folder and of those in it, as far as `MOST_LOOKED_AT` and `LONGEST_LOOK` reach."""
    give_up_at = time.monotonic() + LONGEST_LOOK
    files = size = seen = 0
    left = [folder]
    while left:
        try:
            with os.scandir(left.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if seen > MOST_LOOKED_AT or time.monotonic() > give_up_at:
                        return Weight(path=str(folder), files=files, size=size, more=True)
                    if entry.is_dir(follow_symlinks=False):
                        left.append(Path(entry.path))
                    else:
                        files, size = files + 1, size + entry.stat(follow_symlinks=False).st_size
        except OSError:  # gone meanwhile, or not to be looked into
            continue
    return Weight(path=str(folder), files=files, size=size, more=False)


def _size(path: Path) -> int:
    """Asked of the folder, never by opening: closing a descriptor would drop the locks of an open store."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _schema(url: str) -> int | None:
    try:
        return open_upkeep(url).schema_version()
    except OrchestratorError:
        return None


def _free(home: Path) -> int | None:
    try:
        return shutil.disk_usage(home).free
    except OSError:
        return None
