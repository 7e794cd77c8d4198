"""Imports the project's modules from their source as it lies there now, and remembers which source that was.

Python's own loader takes bytecode for a source of the same size and the same second: an edit that quick is not seen
(PEP 552 says so). Here bytecode is kept by the hash of its source, which any Python reads and keeps up too.
"""

import hashlib
import marshal
import os
import sys
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from types import CodeType
from typing import TYPE_CHECKING

from orchestrator.executors.lookup import is_installed

if TYPE_CHECKING:
    from importlib.abc import PathEntryFinder

_CHECKED_HASH = (0b11).to_bytes(4, "little")
"""The flags of bytecode whose source is compared by hash at every import (PEP 552)."""

_sources: dict[str, str] = {}
"""sha256 of each module's source, by the module's name."""


class HashedSourceLoader(SourceFileLoader):
    """Takes bytecode only where it was made of this very source."""

    def get_code(self, fullname: str) -> CodeType:
        """The code of the module's source as it was read just now. Raises OSError, SyntaxError."""
        path = self.get_filename(fullname)
        source = self.get_data(path)
        _sources[fullname] = hashlib.sha256(source).hexdigest()
        head = MAGIC_NUMBER + _CHECKED_HASH + source_hash(source)
        kept_in = _place_of_bytecode(path)
        code = self._kept_code(kept_in, head)
        if code is None:
            code = self.source_to_code(source, path)
            if kept_in and not sys.dont_write_bytecode:
                self.set_data(kept_in, head + marshal.dumps(code))  # whole or not at all; silent where nobody may write
        return code

    def _kept_code(self, path: str, head: bytes) -> CodeType | None:
        try:
            data = self.get_data(path)
            code = marshal.loads(data[len(head) :]) if data.startswith(head) else None  # noqa: S302 - as any import does
        except (OSError, ValueError, EOFError, TypeError):
            return None  # none was kept, or not whole
        return code if isinstance(code, CodeType) else None


_find = FileFinder.path_hook(
    (ExtensionFileLoader, EXTENSION_SUFFIXES),
    (HashedSourceLoader, SOURCE_SUFFIXES),
    (SourcelessFileLoader, BYTECODE_SUFFIXES),
)


def load_by_source() -> None:
    """Let every module that is imported from now on come through here, except from folders of installed packages."""
    if _of_the_project not in sys.path_hooks:
        sys.path_hooks.insert(0, _of_the_project)
        sys.path_importer_cache.clear()


def _of_the_project(folder: str) -> "PathEntryFinder":
    if is_installed(os.path.realpath(folder or ".")):
        raise ImportError(folder)  # the next hook's
    return _find(folder)


def source_sha256(module_path: str) -> str | None:
    """Of the module's source as it was read for its import here; None where it has none, or did not come through."""
    return _sources.get(module_path)


def _place_of_bytecode(path: str) -> str:
    try:
        return cache_from_source(path)
    except NotImplementedError:
        return ""
