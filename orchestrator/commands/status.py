"""`status` and `report`: what is stored about executions."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, output_option
from orchestrator.commands.servers import server_url
from orchestrator.translation import _


@click.command("status", help=_("Show an execution, or list them all."))
@click.option("--latest", is_flag=True, help=_("The latest execution."))
@click.option("-e", "--execution-id", metavar="ID", help=_("This execution; an unambiguous part of its id is enough."))
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help=_("At most so many executions.")
)
@config_option
@output_option
def status(latest: bool, execution_id: str | None, limit: int, config: Path | None, form: str) -> int:
    """One execution with its tasks, or the list."""
    from orchestrator.commands.executions import reading, show_execution, show_executions
    from orchestrator.core.errors import NoExecutionYet, UsageError
    from orchestrator.core.messages import N_

    if latest and execution_id is not None:
        raise UsageError(N_("--latest and --execution-id exclude each other"))
    url = server_url()
    if url is not None:
        from orchestrator.commands.server_looking import status_there

        return status_there(url, execution_id, latest=latest, limit=limit, config=config, form=form)
    with reading(config) as orchestrator:
        if execution_id is not None:
            show_execution(orchestrator, orchestrator.find_execution(execution_id), form)
        elif latest:
            execution = orchestrator.latest_execution()
            if execution is None:
                raise NoExecutionYet
            show_execution(orchestrator, execution, form)
        else:
            show_executions(orchestrator, limit, form)
    return 0


@click.command("report", help=_("Make the report of an execution again, and say where it is."))
@click.argument("execution_id", metavar="ID")
@config_option
def report(execution_id: str, config: Path | None) -> int:
    """The report's path on stdout; of a server's, where nobody could open that, the report itself."""
    url = server_url()
    if url is not None:
        from orchestrator.commands.server_looking import report_there

        return report_there(url, execution_id, config=config)
    from orchestrator.commands.executions import reading
    from orchestrator.commands.printing import write_out

    with reading(config) as orchestrator:
        write_out(str(orchestrator.write_report(orchestrator.find_execution(execution_id))))
    return 0
