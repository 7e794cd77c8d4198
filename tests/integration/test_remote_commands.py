"""`etl --server URL`: the same commands, words, forms and exit codes for a server elsewhere, and what may go wrong."""

import json
import re
import signal
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree as ET

import pytest

from orchestrator.commands.main import answer
from orchestrator.commands.servers import HERE_ONLY
from orchestrator.translation import current_language, use_language
from tests.integration.going_on_subjects import Home, chain
from tests.integration.web_subjects import serving

TASKS = [*chain("a", "b", category="books"), {"task_id": "c", "critical": False, "category": "extra"}]
WORKFLOWS = {
    "both": {"tasks": ["a", "b"], "description": "all of it"},
    "asked": {"tasks": ["a"], "parameters": {"day": {"type": "integer"}}},
}
ID = re.compile(r"(?:exec_)?\d{8}_\d{6}(?:_[0-9a-f]{8})?")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("remote"), *TASKS, workflows=WORKFLOWS)
    text = (home.path / "config.json").read_text()
    (home.path / "other.json").write_text(text.replace("all of it", "another"))
    (home.path / "broken.json").write_text(text.replace("category", "categry"))
    reader = home.etl("token", "create", "reader").stdout.strip()
    with serving(home, "--slots", "8") as running:
        running.reader = reader
        yield running


@pytest.fixture(autouse=True)
def _english(no_settings_from_outside):
    before = current_language()
    use_language("en")
    yield
    use_language(before)


@pytest.fixture
def there(server, tmp_path, monkeypatch, capsys):
    """A command for the server, as its exit code, stdout and stderr; whatever it wants of this machine is empty."""
    monkeypatch.setenv("ETL_HOME", str(tmp_path / "nothing"))
    monkeypatch.setenv("ETL_CONFIG", str(tmp_path / "nothing.json"))
    monkeypatch.setenv("ETL_SERVER_TOKEN", server.token)

    def etl(*arguments, url=server.url):
        code = answer(["--server", url, *arguments])
        return code, *capsys.readouterr()

    yield etl
    assert not (tmp_path / "nothing").exists()


def far(server, **more):
    """The environment of a command in a process of its own that is told the server by ETL_SERVER."""
    return {"ETL_SERVER": server.url, "ETL_SERVER_TOKEN": server.token, "ETL_HOME": "/nonexistent", **more}


def alike(text):
    """`text` without what differs from one execution to the next."""
    text = ID.sub("ID", re.sub(r"\d\d:\d\d:\d\d", "TIME", text))
    return [re.sub(r"\d+\.\d\d s", "N s", line) for line in text.splitlines() if not line.startswith("Log: ")]


def wait_until(condition):
    give_up_at = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


# --- the same commands -----------------------------------------------------------------------------------------------


def test_run_says_what_it_says_here(server, there):
    code, out, err = there("run", "-w", "both", "--max-workers", "2")
    here = server.home.etl("run", "-w", "both", "--max-workers", "2")

    *lines, report = alike(out)
    assert (code, here.returncode) == (0, 0)
    assert out.startswith("exec_")
    assert lines == alike(here.stdout)[:-1]
    assert alike(err) == alike(here.stderr)
    assert report == f"Execution report: {server.url}/reports/ID"


@pytest.mark.parametrize(("name", "code"), [("a", 1), ("c", 3)])
def test_the_exit_code_is_that_of_the_execution(server, there, name, code):
    server.home.fail(name)
    try:
        ended = there("run", "--all", "--parallel", "--continue-on-failure")
    finally:
        server.home.mend(name)

    assert ended[0] == code
    assert f"✗ {name}: ValueError: {name} was told to fail" in ended[1]


def test_the_junit_file_of_an_execution_there_is_written_here(server, there, tmp_path):
    path = tmp_path / "results/junit.xml"
    server.home.fail("a")

    try:
        code, out, _err = there("run", "-w", "both", "--junit", str(path))
    finally:
        server.home.mend("a")

    suite = ET.parse(path).getroot().find("testsuite")
    assert code == 1
    assert out.splitlines()[0] in {one.get("value") for one in suite.iter("property")}
    assert [suite.get(name) for name in ("tests", "failures", "skipped")] == ["2", "1", "1"]
    assert "was told to fail" in suite.find(".//failure").text


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "status -o json --limit 2",
        "status --latest",
        "status --latest -o json",
        "status --latest -o jsonl",
        "list-tasks",
        "list-tasks --category extra -o jsonl",
        "list-tasks --category nope",
        "list-workflows -o json",
        "plan -w both",
        "plan -t b --with-dependencies -p --max-workers 2 -o json",
        "plan -t b -o jsonl",
        "logs --latest",
        "logs --latest b --lines 1",
        "logs --latest nope",
        "logs --latest b --attempt 7",
        "resume --latest",
    ],
)
def test_a_command_answers_as_it_does_on_the_servers_machine(server, there, monkeypatch, capsys, command):
    if server.client.get("/executions").json()["executions"] == []:
        there("run", "-w", "both")

    told = there(*command.split())
    for name in ("ETL_HOME", "ETL_CONFIG"):
        monkeypatch.setenv(name, server.home.environment[name])
    here = (answer(command.split()), *capsys.readouterr())
    monkeypatch.undo()

    code, out, err = ("\n".join(alike(part)) if isinstance(part, str) else part for part in told)
    if command.startswith("resume"):
        out = out.replace(
            f"{server.url}/reports/ID", f"{server.home.path}/orchestrator_reports/execution_report_ID.json"
        )
    assert (code, out.strip(), err) == (here[0], "\n".join(alike(here[1])).strip(), "\n".join(alike(here[2])))


def test_the_report_is_handed_over_and_one_that_is_not_there_ends_with_4(server, there):
    _, out, _ = there("run", "-w", "both")
    server.home.hold("a")
    execution_id = server.execute(tasks=["a"])
    early = there("report", execution_id)
    server.home.let_go("a")
    server.wait_for(execution_id)

    code, text, _ = there("report", out.splitlines()[0][-8:])

    assert (code, json.loads(text)["status"]) == (0, "completed")
    assert early[0] == 4
    assert "has no report" in early[2]


def test_a_part_of_an_id_is_enough_where_it_fits_one(there):
    first = there("run", "-t", "a")[1].splitlines()[0]
    there("run", "-t", "a")

    assert json.loads(there("status", "-e", first[-8:], "-o", "json")[1])["execution_id"] == first
    assert there("status", "-e", "exec_2")[0] == 2
    assert there("status", "-e", "zzz")[0] == 4
    assert there("status", "-e", "../x")[0] == 4
    assert there("status", "-e", "20200101_000000")[0] == 4


def test_a_configuration_is_named_as_the_server_knows_it(there, tmp_path):
    (tmp_path / "mine.json").write_text("{}")

    assert "another" in there("list-workflows", "-c", "other.json")[1]
    assert there("validate")[:2] == (0, there("validate")[1])
    assert there("validate", "-c", "other.json")[1] == "other.json: valid (3 tasks, 2 workflows)\n"
    code, _, err = there("validate", "-c", "broken.json")
    assert (code, err.count("did you mean")) == (2, 3)
    assert there("validate", "-c", str(tmp_path / "mine.json"))[0] == 2
    assert there("run", "--all", "-c", "ghost.json")[0] == 2
    assert there("status", "-c", "other.json")[0] == 2


def test_cancel_waits_until_it_is_cancelled_and_again_changes_nothing(server, there):
    server.home.hold("a")
    execution_id = server.execute(tasks=["a"])
    server.wait_for(execution_id, "running")

    first = there("cancel", execution_id, "--reason", "ya no")
    again = there("cancel", execution_id)
    server.home.let_go("a")

    assert first == (0, f"Execution {execution_id}: cancelled\n", "")
    assert again == (0, f"Execution {execution_id}: cancelled\n", "It had ended before; nothing was changed\n")


def test_what_was_interrupted_goes_on_in_view_and_only_what_is_new_is_told(server, there):
    server.home.hold("b")
    with server.home.begin("run", "-w", "both") as process:
        execution_id = process.stdout.readline().strip()
        wait_until(
            lambda: server.client.get(f"/executions/{execution_id}").json()["results"]["b"]["status"] == "running"
        )
        process.send_signal(signal.SIGTERM)
        process.wait(40)
    server.home.let_go("b")

    code, out, err = there("resume", execution_id)

    assert (code, out.splitlines()[0]) == (0, execution_id)
    assert "task b started (attempt 2)" in err
    assert "task a" not in err


def test_what_failed_is_done_again_alone(server, there):
    server.home.fail("b")
    _, first, _ = there("run", "-w", "both")
    server.home.mend("b")

    code, out, _ = there("rerun", "--latest", "--failed")

    assert code == 0
    assert out.splitlines()[2:4] == [f"Repeats execution {first.splitlines()[0]}", "Results kept: a"]


def test_followed_logs_are_shown_as_they_come_until_the_end(server, there):
    server.home.hold("b")
    execution_id = server.execute(workflow="both")
    timer = threading.Timer(0.5, lambda: server.home.let_go("b"))
    timer.start()

    code, out, _ = there("logs", execution_id, "-f")

    timer.join()
    assert code == 0
    assert [line.split()[1] for line in out.splitlines() if line.startswith("==>")] == ["a,", "b,"]
    assert out.rstrip().endswith("Returned")


# --- signals ---------------------------------------------------------------------------------------------------------


def test_ctrl_c_cancels_there_and_a_stop_only_leaves(server):
    server.home.hold("a")
    with server.home.begin("run", "-t", "a", **far(server)) as cancelled:
        first = cancelled.stdout.readline().strip()
        with server.home.begin("run", "-t", "a", **far(server)) as stopped:
            second = stopped.stdout.readline().strip()
            server.wait_for(first, "running")
            server.wait_for(second, "running")

            stopped.send_signal(signal.SIGTERM)
            stopped_with = stopped.wait(40)
            left = stopped.stderr.read()
            cancelled.send_signal(signal.SIGINT)
            cancelled_with = cancelled.wait(40)
            summary = cancelled.stdout.read()
    server.home.let_go("a")

    assert (cancelled_with, stopped_with) == (130, 143)
    assert f"{first}: cancelled" in summary
    assert "goes on at the server" in left
    assert server.wait_for(first)["status"] == "cancelled"
    assert server.wait_for(second)["status"] == "completed"


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HERE_ONLY)
def test_a_command_for_this_machine_alone_refuses_and_says_why(there, name):
    arguments = {"mark": ["x", "a", "--as", "skipped", "--reason", "r"], "init": ["github"], "stats": ["w"]}
    arguments |= {group: [order] for group, order in (("token", "list"), ("db", "check"), ("schedule", "list"))}

    code, out, err = there(name, *arguments.get(name, []))

    assert (code, out) == (2, "")
    assert err == f"Error: {name} does not work for a server (--server, ETL_SERVER): {HERE_ONLY[name]}\n"
    assert there(name, "--help")[0] == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8001",
        "ftp://localhost",
        "http://",
        "http://user:s3cr3t@localhost:1",
        "http://s3cr3t@localhost:1",
        "http://localhost:99999",
        "http://localhost:1/?token=s3cr3t",
        "http://localhost:1/#s3cr3t",
        "http://local host",
        "http://[::1",
    ],
)
def test_what_is_no_address_of_a_server_is_refused_and_not_repeated(there, url):
    code, out, err = there("status", url=url)

    assert (code, out) == (2, "")
    assert "s3cr3t" not in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run"], "say what to run, exactly one of: --workflow NAME"),
        (["run", "-w", "both", "--all"], "say what to run, exactly one of: --workflow NAME"),
        (["run", "-w", "bth"], "did you mean 'both'?"),
        (["run", "-t", "z"], "no task is called 'z'"),
        (["run", "-w", "asked"], "needs parameter 'day'"),
        (["run", "-w", "asked", "--param", "day=x"], "must be of type integer"),
        (["run", "--all", "-p", "--max-workers", "0"], "\n  max_workers (line 1,"),
        (["rerun", "--latest", "--failed", "--only", "a"], "at most one of --failed"),
        (["status", "--latest", "-e", "x"], "exclude each other"),
        (["resume"], "say which execution"),
    ],
)
def test_a_wrong_request_ends_with_2_and_what_the_server_says_of_it(server, there, arguments, told):
    before = server.client.get("/executions?limit=1000").json()

    code, out, err = there(*arguments)

    assert (code, out) == (2, "")
    assert told in err
    assert server.client.get("/executions?limit=1000").json() == before


def test_a_token_that_opens_nothing_or_too_little_ends_with_2_and_is_not_shown(server, there, monkeypatch):
    answers = []
    for token in ("wrong-token-of-somebody", "two words", server.reader, ""):
        monkeypatch.setenv("ETL_SERVER_TOKEN", token)
        answers.append(there("run", "-t", "a"))
    monkeypatch.setenv("ETL_API_TOKEN", server.token)
    with_the_other = there("run", "-t", "a")

    assert [code for code, _, _ in answers] == [2, 2, 2, 2]
    assert "wrong-token" not in answers[0][2]
    assert "role run" in answers[2][2]
    assert "asks for a token" in answers[3][2]
    assert with_the_other[0] == 0


# --- servers that are away, or none of ours --------------------------------------------------------------------------


@contextmanager
def answering(content, kind="application/json", status=200):
    """Something that answers every request with `content`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as stranger:
        thread = threading.Thread(target=stranger.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{stranger.server_port}"
        finally:
            stranger.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "strange",
    [
        {"content": b"<html>hello</html>", "kind": "text/html"},
        {"content": b"<html>no</html>", "kind": "text/html", "status": 404},
        {"content": b"", "status": 302},
        {"content": b"[]"},
        {"content": b"{}"},
        {"content": b'{"executions": [{"status": "completed"}], "next": null}'},
        {"content": b'{"type": "about:blank", "detail": "no"}', "status": 422},
        {"content": b'{"type": "urn:orquestador-etl:problem:x", "detail": "no"}', "status": 503},
    ],
)
def test_what_is_none_of_ours_ends_with_6_and_one_that_cannot_with_5(there, strange):
    with answering(**strange) as url:
        code, out, err = there("status", url=url)

    assert (code, out) == (5 if strange.get("status") == 503 else 6, "")
    assert err.startswith("Error: ")
    assert err.count("\n") == 1


def test_nobody_there_no_tls_no_http_and_no_answer_end_with_6(server, there, monkeypatch):
    monkeypatch.setenv("ETL_SERVER_PATIENCE", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as other:
        gone = other.getsockname()[1]
        other.close()
        talker = threading.Thread(target=speak_no_http, args=(silent,))
        talker.start()
        no_http = there("status", url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        talker.join()
        no_answer = there("status", url=f"http://127.0.0.1:{silent.getsockname()[1]}")
    nobody = there("run", "-w", "both", url=f"http://127.0.0.1:{gone}")
    no_tls = there("status", url=server.url.replace("http:", "https:"))
    no_name = there("status", url="http://no-such-host.invalid:1")

    assert [code for code, _, _ in (no_http, no_answer, nobody, no_tls, no_name)] == [6] * 5
    assert "TLS" in no_tls[2]


def speak_no_http(listening):
    connection, _ = listening.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"220 mail.example ESMTP\r\n")


@contextmanager
def losing_the_first_answer(port):
    """A way to the server on which the answer to the first request is lost."""
    ways = 0

    def carry(client):
        nonlocal ways
        ways += 1
        first = ways == 1
        with client, socket.create_connection(("127.0.0.1", port)) as behind:
            back = threading.Thread(target=pour, args=(behind, None if first else client))
            back.start()
            pour(client, behind, wait_for=back if first else None)
            back.join()

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept():
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=carry, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


def pour(source, target, wait_for=None):
    """Bytes from one to the other; with `wait_for`, one piece, and nothing more once that thread has ended."""
    try:
        while data := source.recv(65536):
            if target is not None:
                target.sendall(data)
            if wait_for is not None and b"}" in data:
                wait_for.join(20)
                return
    except OSError:
        return


def test_a_lost_answer_is_asked_for_again_and_nothing_runs_twice(server, there):
    before = len(server.client.get("/executions?limit=1000").json()["executions"])
    with losing_the_first_answer(server.port) as url:
        code, _, _ = there("run", "-t", "a", url=url)

    assert code == 0
    assert len(server.client.get("/executions?limit=1000").json()["executions"]) == before + 1


def test_a_server_that_is_killed_is_waited_for_and_told_of_when_it_does_not_come_back(tmp_path):
    home = Home(tmp_path, *TASKS, workflows=WORKFLOWS)
    home.hold("b")
    with serving(home) as first:
        port = first.port
        with home.begin("run", "-w", "both", **far(first)) as waiting:
            execution_id = waiting.stdout.readline().strip()
            with home.begin("run", "-w", "both", **far(first, ETL_SERVER_PATIENCE="1")) as impatient:
                impatient.stdout.readline()
                home.wait_for("b", times=2)
                first.process.kill()
                gave_up = impatient.wait(40)
                last_words = impatient.stderr.read()
            home.let_go("b")
            with serving(home, "--port", str(port)):
                out, err = waiting.communicate(timeout=60)

    assert gave_up == 6
    assert last_words.splitlines()[-1].startswith(f"Error: the server {first.url} cannot be reached")
    assert waiting.returncode == 0, err
    assert f"{execution_id}: completed" in out
    assert "The server answers again" in err
    assert len([line for line in err.splitlines() if "task a started" in line]) == 1
    assert len([line for line in err.splitlines() if "task b completed" in line]) == 1
