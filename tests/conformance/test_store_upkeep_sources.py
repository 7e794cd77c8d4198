"""What an execution that has not ended takes outputs from is not forgotten under it."""

from datetime import timedelta

from orchestrator.core.states import ExecutionStatus
from tests.conformance.store_subjects import AT, execution_to, queued, started

LATER = AT + timedelta(days=400)


def test_what_an_open_execution_takes_outputs_from_stays(store, upkeep):
    source = started(store, "20250101_000000")
    store.record(source, [execution_to(ExecutionStatus.COMPLETED)])
    queued(store, "20250102_000000", tasks=("b",), outputs_from={"a": "20250101_000000"})

    forgotten = upkeep.prune(before=LATER, keep=0)

    assert forgotten == []
    assert store.get_execution("20250101_000000").status is ExecutionStatus.COMPLETED
