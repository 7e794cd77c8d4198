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
@click.option("--strict", is_flag=True, help=_("Refuse what there is only a warning about, too (exit 2)."))
@click.argument("files", metavar="[FILE …]", nargs=-1, type=click.Path(path_type=Path))
@config_option
def validate(*, strict: bool, files: tuple[Path, ...], config: Path | None) -> int:
    """Exit 0 where `run` would start, 2 where it would refuse, or where `strict` finds something to warn about."""
    url = server_url()
    if url is not None:
        from orchestrator.commands.server_looking import validate_there
        from orchestrator.core.errors import UsageError
        from orchestrator.core.messages import N_

        if strict or files:
            raise UsageError(N_("--strict and files look at this machine: they do not go with a server"))
        return validate_there(url, config=config)
    from orchestrator.commands.verdict import check_here

    return check_here([config, *files] if config is not None or not files else files, strict=strict)


@click.command("schema", help=_("Write the JSON Schema of the configuration file, for editors."))
def schema() -> int:
    """The schema on stdout."""
    from orchestrator.commands.printing import write_json
    from orchestrator.documents.json_schema import configuration_schema

    write_json(configuration_schema())
    return 0
