"""From names to a function: which modules may be called (semantics D21), and what is said when one may not."""

import importlib
import importlib.util
import os
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from importlib.machinery import ModuleSpec
from typing import Any

from orchestrator.core.errors import nearest
from orchestrator.core.outcomes import NotCallable
from orchestrator.executors.plain import raised, traceback_text

SHIPPED_PACKAGES = frozenset(
    {
        "orchestrator",
        "etl_kit",
        "extraction_app",
        "transformation_app",
        "load_app",
        "validation_app",
        "reporting_app",
        "demo_city",
    }
)
"""Allowed where they lie beside this very `orchestrator`, even inside an environment's site-packages."""

INSTALLED_FOLDERS = frozenset({"site-packages", "dist-packages"})


class Refused(Exception):
    """A look-up that ended without a function; `outcome` says why."""

    def __init__(self, outcome: NotCallable) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


def find_function(
    module_path: str, function_name: str, *, search_path: Sequence[str], allowed_modules: Sequence[str]
) -> Callable[..., Any]:
    """Import the module and return its function. Raises Refused.

    Every package on the way is judged by where it was *found* before it is imported; so is the module that the
    function was defined in, so that `from os import system` in a module of ours opens no door.
    """
    module = _import_module(module_path, search_path=search_path, allowed_modules=allowed_modules)
    if not function_name.isidentifier() or function_name.startswith("_"):
        raise _refused("function_not_found", f"{function_name!r} is no public function name")
    try:
        function = getattr(module, function_name)
    except AttributeError:
        near = nearest(function_name, _public_functions(module))
        hint = f"; did you mean {near!r}?" if near else ""
        raise _refused(
            "function_not_found", f"module {module_path!r} ({_place(module)}) has no function {function_name!r}{hint}"
        ) from None
    if not callable(function):
        raise _refused(
            "function_not_found", f"{module_path}.{function_name} is a {type(function).__name__}, no function"
        )
    _check_definition(function, module_path, search_path=search_path, allowed_modules=allowed_modules)
    checked: Callable[..., Any] = function
    return checked


def is_allowed(spec: ModuleSpec, *, search_path: Sequence[str], allowed_modules: Iterable[str]) -> bool:
    """Whether the module that `spec` found may be called: by its name's prefix, or by where its files lie."""
    if any(_within(spec.name, prefix) for prefix in allowed_modules):
        return True
    places = _places(spec)
    if not places:
        return False  # built in or frozen
    if spec.name.partition(".")[0] in SHIPPED_PACKAGES and all(_below(place, _ship()) for place in places):
        return True
    roots = [os.path.realpath(folder) for folder in search_path if folder]
    return all(not is_installed(place) and any(_below(place, root) for root in roots) for place in places)


def _import_module(module_path: str, *, search_path: Sequence[str], allowed_modules: Sequence[str]) -> types.ModuleType:
    parts = module_path.split(".")
    if not all(part.isidentifier() for part in parts):
        raise _refused("import_error", f"{module_path!r} is no dotted module name")
    module: types.ModuleType | None = None
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        spec = _find_spec(name, module_path, search_path)
        on_the_way = count < len(parts) and any(_within(prefix, name) for prefix in allowed_modules)
        if not on_the_way and not is_allowed(spec, search_path=search_path, allowed_modules=allowed_modules):
            raise _not_allowed(module_path, spec)
        module = _import(name)
    assert module is not None
    return module


def _find_spec(name: str, module_path: str, search_path: Sequence[str]) -> ModuleSpec:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):  # no package above it, or `__main__`, which has no spec
        spec = None
    if spec is not None:
        return spec
    folders = ", ".join(search_path) or "no folder at all"
    missing = "" if name == module_path else f" ({name!r} is missing)"
    raise _refused(
        "import_error",
        f"module {module_path!r} was not found{missing}; looked in: {folders}, and the installed packages",
    )


def _import(name: str) -> types.ModuleType:
    try:
        return importlib.import_module(name)
    except BaseException as error:  # importing runs the module's code, and `sys.exit()` there is its fault
        what = raised(error)
        outcome = NotCallable(
            error_type="import_error",
            message=f"module {name!r} could not be imported: {what.error_type}: {what.message}",
            traceback=traceback_text(error, hide=__file__),
        )
        raise Refused(outcome) from error


def _check_definition(
    function: object, module_path: str, *, search_path: Sequence[str], allowed_modules: Sequence[str]
) -> None:
    if not isinstance(function, types.FunctionType | types.BuiltinFunctionType | type):
        return  # an object made in the module; what it wraps is the module's own doing
    home = getattr(function, "__module__", None)
    if home == module_path or not isinstance(home, str):
        return
    spec = getattr(sys.modules.get(home), "__spec__", None)
    if spec is None or not is_allowed(spec, search_path=search_path, allowed_modules=allowed_modules):
        raise _refused(
            "module_not_allowed",
            f"{function.__qualname__!r} is only re-exported by {module_path!r}: it belongs to module {home!r}, which "
            f'is not among the project\'s own; add "{home}" to `allowed_modules` if it is meant',
        )


def _not_allowed(module_path: str, spec: ModuleSpec) -> Refused:
    root = module_path.partition(".")[0]
    places = _places(spec)
    if root in sys.stdlib_module_names and (not places or not any(map(_is_foreign, places))):
        kind = "belongs to Python's standard library"
    elif places and any(map(is_installed, places)):
        kind = f"is an installed package ({places[0]})"
    else:
        kind = f"lies outside the project ({places[0] if places else spec.origin})"
    return _refused(
        "module_not_allowed",
        f'module {module_path!r} {kind}; add "{root}" to `allowed_modules` in orchestrator_config if it is meant',
    )


def _refused(error_type: str, message: str) -> Refused:
    return Refused(NotCallable(error_type=error_type, message=message))


def _places(spec: ModuleSpec) -> list[str]:
    """The real files and folders that a module comes from; empty for built-in and frozen ones."""
    if spec.origin in ("built-in", "frozen"):
        return []
    found = list(spec.submodule_search_locations or ())
    if spec.has_location and spec.origin:
        found.append(spec.origin)
    return [os.path.realpath(place) for place in found]


def _within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def _below(place: str, folder: str) -> bool:
    return place == folder or place.startswith(folder.rstrip(os.sep) + os.sep)


def _ship() -> str:
    """The folder that holds this `orchestrator`."""
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # noqa: PTH120 - light imports


def is_installed(place: str) -> bool:
    """Whether a real path lies in the standard library or among installed packages."""
    return not _is_foreign(place) or not INSTALLED_FOLDERS.isdisjoint(place.split(os.sep))  # noqa: PTH206 - light imports


def _is_foreign(place: str) -> bool:
    """Outside the standard library's folder."""
    return not _below(place, os.path.dirname(os.path.realpath(os.__file__)))  # noqa: PTH120 - light imports


def _place(module: types.ModuleType) -> str:
    return str(getattr(module, "__file__", None) or "a package without a file")


def _public_functions(module: types.ModuleType) -> list[str]:
    names = [name for name in dir(module) if not name.startswith("_")]
    return [name for name in names if getattr(getattr(module, name, None), "__module__", None) == module.__name__]
