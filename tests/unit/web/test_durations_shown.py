"""What a workflow's page tells of its durations: all trends in words, and no more cells than a page holds."""

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.core.executions import Execution, Request, TaskRun
from orchestrator.core.identity import TaskRunKey
from orchestrator.core.states import ExecutionStatus, TaskStatus
from orchestrator.core.tasks import Registry, Task, Workflow
from orchestrator.operations.durations import figures_of
from orchestrator.translation import speaking
from orchestrator.web.ui.durations_shown import Line, durations_of
from orchestrator.web.ui.rendering import render

AT = datetime(2026, 11, 24, tzinfo=UTC)


class Kept:
    """A store of executions of one workflow, each of which ran all tasks for as many seconds as it has a number."""

    def __init__(self, count, tasks, **facts):
        self.facts = facts
        self.executions = [
            Execution(
                execution_id=f"e{number}",
                request=Request(tasks=tuple(tasks), workflow="w"),
                status=ExecutionStatus.COMPLETED,
                created_at=AT + timedelta(hours=number),
                duration=float(number),
            )
            for number in range(count)
        ]

    def list_executions(self, *, limit, workflow, statuses):
        return self.executions[::-1][:limit]

    def task_runs_of(self, execution_ids, *, task_ids):
        return {
            execution_id: [
                TaskRun(
                    key=TaskRunKey(execution_id=execution_id, task_id=task_id),
                    position=place,
                    status=TaskStatus.COMPLETED,
                    **{"duration": float(execution_id[1:])} | self.facts,
                )
                for place, task_id in enumerate(task_ids)
            ]
            for execution_id in execution_ids
        }


class PartsOf:
    def __init__(self, store, tasks):
        self.store = store
        self.registry = Registry([Task(task_id=one, module_path="m", function_name="f") for one in tasks])


def shown(count, tasks, **facts):
    return durations_of(PartsOf(Kept(count, tasks, **facts), tasks), Workflow(workflow_id="w", tasks=list(tasks)))


@pytest.mark.parametrize(
    ("durations", "words"),
    [
        ([10.0] * 3, "too few to tell"),
        ([10.0] * 8, "steady"),
        ([10.0] * 4 + [12.5] * 4, "rising: +25 %"),
        ([10.0] * 4 + [5.0] * 4, "falling: −50 %"),
        ([10.0] * 9 + [30.0], "the last one took unusually long"),
    ],
)
def test_every_trend_is_told_in_words(durations, words):
    line = Line(task_id="t", figures=figures_of(durations), points=[])

    with speaking("en"):
        page = render("parts/durations.html", lines=[line], history={"executions": [1], "lines": {}, "medians": {}})

    assert words in page


def test_points_are_the_oldest_first_of_the_whole_and_of_each_task():
    facts = shown(3, ["a"])

    assert [line.task_id for line in facts["lines"]] == ["", "a"]
    assert facts["history"]["lines"]["a"] == [(0, 0.0, True), (1, 1.0, True), (2, 2.0, True)]
    assert facts["history"]["medians"] == {"": 1.0, "a": 1.0}


def test_a_kept_result_is_no_duration():
    facts = shown(3, ["a"], cached_from="e0")

    assert facts["history"]["lines"]["a"] == []


def test_of_many_tasks_fewer_executions_are_shown():
    facts = shown(100, [f"t{number}" for number in range(400)])

    assert len(facts["history"]["executions"]) == 15
    assert sum(map(len, facts["history"]["lines"].values())) <= 6000 + 15
