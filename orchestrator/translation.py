"""The reader's language: Spanish unless `ETL_LANG=en` (gettext, domain `orquestador`)."""

import gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from orchestrator.core.errors import ConfigurationRefused, OrchestratorError
from orchestrator.core.messages import Message

LOCALE = Path(__file__).with_name("locale")
DEFAULT_LANGUAGE = "es"
LANGUAGES = ("es", "en")

_catalogues: dict[str, gettext.NullTranslations] = {}
_chosen = DEFAULT_LANGUAGE
_spoken_here: ContextVar[str | None] = ContextVar("_spoken_here", default=None)
"""Of one request to a server, whose readers speak different languages."""


def use_language(language: str | None) -> None:
    """Choose the language of everything said from now on; anything unknown means Spanish."""
    global _chosen  # noqa: PLW0603 - one process speaks one language; set once, at the entrance
    _chosen = language if language in LANGUAGES else DEFAULT_LANGUAGE


def language_from_environment() -> str:
    """`ETL_LANG`, cut to its language part; Spanish without it."""
    asked = os.environ.get("ETL_LANG", "").strip().lower().replace("-", "_").split("_")[0]
    return asked if asked in LANGUAGES else DEFAULT_LANGUAGE


def current_language() -> str:
    """The language of whatever is said now."""
    return _spoken_here.get() or _chosen


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Say everything in `language` inside the block, and only there; None changes nothing."""
    token = _spoken_here.set(language if language in LANGUAGES else None)
    try:
        yield
    finally:
        _spoken_here.reset(token)


def _(template: str) -> str:
    """`template` (English) in the chosen language."""
    if not template:  # gettext answers the catalogue's header to an empty text
        return template
    language = current_language()
    if language not in _catalogues:
        _catalogues[language] = gettext.translation("orquestador", LOCALE, languages=[language], fallback=True)
    return _catalogues[language].gettext(template)


def say(message: Message | OrchestratorError | None) -> str:
    """A message with its facts in the chosen language; empty for None. A fact may itself be a message."""
    if message is None:
        return ""
    if isinstance(message, OrchestratorError):
        message = message.message
    facts = {name: say(fact) if isinstance(fact, Message) else fact for name, fact in message.facts.items()}
    return _(message.template).format(**facts)


def say_all(error: OrchestratorError) -> list[str]:
    """An error and, of a refused configuration, every problem, a line each."""
    lines = [say(error)]
    if isinstance(error, ConfigurationRefused):
        lines += [f"  {say(problem)}" for problem in error.problems]
    return lines
