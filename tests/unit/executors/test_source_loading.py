"""Modules of the project come from their source as it lies there, whatever bytecode lies beside it."""

import hashlib
import importlib
import importlib.util
import marshal
import os
import subprocess
import sys

import pytest

from orchestrator.executors.source_loading import load_by_source, source_sha256


@pytest.fixture
def imports(tmp_path, monkeypatch):
    """Imports `subject` anew from `tmp_path`, through our hook, and gives its VALUE."""
    monkeypatch.setattr(sys, "path_hooks", list(sys.path_hooks))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.syspath_prepend(tmp_path)
    load_by_source()

    def import_anew():
        sys.modules.pop("subject", None)
        importlib.invalidate_caches()
        return importlib.import_module("subject").VALUE

    yield import_anew
    sys.modules.pop("subject", None)
    sys.path_importer_cache.clear()


def write(folder, value):
    file = folder / "subject.py"
    file.write_text(f"VALUE = {value}\n", encoding="utf-8")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    return file


def bytecode(folder):
    (file,) = (folder / "__pycache__").glob("subject.*.pyc")
    return file


def test_an_edit_of_the_same_size_in_the_same_second_is_seen(imports, tmp_path):
    write(tmp_path, 1)
    first = imports()
    file = write(tmp_path, 2)

    assert (first, imports()) == (1, 2)
    assert source_sha256("subject") == hashlib.sha256(file.read_bytes()).hexdigest()


def test_bytecode_that_python_kept_by_time_is_not_trusted(imports, tmp_path):
    write(tmp_path, 1)
    subprocess.run([sys.executable, "-c", "import subject"], cwd=tmp_path, check=True)
    write(tmp_path, 2)

    assert imports() == 2


def test_bytecode_of_the_same_source_is_used_and_not_written_again(imports, tmp_path):
    write(tmp_path, 1)
    imports()
    kept = bytecode(tmp_path)
    other = compile("VALUE = 'from bytecode'", "subject.py", "exec")
    head = kept.read_bytes()[:16]
    kept.write_bytes(head + marshal.dumps(other))

    assert imports() == "from bytecode"


def test_python_itself_reads_what_was_kept_and_sees_an_edit_too(imports, tmp_path):
    write(tmp_path, 1)
    imports()
    before = bytecode(tmp_path).read_bytes()

    def asked_of_python():
        command = [sys.executable, "-c", "import subject; print(subject.VALUE)"]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    assert asked_of_python() == "1"
    assert bytecode(tmp_path).read_bytes() == before
    write(tmp_path, 2)
    assert asked_of_python() == "2"


@pytest.mark.parametrize("damage", [b"", b"rubbish", None], ids=["empty", "rubbish", "cut"])
def test_damaged_bytecode_is_made_again(imports, tmp_path, damage):
    write(tmp_path, 1)
    imports()
    whole = bytecode(tmp_path).read_bytes()
    bytecode(tmp_path).write_bytes(whole[:-5] if damage is None else damage)

    assert imports() == 1
    assert bytecode(tmp_path).read_bytes() == whole


def test_where_bytecode_cannot_be_kept_the_module_is_imported_all_the_same(imports, tmp_path):
    write(tmp_path, 1)
    (tmp_path / "__pycache__").write_text("a file where the folder should be")

    assert imports() == 1


def test_a_source_that_is_no_python_says_where(imports, tmp_path):
    (tmp_path / "subject.py").write_text("VALUE = 1\n)\n", encoding="utf-8")

    with pytest.raises(SyntaxError) as caught:
        imports()

    assert (caught.value.filename, caught.value.lineno) == (str(tmp_path / "subject.py"), 2)


def test_installed_packages_keep_the_loader_of_python(imports, tmp_path):
    write(tmp_path, 1)
    imports()

    assert type(importlib.util.find_spec("pytest").loader).__name__ == "SourceFileLoader"
    assert type(importlib.util.find_spec("subject").loader).__name__ == "HashedSourceLoader"


def test_asking_twice_changes_nothing(imports):
    before = list(sys.path_hooks)
    load_by_source()
    assert sys.path_hooks == before
