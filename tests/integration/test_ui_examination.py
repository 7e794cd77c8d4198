"""Examining on request: in a process of its own that is gone afterwards, however long it would have taken."""

import asyncio
import os

import psutil
import pytest

from orchestrator.settings import read_settings
from orchestrator.translation import say, speaking
from orchestrator.web.ui import examination
from orchestrator.web.ui.examination import Examination


@pytest.fixture
def doctor(tmp_path, monkeypatch):
    """Has another program stand in for Python, and gives the examination that would start it."""

    def make(script):
        program = tmp_path / "stand_in"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o700)
        monkeypatch.setattr(examination.sys, "executable", str(program))
        return Examination(settings=read_settings(environ={"ETL_HOME": str(tmp_path), "PATH": os.environ["PATH"]}))

    return make


def line(severity, what):
    return f'echo \'{{"severity": "{severity}", "check": "store", "what": "{what}"}}\''


def test_one_that_takes_too_long_is_ended_and_tells_what_it_had_found(doctor, monkeypatch):
    monkeypatch.setattr(examination, "PATIENCE", 2.0)
    slow = doctor(f"{line('ok', 'sound')}\nexec sleep 600")

    with speaking("en"):
        found = asyncio.run(slow.examine())
        why = say(found.trouble)

    assert [one["what"] for one in found.findings] == ["sound"]
    assert why == "it took longer than 2 s"
    assert [child for child in psutil.Process().children() if "sleep" in child.name()] == []


def test_the_worst_comes_first_and_what_is_no_finding_is_passed_over(doctor):
    lines = [
        "echo nonsense",
        "echo '[1]'",
        line("ok", "a"),
        line("dreadful", "b"),
        line("error", "c"),
        line("warning", "d"),
    ]

    found = asyncio.run(doctor("\n".join(lines)).examine())

    assert [one["what"] for one in found.findings] == ["c", "d", "a"]
    assert found.counts == {"error": 1, "warning": 1, "ok": 1}
    assert found.trouble is None


@pytest.mark.parametrize("script", ["exit 3", "head -c 1000000 /dev/zero"])
def test_one_that_fails_says_so(doctor, script):
    found = asyncio.run(doctor(script).examine())

    assert found.findings == []
    assert found.trouble is not None


def test_one_that_cannot_be_started_says_so(doctor, monkeypatch):
    cannot = doctor("")
    monkeypatch.setattr(examination.sys, "executable", "/nowhere/python")

    found = asyncio.run(cannot.examine())

    assert found.trouble is not None


def test_those_who_ask_at_the_same_time_wait_for_one_process(doctor, tmp_path):
    counted = doctor(f"echo x >> {tmp_path}/started\nsleep 0.3\n{line('ok', 'sound')}")

    async def ask():
        return await asyncio.gather(*(counted.examine() for _ in range(5)))

    found = asyncio.run(ask())

    assert {one["what"] for each in found for one in each.findings} == {"sound"}
    assert (tmp_path / "started").read_text() == "x\n"
