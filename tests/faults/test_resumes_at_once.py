"""Two processes that resume one execution in the same instant: exactly one drives it, each task starts once (F41, R4).

`ETL_FAULT_COUNT_RESUMES` says how often; 100 for the figures that are published.
"""

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.going_on_subjects import Home, chain, two_at_once, wait_for_one

COUNT = int(os.environ.get("ETL_FAULT_COUNT_RESUMES", "5"))
PAIRS = 5
"""At the same time: a refused one mostly waits for the lock."""

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="SIGKILL"),
    pytest.mark.timeout(180 + COUNT * 10),
]


def test_of_two_resumes_in_the_same_instant_exactly_one_drives_and_the_other_says_who(tmp_path, figures):
    folders = [tmp_path / str(number) for number in range(COUNT)]

    with ThreadPoolExecutor(PAIRS) as pairs:
        rounds = list(pairs.map(resume_twice, folders))

    good = sum(one == GOOD for one in rounds)
    twice = sum(one["started"] != GOOD["started"] for one in rounds)
    figures("resumes in one instant", {"n": COUNT, "as_promised": good, "tasks_started_wrongly": twice})
    assert good == COUNT, [one for one in rounds if one != GOOD]


GOOD = {
    "codes": (0, 2),
    "told": True,
    "started": {"a": 2, "b": 1},  # a: killed in its first attempt
    "statuses": {"a": "completed", "b": "completed"},
    "verified": 0,
}


def resume_twice(folder):
    """What came of it, to be compared with GOOD."""
    folder.mkdir()
    home = Home(folder, *chain("a", "b"))
    home.hold("a")
    with home.begin("run", "--all") as process:
        home.wait_for("a")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)

    with two_at_once(home, "resume", "--latest") as both:
        home.wait_for("a", times=2)
        loser = wait_for_one(both)
        home.let_go("a")
        said = [one.communicate(timeout=60)[1] for one in both]

    (winner,) = [one for one in both if one is not loser]
    words = said[both.index(loser)]
    return {
        "codes": (winner.returncode, loser.returncode),
        "told": "is being run by " in words and f":{winner.pid}:" in words,
        "started": dict(Counter(home.started)),
        "statuses": home.statuses(),
        "verified": home.etl("verify", "--latest").returncode,
    }
