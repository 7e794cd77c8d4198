"""`init`: what it writes is well formed, and its commands do here what they are to do there."""

import configparser
import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import yaml

from orchestrator.commands.main import answer
from orchestrator.translation import current_language, use_language
from tests.integration.init_subjects import GITHUB_SCHEMA, Folder

TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


@pytest.fixture
def folder(tmp_path, capsys, monkeypatch):
    before = current_language()
    use_language("en")
    path = tmp_path / "repository"
    path.mkdir(mode=0o700)
    monkeypatch.chdir(path)
    monkeypatch.setenv("ETL_HOME", str(path))
    yield Folder(path=path, capsys=capsys)
    use_language(before)


@pytest.fixture
def configured(folder):
    folder.configure()
    return folder


def init(*arguments):
    return answer(["init", *arguments, "--config", "conf/etl.json"])


# --- github ---------------------------------------------------------------------------------------------------------


def test_the_workflow_of_github_has_the_form_that_github_asks_for(configured):
    code = init("github")

    assert code == 0
    workflow = configured.workflow()
    jsonschema.validate(workflow, GITHUB_SCHEMA)
    assert workflow["on"]["workflow_dispatch"]["inputs"]["workflow"] == {
        "description": "workflow to execute",
        "type": "choice",
        "options": ["daily", "it's: weekly #1"],
        "default": "daily",
    }
    assert workflow["concurrency"]["group"] == "etl-${{ github.ref }}"


def test_schedules_become_crons_in_utc_each_with_its_workflow(configured):
    init("github")

    workflow = configured.workflow()
    assert workflow["on"]["schedule"] == [{"cron": "0 11 * * 1-5"}, {"cron": "30 1 * * 1"}]
    assert workflow["jobs"]["etl"]["env"]["ETL_WORKFLOW"] == (
        "${{ inputs.workflow || github.event.schedule == '0 11 * * 1-5' && 'daily' || "
        "github.event.schedule == '30 1 * * 1' && 'it''s: weekly #1' || 'daily' }}"
    )
    assert "schedule holidays is left out: cron knows no holidays" in configured.capsys.readouterr().err


def test_every_step_of_github_runs_here_in_order(configured):
    init("github")
    job = configured.workflow()["jobs"]["etl"]
    # the expressions as a run by hand of `daily` fills them; artifacts and checkouts are GitHub's own
    given = {"ETL_HOME": str(configured.path), "ETL_WORKFLOW": "daily"}
    summary = configured.path.parent / "summary.md"
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    commands = [step for step in job["steps"] if "run" in step]

    answers = [configured.shell(step["run"], **{**job["env"], **given, **github}) for step in commands]

    assert [step["name"] for step in commands] == ["install", "validate", "rehearse with mocks", "run"]
    assert [one.returncode for one in answers] == [0, 0, 0, 0], [one.stderr for one in answers]
    assert len(configured.pip_calls) == 1
    assert re.fullmatch(r"-m pip install --disable-pip-version-check orquestador-etl==\S+", configured.pip_calls[0])
    assert "| ✓ | write | " in summary.read_text(encoding="utf-8")
    for name in ("rehearsal", "run"):
        cases = ET.parse(configured.path / f"etl-results/{name}.xml").getroot().iter("testcase")
        assert [case.get("name") for case in cases] == ["read", "write"]


def test_what_the_last_step_publishes_is_what_the_others_left(configured):
    init("github")
    job = configured.workflow()["jobs"]["etl"]
    run = next(step for step in job["steps"] if step.get("name") == "run")

    configured.shell(run["run"], **{**job["env"], "ETL_HOME": str(configured.path), "ETL_WORKFLOW": "daily"})

    publish = job["steps"][-1]
    assert publish["if"] == "${{ always() }}"
    assert all(any((configured.path / place).iterdir()) for place in publish["with"]["path"].split())


def test_a_home_within_the_repository_is_the_home_in_the_pipeline_too(configured, monkeypatch):
    monkeypatch.setenv("ETL_HOME", str(configured.path / "conf"))

    init("github")
    init("gitlab")
    init("container")

    job = configured.workflow()["jobs"]["etl"]
    pipeline = yaml.safe_load((configured.path / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    assert job["env"]["ETL_HOME"] == "${{ github.workspace }}/conf/"
    assert "conf/orchestrator_reports/" in job["steps"][-1]["with"]["path"].split()
    assert pipeline["variables"]["ETL_HOME"] == "$CI_PROJECT_DIR/conf/"
    assert "conf/orchestrator_reports/" in pipeline["run"]["artifacts"]["paths"]
    assert 'PYTHONPATH="/app/conf/"' in (configured.path / "Containerfile").read_text(encoding="utf-8")


def test_a_failing_validation_ends_the_job_before_anything_runs(configured):
    init("github")
    job = configured.workflow()["jobs"]["etl"]
    (configured.path / "steps.py").write_text("", encoding="utf-8")
    validate = next(step for step in job["steps"] if step.get("name") == "validate")

    refused = configured.shell(
        validate["run"], **{**job["env"], "ETL_HOME": str(configured.path), "GITHUB_ACTIONS": "true"}
    )

    assert refused.returncode == 2
    assert refused.stdout.count("::error file=conf/etl.json,line=1,") == 2


def test_an_empty_folder_gets_the_configuration_that_ships(folder):
    code = answer(["init", "github"])

    workflow = folder.workflow()
    job = workflow["jobs"]["etl"]
    validate = next(step for step in job["steps"] if step.get("name") == "validate")
    checked = folder.shell(validate["run"], **{**job["env"], "ETL_HOME": str(folder.path)})
    assert code == 0
    assert "ETL_CONFIG" not in job["env"]
    assert job["env"]["ETL_PACKAGE"].startswith("orquestador-etl[etl]==")
    assert "schedule" not in workflow["on"]
    assert checked.returncode == 0, checked.stderr


# --- gitlab ---------------------------------------------------------------------------------------------------------


def test_the_pipeline_of_gitlab_runs_here_and_hands_over_its_junit_files(configured):
    init("gitlab", "--workflow", "daily")
    pipeline = yaml.safe_load((configured.path / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    variables = {name: value for name, value in pipeline["variables"].items() if isinstance(value, str)}
    given = {
        **variables,
        "ETL_HOME": str(configured.path),
        "ETL_WORKFLOW": pipeline["variables"]["ETL_WORKFLOW"]["value"],
    }
    lines = [*pipeline["default"]["before_script"], *pipeline["check"]["script"], *pipeline["run"]["script"]]

    answers = [configured.shell(line, **given) for line in lines]

    assert [one.returncode for one in answers] == [0] * 5, [one.stderr for one in answers]
    assert set(pipeline) == {"stages", "workflow", "variables", "default", "check", "run"}
    assert pipeline["run"]["resource_group"] == "etl"
    for job in ("check", "run"):
        assert pipeline[job]["stage"] in pipeline["stages"]
        assert pipeline[job]["artifacts"]["when"] == "always"
        ET.parse(configured.path / pipeline[job]["artifacts"]["reports"]["junit"])


# --- service --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["serve", "scheduler", "worker"])
def test_a_unit_of_systemd_confines_what_it_starts(configured, command):
    init("service")

    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(configured.path / f"etl-{command}.service", encoding="utf-8")
    service = unit["Service"]
    assert unit.sections() == ["Unit", "Service", "Install"]
    assert f'"{sys.executable}"' in service["ExecStart"]
    assert service["ExecStart"].endswith(f'"{command}" "--config" "{configured.path}/conf/etl.json"')
    assert service["ReadWritePaths"] == f'"{configured.path}"'
    assert (service["ProtectSystem"], service["NoNewPrivileges"]) == ("strict", "yes")
    assert service["User"] not in {"", "root"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_finds_nothing_wrong_with_the_units(configured):
    init("service")
    units = sorted(map(str, configured.path.glob("*.service")))

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )

    assert len(units) == 3
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.parametrize("command", ["serve", "scheduler", "worker"])
def test_a_task_of_windows_starts_with_the_machine_and_again_after_a_failure(configured, command):
    init("service")

    path = configured.path / f"etl-{command}.xml"
    task = ET.fromstring(path.read_bytes())
    assert path.read_bytes()[:2] in {b"\xff\xfe", b"\xfe\xff"}
    assert (task.tag, task.get("version")) == (f"{TASK}Task", "1.4")
    assert [part.tag.removeprefix(TASK) for part in task] == [
        "RegistrationInfo",
        "Triggers",
        "Principals",
        "Settings",
        "Actions",
    ]
    assert task.find(f".//{TASK}BootTrigger/{TASK}Enabled").text == "true"
    restart = task.find(f".//{TASK}RestartOnFailure")
    assert [(part.tag.removeprefix(TASK), part.text) for part in restart] == [("Interval", "PT1M"), ("Count", "255")]
    assert task.find(f".//{TASK}ExecutionTimeLimit").text == "PT0S"
    assert f'"ETL_HOME={configured.path}"' in task.find(f".//{TASK}Arguments").text
    assert f'"{command}" "--config"' in task.find(f".//{TASK}Arguments").text


def test_a_line_of_cron_runs_here(configured):
    init("service")
    lines = (configured.path / "etl.crontab").read_text(encoding="utf-8").splitlines()
    jobs = [line.split(" ", 5) for line in lines if line and not line.startswith(("#", "CRON_TZ="))]

    ran = configured.shell(jobs[0][5])

    assert [" ".join(job[:5]) for job in jobs] == ["0 6 * * 1-5", "30 20 * * 0"]
    assert lines.count("CRON_TZ=America/Bogota") == 2
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr


# --- container ------------------------------------------------------------------------------------------------------


def test_the_image_holds_no_root_and_no_secret(configured):
    init("container")

    text = (configured.path / "Containerfile").read_text(encoding="utf-8")
    instructions = [line.split(" ", 1) for line in text.replace("\\\n", "").splitlines() if line and line[0].isupper()]
    words = [word for word, _rest in instructions]
    assert words.count("FROM") == 2
    assert dict(instructions)["USER"] == "10001:10001"
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert words.index("COPY", words.index("FROM", 1)) < words.index("USER")
    assert "/health" in dict(instructions)["HEALTHCHECK"]
    assert 'ETL_CONFIG="/app/conf/etl.json"' in text
    ignored = (configured.path / ".containerignore").read_text(encoding="utf-8").splitlines()
    assert {".env", "**/.env", ".orchestrator", ".git", "secrets"} <= set(ignored)
    assert 'add ["steps"] to allowed_modules' in configured.capsys.readouterr().err


# --- all of them ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["github", "gitlab", "service", "container"])
def test_nothing_is_written_over_without_force(configured, kind):
    init(kind)
    before = {path: path.read_bytes() for path in configured.path.rglob("*") if path.is_file()}
    changed = next(path for path in sorted(before) if path.parent.name != "conf" and path.name != "steps.py")
    changed.write_text("mine", encoding="utf-8")

    refused = init(kind)
    kept = changed.read_text(encoding="utf-8")
    forced = init(kind, "--force")

    assert (refused, kept, forced) == (2, "mine", 0)
    assert {path: path.read_bytes() for path in before} == before


def test_a_workflow_that_there_is_not_is_refused_and_nothing_is_written(configured):
    code = init("github", "--workflow", "dayly")

    assert code == 2
    assert "did you mean 'daily'?" in configured.capsys.readouterr().err
    assert not (configured.path / ".github").exists()


def test_a_configuration_outside_of_the_repository_is_refused(configured):
    code = init("github", "--output", "elsewhere")

    assert code == 2
    assert "lies outside of" in configured.capsys.readouterr().err
