"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from orchestrator.translation import _

Decorated = Callable[..., Any]


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
