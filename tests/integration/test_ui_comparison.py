"""Two executions side by side on a page, and what is usual of a workflow's durations."""

import json
import re
from html import unescape

import pytest

from tests.integration.going_on_subjects import Home
from tests.integration.ui_subjects import PAYLOADS
from tests.integration.web_subjects import serving

TASKS = f"""
import json
import os
import time
from pathlib import Path

HOME = Path(os.environ["ETL_HOME"])


def said(name, value=None):
    told = json.loads((HOME / f"{{name}}.json").read_text())
    time.sleep(told.get("seconds", 0))
    if told.get("fails"):
        raise ValueError({PAYLOADS[1]!r})
    return told
"""
SECRET = "hunter2-of-the-city"


class Flow:
    """A workflow of three tasks that return what is written down for them."""

    def __init__(self, server):
        self.server = server

    def tell(self, name, **output):
        (self.server.home.path / f"{name}.json").write_text(json.dumps(output), encoding="utf-8")

    def configure(self, **second):
        tasks = (
            {"task_id": "first"},
            {"task_id": "second", "dependencies": ["first"], **second},
            {"task_id": "third", "dependencies": ["second"], "critical": False},
        )
        declared = {"note": {"type": "string", "default": "usual"}, "year": {"type": "integer", "default": 2025}}
        self.server.home.configure(
            *({"module_path": "said_tasks", "function_name": "said", **task} for task in tasks),
            workflows={"shown": {"tasks": ["first", "second", "third"], "parameters": declared}},
        )

    def execute(self, **parameters):
        body = {"workflow": "shown", "stop_on_failure": False} | ({"parameters": parameters} if parameters else {})
        execution_id = self.server.execute(**body)
        self.server.wait_for(execution_id)
        return execution_id

    def compared(self, execution_id, other=None):
        query = {"with": other} if other else {}
        answer = self.server.client.get(f"/ui/executions/{execution_id}/compare", params=query)
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("comparison"), {"task_id": "none"})
    (home.path / "said_tasks.py").write_text(TASKS, encoding="utf-8")
    with serving(home) as running:
        yield running


@pytest.fixture
def shown(server):
    shown = Flow(server)
    shown.configure()
    for name in ("first", "second", "third"):
        shown.tell(name, rows=1)
    return shown


def words(page, part=r".*"):
    """The text of a page's element of that id, or of all of it, without markup."""
    text = page if part == r".*" else re.search(rf'<(\w+)[^>]* id="{part}".*?</\1>', page, re.DOTALL).group()
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", text)))


def task_ids(page):
    return re.findall(r'<tbody id="task-(\w+)"', page)


def test_what_grew_failed_and_gave_other_rows_is_told_the_worst_first(shown):
    shown.tell("second", rows=100, tables={"contratos": 60, "pagos": 40})
    before = shown.execute()
    shown.tell("first", rows=1, seconds=1.3)
    shown.tell("second", rows=70, tables={"contratos": 30, "avances": 40})
    shown.tell("third", fails=True)
    after = shown.execute()

    page = shown.compared(after, before)

    assert task_ids(page) == ["third", "first", "second"]
    assert "completed failed" in words(page, "task-third").replace("→ ", "")
    assert re.search(r"→ [12]\.\d s \+1\.\d s · ×\d", words(page, "task-first"))
    assert "100 → 70 −30" in words(page, "task-second")
    assert "tables.pagos 40 not there" in words(page, "task-second")
    assert "tables.avances not there 40" in words(page, "task-second")


def test_without_another_it_is_compared_with_the_last_that_completed_before_it(shown):
    completed = shown.execute()
    shown.tell("third", fails=True)
    failed = shown.execute()
    latest = shown.execute()

    page = shown.compared(latest)

    assert f'value="{completed}" selected' in page
    assert f'value="{failed}"' in page
    assert f'value="{latest}"' not in page


def test_two_that_are_alike_are_said_to_be_so_and_their_tasks_are_folded_away(shown):
    before, after = shown.execute(), shown.execute()

    page = shown.compared(after, before)

    assert 'id="nothing"' in page
    assert task_ids(page) == []
    assert "3 tasks do not differ first , second , third" in words(page, "equal")


def test_parameters_and_configuration_that_differ_are_told_by_their_place(shown):
    shown.configure(parameters={"value": {"n": 1}})
    before = shown.execute(year=2024)
    shown.configure(timeout=77, parameters={"value": {"n": 1, "api_key": SECRET}})
    after = shown.execute(year=2026, note=PAYLOADS[0])

    page = shown.compared(after, before)

    assert "year 2024 2026" in words(page)
    assert "tasks.second.timeout not there 77" in words(page)
    assert 'tasks.second.parameters.value.api_key not there "***"' in words(page)
    assert SECRET not in page


def test_nothing_of_the_data_is_markup_in_a_comparison(shown):
    before = shown.execute(note=PAYLOADS[0])
    shown.tell("second", **{payload: payload for payload in PAYLOADS}, rows=2)
    shown.configure(description=PAYLOADS[6], name=PAYLOADS[2])
    after = shown.execute(note=PAYLOADS[6])

    page = shown.compared(after, before)

    assert not any(payload in page for payload in PAYLOADS if "<" in payload)
    assert sum(unescape(page).count(payload) >= 1 for payload in PAYLOADS) >= 5


def test_a_task_of_one_only_is_said_to_be_there_only(shown):
    before = shown.execute()
    part = shown.server.execute(tasks=["first"])
    shown.server.wait_for(part)

    page = shown.compared(part, before)

    assert "only before" in words(page, "task-third")


def test_the_first_of_all_has_nothing_to_be_compared_with(shown):
    shown.server.home.configure({"task_id": "alone"}, workflows={"once": {"tasks": ["alone"]}})
    only = shown.server.execute(workflow="once")
    shown.server.wait_for(only)

    page = shown.compared(only)

    assert "There is no other execution of it to compare with." in words(page)


@pytest.mark.parametrize("address", ["exec_none/compare", "{id}/compare?with=exec_none", "{id}/compare?with=../x"])
def test_an_execution_that_there_is_not_is_not_compared(shown, address):
    known = shown.execute()

    answer = shown.server.client.get(f"/ui/executions/{address.format(id=known)}")

    assert answer.status_code == 404


def test_the_page_of_an_execution_leads_to_its_comparison(shown):
    known = shown.execute()

    page = shown.server.client.get(f"/ui/executions/{known}").text

    assert f'href="/ui/executions/{known}/compare"' in page


def test_the_figures_of_durations_leave_out_what_did_not_complete(shown):
    shown.tell("first", seconds=0.3)
    shown.execute()
    shown.tell("first", seconds=0.9, fails=True)
    shown.execute()

    answer = shown.server.client.get("/ui/workflows/shown")

    page = answer.text
    assert answer.status_code == 200, page
    history = json.loads(re.search(r'id="history">(.*?)</script>', page).group(1))
    last_two = [(round(seconds, 1) >= 0.3, well) for _number, seconds, well in history["lines"]["first"][-2:]]
    assert last_two == [(True, True), (True, False)]
    assert history["medians"]["first"] < 0.9
    assert len(history["executions"]) == len(history["lines"][""])
