"""When a request is repeated and how long the wait is: decisions without a clock or a network."""

from datetime import UTC, datetime, timedelta

import pytest

from extraction_app.retries import (
    NoAnswer,
    Overloaded,
    Refused,
    RetryPolicy,
    read_retry_after,
    trouble_of_status,
)

NOW = datetime(2025, 9, 22, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, Overloaded), (500, Overloaded), (503, Overloaded), (400, Refused), (403, Refused), (404, Refused)],
)
def test_a_status_tells_whether_the_server_may_change_its_mind(status, kind):
    trouble = trouble_of_status("place", status, message="m", retry_after=None)

    assert type(trouble) is kind


@pytest.mark.parametrize(
    ("trouble", "again"),
    [
        (NoAnswer("p", "cut"), True),
        (Overloaded("p", 429), True),
        (Overloaded("p", 503, retry_after=10 * SECOND), True),
        (Overloaded("p", 429, retry_after=timedelta(hours=1)), False),
        (Refused("p", 400, "bad"), False),
        (ValueError("a fault of ours"), False),
    ],
)
def test_only_what_may_pass_is_tried_again(trouble, again):
    assert RetryPolicy().worth_another(trouble) is again


def test_waits_double_and_stop_growing():
    policy = RetryPolicy(first_wait=SECOND, longest_wait=8 * SECOND)

    waits = [policy.wait_after(attempt, NoAnswer("p", "cut"), jitter=1.0) for attempt in (1, 2, 3, 4, 5, 500)]

    assert waits == [SECOND * seconds for seconds in (1, 2, 4, 8, 8, 8)]


def test_jitter_halves_the_wait_at_most():
    policy = RetryPolicy(first_wait=4 * SECOND)

    waits = [policy.wait_after(1, None, jitter=jitter) for jitter in (0.0, 0.5, 1.0)]

    assert waits == [2 * SECOND, 3 * SECOND, 4 * SECOND]


def test_the_servers_own_wait_goes_first_and_has_no_jitter():
    trouble = Overloaded("p", 429, retry_after=17 * SECOND)

    wait = RetryPolicy().wait_after(1, trouble, jitter=0.0)

    assert wait == 17 * SECOND


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("30", 30 * SECOND),
        (" 0 ", 0 * SECOND),
        ("Mon, 22 Sep 2025 12:00:45 GMT", 45 * SECOND),
        ("Mon, 22 Sep 2025 11:00:00 GMT", 0 * SECOND),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header, wait):
    assert read_retry_after(header, NOW) == wait


def test_a_throttled_reader_is_told_about_the_token():
    assert "ETL_SODA_APP_TOKEN" in str(Overloaded("p", 429))
