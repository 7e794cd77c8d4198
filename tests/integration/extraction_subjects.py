"""Homes, folders and answers that the tests of extraction share."""

import gzip
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo_city.city import SEAL
from extraction_app.retries import RetryPolicy

SEED = 11
FAST = RetryPolicy(attempts=4, first_wait=timedelta(milliseconds=1), longest_wait=timedelta(milliseconds=5))
DAY = datetime(2025, 9, 22, 12, 0, tzinfo=UTC)


def unsealed(city, copy):
    return shutil.copytree(city, copy, ignore=shutil.ignore_patterns(SEAL))


def demo(tmp_path):
    return {"home": str(tmp_path / "home"), "source": "demo", "demo_seed": SEED, "demo_scale": 0.3}


def from_files(tmp_path, folder):
    return {"home": str(tmp_path / "home"), "source": "files", "source_folder": str(folder)}


def everything_below(folder):
    """All bytes below `folder`, unpacked, as lower-case text."""
    texts = []
    for path in sorted(Path(folder).rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as package:
                data = b"".join(package.read(name) for name in package.namelist())
        texts.append(data.decode("utf-8", "replace"))
    return "\n".join(texts).lower()
