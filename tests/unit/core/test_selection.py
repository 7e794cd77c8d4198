import pytest

from orchestrator.core.errors import UnknownTask, UnknownWorkflow, UsageError
from orchestrator.core.selection import select
from orchestrator.core.tasks import ParameterType, Registry, Task, Workflow, WorkflowParameter
from tests.unit.core.subjects import registry_of, task_of

YEAR = WorkflowParameter(name="year", type=ParameterType.INTEGER, default=2024)


def city_registry() -> Registry:
    tasks = [task_of("extract"), task_of("load", ["extract"]), task_of("check", ["load"])]
    workflows = [
        Workflow(workflow_id="everything", tasks=["all"]),
        Workflow(workflow_id="late", tasks=["check", "load"], parameters={"year": YEAR}),
    ]
    return Registry(tasks, workflows)


@pytest.mark.parametrize(
    ("asked", "tasks"),
    [
        ({"workflow": "late"}, ("check", "load")),
        ({"workflow": "everything"}, ("extract", "load", "check")),
        ({"tasks": ["check", "extract"]}, ("check", "extract")),
        ({"tasks": ["load", "load"]}, ("load",)),
        ({"tasks": ["all"]}, ("extract", "load", "check")),
        ({"all_tasks": True}, ("extract", "load", "check")),
        ({"tasks": ["load"], "dependencies_too": True}, ("extract", "load")),
    ],
)
def test_a_workflow_a_list_of_ids_and_all_each_select_their_tasks(asked, tasks):
    selection = select(city_registry(), **asked)

    assert selection.tasks == tasks
    assert selection.workflow == asked.get("workflow")


@pytest.mark.parametrize(
    "asked",
    [{}, {"workflow": "late", "all_tasks": True}, {"workflow": "late", "tasks": ["load"]}, {"tasks": []}],
)
def test_exactly_one_way_of_selecting_must_be_used(asked):
    with pytest.raises(UsageError, match="exactly one of: --workflow NAME, --tasks"):
        select(city_registry(), **asked)


def test_an_unknown_workflow_is_refused_with_the_nearest_one():
    with pytest.raises(UnknownWorkflow, match="no workflow is called 'lat'; did you mean 'late'"):
        select(city_registry(), workflow="lat")


def test_a_name_like_no_other_is_refused_with_the_command_that_lists_them():
    with pytest.raises(UnknownWorkflow, match="see `etl list-workflows`"):
        select(city_registry(), workflow="zzz")


def test_with_dependencies_an_unknown_task_is_refused_before_anything_is_looked_up():
    with pytest.raises(UnknownTask):
        select(city_registry(), tasks=["nowhere"], dependencies_too=True)


@pytest.mark.parametrize("ids", [["load", "all"], ["all", "load"]])
def test_all_stands_alone(ids):
    with pytest.raises(UsageError, match="stands alone"):
        select(city_registry(), tasks=ids)


def test_the_parameters_of_a_workflow_are_bound():
    given, default = (select(city_registry(), workflow="late", parameters=p) for p in ({"year": "2025"}, None))

    assert (given.parameters, default.parameters) == ({"year": 2025}, {"year": 2024})


def test_without_a_workflow_there_are_no_parameters_to_give():
    with pytest.raises(UsageError, match="parameter 'year': only a workflow declares parameters"):
        select(city_registry(), all_tasks=True, parameters={"year": "2025"})


# --- the registry ----------------------------------------------------------------------------------------------------


def test_a_task_may_not_be_called_all():
    with pytest.raises(UsageError, match="may not be called 'all'"):
        registry_of(all=[])


def test_a_task_id_is_registered_once():
    registry = registry_of(a=[])

    with pytest.raises(UsageError, match="task_id 'a' is registered twice"):
        registry.add_task(task_of("a"))


def test_a_task_without_a_name_is_called_by_its_id():
    titles = [Task(task_id="a", module_path="m", function_name="f", name=name).title for name in ("", "Carga")]

    assert titles == ["a", "Carga"]
