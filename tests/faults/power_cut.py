"""What a disk may hold after the power failed: a log of writes and syncs, and images of every outcome it allows.

The model, which is harsher than common disks with common file systems:
- what was synced is there; of what was not, each write by itself is there, is not, or is torn;
- a write tears at borders of 512 bytes, and any of its sectors may be the ones that arrived (a sector is whole or not
  there at all, as the disks promise and as SQLite's WAL relies on);
- a write beyond the end of a file may leave zeros in its place: the size arrived and the data did not;
- a new or deleted name is certain only when its folder was synced; syncing the file itself is not enough;
- a sync that failed makes nothing durable, and no later one brings back what it should have made durable.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
Image = Mapping[str, bytes]
"""File name → content."""


@dataclass(frozen=True, kw_only=True)
class Created:
    name: str
    file: int


@dataclass(frozen=True, kw_only=True)
class Deleted:
    name: str


@dataclass(frozen=True, kw_only=True)
class Wrote:
    file: int
    at: int
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Truncated:
    file: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Synced:
    file: int


@dataclass(frozen=True, kw_only=True)
class SyncFailed:
    file: int


@dataclass(frozen=True, kw_only=True)
class FolderSynced:
    pass


NameChange = Created | Deleted
ContentChange = Wrote | Truncated
Operation = NameChange | ContentChange | Synced | SyncFailed | FolderSynced


class DiskLog:
    """A `Watcher` that writes down what happens in one folder, from a durable beginning on."""

    def __init__(self, beginning: Image) -> None:
        self.beginning = dict(beginning)
        self.operations: list[Operation] = []
        self.failing_syncs: set[str] = set()
        """Suffixes of file names whose next sync fails, once."""
        self._files = {name: number for number, name in enumerate(self.beginning)}
        self._count = len(self._files)
        self._seen: dict[str, bytes] = {}

    def created(self, path: Path) -> None:
        self._files[path.name] = self._count
        self.operations.append(Created(name=path.name, file=self._count))
        self._count += 1

    def deleted(self, path: Path) -> None:
        self.operations.append(Deleted(name=path.name))

    def wrote(self, path: Path, at: int, data: bytes) -> None:
        self.operations.append(Wrote(file=self._files[path.name], at=at, data=data))

    def truncated(self, path: Path, size: int) -> None:
        self.operations.append(Truncated(file=self._files[path.name], size=size))

    def syncing(self, path: Path) -> bool:
        failing = {suffix for suffix in self.failing_syncs if path.name.endswith(suffix)}
        self.failing_syncs -= failing
        if failing:
            self.operations.append(SyncFailed(file=self._files[path.name]))
        return not failing

    def synced(self, path: Path) -> None:
        self.operations.append(Synced(file=self._files[path.name]))

    def synced_folder(self, _folder: Path) -> None:
        self.operations.append(FolderSynced())

    def look_around(self, folder: Path) -> None:
        """Log what changed in files that are written past SQLite: written, and never synced."""
        for path in sorted(folder.iterdir()):
            if path.name.endswith(("-wal", "-shm", "-journal", ".db")):
                continue
            content = path.read_bytes()
            if path.name not in self._files:
                self.created(path)
            if self._seen.get(path.name, self.beginning.get(path.name)) != content:
                self._seen[path.name] = content
                self.wrote(path, 0, content)

    def continued(self) -> "DiskLog":
        """A log of what happens next to a copy of the folder, as if it were the same disk."""
        after = DiskLog(self.beginning)
        after.operations, after._files, after._count = list(self.operations), dict(self._files), self._count
        after._seen = dict(self._seen)
        return after


def image_of(folder: Path) -> dict[str, bytes]:
    """The durable files of a store that nobody has open: all but -shm."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}


def write_image(image: Image, folder: Path) -> None:
    """Put the files into a new `folder`."""
    folder.mkdir()
    for name, content in image.items():
        (folder / name).write_bytes(content)


def after_cut(beginning: Image, operations: Sequence[Operation], chance: random.Random) -> dict[str, bytes]:
    """One image that the disk may hold if the power fails right after the last of `operations`."""
    names = {name: number for number, name in enumerate(beginning)}
    contents = {number: bytearray(beginning[name]) for name, number in names.items()}
    unsure: dict[int, list[ContentChange]] = {}
    unsure_names: list[NameChange] = []
    fate = _Fate(chance)
    for operation in operations:
        if isinstance(operation, Wrote | Truncated):
            unsure.setdefault(operation.file, []).append(operation)
        elif isinstance(operation, Synced):
            for change in unsure.pop(operation.file, ()):
                _apply(change, contents[operation.file])
        elif isinstance(operation, SyncFailed):
            fate.strike(unsure.pop(operation.file, ()), contents[operation.file])
        elif isinstance(operation, FolderSynced):
            _rename(unsure_names, names)
            unsure_names = []
        else:
            if isinstance(operation, Created):
                contents[operation.file] = bytearray()
            unsure_names.append(operation)
    for file, changes in unsure.items():
        fate.strike(changes, contents[file])
    _rename([change for change in unsure_names if fate.keeps()], names)
    return {name: bytes(contents[file]) for name, file in names.items()}


class _Fate:
    """How the changes that were not synced fare; one cut may keep all, none, or anything between."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.kept = chance.choice([0.0, 0.1, 0.5, 0.9, 1.0])
        self.torn = chance.choice([0.0, 0.0, 0.3, 1.0])

    def keeps(self) -> bool:
        return self.chance.random() < self.kept

    def strike(self, changes: Iterable[ContentChange], content: bytearray) -> None:
        """Apply each change, a part of it, or nothing."""
        for change in changes:
            if isinstance(change, Wrote) and self.chance.random() < self.torn:
                for sector in _sectors(change):
                    if self.keeps():
                        _apply(sector, content)
            elif self.keeps():
                _apply(change, content)
            elif isinstance(change, Wrote) and self.chance.random() < 0.2:
                _grow(content, change.at + len(change.data))


def _sectors(write: Wrote) -> Iterable[Wrote]:
    """The write in pieces that end where a sector ends."""
    start, end = write.at, write.at + len(write.data)
    while start < end:
        border = min(end, (start // SECTOR + 1) * SECTOR)
        yield Wrote(file=write.file, at=start, data=write.data[start - write.at : border - write.at])
        start = border


def _apply(change: ContentChange, content: bytearray) -> None:
    if isinstance(change, Wrote):
        end = change.at + len(change.data)
        _grow(content, end)
        content[change.at : end] = change.data
        return
    _grow(content, change.size)
    del content[change.size :]


def _grow(content: bytearray, size: int) -> None:
    content.extend(bytes(max(0, size - len(content))))


def _rename(changes: Iterable[NameChange], names: dict[str, int]) -> None:
    for change in changes:
        if isinstance(change, Created):
            names[change.name] = change.file
        else:
            names.pop(change.name, None)
