"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from orchestrator.translation import _

Decorated = Callable[..., Any]
LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"]


def config_option(command: Decorated) -> Decorated:
    """`-c/--config FILE`."""
    return click.option(
        "-c",
        "--config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help=_("Configuration file; default: ETL_CONFIG, else the one that ships with the project."),
    )(command)


def output_option(command: Decorated) -> Decorated:
    """`-o/--output table|json|jsonl`."""
    return click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice(["table", "json", "jsonl"]),
        default="table",
        show_default=True,
        help=_("How the answer is written."),
    )(command)


def log_level_option(command: Decorated) -> Decorated:
    """`--log-level LEVEL`."""
    return click.option(
        "--log-level",
        type=click.Choice(LEVELS, case_sensitive=False),
        default="INFO",
        show_default=True,
        help=_("How much the console and the log file say."),
    )(command)


def junit_option(command: Decorated) -> Decorated:
    """`--junit FILE`."""
    return click.option(
        "--junit",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help=_("Write the result as a JUnit file, too, whatever it is."),
    )(command)


def latest_option(command: Decorated) -> Decorated:
    """`--latest` in the place of an id."""
    return click.option("--latest", is_flag=True, help=_("The latest execution."))(command)


def selection_options(command: Decorated) -> Decorated:
    """What to execute and how: everything that `run` and `plan` have in common."""
    for option in reversed(
        [
            click.option("-w", "--workflow", metavar="NAME", help=_("The workflow to execute.")),
            click.option("-t", "--tasks", multiple=True, metavar="ID [ID …]", help=_("These tasks, only these.")),
            click.argument("more_tasks", nargs=-1, metavar="", required=False),
            click.option("--all", "all_tasks", is_flag=True, help=_("Every task of the configuration.")),
            click.option("-p", "--parallel", is_flag=True, help=_("Run independent tasks at the same time.")),
            click.option(
                "--max-workers",
                type=int,
                metavar="N",
                help=_(
                    "With --parallel: at most N tasks at once (1…1024); "
                    "default: max_parallel_workers of the configuration."
                ),
            ),
            click.option(
                "--with-dependencies",
                is_flag=True,
                help=_("Execute everything that the selected tasks depend on, too."),
            ),
            click.option(
                "--param", "parameters", multiple=True, metavar="NAME=VALUE", help=_("A parameter of the workflow.")
            ),
        ]
    ):
        command = option(command)
    return command


def named_parameters(parameters: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE` texts by name; raises UsageError."""
    from orchestrator.core.errors import UsageError
    from orchestrator.core.messages import N_

    named: dict[str, str] = {}
    for text in parameters:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise UsageError(N_("--param wants NAME=VALUE, not {text!r}"), text=text[:80])
        if name in named:
            raise UsageError(N_("--param {name} is given twice"), name=name)
        named[name] = value
    return named


def tasks_named(tasks: tuple[str, ...], more_tasks: tuple[str, ...]) -> tuple[str, ...]:
    """All of `-t ID [ID …]`; raises UsageError for ids that follow no `-t`."""
    from orchestrator.core.errors import UsageError
    from orchestrator.core.messages import N_

    if more_tasks and not tasks:
        raise UsageError(N_("{name!r}: tasks are named after --tasks, a workflow after --workflow"), name=more_tasks[0])
    return tasks + more_tasks
