"""`serve` and `openapi`: the API over HTTP, and what it is made of."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, log_level_option
from orchestrator.translation import _


@click.command("serve", help=_("Serve the API on this machine, with workers beside it; Ctrl-C ends both in order."))
@click.option("--host", default="127.0.0.1", show_default=True, help=_("Address to listen on."))
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True, help=_("Port to listen on."))
@click.option("--workers", type=click.IntRange(0, 64), default=1, show_default=True, help=_("Worker processes."))
@click.option(
    "--slots", type=click.IntRange(1, 1024), default=4, show_default=True, help=_("Executions per worker at once.")
)
@click.option("--no-auth", is_flag=True, help=_("Ask for no token; only for an address of this machine alone."))
@click.option("--reload", is_flag=True, hidden=True)
@log_level_option
@config_option
def serve(
    *,
    host: str,
    port: int,
    workers: int,
    slots: int,
    no_auth: bool,
    reload: bool,  # noqa: ARG001 - configurations are read anew anyway; code is not
    log_level: str,
    config: Path | None,
) -> int:
    """What ended it: 130 by Ctrl-C, 143 by SIGTERM, the second time without waiting; 2 where it cannot listen there."""
    from orchestrator.commands.serving import serve_here

    return serve_here(
        host=host, port=port, workers=workers, slots=slots, token_needed=not no_auth, log_level=log_level, config=config
    )


@click.command("openapi", help=_("Write the API's OpenAPI document."))
@config_option
def openapi(config: Path | None) -> int:
    """The document on stdout; nothing is opened."""
    from orchestrator.commands.printing import write_json
    from orchestrator.commands.serving import openapi_document

    write_json(openapi_document(config))
    return 0
