import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.errors import CycleFound, UnknownTask, UsageError
from orchestrator.core.plan import make_plan, with_dependencies
from tests.unit.core.subjects import plan_of, registry_of, task_of

# --- order -----------------------------------------------------------------------------------------------------------


def test_a_task_stands_behind_all_that_it_waits_for():
    plan = plan_of(task_of("load", ["clean"], after=["check"]), check=[], clean=["extract"], extract=[])

    assert plan.order == ("check", "extract", "clean", "load")
    assert [planned.position for planned in plan.tasks.values()] == [0, 1, 2, 3]


def test_tasks_that_nothing_orders_keep_the_order_of_registration_whatever_was_asked_for_first():
    registry = registry_of(c=[], a=[], b=[], d=["b"])

    plans = [make_plan(registry, asked) for asked in (["a", "b", "c", "d"], ["d", "c", "b", "a"])]

    assert [plan.order for plan in plans] == [("c", "a", "b", "d")] * 2


def test_a_task_gets_its_turn_by_registration_as_soon_as_its_edges_allow():
    plan = plan_of(b=["z"], a=[], z=[], y=[])

    assert plan.order == ("a", "z", "b", "y")


def test_both_kinds_of_edges_lead_to_dependents():
    plan = plan_of(task_of("report", ["load"], after=["check"]), load=[], check=["load"])

    assert plan.dependents == {"load": ("check", "report"), "check": ("report",), "report": ()}


def test_an_edge_that_is_given_twice_or_of_both_kinds_counts_once_and_firmly():
    plan = plan_of(task_of("b", ["a", "a"], after=["a"]), a=[])

    assert plan.tasks["b"].dependencies == ("a",)
    assert plan.tasks["b"].after == ()
    assert plan.dependents["a"] == ("b",)


# --- through unselected tasks (D1) -----------------------------------------------------------------------------------


def test_order_is_kept_through_a_task_that_is_not_selected():
    plan = plan_of(c=["b"], b=["a"], a=[], select=["c", "a"])

    assert plan.order == ("a", "c")
    assert plan.tasks["c"].dependencies == ("a",)
    assert plan.assumed_satisfied == ("b",)


def test_a_path_with_one_after_edge_is_order_only():
    early = plan_of(task_of("b", after=["a"]), a=[], c=["b"], select=["a", "c"])
    late = plan_of(task_of("c", after=["b"]), a=[], b=["a"], select=["a", "c"])

    for plan in (early, late):
        assert plan.order == ("a", "c")
        assert (plan.tasks["c"].dependencies, plan.tasks["c"].after) == ((), ("a",))


def test_of_two_paths_the_firm_one_counts():
    plan = plan_of(task_of("loose", after=["a"]), a=[], firm=["a"], end=["loose", "firm"], select=["a", "end"])

    assert (plan.tasks["end"].dependencies, plan.tasks["end"].after) == (("a",), ())


def test_only_direct_dependencies_outside_the_selection_are_assumed_satisfied_in_plan_order():
    plan = plan_of(
        task_of("end", ["far", "near"], after=["aside"]), root=[], near=["root"], far=["near"], aside=[], select=["end"]
    )

    assert plan.assumed_satisfied == ("near", "far")


def test_a_dependency_that_is_selected_is_not_assumed():
    plan = plan_of(a=[], b=["a"], c=["b"], select=["b", "c"])

    assert plan.assumed_satisfied == ("a",)


# --- refusals --------------------------------------------------------------------------------------------------------


def test_a_cycle_is_refused_by_name():
    with pytest.raises(CycleFound, match="cycle: a → b → a") as caught:
        plan_of(a=["b"], b=["a"], c=["a"])

    assert caught.value.cycle == ("a", "b", "a")


def test_a_cycle_of_after_edges_upstream_of_the_selection_is_refused_too():
    with pytest.raises(CycleFound) as caught:
        plan_of(task_of("a", after=["b"]), b=["a"], c=["b"], select=["c"])

    assert set(caught.value.cycle) == {"a", "b"}


def test_a_cycle_that_the_selection_cannot_see_does_not_matter():
    plan = plan_of(a=["b"], b=["a"], c=[], select=["c"])

    assert plan.order == ("c",)


def test_an_unknown_task_is_refused_with_the_nearest_known_one():
    with pytest.raises(UnknownTask, match="no task is called 'exctract'; did you mean 'extract'"):
        plan_of(extract=[], load=["extract"], select=["exctract"])


def test_an_unknown_dependency_is_refused():
    with pytest.raises(UnknownTask, match="'nowhere'"):
        plan_of(load=["nowhere"])


def test_a_task_that_is_selected_twice_is_named():
    with pytest.raises(UsageError, match="task 'b' was selected twice"):
        plan_of(a=[], b=[], select=["a", "b", "b"])


def test_an_empty_selection_is_refused():
    with pytest.raises(UsageError, match="no task was selected"):
        plan_of(a=[], select=[])


# --- any graph -------------------------------------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn):
    """Tasks whose edges point to lower numbers only, registered in any order, and a selection of them."""
    size = draw(st.integers(1, 12))
    names = [f"t{n}" for n in range(size)]
    upstream = [st.sets(st.sampled_from(names[:n])) if n else st.just(set()) for n in range(size)]
    tasks = [task_of(name, sorted(draw(upstream[n])), after=sorted(draw(upstream[n]))) for n, name in enumerate(names)]
    selected = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    return registry_of(*draw(st.permutations(tasks))), selected


def paths_from(registry, task_id, selected):
    """Selected tasks that `task_id` waits for, and whether a path to them is firm, found by walking every path."""
    found = []
    open_paths = [(task_id, True)]
    while open_paths:
        here, firm = open_paths.pop()
        task = registry.task(here)
        for upstream, kind in [(t, True) for t in task.dependencies] + [(t, False) for t in task.after]:
            (found if upstream in selected else open_paths).append((upstream, firm and kind))
    return found


@given(graphs())
def test_the_edges_of_any_plan_are_the_paths_through_unselected_tasks_and_its_order_follows_them(graph):
    registry, selected = graph

    plan = make_plan(registry, selected)

    assert sorted(plan.order) == sorted(selected)
    for task_id in selected:
        paths = paths_from(registry, task_id, set(selected))
        firm = {upstream for upstream, kind in paths if kind}
        assert set(plan.tasks[task_id].dependencies) == firm
        assert set(plan.tasks[task_id].after) == {upstream for upstream, _ in paths} - firm
        position = plan.tasks[task_id].position
        assert all(plan.tasks[upstream].position < position for upstream, _ in paths)


@given(graphs())
def test_a_plan_of_everything_prefers_what_was_registered_first(graph):
    registry, _ = graph
    names = list(registry.tasks)

    plan = make_plan(registry, names)

    done: set[str] = set()
    for task_id in plan.order:
        free = [name for name in names if name not in done and {*registry.task(name).dependencies} <= done]
        free = [name for name in free if {*registry.task(name).after} <= done]
        assert task_id == free[0]
        done.add(task_id)


@pytest.mark.parametrize(
    "upstream_of",
    [lambda n: [], lambda n: [n - 1] if n else [], lambda n: range(n - n % 100 - 10, n - n % 100) if n > 99 else []],
    ids=["wide", "chain", "layers"],
)
def test_ten_thousand_tasks_are_planned_without_recursion(upstream_of):
    tasks = [task_of(f"t{n}", [f"t{upstream}" for upstream in upstream_of(n)]) for n in range(10_000)]

    plan = plan_of(*tasks)

    assert plan.order == tuple(f"t{n}" for n in range(10_000))


# --- beside the plan -------------------------------------------------------------------------------------------------


def test_with_dependencies_adds_everything_upstream_in_registration_order_but_not_what_is_only_order():
    registry = registry_of(
        task_of("load", ["clean"], after=["check"]), clean=["extract"], check=[], extract=[], other=[]
    )

    wanted = with_dependencies(registry, ["load"])

    assert wanted == ["load", "clean", "extract"]
