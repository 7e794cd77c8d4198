"""Which server a command is for (`--server`, else `ETL_SERVER`), and which commands are not for one."""

import copy
from typing import Any

import click

from orchestrator.core.messages import N_
from orchestrator.translation import _

HERE_ONLY = {
    "mark": N_("the API has no such order: mark it on the server's machine"),
    "verify": N_("it reads the event log itself: verify it on the server's machine"),
    "rehearse": N_("a rehearsal needs no server: it executes nothing and stores nothing"),
    "doctor": N_("it examines the machine that it runs on"),
    "stats": N_("the figures are of the store here; the dashboard has those of a server on each workflow's page"),
    "schedule": N_("schedules are those of the configuration here; the API has them at /schedules, the dashboard, too"),
    "scheduler": N_("a scheduler looks up the schedules of its own machine"),
    "worker": N_("a worker drives executions on its own machine"),
    "serve": N_("a server serves on its own machine"),
    "token": N_("tokens are made and revoked on the server's machine alone"),
    "db": N_("the state store is looked after on the server's machine"),
    "init": N_("it writes files on this machine"),
    "schema": N_("it describes the files of this version; without a server it says the same"),
    "openapi": N_("it describes the API of this version; a server tells its own at /openapi.json"),
}
"""Commands that make no sense for a server elsewhere, and why."""


def server_option() -> click.Option:
    """`--server URL`, for the group."""
    return click.Option(
        ["--server"],
        metavar="URL",
        envvar="ETL_SERVER",
        help=_(
            "Ask this server instead of working here; default: ETL_SERVER. Its token is taken from ETL_SERVER_TOKEN, "
            "else from ETL_API_TOKEN."
        ),
    )


def for_whom(command: click.Command, name: str, context: click.Context) -> click.Command:
    """`command`, or where a server is named and it is not for one, a command that refuses; its help stays."""
    if name not in HERE_ONLY or context.params.get("server") is None:
        return command

    def refuse(**_given: Any) -> int:
        from orchestrator.core.errors import UsageError
        from orchestrator.core.messages import Message

        raise UsageError(
            N_("{command} does not work for a server (--server, ETL_SERVER): {why}"),
            command=name,
            why=Message(template=HERE_ONLY[name]),
        )

    refusing = copy.copy(command)
    refusing.callback = refuse
    return refusing


def server_url() -> str | None:
    """The server that the running command is for, as it was written down; None where it works here."""
    context = click.get_current_context(silent=True)
    url = None if context is None else context.find_root().params.get("server")
    return None if url is None else str(url)
