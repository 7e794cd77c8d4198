"""Every test here reads English, whatever catalogues there are."""

from collections.abc import Iterator

import pytest

from orchestrator.translation import current_language, use_language


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    before = current_language()
    use_language("en")
    yield
    use_language(before)
