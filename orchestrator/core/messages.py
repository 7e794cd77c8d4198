"""What a person will read, kept apart as an English template and its facts until a language is chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field


def N_(template: str) -> str:  # noqa: N802 - gettext's own name for "translate later"; the extractor looks for it
    """Mark `template` for the translators and return it unchanged."""
    return template


@dataclass(frozen=True, kw_only=True)
class Message:
    """An English `template` with named places, and the `facts` that fill them.

    The core says what happened; only an entrance knows the reader's language and calls `translation.say`.
    """

    template: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """The English text."""
        return self.template.format(**self.facts)
