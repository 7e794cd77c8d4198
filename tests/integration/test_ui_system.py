"""The page Sistema: who works, what waits, what is stored, what is unsound; tokens and audit for admins alone."""

import html
import json
import os
import re
import time
from contextlib import closing
from datetime import UTC, datetime

import httpx2
import pytest
from playwright.sync_api import expect

from orchestrator.core.storing import Token
from orchestrator.stores import open_store
from orchestrator.web.ui.at_work import owner_place
from orchestrator.web.ui.audit_lines import FARTHEST, MOST, tail_of
from tests.integration.going_on_subjects import Home
from tests.integration.reporting_subjects import browsing, logged_in
from tests.integration.ui_subjects import PAYLOADS
from tests.integration.web_subjects import PATIENCE, serving

POOL = PAYLOADS[1]  # the one that is a name: a slash is not allowed in any
WORKFLOWS = {
    "narrow": {"tasks": ["held", "later"], "concurrency": {"limit": 1, "on_conflict": "queue"}},
    "wide": {"tasks": ["quick"]},
}


def home_in(path):
    return Home(
        path,
        {"task_id": "held", "pool": POOL},
        {"task_id": "later", "pool": POOL, "dependencies": ["held"]},
        {"task_id": "quick"},
        workflows=WORKFLOWS,
        pools={POOL: 2, "idle": 3},
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(home_in(tmp_path_factory.mktemp("system")), "--slots", "3") as running:
        yield running


@pytest.fixture
def reader(server):
    """A client whose token may only read."""
    name = f"reader{time.monotonic_ns()}"
    token = server.home.etl("token", "create", name, "--role", "read").stdout.split()[-1]
    with httpx2.Client(
        base_url=server.url,
        timeout=30,
        trust_env=False,
        headers={"Accept-Language": "en", "Authorization": f"Bearer {token}"},
    ) as client:
        yield client


@pytest.fixture
def held(server):
    """An execution whose task runs until the test has ended."""
    path = server.home.path / "hold-held"
    path.touch()
    execution_id = server.execute(workflow="narrow")
    until(server, lambda page: page.count(f'id="owned-{execution_id}"') == 1)
    yield execution_id
    path.unlink()
    server.wait_for(execution_id)


def until(server, told, address="/ui/system"):
    """The page's text once it is as `told` wants it."""
    give_up_at = time.monotonic() + PATIENCE
    while not told(page := server.client.get(address).text):
        assert time.monotonic() < give_up_at, page
        time.sleep(0.05)
    return page


def opened(server):
    return closing(open_store(f"sqlite:///{server.home.path / '.orchestrator' / 'state.db'}"))


def flat(page):
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def test_a_worker_is_shown_with_what_it_drives_and_its_lease(server, held):
    pid = server.children()[0]

    page = until(server, lambda page: "drives 1 of 3" in page)

    words = flat(page)
    assert f"pid {pid}" in words
    assert "it works" in words
    row = flat(page[page.index(f'id="owned-{held}"') :].partition("</tr>")[0])
    assert "a worker of this server" in row
    assert re.search(r"for \d+ s more", row)


def test_slots_are_shown_with_who_has_them(server, held):
    page = until(server, lambda page: "1 of 2" in flat(page))

    words = flat(page)
    assert html.escape(POOL, quote=False).replace('"', "&#34;").replace("'", "&#39;") in page
    assert POOL not in page
    assert "idle 0 of 3 nobody" in words
    assert "narrow 1 of 1 narrow" in words


def test_what_waits_has_a_place_in_the_queue_and_goes_once_it_is_taken(server, held):
    second = server.execute(workflow="narrow")

    page = until(server, lambda page: f'id="waiting-{second}"' in page)

    row = flat(page[page.index(f'id="waiting-{second}"') :].partition("</tr>")[0])
    assert " 1 " in row
    assert "at most 1,000 may wait" in flat(page)
    server.client.delete(f"/executions/{second}")
    until(server, lambda page: f'id="waiting-{second}"' not in page)


def test_the_live_part_changes_while_it_is_looked_at(server):
    (server.home.path / "hold-held").touch()
    with server.client.stream("GET", "/ui/live/system") as stream:
        lines = stream.iter_lines()
        execution_id = server.execute(workflow="narrow")

        seen = next(line for line in lines if f'id="owned-{execution_id}"' in line)

    assert seen.startswith("data: ")
    (server.home.path / "hold-held").unlink()
    server.wait_for(execution_id)


def test_the_page_does_not_count_the_store_and_its_part_does(server):
    execution_id = server.execute(workflow="wide")
    server.wait_for(execution_id)

    page = server.client.get("/ui/system").text
    part = server.client.get("/ui/system/store", headers={"HX-Request": "true"}).text
    whole = server.client.get("/ui/system/store").text

    assert 'hx-get="/ui/system/store"' in page
    assert "Task runs" not in page
    assert re.search(r"Executions .*\d completed", flat(part))
    assert "state.db" in part
    assert "<html" not in part
    assert "<html" in whole


def test_an_examination_tells_what_doctor_tells(server):
    told = json.loads(server.home.etl("doctor", "--output", "json").stdout)

    part = server.client.get("/ui/system/doctor", headers={"HX-Request": "true"})

    assert part.status_code == 200
    assert {one["check"] for one in told} <= set(re.findall(r"<code>(\w+)</code>", part.text))
    assert "0 error(s)" in part.text
    assert "<html" not in part.text


def test_many_who_ask_for_an_examination_share_one(server):
    first = server.client.get("/ui/system/doctor", headers={"HX-Request": "true"}).text

    second = server.client.get("/ui/system/doctor", headers={"HX-Request": "true"}).text

    assert second == first


def test_the_page_counts_and_examines_in_its_own_place(server):
    with browsing() as chromium, logged_in(chromium, server) as page:
        page.goto(f"{server.url}/ui/system")
        expect(page.locator("#store table")).to_be_visible(timeout=20_000)

        page.click("#examine")

        expect(page.locator("#doctor table")).to_be_visible(timeout=60_000)
        assert page.url == f"{server.url}/ui/system"


def test_a_configuration_with_problems_is_told_of(tmp_path):
    home = home_in(tmp_path)
    with serving(home, "--workers", "0") as server:
        sound = server.client.get("/ui/system").text
        (tmp_path / "config.json").write_text('{"tasks": [{"task_id": "<b>x</b>"}]}', encoding="utf-8")

        broken = server.client.get("/ui/system").text

    assert "without a problem" in sound
    assert "The configuration cannot be used" in broken
    assert "<b>x</b>" not in broken


def test_without_workers_the_page_says_so(tmp_path):
    with serving(home_in(tmp_path), "--workers", "0") as server:
        page = server.client.get("/ui/system").text

    assert "started without workers" in page


def test_an_execution_driven_elsewhere_is_shown_with_its_owner(tmp_path):
    home = home_in(tmp_path)
    (tmp_path / "hold-held").touch()
    with serving(home, "--workers", "0") as server, home.begin("run", "--workflow", "narrow") as running:
        page = until(server, lambda page: "another process (cli)" in flat(page))

        assert f":{running.pid}:" in page
        (tmp_path / "hold-held").unlink()
        running.communicate(timeout=PATIENCE)


def test_tokens_and_audit_are_shown_to_admins_without_any_hash(server, reader):
    execution_id = server.execute(workflow="wide")
    server.wait_for(execution_id)
    with opened(server) as store:
        past = datetime(2026, 1, 1, tzinfo=UTC)
        store.keep_token(Token(name="once", role="run", sha256="f" * 64, created_at=past, expires_at=past))
        hashes = [token.sha256 for token in store.tokens()]

    page = server.client.get("/ui/system").text

    assert re.search(r"once run expired", flat(page))
    assert not [sha256 for sha256 in hashes if sha256 in page or sha256[:12] in page]
    assert server.token not in page
    assert "/execute" in page
    assert "etl token create NAME" in page


def test_who_is_no_admin_sees_neither_tokens_nor_audit(reader):
    page = reader.get("/ui/system").text

    refused = reader.get("/ui/system/audit")

    assert "for those whose token has the role admin" in page
    assert "etl token create" not in page
    assert 'class="rows audit"' not in page
    assert refused.status_code == 403
    assert "Address" not in refused.text


def test_the_audit_is_filtered_by_name_and_by_what_was_done(server, reader):
    server.execute(workflow="wide")
    reader.post("/execute", json={"workflow": "wide"})

    done = server.client.get("/ui/system/audit", params={"what": "execute"}).text
    nobody = server.client.get("/ui/system/audit", params={"by": "nobody-at-all"}).text

    assert 'class="rows audit"' in done
    assert "reader" in done
    assert flat(nobody).count("There is no such line.") == 2


@pytest.fixture
def audited(tmp_path):
    return tmp_path / "audit.jsonl"


def written(number, **facts):
    return json.dumps(
        {"at": datetime(2026, 1, 1, tzinfo=UTC).isoformat(), "by": "ana", "what": f"did {number}", **facts}
    )


def test_the_newest_lines_of_the_audit_come_first_and_torn_ones_are_counted(audited):
    lines = [written(number) for number in range(3)]
    audited.write_text("\n".join([lines[0], '{"at": "2026', "[1]", lines[1], lines[2]]) + '\n{"at', encoding="utf-8")

    tail = tail_of(audited)

    assert [line.facts["what"] for line in tail.lines] == ["did 2", "did 1", "did 0"]
    assert tail.torn == 3
    assert tail.whole


def test_a_long_audit_is_read_from_its_end_only(audited):
    line = written(1, note="x" * 200)
    with audited.open("w", encoding="utf-8") as file:
        for _ in range(3 * FARTHEST // len(line)):
            file.write(f"{line}\n")
        file.write(f"{written('last')}\n")
    began = time.process_time()

    tail = tail_of(audited)
    found = tail_of(audited, what="never done")

    assert tail.lines[0].facts["what"] == "did last"
    assert len(tail.lines) == MOST
    assert not tail.whole
    assert found.lines == []
    assert not found.whole
    assert time.process_time() - began < 5


def test_a_line_longer_than_a_piece_is_read_whole(audited):
    audited.write_text(f"{written('long', note='y' * 200_000)}\n{written('short')}\n", encoding="utf-8")

    tail = tail_of(audited)

    assert [line.facts["what"] for line in tail.lines] == ["did short", "did long"]
    assert tail.torn == 0


def test_strange_texts_of_the_audit_stay_texts(audited):
    told = {"at": ["no", "date"], "by": {"a": 1}, "what": "\ud800", PAYLOADS[0]: PAYLOADS[1]}
    audited.write_text(json.dumps(told) + "\n", encoding="utf-8")

    (line,) = tail_of(audited).lines

    assert line.moment is None
    assert line.facts["what"] == "\\ud800"
    assert f"{PAYLOADS[0]}={PAYLOADS[1]}" in line.more


def test_an_audit_that_is_not_there_or_no_file_is_empty(tmp_path, audited):
    os.mkfifo(audited)

    assert tail_of(audited).lines == []
    assert tail_of(tmp_path / "nothing").lines == []
    assert tail_of(tmp_path).lines == []


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("host:12:1700000000000", ("host", 12)),
        ("", ("", None)),
        ("strange", ("strange", None)),
        ("a:b:c", ("a", None)),
        ("fe80::1:2:3:4", ("fe80::1:2:3:4", None)),
    ],
)
def test_an_owner_is_told_by_host_and_process(owner, expected):
    assert owner_place(owner) == expected
