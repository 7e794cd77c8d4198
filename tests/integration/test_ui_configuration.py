"""The configuration on a page: sound or broken, its problems at their lines, and no secret in it."""

import json
import re
from html import unescape

import pytest

from tests.integration.going_on_subjects import Home
from tests.integration.ui_subjects import PAYLOADS
from tests.integration.web_subjects import serving

SECRET = "hunter2-of-the-city"
SHORT = "zq-9"
"""Too short to be looked for wherever it stands: hidden by its name alone."""


def document(**second):
    tasks = [
        {"task_id": "first", "module_path": "book_tasks", "function_name": "work", "parameters": {"name": "first"}},
        {
            "task_id": "second",
            "module_path": "book_tasks",
            "function_name": "work",
            "description": PAYLOADS[0],
            "parameters": {
                "name": PAYLOADS[6],
                "value": {"db_password": SECRET, "pin_token": SHORT, "said": f"it is {SECRET}", "n": 1},
            },
            **second,
        },
    ]
    return {"tasks": tasks, "workflows": {"shown": {"tasks": ["second"]}, "other": {"tasks": ["first"]}}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("configuration"), {"task_id": "none"})
    with serving(home) as running:
        yield running


@pytest.fixture
def file(server):
    """The configuration, sound, and known to the server."""
    path = server.home.path / "config.json"
    path.write_text(json.dumps(document(), indent=2), encoding="utf-8")
    assert server.client.get("/workflows").json()["total"] == 2
    return path


def words(page):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))


def get(server, address):
    answer = server.client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


def line(page, number):
    return unescape(re.search(rf'<tr id="line-{number}"(.*?)</tr>', page, re.DOTALL).group(1))


def test_a_sound_file_is_shown_with_its_numbers_and_said_to_be_sound(server, file):
    page = get(server, "/ui/configuration")

    assert "It has no problems." in words(page)
    assert '"task_id": "first"' in line(page, 4)
    assert "Configuration: no problems" in words(get(server, "/ui/workflows"))


def test_every_problem_stands_at_its_line_and_the_list_of_workflows_tells_of_them(server, file):
    file.write_text(json.dumps(document(retry_cuont=3, timeout="soon"), indent=2), encoding="utf-8")
    at = {
        name: number
        for number, text in enumerate(file.read_text().split("\n"), 1)
        for name in ("retry_cuont", "soon")
        if name in text
    }

    page = get(server, "/ui/configuration")

    assert "2 problems" in words(page)
    assert "did you mean" in line(page, at["retry_cuont"])
    assert "tasks[1].timeout" in line(page, at["soon"])
    assert f'href="#line-{at["soon"]}"' in page
    assert "The configuration has 2 problems" in words(get(server, "/ui/workflows"))
    assert "The file has problems" in words(get(server, "/ui/workflows/shown"))


def test_a_file_that_is_no_json_is_shown_all_the_same(server, file):
    file.write_text(file.read_text().replace('"parameters": {', '"parameters": [{', 1), encoding="utf-8")

    page = get(server, "/ui/configuration")

    assert "1 problem" in words(page)
    assert len(re.findall(r'<p class="fault">', page)) == 1
    assert "The configuration has a problem" in words(get(server, "/ui/workflows"))


def test_a_file_that_is_gone_is_said_to_be_gone(server, file):
    file.unlink()

    page = get(server, "/ui/configuration")

    assert "there is no such file" in words(page)
    assert "first" in get(server, "/ui/workflows/other")


@pytest.mark.parametrize(
    "spoil",
    [lambda text: text, lambda text: text.replace('"n": 1', '"n": 1,'), lambda text: json.dumps(json.loads(text))],
)
def test_no_secret_is_shown_sound_broken_or_on_one_line(server, file, spoil):
    file.write_text(spoil(file.read_text()), encoding="utf-8")

    pages = get(server, "/ui/configuration") + get(server, "/ui/workflows/shown")

    assert "db_password" in pages
    assert SECRET not in pages
    assert SHORT not in pages


def test_the_page_of_a_workflow_shows_its_part_and_no_other(server, file):
    page = get(server, "/ui/workflows/shown")

    part = words(page[page.index('id="configured"') :])
    assert "workflows.shown" in part
    assert "tasks[1]" in part
    assert '"task_id": "second"' in part
    assert '"task_id": "first"' not in part


def test_a_file_on_one_line_is_laid_out_for_a_workflow(server, file):
    file.write_text(json.dumps(document()), encoding="utf-8")

    page = get(server, "/ui/workflows/shown")

    assert '<code>  "task_id": "second",</code>' in unescape(page)


def test_of_a_long_file_the_beginning_and_the_places_of_problems_are_shown(server, file):
    wrong = document(timeout="soon")
    wrong["tasks"][0]["parameters"]["value"] = list(range(9000))
    file.write_text(json.dumps(wrong, indent=2), encoding="utf-8")

    page = get(server, "/ui/configuration")

    assert len(re.findall(r'<tr id="line-\d+"', page)) == 5011
    assert len(re.findall("lines are not shown", page)) == 2


def test_nothing_of_the_file_is_markup(server, file):
    pages = get(server, "/ui/configuration") + get(server, "/ui/workflows/shown")

    assert not any(payload in pages for payload in PAYLOADS if "<" in payload)
    assert PAYLOADS[0] in unescape(pages)
