import sys

from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.ports import AttemptEnded, AttemptProgress, Call
from orchestrator.executors.inline import InlineExecutor


def test_progress_is_told_between_start_and_end(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "a_task_that_counts.py").write_text(
        "def count(*, etl_context):\n    for done in (1, 2, 3):\n        etl_context.progress(done, 3)\n"
    )
    key = AttemptKey(run=TaskRunKey(execution_id="20260101_000000", task_id="count"), number=1)
    events = []
    executor = InlineExecutor(max_workers=1)
    executor.start(events.append)

    executor.submit(
        Call(attempt=key, module_path="a_task_that_counts", function_name="count", search_path=(str(tmp_path),))
    )
    while not isinstance(events[-1] if events else None, AttemptEnded):
        continue

    told = [event for event in events[1:-1] if isinstance(event, AttemptProgress)]
    assert told == events[1:-1]
    assert (told[0].done, told[-1].done, told[-1].total) == (1, 3, 3)
