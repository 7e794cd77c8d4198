"""The places that the conformance suites run against."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.core.storing import Store, Upkeep
from orchestrator.stores import open_store, open_upkeep
from orchestrator.stores.memory import MemoryStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = {"memory": "memory://", "sqlite": f"sqlite:///{tmp_path / 'state.db'}"}[request.param]
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def upkeep(store: Store, tmp_path: Path) -> Upkeep:
    """Who looks after `store`, while it is in use."""
    return store if isinstance(store, MemoryStore) else open_upkeep(f"sqlite:///{tmp_path / 'state.db'}")
