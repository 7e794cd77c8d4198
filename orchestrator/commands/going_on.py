"""`resume` and `rerun`: go on where an execution was interrupted, or do it again, whole or in part (semantics D16)."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, junit_option, latest_option, log_level_option
from orchestrator.commands.servers import server_url
from orchestrator.translation import _


@click.command("resume", help=_("Go on with an interrupted execution; what completed is not executed again."))
@click.argument("execution_id", metavar="ID", required=False)
@latest_option
@junit_option
@log_level_option
@config_option
def resume(*, execution_id: str | None, latest: bool, junit: Path | None, log_level: str, config: Path | None) -> int:
    """Exit code of D3; 2 where another process drives it."""
    url = server_url()
    if url is not None:
        from orchestrator.commands.server_running import resume_there

        return resume_there(url, execution_id, latest=latest, log_level=log_level.upper(), junit=junit, config=config)
    from orchestrator.commands.executions import chosen, reading
    from orchestrator.commands.running import resume_in_view

    with reading(config) as orchestrator:
        execution = chosen(orchestrator, execution_id, latest=latest)
        return resume_in_view(orchestrator, execution, log_level=log_level.upper(), junit=junit)


@click.command("rerun", help=_("Execute again, as a new execution linked to the first."))
@click.argument("execution_id", metavar="ID", required=False)
@latest_option
@click.option("--failed", is_flag=True, help=_("Only what did not complete, and what depends on it."))
@click.option("--from", "from_task", metavar="TASK", help=_("Only this task, and what depends on it."))
@click.option("--only", "only_task", metavar="TASK", help=_("Only this task."))
@junit_option
@log_level_option
@config_option
def rerun(
    *,
    execution_id: str | None,
    latest: bool,
    failed: bool,
    from_task: str | None,
    only_task: str | None,
    junit: Path | None,
    log_level: str,
    config: Path | None,
) -> int:
    """Exit code of D3."""
    from contextlib import closing

    from orchestrator.commands.executions import chosen
    from orchestrator.commands.running import rerun_in_view
    from orchestrator.core.errors import UsageError
    from orchestrator.core.messages import N_
    from orchestrator.etl_orchestrator import create_orchestrator
    from orchestrator.operations.rerunning import Part

    if sum((failed, from_task is not None, only_task is not None)) > 1:
        raise UsageError(N_("at most one of --failed, --from TASK and --only TASK"))
    part = Part(failed=failed, from_task=from_task, only_task=only_task)
    url = server_url()
    if url is not None:
        from orchestrator.commands.server_running import rerun_there

        return rerun_there(
            url, execution_id, part, latest=latest, log_level=log_level.upper(), junit=junit, config=config
        )
    with closing(create_orchestrator(config)) as orchestrator:
        first = chosen(orchestrator, execution_id, latest=latest)
        return rerun_in_view(orchestrator, first, part, log_level=log_level.upper(), junit=junit)
