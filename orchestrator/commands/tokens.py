"""`token create|list|revoke`: who may ask the server for what."""

from datetime import timedelta
from pathlib import Path

import click

from orchestrator.commands.options import config_option, output_option
from orchestrator.translation import _


@click.group("token", help=_("Tokens for the API: make, list and revoke them; only their hashes are stored."))
def token() -> None:
    """Nothing by itself."""


@token.command("create", help=_("Make a token and show it, this once."))
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["read", "run", "admin"]),
    default="read",
    show_default=True,
    help=_("read: look; run: execute and cancel, too; admin: everything."),
)
@click.option("--days", type=click.IntRange(1, 3650), help=_("Valid for so many days; without it until revoked."))
@config_option
def create(name: str, role: str, days: int | None, config: Path | None) -> int:
    """The token alone on stdout, so that a script can take it."""
    from orchestrator.commands.executions import reading
    from orchestrator.commands.printing import write_err, write_out
    from orchestrator.operations.tokens import create_token

    with reading(config) as orchestrator:
        valid_for = None if days is None else timedelta(days=days)
        write_out(create_token(orchestrator.parts, name, role, valid_for=valid_for))
        write_err(_("Keep it now: it is stored nowhere. Send it as: Authorization: Bearer <token>"))
    return 0


@token.command("list", help=_("List the tokens that were made."))
@config_option
@output_option
def list_tokens(config: Path | None, form: str) -> int:
    """The oldest first; those of ETL_API_TOKEN and of the first start are not among them."""
    from orchestrator.commands.executions import reading
    from orchestrator.commands.tables import write_records
    from orchestrator.core.report import iso
    from orchestrator.operations.tokens import tokens

    with reading(config) as orchestrator:
        zone = orchestrator.zone
        records = [
            {
                "name": one.name,
                "role": one.role,
                "created_at": iso(one.created_at, zone),
                "expires_at": iso(one.expires_at, zone),
                "revoked_at": iso(one.revoked_at, zone),
            }
            for one in tokens(orchestrator.parts)
        ]
    titles = {
        "name": _("name"),
        "role": _("role"),
        "created_at": _("made"),
        "expires_at": _("valid until"),
        "revoked_at": _("revoked"),
    }
    write_records(records, form, titles)
    return 0


@token.command("revoke", help=_("From now on a token opens nothing."))
@click.argument("name")
@config_option
def revoke(name: str, config: Path | None) -> int:
    """0 where one of that name was in use."""
    from orchestrator.commands.executions import reading
    from orchestrator.commands.printing import write_out
    from orchestrator.operations.tokens import revoke_token

    with reading(config) as orchestrator:
        revoke_token(orchestrator.parts, name)
        write_out(_("Token {name} opens nothing any more").format(name=name))
    return 0
