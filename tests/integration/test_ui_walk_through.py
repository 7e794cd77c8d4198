"""The walk-through of docs/dashboard.md: with nothing but the page one finds what failed, why, since when; and repeats it."""

import re

import pytest
from playwright.sync_api import expect

from tests.integration.going_on_subjects import Home
from tests.integration.ui_subjects import chromium, logged_in
from tests.integration.web_subjects import serving

__all__ = ["chromium"]

TASKS = """
import os
from pathlib import Path

HOME = Path(os.environ["ETL_HOME"])


def read(name):
    with (HOME / "executed").open("a") as log:
        log.write(name + "\\n")
    return {"rows": 10, "cut": "2026-10-31"}


def load(name):
    if (HOME / "broken").exists():
        raise LookupError("no column 'valor_contrato' in contratos.xlsx")
    return read(name)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("walk"))
    (home.path / "walked_tasks.py").write_text(TASKS, encoding="utf-8")
    tasks = [
        {"task_id": "read", "function_name": "read"},
        {"task_id": "load", "function_name": "load", "dependencies": ["read"]},
        {"task_id": "report", "function_name": "read", "dependencies": ["load"]},
    ]
    home.configure(
        *({"module_path": "walked_tasks", "parameters": {}, **task} for task in tasks),
        workflows={"nightly": {"tasks": ["all"], "description": "Contratos; avise a la Secretaría de Hacienda"}},
    )
    with serving(home) as running:
        yield running


def test_what_failed_last_night_is_found_understood_and_repeated_from_the_page_alone(server, chromium):
    good = server.execute(workflow="nightly")
    server.wait_for(good, "completed")
    (server.home.path / "broken").touch()
    for _ in range(2):
        failed = server.execute(workflow="nightly")
        server.wait_for(failed, "failed")

    with logged_in(chromium, server) as page:
        # which task, and why
        row = page.locator(f"#failure-{failed}")
        expect(row).to_contain_text("load")
        expect(row).to_contain_text("LookupError: no column 'valor_contrato'")
        # since when
        need = page.locator("#need-nightly")
        expect(need).to_contain_text("falla desde")
        expect(need).to_contain_text("2 veces seguidas")
        row.click(position={"x": 4, "y": 4})
        page.wait_for_url(f"**/{failed}")
        failure = page.locator(".failure")
        expect(failure).to_contain_text("Falla desde")
        expect(failure.locator(f'a[href="/ui/executions/{good}"]')).to_be_visible()
        # who needs to know: what did not run, and what the workflow says of itself
        expect(failure).to_contain_text(re.compile("No se ejecutaron por los fallos:.*report"))
        expect(page.locator("#live")).to_contain_text("avise a la Secretaría de Hacienda")
        # what has changed since
        failure.locator("a", has_text="qué cambió desde entonces").click()
        page.wait_for_url("**/compare?with=*")
        expect(page.locator("main")).to_contain_text("load")
        page.go_back()
        # the right rerun, once it is mended
        (server.home.path / "broken").unlink()
        (server.home.path / "executed").unlink()
        page.click("button[data-do=rerun-failed]")
        page.wait_for_url(lambda url: failed not in url)
        expect(page.locator(".headline .state")).to_have_text("completada", timeout=20_000)

    assert (server.home.path / "executed").read_text().split() == ["load", "report"]
