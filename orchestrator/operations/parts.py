"""What every operation needs of the house: definitions, settings, the store, and how they make each other."""

import os
import stat
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestrator.core.errors import AmbiguousExecution, HomeUnusable, NoSuchExecution, UsageError
from orchestrator.core.executions import Execution
from orchestrator.core.identity import is_execution_id, is_part_of_id
from orchestrator.core.messages import N_
from orchestrator.core.plan import Plan
from orchestrator.core.redaction import redact
from orchestrator.core.storing import AttemptLogs, Store
from orchestrator.core.tasks import Registry
from orchestrator.engine.calls import CallMaker
from orchestrator.listeners.report_file import ReportFile
from orchestrator.operations.crashing import arm_for_tests
from orchestrator.settings import SHIPPED, Settings, read_settings
from orchestrator.stores import open_store

REPORT = "report"
"""The report's name in the outbox."""


class Parts:
    """Store, folders and zone for one set of definitions; nothing is opened before it is asked for."""

    def __init__(self, registry: Registry, settings: Settings | None = None, store: Store | None = None) -> None:
        self.registry = registry
        self._settings = settings
        self._store = store

    def with_registry(self, registry: Registry) -> "Parts":
        """The same house with other definitions, such as those that an execution was started with."""
        return Parts(registry, self.settings, self.store)

    @cached_property
    def settings(self) -> Settings:
        """Where things lie; read at first use."""
        return self._settings or read_settings()

    @property
    def store(self) -> Store:
        """The state store; opened at first use. Raises StoreUnusable, HomeUnusable."""
        if self._store is None:
            arm_for_tests(self.settings.environment)
            self._prepare_home()
            self._store = open_store(self.settings.state_url)
        return self._store

    @property
    def attempt_logs(self) -> AttemptLogs:
        """What attempts wrote."""
        from orchestrator.stores import open_attempt_logs  # noqa: PLC0415 - for the few that read logs

        return open_attempt_logs(self.settings.home)

    @property
    def zone(self) -> tzinfo:
        """The zone of ids, logs and reports: the configuration's, else the machine's."""
        named = self.registry.limits.timezone
        if named:
            return ZoneInfo(named)
        try:
            local = datetime.now().astimezone().tzinfo
        except ValueError:  # `TZ` names an offset of a day or more; the C library takes UTC for other nonsense
            local = UTC
        assert local is not None
        return local

    def close(self) -> None:
        """Let go of the store; it opens anew where it is used again."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def call_maker(self, plan: Plan) -> CallMaker:
        """Makes the calls of an execution of `plan`."""
        return CallMaker(
            plan=plan,
            limits=self.registry.limits,
            zone=self.zone,
            home=self.settings.home,
            state=self.settings.state,
            environments={
                "inherit": self.settings.task_environment(clean=False),
                "clean": self.settings.task_environment(clean=True),
            },
            search_path=self.settings.search_path,
            allowed_modules=SHIPPED,
            secret=self.settings.secret,
            known=self.registry.tasks,
        )

    def report_file(self, hidden: frozenset[str]) -> ReportFile:
        """Writes reports without what is to stay hidden."""
        return ReportFile(self.settings.reports, self.store, zone=self.zone, clean=lambda value: redact(value, hidden))

    def lock_path(self, execution_id: str) -> Path:
        """The file that whoever drives the execution keeps locked."""
        return self.settings.locks / f"{execution_id}.lock"

    def find_execution(self, part: str) -> Execution:
        """The execution whose id is `part`, or holds it and no other does.

        Raises NoSuchExecution, AmbiguousExecution; the characters are checked before any look-up (D6).
        """
        if not is_part_of_id(part):
            raise NoSuchExecution(part)
        if is_execution_id(part):
            with suppress(NoSuchExecution):
                return self.store.get_execution(part)
        found = self.store.find_executions(part)
        if not found:
            raise NoSuchExecution(part)
        if len(found) > 1:
            raise AmbiguousExecution(part, found)
        return self.store.get_execution(found[0])

    def latest_execution(self) -> Execution | None:
        """The execution that was asked for last; None before the first."""
        latest = self.store.list_executions(limit=1)
        return latest[0] if latest else None

    def _prepare_home(self) -> None:
        for folder in (self.settings.home, self.settings.state, self.settings.logs, self.settings.reports):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as why:
                raise HomeUnusable(
                    N_("folder {path} cannot be made: {why}; ETL_HOME chooses another place"), path=str(folder), why=why
                ) from why
        _check_private(self.settings.state)


def _check_private(folder: Path) -> None:
    """Raise HomeUnusable where others own the folder of the state or may write into it: they could decide what runs."""
    if os.name != "posix":
        return
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise HomeUnusable(
            N_("folder {path} belongs to another user; ETL_HOME chooses another place, or: chown {user} {path}"),
            path=str(folder),
            user=os.geteuid(),
        )
    if stat.S_IMODE(found.st_mode) & 0o022:
        raise HomeUnusable(
            N_("others may write into folder {path}; take the rights away: chmod go-w {path}"), path=str(folder)
        )


def registry_as_started(parts: Parts, execution: Execution) -> Registry:
    """The definitions that `execution` was started with (D13); raises UsageError where they are not stored."""
    from orchestrator.core.snapshot import registry_of  # noqa: PLC0415 - json is all it needs; only who resumes pays

    try:
        return registry_of(parts.store.snapshot(execution.request.snapshot))
    except KeyError:
        raise UsageError(
            N_("the configuration that {execution_id} was started with is not stored any more"),
            execution_id=execution.execution_id,
        ) from None
