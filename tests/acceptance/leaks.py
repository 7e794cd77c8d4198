"""Looks for the invented people in whatever was written: tables, workbooks, archives in archives, raw pages of databases."""

import gzip
import io
import re
import shutil
import sqlite3
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from demo_city.people import EMAIL_MARKER, ID_MARKER, NAME_MARKERS

_GAP = r"[ .,\u00a0-]?"
DIGITS = re.compile(_GAP.join((ID_MARKER[0], ID_MARKER[1:4], ID_MARKER[4:])))
"""An id, an account or a phone, as a number or with separators: 1.999.007.123."""
WORDS = tuple(
    word.lower() for word in (*NAME_MARKERS, *(EMAIL_MARKER.replace("@", at) for at in ("@", "%40", "&#64;")))
)
"""What names an invented person or is an address, in small letters."""


def people_in(path: Path) -> list[str]:
    """What of invented people stands in a file, each spelling once."""
    found: set[str] = set()
    for text in texts_of(path):
        low = text.lower()
        found |= {word for word in WORDS if word in low}
        found.update(DIGITS.findall(low))
    return sorted(found)


def texts_of(path: Path) -> Iterator[str]:
    """Everything a file holds as text, unpacked; and its bytes as they are, with what a deletion left in them."""
    data = path.read_bytes()
    yield from _texts(data)
    if path.suffix == ".duckdb":
        yield from _duckdb_values(path)
    if data.startswith(b"SQLite format 3"):
        yield from _sqlite_values(path)
    if data.startswith(b"%PDF") and (reader := shutil.which("pdftotext")):
        # glyphs have numbers of their own: only a reader of PDF sees words
        yield subprocess.run([reader, str(path), "-"], capture_output=True, check=True).stdout.decode(
            "utf-8", "replace"
        )


def _texts(data: bytes) -> Iterator[str]:
    yield data.decode("utf-8", "replace")
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for name in package.namelist():
                yield name
                yield from _texts(package.read(name))
    elif data.startswith(b"\x1f\x8b"):
        yield from _texts(gzip.decompress(data))
    elif data.startswith(b"PAR1"):
        yield str(pl.read_parquet(io.BytesIO(data)).rows())
    elif data.startswith(b"%PDF"):
        for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
            yield _inflated(stream).decode("latin-1")


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return stream


def _duckdb_values(path: Path) -> Iterator[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        for schema, name in connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall():
            yield str(connection.execute(f'SELECT columns(*)::VARCHAR FROM "{schema}"."{name}"').fetchall())


def _sqlite_values(path: Path) -> Iterator[str]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            yield str(connection.execute(f'SELECT * FROM "{name}"').fetchall())
    finally:
        connection.close()
