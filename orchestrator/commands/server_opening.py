"""Whatever a command needs before it asks a server: the server itself, patience, the name of a configuration there."""

import os
from pathlib import Path
from typing import Final

from orchestrator.commands.printing import write_err
from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.remote.addresses import check_token, read_address
from orchestrator.remote.connection import Caller
from orchestrator.remote.errors import TOKEN_NAMES
from orchestrator.remote.server import Server
from orchestrator.translation import _, current_language

PATIENCE: Final = "ETL_SERVER_PATIENCE"
USUAL_PATIENCE: Final = 60
LONGEST_PATIENCE: Final = 86_400
ANSWER_PATIENCE: Final = 30.0
"""Seconds in which an answer must begin, however patient one is; a stream gives a sign of life twice as often."""


def open_server(url: str) -> Server:
    """The server there, with the token of the environment; nothing is asked of it yet. Raises UsageError."""
    address = read_address(url)
    given = next((name for name in TOKEN_NAMES if os.environ.get(name)), None)
    token = None if given is None else check_token(os.environ[given], given)
    if token is not None and address.open_to_listeners:
        write_err(_("Warning: the token travels as clear text to {host}: use https").format(host=address.host))
    patience = min(ANSWER_PATIENCE, patience_with_servers())
    return Server(caller=Caller(address=address, token=token, language=current_language(), patience=patience))


def patience_with_servers() -> float:
    """Seconds for which a server may stay away before the command gives up; raises UsageError."""
    text = os.environ.get(PATIENCE, "").strip() or str(USUAL_PATIENCE)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= LONGEST_PATIENCE):
        raise UsageError(
            N_("{name} must be a whole number {least}…{most}, not {value!r}"),
            name=PATIENCE,
            least=1,
            most=LONGEST_PATIENCE,
            value=text[:40],
        )
    return float(text)


def config_there(config: Path | None) -> str | None:
    """The name of a configuration at the server; raises UsageError for a path: only bare names mean anything there."""
    if config is None:
        return None
    if str(config) != config.name:
        raise UsageError(
            N_(
                "--config {path}: a server knows only the files beside its own configuration, by their names; "
                "without --server this file is read here"
            ),
            path=str(config),
        )
    return config.name


def no_config_there(config: Path | None) -> None:
    """Raise UsageError where a configuration is named for a command that needs none at a server."""
    if config is not None:
        raise UsageError(N_("--config says nothing to a server here: it knows its executions without it"))
