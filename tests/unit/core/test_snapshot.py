"""Snapshots: what one version wrote, the next one reads; what a newer one wrote, none guesses at."""

import json

import pytest

from orchestrator.core.errors import UsageError
from orchestrator.core.snapshot import registry_of, snapshot_of
from orchestrator.core.tasks import (
    CachePolicy,
    Concurrency,
    Isolation,
    Limits,
    Mock,
    OnConflict,
    OnInterrupt,
    OnRestart,
    ParameterType,
    Registry,
    Task,
    TriggerRule,
    Workflow,
    WorkflowParameter,
)

OF_STEP_ONE = (
    '{"orchestrator_config":{"name":"Ciudad","version":"1.0.0","description":"","default_timeout":60,'
    '"max_parallel_workers":3,"allowed_modules":["otro"],"environment":"inherit","kill_grace":5,"language":"es"},'
    '"tasks":[{"task_id":"a","module_path":"m","function_name":"f","description":"","dependencies":[],"after":[],'
    '"trigger_rule":"all_done","parameters":{"x":[1,null]},"retry_count":2,"retry_delay":1,"retry_max_delay":60,'
    '"retry_on":["ValueError"],"no_retry_on":[],"critical":false,"category":"general"}],'
    '"workflows":{"w":{"description":"","tasks":["all"],"parameters":{"n":{"type":"integer"}}}}}'
)
"""As the first version stored it, letter by letter."""


def everything() -> Registry:
    return Registry(
        tasks=[
            Task(task_id="a", module_path="m", function_name="f"),
            Task(
                task_id="b ñ",
                module_path="m",
                function_name="g",
                name="B",
                dependencies=["a"],
                trigger_rule=TriggerRule.ONE_FAILED,
                parameters={"x": {"$secret": "K"}, "nothing": None},
                timeout=1.5,
                inputs={"rows": "a"},
                deadline=9,
                max_interruptions=0,
                on_interrupt=OnInterrupt.FAIL,
                isolation=Isolation.SHARED,
                memory_limit_mb=64,
                environment="clean",
                pool="portal",
                priority=-3,
                cache=CachePolicy(code=False, parameters=False, inputs=("data/*", "b"), expires=0.5),
                mock=Mock(output={"rows": 3}, declares_output=True, duration=1.5),
            ),
            Task(task_id="c", module_path="m", function_name="f", cache=CachePolicy()),
            Task(task_id="d", module_path="m", function_name="f", mock=Mock(declares_output=True)),
            Task(task_id="e", module_path="m", function_name="f", mock=Mock(duration=0)),
        ],
        workflows=[
            Workflow(workflow_id="all of it", tasks=["all"]),
            Workflow(
                workflow_id="w",
                name="W",
                tasks=["a"],
                parameters={"d": WorkflowParameter(name="d", type=ParameterType.DATE, required=True)},
                max_duration=60,
                concurrency=Concurrency(limit=2, on_conflict=OnConflict.CANCEL_RUNNING),
                on_restart=OnRestart.FAIL,
            ),
        ],
        limits=Limits(allowed_modules=("x", "y"), timezone="America/Bogota"),
        pools={"portal": 2, "otro": 1},
    )


def parts_of(registry: Registry) -> tuple[object, ...]:
    return dict(registry.tasks), dict(registry.workflows), registry.limits, dict(registry.pools)


def test_a_registry_survives_its_snapshot_with_every_field():
    registry = everything()

    again = registry_of(snapshot_of(registry))

    assert parts_of(again) == parts_of(registry)
    assert list(again.tasks) == list(registry.tasks)
    assert isinstance(again.task("b ñ").isolation, Isolation)
    assert isinstance(again.task("b ñ").on_interrupt, OnInterrupt)
    assert snapshot_of(again) == snapshot_of(registry)


def test_a_snapshot_of_the_first_version_takes_the_defaults_for_what_came_later():
    text = OF_STEP_ONE

    registry = registry_of(text)

    assert registry.task("a") == Task(
        task_id="a",
        module_path="m",
        function_name="f",
        trigger_rule=TriggerRule.ALL_DONE,
        parameters={"x": [1, None]},
        retry_count=2,
        retry_on=["ValueError"],
        critical=False,
    )
    assert registry.workflow("w").concurrency is None
    assert registry.workflow("w").parameters["n"].required
    assert registry.limits == Limits(name="Ciudad", default_timeout=60, allowed_modules=("otro",))
    assert registry.pools == {}


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ((), "novel"),
        (("orchestrator_config",), "orchestrator_config.novel"),
        (("tasks", 1), "tasks.novel"),
        (("tasks", 1, "cache"), "cache.novel"),
        (("tasks", 1, "mock"), "mock.novel"),
        (("workflows", "w"), "workflows.novel"),
        (("workflows", "w", "concurrency"), "concurrency.novel"),
        (("workflows", "w", "parameters", "d"), "parameters.novel"),
    ],
)
def test_a_field_that_a_newer_version_wrote_is_refused_by_name(place, named):
    document = json.loads(snapshot_of(everything()))
    part = document
    for step in place:
        part = part[step]
    part["novel"] = None

    with pytest.raises(UsageError) as refusal:
        registry_of(json.dumps(document))

    assert f"'{named}'" in str(refusal.value)
    assert "newer" in str(refusal.value)
