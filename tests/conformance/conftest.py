"""The places that the conformance suites run against."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.core.ports import Store
from orchestrator.stores import open_store


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = {"memory": "memory://", "sqlite": f"sqlite:///{tmp_path / 'state.db'}"}[request.param]
    opened = open_store(url)
    yield opened
    opened.close()
