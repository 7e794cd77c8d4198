"""Values that look like secrets are taken out of whatever is shown or stored (semantics D21)."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import unquote

from orchestrator.core.events import Move, TaskMoved
from orchestrator.core.executions import Attempt
from orchestrator.core.messages import Message
from orchestrator.core.outcomes import JSON

HIDDEN = "***"
OWN_SECRETS = ("ETL_API_TOKEN", "ETL_SERVER_TOKEN", "ETL_DATABASE_URL", "ETL_NOTIFY_URLS", "ETL_SMTP_PASSWORD")
"""The orchestrator's own, by name in the environment: never handed to a task (D21)."""
SHORTEST = 6
"""Shorter values would blank out ordinary words."""
SHORTEST_DECLARED = 4
"""Of secrets that are declared as such (`$secret`), shorter ones are given away rather than spoil every text."""
SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?$|passwords|(?-i:^pwd$)|[_-]pwd$|secret|token(?!s)|api[_-]?key|(private|access|encryption|signing)[_-]?key"
    r"|credential|contrase|authorization|bearer|(^|[_-])dsn$",
    re.IGNORECASE,
)
"""Names whose values are hidden. `clave` and `key` alone are not among them: in data they mean the key of a row; and
`PWD` in capitals is the environment's word for the current folder."""
USERINFO = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://)[^\s/\"'<>]+@")
URL_PASSWORD = re.compile(
    r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://(?P<user>[^\s/:@\"'<>]*):(?P<password>[^\s/\"'<>]+)@"
    r"|://[^\s\"'<>]*[?&](?:ssl)?password=(?P<parameter>[^\s&#\"'<>]+)"
)
"""A password within a URL: `postgresql://user:password@host`, or `?password=` as libpq takes it."""
COMMON_WORDS = frozenset(
    (
        "admin", "base", "cali", "changeme", "clave", "datos", "default", "demo", "example", "guest", "local",
        "localhost", "main", "pass", "password", "postgres", "postgresql", "prueba", "public", "root", "secret",
        "secreto", "test", "user", "usuario", "warehouse",
    )
)  # fmt: skip
"""Passwords that hide nothing: blanked out wherever they stand they would only make logs unreadable."""


def secret_values(*named: Mapping[str, object]) -> frozenset[str]:
    """Texts under a name such as `password` or `X_TOKEN`, and passwords within URLs, anywhere in the mappings."""
    found = {value for mapping in named for value in _under_secret_names(mapping) if len(value) >= SHORTEST}
    found |= {password for mapping in named for value in _texts(mapping) for password in url_passwords(value)}
    return frozenset(spelling for value in found for spelling in spellings(value))


def url_passwords(text: str) -> frozenset[str]:
    """The passwords of the URLs in `text`, as they stand there and as they are meant (`p%40ss` is `p@ss`).

    A driver that is refused may tell the bare password, without the URL. Ordinary words, the user's own name and short
    numbers are given away rather than spoil every text.
    """
    if "://" not in text:
        return frozenset()
    found = set()
    for url in URL_PASSWORD.finditer(text):
        password = url["password"] or url["parameter"]
        meant = unquote(password)
        if not (meant.casefold() in COMMON_WORDS or meant == url["user"] or _is_short_number(meant)):
            found |= {password, meant}
    return frozenset(value for value in found if len(value) >= SHORTEST_DECLARED)


def redact_text(text: str, secrets: Iterable[str]) -> str:
    """`text` with every secret, and the userinfo of every URL, replaced by `***`."""
    for value in sorted(secrets, key=len, reverse=True):
        if value in text:
            text = text.replace(value, HIDDEN)
    return USERINFO.sub(rf"\g<scheme>{HIDDEN}@", text) if "://" in text else text


def redact(value: JSON, secrets: frozenset[str]) -> JSON:
    """`value` with secrets replaced in its texts; under a secret name every text and number is hidden."""
    if isinstance(value, str):
        return redact_text(value, secrets)
    if isinstance(value, list):
        return [redact(item, secrets) for item in value]
    if isinstance(value, dict):
        return {
            redact_text(key, secrets): _hidden(item) if SECRET_NAME.search(key) else redact(item, secrets)
            for key, item in value.items()
        }
    return value


def shown_parameters(parameters: Mapping[str, JSON]) -> dict[str, JSON]:
    """Execution parameters as they may be shown."""
    shown = redact(dict(parameters), secret_values(parameters))
    return shown if isinstance(shown, dict) else {}


def redact_move(move: Move, secrets: frozenset[str]) -> Move:
    """`move` with secrets replaced wherever the user's code could have put them.

    Only what is stored and shown is changed: what an end means is judged before, by what the code really said.
    """
    if not isinstance(move, TaskMoved):
        return move
    return replace(
        move,
        output=redact(move.output, secrets),
        error=_redacted(move.error, secrets),
        reason=_redacted_message(move.reason, secrets),
        attempt=move.attempt and _redacted_attempt(move.attempt, secrets),
    )


def spellings(secret: str) -> frozenset[str]:
    """How a secret looks where Python or JSON quoted it; too short ones would blank out ordinary words."""
    if len(secret) < SHORTEST_DECLARED:
        return frozenset()
    quoted = (
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret.encode("utf-8", "surrogatepass"))[2:-1],
    )
    return frozenset((secret, *quoted))


def _redacted_attempt(attempt: Attempt, secrets: frozenset[str]) -> Attempt:
    return replace(
        attempt,
        error=_redacted(attempt.error, secrets),
        traceback=_redacted(attempt.traceback, secrets),
        reason=_redacted_message(attempt.reason, secrets),
    )


def _redacted(text: str | None, secrets: frozenset[str]) -> str | None:
    return None if text is None else redact_text(text, secrets)


def _redacted_message(message: Message | None, secrets: frozenset[str]) -> Message | None:
    if message is None:
        return None
    facts = {
        name: redact_text(fact, secrets) if isinstance(fact, str) else fact for name, fact in message.facts.items()
    }
    return replace(message, facts=facts)


def _hidden(value: JSON) -> JSON:
    """`value` in its shape, with nothing in it to read: only truths and what is empty stay."""
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    return value if value is None or isinstance(value, bool) or value == "" else HIDDEN


def _is_short_number(text: str) -> bool:
    return text.isdecimal() and len(text) < SHORTEST


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _under_secret_names(value: object, *, named: bool = False) -> Iterable[str]:
    if isinstance(value, str):
        if named:
            yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _under_secret_names(item, named=named or bool(SECRET_NAME.search(str(key))))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _under_secret_names(item, named=named)
