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


def latest_option(command: Decorated) -> Decorated:
    """`--latest` in the place of an id."""
    return click.option("--latest", is_flag=True, help=_("The latest execution."))(command)
