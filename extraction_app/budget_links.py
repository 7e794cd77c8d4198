"""The links to budget files on the city's page."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from extraction_app.budget_files import KINDS

_HEADINGS: Final = frozenset({"button", "h1", "h2", "h3", "h4", "h5", "summary"})
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]")
_LONGEST_NAME: Final = 150


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link to a budget file: its address, a safe file name, its text, and the heading it stands under."""

    url: str
    name: str
    text: str
    heading: str


def links_of_page(page: str, address: str) -> list[Link]:
    """The links of `page`, which came from `address`, to files of a known kind; each address once, in page order."""
    reader = _LinkReader(address)
    reader.feed(page)
    reader.close()
    first: dict[str, Link] = {}
    for link in reader.links:
        first.setdefault(link.url, link)
    return list(first.values())


def safe_name(text: str) -> str:
    """`text` as a file name on any system: no separators, no control characters, at most 150 characters."""
    name = " ".join(_FORBIDDEN.sub("_", text).split()).lstrip(".") or "archivo"
    stem, dot, kind = name.rpartition(".")
    return name if len(name) <= _LONGEST_NAME else f"{stem[: _LONGEST_NAME - len(kind) - 1]}{dot}{kind}"


class _LinkReader(HTMLParser):
    """Collects links with the text inside them and the last heading before them."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._base = address
        self._heading: list[str] = []
        self._in_heading = False
        self._target: str | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "base" and values.get("href"):
            self._base = urljoin(self._base, values["href"] or "")
        elif tag in _HEADINGS:
            self._in_heading, self._heading = True, []
        elif tag == "a":
            self._finish_link()
            self._target = values.get("href")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._in_heading = False
        elif tag == "a":
            self._finish_link()

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self._heading.append(data)
        if self._target is not None:
            self._text.append(data)

    def close(self) -> None:
        super().close()
        self._finish_link()

    def _finish_link(self) -> None:
        target, self._target = self._target, None
        text, self._text = " ".join("".join(self._text).split()), []
        if target is None:
            return
        try:
            url = urljoin(self._base, target.strip())
            parts = urlsplit(url)
        except ValueError:  # such as http://[
            return
        name = safe_name(unquote(PurePosixPath(parts.path).name))
        if parts.scheme in {"http", "https"} and name.lower().endswith(KINDS):
            heading = " ".join("".join(self._heading).split())
            self.links.append(Link(url=url.partition("#")[0], name=name, text=text, heading=heading))
