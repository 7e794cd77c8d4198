"""Executions of a SQLite store in lists: by state, by workflow, by part of the id, and how they went."""

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from orchestrator.core.errors import NoSuchExecution
from orchestrator.core.executions import Execution, TaskRun
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.storing import Outcomes
from orchestrator.stores import sql
from orchestrator.stores.records import read_execution, read_request, read_task_run, time_or_none, time_text
from orchestrator.stores.sqlite_file import SqliteFile


class SqliteListing(SqliteFile):
    """The part of the store that looks up executions and their task runs."""

    def get_execution(self, execution_id: str) -> Execution:
        """The execution; raises NoSuchExecution."""
        rows = self._read(sql.EXECUTION, execution_id)
        if not rows:
            raise NoSuchExecution(execution_id)
        return self._records(execution_from, rows)[0]

    def find_executions(self, part: str, *, limit: int = 10) -> list[str]:
        """Ids that contain `part`, newest first."""
        return [row["execution_id"] for row in self._read(sql.FIND_EXECUTIONS, _pattern(part), limit)]

    def list_executions(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        statuses: Iterable[ExecutionStatus] = (),
        workflow: str | None = None,
        since: datetime | None = None,
        part: str | None = None,
    ) -> list[Execution]:
        """Newest first; raises NoSuchExecution where `before` is unknown."""
        wanted = [*dict.fromkeys(statuses)]
        with self._reading() as connection:
            border: tuple[str, ...] = ()
            if before is not None:
                row = connection.execute(sql.EXECUTION_WITHOUT_REQUEST, (before,)).fetchone()
                if row is None:
                    raise NoSuchExecution(before)
                border = (row["created_at"], before)
            filters = (*(() if workflow is None else (workflow,)), *(() if part is None else (_pattern(part),)))
            last = (*filters, *border, time_or_none(since) or "", limit)
            values = [value for status in wanted for value in (status, *last)] if wanted else [*last]
            statement = sql.list_executions(
                len(wanted), workflow=workflow is not None, part=part is not None, before=bool(border)
            )
            rows = connection.execute(statement, (*values, limit)).fetchall()
        return self._records(execution_from, rows)

    def task_runs(self, execution_id: str) -> list[TaskRun]:
        """By position, then index; empty for an unknown execution."""
        return self._records(read_task_run, self._read(sql.TASK_RUNS, execution_id))

    def task_runs_of(
        self, execution_ids: Iterable[str], *, task_ids: Iterable[str] = ()
    ) -> Mapping[str, list[TaskRun]]:
        """Task runs of several executions at once; an unknown one has none."""
        found: dict[str, list[TaskRun]] = {execution_id: [] for execution_id in execution_ids}
        tasks = tuple(task_ids)
        for run in self._records(read_task_run, self._read(sql.task_runs_of(len(found), len(tasks)), *found, *tasks)):
            found[run.key.execution_id].append(run)
        return found

    def latest_executions(self, workflows: Iterable[str], *, each: int) -> Mapping[str, list[Execution]]:
        """The newest of each workflow, newest first."""
        with self._reading() as connection:
            rows = {
                workflow: connection.execute(sql.LATEST_OF_WORKFLOW, (workflow, each)).fetchall()
                for workflow in workflows
            }
        return {workflow: self._records(execution_from, found) for workflow, found in rows.items()}

    def outcomes(self, *, since: datetime) -> list[Outcomes]:
        """How executions that were asked for since then ended, by hour and state."""
        return self._records(_outcomes, self._read(sql.OUTCOMES, time_text(since)))

    def latest_completed(self, task_ids: Iterable[str]) -> Mapping[str, str]:
        """Task id → id of the latest execution that held it, where it completed there."""
        found = {}
        with self._reading() as connection:
            for task_id in task_ids:
                for (execution_id,) in connection.execute(sql.LATEST_EXECUTION_WITH, (task_id,)).fetchall():
                    statuses = connection.execute(sql.STATUSES_OF_TASK, (execution_id, task_id)).fetchall()
                    if all(status == TaskStatus.COMPLETED for (status,) in statuses):
                        found[task_id] = execution_id
        return found


def execution_from(row: sqlite3.Row) -> Execution:
    """An execution from its row, request included."""
    return read_execution(row, read_request(row["request"]))


def _pattern(part: str) -> str:
    """For LIKE, where `!` escapes: an id is full of `_`, which would stand for any character."""
    escaped = part.replace("!", "!!").replace("_", "!_").replace("%", "!%")
    return f"%{escaped}%"


def _outcomes(row: sqlite3.Row) -> Outcomes:
    return Outcomes(
        hour=datetime.fromisoformat(f"{row['hour']}:00").replace(tzinfo=UTC),
        status=ExecutionStatus(row["status"]),
        count=row["number"],
        seconds=row["seconds"],
    )
