"""Words for the reader: English in the code, Spanish through the catalogue in `etl_kit/locale`."""

import gettext
import os
from functools import lru_cache
from pathlib import Path

DOMAIN = "etl"
LOCALE = Path(__file__).parent / "locale"


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
