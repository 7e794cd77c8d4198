"""Schedules as they are used: listed, previewed, paused, triggered, by hand and over the API; fired by real processes."""

import json
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.integration.going_on_subjects import Home
from tests.integration.ui_subjects import PAYLOADS, chromium, logged_in
from tests.integration.web_subjects import PATIENCE, serving

__all__ = ["chromium"]

TASKS = """
def tell(name, day="", who=""):
    print(name, day, who)
    return {"day": day, "who": who}
"""
TASK = {
    "task_id": "tell",
    "module_path": "told_tasks",
    "function_name": "tell",
    "parameters": {"name": "tell", "day": "${execution.date}", "who": "${params.who}"},
}
WORKFLOWS = {
    "report": {"tasks": ["tell"], "parameters": {"who": {"type": "string", "default": "nobody"}}},
    "by_hand": {"tasks": ["tell"], "parameters": {"who": {"type": "string", "default": "nobody"}}},
}
SCHEDULES = {
    "nightly": {
        "cron": "0 2 * * *",
        "timezone": "America/New_York",
        "workflow": "report",
        "parameters": {"who": "ana ${execution.date}"},
        "description": PAYLOADS[1],
    },
    "often": {"every": "10s", "workflow": "report"},
    "off": {"cron": "@hourly", "workflow": "report", "enabled": False},
}


def home_at(path, schedules):
    home = Home(path)
    (path / "told_tasks.py").write_text(TASKS, encoding="utf-8")
    home.configure(TASK, workflows=WORKFLOWS, schedules=schedules)
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return home_at(tmp_path_factory.mktemp("schedules"), SCHEDULES)


@pytest.fixture(scope="module")
def server(home):
    with serving(home) as running:
        yield running


def etl(home, *arguments, code=0):
    """What it says: on stdout, or on stderr where it is to end with another code than 0."""
    done = home.etl(*arguments)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def slots_of(home, name):
    return json.loads(etl(home, "schedule", "slots", name, "-o", "json"))


def until(find, wanted):
    give_up_at = time.monotonic() + PATIENCE
    while not (found := find()):
        assert time.monotonic() < give_up_at, wanted
        time.sleep(0.1)
    return found


def test_a_server_fires_each_slot_with_its_own_date(server):
    fired = until(
        lambda: [one for one in server.client.get("/schedules/often").json()["last"] if one["fate"] == "fired"],
        "a slot that fired",
    )[0]

    ended = server.wait_for(fired["execution_id"])

    slot = datetime.fromisoformat(fired["slot"])
    assert ended["status"] == "completed"
    assert slot.timestamp() % 10 == 0
    assert ended["results"]["tell"]["output"] == {"day": slot.date().isoformat(), "who": "nobody"}
    assert re.fullmatch(r"\d{8}_\d{6}(_[0-9a-f]{8})?", fired["execution_id"])


def test_a_schedule_is_triggered_by_hand_with_its_parameters(server):
    answer = server.client.post("/schedules/nightly/trigger")

    assert answer.status_code == 202
    ended = server.wait_for(answer.json()["execution_id"])
    day = ended["results"]["tell"]["output"]["day"]
    assert ended["results"]["tell"]["output"]["who"] == f"ana {day}"
    audit = (server.home.path / ".orchestrator" / "audit.jsonl").read_text()
    assert '"what": "trigger"' in audit
    assert '"schedule": "nightly"' in audit


def test_a_paused_schedule_fires_no_more_until_it_is_resumed(server):
    paused = server.client.post("/schedules/often/pause", json={"reason": "the source moves house"}).json()
    before = len(slots_of(server.home, "often"))

    time.sleep(11)  # a slot passes
    during = len(slots_of(server.home, "often"))
    resumed = server.client.post("/schedules/often/resume").json()

    assert paused["paused"]["reason"] == "the source moves house"
    assert paused["next"] == []
    assert during == before
    assert resumed["paused"] is None
    until(lambda: len(slots_of(server.home, "often")) > before, "another slot")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/schedules/unknown", 404),
        ("POST", "/schedules/unknown/trigger", 404),
        ("POST", "/schedules/unknown/pause", 404),
        ("GET", "/schedules?count=0", 422),
        ("GET", "/schedules/nightly?count=100000", 422),
    ],
)
def test_what_is_not_there_is_refused(server, method, path, status):
    assert server.client.request(method, path, json={} if method == "POST" else None).status_code == status


def test_somebody_who_may_only_look_pauses_nothing(server, home):
    token = etl(home, "token", "create", "looker", "--role", "read").strip()
    looker = server.as_bearer(token)

    assert looker.get("/schedules").status_code == 200
    assert looker.post("/schedules/often/pause", json={}).status_code == 403
    assert looker.post("/schedules/often/trigger").status_code == 403


def test_the_page_shows_slots_pauses_resumes_and_executes(server, chromium):
    with logged_in(chromium, server) as page:
        page.goto(f"{server.url}/ui/schedules")
        row = page.locator("#schedule-nightly")
        expect(row).to_contain_text(PAYLOADS[1])
        expect(row.locator(".slots time").first).to_have_attribute("title", re.compile("02:00:00 E[SD]T"))
        expect(page.locator("#schedule-off")).to_contain_text("no habilitada")
        expect(page.locator("#unscheduled-by_hand")).to_be_visible()

        page.goto(f"{server.url}/ui/workflows/report")
        expect(page.locator('a[href="/ui/schedules#schedule-nightly"]')).to_be_visible()
        expect(page.locator("main")).to_contain_text("no lanza ahora")
        page.goto(f"{server.url}/ui/schedules")
        row.locator("button[data-do=schedule-pause]").click()
        expect(row.locator("button[data-do=schedule-resume]")).to_be_visible(timeout=20_000)
        expect(row).to_contain_text("pausada desde")
        row.locator("button[data-do=schedule-resume]").click()
        expect(row.locator("button[data-do=schedule-pause]")).to_be_visible(timeout=20_000)
        row.locator("button[data-do=schedule-trigger]").click()

        page.wait_for_url("**/ui/executions/2*")
        expect(page.locator(".headline .state")).to_have_text("completada", timeout=20_000)


def test_the_command_line_lists_and_previews_with_offsets(home):
    listed = json.loads(etl(home, "schedule", "list", "-o", "json"))
    spring = json.loads(
        etl(home, "schedule", "preview", "nightly", "-n", "3", "--after", "2026-03-07T12:00-05:00", "-o", "json")
    )
    table = etl(home, "schedule", "list")

    assert [one["schedule"] for one in listed] == ["nightly", "often", "off"]
    assert listed[2]["next"] == []
    assert [one["slot"] for one in spring] == [
        "2026-03-08T03:00:00-04:00",  # there was no two o'clock
        "2026-03-09T02:00:00-04:00",
        "2026-03-10T02:00:00-04:00",
    ]
    assert "every 10 s" in table
    assert "not enabled" in table


@pytest.mark.parametrize("command", [("preview", "nightyl"), ("pause", "nightyl"), ("trigger", "nightyl")])
def test_a_name_that_nobody_has_is_refused_with_the_nearest_one(home, command):
    assert "Did you mean 'nightly'?" in etl(home, "schedule", *command, code=2)


def test_a_time_that_is_none_is_refused(home):
    assert "ISO 8601" in etl(home, "schedule", "preview", "nightly", "--after", "tomorrow", code=2)


def test_two_schedulers_of_their_own_fire_each_slot_once_and_what_was_missed_is_told(tmp_path):
    home = home_at(tmp_path, {"often": {"every": "10s", "workflow": "report", "catchup": "none"}})
    schedulers = [scheduler_of(home) for _ in range(2)]
    until(lambda: len(slots_of(home, "often")) >= 1, "a slot that fired")

    for one in schedulers:
        one.send_signal(signal.SIGTERM)
    codes = [one.wait(30) for one in schedulers]

    fired = slots_of(home, "often")
    listed = json.loads(etl(home, "status", "-o", "json"))
    assert codes == [0, 0]
    assert {one["fate"] for one in fired} == {"fired"}
    assert len({one["slot"] for one in fired}) == len(fired)
    assert sorted(one["execution_id"] for one in fired) == sorted(one["execution_id"] for one in listed)
    assert {one["status"] for one in listed} == {"queued"}
    assert all(datetime.fromisoformat(one["slot"]) <= datetime.now(UTC) for one in fired)


def scheduler_of(home):
    return subprocess.Popen(
        [sys.executable, "-m", "orchestrator", "scheduler"],
        env=home.environment,
        cwd=home.path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
