"""Files that are made once, whoever comes first."""

import multiprocessing
from pathlib import Path

from etl_kit.files import write_bytes_once
from etl_kit.people import people_key


def ask_for_key(path: str) -> str:
    return people_key(Path(path)).hex()


def test_several_processes_that_need_the_key_at_once_get_the_same_one(tmp_path):
    path = tmp_path / "data" / ".people_key"

    with multiprocessing.get_context("spawn").Pool(2) as pool:
        keys = pool.map(ask_for_key, [str(path)] * 8)

    assert len(set(keys)) == 1
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_there_first_stays(tmp_path):
    path = tmp_path / "key"
    write_bytes_once(path, b"first")

    write_bytes_once(path, b"second")

    assert path.read_bytes() == b"first"
    assert [other.name for other in tmp_path.iterdir()] == ["key"]
