"""`stats`: what the last executions of a workflow cost, task by task."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, output_option
from orchestrator.translation import _


@click.command(
    "stats", help=_("Show what the last executions of a workflow cost: durations, success, rows, CPU, memory.")
)
@click.argument("workflow")
@click.option(
    "--executions",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help=_("Look at so many, the newest."),
)
@config_option
@output_option
def stats(workflow: str, executions: int, config: Path | None, form: str) -> int:
    """The workflow first, then its tasks; a duration that the ones before it do not explain is marked."""
    from orchestrator.commands.executions import reading
    from orchestrator.commands.statistics_view import show_statistics
    from orchestrator.operations.statistics import statistics_of

    with reading(config) as orchestrator:
        found = orchestrator.registry.workflow(workflow)
        show_statistics(statistics_of(orchestrator.parts, found, executions=executions), form)
    return 0
