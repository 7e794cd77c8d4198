"""What one says when a workflow is executed from its page, and the drawing of its durations; in a real browser."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.integration.going_on_subjects import Home
from tests.integration.ui_subjects import PAYLOADS, Seen, chromium
from tests.integration.web_subjects import serving

__all__ = ["chromium"]

TASKS = """
def take(name, **given):
    return {"given": given}
"""
DECLARED = {
    "year": {"type": "integer"},
    "share": {"type": "number", "default": 0.5},
    "whole": {"type": "boolean", "default": True},
    "day": {"type": "date", "default": "2025-01-31"},
    "note": {"type": "string", "default": PAYLOADS[1]},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("form"))
    (home.path / "taking_tasks.py").write_text(TASKS, encoding="utf-8")
    taken = {name: f"${{params.{name}}}" for name in DECLARED}
    tasks = (
        {"task_id": "first", "parameters": taken},
        {"task_id": "second", "dependencies": ["first"]},
        {"task_id": "alone"},
    )
    home.configure(
        *({"module_path": "taking_tasks", "function_name": "take", **task} for task in tasks),
        workflows={
            "asking": {"tasks": ["first", "second", "alone"], "parameters": DECLARED},
            "quiet": {"tasks": ["alone"]},
        },
    )
    with serving(home) as running:
        yield running


@pytest.fixture
def page(server, chromium):
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="America/Bogota"
    )
    page = context.new_page()
    seen = Seen(page, server.url)
    page.goto(f"{server.url}/ui")
    page.fill("#token", server.token)
    page.click("button.main")
    page.wait_for_url(f"{server.url}/ui")
    yield page
    title = page.title()
    context.close()
    assert [fault for fault in seen.faults if "422" not in fault] == []  # the browser tells of what the server refused
    assert "taken" not in title


def field(page, name):
    return page.locator(f'[name=parameter][data-name="{name}"]')


def fault(page, name):
    return page.locator(".field", has=field(page, name)).locator(".fault")


def started(server, page):
    """The parameters of the execution that the page went on to."""
    page.wait_for_url("**/ui/executions/exec_*")
    execution_id = page.url.rpartition("/")[2]
    server.wait_for(execution_id)
    (first,) = (
        one
        for one in server.client.get(f"/executions/{execution_id}").json()["results"].values()
        if one["output"]["given"]
    )
    return first["output"]["given"]


def test_every_kind_of_parameter_has_a_field_of_its_kind_with_its_default(server, page):
    page.goto(f"{server.url}/ui/workflows/asking")

    kinds = {name: field(page, name).evaluate("one => one.type") for name in DECLARED}

    assert kinds == {"year": "number", "share": "number", "whole": "select-one", "day": "date", "note": "text"}
    expect(field(page, "share")).to_have_attribute("placeholder", "0.5")
    expect(field(page, "note")).to_have_attribute("placeholder", PAYLOADS[1])
    expect(field(page, "whole").locator("option").first).to_have_text("as usual: yes")


def test_what_is_needed_and_missing_is_told_beside_its_field_before_anything_is_sent(server, page):
    page.goto(f"{server.url}/ui/workflows/asking")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)

    page.click("button[data-run=execute]")

    expect(fault(page, "year")).to_be_visible()
    expect(field(page, "year")).to_be_focused()
    expect(field(page, "year")).to_have_attribute("aria-invalid", "true")
    assert asked == []
    described = field(page, "year").get_attribute("aria-describedby").split()
    assert fault(page, "year").get_attribute("id") in described


def test_a_whole_number_with_a_fraction_is_refused_on_the_page(server, page):
    page.goto(f"{server.url}/ui/workflows/asking")
    field(page, "year").fill("1.5")

    page.click("button[data-run=plan]")

    expect(fault(page, "year")).to_be_visible()
    expect(page.locator("#plan")).to_be_hidden()


def test_what_the_server_refuses_is_told_beside_the_field_that_it_names(server, page):
    page.goto(f"{server.url}/ui/workflows/asking")
    field(page, "year").fill("9" * 30)

    page.click("button[data-run=plan]")

    expect(fault(page, "year")).to_contain_text("'year'")
    expect(page.locator("#trouble")).to_be_hidden()


def test_what_is_filled_in_comes_to_the_tasks_as_it_was_meant_and_the_rest_as_usual(server, page):
    page.goto(f"{server.url}/ui/workflows/asking")
    field(page, "year").fill("123456789012345678")
    field(page, "whole").select_option("false")
    field(page, "day").fill("2026-11-24")
    field(page, "note").fill(PAYLOADS[0])

    page.click("button[data-run=execute]")

    assert started(server, page) == {
        "year": 123456789012345678,
        "share": 0.5,
        "whole": False,
        "day": "2026-11-24",
        "note": PAYLOADS[0],
    }


def test_selected_tasks_take_no_parameters(server, page):
    page.goto(f"{server.url}/ui/workflows/asking")
    field(page, "year").fill("2026")
    page.check("input[value=alone]")

    disabled = field(page, "year").is_disabled()
    page.click("button[data-run=execute]")

    page.wait_for_url("**/ui/executions/exec_*")
    assert disabled


def test_the_plan_tells_the_step_the_reason_and_how_long_it_took_last(server, page):
    done = server.execute(workflow="asking", parameters={"year": 2025})
    server.wait_for(done)
    page.goto(f"{server.url}/ui/workflows/asking")
    field(page, "year").fill("2026")

    page.click("button[data-run=plan]")

    second = page.locator("#plan li", has_text="second")
    expect(second).to_contain_text("step 2")
    expect(second).to_contain_text("first")
    assert re.search(r"\d\.\d+ s", second.inner_text())
    expect(page.locator("#plan p")).to_contain_text("3 tasks in 2 steps")


def test_who_may_only_read_sees_no_form(server):
    made = server.home.etl("token", "create", "looks", "--role", "read")
    token = made.stdout.strip()

    page = server.as_bearer(token).get("/ui/workflows/asking").text

    assert "fieldset" not in page
    assert 'id="durations-title"' in page


def test_the_drawing_of_durations_shows_the_task_that_is_chosen_in_the_table(server, page):
    for year in (2024, 2025):
        server.wait_for(server.execute(workflow="asking", parameters={"year": year}))
    page.goto(f"{server.url}/ui/workflows/asking")
    expect(page.locator("#durations canvas")).to_be_visible()

    page.click("#figures-table button[data-duration-of=second]")

    expect(page.locator("#duration-of")).to_have_value("second")
    history = json.loads(page.locator("#history").text_content())
    assert len(history["lines"]["second"]) >= 2
    assert page.locator("#durations").evaluate("one => one.scrollWidth <= one.clientWidth")
    page.hover("#durations .u-over", position={"x": 20, "y": 20})
    expect(page.locator("#durations .u-legend")).to_contain_text(re.compile(r"completed:?\s*\d.* s"))


def test_a_workflow_that_was_never_executed_has_no_drawing(server, page):
    page.goto(f"{server.url}/ui/workflows/quiet")

    expect(page.locator("#durations-title")).to_be_visible()
    expect(page.locator("#durations")).to_have_count(0)
