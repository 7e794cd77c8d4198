"""Words for the reader: English in the code, Spanish through the catalogue in `etl_kit/locale`."""

import gettext
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

DOMAIN = "etl"
LOCALE = Path(__file__).parent / "locale"


@dataclass(frozen=True)
class Text:
    """A text that is written once and said to many: an English `template` with named places, and what fills them.

    `str()` says it in the reader's language of that moment.
    """

    template: str
    facts: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        """The text in the reader's language."""
        return self.said_in(language())

    def said_in(self, language: str) -> str:
        """The text in a two-letter `language`; in English where nobody has translated it."""
        if not self.template:  # to gettext an empty text stands for the head of the catalogue
            return ""
        return catalogue(language).gettext(self.template).format(**self.facts)


NOTHING: Final = Text("")
"""No text at all."""


def N_(template: str, /, **facts: object) -> Text:  # noqa: N802 - gettext's own name; the extractor looks for it
    """Mark `template` for the translators; it is said when somebody reads it."""
    return Text(template, facts)


def _(message: str) -> str:
    """`message` in the reader's language: Spanish, unless ETL_LANG names another.

    Without a catalogue for that language the English text comes back as it is.
    """
    # Looked up at each call, because a message may be built long after the module was imported.
    return catalogue(language()).gettext(message)


def language() -> str:
    """The reader's language in two letters: that of ETL_LANG, `es` unless it is set."""
    return os.environ.get("ETL_LANG", "es")[:2]


@lru_cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations for a two-letter `language`; empty ones if nobody has written them."""
    return gettext.translation(DOMAIN, LOCALE, languages=[language], fallback=True)
