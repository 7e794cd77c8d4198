"""A client that was written from the OpenAPI document alone runs a workflow, follows it, and reads its report."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.integration.going_on_subjects import Home, chain
from tests.integration.web_subjects import serving

USES_IT = """
import json, sys
from client import AuthenticatedClient
from client.api.definitions import list_workflows, plan
from client.api.events import events_of_execution
from client.api.executions import execute, list_executions, show_execution
from client.api.reports import show_report
from client.models import ExecuteBody, Problem, SelectionBody

url, token = sys.argv[1:]
with AuthenticatedClient(base_url=url, token=token, timeout=60) as client:
    (workflow,) = list_workflows.sync(client=client).workflows
    order = plan.sync(client=client, body=SelectionBody(workflow=workflow.workflow)).execution_order
    accepted = execute.sync(client=client, body=ExecuteBody(workflow=workflow.workflow, parallel=True))
    followed = events_of_execution.sync_detailed(accepted.execution_id, client=client)
    report = show_report.sync(accepted.execution_id, client=client)
    shown = show_execution.sync(accepted.execution_id, client=client)
    wrong = execute.sync(client=client, body=ExecuteBody(workflow="ghost"))
    print(json.dumps({
        "order": order,
        "listed": [one.execution_id for one in list_executions.sync(client=client).executions],
        "accepted": accepted.execution_id,
        "kinds": [line[7:] for line in followed.content.decode().splitlines() if line.startswith("event: ")],
        "status": report.status.value,
        "results": {name: report.results[name].status.value for name in report.results.additional_keys},
        "same": shown.to_dict() == report.to_dict(),
        "wrong": [type(wrong) is Problem, wrong.status, wrong.detail],
    }))
"""


def test_a_generated_client_can_do_all_that_a_user_does(tmp_path: Path) -> None:
    home = Home(tmp_path, *chain("a", "b"), workflows={"w": {"tasks": ["all"]}})
    with serving(home) as server:
        (tmp_path / "openapi.json").write_text(json.dumps(server.client.get("/openapi.json").json()))
        command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", "openapi.json"]
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # it tidies up by ruff
        generated = subprocess.run(
            [*command, "--meta", "none", "--output-path", "client", "--fail-on-warning"],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        (tmp_path / "uses_it.py").write_text(USES_IT)
        used = subprocess.run(
            [sys.executable, "uses_it.py", server.url, server.token],
            cwd=tmp_path,
            env={**os.environ, "NO_PROXY": "*"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert generated.returncode == 0, generated.stdout + generated.stderr
    assert used.returncode == 0, used.stderr
    told = json.loads(used.stdout)
    assert told["order"] == ["a", "b"]
    assert told["listed"] == [told["accepted"]]
    assert told["kinds"][0] == "execution"
    assert told["kinds"][-2:] == ["execution", "end"]
    assert (told["status"], told["same"]) == ("completed", True)
    assert told["results"] == {"a": "completed", "b": "completed"}
    assert told["wrong"][:2] == [True, 422]
