"""What `run` says of an execution before and after: its id and what it is first, its table and verdict last."""

from collections.abc import Iterable

from orchestrator.commands.printing import as_typed, printable, write_err, write_out
from orchestrator.commands.summary import MARKS, STYLES, task_rows, task_titles
from orchestrator.commands.tables import write_table
from orchestrator.core.executions import Execution, TaskRun
from orchestrator.core.redaction import shown_parameters
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.operations.telling import files_of, why
from orchestrator.settings import source_label
from orchestrator.translation import _


def introduce(execution: Execution) -> None:
    """The id is the first line, so that `run | head -1` gives it; then where data comes from, and what is assumed."""
    write_out(execution.execution_id)
    say_what_it_is(execution)


def say_what_it_is(execution: Execution) -> None:
    """All of `introduce` but the id."""
    request = execution.request
    what = _("workflow {name}").format(name=request.workflow) if request.workflow else _("selected tasks")
    how = (
        _("up to {count} tasks at once").format(count=request.max_workers)
        if request.parallel
        else _("one task after the other")
    )
    write_out(printable(_("{what}: {count} tasks, {how}").format(what=what, count=len(request.tasks), how=how)))
    if request.data_source is not None:
        write_out(printable(_("Data source: {label}").format(label=source_label(request.data_source))))
    for name, value in shown_parameters(request.parameters).items():
        write_out(printable(_("Parameter {name} = {value}").format(name=name, value=value)))
    if request.assumed_satisfied:
        write_err(
            printable(
                _("Warning: not selected and taken as done: {tasks} (--with-dependencies executes them too)").format(
                    tasks=", ".join(request.assumed_satisfied)
                )
            )
        )
    if request.rerun_of is not None:
        write_out(printable(_("Repeats execution {execution_id}").format(execution_id=request.rerun_of)))
        if request.kept:
            write_out(printable(_("Results kept: {tasks}").format(tasks=", ".join(request.kept))))


def sum_up(
    execution_id: str, status: ExecutionStatus, duration: float | None, runs: Iterable[TaskRun], *, code: int
) -> None:
    """The table of tasks, what failed and why, the verdict, and the files that tasks told of."""
    runs = list(runs)
    write_out("")
    write_table(task_titles(), task_rows(runs), styles=[STYLES[run.status] for run in runs])
    write_out("")
    for run in runs:
        if run.status is TaskStatus.FAILED:  # the table may have cut it
            write_out(f"{MARKS[run.status]} {printable(run.key.task_id)}: {printable(as_typed(why(run)))}")
    write_out(
        _("Execution {execution_id}: {status} in {duration} s (exit code {code})").format(
            execution_id=execution_id,
            status=_(status.value),
            duration="–" if duration is None else f"{duration:.2f}",
            code=code,
        )
    )
    for run in runs:
        for name, path in files_of(run.output).items():
            write_out(printable(f"{name}: {path}"))
