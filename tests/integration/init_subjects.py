"""An empty folder in which `init` writes, and what has to be true of the files that it writes."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.integration.command_subjects import ROOT, mock

CONFIGURATION = {
    "tasks": [
        {"task_id": "read", "module_path": "steps", "function_name": "read"},
        {"task_id": "write", "module_path": "steps", "function_name": "write", "dependencies": ["read"]},
        mock("look"),
    ],
    "workflows": {"daily": {"tasks": ["read", "write"]}, "it's: weekly #1": {"tasks": ["look"]}},
    "schedules": {
        "morning": {"cron": "0 6 * * 1-5", "workflow": "daily"},
        "sunday": {"cron": "30 20 * * 0", "workflow": "it's: weekly #1"},
        "holidays": {"cron": "0 7 * * *", "workflow": "daily", "working_days": True},
    },
}
STEPS = "def read():\n    return {'status': 'success', 'rows': 3}\n\n\ndef write():\n    return {'status': 'success'}\n"
GITHUB_SCHEMA = {
    "type": "object",
    "required": ["name", "on", "permissions", "concurrency", "jobs"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "on": {
            "type": "object",
            "required": ["push", "pull_request", "workflow_dispatch"],
            "additionalProperties": False,
            "properties": {
                "push": {"type": "null"},
                "pull_request": {"type": "null"},
                "schedule": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["cron"],
                        "additionalProperties": False,
                        "properties": {"cron": {"type": "string", "pattern": r"^([0-9A-Z*,/-]+ ){4}[0-9A-Z*,/-]+$"}},
                    },
                },
                "workflow_dispatch": {
                    "type": "object",
                    "properties": {
                        "inputs": {
                            "additionalProperties": {
                                "type": "object",
                                "additionalProperties": False,
                                "required": ["type", "options", "default"],
                                "properties": {
                                    "description": {"type": "string"},
                                    "type": {"const": "choice"},
                                    "options": {"type": "array", "items": {"type": "string"}},
                                    "default": {"type": "string"},
                                },
                            }
                        }
                    },
                },
            },
        },
        "permissions": {"const": {"contents": "read"}},
        "concurrency": {
            "type": "object",
            "required": ["group", "cancel-in-progress"],
            "additionalProperties": False,
            "properties": {"group": {"type": "string"}, "cancel-in-progress": {"const": False}},
        },
        "jobs": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "type": "object",
                "required": ["runs-on", "steps"],
                "additionalProperties": False,
                "properties": {
                    "runs-on": {"type": "string"},
                    "timeout-minutes": {"type": "integer", "maximum": 360},
                    "env": {"type": "object", "additionalProperties": {"type": "string"}},
                    "steps": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "oneOf": [{"required": ["uses"]}, {"required": ["run", "shell"]}],
                            "additionalProperties": False,
                            "properties": {
                                "name": {"type": "string"},
                                "if": {"type": "string"},
                                "uses": {"type": "string", "pattern": r"^actions/[a-z-]+@v\d+$"},
                                "with": {"type": "object"},
                                "run": {"type": "string"},
                                "shell": {"const": "bash"},
                            },
                        },
                    },
                },
            },
        },
    },
}
"""The part of GitHub's own schema that we use; whatever is not in it is a slip."""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """An own repository; `etl` and `python -m pip` within it are stand-ins on the path."""

    path: Path
    capsys: object

    @property
    def pip_calls(self):
        noted = self.path.parent / "pip.txt"
        return noted.read_text(encoding="utf-8").splitlines() if noted.exists() else []

    def configure(self, configuration=CONFIGURATION):
        (self.path / "conf").mkdir(exist_ok=True)
        (self.path / "conf/etl.json").write_text(json.dumps(configuration), encoding="utf-8")
        (self.path / "steps.py").write_text(STEPS, encoding="utf-8")

    def workflow(self):
        return github_yaml((self.path / ".github/workflows/etl.yml").read_text(encoding="utf-8"))

    def shell(self, command, **environment):
        """Run a step as the runner does: bash that stops at the first failure, in the checkout.

        `etl` is this interpreter with this checkout's package; `python -m pip` only notes what it is asked for.
        """
        tools = self.path.parent / "tools"
        tools.mkdir(exist_ok=True)
        script(tools / "etl", f'exec "{sys.executable}" -m orchestrator "$@"')
        script(tools / "python", f'echo "$@" >> "{self.path.parent}/pip.txt"')
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ETL_", "GITHUB_"))}
        surroundings = {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), **environment}
        return subprocess.run(
            [shutil.which("bash"), "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
            cwd=self.path,
            env={**kept, **surroundings},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )


def script(path, line):
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)


def github_yaml(text):
    """As GitHub reads it: `on` is a word there, and a truth for YAML 1.1."""
    read = yaml.safe_load(text)
    return {("on" if key is True else key): value for key, value in read.items()}
