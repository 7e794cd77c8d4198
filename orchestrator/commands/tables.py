"""Tables: drawn by rich on a terminal, aligned plain text elsewhere."""

import json
import os
import sys
import unicodedata
from collections.abc import Mapping, Sequence

from orchestrator.commands.printing import printable, write_json, write_out
from orchestrator.core.outcomes import JSON
from orchestrator.translation import _

WIDEST_CELL = 80


def on_terminal(stream: object = None) -> bool:
    """True where escape codes and live drawing are welcome (`NO_COLOR` still allows drawing)."""
    stream = sys.stdout if stream is None else stream
    isatty = getattr(stream, "isatty", None)
    return bool(isatty is not None and isatty()) and os.environ.get("TERM") != "dumb"


def write_table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, styles: Sequence[str] | None = None) -> None:
    """A table on stdout; `styles` (rich's names) colour each row on a terminal."""
    cleaned = [[one_line(cell) for cell in row] for row in rows]
    if on_terminal():
        _draw(titles, cleaned, styles)
    else:
        for line in plain_lines(titles, cleaned):
            write_out(line)


def write_records(records: Sequence[Mapping[str, JSON]], form: str, titles: Mapping[str, str]) -> None:
    """Records as `json`, `jsonl` or a table whose columns are `titles` (key → heading)."""
    if form == "json":
        write_json([dict(record) for record in records])
    elif form == "jsonl":
        for record in records:
            write_out(json.dumps(dict(record), ensure_ascii=False))
    else:
        write_table(list(titles.values()), [[cell(record.get(key)) for key in titles] for record in records])


def cell(value: JSON) -> str:
    """A value as a table shows it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)


def plain_lines(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns aligned with blanks, a rule under the titles, nothing but text."""
    cut = [[shortened(cell) for cell in row] for row in rows]
    widths = [max(width(text) for text in column) for column in zip(titles, *cut, strict=True)]
    lines = [titles, ["─" * size for size in widths], *cut]
    return ["  ".join(padded(text, size) for text, size in zip(line, widths, strict=True)).rstrip() for line in lines]


def one_line(text: str) -> str:
    """`text` as one printable line."""
    return printable(" ".join(text.split()))


def shortened(text: str, limit: int = WIDEST_CELL) -> str:
    """`text` cut to `limit` characters, the cut marked."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def width(text: str) -> int:
    """Columns that a terminal gives to `text`."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def padded(text: str, size: int) -> str:
    """`text` with blanks up to `size` columns."""
    return text + " " * (size - width(text))


def _draw(titles: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str] | None) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*titles, box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for number, row in enumerate(rows):
        table.add_row(*(Text(cell) for cell in row), style=styles[number] if styles else None)
    Console(file=sys.stdout, highlight=False).print(table)
