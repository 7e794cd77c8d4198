"""Commands that ask a server and show its answer as they show what is stored here."""

import time
from pathlib import Path
from typing import Any

from orchestrator.commands.definition_view import say_valid, show_tasks, show_workflows
from orchestrator.commands.executions import draw_execution, write_list, write_report
from orchestrator.commands.plan_view import show_plan
from orchestrator.commands.printing import as_typed, printable, write_err, write_json, write_out
from orchestrator.commands.running import Wish
from orchestrator.commands.server_opening import config_there, no_config_there, open_server
from orchestrator.core.errors import ConfigurationRefused, OrchestratorError, UsageError
from orchestrator.core.exit_codes import ExitCode
from orchestrator.core.messages import N_, Message
from orchestrator.core.outcomes import JSON
from orchestrator.remote.records import execution_of, runs_of, zone_of
from orchestrator.remote.server import Server
from orchestrator.translation import _, say

CANCEL_PATIENCE = 60.0
"""Seconds in which a cancelled execution is expected to end: its kill grace, and a while."""
CANCEL_LOOK = 0.5


def status_there(
    url: str, execution_id: str | None, *, latest: bool, limit: int, config: Path | None, form: str
) -> int:
    """One execution with its tasks, or the list."""
    no_config_there(config)
    server = open_server(url)
    if execution_id is None and not latest:
        with server.understood():
            listed = [_listed(one) for one in server.executions(limit)]
        write_list(listed, form)
        return ExitCode.SUCCESS
    report = chosen_there(server, execution_id, latest=latest)
    if form != "table":
        write_report(report, form)
        return ExitCode.SUCCESS
    with server.understood():
        execution, runs, zone = execution_of(report), runs_of(report), zone_of(report)
    draw_execution(execution, runs, zone)
    return ExitCode.SUCCESS


def report_there(url: str, execution_id: str, *, config: Path | None) -> int:
    """The report itself, in JSON: where its file lies would help nobody here."""
    no_config_there(config)
    server = open_server(url)
    write_json(server.report(server.find(execution_id)))
    return ExitCode.SUCCESS


def cancel_there(url: str, execution_id: str | None, *, latest: bool, reason: str, config: Path | None) -> int:
    """0 where it is cancelled or had ended before; 5 where its owner did not obey in time."""
    no_config_there(config)
    server = open_server(url)
    known = chosen_there(server, execution_id, latest=latest)
    key = str(known["execution_id"])
    had_ended = server.has_ended(known)
    if not had_ended:
        server.cancel(key, reason)
        give_up_at = time.monotonic() + CANCEL_PATIENCE
        while not server.has_ended(known := server.execution(key)) and time.monotonic() < give_up_at:
            time.sleep(CANCEL_LOOK)
    write_out(_("Execution {execution_id}: {status}").format(execution_id=key, status=_(known["status"])))
    if had_ended:
        write_err(_("It had ended before; nothing was changed"))
    elif not server.has_ended(known):
        write_err(_("The cancel is stored and will win, but its owner has not obeyed yet; see `etl status`"))
        return ExitCode.UNABLE
    return ExitCode.SUCCESS


def list_tasks_there(url: str, category: str | None, *, config: Path | None, form: str) -> int:
    """Tasks in the order of the server's file."""
    server = open_server(url)
    tasks = server.tasks(config_there(config))
    with server.understood():
        show_tasks(tasks, category, form)
    return ExitCode.SUCCESS


def list_workflows_there(url: str, *, config: Path | None, form: str) -> int:
    """Workflows in the order of the server's file."""
    server = open_server(url)
    show_workflows(server.workflows(config_there(config)), form)
    return ExitCode.SUCCESS


def plan_there(url: str, wish: Wish, *, form: str) -> int:
    """What `run` would do there."""
    body = selection_of(wish)
    server = open_server(url)
    plan = server.plan(body)
    with server.understood():
        show_plan(plan, form)
    return ExitCode.SUCCESS


def validate_there(url: str, *, config: Path | None) -> int:
    """Exit 0 where `run` would start there; raises ConfigurationRefused with every problem."""
    name = config_there(config)
    server = open_server(url)
    found = server.validate(name)
    source = name or str(server)
    with server.understood():
        valid, told, tasks, workflows = (found[each] for each in ("valid", "problems", "tasks", "workflows"))
        problems = [Message(template="{problem}", facts={"problem": str(problem)}) for problem in told]
    if not valid:
        raise ConfigurationRefused(source, problems)
    say_valid(source, tasks=tasks, workflows=workflows)
    return ExitCode.SUCCESS


def selection_of(wish: Wish) -> dict[str, JSON]:
    """The body that asks for what the command line selects; raises UsageError unless it is exactly one thing."""
    if sum((wish.workflow is not None, bool(wish.tasks), wish.all_tasks)) != 1:
        raise UsageError(N_("say what to run, exactly one of: --workflow NAME, --tasks ID [ID …], --all"))
    tasks: list[JSON] = ["all"] if wish.all_tasks else list(dict.fromkeys(wish.tasks))
    body: dict[str, JSON] = {"tasks": tasks} if wish.workflow is None else {"workflow": wish.workflow}
    body["parallel"] = wish.parallel
    name = config_there(wish.config)
    if name is not None:
        body["config_file"] = name
    if wish.max_workers is not None:
        body["max_workers"] = wish.max_workers
    if wish.with_dependencies:
        body["with_dependencies"] = True
    if wish.parameters:
        body["parameters"] = dict(wish.parameters)
    return body


def chosen_there(server: Server, part: str | None, *, latest: bool) -> dict[str, Any]:
    """The execution that an id, or `--latest`, means, as its report; raises UsageError unless exactly one is given."""
    if latest == (part is not None):
        raise UsageError(N_("say which execution: an id (a part of it is enough), or --latest"))
    found = server.latest() if part is None else server.find(part)
    with server.understood():
        execution_of(found)
    return found


def tell_silence(trouble: OrchestratorError) -> None:
    """The server went away."""
    told = _("Warning: {trouble}; trying again").format(trouble=say(trouble))
    write_err(printable(as_typed(told)))


def tell_return() -> None:
    """It is there again."""
    write_err(_("The server answers again"))


def _listed(one: dict[str, Any]) -> dict[str, JSON]:
    """An execution of the API's list, with the names that `status` gives."""
    duration = one["total_duration"]
    return {
        "execution_id": one["execution_id"],
        "status": one["status"],
        "workflow": one["workflow"],
        "start_time": one["start_time"],
        "end_time": one["end_time"],
        "total_duration": None if duration is None else round(duration, 3),
        "tasks": one["task_count"],
        "exit_code": one["exit_code"],
        "started_by": one["started_by"],
    }
