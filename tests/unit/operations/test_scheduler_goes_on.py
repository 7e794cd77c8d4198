"""A scheduler lives through whatever goes wrong, and tells it once."""

import logging
import threading

import pytest

from orchestrator.core.errors import StoreUnusable
from orchestrator.operations import scheduling
from orchestrator.operations.scheduling import Scheduler


def looking(trouble, turns, monkeypatch):
    """What a scheduler does whose every look ends in `trouble`, until it has looked so often."""
    monkeypatch.setattr(scheduling, "LOOK", 0.001)
    looked = []

    def parts():
        looked.append(1)
        if len(looked) >= turns:
            scheduler.stop()
        raise trouble

    scheduler = Scheduler(parts=parts)
    thread = threading.Thread(target=scheduler.run)
    thread.start()
    thread.join(30)
    return len(looked), thread.is_alive()


@pytest.mark.parametrize(
    "trouble", [StoreUnusable("the disk is away"), ValueError("a fault of ours"), OSError(5, "input/output error")]
)
def test_it_looks_again_after_whatever_went_wrong(trouble, monkeypatch):
    looked, alive = looking(trouble, 5, monkeypatch)

    assert (looked, alive) == (5, False)


def test_the_same_trouble_is_told_once(monkeypatch, caplog):
    with caplog.at_level(logging.WARNING):
        looking(StoreUnusable("the disk is away"), 5, monkeypatch)

    assert [record.getMessage() for record in caplog.records] == ["the disk is away"]
