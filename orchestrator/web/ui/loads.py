"""Datos: what the last loads changed, table by table, how good the tables were found, and which files were reported."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from orchestrator.core.executions import Execution, TaskRun
from orchestrator.core.messages import N_, Message
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.operations.parts import Parts
from orchestrator.operations.reported import (
    BrokenRule,
    Quality,
    TableLoad,
    TableQuality,
    cut_of,
    quality_of,
    tables_of,
    warnings_of,
)
from orchestrator.operations.reported_files import NotHandedOut, look_at
from orchestrator.operations.telling import files_of
from orchestrator.translation import _, current_language
from orchestrator.web.ui.files import address_of, whole

LOOKED_AT: Final = 50
"""Executions, the newest."""
MOST_RUNS: Final = 3000
"""Task runs that one rendering reads; those of executions that have ended are remembered."""
REMEMBERED: Final = 200
"""Executions."""
MOST_FILES: Final = 100
SLACK: Final = timedelta(seconds=2)
"""Disks and the store do not tell the time alike."""
WORDS: Final = frozenset(
    {
        N_("excellent"),
        N_("good"),
        N_("acceptable"),
        N_("fair"),
        N_("needs improvement"),
        N_("poor"),
        N_("critical"),
        N_("high"),
        N_("medium"),
        N_("low"),
    }
)
"""Classes and severities that the city's own tasks report; others are shown as they were told."""
COLOURS: Final = {"excellent": "good", "good": "good", "needs improvement": "bad", "poor": "bad", "critical": "bad"}
STATUSES: Final = tuple(status for status in ExecutionStatus if status is not ExecutionStatus.QUEUED)


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What one task of one execution reported of data."""

    execution: Execution
    run: TaskRun
    """Without its output, which may be large."""
    tables: Mapping[str, TableLoad]
    quality: Quality | None
    cut: date | None
    warnings: Sequence[str]
    files: Mapping[str, str]

    @property
    def at(self) -> datetime:
        """When it was reported."""
        return self.run.ended_at or self.execution.created_at


@dataclass(frozen=True, kw_only=True)
class Row:
    """A table with its latest load, and how good it was found since."""

    load: TableLoad
    by: Reported
    quality: TableQuality | None
    judged_before: bool
    """Whether that was before the load."""

    @property
    def refused(self) -> int | None:
        """Rows that were turned away, as the load tells it, else the judgement."""
        if self.load.refused is not None:
            return self.load.refused
        return None if self.quality is None else self.quality.refused


@dataclass(frozen=True, kw_only=True)
class File:
    """A reported file: what it is, where, and its address or why it has none."""

    name: str
    path: str
    by: Reported
    address: str | None = None
    is_folder: bool = False
    size: int = 0
    newer: bool = False
    """Whether it was written again since it was reported."""
    why: Message | None = None


@dataclass(kw_only=True)
class Memory:
    """What executions reported that have ended: they report no more."""

    _known: OrderedDict[str, Sequence[Reported]] = field(init=False, default_factory=OrderedDict)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def knows(self, execution_id: str) -> Sequence[Reported] | None:
        """What it reported; None where that is not remembered."""
        with self._lock:
            return self._known.get(execution_id)

    def keep(self, execution: Execution, reported: Sequence[Reported]) -> None:
        """Remember it, if it is final."""
        if execution.status.final:
            with self._lock:
                self._known[execution.execution_id] = reported
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)


def latest_loads(parts: Parts, memory: Memory, workflow: str | None = None) -> tuple[list[Reported], int | None]:
    """What the latest executions reported, the newest first, and of how many; None where there are no older ones.

    Only those of the same data source as the newest load: two sources have a warehouse each, and never a common table.
    """
    executions = parts.store.list_executions(limit=LOOKED_AT, statuses=STATUSES, workflow=workflow)
    reported = _reported_by(parts, memory, executions)
    loaded = (one.execution.request.data_source for each in reported for one in each if one.tables)
    source = next(loaded, None)
    found = [one for each in reported for one in each if source in {None, one.execution.request.data_source}]
    return found, None if len(reported) == len(executions) < LOOKED_AT else len(reported)


def of_execution(parts: Parts, memory: Memory, execution_id: str) -> list[Reported]:
    """What one execution reported, with results that it took over from others; raises NoSuchExecution."""
    execution = parts.store.get_execution(execution_id)
    known = memory.knows(execution_id)
    runs = parts.store.task_runs(execution_id)
    own = known if known is not None else _reported(execution, runs, taken_over=False)
    return [*own, *_reported(execution, runs, taken_over=True)]


def data_page(
    parts: Parts, memory: Memory, *, workflow: str | None = None, execution_id: str | None = None
) -> dict[str, Any]:
    """What the page shows; raises StoreUnusable, NoSuchExecution."""
    latest, looked_at = latest_loads(parts, memory, workflow)
    shown = latest if execution_id is None else of_execution(parts, memory, execution_id)
    judged = next((one for one in shown if one.quality is not None), None)
    rows = list(_rows(shown, judged))
    dated = next((one for one in shown if one.cut is not None), None)
    return {
        "rows": rows,
        "cut": dated.cut if dated is not None else None,
        "cut_by": dated,
        "judged": judged,
        "quality": judged.quality if judged is not None else None,
        "severities": _by_severity(judged.quality.broken if judged is not None and judged.quality is not None else ()),
        "scores": _scores(latest) if execution_id is None else [],
        "warnings": _warnings(shown),
        "files": _files(parts, shown),
        "loads": [one for one in latest if one.tables],
        "looked_at": looked_at if execution_id is None else None,
        "chosen": execution_id or "",
        "workflow": workflow or "",
        "workflows": sorted(parts.registry.workflows),
        "source": next((one.execution.request.data_source for one in shown if one.tables), None),
        "zone": parts.zone,
        "word": word,
        "colour": colour,
        "points": points,
    }


def word(told: str) -> str:
    """A class or severity in the reader's words."""
    plain = told.lower().replace("_", " ")
    return _(plain) if plain in WORDS else told


def colour(grade: str) -> str:
    """`good`, `bad`, or nothing."""
    return COLOURS.get(grade.lower().replace("_", " "), "")


def points(score: Decimal | None, sign: str = "") -> str:
    """Two decimals, so that 99.98 does not look like all there is; with `+` as `sign` it is a difference."""
    if score is None:
        return "–"
    text = f"{score:{sign}.2f}"
    return text if current_language() == "en" else text.replace(".", ",")


def _reported_by(parts: Parts, memory: Memory, executions: Sequence[Execution]) -> list[Sequence[Reported]]:
    """What each reported, as far as `MOST_RUNS` reaches; what is not remembered is read at once."""
    known = {execution.execution_id: memory.knows(execution.execution_id) for execution in executions}
    asked, left = list(executions), MOST_RUNS
    for place, execution in enumerate(executions):
        if known[execution.execution_id] is None:
            left -= len(execution.request.tasks)
            if left < 0:
                asked = asked[:place]
                break
    unread = [execution for execution in asked if known[execution.execution_id] is None]
    runs = parts.store.task_runs_of([execution.execution_id for execution in unread]) if unread else {}
    for execution in unread:
        read = list(_reported(execution, runs.get(execution.execution_id, ()), taken_over=False))
        known[execution.execution_id] = read
        memory.keep(execution, read)
    return [known[execution.execution_id] or () for execution in asked]


def _reported(execution: Execution, runs: Sequence[TaskRun], *, taken_over: bool) -> Iterator[Reported]:
    """The latest task first. A result that was taken over from another execution is no load of this one."""
    completed = [run for run in runs if run.status is TaskStatus.COMPLETED]
    for run in sorted(completed, key=lambda run: (run.ended_at or execution.created_at, run.position), reverse=True):
        if (run.cached_from is not None) is not taken_over:
            continue
        tables, quality, files = tables_of(run.output), quality_of(run.output), files_of(run.output)
        if tables or quality or files:
            yield Reported(
                execution=execution,
                run=replace(run, output=None),
                tables=tables,
                quality=quality,
                cut=cut_of(run.output),
                warnings=warnings_of(run.output) if tables or quality else (),
                files=dict(list(files.items())[:MOST_FILES]),
            )


def _rows(shown: Sequence[Reported], judged: Reported | None) -> Iterator[Row]:
    """Each table once, with its latest load, in the order of the newest load."""
    seen: set[str] = set()
    for one in shown:
        for name, load in one.tables.items():
            if name not in seen:
                seen.add(name)
                found = judged.quality.tables.get(name) if judged is not None and judged.quality is not None else None
                before = judged is not None and judged.at < one.at
                yield Row(load=load, by=one, quality=found, judged_before=before)


def _by_severity(broken: Sequence[BrokenRule]) -> list[tuple[str, list[BrokenRule]]]:
    return [(severity, list(rules)) for severity, rules in groupby(broken, key=lambda rule: rule.severity)]


def _scores(latest: Sequence[Reported]) -> list[tuple[Reported, Decimal]]:
    """The scores of the whole, the oldest first."""
    judged = [(one, one.quality.score) for one in latest if one.quality is not None and one.quality.score is not None]
    return judged[::-1]


def _warnings(shown: Sequence[Reported]) -> list[tuple[Reported, Sequence[str]]]:
    """Of the latest run of each task."""
    latest: dict[str, Reported] = {}
    for one in shown:
        latest.setdefault(one.run.key.task_id, one)
    return [(one, one.warnings) for one in latest.values() if one.warnings]


def _files(parts: Parts, shown: Sequence[Reported]) -> list[File]:
    """Of the latest run of each task that reported any."""
    latest: dict[str, Reported] = {}
    for one in shown:
        if one.files:
            latest.setdefault(one.run.key.task_id, one)
    return [_file(parts, one, number, name) for one in latest.values() for number, name in enumerate(one.files)][
        :MOST_FILES
    ]


def _file(parts: Parts, by: Reported, number: int, name: str) -> File:
    path = by.files[name]
    told = File(name=whole(name), path=whole(path), by=by)
    try:
        found = look_at(parts, path)
    except NotHandedOut as why:
        return replace(told, why=why.message)
    address = address_of(by.execution.execution_id, by.run.position, number, found)
    newer = found.changed_at > by.at + SLACK
    return replace(told, address=address, is_folder=found.is_folder, size=found.size, newer=newer)
