"""What a server has to do with: its configurations, the store, the workers beside it; opened with its lifespan."""

import logging
import os
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from orchestrator.core.errors import ConfigurationRefused, OrchestratorError, UsageError
from orchestrator.core.messages import N_
from orchestrator.core.redaction import secret_values
from orchestrator.core.storing import Store
from orchestrator.core.tasks import Registry
from orchestrator.documents.checked import open_configuration, remember
from orchestrator.listeners.outbox import Lasting
from orchestrator.operations.parts import REPORT, Parts
from orchestrator.settings import Settings
from orchestrator.stores import open_store

logger = logging.getLogger(__name__)

MOST_CONFIGURATIONS: Final = 200
REFUSED: Final = 5.0
"""Seconds for which a configuration that was refused is not read again, unless it changes."""


@dataclass(frozen=True, kw_only=True)
class _Known:
    """A configuration as it was when it was last read."""

    signature: tuple[int, ...]
    found: Registry | ConfigurationRefused
    at: float
    """By the monotonic clock."""

    def holds(self, signature: tuple[int, ...]) -> bool:
        """A refusal holds only for a moment: it may have been the disk's fault, which no change of the file tells."""
        refused = isinstance(self.found, ConfigurationRefused)
        return (
            bool(signature) and self.signature == signature and not (refused and time.monotonic() > self.at + REFUSED)
        )


@dataclass(kw_only=True)
class House:
    """Settings, definitions and stores for the handlers of one server; every method may be called by any thread."""

    settings: Settings
    _known: dict[Path, _Known] = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _mine: threading.local = field(init=False, default_factory=threading.local)
    _stores: dict[threading.Thread, Store] = field(init=False, default_factory=dict)
    _zone_from: Registry = field(init=False, default_factory=Registry)
    """The definitions that could be read last."""

    def open(self) -> None:
        """Make the folders, open the store once, write what reports an earlier process owes.

        Raises StoreUnusable, HomeUnusable.
        """
        parts = self.parts(Registry())
        hidden = secret_values(self.settings.environment)
        try:
            Lasting(parts.report_file(hidden), REPORT, parts.store).deliver_what_is_left()
        except OrchestratorError as trouble:
            logger.warning("%s", trouble)

    def close(self) -> None:
        """Let go of every store; one that is used later opens anew."""
        with self._lock:
            stores, self._stores, self._mine = self._stores, {}, threading.local()
        for store in stores.values():
            store.close()

    @property
    def store(self) -> Store:
        """The store of this thread: threads that shared one would wait for each other."""
        store: Store | None = getattr(self._mine, "store", None)
        if store is None:
            parts = Parts(Registry(), self.settings)
            store = parts.store if not self._stores else open_store(self.settings.state_url)
            self._mine.store = store
            with self._lock:
                left = [thread for thread in self._stores if not thread.is_alive()]
                gone = [self._stores.pop(thread) for thread in left]  # the pool's threads come and go
                self._stores[threading.current_thread()] = store
            for one in gone:
                one.close()
        return store

    def last_position(self) -> int:
        """The place of the latest event in the store."""
        return self.store.last_position()

    def parts(self, registry: Registry | None = None, config_file: str | None = None) -> Parts:
        """What operations need, with this thread's store and the definitions that hold now.

        Raises UsageError for an unknown `config_file`, ConfigurationRefused.
        """
        if registry is not None:
            return Parts(registry, self.settings, self.store)
        path = self.configuration(config_file)
        return Parts(self._registry(path), replace(self.settings, config=path), self.store)

    def parts_at_hand(self) -> Parts:
        """What needs no definitions that hold now: a broken configuration keeps nobody from looking and cancelling."""
        try:
            return self.parts()
        except ConfigurationRefused:
            return self.parts(self._zone_from)

    def configuration(self, name: str | None) -> Path:
        """The file of that bare name in the configuration's folder; without one, the server's own (S1).

        Raises UsageError where no file there is called so.
        """
        if name is None:
            return self.settings.config
        for known in self.configurations():
            if known.name == name:
                return known
        raise UsageError(
            N_("no configuration is called {name!r}; there are: {known}"),
            name=name[:80],
            known=", ".join(path.name for path in self.configurations()),
        )

    def configurations(self) -> list[Path]:
        """The JSON files beside the server's configuration, plain files only, by name."""
        folder = self.settings.config.parent
        try:
            with os.scandir(folder) as entries:
                names = sorted(
                    entry.name
                    for entry in entries
                    if entry.name.endswith(".json") and not entry.name.startswith(".") and entry.is_file()
                )
        except OSError:  # the folder is gone: nothing in it has a name
            names = []
        return [folder / name for name in names[:MOST_CONFIGURATIONS]]

    def _registry(self, path: Path) -> Registry:
        """Read again only where the file changed."""
        try:
            found = path.stat()
        except OSError:
            signature: tuple[int, ...] = ()
        else:
            signature = (found.st_ino, found.st_size, found.st_mtime_ns)
        known = self._known.get(path)
        if known is None or not known.holds(signature):
            known = self._known[path] = _Known(signature=signature, found=self._read(path), at=time.monotonic())
        if isinstance(known.found, ConfigurationRefused):
            raise known.found.with_traceback(None)  # it is raised again and again, and would grow by each
        if path == self.settings.config:
            self._zone_from = known.found
        return known.found

    def _read(self, path: Path) -> Registry | ConfigurationRefused:
        """A refusal is an answer, too: it is found once, and not by everybody who asks."""
        try:
            checked = open_configuration(path, self.settings.checked)
        except ConfigurationRefused as refusal:
            return refusal
        remember(checked, self.settings.checked)
        return checked.registry

    def usable(self) -> list[str]:
        """Why the server cannot do its work; nothing where it can."""
        troubles = []
        try:
            self.store.last_position()
        except OrchestratorError as trouble:
            troubles.append(str(trouble))
        try:
            self.parts()
        except ConfigurationRefused as trouble:
            troubles.append(str(trouble))
        except UsageError as trouble:
            troubles.append(str(trouble))
        return troubles
