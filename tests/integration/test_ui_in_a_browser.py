"""The dashboard as people use it: a real browser logs in, watches an execution live, reads a log, cancels and repeats."""

import pytest
from playwright.sync_api import expect

from tests.integration.going_on_subjects import Home
from tests.integration.ui_subjects import PAYLOADS, chromium, logged_in
from tests.integration.web_subjects import serving

__all__ = ["chromium"]

TASKS = f"""
import os
import time
from pathlib import Path

HOME = Path(os.environ["ETL_HOME"])
PAYLOADS = {PAYLOADS!r}


def slow(name):
    for number in range(600):
        print("line", number, PAYLOADS[number % 7], flush=True)
        if not (HOME / "hold").exists():
            break
        time.sleep(0.05)
    return {{"rows": 12345, "notes": PAYLOADS, "files": {{PAYLOADS[0]: PAYLOADS[1]}}}}


def refuse(name):
    print("about to refuse")
    if (HOME / "mended").exists():
        return {{"rows": 1}}
    raise ValueError("no column " + PAYLOADS[1])
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("browser"))
    (home.path / "shown_tasks.py").write_text(TASKS, encoding="utf-8")
    first = {"task_id": "first", "name": PAYLOADS[0], "description": PAYLOADS[2], "function_name": "slow"}
    second = {"task_id": "second", "name": PAYLOADS[5], "function_name": "refuse", "dependencies": ["first"]}
    third = {"task_id": "third", "name": PAYLOADS[3], "function_name": "slow", "dependencies": ["second"]}
    home.configure(
        *({"module_path": "shown_tasks", "parameters": {}, **task} for task in (first, second, third)),
        workflows={"shown": {"description": PAYLOADS[6], "tasks": ["first", "second", "third"]}},
    )
    with serving(home) as running:
        yield running


@pytest.fixture
def page(server, chromium):
    with logged_in(chromium, server) as page:
        yield page


def hold(server, *, held):
    path = server.home.path / "hold"
    path.touch() if held else path.unlink(missing_ok=True)


def test_an_execution_is_watched_from_its_start_to_its_failure_and_its_log_is_read(server, page):
    hold(server, held=True)
    execution_id = server.execute(workflow="shown")
    card = page.locator(f"#running-{execution_id}")
    expect(card).to_contain_text("0 de 3 tareas", timeout=20_000)
    card.locator("a").click()
    expect(page.locator(".headline .state")).to_have_text("en curso")

    page.evaluate("window.stillHere = true")
    hold(server, held=False)

    expect(page.locator(".headline .state")).to_have_text("fallida", timeout=20_000)
    assert page.evaluate("window.stillHere"), "the page was loaded again"
    expect(page.locator(".failure")).to_contain_text(f"no column {PAYLOADS[1]}")
    expect(page.locator("#task-first")).to_contain_text("12.345")
    expect(page.locator("#graph .node.failed")).to_have_count(1)
    expect(page.locator("#icon")).to_have_attribute("href", page.locator("#icon").get_attribute("data-failed"))
    page.click(".failure a")
    page.click("#task-second button[data-do=log]")
    expect(page.locator("#task-second .log pre")).to_contain_text("about to refuse")
    page.fill("#task-second .log input", "refuse")
    expect(page.locator("#task-second .log pre")).not_to_contain_text("Traceback")


def test_what_is_under_way_is_cancelled_on_the_page_and_what_failed_is_repeated(server, page):
    hold(server, held=True)
    running = server.execute(workflow="shown")
    page.goto(f"{server.url}/ui/executions/{running}")
    expect(page.locator("#task-first .state").first).to_have_text("en curso", timeout=20_000)

    page.click("button[data-do=cancel]")

    expect(page.locator(".headline .state")).to_have_text("cancelada", timeout=20_000)
    hold(server, held=False)
    failed = server.execute(workflow="shown")
    server.wait_for(failed)
    (server.home.path / "mended").touch()
    page.goto(f"{server.url}/ui/executions/{failed}")
    page.click("button[data-do=rerun-failed]")
    page.wait_for_url(lambda url: failed not in url)
    expect(page.locator(".headline .state")).to_have_text("completada", timeout=20_000)
    expect(page.locator(f'a[href="/ui/executions/{failed}"]')).to_be_visible()
    (server.home.path / "mended").unlink()


def test_a_workflow_is_foreseen_and_executed_from_its_page_whole_or_in_part(server, page):
    hold(server, held=False)
    page.goto(f"{server.url}/ui/workflows")
    page.click("text=shown")
    expect(page.locator("#graph .node")).to_have_count(3)

    page.click("button[data-run=plan]")
    expect(page.locator("#plan li")).to_have_count(3)
    page.check("input[value=first]")
    expect(page.locator("button[data-run=execute]")).to_have_text("Ejecutar lo elegido")
    page.click("button[data-run=execute]")

    page.wait_for_url("**/ui/executions/exec_*")
    expect(page.locator(".headline .state")).to_have_text("completada", timeout=20_000)
    assert page.locator("#tasks tbody").count() == 1


def test_the_grid_of_a_workflow_grows_while_it_is_looked_at(server, page):
    page.goto(f"{server.url}/ui/workflows/shown")
    page.wait_for_timeout(500)

    execution_id = server.execute(workflow="shown")

    expect(page.locator(f"#cell-{execution_id}-second")).to_have_class("failed", timeout=20_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_runs_over_its_width(server, page, width, scheme):
    execution_id = server.execute(workflow="shown")
    server.wait_for(execution_id)
    page.set_viewport_size({"width": width, "height": 780})
    page.emulate_media(color_scheme=scheme)

    one = f"/ui/executions/{execution_id}"
    sections = ("", "/workflows", "/workflows/shown", "/configuration", "/executions", "/schedules", "/data", "/system")
    for address in (*(f"/ui{section}" for section in sections), one, f"{one}/compare"):
        page.goto(server.url + address)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_the_list_is_filtered_searched_and_gone_through_by_keys(server, page):
    execution_id = server.execute(workflow="shown")
    server.wait_for(execution_id)
    page.goto(f"{server.url}/ui/executions")

    page.check("input[value=failed]")
    page.wait_for_url("**status=failed*")
    states = set(page.locator("#list tbody .state").all_inner_texts())
    page.keyboard.press("/")
    page.keyboard.type(execution_id)
    shown = page.locator("#list tbody tr:visible")
    expect(shown).to_have_count(1)
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/{execution_id}")
    assert states == {"fallida"}
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


def test_the_page_speaks_english_on_request_and_stays_so(server, page):
    page.click("button[data-language=en]")

    expect(page.locator("h2").first).to_have_text("Running now")
    page.goto(f"{server.url}/ui/executions")
    expect(page.locator("h1")).to_have_text("Executions")
