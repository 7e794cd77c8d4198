"""Files that let the orchestrator run by itself: pipelines, services, a container; filled with what is here."""

import getpass
import json
import os
import shlex
import string
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

from orchestrator.core.errors import HomeUnusable, UnknownWorkflow, UsageError
from orchestrator.core.messages import N_, Message
from orchestrator.core.schedules import Schedule
from orchestrator.core.tasks import Registry
from orchestrator.settings import PACKAGE, SHIPPED, SHIPPED_CONFIG, VERSION, Settings, checkout_root
from orchestrator.timetable.plain_cron import Unsayable, cron_in_utc, plain_cron
from orchestrator.translation import current_language, say

BLUEPRINTS = PACKAGE / "blueprints"
SERVICES = {
    "serve": N_("ETL orchestrator: API, dashboard and a worker"),
    "scheduler": N_("ETL orchestrator: queues what schedules are due"),
    "worker": N_("ETL orchestrator: one more worker for queued executions"),
}
"""Commands that run as services, and what each does."""
SAME_TIMES = N_("another workflow is due at the same times, and GitHub tells them apart by those")


class _Blueprint(string.Template):
    """`%%{name}`: signs of its own, since `$` and `@` mean something in what is filled."""

    delimiter = "%%"


@dataclass(frozen=True, kw_only=True)
class Scaffold:
    """What the files are filled with."""

    settings: Settings
    registry: Registry
    workflow: str
    folder: Path
    """Where the files go: the root of the repository."""
    at: datetime

    @property
    def config(self) -> Path | None:
        """The configuration, relative to the folder; None for the one that ships. Raises UsageError outside of it."""
        if self.settings.config == SHIPPED_CONFIG:
            return None
        try:
            return self.settings.config.resolve().relative_to(self.folder.resolve())
        except ValueError:
            raise UsageError(
                N_("configuration {path} lies outside of {folder}, so a pipeline or an image would not hold it"),
                path=str(self.settings.config),
                folder=str(self.folder),
            ) from None

    @property
    def home(self) -> str:
        """The home within the repository, as `steps/`; empty where it is the root, or lies elsewhere."""
        home, root = self.settings.home.resolve(), self.folder.resolve()
        return f"{home.relative_to(root).as_posix()}/" if home.is_relative_to(root) and home != root else ""

    def package(self, *extras: str) -> str:
        """What pip is to install: this checkout, else this version."""
        used = {task.module_path.partition(".")[0] for task in self.registry.tasks.values()}
        wanted = sorted({*extras, *(["etl"] if used & set(SHIPPED[1:]) else [])})
        asked = f"[{','.join(wanted)}]" if wanted else ""
        return f".{asked}" if checkout_root() == self.folder.resolve() else f"orquestador-etl{asked}=={VERSION}"


def open_scaffold(settings: Settings, registry: Registry, workflow: str | None, folder: Path, at: datetime) -> Scaffold:
    """For `workflow`; without one that of the first schedule, else the first. Raises UnknownWorkflow, UsageError."""
    if not registry.workflows:
        raise UsageError(N_("the configuration has no workflow: there is nothing to run by itself"))
    if workflow is not None and workflow not in registry.workflows:
        raise UnknownWorkflow(workflow, registry.workflows)
    due = (schedule.workflow for schedule in registry.schedules.values() if schedule.enabled)
    chosen = workflow or next(due, None) or next(iter(registry.workflows))
    return Scaffold(settings=settings, registry=registry, workflow=chosen, folder=folder.absolute(), at=at)


def github_files(scaffold: Scaffold) -> tuple[dict[str, bytes], list[Message]]:
    """The workflow of GitHub Actions by its place; besides, what could not be said in it."""
    crons, left_out = _crons_in_utc(scaffold)
    schedule = "".join(f"    - cron: {_quoted(cron)}\n" for cron in crons)
    by_schedule = [
        f"github.event.schedule == {_expressed(cron)} && {_expressed(workflow)}" for cron, workflow in crons.items()
    ]
    choices = ["inputs.workflow", *by_schedule, _expressed(scaffold.workflow)]
    text = _filled(
        "github.yml",
        schedule=f"  schedule:  # in UTC\n{schedule}" if schedule else "",
        chosen=json.dumps(f"${{{{ {' || '.join(choices)} }}}}", ensure_ascii=False),
        workflows=_quoted(list(scaffold.registry.workflows)),
        config=f"      ETL_CONFIG: {_quoted(scaffold.config.as_posix())}\n" if scaffold.config else "",
        **_of_pipelines(scaffold),
    )
    return {".github/workflows/etl.yml": text.encode()}, left_out


def gitlab_files(scaffold: Scaffold) -> tuple[dict[str, bytes], list[Message]]:
    """The pipeline of GitLab by its place; its schedules are made there by hand."""
    lines = [
        f"#   {schedule.name}: {schedule.cron or f'every {schedule.every} s'} ({schedule.timezone}), "
        f"ETL_WORKFLOW={schedule.workflow}"
        for schedule in scaffold.registry.schedules.values()
    ]
    text = _filled(
        "gitlab.yml",
        schedules="\n".join(lines or ["#   (the configuration has none)"]),
        workflows=_quoted(list(scaffold.registry.workflows)),
        config=f"  ETL_CONFIG: {_quoted(scaffold.config.as_posix())}\n" if scaffold.config else "",
        **_of_pipelines(scaffold),
    )
    return {".gitlab-ci.yml": text.encode()}, []


def container_files(scaffold: Scaffold) -> tuple[dict[str, bytes], list[Message]]:
    """A Containerfile and what it leaves out; besides, modules that would not be found inside."""
    config, code = scaffold.config, ""
    strangers: list[str] = []
    if config is not None:
        path, named = _quoted(f"/app/{scaffold.home}"), _quoted(f"/app/{config.as_posix()}")
        code = f"COPY . /app\nENV PYTHONPATH={path} \\\n    ETL_CONFIG={named}\n"
        allowed = (*SHIPPED, *scaffold.registry.limits.allowed_modules)
        modules = {task.module_path for task in scaffold.registry.tasks.values()}
        strangers = sorted({one.partition(".")[0] for one in modules if not _within_any(one, allowed)})
    text = _filled(
        "container.txt",
        code=code,
        package=_quoted(scaffold.package("serve")),
        language=current_language(),
        workflow_shown=shlex.quote(scaffold.workflow),
    )
    notes = [
        Message(
            template=N_("in the image code lies in /app, outside of ETL_HOME: add {modules} to allowed_modules"),
            facts={"modules": _quoted(strangers)},
        )
    ]
    ignored = (BLUEPRINTS / "containerignore.txt").read_bytes()
    return {"Containerfile": text.encode(), ".containerignore": ignored}, notes if strangers else []


def service_files(scaffold: Scaffold) -> tuple[dict[str, bytes], list[Message]]:
    """Units for systemd, tasks for Windows, lines for cron; with the paths and the user of this machine."""
    files: dict[str, bytes] = {}
    home, config = str(scaffold.settings.home), str(scaffold.settings.config)
    for command, description in SERVICES.items():
        arguments = [*_program(), command, "--config", config]
        name = f"etl-{command}"
        unit = _filled(
            "unit.service",
            name=f"{name}.service",
            description=say(Message(template=description)).replace("%", "%%"),
            user=_user(),
            folder=home.replace("%", "%%"),
            home=_unit_word(f"ETL_HOME={home}"),
            secrets=f"{home}/.orchestrator/service.env".replace("%", "%%"),
            command=" ".join(_unit_word(word).replace("$", "$$") for word in arguments),
            writable=_unit_word(home),
        )
        files[f"{name}.service"] = unit.encode()
        called = " ".join(f'"{word}"' for word in arguments)
        task = _filled(
            "task.xml",
            name=f"{name}.xml",
            task_name=name,
            description=escape(say(Message(template=description))),
            folder=escape(home),
            arguments=escape(f'/d /c "set "ETL_HOME={home}" && {called}"'),
        )
        files[f"{name}.xml"] = task.encode("utf-16")
    lines, left_out = _cron_lines(scaffold)
    files["etl.crontab"] = _filled("crontab.txt", lines="\n".join(lines)).encode()
    return files, left_out


def write_files(folder: Path, files: Mapping[str, bytes], *, force: bool) -> list[Path]:
    """Write each below `folder`; raises UsageError, and then none was, where one is there and `force` is not set."""
    places = {folder / name: content for name, content in files.items()}
    there = [str(place) for place in places if os.path.lexists(place)]
    if there and not force:
        raise UsageError(
            N_("already there: {files}; nothing was written, --force writes over them"), files=", ".join(there)
        )
    for place, content in places.items():
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        except OSError as why:
            raise HomeUnusable(N_("{path} cannot be written: {why}"), path=str(place), why=why) from why
    return list(places)


def _filled(blueprint: str, **facts: str) -> str:
    return _Blueprint((BLUEPRINTS / blueprint).read_text(encoding="utf-8")).substitute(facts)


def _of_pipelines(scaffold: Scaffold) -> dict[str, str]:
    return {
        "package": _quoted(scaffold.package()),
        "workflow": _quoted(scaffold.workflow),
        "workflow_title": _quoted(say(Message(template=N_("workflow to execute")))),
        "language": current_language(),
        "home": scaffold.home,
    }


def _crons_in_utc(scaffold: Scaffold) -> tuple[dict[str, str], list[Message]]:
    """Workflows by the times at which they are due; besides, what could not be told so."""
    said: dict[str, str] = {}
    left_out = []
    for schedule in _due(scaffold.registry):
        try:
            cron = cron_in_utc(schedule, scaffold.at.year)
        except Unsayable as why:
            left_out.append(_left_out(schedule, why.message))
            continue
        if said.setdefault(cron, schedule.workflow) != schedule.workflow:
            left_out.append(_left_out(schedule, Message(template=SAME_TIMES)))
    return said, left_out


def _cron_lines(scaffold: Scaffold) -> tuple[list[str], list[Message]]:
    lines, left_out = [], []
    for schedule in _due(scaffold.registry):
        try:
            when = plain_cron(schedule)
        except Unsayable as why:
            left_out.append(_left_out(schedule, why.message))
        else:
            lines += [f"CRON_TZ={schedule.timezone}", f"{when} {_cron_command(scaffold, schedule.workflow)}"]
    return lines or [f"0 6 * * * {_cron_command(scaffold, scaffold.workflow)}"], left_out


def _cron_command(scaffold: Scaffold, workflow: str) -> str:
    home, config = str(scaffold.settings.home), str(scaffold.settings.config)
    run = [*_program(), "run", "--workflow", workflow, "--parallel", "--exclusive", "--log-level", "ERROR"]
    command = (
        f"cd {shlex.quote(home)} && ETL_HOME={shlex.quote(home)} {shlex.join([*run, '--config', config])} >/dev/null"
    )
    return command.replace("%", r"\%")  # a bare one ends the command


def _due(registry: Registry) -> Iterable[Schedule]:
    return (schedule for schedule in registry.schedules.values() if schedule.enabled)


def _left_out(schedule: Schedule, why: Message) -> Message:
    return Message(
        template=N_("schedule {name} is left out: {why}; `etl scheduler` knows how"),
        facts={"name": schedule.name, "why": why},
    )


def _program() -> list[str]:
    """How this orchestrator is started from any folder."""
    root = checkout_root()
    return [sys.executable, *(["-m", "orchestrator"] if root is None else [str(root / "orchestrator" / "cli.py")])]


def _user() -> str:
    """Who is to run services: whoever asks for them, but never root."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "root"
    return "etl" if name == "root" else name


def _unit_word(text: str) -> str:
    """One word of a unit file: quoted, without specifiers."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def _quoted(value: str | list[str]) -> str:
    """As JSON, which YAML and Containerfiles read alike; a space keeps what GitHub would take for an expression."""
    return json.dumps(value, ensure_ascii=False).replace("${{", "$ {{")


def _expressed(text: str) -> str:
    """A text within an expression of GitHub."""
    return "'" + text.replace("'", "''") + "'"


def _within_any(module: str, prefixes: Iterable[str]) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)
