"""Every page of the dashboard as axe-core sees it: nothing serious or critical, light and dark, wide and narrow."""

from pathlib import Path

import pytest

from tests.integration.going_on_subjects import Home
from tests.integration.ui_subjects import chromium, logged_in
from tests.integration.web_subjects import serving

__all__ = ["chromium"]

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark and narrow": {"color_scheme": "dark", "viewport": {"width": 360, "height": 780}},
}
PAGES = (
    "/ui",
    "/ui/workflows",
    "/ui/workflows/shown",
    "/ui/configuration",
    "/ui/executions",
    "/ui/executions?status=cancelled",
    "/ui/executions/{failed}",
    "/ui/executions/{good}",
    "/ui/executions/{failed}/compare?with={good}",
    "/ui/schedules",
    "/ui/data",
    "/ui/system",
    "/ui/nowhere",
)
TASKS = """
def work(name):
    print("read 12 rows")
    return {
        "rows": 12,
        "files": {"table": "data/table.parquet"},
        "tables": {"contratos": {"filas": 12, "insertados": 3, "cut": "2026-10-31"}},
        "score": "71.5",
        "class": "needs improvement",
        "broken": {"CRITICAL": {"contratos.valor": 4}, "LOW": {"contratos.nombre": 1}},
        "warnings": ["a column is new"],
    }


def break_down(name, good=False):
    if not good:
        raise ValueError("no column 'valor_contrato'")
    return work(name)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("accessible"))
    (home.path / "accessible_tasks.py").write_text(TASKS, encoding="utf-8")
    task = {"module_path": "accessible_tasks", "parameters": {}}
    home.configure(
        {"task_id": "read", "function_name": "work", **task},
        {
            "task_id": "load",
            "function_name": "break_down",
            "dependencies": ["read"],
            **task,
            "parameters": {"good": "${params.good}"},
        },
        {"task_id": "report", "function_name": "work", "dependencies": ["load"], **task},
        workflows={
            "shown": {
                "description": "Everything",
                "tasks": ["all"],
                "parameters": {"good": {"type": "boolean", "default": False}},
            }
        },
    )
    with serving(home) as running:
        yield running


@pytest.fixture(scope="module")
def executions(server):
    good = server.execute(workflow="shown", parameters={"good": True})
    server.wait_for(good, "completed")
    failed = server.execute(workflow="shown")
    server.wait_for(failed, "failed")
    return {"good": good, "failed": failed}


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_serious_on_any_page(server, executions, chromium, look):
    found = []  # what axe itself does on a page (it moves styles about) is refused there, and of no interest

    with logged_in(chromium, server, watched=False, **LOOKS[look]) as page:
        for address in PAGES:
            page.goto(server.url + address.format(**executions), wait_until="load")
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            found += [(address, *fault) for fault in serious(page)]

    assert found == [], found


def test_axe_finds_nothing_serious_where_one_logs_in(server, chromium):
    page = chromium.new_page()

    page.goto(f"{server.url}/ui/login")

    assert serious(page) == []
    page.close()


def test_axe_sees_a_fault_that_is_there(server, chromium):
    page = chromium.new_page()
    page.goto(f"{server.url}/ui/login")

    page.evaluate("document.documentElement.removeAttribute('lang')")
    page.evaluate("document.querySelector('label').remove()")

    assert {name for name, _impact, _where in serious(page)} >= {"html-has-lang", "label"}
    page.close()


def serious(page):
    """(rule, impact, places) of each serious or critical fault."""
    page.evaluate(AXE)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (fault["id"], fault["impact"], [node["target"] for node in fault["nodes"]][:5])
        for fault in result["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]
