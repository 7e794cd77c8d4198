"""What a task may do to its process and which modules it may come from (F21, F24, D21, R13, R20, S5)."""

import signal
import sys
from pathlib import Path

import pytest

from orchestrator.core.outcomes import NotCallable, Returned, TimedOut
from tests.integration.executor_watch import call_of, supervisor_of, watched_chain

if sys.platform != "linux":
    pytest.skip("the supervisor's chain is Linux's", allow_module_level=True)


@pytest.fixture
def watch():
    with watched_chain() as watch:
        yield watch


def test_what_a_task_does_to_its_process_is_not_seen_by_the_next(watch, tmp_path):
    environment = {"PATH": "/bin", "LANG": "C", "LC_ALL": "C"}
    call = {"environment": environment, "working_directory": str(tmp_path)}
    before = watch.run(call_of("describe_yourself", **call)).outcome

    assert watch.run(call_of("vandal")).outcome == Returned(output="done")
    after = watch.run(call_of("describe_yourself", **call)).outcome

    assert after == before
    assert isinstance(after, Returned)
    assert after.output["mask"] == []
    assert after.output["ignored"] == []
    assert after.output["leader"] is True
    assert after.output["new_privileges"] is True
    assert after.output["descriptors"] == [0, 1, 2, 3, 100]  # 3 is the listing itself, 100 the result's channel


def test_signals_that_the_owner_blocks_or_ignores_reach_a_task_as_by_default():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1})
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    try:
        with watched_chain() as watch:
            ended = watch.run(call_of("describe_yourself"))
    finally:
        signal.signal(signal.SIGHUP, ignored)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    assert (ended.outcome.output["mask"], ended.outcome.output["ignored"]) == ([], [])


def test_the_owners_secrets_are_not_in_the_environment_block_of_the_chain(monkeypatch):
    monkeypatch.setenv("ETL_API_TOKEN", "not-for-tasks")

    with watched_chain() as watch:
        block = Path(f"/proc/{supervisor_of(watch)}/environ").read_bytes()

    assert b"PATH=" in block
    assert b"not-for-tasks" not in block


def test_a_module_named_like_pythons_own_beside_the_tasks_does_not_reach_the_supervisor(watch, tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('shadow')\n")
    (tmp_path / "job.py").write_text("def main():\n    return 'fine'\n")
    call = call_of("main", module="job", search_path=(str(tmp_path),), working_directory=str(tmp_path))

    outcome = watch.run(call).outcome

    assert outcome == Returned(output="fine")


def test_the_import_counts_against_the_limit(watch, tmp_path):
    (tmp_path / "slow_import.py").write_text("import time\nprint('importing', flush=True)\ntime.sleep(3600)\n")
    call = call_of("main", module="slow_import", search_path=(str(tmp_path),), timeout=1.0)

    ended = watch.run(call)

    assert ended.outcome == TimedOut(limit=1.0)
    assert watch.output_of(call.attempt, "stdout") == "importing\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_dependency", "no_such_dependency"),
        ("import sys; sys.exit(0)", "SystemExit"),
        ("def main(:", "SyntaxError"),
    ],
)
def test_a_module_that_cannot_be_imported_is_named_with_its_fault(watch, tmp_path, text, said):
    (tmp_path / "broken_job.py").write_text(text)

    outcome = watch.run(call_of("main", module="broken_job", search_path=(str(tmp_path),))).outcome

    assert isinstance(outcome, NotCallable)
    assert outcome.error_type == "import_error"
    assert "broken_job" in outcome.message
    assert said in outcome.message + outcome.traceback


def test_a_module_linked_into_the_project_from_outside_is_refused(watch, tmp_path):
    outside, project = tmp_path / "outside", tmp_path / "project"
    outside.mkdir()
    project.mkdir()
    (outside / "job.py").write_text("def main():\n    return 'from outside'\n")
    (project / "job.py").symlink_to(outside / "job.py")

    outcome = watch.run(call_of("main", module="job", search_path=(str(project),))).outcome

    assert isinstance(outcome, NotCallable)
    assert outcome.error_type == "module_not_allowed"


def test_a_function_that_a_module_only_passes_on_is_refused(watch, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("from os import system\nfrom shutil import rmtree\n")

    outcomes = [
        watch.run(call_of(name, module="package", search_path=(str(tmp_path),))).outcome
        for name in ("system", "rmtree")
    ]

    assert [getattr(one, "error_type", one) for one in outcomes] == ["module_not_allowed"] * 2
