"""Clocks that are set while executions run, nights of a change of time, zones that make no sense (D6, D12, R31; F34, F35)."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core.identity import execution_id_at
from tests.integration.clock_shim import CAN_BE_BUILT, WallClock
from tests.integration.going_on_subjects import Home, chain

DAY = 86_400.0
SHORT = {"ETL_TESTING": "1", "ETL_LEASE_SECONDS": "6"}
TICKS = '''
"""Writes down its start on the clock that nobody sets."""

import os
import time
from pathlib import Path

HOME = Path(os.environ["ETL_HOME"])


def tick(name):
    with open(HOME / "ticks", "a") as file:
        file.write(f"{time.monotonic()}\\n")
    if not (HOME / "good").exists():
        raise ValueError("not yet")
    return {"status": "success"}
'''

with_a_clock = pytest.mark.skipif(not CAN_BE_BUILT, reason="no C compiler to build the clock with")


@pytest.fixture
def clock(tmp_path):
    return WallClock(tmp_path)


def with_ticks(home):
    (home.path / "ticking.py").write_text(TICKS, encoding="utf-8")
    return {"module_path": "ticking", "function_name": "tick"}


def ticks_of(home):
    file = home.path / "ticks"
    return [float(line) for line in file.read_text().split()] if file.exists() else []


def wait_until(question, seconds=40.0):
    give_up_at = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def lengths_in(report):
    results = report["results"].values()
    attempts = [attempt for result in results for attempt in result["attempts"]]
    return [item["duration"] for item in [*results, *attempts]] + [report["total_duration"]]


# --- clocks that are set ---------------------------------------------------------------------------------------------


@with_a_clock
@pytest.mark.parametrize("ahead", [DAY, -DAY, -0.001])
def test_a_wall_clock_that_is_set_times_nothing_out_and_makes_no_negative_duration(tmp_path, clock, ahead):
    home = Home(
        tmp_path, *chain("a", "b", timeout=60, deadline=60), workflows={"w": {"tasks": ["all"], "max_duration": 90}}
    )
    home.hold("a")

    with home.begin("run", "-w", "w", **clock.environment, **SHORT) as process:
        home.wait_for("a")
        clock.set_ahead(ahead)
        time.sleep(2.5)  # past the renewal of the lease, and past every look that could take it for too late
        clock.set_ahead(2 * ahead)
        home.let_go("a")
        code = process.wait(40)
        told = process.stderr.read()
    verified = home.etl("verify", "--latest", **clock.environment)

    assert code == 0, told
    assert home.statuses() == {"a": "completed", "b": "completed"}
    assert all(0 <= length < 60 for length in lengths_in(home.report()))
    assert verified.returncode == 0, verified.stdout


@with_a_clock
@pytest.mark.parametrize("ahead", [DAY, -DAY])
def test_a_retry_waits_its_time_on_the_clock_that_nobody_sets(tmp_path, clock, ahead):
    home = Home(tmp_path)
    home.configure({"task_id": "a", "retry_count": 1, "retry_delay": 3, **with_ticks(home)})

    with home.begin("run", "--all", **clock.environment) as process:
        wait_until(
            lambda: ticks_of(home) and home.statuses().get("a") == "retry_wait"
        )  # before that, "good" would spare it the retry
        clock.set_ahead(ahead)
        (tmp_path / "good").touch()
        code = process.wait(60)

    first, second = ticks_of(home)
    assert code == 0
    assert 3 * 0.8 <= second - first < 30
    assert all(0 <= length < 60 for length in lengths_in(home.report()))


@with_a_clock
def test_a_lease_that_looks_over_does_not_let_a_second_process_in_while_the_first_lives(tmp_path, clock):
    home = Home(tmp_path, *chain("a", "b"))
    home.hold("a")

    with home.begin("run", "--all", **clock.environment) as process:
        home.wait_for("a")
        clock.set_ahead(DAY)
        resumed = home.etl("resume", "--latest", **clock.environment)
        home.let_go("a")
        code = process.wait(40)

    assert (resumed.returncode, code) == (2, 0)
    assert f":{process.pid}:" in resumed.stderr
    assert home.started == ["a", "b"]


@with_a_clock
@pytest.mark.parametrize("ahead", [DAY, -DAY])
def test_a_clock_that_was_set_between_crash_and_resume_delays_no_retry_by_as_much(tmp_path, clock, ahead):
    home = Home(tmp_path)
    home.configure({"task_id": "a", "retry_count": 1, "retry_delay": 5, **with_ticks(home)})
    with home.begin("run", "--all", **clock.environment) as process:
        wait_until(lambda: len(ticks_of(home)) == 1 and home.statuses()["a"] == "retry_wait")
        process.kill()
        process.wait(30)

    clock.set_ahead(ahead)
    (tmp_path / "good").touch()
    resumed = home.etl("resume", "--latest", timeout=60, **clock.environment)

    assert resumed.returncode == 0, resumed.stderr
    assert len(ticks_of(home)) == 2
    assert all(0 <= length < 2 * DAY for length in lengths_in(home.report()))


# --- ids in local time -----------------------------------------------------------------------------------------------


@with_a_clock
@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("America/Bogota", datetime(1993, 2, 7, 3, 30, tzinfo=UTC)),  # the last change there was in that country
    ],
)
def test_the_second_that_comes_twice_in_a_night_gives_two_ids(tmp_path, clock, zone, first):
    home = Home(tmp_path, *chain("a"))
    surroundings = {"TZ": zone, **clock.environment}

    ids = []
    for moment in (first, first + timedelta(hours=1)):
        clock.stop_at(moment)
        ran = home.etl("run", "--all", **surroundings)
        ids.append(ran.stdout.partition("\n")[0])
    listed = json.loads(home.etl("status", "-o", "json", **surroundings).stdout)

    stem = execution_id_at(first.astimezone(ZoneInfo(zone)))
    assert ids[0] == stem
    assert re.fullmatch(stem + "_[0-9a-f]{8}", ids[1])
    assert [(record["execution_id"], record["status"]) for record in listed] == [
        (ids[1], "completed"),
        (ids[0], "completed"),
    ]
    offsets = {datetime.fromisoformat(record["start_time"]).utcoffset() for record in listed}
    assert len(offsets) <= 2


@with_a_clock
@pytest.mark.parametrize(
    "change", [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)], ids=["spring", "autumn"]
)
def test_an_execution_across_the_change_of_time_takes_seconds_and_not_an_hour(tmp_path, clock, change):
    home = Home(tmp_path, *chain("a", "b"))
    home.hold("b")
    clock.set_to(change - timedelta(minutes=1))
    surroundings = {"TZ": "Europe/Berlin", **clock.environment}

    with home.begin("run", "--all", **surroundings) as process:
        home.wait_for("b")
        clock.set_to(change + timedelta(minutes=1))
        home.let_go("b")
        code = process.wait(40)
    shown = home.etl("status", "--latest", "-o", "json", **surroundings)

    assert code == 0
    report = json.loads(shown.stdout)
    assert all(0 <= length < 60 for length in lengths_in(report))
    begun, ended = (datetime.fromisoformat(report[name]) for name in ("start_time", "end_time"))
    assert timedelta(0) <= ended - begun < timedelta(minutes=5)


@pytest.mark.parametrize("zone", ["Neverland/Nowhere", ":", "UTC-99:99", "x" * 5000])
def test_a_zone_of_the_machine_that_makes_no_sense_stops_nothing(tmp_path, zone):
    home = Home(tmp_path, *chain("a"))

    ran = home.etl("run", "--all", TZ=zone)

    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    assert re.fullmatch(r"\d{8}_\d{6}", ran.stdout.partition("\n")[0])
    assert datetime.fromisoformat(home.report()["start_time"]).utcoffset() is not None


def test_a_zone_of_the_configuration_that_there_is_not_is_refused_by_name(tmp_path):
    home = Home(tmp_path, *chain("a"), orchestrator_config={"timezone": "America/Macondo"})

    ran = home.etl("run", "--all")

    assert ran.returncode == 2
    assert "America/Macondo" in ran.stderr
    assert home.started == []


# --- far years -------------------------------------------------------------------------------------------------------


@with_a_clock
@pytest.mark.parametrize(
    "moment", [datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC), datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC)]
)
def test_the_clock_may_stand_past_the_seconds_of_thirty_two_bits(tmp_path, clock, moment):
    home = Home(tmp_path, *chain("a", "b"))
    clock.set_to(moment)

    ran = home.etl("run", "--all", **clock.environment)
    verified = home.etl("verify", "--latest", **clock.environment)

    assert (ran.returncode, verified.returncode) == (0, 0), ran.stderr + verified.stdout
    assert all(0 <= length < 60 for length in lengths_in(home.report()))


@pytest.mark.parametrize(
    ("given", "code"),
    [("2038-01-19", 0), ("9999-12-31", 0), ("0001-01-01", 0), ("10000-01-01", 2), ("2026-02-30", 2), ("0000-00-00", 2)],
)
def test_a_date_of_a_far_year_is_taken_and_one_that_there_is_not_is_named(tmp_path, given, code):
    home = Home(
        tmp_path,
        {"task_id": "a", "parameters": {"value": "${params.day}"}},
        workflows={"w": {"tasks": ["all"], "parameters": {"day": {"type": "date"}}}},
    )

    ran = home.etl("run", "-w", "w", "--param", f"day={given}")

    assert ran.returncode == code, ran.stderr
    assert "Traceback" not in ran.stderr
    if code == 0:
        assert home.report()["results"]["a"]["output"]["value"] == given
    else:
        assert given in ran.stderr
