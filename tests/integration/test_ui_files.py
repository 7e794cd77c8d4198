"""Reported files, handed out to those who may have them, and no others; and pages that may do nothing."""

import os
from contextlib import suppress

import pytest
from playwright.sync_api import expect

from orchestrator.core.tasks import Registry
from orchestrator.operations.parts import Parts
from orchestrator.operations.reported_files import LARGEST, NotHandedOut, look_at, open_found
from orchestrator.settings import read_settings
from tests.integration.reporting_subjects import Reporting, browsing, logged_in, reported, told
from tests.integration.web_subjects import serving


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


def test_a_reported_page_is_shown_and_may_run_nothing(server):
    page = server.home.write("data/informe.html", "<h1>Informe</h1>")
    at = reported(server, Informe=page)

    answer = server.client.get(f"{at}/0/informe.html")

    policy = answer.headers["content-security-policy"]
    assert answer.text == "<h1>Informe</h1>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert {"default-src 'none'", "script-src 'none'", "form-action 'none'"} <= {
        part.strip() for part in policy.split(";")
    }
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert f'href="{at}/0/informe.html"' in server.client.get("/ui/data").text


@pytest.mark.parametrize(
    "name", ["libro.xlsx", "plano.svg", "x.xhtml", "tabla.csv", "informe.pdf", "nada", "ñ <b>.txt"]
)
def test_everything_else_is_downloaded(server, name):
    path = server.home.write(f"data/{name}")
    at = reported(server, it=path)

    answer = server.client.get(f"{at}/0/{name}")

    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_pages_that_a_report_leads_to_are_shown_if_the_task_named_them(server):
    folder = server.home.path / "data" / "pages"
    for name in ("index.html", "budget.html", "secret.html"):
        server.home.write(f"data/pages/{name}", name)
    output = {"files": {"Index": str(folder / "index.html")}, "pages": [str(folder / "budget.html"), "/etc/hostname"]}
    at = f"/ui/files/{told(server, output)}/0"

    named = server.client.get(f"{at}/0/budget.html")
    other = server.client.get(f"{at}/0/secret.html")
    outside = server.client.get(f"{at}/0/hostname")

    assert named.text == "budget.html"
    assert (other.status_code, outside.status_code) == (404, 404)


def test_a_reported_folder_is_listed_and_its_files_are_handed_out(server):
    for number in range(210):
        server.home.write(f"data/centros/{number:03}.txt", str(number))
    server.home.write("data/centros/inner/deep.txt")
    server.home.write("data/centros/.hidden")
    (server.home.path / "data/centros/000-link.txt").symlink_to(server.home.write("data/not-reported.txt"))
    at = reported(server, Centros=server.home.path / "data/centros")

    page = server.client.get(f"{at}/0").text
    one = server.client.get(f"{at}/0/007.txt")

    assert page.count("<tr>") == 1 + 200
    assert "There are more than 200 files" in page
    assert "deep.txt" not in page
    assert "000-link.txt" not in page
    assert one.text == "7"
    assert [
        server.client.get(f"{at}/0/{name}").status_code
        for name in ("000-link.txt", ".hidden", "inner", "inner%2Fdeep.txt", "..", "%2e%2e%2fsays-load.json", "x%00y")
    ] == [404] * 7


OUTSIDE = [
    "/etc/passwd",
    "../../../../../../etc/passwd",
    "data/../../../../../../../etc/passwd",
    "/proc/self/environ",
    "/dev/zero",
    ".orchestrator/api_token",
    ".orchestrator/state.db",
    "data/../.orchestrator/api_token",
    ".env",
    "config.json",
    "says-load.json",
    "data/link-out",
    "data/link-to-token",
    "data/link-folder/passwd",
    "data/pipe",
    "data/huge.bin",
    "data/not-there",
    "",
    "x\0y",
    "x" * 5000,
    ".",
    "file:///etc/passwd",
]


@pytest.fixture(scope="module")
def traps(server):
    """Everything that a task might report and nobody may have."""
    home = server.home.path
    server.home.write(".env", "ETL_X=1")
    server.home.write("data/plain.txt")
    (home / "data/link-out").symlink_to("/etc/passwd")
    (home / "data/link-to-token").symlink_to(home / ".orchestrator/api_token")
    (home / "data/link-folder").symlink_to("/etc")
    os.mkfifo(home / "data/pipe")
    with (home / "data/huge.bin").open("wb") as file:
        file.truncate(LARGEST + 1)
    return server


@pytest.mark.parametrize("path", OUTSIDE)
def test_what_lies_outside_or_is_hidden_or_no_plain_file_is_not_handed_out(traps, path):
    at = reported(traps, it=path)
    name = path.rpartition("/")[2].replace("\0", "%00")[:1000] or "x"

    answers = [traps.client.get(f"{at}/0/{name}"), traps.client.get(f"{at}/0")]

    assert {answer.status_code for answer in answers} == {404}
    assert "root:" not in answers[0].text
    assert traps.token not in answers[0].text
    assert f'href="{at}/0' not in traps.client.get("/ui/data").text


def test_a_symbolic_link_to_a_file_inside_home_is_followed(traps):
    with suppress(FileExistsError):
        (traps.home.path / "data/link-in").symlink_to(traps.home.path / "data/plain.txt")
    at = reported(traps, it="data/link-in")

    assert traps.client.get(f"{at}/0/plain.txt").text == "content"


def test_no_other_name_number_task_or_execution_leads_to_a_file(traps):
    at = reported(traps, it="data/plain.txt")
    other = told(traps)
    execution_id = at.split("/")[3]

    addresses = [
        f"{at}/0/other.txt",
        f"{at}/1/plain.txt",
        f"{at}/-1/plain.txt",
        f"/ui/files/{execution_id}/1/0/plain.txt",
        f"/ui/files/{execution_id}/99/0/plain.txt",
        f"/ui/files/{other}/0/0/plain.txt",
        "/ui/files/exec_20000101_000000_00000000/0/0/plain.txt",
        "/ui/files/../0/0/plain.txt",
        f"{at}/0/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    ]

    assert traps.client.get(f"{at}/0/plain.txt").status_code == 200
    assert {traps.client.get(address).status_code for address in addresses} == {404}
    assert traps.client.get(f"{at}/x/plain.txt").status_code == 422


def test_a_file_is_for_those_with_a_token(traps):
    at = reported(traps, it="data/plain.txt")

    answer = traps.anonymous.get(f"{at}/0/plain.txt")

    assert answer.status_code == 303
    assert "/ui/login" in answer.headers["location"]


def parts_in(home):
    return Parts(Registry(), read_settings(environ={"ETL_HOME": str(home)}))


@pytest.mark.parametrize("trap", ["pipe", "link", "folder", "linked parent", "gone"])
def test_what_is_put_in_the_place_of_a_file_meanwhile_is_not_opened(tmp_path, trap):
    file = tmp_path / "data" / "deep" / "it.txt"
    file.parent.mkdir(parents=True)
    file.write_text("content")
    found = look_at(parts_in(tmp_path), str(file))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "it.txt").write_text("secret")
    file.unlink()
    if trap == "pipe":
        os.mkfifo(file)
    elif trap == "link":
        file.symlink_to(tmp_path / "elsewhere" / "it.txt")
    elif trap == "folder":
        file.mkdir()
    elif trap == "linked parent":
        file.parent.rmdir()
        file.parent.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(NotHandedOut):
        open_found(found)


def test_a_home_that_is_itself_a_link_is_a_home(tmp_path):
    real = tmp_path / "real"
    (real / "data").mkdir(parents=True)
    (real / "data" / "it.txt").write_text("content")
    (tmp_path / "home").symlink_to(real)

    found = look_at(parts_in(tmp_path / "home"), str(tmp_path / "home" / "data" / "it.txt"))

    with open_found(found) as file:
        assert file.read() == b"content"


def test_a_hostile_report_runs_nothing_and_its_links_work(server, page):
    attack = """<h1>Report</h1><a id="next" href="second.html">next</a><script>document.title = 'taken'; fetch('/ui/logout')</script>
    <img src=x onerror="document.title='taken'"><svg onload="document.title='taken'"></svg>
    <meta http-equiv="refresh" content="1;url=/ui/login"><form id="f" action="/execute" method="post"><button>go</button></form>
    <a id="script" href="javascript:document.title='taken'">x</a><iframe src="/ui"></iframe>"""
    folder = server.home.path / "data" / "attack"
    server.home.write("data/attack/first.html", attack)
    server.home.write("data/attack/second.html", "<title>second</title><h1>Second</h1>")
    output = {"files": {"Report": str(folder / "first.html")}, "pages": [str(folder / "second.html")]}
    execution_id = told(server, output)
    asked = []
    page.on("response", lambda answer: asked.append((answer.request.method, answer.url.removeprefix(server.url))))

    page.goto(f"{server.url}/ui/files/{execution_id}/0/0/first.html")
    page.click("#script")
    page.click("#f button")
    page.wait_for_timeout(1500)
    title = page.title()
    page.click("#next")

    expect(page.locator("h1")).to_have_text("Second")
    assert title != "taken"
    at = f"/ui/files/{execution_id}/0/0"
    assert asked == [("GET", f"{at}/first.html"), ("GET", f"{at}/second.html")]


def test_a_file_that_was_written_again_since_says_so(server):
    path = server.home.write("data/again.html", "first")
    at = reported(server, Again=path)
    before = server.client.get("/ui/data").text
    os.utime(path, (4_000_000_000, 4_000_000_000))

    after = server.client.get("/ui/data").text

    assert f"{at}/0/again.html" in before
    assert "written again since" not in before
    assert "written again since" in after
