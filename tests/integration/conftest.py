"""The made-up city on disk, for whoever extracts from it."""

import os

import pytest

from demo_city.city import ensure_city
from tests.integration.extraction_subjects import SEED, unsealed


@pytest.fixture
def no_settings_from_outside(monkeypatch):
    for name in list(os.environ):
        if name.startswith("ETL_") and name != "ETL_REAL_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("ETL_LANG", "en")


@pytest.fixture(scope="session")
def city(tmp_path_factory):
    return ensure_city(tmp_path_factory.mktemp("city"), seed=SEED, scale=0.3)


@pytest.fixture
def files(city, tmp_path):
    """A private copy of the city without its seal, to be damaged at will."""
    return unsealed(city, tmp_path / "files")
