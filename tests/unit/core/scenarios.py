"""Random graphs of tasks and how each of their attempts is going to end: what the simulation walks through."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from orchestrator.core.identity import AttemptKey
from orchestrator.core.machine_state import Kept
from orchestrator.core.outcomes import Crashed, Lost, NotCallable, Outcome, Raised, Returned, TimedOut
from orchestrator.core.plan import Plan, make_plan
from orchestrator.core.tasks import CachePolicy, OnInterrupt, Registry, Task, TriggerRule

FEATURES = ("cache", "deadlines", "interruptions", "kept", "max_duration", "pools", "priorities")
"""What tasks and executions may ask for besides order, rules and retries."""
EARLIER = "20250301_120000"
"""The execution whose results are taken again."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is executed, and how every attempt is going to end; the same seed makes the same one."""

    seed: int
    size: int
    max_workers: int
    stop_on_failure: bool
    trouble: float
    """Share of attempts that do not succeed."""
    features: tuple[str, ...] = ()
    """Those of FEATURES that it makes use of."""
    registry: Registry = field(repr=False)
    plan: Plan = field(repr=False)
    max_duration: float | None = field(default=None, repr=False)
    pools: Mapping[str, int] = field(default_factory=dict, repr=False)
    kept: Mapping[str, Kept] = field(default_factory=dict, repr=False)

    @property
    def options(self) -> dict:
        """What `initial_state` is told besides the id and the plan."""
        return {
            "max_workers": self.max_workers,
            "stop_on_failure": self.stop_on_failure,
            "max_duration": self.max_duration,
            "pools": self.pools,
            "kept": self.kept,
        }

    def cached(self, task_id: str) -> Kept | None:
        """What the cache knows of that task."""
        known = Random(f"{self.seed} {task_id} cached").random() < 0.4
        return Kept(execution_id=EARLIER, output={"status": "success"}) if known else None

    def outcome(self, attempt: AttemptKey) -> Outcome:
        """How that attempt ends, whenever it runs."""
        chance = Random(f"{self.seed} {attempt.run.task_id} {attempt.number}")
        if chance.random() >= self.trouble:
            return Returned(output={"status": "success"})
        return chance.choice(
            [
                Raised(error_type="ValueError", message="no", traceback="", lineage=("ValueError",)),
                Raised(error_type="KeyError", message="no", traceback="", lineage=("KeyError",)),
                Returned(output={"status": "failed"}),
                Returned(output={"status": "skipped"}),
                Lost(message="gone"),
                TimedOut(limit=1),
                Crashed(message="signal 9"),
                NotCallable(error_type="import_error", message="no"),
            ]
        )


def make_scenario(seed: int, **fixed) -> Scenario:
    """A random one; `fixed` holds fields that are not left to chance."""
    chance = Random(seed)
    facts = {
        "seed": seed,
        "size": chance.choice([1, 2, 3, 5, 8, 13, 21, 34, 55, 200 if chance.random() < 0.3 else 8]),
        "max_workers": chance.choice([1, 2, 3, 8, 1024]),
        "stop_on_failure": chance.random() < 0.5,
        "trouble": chance.choice([0.0, 0.05, 0.2, 0.5]),
        **fixed,
    }
    tasks = _tasks(chance, facts["size"])
    names = [task.task_id for task in tasks]
    chosen = names if chance.random() < 0.5 else chance.sample(names, chance.randint(1, len(names)))
    features = facts.get("features", ())
    extra = Random(f"{seed} features")  # of its own: the graph of a seed is the same with and without them
    registry = Registry([_asking(extra, task, features) for task in tasks])
    return Scenario(
        **facts,
        registry=registry,
        plan=make_plan(registry, chosen),
        max_duration=extra.choice([5.0, 20.0, 60.0]) if "max_duration" in features else None,
        pools={"narrow": 1, "wide": 3} if "pools" in features else {},
        kept={
            name: Kept(execution_id=EARLIER) for name in (chosen if "kept" in features else ()) if extra.random() < 0.25
        },
    )


def any_features(seed: int) -> tuple[str, ...]:
    """Some of FEATURES: often few, at times all."""
    chance = Random(f"{seed} which")
    share = chance.choice([0.0, 0.2, 0.5, 1.0])
    return tuple(feature for feature in FEATURES if chance.random() < share)


def _asking(chance: Random, task: Task, features: Collection[str]) -> Task:
    """`task`, with fields that the features are about."""
    fields: dict[str, object] = {}
    if "cache" in features and chance.random() < 0.4:
        fields["cache"] = CachePolicy()
    if "deadlines" in features and chance.random() < 0.5:
        fields["deadline"] = chance.choice([3.0, 10.0, 40.0])
    if "interruptions" in features:
        fields["max_interruptions"] = chance.choice([0, 1, 3])
        fields["on_interrupt"] = OnInterrupt.FAIL if chance.random() < 0.3 else OnInterrupt.RETRY
    if "pools" in features:
        fields["pool"] = chance.choice([None, "narrow", "wide"])
    if "priorities" in features:
        fields["priority"] = chance.choice([-1, 0, 0, 5])
    return replace(task, **fields)


def _tasks(chance: Random, size: int) -> list[Task]:
    names = [f"t{n}" for n in range(size)]
    density = chance.choice([0, 1, 1, 2, 4])
    plain = chance.random() < 0.3
    tasks = [
        Task(
            task_id=name,
            module_path="m",
            function_name="f",
            dependencies=chance.sample(names[:n], min(n, chance.randint(0, density))),
            after=chance.sample(names[:n], min(n, chance.choice([0, 0, 0, 1, 2]))),
            trigger_rule=TriggerRule.ALL_SUCCESS if plain or chance.random() < 0.5 else chance.choice([*TriggerRule]),
            retry_count=chance.choice([0, 0, 1, 2, 5]),
            retry_delay=chance.choice([0, 1, 30]),
            no_retry_on=chance.choice([[], [], ["KeyError"]]),
            critical=chance.random() < 0.5,
        )
        for n, name in enumerate(names)
    ]
    return tasks if chance.random() < 0.5 else chance.sample(tasks, len(tasks))


def upstreams_of(scenario: Scenario) -> dict[str, tuple[set[str], set[str]]]:
    """Of each selected task the selected ones it waits for, firmly and loosely, by walking back (D1, R6)."""
    registry, selected = scenario.registry, set(scenario.plan.order)
    found = {}
    for task_id in selected:
        firm: set[str] = set()
        loose: set[str] = set()
        seen: set[tuple[str, bool]] = set()
        steps = [(task_id, True)]
        while steps:
            here, so_far = steps.pop()
            task = registry.task(here)
            for upstream, kind in [(t, so_far) for t in task.dependencies] + [(t, False) for t in task.after]:
                if upstream in selected:
                    (firm if kind else loose).add(upstream)
                elif (upstream, kind) not in seen:
                    seen.add((upstream, kind))
                    steps.append((upstream, kind))
        found[task_id] = (firm, loose - firm)
    return found
