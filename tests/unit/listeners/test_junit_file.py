"""An execution as JUnit: what is a failure, an error, skipped; the form that its readers insist on; nothing illegal."""

import re
from xml.etree import ElementTree as ET

import pytest

from orchestrator.listeners.junit_file import LONGEST_ATTRIBUTE, LONGEST_TEXT, junit_xml, write_junit

COUNT, SECONDS = re.compile(r"\d+"), re.compile(r"\d+\.\d{3}")
FORM = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
        {"properties", "testcase", "system-err"},
    ),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"name", "classname", "time"}, {"failure", "error", "skipped", "system-out"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "skipped": ({"message"}, set()),
    "system-out": (set(), set()),
    "system-err": (set(), set()),
}
"""Attributes and children by element: the part of junit-10.xsd that we use, which allows more."""


def test_a_task_is_a_case_and_the_execution_is_the_suite():
    report = report_of(
        task("a", duration=1.5),
        task("b", status="failed", error="boom\nat once", error_type="ValueError", traceback="Traceback: boom"),
        task("c", status="skipped", reason="b did not complete"),
        status="failed",
        exit_code=1,
    )

    suite = parsed(report).find("testsuite")

    assert suite.attrib == {
        "name": "etl.daily",
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
        "time": "2.500",
        "timestamp": "2026-03-01T06:00:00.000-05:00",
    }
    assert [(case.get("name"), case.get("time"), [part.tag for part in case]) for case in suite.iter("testcase")] == [
        ("a", "1.500", ["system-out"]),
        ("b", "0.000", ["failure", "system-out"]),
        ("c", "0.000", ["skipped"]),
    ]
    failure = suite.find(".//failure")
    assert (failure.get("message"), failure.get("type")) == ("boom", "ValueError")
    assert failure.text == "boom\n\nTraceback: boom"
    assert suite.find(".//skipped").get("message") == "b did not complete"
    assert suite.find(".//system-out").text == "attempt 1: .orchestrator/attempts/x/0000-1.log"
    assert {one.get("name"): one.get("value") for one in suite.iter("property")} == {
        "execution_id": "20260301_060000",
        "status": "failed",
        "exit_code": "1",
        "workflow": "daily",
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"status": "completed"}, []),
        ({"status": "failed", "error_type": "ValueError"}, ["failure"]),
        ({"status": "failed", "error_type": "reported_failure"}, ["failure"]),
        ({"status": "failed", "error_type": "timeout"}, ["error"]),
        ({"status": "failed", "error_type": "crash"}, ["error"]),
        ({"status": "failed", "error_type": "lost"}, ["error"]),
        ({"status": "cancelled"}, ["error"]),
        ({"status": "cancelled", "attempts": []}, ["skipped"]),
        ({"status": "interrupted"}, ["error"]),
        ({"status": "pending", "attempts": []}, ["skipped"]),
        ({"status": "skipped", "attempts": []}, ["skipped"]),
    ],
)
def test_every_end_of_a_task_has_its_element(fields, expected):
    report = report_of(task("a", **fields))

    root = parsed(report)

    assert [part.tag for part in root.find(".//testcase") if part.tag != "system-out"] == expected
    assert_well_formed(root)


def test_whatever_a_task_says_the_document_can_be_read_and_is_bounded():
    nasty = "\x00\x1b[31m\ud800\ufffe ]]> <b a='1'>&amp; " + "x" * 100_000
    report = report_of(
        task(
            f'"<{nasty}', status="failed", error=f"{nasty}\n{nasty}", error_type=nasty, traceback=f"first {nasty} last"
        ),
        workflow=nasty,
        reason=nasty,
    )

    root = parsed(report)

    assert_well_formed(root)
    assert all(len(value) <= LONGEST_ATTRIBUTE for element in root.iter() for value in element.attrib.values())
    assert all(len(element.text or "") <= LONGEST_TEXT + 2 * LONGEST_ATTRIBUTE for element in root.iter())
    text = root.find(".//failure").text
    assert text.endswith(" last")
    assert "[…]" in text
    assert "first" not in text


def test_an_execution_that_never_began_is_a_document_too():
    report = report_of(status="cancelled", start_time=None, total_duration=None)

    root = parsed(report)

    assert_well_formed(root)
    assert root.find("testsuite").get("tests") == "0"


def test_the_file_is_written_whole_and_nothing_stays_beside_it(tmp_path):
    path = tmp_path / "results/junit.xml"

    write_junit(path, report_of(task("a")))
    write_junit(path, report_of(task("b")))

    assert [one.name for one in path.parent.iterdir()] == ["junit.xml"]
    assert ET.parse(path).getroot().find(".//testcase").get("name") == "b"


def parsed(report):
    return ET.fromstring(junit_xml(report))


def assert_well_formed(root):
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = FORM[element.tag]
        assert set(element.attrib) <= attributes, element.tag
        assert {child.tag for child in element} <= children, element.tag
        for name, value in element.attrib.items():
            if name in {"tests", "failures", "errors", "skipped"}:
                assert COUNT.fullmatch(value)
            if name == "time":
                assert SECONDS.fullmatch(value)


def report_of(*tasks, **fields):
    return {
        "execution_id": "20260301_060000",
        "status": "completed",
        "exit_code": 0,
        "workflow": "daily",
        "start_time": "2026-03-01T06:00:00.000-05:00",
        "total_duration": 2.5,
        "results": {one["task_id"]: one for one in tasks},
        **fields,
    }


def task(task_id, *, status="completed", traceback=None, **fields):
    attempt = {"number": 1, "log": ".orchestrator/attempts/x/0000-1.log", "traceback": traceback}
    return {
        "task_id": task_id,
        "status": status,
        "duration": None,
        "attempts": [] if status == "skipped" else [attempt],
        **fields,
    }
