"""The OpenAPI document tells the truth: whatever is sent, nothing fails and every status is documented."""

import json
import subprocess
import sys

import pytest

from tests.integration.going_on_subjects import Home, chain
from tests.integration.web_subjects import serving

EXAMPLES = "15"
"""Per address and phase; `python run.py faults` takes more."""
CHECKS = [
    *("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"),
    *("response_headers_conformance", "negative_data_rejection", "missing_required_header"),
]
BEHIND_THE_GATE = ["unsupported_method", "allow_header_conformance"]
"""Whoever has no token learns nothing of methods. Not `ignored_auth`: an address that is wrong so often is asked to wait (429); test_api_security asks them all."""
EXPLORER = "import anyio.from_thread, schemathesis.cli; schemathesis.cli.schemathesis()"
"""`python -m schemathesis.cli`, but with anyio imported before there are threads: it parses its own source into trees,
which Python 3.11 cannot do in two threads at once (python/cpython#106905)."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("schema"), *chain("a", "b"), workflows={"w": {"tasks": ["all"]}})
    with serving(home, "--workers", "0") as running:
        running.execute(workflow="w")
        yield running


def explore(server, folder, checks, *arguments):
    """schemathesis as its users run it, on the document that is served."""
    document = folder / "openapi.json"
    document.write_text(json.dumps(server.client.get("/openapi.json").json()))
    return subprocess.run(
        [
            *(sys.executable, "-c", EXPLORER, "run", str(document), "--url", server.url),
            *("--checks", ",".join(checks), "--max-examples", EXAMPLES, "--seed", "1", "--workers", "2", "--no-color"),
            *("--phases", "examples,coverage,fuzzing", "--exclude-path-regex", "events$", "--request-timeout", "20"),
            *arguments,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.parametrize("token", [True, False])
def test_nothing_that_is_sent_makes_the_server_fail_or_answer_what_is_not_documented(server, tmp_path, token):
    arguments = ["--header", f"Authorization: Bearer {server.token}"] if token else []

    explored = explore(server, tmp_path, CHECKS + (BEHIND_THE_GATE if token else []), *arguments)

    assert explored.returncode == 0, explored.stdout[-6000:] + explored.stderr[-2000:]
    assert server.client.get("/readyz").status_code == 200


def test_every_address_is_described_with_a_summary_in_both_languages(server):
    paths = server.client.get("/openapi.json").json()["paths"]

    summaries = [operation["summary"] for methods in paths.values() for operation in methods.values()]

    assert all(" / " in summary for summary in summaries)


def test_the_command_line_writes_the_document_that_the_server_serves(server):
    written = server.home.etl("openapi")

    assert json.loads(written.stdout) == server.client.get("/openapi.json").json()
