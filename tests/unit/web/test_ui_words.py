"""What pages make of durations, numbers, sizes and moments; and which tasks held up the end of an execution."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.executions import TaskRun
from orchestrator.core.identity import TaskRunKey
from orchestrator.core.states import TaskStatus
from orchestrator.translation import speaking
from orchestrator.web.ui import rendering
from orchestrator.web.ui.course import held_up_by
from orchestrator.web.ui.entry import _inside

AT = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)


def run(task_id, *, ended=None):
    """A task run that ended so many seconds after the beginning."""
    return TaskRun(
        key=TaskRunKey(execution_id="e", task_id=task_id),
        position=0,
        status=TaskStatus.COMPLETED if ended is not None else TaskStatus.PENDING,
        ended_at=AT + timedelta(seconds=ended) if ended is not None else None,
    )


@pytest.mark.parametrize(
    ("seconds", "spanish", "english"),
    [
        (None, "–", "–"),
        (0.0, "0,00 s", "0.00 s"),
        (4.25, "4,2 s", "4.2 s"),
        (59.4, "59,4 s", "59.4 s"),
        (59.97, "1 min 00 s", "1 min 00 s"),
        (185, "3 min 05 s", "3 min 05 s"),
        (3599.7, "1 h 00 min", "1 h 00 min"),
        (7620, "2 h 07 min", "2 h 07 min"),
        (273_600, "3 d 4 h", "3 d 4 h"),
    ],
)
def test_a_duration_is_told_in_units_that_people_use(seconds, spanish, english):
    with speaking("es"):
        in_spanish = rendering.duration(seconds)
    with speaking("en"):
        in_english = rendering.duration(seconds)

    assert (in_spanish, in_english) == (spanish, english)


@given(st.floats(min_value=0, max_value=1e9, allow_nan=False))
def test_no_duration_has_sixty_of_a_unit(seconds):
    text = rendering.duration(seconds)

    assert not re.search(r"(?<![\d.,])60([.,]0+)? (s|min)\b", text)


@pytest.mark.parametrize(
    ("value", "spanish", "english"),
    [(None, "–", "–"), (0, "0", "0"), (1_234_567, "1.234.567", "1,234,567"), (1234.5, "1.234,5", "1,234.5")],
)
def test_a_number_is_written_as_in_colombia_or_as_in_english(value, spanish, english):
    with speaking("es"):
        in_spanish = rendering.number(value)
    with speaking("en"):
        in_english = rendering.number(value)

    assert (in_spanish, in_english) == (spanish, english)


@pytest.mark.parametrize(
    ("count", "told"), [(None, "–"), (999, "999 B"), (1000, "1,0 kB"), (14_800_000, "14,8 MB"), (3e15, "3.000,0 TB")]
)
def test_a_size_is_told_in_its_largest_unit(count, told):
    with speaking("es"):
        text = rendering.size(count)

    assert text == told


def test_a_moment_holds_the_instant_and_the_servers_time():
    text = str(rendering.moment(AT, ZoneInfo("America/Bogota")))

    assert 'title="2026-11-24 18:30:00 -05"' in text
    assert text.endswith(">2026-11-24 18:30:00</time>")


@given(st.text())
def test_data_for_scripts_ends_no_script(text):
    written = str(rendering._in_script({"name": text}))

    assert not set("<>&") & set(written)


@given(st.text(), st.text())
def test_nothing_of_the_data_is_markup(workflow, reason):
    page = rendering.render("trouble.html", why=f"<script>{workflow}{reason}")

    assert "<script>" not in page


def test_what_held_up_the_end_is_the_chain_of_what_ended_last():
    runs = [run("a", ended=1), run("b", ended=5), run("c", ended=2), run("end", ended=9), run("never")]
    edges = [("a", "c"), ("b", "end"), ("c", "end"), ("end", "never")]

    chain = held_up_by(runs, edges)

    assert chain == {"b", "end"}


def test_where_nothing_has_ended_nothing_held_it_up():
    assert held_up_by([run("a"), run("b")], [("a", "b")]) == frozenset()


@pytest.mark.parametrize("address", ["/ui", "/ui/", "/ui/executions?status=failed", "/ui?x=1"])
def test_the_login_goes_on_to_pages_of_ours(address):
    assert _inside(address) == address
