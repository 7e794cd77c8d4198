"""A home whose tasks report what a test wrote down for them, a server of it, and a browser that has logged in."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from tests.integration.going_on_subjects import Home

TASKS = """
import json
import os
from pathlib import Path

HOME = Path(os.environ["ETL_HOME"])


def report(name):
    return json.loads((HOME / f"says-{name}.json").read_text())
"""
NOTHING = {"status": "success"}


class Reporting(Home):
    """A home whose tasks return what a test wrote down for them."""

    def __init__(self, path):
        super().__init__(path)
        (path / "reporting_tasks.py").write_text(TASKS, encoding="utf-8")
        made = {"module_path": "reporting_tasks", "function_name": "report"}
        self.configure(
            {"task_id": "load", **made},
            {"task_id": "judge", **made, "dependencies": ["load"]},
            workflows={"all": {"tasks": ["all"]}, "loading": {"tasks": ["load"]}},
        )
        self.says()

    def says(self, load=NOTHING, judge=NOTHING):
        for name, output in (("load", load), ("judge", judge)):
            (self.path / f"says-{name}.json").write_text(json.dumps(output), encoding="utf-8")

    def write(self, name, content="content"):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path


def told(server, load=NOTHING, judge=NOTHING, workflow="all"):
    """The execution whose tasks returned that."""
    server.home.says(load, judge)
    execution_id = server.execute(workflow=workflow)
    assert server.wait_for(execution_id)["status"] == "completed"
    return execution_id


def reported(server, **files):
    """The address of the files of an execution that reported them."""
    return f"/ui/files/{told(server, {'files': {name: str(path) for name, path in files.items()}})}/0"


@contextmanager
def browsing() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "a browser is needed: .ci/run installs Debian's chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def logged_in(browser: Browser, server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", accept_downloads=True)
    page = context.new_page()
    page.goto(f"{server.url}/ui")
    page.fill("#token", server.token)
    page.click("button.main")
    page.wait_for_url(f"{server.url}/ui")
    yield page
    context.close()
