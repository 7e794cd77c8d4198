"""A browser that looks at the dashboard: who logs in, what a page must never do, texts that must stay texts."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.integration.web_subjects import Server

PAYLOADS = (
    "<script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    '"><svg onload="document.title=\'taken\'">',
    "javascript:document.title='taken'",
    "'-document.title='taken'-'",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "</script><script>document.title='taken'</script>",
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's browser; each page opens a context of its own in it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "a browser is needed: .ci/run installs Debian's chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Seen:
    """What a page did that it must not: errors, and requests to other hosts."""

    def __init__(self, page: Page, url: str) -> None:
        self.faults: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        page.on("request", lambda asked: self._ask(asked.url, url))

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.faults.append(said.text)

    def _ask(self, asked: str, url: str) -> None:
        if not asked.startswith((url, "data:")):
            self.faults.append(f"asked {asked}")


@contextmanager
def logged_in(
    chromium: Browser, server: Server, *, token: str | None = None, watched: bool = True, **look
) -> Iterator[Page]:
    """A page of somebody who has just entered a token, the server's own unless another is given.

    It fails in the end where anything went wrong, unless it is not `watched`. `look` goes to the browser's context:
    size, colour scheme, locale.
    """
    wanted = {"viewport": {"width": 1280, "height": 900}, "locale": "es-CO", "timezone_id": "America/Bogota"}
    context = chromium.new_context(accept_downloads=True, **(wanted | look))
    page = context.new_page()
    seen = Seen(page, server.url)
    page.goto(f"{server.url}/ui")
    page.fill("#token", token or server.token)
    page.click("button.main")
    page.wait_for_url(f"{server.url}/ui")
    yield page
    title = page.title()
    context.close()
    if watched:
        assert seen.faults == [], seen.faults
        assert "taken" not in title
