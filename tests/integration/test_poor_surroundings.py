"""Little to live on: few descriptors, few processes, no environment, no temporary folder, no name for the user (F61, F62, F68)."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.integration.going_on_subjects import ROOT, Home

if os.name != "posix":
    pytest.skip("limits of POSIX", allow_module_level=True)

import resource  # where there is one

NOBODY = 54_321
"""A user that has neither a name nor a home."""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user and mounts")
USABLE_BY_OTHERS = os.access(sys.executable, os.X_OK) and all(
    parent.stat().st_mode & 0o005 == 0o005 for parent in [*Path(sys.executable).resolve().parents, *ROOT.parents, ROOT]
)
by_anybody = pytest.mark.skipif(not USABLE_BY_OTHERS, reason="this interpreter is not for other users")


def wide(count, **fields):
    return [{"task_id": f"t{number:02d}", **fields} for number in range(count)]


def run_under(home, prepare, *arguments, environment=None, timeout=110):
    """A command in a process that `prepare` was called in first."""
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", *arguments],
        cwd=home.path,
        env=home.environment if environment is None else environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        preexec_fn=prepare,
    )


def limit(what, number):
    return lambda: resource.setrlimit(what, (number, number))


# --- 61 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("descriptors", [64, 24, 12])
def test_with_few_descriptors_it_completes_or_says_so_and_a_resume_completes_it(tmp_path, descriptors):
    home = Home(tmp_path, *wide(30))

    ran = run_under(
        home, limit(resource.RLIMIT_NOFILE, descriptors), "run", "--all", "--parallel", "--max-workers", "8"
    )

    assert "Traceback" not in ran.stderr
    assert ran.returncode in {0, 5}, ran.stderr
    if ran.returncode == 5:
        assert ran.stderr.strip()
        if ran.stdout.strip():  # its id was told: it exists
            assert home.stored()[0].status == "interrupted"
            resumed = home.etl("resume", "--latest")
            assert resumed.returncode == 0, resumed.stderr
            assert blamed(home) == []
    if ran.returncode == 0 or ran.stdout.strip():
        assert set(home.statuses().values()) == {"completed"}


def blamed(home):
    """Attempts that are said to have failed."""
    return [
        attempt
        for result in home.report()["results"].values()
        for attempt in result["attempts"]
        if attempt["status"] not in {"completed", "lost"}
    ]


# --- 62 --------------------------------------------------------------------------------------------------------------


def become(user):
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


@pytest.fixture
def open_place():
    """A folder that any user can reach; those of pytest are for its own user."""
    with tempfile.TemporaryDirectory(prefix="etl-place-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def given_to(path, user):
    for one in [path, *path.rglob("*")]:
        os.chown(one, user, user)


@as_root
@by_anybody
@pytest.mark.parametrize("processes", [12, 5, 1])
def test_where_no_more_processes_may_be_it_completes_or_says_so_and_no_task_is_blamed(open_place, processes):
    user = NOBODY + processes  # the limit counts all of a user's processes
    home = Home(open_place, *wide(12))
    given_to(open_place, user)

    def prepare():
        resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
        become(user)

    ran = run_under(home, prepare, "run", "--all", "--parallel", "--max-workers", "6")
    resumed = run_under(home, lambda: become(user), "resume", "--latest")

    assert "Traceback" not in ran.stderr
    assert ran.returncode in {0, 5}, ran.stdout + ran.stderr
    assert resumed.returncode == 0, resumed.stderr
    assert set(home.statuses().values()) == {"completed"}
    assert blamed(home) == []


# --- 68 --------------------------------------------------------------------------------------------------------------


def assert_completed(home, ran):
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    assert set(home.statuses().values()) == {"completed"}


def test_an_environment_of_nothing_but_a_path_is_enough(open_place):
    home = Home(open_place, *wide(2))

    ran = run_under(
        home,
        None,
        "run",
        "--all",
        "-c",
        str(open_place / "config.json"),
        environment={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "ETL_HOME": str(open_place)},
    )

    assert_completed(home, ran)


@pytest.mark.parametrize(
    "change",
    [
        {"HOME": None},
        {"HOME": "/nowhere/at/all"},
        {"TMPDIR": "/nowhere/at/all"},
        {"PATH": None},
        {"PATH": "/nowhere"},
        {"XDG_RUNTIME_DIR": "/nowhere", "XDG_CACHE_HOME": "/nowhere"},
        {"TERM": "nothing-known"},
        {"LANG": "xx_YY.ZZ", "LC_ALL": "xx_YY.ZZ"},
    ],
    ids=str,
)
def test_a_variable_that_is_missing_or_leads_nowhere_changes_nothing(tmp_path, change):
    home = Home(tmp_path, *wide(2))
    environment = {**home.environment, **{name: value for name, value in change.items() if value is not None}}
    for name in (name for name, value in change.items() if value is None):
        environment.pop(name, None)

    ran = run_under(home, None, "run", "--all", environment=environment)

    assert_completed(home, ran)


@pytest.fixture
def full_folder(tmp_path):
    """A folder on a file system without a free byte."""
    folder = tmp_path / "full"
    folder.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("no mount here")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        with (folder / "filler").open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@as_root
def test_a_temporary_folder_without_a_free_byte_changes_nothing(tmp_path, full_folder):
    place = tmp_path / "home"
    place.mkdir()
    home = Home(place, *wide(2))

    ran = run_under(home, None, "run", "--all", environment={**home.environment, "TMPDIR": str(full_folder)})

    assert_completed(home, ran)


@as_root
@by_anybody
def test_a_user_without_a_name_may_run_and_cancel(open_place):
    home = Home(open_place, *wide(2))
    given_to(open_place, NOBODY)
    nameless = {name: value for name, value in home.environment.items() if name not in {"HOME", "USER", "LOGNAME"}}

    def as_nobody(*arguments):
        return run_under(home, lambda: become(NOBODY), *arguments, environment=nameless)

    ran = as_nobody("run", "--all")
    cancelled = as_nobody("cancel", "--latest")
    health = as_nobody("doctor")

    assert_completed(home, ran)
    assert cancelled.returncode == 0, cancelled.stderr
    assert "Traceback" not in cancelled.stderr + health.stderr
    assert {path.stat().st_uid for path in (open_place / ".orchestrator").rglob("*")} == {NOBODY}


@as_root
@by_anybody
def test_a_home_that_belongs_to_somebody_else_is_refused_by_name(open_place):
    home = Home(open_place, *wide(1))

    ran = run_under(home, lambda: become(NOBODY), "run", "--all")

    assert ran.returncode == 5
    assert str(open_place) in ran.stderr
    assert "Traceback" not in ran.stderr
