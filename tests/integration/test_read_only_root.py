"""What the container asks for: another user than root, and a root file system on which only ETL_HOME can be written."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from orchestrator.settings import PACKAGE

USER = 10001
INSIDE = """
mount --bind {root}/home {root}/home && mount -o remount,ro,bind / || exit 77
cd {root}/home
exec setpriv --reuid={user} --regid={user} --clear-groups --no-new-privs --inh-caps=-all env -i {environment} sh -c {commands}
"""
COMMANDS = """
touch {root}/package/x {root}/code/x /tmp/x-{user} 2>/dev/null && echo writable
etl() {{ {python} -m orchestrator "$@"; }}
etl validate --strict && etl rehearse daily && etl run --workflow daily --parallel --junit results/run.xml || exit 1
{python} - <<'END'
import json, subprocess, sys, urllib.request
served = subprocess.Popen(
    [sys.executable, "-m", "orchestrator", "serve", "--port", "0"], stderr=subprocess.PIPE, text=True
)
url = served.stderr.readline().split()[2]
with urllib.request.urlopen(url + "/health", timeout=20) as answer:
    assert json.load(answer)["status"] == "ok"
served.terminate()
sys.exit(0 if served.wait(30) in {{143, -15}} else 9)
END
"""


def can_unshare():
    tools = all(shutil.which(tool) for tool in ("unshare", "setpriv", "mount"))
    return tools and subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def root():
    """A folder that others may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="etl-read-only-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0 or not can_unshare(), reason="needs root on Linux")
def test_it_validates_rehearses_runs_and_serves_with_nothing_but_its_home_to_write_to(root):
    shutil.copytree(PACKAGE, root / "package/orchestrator", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "code").mkdir()
    (root / "code/steps.py").write_text("def read():\n    return {'status': 'success'}\n", encoding="utf-8")
    task = {"task_id": "read", "module_path": "steps", "function_name": "read"}
    sections = {"workflows": {"daily": {"tasks": ["read"]}}, "orchestrator_config": {"allowed_modules": ["steps"]}}
    (root / "code/etl.json").write_text(json.dumps({"tasks": [task], **sections}), encoding="utf-8")
    (root / "home").mkdir(mode=0o700)
    os.chown(root / "home", USER, USER)

    done = inside(root)

    if done.returncode == 77:
        pytest.skip("nothing may be mounted here")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "writable" not in done.stdout
    assert sorted(path.name for path in (root / "home").iterdir()) == [
        ".orchestrator",
        "orchestrator_logs",
        "orchestrator_reports",
        "results",
    ]
    assert {path.stat().st_uid for path in (root / "home").rglob("*")} == {USER}
    assert not list((root / "package").rglob("__pycache__"))


def inside(root):
    """As process 1 of a container: an own view of the file system, on which only the home can be written."""
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": f"{root}/code:{root}/package",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ETL_CONFIG": f"{root}/code/etl.json",
        "ETL_HOME": f"{root}/home",
        "ETL_LANG": "en",
    }
    commands = COMMANDS.format(root=root, user=USER, python=sys.executable)
    script = INSIDE.format(
        root=root,
        user=USER,
        environment=" ".join(f"{name}={value}" for name, value in environment.items()),
        commands="'" + commands.replace("'", "'\\''") + "'",
    )
    return subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=90,
    )
