"""`validate` and `schema`: the configuration file, checked and described."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option
from orchestrator.translation import _


@click.command(
    "validate",
    help=_("Check a configuration: every problem at once, with its place. Starts nothing, imports no task code."),
)
@config_option
def validate(config: Path | None) -> int:
    """Exit 0 where `run` would start, 2 where it would refuse."""
    from orchestrator.commands.printing import write_out
    from orchestrator.documents.configuration import read_configuration
    from orchestrator.settings import read_settings

    settings = read_settings(config=config)
    document = read_configuration(settings.config)
    write_out(
        _("{path}: valid ({tasks} tasks, {workflows} workflows)").format(
            path=settings.config, tasks=len(document.registry.tasks), workflows=len(document.registry.workflows)
        )
    )
    return 0


@click.command("schema", help=_("Write the JSON Schema of the configuration file, for editors."))
def schema() -> int:
    """The schema on stdout."""
    from orchestrator.commands.printing import write_json
    from orchestrator.documents.json_schema import configuration_schema

    write_json(configuration_schema())
    return 0
