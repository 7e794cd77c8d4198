"""The dashboard's session: who gets in, what the cookie opens, and what needs the page besides (S3, S4, S6)."""

import re
import time

import httpx2
import pytest

from tests.integration.going_on_subjects import Home, chain
from tests.integration.web_subjects import serving

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("ui"), *chain("a", "b"), workflows={"all": {"tasks": ["a", "b"]}})
    with serving(home) as running:
        yield running


@pytest.fixture
def browser(server):
    with httpx2.Client(base_url=server.url, timeout=30, trust_env=False, headers={"Accept-Language": "en"}) as client:
        yield client


def log_in(browser, token):
    return browser.post("/ui/login", json={"token": token})


def csrf_of(browser):
    return re.search(r'name="csrf" content="([0-9a-f]+)"', browser.get("/ui").text)[1]


def test_a_page_without_a_session_leads_to_the_login_and_back(browser):
    answer = browser.get("/ui/executions?status=failed")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/ui/login?next=%2Fui%2Fexecutions%3Fstatus%3Dfailed"
    assert 'data-next="/ui/executions?status=failed"' in browser.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/ui", "//example.org/ui", "/ui\\example", "/uix", "/ui/login", "javascript:1"]
)
def test_the_login_leads_to_no_other_place(browser, elsewhere):
    page = browser.get("/ui/login", params={"next": elsewhere}).text

    assert 'data-next="/ui"' in page


@pytest.mark.parametrize("address", ["/ui/live/home", "/ui/live/executions", "/executions"])
def test_what_is_no_page_is_refused_without_a_token(browser, address):
    assert browser.get(address).status_code == 401


def test_a_wrong_token_opens_nothing_and_is_not_kept(server, browser):
    answer = log_in(browser, "etl_wrong_wrong_wrong_wrong")

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert '"/ui/login"' in (server.home.path / ".orchestrator" / "refused.jsonl").read_text()
    assert browser.get("/ui").status_code == 303


def test_the_cookie_is_for_no_script_and_no_other_page(server, browser):
    answer = log_in(browser, server.token)

    assert answer.status_code == 204
    kept = answer.headers["set-cookie"]
    assert f"etl_session_{server.port}=" in kept
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in kept.split(";")}
    assert browser.get("/ui").status_code == 200
    assert browser.get("/executions").status_code == 200


def test_a_change_needs_the_page_besides_the_cookie(server, browser):
    log_in(browser, server.token)
    body = {"workflow": "all"}

    without = browser.post("/execute", json=body)
    wrong = browser.post("/execute", json=body, headers={"X-CSRF-Token": "0" * 64})
    foreign = browser.post(
        "/execute", json=body, headers={"X-CSRF-Token": csrf_of(browser), "Origin": "http://example.org"}
    )
    right = browser.post("/execute", json=body, headers={"X-CSRF-Token": csrf_of(browser)})

    assert [without.status_code, wrong.status_code, foreign.status_code, right.status_code] == [403, 403, 403, 202]
    assert without.json()["type"].endswith(":csrf")


def test_a_revoked_token_ends_the_session(server, browser):
    token = server.home.etl("token", "create", "short", "--role", "read").stdout.split()[-1]
    log_in(browser, token)
    before = browser.get("/ui").status_code

    server.home.etl("token", "revoke", "short")

    assert before == 200
    for _ in range(40):
        if browser.get("/ui").status_code == 303:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the session still opens")


def test_who_may_only_read_is_shown_no_button_that_would_be_refused(server, browser):
    execution_id = server.execute(workflow="all")
    server.wait_for(execution_id)
    token = server.home.etl("token", "create", "reader", "--role", "read").stdout.split()[-1]
    log_in(browser, token)

    page = browser.get(f"/ui/executions/{execution_id}").text

    assert 'data-do="rerun"' not in page
    assert (
        browser.post("/execute", json={"workflow": "all"}, headers={"X-CSRF-Token": csrf_of(browser)}).status_code
        == 403
    )


def test_logging_out_forgets_the_token(server, browser):
    log_in(browser, server.token)

    answer = browser.post("/ui/logout", json={}, headers={"X-CSRF-Token": csrf_of(browser)})

    assert answer.status_code == 204
    assert browser.get("/ui").status_code == 303


def test_pages_load_nothing_but_files_of_this_server(server, browser):
    log_in(browser, server.token)

    answer = browser.get("/ui")

    assert answer.headers["content-security-policy"].startswith(POLICY)
    assets = re.findall(r'(?:src|href)="(/ui/static/[^"]+)"', answer.text)
    assert len(assets) >= 4
    assert not re.findall(r'(?:src|href)="(?!/)', answer.text.replace('href="#', ""))
    for asset in assets:
        found = browser.get(asset)
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]


@pytest.mark.parametrize(
    "name", ["../session.py", "..%2Fsession.py", "vendor/../../pages.py", "%2Fetc%2Fpasswd", "nothing.css", "vendor"]
)
def test_no_other_file_is_served(browser, name):
    answer = browser.get(f"/ui/static/0/{name}")

    assert answer.status_code in {303, 404}
    assert "import" not in answer.text


def test_an_address_that_cannot_be_read_is_told_of_on_a_page(server, browser):
    log_in(browser, server.token)

    answer = browser.get("/ui/executions?status=nonsense")

    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert "a parameter is not valid" in answer.text


def test_the_language_is_kept_for_the_next_page(server, browser):
    log_in(browser, server.token)

    in_english = browser.get("/ui").text
    browser.post("/ui/language", json={"language": "es"})
    in_spanish = browser.get("/ui").text

    assert "Running now" in in_english
    assert '<html lang="es">' in in_spanish
    assert "En curso" in in_spanish
    assert browser.post("/ui/language", json={"language": "xx"}).status_code == 422


@pytest.mark.parametrize(
    "address", ["/ui/nowhere", "/ui/executions/exec_20000101_000000_00000000", "/ui/executions/..%2f"]
)
def test_an_address_that_leads_nowhere_says_so_on_a_page(server, browser, address):
    log_in(browser, server.token)

    answer = browser.get(address)

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "Nothing here" in answer.text
