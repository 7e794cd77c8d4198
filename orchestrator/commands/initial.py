"""`init github|gitlab|service|container`: writes the files that let the orchestrator run by itself somewhere."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option
from orchestrator.translation import _

KINDS = ("github", "gitlab", "service", "container")


@click.command(
    "init",
    help=_(
        "Write the files for a place where it runs by itself: a pipeline of GitHub or GitLab, services (systemd, "
        "Windows, cron), or a container. What is there already is left as it is."
    ),
)
@click.argument("kind", type=click.Choice(KINDS))
@click.option(
    "-w",
    "--workflow",
    metavar="NAME",
    help=_("The workflow to execute there; default: that of the first schedule, else the first."),
)
@click.option("--force", is_flag=True, help=_("Write over files that are there."))
@click.option(
    "--output",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help=_("Root of the repository; default: the current folder."),
)
@config_option
def init(*, kind: str, workflow: str | None, force: bool, folder: Path, config: Path | None) -> int:
    """0 where all files were written, 2 where none was."""
    from orchestrator.commands.scaffold_view import write_kind

    return write_kind(kind, workflow=workflow, force=force, folder=folder, config=config)
