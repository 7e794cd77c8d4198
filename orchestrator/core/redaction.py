"""Values that look like secrets are taken out of whatever is shown or stored (semantics D21)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from orchestrator.core.outcomes import JSON, Crashed, Lost, NotCallable, Outcome, Raised, Returned

HIDDEN = "***"
OWN_SECRETS = ("ETL_API_TOKEN", "ETL_DATABASE_URL", "ETL_NOTIFY_URLS", "ETL_SMTP_PASSWORD")
"""The orchestrator's own, by name in the environment: never handed to a task (D21)."""
SHORTEST = 6
"""Shorter values would blank out ordinary words."""
SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?$|passwords|(?-i:^pwd$)|[_-]pwd$|secret|token(?!s)|api[_-]?key|(private|access|encryption|signing)[_-]?key"
    r"|credential|contrase|authorization|bearer|(^|[_-])dsn$",
    re.IGNORECASE,
)
"""Names whose values are hidden. `clave` and `key` alone are not among them: in data they mean the key of a row; and
`PWD` in capitals is the environment's word for the current folder."""
USERINFO = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://)[^\s/\"'<>]+@")


def secret_values(*named: Mapping[str, object]) -> frozenset[str]:
    """Texts that stand under a name such as `password` or `X_TOKEN`, anywhere in the mappings."""
    return frozenset(value for mapping in named for value in _under_secret_names(mapping) if len(value) >= SHORTEST)


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


def redact_outcome(outcome: Outcome, secrets: frozenset[str]) -> Outcome:
    """`outcome` with secrets replaced wherever the user's code could have put them."""
    match outcome:
        case Returned():
            return replace(outcome, output=redact(outcome.output, secrets))
        case Raised() | NotCallable():
            message = redact_text(outcome.message, secrets)
            return replace(outcome, message=message, traceback=redact_text(outcome.traceback, secrets))
        case Crashed() | Lost():
            return replace(outcome, message=redact_text(outcome.message, secrets))
        case _:
            return outcome


def _hidden(value: JSON) -> JSON:
    """`value` in its shape, with nothing in it to read: only truths and what is empty stay."""
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    return value if value is None or isinstance(value, bool) or value == "" else HIDDEN


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
