import os
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

import orchestrator
from orchestrator.executors.lookup import Refused, find_function, is_allowed

HOME = os.path.realpath("/srv/etl")
ROOT = Path(orchestrator.__file__).parent.parent
STDLIB = Path(os.__file__).parent


def found_at(name, place):
    spec = ModuleSpec(name, None, origin=place)
    spec.has_location = place not in ("built-in", "frozen", None)
    return spec


@pytest.mark.parametrize(
    ("name", "place", "allowed"),
    [
        ("jobs.load", f"{HOME}/jobs/load.py", True),
        ("jobs", f"{HOME}/../etl-other/jobs.py", False),
        ("jobs", f"{HOME}-other/jobs.py", False),
        ("polars", f"{HOME}/.venv/lib/python3.12/site-packages/polars/__init__.py", False),
        ("apt", f"{HOME}/lib/dist-packages/apt.py", False),
        ("os", "frozen", False),
        ("sys", "built-in", False),
        ("shutil", f"{STDLIB}/shutil.py", False),
        ("etl_kit.files", f"{ROOT}/etl_kit/files.py", True),
        ("etl_kit.files", "/elsewhere/etl_kit/files.py", False),
        ("other", f"{ROOT}/other.py", False),
    ],
)
def test_a_module_is_allowed_by_where_it_lies(name, place, allowed):
    spec = found_at(name, place)

    assert is_allowed(spec, search_path=(HOME,), allowed_modules=()) is allowed


@pytest.mark.parametrize(
    ("name", "allowed"), [("shutil", True), ("shutil.deep", True), ("shutil2", False), ("os", False)]
)
def test_a_listed_prefix_is_a_whole_name(name, allowed):
    spec = found_at(name, "/usr/lib/x.py")

    assert is_allowed(spec, search_path=(), allowed_modules=("shutil",)) is allowed


def test_a_package_in_several_folders_is_allowed_only_if_all_of_them_are():
    inside, torn = ModuleSpec("jobs", None, is_package=True), ModuleSpec("jobs", None, is_package=True)
    inside.submodule_search_locations = [f"{HOME}/jobs"]
    torn.submodule_search_locations = [f"{HOME}/jobs", "/elsewhere/jobs"]

    assert is_allowed(inside, search_path=(HOME,), allowed_modules=())
    assert not is_allowed(torn, search_path=(HOME,), allowed_modules=())


def test_a_parent_of_a_listed_module_is_imported_but_not_callable():
    function = find_function("xml.dom.minidom", "parse", search_path=(), allowed_modules=("xml.dom.minidom",))

    assert function.__name__ == "parse"
    with pytest.raises(Refused):
        find_function("xml.dom", "registerDOMImplementation", search_path=(), allowed_modules=("xml.dom.minidom",))


@pytest.mark.parametrize("module_path", ["", ".", "a..b", "a/b", "1a", "__main__.x", "os.path/../x"])
def test_a_name_that_is_no_module_name_is_refused_without_importing_anything(module_path):
    before = set(sys.modules)

    with pytest.raises(Refused) as caught:
        find_function(module_path, "main", search_path=(), allowed_modules=())

    assert caught.value.outcome.error_type in ("import_error", "module_not_allowed")
    assert set(sys.modules) == before
