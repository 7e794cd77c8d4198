"""`cancel` and `mark`: what may be asked of an execution from any terminal (semantics D7)."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, latest_option
from orchestrator.commands.servers import server_url
from orchestrator.translation import _


@click.command("cancel", help=_("End an execution as cancelled, whoever drives it; its history stays."))
@click.argument("execution_id", metavar="ID", required=False)
@latest_option
@click.option("--reason", metavar="TEXT", default="", help=_("Why; kept with the order."))
@config_option
def cancel(execution_id: str | None, latest: bool, reason: str, config: Path | None) -> int:
    """0 where it is cancelled or had ended before; 5 where its owner did not obey in time."""
    url = server_url()
    if url is not None:
        from orchestrator.commands.server_looking import cancel_there

        return cancel_there(url, execution_id, latest=latest, reason=reason, config=config)
    from orchestrator.commands.executions import chosen, reading
    from orchestrator.commands.printing import write_err, write_out

    with reading(config) as orchestrator:
        known = chosen(orchestrator, execution_id, latest=latest)
        now = orchestrator.cancel(known, reason=reason)
        write_out(_("Execution {execution_id}: {status}").format(execution_id=now.execution_id, status=_(now.status)))
        if known.status.final:
            write_err(_("It had ended before; nothing was changed"))
        elif not now.status.final:
            write_err(_("The cancel is stored and will win, but its owner has not obeyed yet; see `etl status`"))
            return 5
    return 0


@click.command("mark", help=_("Declare a task that is not under way completed or skipped; kept with who and why."))
@click.argument("execution_id", metavar="ID")
@click.argument("task_id", metavar="TASK")
@click.option(
    "--as", "mark_as", type=click.Choice(["completed", "skipped"]), required=True, help=_("What it is to count as.")
)
@click.option("--reason", metavar="TEXT", required=True, help=_("Why; kept in the event log and in the report."))
@config_option
def mark(execution_id: str, task_id: str, mark_as: str, reason: str, config: Path | None) -> int:
    """0 where it is marked."""
    from orchestrator.commands.executions import reading
    from orchestrator.commands.printing import printable, write_out
    from orchestrator.core.states import TaskStatus

    with reading(config) as orchestrator:
        execution = orchestrator.find_execution(execution_id)
        orchestrator.mark(execution, task_id, TaskStatus(mark_as), reason=reason)
        write_out(_("Task {task_id}: {status}").format(task_id=printable(task_id), status=_(mark_as)))
    return 0
