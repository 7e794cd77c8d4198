"""What a result is made of, as hashes: the task's code with all of the project that it imports, and its input files."""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path

BLOCK = 1 << 20


def code_fingerprint(module: str, folders: Sequence[Path]) -> str | None:
    """sha256 over the module's source and every module below `folders` that it imports, however far.

    Nothing is imported or executed: imports are read from the source, so that one made at run time by a computed name
    is not seen. None where the module is not found there.
    """
    found: dict[str, bytes] = {}
    open_names = [module]
    while open_names:
        name = open_names.pop()
        source = _source(name, folders)
        if source is None or name in found:
            continue
        found[name] = hashlib.sha256(source.read_bytes()).digest()
        open_names.extend(_imports(source, name))
    if module not in found:
        return None
    whole = hashlib.sha256()
    for name in sorted(found):
        whole.update(name.encode() + b"\0" + found[name])
    return whole.hexdigest()


def files_fingerprint(patterns: Iterable[str], home: Path) -> str:
    """sha256 over the names and contents of the files that `patterns` match below `home`; none is a state, too.

    Raises OSError where one cannot be read.
    """
    whole = hashlib.sha256()
    for pattern in patterns:
        whole.update(f"pattern {pattern}\0".encode())
        for path in sorted(found for found in home.glob(pattern) if found.is_file()):
            whole.update(f"{path.relative_to(home).as_posix()}\0{_content(path)}\0".encode())
    return whole.hexdigest()


def _content(path: Path) -> str:
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            whole.update(block)
    return whole.hexdigest()


def _source(name: str, folders: Sequence[Path]) -> Path | None:
    """The file of a dotted module name below `folders`, found without importing its parents."""
    places: list[str] = [str(folder) for folder in folders]
    origin: str | None = None
    for part in name.split("."):
        spec = PathFinder.find_spec(part, places)
        if spec is None:
            return None
        origin = spec.origin
        places = list(spec.submodule_search_locations or [])
    path = None if origin is None else Path(origin)
    return path if path is not None and path.suffix == ".py" and path.is_file() else None


def _imports(source: Path, name: str) -> Iterator[str]:
    seen = source.stat()
    yield from _imports_of(source, name, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=4096)
def _imports_of(source: Path, name: str, _changed: int, _size: int) -> tuple[str, ...]:
    """Names that may be modules: `from a import b` names both `a` and `a.b`; a package's own are its parents."""
    try:
        tree = ast.parse(source.read_bytes())
    except (SyntaxError, ValueError):
        return ()
    package = name if source.name == "__init__.py" else name.rpartition(".")[0]
    found = [".".join(name.split(".")[:n]) for n in range(1, name.count(".") + 1)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(one for one in dict.fromkeys(found) if one)
