from pathlib import Path

import pytest

from orchestrator.core.errors import UsageError
from orchestrator.stores import open_store, open_upkeep
from orchestrator.stores.connecting import path_in_url
from orchestrator.stores.memory import MemoryStore


def test_a_memory_address_opens_a_new_and_empty_store_each_time():
    first, second = open_store("memory://"), open_store("memory://")

    assert isinstance(first, MemoryStore)
    assert first is not second


@pytest.mark.parametrize(
    "url", ["mongodb://host/db", "", "state.db", "/home/x/state.db", "sqlite://", "sqlite:///", "SQLITE:///x", "memory"]
)
def test_an_address_of_no_known_kind_is_refused_and_the_known_ones_are_named(url):
    for opening in (open_store, open_upkeep):
        with pytest.raises(UsageError, match=r"memory://, sqlite:///<absolute path>"):
            opening(url)


def test_a_refused_address_does_not_give_its_password_away():
    with pytest.raises(UsageError) as refused:
        open_store("mysql://user:s3cret@host/db")

    assert "s3cret" not in str(refused.value)
    assert "mysql://" in str(refused.value)


@pytest.mark.parametrize("place", ["/home/ñ o/100%/state.db", "//home/ñ o/100%/state.db"])
def test_a_path_is_taken_letter_by_letter_with_one_leading_slash_or_two(place):
    path = path_in_url(place)

    assert path == Path("/home/ñ o/100%/state.db")
