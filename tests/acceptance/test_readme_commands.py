"""Every command line of the original README, word for word, in the order in which a new user meets them."""

import json
import re
from pathlib import Path

import pytest

from etl_kit.datasets import WAREHOUSE
from tests.acceptance.leaks import people_in

FULL = "python orchestrator/cli.py run --workflow full_etl --parallel --max-workers 4"

READS_CONFIGURATION = {
    "python orchestrator/cli.py list-tasks": "extract_contratos_emprestito",
    "python orchestrator/cli.py list-tasks --category extraction": "extract_procesos_emprestito",
    "python orchestrator/cli.py list-workflows": "critical_only",
    "python orchestrator/cli.py validate": "válid",
    "python orchestrator/cli.py validate --config orchestrator/etl_config_testing.json": "válid",
    "python orchestrator/cli.py list-workflows --config orchestrator/etl_config_testing.json": "test_with_long_task",
    "ls orchestrator/": "etl_orchestrator.py",
    'python -c "import extraction_app.data_extraction_contratos_emprestito"': "",
}

RUNS_MOCKS = [
    "python orchestrator/cli.py run --workflow test_basic --config orchestrator/etl_config_testing.json",
    *(
        f"python orchestrator/cli.py run --workflow {name} --config orchestrator/etl_config_testing.json"
        for name in ("test_mock_etl", "test_simple", "test_with_long_task", "test_dependencies")
    ),
]

AFTER_A_FULL_RUN = [
    "python orchestrator/cli.py run --workflow full_etl",
    "python orchestrator/cli.py run --workflow full_etl --continue-on-failure",
    "python orchestrator/cli.py run --workflow full_etl --parallel",
    "python orchestrator/cli.py run --workflow extraction_only",
    "python orchestrator/cli.py run --workflow transformation_only",
    "python orchestrator/cli.py run --workflow critical_only",
    "python orchestrator/cli.py run --tasks extract_contratos_emprestito",
    "python orchestrator/cli.py run --tasks extract_contratos_emprestito transform_contratos_secop load_data_complete",
    "python orchestrator/cli.py run --tasks extract_contratos_emprestito transform_contratos_secop",
]

EXECUTION_ID = re.compile(r"^(\d{8}_\d{6}(?:_[0-9a-f]{8})?)$")


@pytest.fixture(scope="module")
def full_run(shell) -> str:
    """The id of one whole execution on the made-up city."""
    done = shell(FULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[0]


@pytest.mark.parametrize(("line", "shows"), READS_CONFIGURATION.items())
def test_a_command_that_reads_the_configuration_answers_and_exits_0(shell, line: str, shows: str) -> None:
    done = shell(line)

    assert done.returncode == 0, done.stderr
    assert shows in done.stdout


@pytest.mark.parametrize("line", RUNS_MOCKS)
def test_a_testing_workflow_completes(shell, line: str) -> None:
    done = shell(line)

    assert done.returncode == 0, done.stdout + done.stderr
    assert EXECUTION_ID.match(done.stdout.splitlines()[0])


def test_the_debug_line_of_the_manual_works_without_naming_the_testing_configuration(shell) -> None:
    done = shell("python orchestrator/cli.py run --workflow test_basic --log-level DEBUG")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "extracting 50 rows" in done.stderr
    assert "etl_config_testing.json" in done.stderr


def test_the_whole_etl_names_its_invented_source_first(shell, checkout: Path, full_run: str) -> None:
    report = json.loads((checkout / f"orchestrator_reports/execution_report_{full_run}.json").read_text("utf-8"))

    assert report["execution_id"] == full_run
    assert report["data_source"] == "demo"
    assert report["status"] == "completed"
    assert set(report["results"]) == set(report["execution_order"])


@pytest.mark.parametrize("line", AFTER_A_FULL_RUN)
def test_a_part_of_the_etl_runs_after_the_whole(shell, full_run: str, line: str) -> None:
    done = shell(line)

    assert done.returncode == 0, done.stdout + done.stderr
    assert EXECUTION_ID.match(done.stdout.splitlines()[0])


def test_a_partial_selection_says_what_it_takes_as_done(shell, checkout: Path, full_run: str) -> None:
    done = shell(
        "python orchestrator/cli.py run"
        " --tasks extract_contratos_emprestito transform_contratos_secop load_data_complete --parallel"
    )

    report = json.loads(
        (checkout / f"orchestrator_reports/execution_report_{done.stdout.splitlines()[0]}.json").read_text("utf-8")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(report["assumed_satisfied"]) == {
        "extract_indice_emprestito",
        "transform_procesos_secop",
        "transform_emprestito",
    }
    assert "transform_procesos_secop" in done.stderr


def test_a_second_whole_run_changes_nothing_in_the_warehouse(shell, checkout: Path, full_run: str) -> None:
    done = shell("python orchestrator/cli.py run --workflow full_etl --parallel")

    report = json.loads(
        (checkout / f"orchestrator_reports/execution_report_{done.stdout.splitlines()[0]}.json").read_text("utf-8")
    )
    tables = report["results"]["load_data_complete"]["output"]["tables"]
    assert f"{checkout}/data/warehouse/demo.duckdb" in done.stdout
    assert f"{checkout}/data/reports/demo/informe.html" in done.stdout
    assert f"{checkout}/orchestrator_logs/" in done.stdout
    assert "***" not in done.stdout + done.stderr
    assert list(tables) == [dataset.name for dataset in WAREHOUSE]
    for table, counts in tables.items():
        assert counts["insertados"] == counts["actualizados"] == counts["retirados"] == 0, table
        assert counts["sin_cambio"] == counts["filas"] > 0, table


def test_status_shows_the_latest_one_and_all(shell, full_run: str) -> None:
    latest = shell("python orchestrator/cli.py status --latest")
    named = shell(f"python orchestrator/cli.py status --execution-id {full_run}")
    listed = shell("python orchestrator/cli.py status")

    assert latest.returncode == named.returncode == listed.returncode == 0
    assert full_run in named.stdout
    assert "load_data_complete" in named.stdout
    assert full_run in listed.stdout


def test_status_of_an_execution_that_never_was_exits_4(shell) -> None:
    done = shell("python orchestrator/cli.py status --execution-id 20240918_143022")

    assert done.returncode == 4
    assert "20240918_143022" in done.stderr


def test_the_latest_log_is_there(shell, full_run: str) -> None:
    done = shell("ls orchestrator_logs/ | tail -1")

    assert re.fullmatch(r"orchestrator_\d{8}_\d{6}(_[0-9a-f]{8})?\.log\n", done.stdout)


def test_in_an_empty_home_transforming_alone_names_what_is_missing_and_the_way_out(shell, tmp_path: Path) -> None:
    done = shell("python orchestrator/cli.py run --workflow transformation_only", ETL_HOME=str(tmp_path))

    assert done.returncode == 1
    said = done.stdout
    assert "contratos_emprestito" in said
    assert "run --tasks extract_contratos_emprestito" in said


def test_every_example_of_the_manual_runs(shell) -> None:
    done = shell("python orchestrator/examples.py")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("== ") == 5
    assert done.stdout.count("completed") >= 4


def test_the_three_ways_to_start_the_command_line_are_one(shell) -> None:
    answers = [
        shell("python orchestrator/cli.py list-workflows").stdout,
        shell("python -m orchestrator list-workflows").stdout,
        shell("cd orchestrator && python cli.py list-workflows").stdout,
    ]

    assert answers[0]
    assert len(set(answers)) == 1


def test_no_invented_person_gets_past_extraction(checkout: Path, full_run: str) -> None:
    written = [
        path
        for folder in ("data", "orchestrator_logs", "orchestrator_reports", ".orchestrator")
        for path in (checkout / folder).rglob("*")
        if path.is_file() and not path.is_relative_to(checkout / "data" / "demo_city")
    ]

    leaks = {str(path.relative_to(checkout)): found for path in written if (found := people_in(path))}

    assert {".duckdb", ".parquet", ".gz", ".xlsx", ".zip", ".html", ".json", ".log"} <= {
        path.suffix for path in written
    }
    assert leaks == {}
