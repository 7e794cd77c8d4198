"""`worker`: drives executions that were asked for through the API or a schedule."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option
from orchestrator.translation import _


@click.command(
    "worker", help=_("Drive executions that wait for a worker, until a signal ends it; they can be resumed.")
)
@click.option(
    "--slots",
    type=click.IntRange(1, 1024),
    default=4,
    show_default=True,
    help=_("So many executions at once; each has its own limit of tasks."),
)
@click.option("--until-eof", is_flag=True, hidden=True)
@config_option
def worker(slots: int, until_eof: bool, config: Path | None) -> int:
    """0 where it was ended by a signal, or by whoever started it."""
    from orchestrator.commands.working import work

    return work(slots=slots, until_eof=until_eof, config=config)
