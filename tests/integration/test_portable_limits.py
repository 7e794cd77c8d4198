"""The memory limit where there is no supervisor: watched by whoever started the process (F17)."""

import pytest

from orchestrator.core.outcomes import Crashed, Returned
from orchestrator.executors.portable import PortableExecutor
from tests.integration.executor_watch import Watch, call_of


@pytest.fixture
def watch():
    executor = PortableExecutor(max_workers=2)
    yield Watch(executor)
    executor.close()


def test_a_task_that_takes_more_memory_than_it_may_is_killed_and_its_neighbour_is_not(watch):
    neighbour = watch.submit(call_of("sleep", parameters={"seconds": 3}))

    ended = watch.run(call_of("fill_memory", memory_limit_mb=256, parameters={"pause": 0.05}))

    assert isinstance(ended.outcome, Crashed)
    assert ended.outcome.message.startswith("memory limit of 256 MB exceeded (")
    assert ended.outcome.signal == 9
    assert isinstance(watch.end_of(neighbour).outcome, Returned)


def test_a_task_within_its_limit_is_left_in_peace(watch):
    call = call_of("use_memory", memory_limit_mb=512, parameters={"megabytes": 64})

    ended = watch.run(call)

    assert isinstance(ended.outcome, Returned)
