"""The page Datos: what loads changed, up to which day, how good it is; and what any output may do to it."""

import pytest
from playwright.sync_api import expect

from tests.integration.reporting_subjects import NOTHING, Reporting, browsing, logged_in, told
from tests.integration.ui_subjects import PAYLOADS, Seen
from tests.integration.web_subjects import serving

LOAD = {
    "status": "success",
    "tables": {
        "contratos": {"insertados": 3, "actualizados": 2, "sin_cambio": 4, "retirados": 1, "filas": 9, "cut": None},
        "pagos": {"new": 0, "changed": 0, "unchanged": 1234, "gone": 0, "rows": 1234, "cut": "2025-05-31"},
    },
    "cut": "2025-05-31",
    "warnings": ["7 rows of pagos were older"],
}
JUDGE = {
    "score": "96.20",
    "class": "EXCELLENT",
    "previous_score": "94.70",
    "worst_table": {"table": "pagos"},
    "tables": {"pagos": {"rows": 1234, "score": "39.91", "class": "CRITICAL", "refused": 5}},
    "rules": {"asked": 120, "broken": 2, "not_evaluated": 0},
    "broken": {"HIGH": {"pagos.LC001": 17}, "LOW": {"contratos.TQ006": 1}},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(Reporting(tmp_path_factory.mktemp("data"))) as running:
        yield running


@pytest.fixture(scope="module")
def chromium():
    with browsing() as browser:
        yield browser


@pytest.fixture
def page(server, chromium):
    with logged_in(chromium, server) as opened:
        yield opened


def row(page, table):
    """The cells of a table's row, as text."""
    found = page[: page.index(f"<code>{table}</code>")].rindex("<tr")
    cells = page[found:].partition("</tr>")[0].split("<td")[1:]
    return [cell.partition(">")[2].partition("</td>")[0] for cell in cells]


def test_before_the_first_load_the_page_says_how_to_get_one(tmp_path):
    with serving(Reporting(tmp_path)) as fresh:
        page = fresh.client.get("/ui/data").text

    assert "Nothing was loaded yet." in page
    assert 'href="/ui/workflows"' in page


def test_the_last_load_is_shown_with_changes_cut_and_quality(server):
    execution_id = told(server, LOAD, JUDGE)

    page = server.client.get("/ui/data").text

    assert row(page, "contratos")[:7] == ["9", "3", "2", "4", "1", "–", "–"]
    assert row(page, "pagos")[:7] == ["1,234", "0", "0", "1,234", "0", "5", "2025-05-31"]
    assert "39.91" in row(page, "pagos")[7]
    assert f"/ui/executions/{execution_id}#task-load" in row(page, "pagos")[8]
    assert "+1.50 since the run before" in page
    assert page.index("LC001") < page.index("TQ006")
    assert "7 rows of pagos were older" in page
    assert "fewest points" in page


def test_a_table_keeps_its_own_last_load_and_older_loads_can_be_looked_at(server):
    first = told(server, LOAD, JUDGE)
    second = told(server, {"tables": {"contratos": {"new": 77, "rows": 86}}}, workflow="loading")

    latest = server.client.get("/ui/data").text
    older = server.client.get("/ui/data", params={"execution": first}).text

    assert row(latest, "contratos")[:2] == ["86", "77"]
    assert latest.count('<th scope="row"><code>contratos</code>') == 1
    assert second in row(latest, "contratos")[8]
    assert row(latest, "pagos")[0] == "1,234"
    assert first in row(latest, "pagos")[8]
    assert row(older, "contratos")[:2] == ["9", "3"]
    assert "hx-sse:connect" not in older


def test_points_from_before_the_load_are_marked(server):
    told(server, LOAD, JUDGE)
    before = server.client.get("/ui/data").text
    told(server, LOAD, workflow="loading")

    after = server.client.get("/ui/data").text

    assert "39.91*" not in before
    assert "39.91*" in row(after, "pagos")[7]


def test_a_result_that_was_taken_over_is_no_new_load(server):
    loaded = told(server, LOAD, JUDGE)
    server.home.says(NOTHING, JUDGE)
    answer = server.client.post(f"/executions/{loaded}/rerun", json={"from_task": "judge"})
    rerun = answer.json()["execution_id"]
    server.wait_for(rerun)

    latest = server.client.get("/ui/data").text
    of_rerun = server.client.get("/ui/data", params={"execution": rerun}).text

    assert f"/ui/executions/{loaded}#" in row(latest, "pagos")[8]
    assert rerun not in row(latest, "pagos")[8]
    assert f"taken over from {loaded}" in row(of_rerun, "pagos")[8]


@pytest.mark.parametrize(
    "address", ["?execution=exec_20000101_000000_00000000", "?execution=..%2F..", "?execution=%00"]
)
def test_an_execution_that_is_not_there_is_no_page(server, address):
    assert server.client.get(f"/ui/data{address}").status_code == 404


def test_an_output_of_any_shape_breaks_no_page(server):
    strange = {
        "tables": {"a": 1, "": {"rows": 1}, "b": {"rows": "x"}},
        "files": {"x": 1, "y": None},
        "score": [],
        "broken": 3,
    }
    half = {
        "tables": {"half\ud800": {"rows": 1}},
        "files": {"\udfff": "\ud800"},
        "warnings": ["\ud800"],
        "cut": "9999-99",
    }
    told(server, strange, half)

    page = server.client.get("/ui/data")

    assert page.status_code == 200
    assert "half\\ud800" in page.text


def hostile():
    tables = {payload: {"new": 1, "rows": 1, "cut": "2025-05-31", "score": 1, "class": payload} for payload in PAYLOADS}
    return {
        "tables": tables,
        "score": 50,
        "class": PAYLOADS[0],
        "previous_run": PAYLOADS[1],
        "worst_table": PAYLOADS[2],
        "broken": {payload: {f"{payload}.{payload}": 3} for payload in PAYLOADS},
        "warnings": list(PAYLOADS),
        "files": {payload: payload for payload in PAYLOADS},
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_hostile_names_are_text_and_no_page_runs_over_its_width(server, page, width, scheme):
    told(server, hostile())
    page.set_viewport_size({"width": width, "height": 780})
    page.emulate_media(color_scheme=scheme)
    seen = Seen(page, server.url)

    for address in ("/ui/data", "/ui/system", "/ui/system/audit"):
        page.goto(server.url + address)
        page.wait_for_timeout(300)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert "taken" not in page.title()

    page.goto(f"{server.url}/ui/data")
    shown = {
        place: page.locator(place).all_inner_texts() for place in ("#list th code", ".severity summary b", "li.reason")
    }
    assert [place for place, texts in shown.items() if not set(PAYLOADS) <= set(texts)] == []
    assert seen.faults == []


def test_a_new_load_is_shown_while_the_page_is_looked_at(server, page):
    told(server, LOAD, JUDGE)
    page.goto(f"{server.url}/ui/data")
    page.evaluate("window.stillHere = true")

    told(server, {"tables": {"contratos": {"new": 4321, "rows": 5000}}}, workflow="loading")

    expect(page.locator("#list")).to_contain_text("4,321", timeout=20_000)
    assert page.evaluate("window.stillHere")
