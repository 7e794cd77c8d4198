"""The command line: its commands, and the one place where errors become exit codes (semantics D3)."""

import os
import sys
from importlib import import_module
from typing import Any

import click

from orchestrator.commands.servers import for_whom, server_option
from orchestrator.translation import LOCALE, _, language_from_environment, use_language

COMMANDS = {
    "run": "orchestrator.commands.run:run",
    "rehearse": "orchestrator.commands.rehearse:rehearse",
    "resume": "orchestrator.commands.going_on:resume",
    "rerun": "orchestrator.commands.going_on:rerun",
    "cancel": "orchestrator.commands.orders:cancel",
    "mark": "orchestrator.commands.orders:mark",
    "status": "orchestrator.commands.status:status",
    "report": "orchestrator.commands.status:report",
    "verify": "orchestrator.commands.verifying:verify",
    "logs": "orchestrator.commands.logs:logs",
    "plan": "orchestrator.commands.planning:plan",
    "list-tasks": "orchestrator.commands.listing:list_tasks",
    "list-workflows": "orchestrator.commands.listing:list_workflows",
    "validate": "orchestrator.commands.checking:validate",
    "schema": "orchestrator.commands.checking:schema",
    "doctor": "orchestrator.commands.doctor:doctor",
    "stats": "orchestrator.commands.statistics:stats",
    "schedule": "orchestrator.commands.schedules:schedule",
    "scheduler": "orchestrator.commands.schedules:scheduler",
    "worker": "orchestrator.commands.worker:worker",
    "serve": "orchestrator.commands.serve:serve",
    "token": "orchestrator.commands.tokens:token",
    "openapi": "orchestrator.commands.serve:openapi",
    "db": "orchestrator.commands.databases:databases",
    "init": "orchestrator.commands.initial:init",
    "version": "orchestrator.commands.listing:show_version",
}
"""In the order of `--help`. Each module imports click and no more until its command runs: `--help` stays cheap."""


class Commands(click.Group):
    """Finds a command's module when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _colon, name = place.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return for_whom(command, cmd_name, ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, but with the nearest command in the message."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from orchestrator.core.errors import nearest

            near = nearest(args[0], COMMANDS)
            if near is None:
                raise
            hint = _("Did you mean {near!r}?").format(near=near)
            raise click.UsageError(f"{error.message} {hint}", ctx) from None


def exit_code_table() -> str:
    """The table of D3 for `--help`."""
    rows = [
        (0, _("everything selected completed")),
        (1, _("the execution failed")),
        (2, _("wrong usage or configuration: nothing was started")),
        (3, _("finished, but tasks that are not critical failed or were skipped")),
        (4, _("no such execution or report")),
        (5, _("the orchestrator itself could not go on (disk, state store)")),
        (6, _("the server cannot be reached")),
        (130, _("cancelled (Ctrl-C)")),
        (143, _("stopped by a signal: interrupted")),
    ]
    return "\b\n" + "\n".join([_("Exit codes:"), *(f"  {code:>3}  {meaning}" for code, meaning in rows)])


def make_command_line() -> click.Group:
    """The group in the language of `ETL_LANG`."""
    return Commands(
        name="etl",
        help=_("Orchestrates ETL tasks: plain Python functions named in a JSON file, run in order and in parallel."),
        epilog=exit_code_table(),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
        no_args_is_help=True,
        params=[server_option()],
    )


def run_command_line(arguments: list[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    speak()
    sys.exit(answer(arguments))


def speak() -> None:
    """Choose the language of everything that follows, click's own words included; write UTF-8 under any locale."""
    language = language_from_environment()
    use_language(language)
    import gettext

    os.environ["LANGUAGE"] = language  # gettext's own variable: click's "Usage", "Options" … are of domain "messages"
    gettext.bindtextdomain("messages", str(LOCALE))
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us: write into nothing
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open as long as we live
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def answer(arguments: list[str] | None = None) -> int:
    """Run one command and give its exit code; errors are told on stderr."""
    from orchestrator.commands.printing import answer_was_lost, tell_error
    from orchestrator.core.errors import HomeUnusable, OrchestratorError
    from orchestrator.core.messages import N_

    program: dict[str, Any] = {"prog_name": "etl", "standalone_mode": False}
    try:
        code = make_command_line().main(args=arguments, **program)
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        return 130
    except OrchestratorError as error:
        tell_error(error)
        return code_of(error)
    except OSError as error:  # a disk or a file that failed where nobody expected it: named, and no traceback
        tell_error(HomeUnusable(N_("the orchestrator could not go on: {why}"), why=error))
        return 5
    if answer_was_lost():
        return 5
    return code if isinstance(code, int) else 0


def code_of(error: Exception) -> int:
    """The exit code of an error of ours."""
    from orchestrator.core import errors
    from orchestrator.core.exit_codes import ExitCode
    from orchestrator.remote.errors import ServerUnreachable

    match error:
        case errors.NoSuchExecution():
            return ExitCode.NOT_FOUND
        case errors.UsageError():
            return ExitCode.USAGE
        case ServerUnreachable():
            return ExitCode.SERVER_UNREACHABLE
        case _:
            return ExitCode.UNABLE
