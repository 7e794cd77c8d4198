"""The life of a server: what it refuses to start with, what it says first, and how it ends."""

import logging
import sys
from pathlib import Path
from typing import Any

from orchestrator.commands.printing import write_err
from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.core.tasks import Registry
from orchestrator.documents.checked import open_configuration
from orchestrator.operations.parts import Parts
from orchestrator.operations.tokens import first_token, token_of_environment
from orchestrator.settings import read_settings
from orchestrator.translation import _


def serve_here(
    *, host: str, port: int, workers: int, slots: int, token_needed: bool, log_level: str, config: Path | None
) -> int:
    """Serve until a signal ends it; raises UsageError, ConfigurationRefused before anything is started."""
    try:
        from orchestrator.web import starting
        from orchestrator.web.app import create_app
    except ModuleNotFoundError as missing:
        raise UsageError(
            N_("the API needs {name}; install it: pip install 'orquestador-etl[serve]'"), name=missing.name
        ) from missing
    settings = read_settings(config=config)
    open_configuration(settings.config, settings.checked)
    parts = Parts(Registry(), settings)
    bound = starting.bind(host, port)
    try:
        address = bound.getsockname()
        if not token_needed and not starting.is_loopback([address[0]]):
            raise UsageError(
                N_("--no-auth is only for an address of this machine, such as 127.0.0.1, not {host}"), host=host
            )
        given = token_of_environment(parts)
        parts.store.last_position()  # a store that cannot be used is told before anybody is answered
        parts.close()
        logging.basicConfig(level=log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
        _introduce(address[0], address[1], workers, parts, given=given is not None, token_needed=token_needed)
        app = create_app(
            settings,
            workers=workers,
            slots=slots,
            token_needed=token_needed,
            allowed_hosts=starting.allowed_hosts(settings),
        )
        starting.serve(app, bound, log_level=log_level)
    finally:
        bound.close()
    return 0


def openapi_document(config: Path | None) -> Any:
    """The document, without a server."""
    from orchestrator.web.app import create_app

    return create_app(read_settings(config=config), workers=0).openapi()


def _introduce(host: str, port: int, workers: int, parts: Parts, *, given: bool, token_needed: bool) -> None:
    shown = f"[{host}]" if ":" in host else host
    write_err(
        _("API on http://{host}:{port} with {workers} worker(s); Ctrl-C ends it").format(
            host=shown, port=port, workers=workers
        )
    )
    if not token_needed:
        write_err(_("Warning: it asks for no token: whoever can start a program here can use it"))
    elif given:
        write_err(_("Token: that of ETL_API_TOKEN, or one of `etl token create`"))
    else:
        write_err(_("Token: in {path}; or one of `etl token create`").format(path=first_token(parts)[0]))
