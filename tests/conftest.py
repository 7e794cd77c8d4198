"""What holds for every test, whoever starts them."""

import os

import pytest

# Hundreds of tests start the command line: it is compiled once, as for everybody who did not ask Python to forget it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take a minute each, so that at the end no worker is left alone with one of them."""
    items.sort(key=lambda item: not item.path.name.startswith("test_killed_"))
