"""The graph of a workflow and of an execution in a real browser: drawn, searched, filtered, gone through, in groups."""

import re
import shutil
from itertools import pairwise

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.integration.going_on_subjects import Home, chain
from tests.integration.web_subjects import serving

PATIENCE = 30_000
SMALL = [
    {"task_id": "extract"},
    {"task_id": "clean", "dependencies": ["extract"]},
    {"task_id": "check", "dependencies": ["extract"], "critical": False},
    {"task_id": "load", "dependencies": ["clean"]},
    {"task_id": "report", "dependencies": ["load"]},
    {"task_id": "tidy <b>up & \"more\" 'of' it, whose name is far too long for its box"},
]
LAYER = 20
STAGES = ("extract", "clean", "check", "load")


def layered(size, beginning):
    """Tasks in layers of twenty, each after two of the layer before; named by stage, subject and number."""
    names = [f"{beginning}_{STAGES[len(STAGES) * n // size]}_{'abcde'[n % 5]}_{n}" for n in range(size)]
    return [
        {
            "task_id": name,
            "dependencies": sorted({names[n - LAYER], names[n - 1 - LAYER]}) if n > LAYER else [],
            "module_path": "orchestrator.mock_tasks",
            "function_name": "simple_task",
        }
        for n, name in enumerate(names)
    ]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("graph"))
    some, many = layered(500, "some"), layered(10_000, "many")
    workflows = {"small": SMALL, "some": some, "many": many, "line": chain("one", "two", "three")}
    home.configure(
        *(task for tasks in workflows.values() for task in tasks),
        workflows={name: {"tasks": [task["task_id"] for task in tasks]} for name, tasks in workflows.items()},
    )
    with serving(home) as running:
        yield running


@pytest.fixture(scope="module")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "a browser is needed: .ci/run installs Debian's chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(server, chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    faults = []
    page.on("console", lambda said: faults.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{server.url}/ui")
    page.fill("#token", server.token)
    page.click("button.main")
    page.wait_for_url(f"{server.url}/ui")
    if page.locator("button[data-language=en]").count():
        page.click("button[data-language=en]")
        page.wait_for_selector("button[data-language=es]")
    yield page
    context.close()
    assert faults == []


def node(page, task):
    return page.locator("#graph .node", has=page.locator(f'title:text-matches("^{re.escape(task)}(,|$)")'))


def classes(locator):
    return set(locator.get_attribute("class").split())


def named(page, kind):
    """First parts of the accessible names of the nodes of this class."""
    return {one.get_attribute("aria-label").split(",")[0] for one in page.locator(f"#graph .node.{kind}").all()}


def places(page):
    return page.evaluate("[...document.querySelectorAll('#graph .node')].map((one) => one.getAttribute('transform'))")


def window(page):
    x, y, width, height = map(float, page.locator("#graph svg").get_attribute("viewBox").split())
    return x, y, width, height


def test_each_task_of_five_hundred_is_drawn_in_its_column_and_none_over_another(server, page):
    page.goto(f"{server.url}/ui/workflows/some")

    boxes = page.evaluate(
        "[...document.querySelectorAll('#graph .node .box')].map((one) => {"
        " const at = one.parentNode.transform.baseVal[0].matrix, size = one.getBBox();"
        " return [at.e, at.f, size.width, size.height]; })"
    )

    assert len(boxes) == 500
    assert page.locator("#graph .edge").count() == sum(len(task["dependencies"]) for task in layered(500, "some"))
    assert len({x for x, *_rest in boxes}) >= 500 // LAYER
    columns = {}
    for x, y, _width, height in boxes:
        columns.setdefault(x, []).append((y, y + height))
    for column in columns.values():
        column.sort()
        assert all(above[1] < below[0] for above, below in pairwise(column))
    names = [task["task_id"] for task in layered(500, "some")]
    assert all(
        boxes[names.index(parent)][0] < boxes[number][0]
        for number, task in enumerate(layered(500, "some"))
        for parent in task["dependencies"]
    )


def test_the_graph_is_zoomed_by_buttons_wheel_and_keys_and_shown_whole_again(server, page):
    page.goto(f"{server.url}/ui/workflows/some")
    whole = window(page)

    page.click("[data-zoom=in]")
    page.wait_for_function("(was) => document.querySelector('#graph svg').viewBox.baseVal.width < was", arg=whole[2])
    by_button = window(page)
    page.locator("#graph svg").focus()
    page.keyboard.press("+")
    page.wait_for_function(
        "(was) => document.querySelector('#graph svg').viewBox.baseVal.width < was", arg=by_button[2]
    )
    by_key = window(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(was) => document.querySelector('#graph svg').viewBox.baseVal.x > was", arg=by_key[0])
    page.locator("#graph svg").hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_function("(was) => document.querySelector('#graph svg').viewBox.baseVal.width < was", arg=by_key[2])
    page.click("[data-zoom=all]")
    page.wait_for_function(
        "(was) => document.querySelector('#graph svg').viewBox.baseVal.width > was", arg=whole[2] - 1
    )

    assert window(page) == pytest.approx(whole, abs=0.5)


def test_what_is_dragged_moves_and_changes_no_choice(server, page):
    page.goto(f"{server.url}/ui/workflows/small")
    node(page, "clean").click()
    before = window(page)
    box = node(page, "extract").bounding_box()

    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 30, steps=4)
    page.mouse.up()
    page.wait_for_function("(was) => document.querySelector('#graph svg').viewBox.baseVal.x < was", arg=before[0])

    assert window(page)[2:] == before[2:]
    assert named(page, "selected") == named(page, "chosen") == {"clean"}


def test_what_is_searched_is_marked_counted_and_gone_to(server, page):
    page.goto(f"{server.url}/ui/workflows/some")
    expect(page.locator("#graph .node")).to_have_count(500)
    page.locator("h1").click()

    page.keyboard.press("/")
    page.keyboard.type("LOAD_a_48")

    told = page.locator("#graph-told")
    expect(told).to_have_text("matching tasks: 2 of 500")
    assert told.get_attribute("aria-live") == "polite"
    assert named(page, "match") == {"some_load_a_480", "some_load_a_485"}
    assert page.locator("#graph .node.dim").count() == 498
    page.keyboard.press("Enter")
    expect(page.locator("#graph .here")).to_have_attribute("aria-label", "some_load_a_480")
    page.keyboard.press("Enter")
    expect(page.locator("#graph .here")).to_have_attribute("aria-label", "some_load_a_485")
    middle = page.locator("#graph").bounding_box()
    page.wait_for_function("document.querySelector('#graph .here').getBoundingClientRect().height > 20")
    here = page.locator("#graph .here").bounding_box()
    assert abs(here["x"] + here["width"] / 2 - middle["x"] - middle["width"] / 2) < 5
    page.keyboard.press("Escape")
    assert page.locator("#graph .node.dim").count() == 0


def test_a_click_selects_a_task_for_the_execution_and_marks_what_hangs_together(server, page):
    page.goto(f"{server.url}/ui/workflows/small")

    node(page, "clean").click()

    expect(page.locator("input[name=task][value=clean]")).to_be_checked()
    expect(page.locator("button[data-run=execute]")).to_have_text("Execute what is selected")
    assert {"selected", "chosen"} <= classes(node(page, "clean"))
    assert node(page, "clean").get_attribute("aria-pressed") == "true"
    assert named(page, "dim") == {"check", SMALL[-1]["task_id"].split(",")[0]}
    expect(page.locator("#graph-told")).to_contain_text("It waits for 1; waiting for it: 2.")
    page.uncheck("input[name=task][value=clean]")
    expect(node(page, "clean")).to_have_attribute("aria-pressed", "false")
    node(page, "load").dblclick()
    expect(page.locator("input[name=task][value=load]")).to_be_focused()
    expect(page.locator("input[name=task][value=load]")).not_to_be_checked()


def test_nodes_are_gone_through_by_keys_along_the_edges(server, page):
    page.goto(f"{server.url}/ui/workflows/small")
    expect(page.locator("#graph .node")).to_have_count(len(SMALL))
    page.locator("#graph svg").focus()

    page.keyboard.press("Tab")
    went = []
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        went.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    page.keyboard.press(" ")

    assert went[3:] == ["load", "report", "report", "load"]
    assert {went[0], went[1], went[2]} == {"clean", "check"}
    assert page.locator("#graph .node[tabindex='0']").count() == 1
    expect(page.locator("input[name=task][value=load]")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("input[name=task][value=load]")).to_be_focused()


def test_names_are_text_and_stay_in_their_boxes(server, page):
    page.goto(f"{server.url}/ui/workflows/small")
    expect(page.locator("#graph .node")).to_have_count(len(SMALL))

    over = page.evaluate(
        "[...document.querySelectorAll('#graph .node')].filter((one) => one.querySelector('text').getBBox().width + 16"
        " > one.querySelector('.box').getBBox().width).length"
    )

    assert over == 0
    assert page.locator("#graph b").count() == 0
    assert SMALL[-1]["task_id"] in page.locator("#graph .node title").all_text_contents()


def test_colours_follow_the_states_and_nothing_moves(server, page):
    server.home.hold("two")
    server.home.fail("three")
    execution_id = server.execute(workflow="line")
    page.goto(f"{server.url}/ui/executions/{execution_id}")
    expect(node(page, "two")).to_have_attribute("aria-label", "two, running", timeout=PATIENCE)
    page.click("[data-zoom=in]")
    page.click(".chip[data-state=running]")
    expect(page.locator("#graph-told")).to_contain_text("matching tasks: 1 of 3")
    before, looked_at = places(page), window(page)
    page.evaluate("window.node = document.querySelector('#graph .node')")

    server.home.let_go("two")

    expect(node(page, "three")).to_have_attribute("aria-label", "three, failed", timeout=PATIENCE)
    assert {"failed", "dim"} <= classes(node(page, "three"))
    assert places(page) == before
    assert window(page)[2] <= looked_at[2]
    assert page.evaluate("window.node.isConnected")
    page.click(".chip[data-state=running]")
    page.click(".chip[data-state=failed]")
    assert named(page, "dim") == {"one", "two"}
    server.home.mend("three")


def test_a_click_on_a_task_of_an_execution_marks_it_and_opens_its_row(server, page):
    execution_id = server.execute(workflow="small")
    server.wait_for(execution_id)
    page.goto(f"{server.url}/ui/executions/{execution_id}")

    node(page, "load").click()

    expect(page.locator("#open-load")).to_have_attribute("open", "")
    assert named(page, "dim") == {"check", SMALL[-1]["task_id"].split(",")[0]}
    page.click("#graph-told a")
    expect(page.locator("#task-load")).to_be_in_viewport()
    node(page, "load").click()
    assert page.locator("#graph .dim").count() == 0


def test_ten_thousand_tasks_are_groups_that_open_and_the_page_stays_small(server, page):
    answer = page.goto(f"{server.url}/ui/workflows/many")

    assert page.locator("#graph .node").count() <= 60
    assert page.locator("#tasks tbody[data-task]").count() <= 100
    assert len(page.locator("#drawing").text_content()) < 20_000
    assert len(answer.body()) < 800_000
    group = page.locator("#graph .node").first
    expect(group).to_have_attribute("aria-label", re.compile(r"^many_extract_a…, tasks: 500$"))
    group.click()
    page.wait_for_url("**group=many_extract_a**")
    expect(page.locator("#graph .node")).to_have_count(500)
    expect(page.locator("#tasks tbody[data-task]")).to_have_count(500)
    page.click(".graph-part .trail a >> nth=0")
    page.fill("#search", "load_b_99")
    page.keyboard.press("Enter")
    page.wait_for_url("**task=load_b_99**")
    expect(page.locator("#graph .node")).to_have_count(20)
    page.fill("#filter input", "no such task")
    page.keyboard.press("Enter")
    expect(page.locator(".graph-part .empty")).to_have_text("No task has that in its name.")


def test_groups_of_an_execution_tell_how_many_of_them_stand_how(server, page):
    execution_id = server.execute(workflow="many", parallel=True, max_workers=1)
    page.goto(f"{server.url}/ui/executions/{execution_id}")
    first = page.locator("#graph .node").first

    expect(first).to_have_attribute("aria-label", re.compile("completed"), timeout=PATIENCE)
    bar = page.evaluate(
        "[...document.querySelectorAll('#graph .node')].map((one) =>"
        " [...one.querySelectorAll('.part')].reduce((sum, part) => sum + part.getBBox().width, 0)"
        " / (one.querySelector('.box').getBBox().width - 20))"
    )
    rows = page.locator("#tasks tbody[data-task]").count()

    server.client.delete(f"/executions/{execution_id}")
    assert bar == pytest.approx([1.0] * len(bar), abs=0.02)
    assert rows <= 500


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_graph_stays_within_any_width(server, page, width, scheme):
    page.set_viewport_size({"width": width, "height": 780})
    page.emulate_media(color_scheme=scheme)

    for name in ("small", "some", "many"):
        page.goto(f"{server.url}/ui/workflows/{name}")
        expect(page.locator("#graph svg")).to_be_visible()

        over = page.evaluate(
            "[...document.querySelectorAll('.graph-part, .graph-part *')].filter((one) => !one.closest('svg')"
            " && one.getBoundingClientRect().right > innerWidth).length"
        )

        assert over == 0, name
