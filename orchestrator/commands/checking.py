"""`validate` and `schema`: the configuration file, checked and described."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option
from orchestrator.commands.servers import server_url
from orchestrator.translation import _


@click.command(
    "validate",
    help=_("Check a configuration: every problem at once, with its place. Starts nothing, imports no task code."),
)
@config_option
def validate(config: Path | None) -> int:
    """Exit 0 where `run` would start, 2 where it would refuse."""
    url = server_url()
    if url is not None:
        from orchestrator.commands.server_looking import validate_there

        return validate_there(url, config=config)
    from orchestrator.commands.definition_view import say_valid
    from orchestrator.documents.configuration import read_configuration
    from orchestrator.settings import read_settings

    settings = read_settings(config=config)
    document = read_configuration(settings.config)
    say_valid(str(settings.config), tasks=len(document.registry.tasks), workflows=len(document.registry.workflows))
    return 0


@click.command("schema", help=_("Write the JSON Schema of the configuration file, for editors."))
def schema() -> int:
    """The schema on stdout."""
    from orchestrator.commands.printing import write_json
    from orchestrator.documents.json_schema import configuration_schema

    write_json(configuration_schema())
    return 0
