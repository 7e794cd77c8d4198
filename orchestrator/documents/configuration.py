"""The JSON file at the door: a registry of what it defines, or every problem with its place (semantics R22)."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from orchestrator.core.errors import ConfigurationRefused
from orchestrator.core.tasks import Registry
from orchestrator.documents import reading
from orchestrator.documents.checking import Checker
from orchestrator.documents.places import Places


@dataclass(frozen=True, kw_only=True)
class Document:
    """A configuration without problems."""

    registry: Registry
    text: str
    """As it stood in the file, without a byte order mark: the snapshot (D13)."""
    sha256: str
    """Of `text` in UTF-8, 64 hexadecimal digits; equals the file's own unless that begins with a mark."""
    source: str
    """Where it came from, for messages."""


def read_configuration(path: Path) -> Document:
    """The configuration in the file `path`; raises ConfigurationRefused with all its problems at once."""
    source = str(path)
    try:
        data = reading.read_bytes(path)
    except reading.Unreadable as why:
        raise ConfigurationRefused(source, [why.problem]) from why
    return parse_configuration(data, source)


def parse_configuration(content: str | bytes, source: str) -> Document:
    """The configuration that `content` spells; raises ConfigurationRefused with all its problems at once.

    Imports no module that the configuration names and starts nothing.
    """
    try:
        text = reading.decode(content) if isinstance(content, bytes) else content
        reading.check_text(text)
        places = Places(text)
        parsed = reading.parse(text, places)
    except reading.Unreadable as why:
        raise ConfigurationRefused(source, [why.problem]) from why
    checker = Checker(places, parsed)
    registry = checker.check()
    if registry is None:
        raise ConfigurationRefused(source, checker.problems.listed())
    return Document(registry=registry, text=text, sha256=hashlib.sha256(text.encode()).hexdigest(), source=source)
