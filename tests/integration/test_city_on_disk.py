"""The made-up city on disk: made once, whole, the same for everybody."""

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo_city.city import SEAL, _put_in_place, ensure_city
from tests.integration.extraction_subjects import everything_below

pytestmark = pytest.mark.usefixtures("no_settings_from_outside")


def test_the_city_is_made_once(tmp_path):
    first = ensure_city(tmp_path, seed=1, scale=0.2)
    stamp = tmp_path.stat().st_mtime_ns

    again = ensure_city(tmp_path, seed=1, scale=0.2)

    assert again == first
    assert tmp_path.stat().st_mtime_ns == stamp  # nothing was built beside it either
    assert ensure_city(tmp_path, seed=2, scale=0.2) != first


def test_who_comes_second_leaves_the_first_city_alone(tmp_path):
    first = ensure_city(tmp_path, seed=1, scale=0.2)
    inode = first.stat().st_ino
    second = shutil.copytree(first, tmp_path / "second")

    _put_in_place(second, first)

    assert first.stat().st_ino == inode


def test_what_a_killed_process_left_is_cleared_and_what_is_being_built_is_not(tmp_path):
    for name, age in (("old", 7200), ("young", 10)):
        (tmp_path / f".{name}.part").mkdir()
        os.utime(tmp_path / f".{name}.part", (time.time() - age,) * 2)

    ensure_city(tmp_path, seed=1, scale=0.1)

    assert {path.name for path in tmp_path.glob(".*")} == {".young.part"}


def test_a_city_without_its_seal_is_made_again(tmp_path):
    folder = ensure_city(tmp_path, seed=1, scale=0.2)
    whole = everything_below(folder)
    (folder / SEAL).unlink()
    (folder / "secop" / "contratos_jbjy-vk9h.json").unlink()

    again = ensure_city(tmp_path, seed=1, scale=0.2)

    assert everything_below(again) == whole


def test_several_processes_may_ask_for_the_same_city_at_once(tmp_path):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        folders = pool.starmap(_ensure, [(tmp_path,)] * 4)

    assert len(set(folders)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [Path(folders[0]).name]


def _ensure(folder):
    return str(ensure_city(folder, seed=3, scale=0.2))


def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed_and_the_locale():
    script = (
        "import hashlib; from demo_city.city import build_city; c = build_city(seed=7, scale=0.2);"
        "print(hashlib.sha256(b''.join(k.encode() + c.files[k] for k in sorted(c.files))).hexdigest())"
    )
    surroundings = [{"PYTHONHASHSEED": "1", "LC_ALL": "C"}, {"PYTHONHASHSEED": "99", "TZ": "Asia/Tokyo"}]

    digests = {
        subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True).stdout
        for env in surroundings
    }

    assert len(digests) == 1


def test_the_command_writes_a_city_and_refuses_a_folder_with_something_else(tmp_path):
    call = [sys.executable, "-m", "demo_city", "--scale", "0.1", "--seed", "5", "--out"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("important")

    made = subprocess.run([*call, str(tmp_path / "new")], capture_output=True, text=True, check=False)
    refused = subprocess.run([*call, str(tmp_path / "mine")], capture_output=True, text=True, check=False)

    assert (made.returncode, refused.returncode) == (0, 2)
    assert json.loads((tmp_path / "new" / SEAL).read_text())["semilla"] == 5
    assert "mine" in refused.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
