"""Whether the functions that a configuration names are there: looked up in source files, importing nothing (R22)."""

import ast
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from orchestrator.core.errors import nearest
from orchestrator.core.messages import N_, Message
from orchestrator.core.tasks import Task
from orchestrator.documents.advice import advise
from orchestrator.documents.configuration import Document
from orchestrator.settings import PACKAGE, SHIPPED, Settings


def advice_on(document: Document, settings: Settings) -> list[Message]:
    """What a valid configuration should better not hold, each with its place."""
    modules = Modules(settings, document.registry.limits.allowed_modules)
    return advise(document, modules.fault_of)


class Modules:
    """Finds the source of modules where an attempt would import them from."""

    def __init__(self, settings: Settings, allowed: Sequence[str]) -> None:
        self._own = settings.search_path
        self._allowed = allowed
        self._found: dict[str, Path | None] = {}
        python_path = settings.environment.get("PYTHONPATH", "").split(os.pathsep)
        self._anywhere = [*self._own, PACKAGE.parent, *(Path(folder) for folder in (*python_path, *sys.path) if folder)]

    def fault_of(self, task: Task) -> tuple[str, Message] | None:
        """The field that is wrong, and why; None where the function is there, or nobody can tell without importing."""
        module = task.module_path
        folders = self._folders(module)
        if module not in self._found:
            self._found[module] = next(_sources(module, folders), None)
        found = self._found[module]
        if found is None:
            if folders is self._anywhere and _is_installed(module.partition(".")[0]):
                return None
            return "module_path", self._absent(module)
        names = _names_of(found)
        if isinstance(names, Message):
            return "module_path", names
        if names is None or task.function_name in names:
            return None
        return "function_name", _no_such_function(task, names)

    def _folders(self, module: str) -> Sequence[Path]:
        return self._anywhere if any(_within(module, prefix) for prefix in (*SHIPPED, *self._allowed)) else self._own

    def _absent(self, module: str) -> Message:
        facts = {
            "module": module,
            "folders": ", ".join(map(str, self._own)),
            "root": module.partition(".")[0],
        }
        if next(_sources(module, self._anywhere), None) is not None or _is_installed(module.partition(".")[0]):
            return Message(
                template=N_(
                    "module {module} is not below {folders}; "
                    'add "{root}" to allowed_modules if an installed one is meant'
                ),
                facts=facts,
            )
        return Message(template=N_("module {module} is not there; looked in: {folders}"), facts=facts)


def _sources(module: str, folders: Iterable[Path]) -> Iterator[Path]:
    """Files that would be the module: source, package or compiled."""
    inside = Path(*module.split("."))
    for folder in folders:
        place = folder / inside
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file.is_file():
                yield file
        if place.parent.is_dir():
            yield from (file for ending in ("so", "pyd") for file in place.parent.glob(f"{place.name}.*{ending}"))


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


@cache
def _names_of(file: Path) -> frozenset[str] | Message | None:
    """What the module binds at its top; None where only importing would tell; a Message where it is no Python."""
    if file.suffix != ".py":
        return None
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(file.read_bytes())
    except (OSError, ValueError) as why:
        return Message(template=N_("module {path} cannot be read: {why}"), facts={"path": str(file), "why": why})
    except (SyntaxError, RecursionError) as why:
        line = getattr(why, "lineno", None) or "?"
        facts = {"path": str(file), "line": line, "why": getattr(why, "msg", None) or type(why).__name__}
        return Message(template=N_("module {path} is no Python: {why} (line {line})"), facts=facts)
    names = frozenset(_bound(tree.body))
    return None if names & {"*", "__getattr__"} else names


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from ((alias.asname or alias.name).partition(".")[0] for alias in aliases)
            case _:
                yield from (
                    node.id
                    for node in ast.walk(statement)
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                )
                inner = (getattr(statement, part, []) for part in ("body", "orelse", "finalbody", "handlers"))
                for part in inner:
                    yield from _bound(
                        child for one in part for child in (one.body if isinstance(one, ast.ExceptHandler) else [one])
                    )


def _no_such_function(task: Task, names: frozenset[str]) -> Message:
    near = nearest(task.function_name, sorted(names))
    facts = {"module": task.module_path, "name": task.function_name, "near": near}
    if near is None:
        return Message(template=N_("module {module} has no function {name}"), facts=facts)
    return Message(template=N_("module {module} has no function {name} – did you mean {near}?"), facts=facts)


def _within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")
