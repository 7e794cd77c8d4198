"""The SODA client against a scripted transport: no network, and waits are only noted."""

import json
import logging
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from extraction_app.http_source import HttpSource
from extraction_app.retries import NoAnswer, Overloaded, Refused, RetryPolicy
from extraction_app.soda import CountMismatch, PagesRepeat, SodaClient

SECRET = "s3cr3t-t0k3n"
POLICY = RetryPolicy(attempts=3, first_wait=timedelta(seconds=1))


class Script:
    """A transport that gives the answers of a list, one per request, and notes requests and waits."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.waits = []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, page_size=2):
        carrier = httpx2.Client(transport=httpx2.MockTransport(self), headers={"X-App-Token": SECRET})
        now = datetime(2025, 9, 22, 12, 0, tzinfo=UTC)
        http = HttpSource(client=carrier, policy=POLICY, secret=SECRET, sleep=self.waits.append, now=lambda: now)
        return SodaClient(http=http, base_url="https://datos.example", page_size=page_size)


def rows(*numbers):
    return httpx2.Response(200, json=[{":id": f"row-{number}", "n": str(number)} for number in numbers])


def count(number):
    return httpx2.Response(200, json=[{"count": str(number)}])


def status(code, **headers):
    return httpx2.Response(
        code, json={"message": f"no, {SECRET}"}, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def test_all_pages_are_read_in_a_stable_order():
    script = Script(count(3), rows(1, 2), rows(3), count(3))

    reading = script.client().read_all("abcd-1234", "n > 0")

    assert [row["n"] for row in reading.rows] == ["1", "2", "3"]
    assert reading.pages == 2
    pages = [dict(request.url.params) for request in script.requests[1:3]]
    assert [(page["$order"], page["$where"]) for page in pages] == [
        (":id", "n > 0"),
        (":id", ":id > 'row-2' AND (n > 0)"),
    ]
    assert not any("$offset" in page for page in pages)


def test_without_a_condition_only_the_id_is_asked_for():
    script = Script(rows(1, 2), rows(3))

    pages = list(script.client().read_pages("abcd-1234", ""))

    assert [[row["n"] for row in page] for page in pages] == [["1", "2"], ["3"]]
    assert [request.url.params.get("$where") for request in script.requests] == [None, ":id > 'row-2'"]


def test_ids_may_come_in_any_order():
    script = Script(rows("b~", "a_1"), rows("z.0", "c-9"), rows())

    pages = list(script.client().read_pages("abcd-1234", ""))

    assert [len(page) for page in pages] == [2, 2]
    assert script.requests[1].url.params["$where"] == ":id > 'row-a_1'"


def test_a_quote_in_an_id_stays_within_the_text():
    script = Script(rows("1", "b'"), rows())

    list(script.client().read_pages("abcd-1234", ""))

    assert script.requests[1].url.params["$where"] == ":id > 'row-b'''"


@pytest.mark.parametrize(
    ("answer", "newest"),
    [([{":updated_at": "2025-09-22T01:02:03.000Z"}], "2025-09-22T01:02:03.000Z"), ([], None)],
)
def test_the_moment_of_the_last_update_is_asked_for_alone(answer, newest):
    script = Script(httpx2.Response(200, json=answer))

    told = script.client().newest("abcd-1234", "n > 0")

    assert told == newest
    asked = dict(script.requests[0].url.params)
    assert (asked["$order"], asked["$limit"], asked["$where"]) == (":updated_at DESC", "1", "n > 0")


def test_no_rows_is_an_answer():
    script = Script(count(0), rows(), count(0))

    reading = script.client().read_all("abcd-1234", "n > 0")

    assert reading.rows == []


def test_a_full_last_page_is_followed_by_an_empty_one():
    script = Script(count(2), rows(1, 2), rows(), count(2))

    reading = script.client().read_all("abcd-1234", "n > 0")

    assert len(reading.rows) == 2


def test_rows_that_move_meanwhile_are_read_once_more():
    script = Script(count(2), rows(1, 2), rows(), count(3), count(3), rows(1, 2), rows(3), count(3))

    reading = script.client().read_all("abcd-1234", "n > 0")

    assert len(reading.rows) == 3


def test_a_row_that_comes_twice_in_a_page_is_no_full_reading():
    twice = (count(3), rows(1, 1), rows(2), count(3))
    script = Script(*twice, *twice)

    with pytest.raises(CountMismatch) as mismatch:
        script.client().read_all("abcd-1234", "n > 0")

    assert (mismatch.value.counted, mismatch.value.read) == (3, 2)


def test_a_row_of_the_page_before_is_noticed_at_once():
    script = Script(count(3), rows(1, 2), rows(2))

    with pytest.raises(PagesRepeat) as repeated:
        script.client().read_all("abcd-1234", "n > 0")

    assert repeated.value.page == 2


def test_a_server_that_disregards_the_condition_does_not_keep_us_for_ever():
    script = Script(count(4), rows(1, 2), rows(1, 2))

    with pytest.raises(PagesRepeat):
        script.client().read_all("abcd-1234", "n > 0")


def test_a_server_that_goes_in_circles_does_not_keep_us_for_ever_either():
    circle = (count(4), rows(1, 2), rows(3, 4), rows(1, 2), rows(3, 4), count(4))
    script = Script(*circle, *circle)

    with pytest.raises(CountMismatch):
        script.client().read_all("abcd-1234", "n > 0")


@pytest.mark.parametrize(
    "hiccup",
    [
        status(503),
        status(429),
        httpx2.ReadTimeout("slow"),
        httpx2.ConnectError("down"),
        httpx2.RemoteProtocolError("cut"),
        httpx2.Response(200, text="<html>maintenance"),
        httpx2.Response(200, text='[{"count": "3"'),
        httpx2.Response(200, json={"not": "a list"}),
        httpx2.Response(200, json=[{"count": "many"}]),
        httpx2.Response(200, json=[]),
    ],
)
def test_a_passing_trouble_is_tried_again(hiccup):
    script = Script(hiccup, count(3))

    counted = script.client().count("abcd-1234", "n > 0")

    assert counted == 3
    assert len(script.waits) == 1
    assert 0.5 <= script.waits[0] <= 1.0


def test_the_wait_a_server_asks_for_is_kept():
    script = Script(status(429, Retry_After="7"), status(503, Retry_After="Mon, 22 Sep 2025 12:00:09 GMT"), count(1))

    script.client().count("abcd-1234", "n > 0")

    assert script.waits == [7.0, 9.0]


def test_attempts_are_bounded():
    script = Script(*[status(500) for _ in range(3)])

    with pytest.raises(Overloaded) as trouble:
        script.client().count("abcd-1234", "n > 0")

    assert trouble.value.status == 500
    assert len(script.requests) == 3


def test_a_wait_beyond_all_reason_ends_the_attempts_at_once():
    script = Script(status(429, Retry_After="86400"))

    with pytest.raises(Overloaded):
        script.client().count("abcd-1234", "n > 0")

    assert script.waits == []


@pytest.mark.parametrize("code", [400, 403, 404])
def test_a_refusal_is_not_repeated(code):
    script = Script(status(code))

    with pytest.raises(Refused):
        script.client().count("abcd-1234", "n > 0")

    assert len(script.requests) == 1


def test_a_redirection_is_refused_and_named():
    script = Script(httpx2.Response(302, headers={"Location": "https://elsewhere.example/"}))

    with pytest.raises(Refused, match=r"elsewhere\.example"):
        script.client().count("abcd-1234", "n > 0")


@pytest.mark.parametrize(
    "answer",
    [status(403), httpx2.ConnectError(f"proxy said {SECRET}"), status(500)],
)
def test_the_token_is_sent_but_never_shown(answer, caplog):
    script = Script(*[answer] * 3)

    with caplog.at_level(logging.DEBUG), pytest.raises((Refused, NoAnswer, Overloaded)) as trouble:
        script.client().count("abcd-1234", "n > 0")

    assert script.requests[0].headers["X-App-Token"] == SECRET
    shown = [str(trouble.value), repr(trouble.value), repr(script.client().http), *caplog.messages]
    assert not any(SECRET in text for text in shown)
    assert trouble.value.__cause__ is None


def test_rows_keep_their_text_values():
    script = Script(
        count(1), httpx2.Response(200, text=json.dumps([{":id": "a", "bpin": "0202", "v": "1.50"}])), count(1)
    )

    reading = script.client().read_all("abcd-1234", "n > 0")

    assert reading.rows == [{":id": "a", "bpin": "0202", "v": "1.50"}]
