"""`logs`: what the attempts of an execution wrote, and, followed, what they are writing."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, latest_option
from orchestrator.commands.servers import server_url
from orchestrator.translation import _


@click.command("logs", help=_("Show what the tasks of an execution wrote. Without TASK all of them."))
@click.argument("execution_id", metavar="ID", required=False)
@click.argument("task_id", metavar="[TASK]", required=False)
@latest_option
@click.option("--attempt", "number", metavar="N", type=click.IntRange(1), help=_("This attempt instead of the latest."))
@click.option("-f", "--follow", is_flag=True, help=_("Go on until the execution has ended; Ctrl-C leaves."))
@click.option("--lines", metavar="N", type=click.IntRange(0), help=_("Begin with the last N lines of each."))
@config_option
def logs(
    *,
    execution_id: str | None,
    task_id: str | None,
    latest: bool,
    number: int | None,
    follow: bool,
    lines: int | None,
    config: Path | None,
) -> int:
    """0; 130 where Ctrl-C ended the following."""
    from orchestrator.commands.executions import chosen, reading
    from orchestrator.commands.log_reading import StoredLogbook, Wanted, show_or_follow

    if latest and task_id is None:
        execution_id, task_id = None, execution_id  # `logs --latest TASK`
    wanted = Wanted(task_id=task_id, number=number, last_lines=lines)
    url = server_url()
    if url is not None:
        from orchestrator.commands.server_logs import logs_there

        return logs_there(url, execution_id, wanted, latest=latest, follow=follow, config=config)
    with reading(config) as orchestrator:
        execution = chosen(orchestrator, execution_id, latest=latest)
        return show_or_follow(StoredLogbook(orchestrator.parts, execution), wanted, follow=follow)
