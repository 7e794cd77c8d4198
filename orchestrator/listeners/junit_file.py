"""An execution in JUnit's form, as continuous integration reads it: a suite per execution, a case per task."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from orchestrator.core.errors import HomeUnusable
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON

LONGEST_ATTRIBUTE = 1_000
LONGEST_TEXT = 20_000
"""Characters of a traceback that are kept: its end, where the cause stands."""
_CUT = "[…] "
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""
_NOT_BY_THE_TASK = frozenset({"timeout", "crash", "lost", "cancelled"})
"""Ends that no function chose: errors, where a failure is what the function itself raised or said."""
_FACTS = ("execution_id", "status", "exit_code", "workflow", "rerun_of", "data_source", "configuration_sha256")


def junit_xml(report: Mapping[str, JSON]) -> bytes:
    """The report of one execution (`build_report`) as a JUnit document, in UTF-8.

    Completed tasks pass. A failed one is a failure; an error where it was ended by its time limit, a crash, a cancel or
    the loss of its process. What never started is skipped, with its reason. Whatever is cut says so.
    """
    results = [result for result in _mapping(report.get("results")).values() if isinstance(result, dict)]
    kinds = [_kind(result) for result in results]
    counts = {
        "tests": str(len(results)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "time": _seconds(report.get("total_duration")),
    }
    suite_name = f"etl.{report.get('workflow') or 'tasks'}"
    root = Element("testsuites", {"name": "etl", **counts})
    suite = SubElement(
        root,
        "testsuite",
        {"name": _attribute(suite_name), **counts, "skipped": str(kinds.count("skipped"))},
    )
    if isinstance(report.get("start_time"), str):
        suite.set("timestamp", _attribute(report["start_time"]))
    properties = SubElement(suite, "properties")
    for fact in _FACTS:
        if report.get(fact) is not None:
            SubElement(properties, "property", {"name": fact, "value": _attribute(report[fact])})
    for result, kind in zip(results, kinds, strict=True):
        _add_case(suite, suite_name, result, kind)
    if report.get("reason"):
        SubElement(suite, "system-err").text = _text(report["reason"])
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def write_junit(path: Path, report: Mapping[str, JSON]) -> None:
    """Put the document in the file `path`, whole or not at all; raises HomeUnusable."""
    beside = path.parent / f".{path.name}.{os.getpid()}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_bytes(junit_xml(report))
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as why:
        raise HomeUnusable(N_("JUnit file {path} cannot be written: {why}"), path=str(path), why=why) from why


def _kind(result: Mapping[str, JSON]) -> str:
    """The element that says how the case ended; empty where it passed."""
    match result.get("status"):
        case "completed":
            return ""
        case "failed":
            return "error" if result.get("error_type") in _NOT_BY_THE_TASK else "failure"
        case "skipped" | "pending":
            return "skipped"
        case _:  # cancelled, interrupted, or still under way: an error where it had begun
            return "error" if result.get("attempts") else "skipped"


def _add_case(suite: Element, suite_name: str, result: Mapping[str, JSON], kind: str) -> None:
    case = SubElement(
        suite,
        "testcase",
        {
            "name": _attribute(result.get("task_id")),
            "classname": _attribute(suite_name),
            "time": _seconds(result.get("duration")),
        },
    )
    attempts = [attempt for attempt in _sequence(result.get("attempts")) if isinstance(attempt, dict)]
    if kind:
        told = str(result.get("error") or result.get("reason") or result.get("status"))
        first_line = (told.strip().splitlines() or [""])[0]
        found = SubElement(case, kind, {"message": _attribute(first_line)})
        if kind != "skipped":
            found.set("type", _attribute(result.get("error_type") or result.get("status")))
            traceback = next((attempt["traceback"] for attempt in reversed(attempts) if attempt.get("traceback")), None)
            found.text = _text(told if traceback is None else f"{first_line}\n\n{_tail(str(traceback))}")
    logs = [f"attempt {attempt.get('number')}: {attempt['log']}" for attempt in attempts if attempt.get("log")]
    if logs:
        SubElement(case, "system-out").text = _text("\n".join(logs))


def _seconds(value: JSON) -> str:
    return f"{value if isinstance(value, int | float) else 0:.3f}"


def _attribute(value: JSON) -> str:
    """One bounded line."""
    line = " ".join(str(value).split())
    return _legal(line if len(line) <= LONGEST_ATTRIBUTE else f"{line[: LONGEST_ATTRIBUTE - 1]}…")


def _text(value: JSON) -> str:
    return _legal(_tail(str(value), LONGEST_TEXT + LONGEST_ATTRIBUTE))


def _tail(text: str, limit: int = LONGEST_TEXT) -> str:
    return text if len(text) <= limit else f"{_CUT}{text[-limit:]}"


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def _mapping(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}


def _sequence(value: JSON) -> Sequence[JSON]:
    return value if isinstance(value, list) else []
