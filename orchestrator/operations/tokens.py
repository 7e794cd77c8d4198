"""Who may ask a server for what: tokens by name and role, of which only hashes are stored (S3)."""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path

from orchestrator.core.errors import HomeUnusable, UsageError
from orchestrator.core.messages import N_
from orchestrator.core.storing import Token
from orchestrator.engine.clocks import SystemClock
from orchestrator.operations.parts import Parts

FIRST_TOKEN = "api_token"  # noqa: S105 - the file's name
OF_ENVIRONMENT = "ETL_API_TOKEN"
SHORTEST = 16
_NAME = re.compile(r"[\w.@-]{1,64}")


class Role(IntEnum):
    """What a token opens; each role holds those below it."""

    READ = 1
    RUN = 2
    ADMIN = 3


ROLES = {role.name.lower(): role for role in Role}


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """Somebody whose token is known."""

    name: str
    role: Role
    mark: str = ""
    """Tells tokens apart, those of one name too; no secret, and of no use to whoever has it."""


NOBODY_IN_PARTICULAR = Bearer(name="-", role=Role.ADMIN)
"""Whoever asks a server that asks for no token."""


def create_token(parts: Parts, name: str, role: str, *, valid_for: timedelta | None = None) -> str:
    """Store a new token and return it: it is shown this once, and kept nowhere.

    Raises UsageError for a name or role that cannot be, TokenNameTaken.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            N_("a token's name has 1 to 64 letters, digits or . _ @ -, and {name!r} is none"), name=name[:80]
        )
    if role not in ROLES:
        raise UsageError(N_("there is no role {role!r}; there are: {known}"), role=role[:80], known=", ".join(ROLES))
    text = f"etl_{secrets.token_urlsafe(32)}"
    now = SystemClock().now()
    expires_at = None if valid_for is None else now + valid_for
    parts.store.keep_token(Token(name=name, role=role, sha256=hash_of(text), created_at=now, expires_at=expires_at))
    return text


def revoke_token(parts: Parts, name: str) -> None:
    """From now on it opens nothing; raises NoSuchToken."""
    parts.store.revoke_token(name, at=SystemClock().now())


def tokens(parts: Parts) -> list[Token]:
    """All that were ever made, the oldest first."""
    return parts.store.tokens()


def bearer_of(presented: str, known: Iterable[Token], own: Iterable[str], now: datetime) -> Bearer | None:
    """Whose token was presented; None where it opens nothing. Takes as long for a wrong one as for a right one.

    Args:
        presented: as it was sent.
        known: those of the store.
        own: hashes of the server's own tokens, which open everything.
        now: an expired token opens nothing.
    """
    asked = hash_of(presented)
    found: Bearer | None = None
    for sha256 in own:
        if hmac.compare_digest(sha256, asked):
            found = Bearer(name="server", role=Role.ADMIN, mark=sha256)
    for token in known:
        if hmac.compare_digest(token.sha256, asked) and token.revoked_at is None:
            expired = token.expires_at is not None and token.expires_at <= now
            found = found if expired else Bearer(name=token.name, role=ROLES[token.role], mark=token.sha256)
    return found


def hash_of(token: str) -> str:
    """What is stored of a token; it is random, so no salt would make guessing harder."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def token_of_environment(parts: Parts) -> str | None:
    """`ETL_API_TOKEN`; raises UsageError where it is too short to be one."""
    text = parts.settings.environment.get(OF_ENVIRONMENT, "")
    if text and len(text) < SHORTEST:
        raise UsageError(N_("{name} has fewer than {least} characters"), name=OF_ENVIRONMENT, least=SHORTEST)
    return text or None


def first_token(parts: Parts) -> tuple[Path, str]:
    """The file of the token that is made at the first start, and what it holds; readable by its owner alone.

    Raises HomeUnusable.
    """
    path = parts.settings.state / FIRST_TOKEN
    try:
        parts.settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _holds_token(path):
            draft = path.with_name(f".{FIRST_TOKEN}.{os.getpid()}.{secrets.token_hex(4)}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - made above, with its rights
                file.write(f"etl_{secrets.token_urlsafe(32)}\n")
                file.flush()
                os.fsync(file.fileno())
            path.unlink(missing_ok=True)  # only one that holds nothing comes here
            try:
                os.link(draft, path)  # whole or not at all, and only where no other server was faster
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path, path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as why:
        raise HomeUnusable(N_("token {path} cannot be kept: {why}"), path=str(path), why=why) from why


def _holds_token(path: Path) -> bool:
    try:
        return len(path.read_text(encoding="utf-8").strip()) >= SHORTEST
    except FileNotFoundError:
        return False
