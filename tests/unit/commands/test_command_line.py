"""The command line before it touches anything: its commands, its refusals, its exit codes (D3)."""

import re

import click
import pytest

from orchestrator.commands.main import COMMANDS, answer, code_of, exit_code_table, make_command_line
from orchestrator.core import errors
from orchestrator.core.exit_codes import ExitCode


def test_help_lists_every_command_and_ends_with_0(capsys):
    code = answer(["--help"])

    out = capsys.readouterr().out
    assert code == 0
    assert [name for name in COMMANDS if re.search(rf"^  {name} ", out, re.MULTILINE)] == list(COMMANDS)


def test_the_table_of_exit_codes_in_the_help_is_that_of_the_semantics(capsys):
    answer(["--help"])

    table = [int(code) for code in re.findall(r"^ +(\d+)  \S", exit_code_table(), re.MULTILINE)]
    assert table == sorted(ExitCode)
    assert exit_code_table().splitlines()[-1].strip() in " ".join(capsys.readouterr().out.split("\n"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    code = answer([name, "--help"])

    assert code == 0
    assert f"etl {name}" in capsys.readouterr().out


def test_every_flag_of_the_original_readme_is_there():
    context = click.Context(make_command_line())
    flags = {
        "run": "--workflow --tasks --all --parallel --max-workers --continue-on-failure --config --log-level",
        "list-tasks": "--category --config",
        "list-workflows": "--config",
        "status": "--latest --execution-id",
        "validate": "--config",
    }

    missing = {
        (name, flag)
        for name, wanted in flags.items()
        for flag in wanted.split()
        if flag not in {opt for param in make_command_line().get_command(context, name).params for opt in param.opts}
    }

    assert missing == set()


# --- refusals --------------------------------------------------------------------------------------------------------


def refused(capsys, *arguments: str) -> str:
    code = answer(list(arguments))
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    return err


def test_a_misspelt_command_is_refused_with_the_nearest_one(capsys):
    assert "Did you mean 'status'?" in refused(capsys, "statuss")


@pytest.mark.parametrize(
    "arguments", [["zzz"], ["run", "--nope"], ["run", "--max-workers", "two"], ["status", "-o", "x"]]
)
def test_what_click_refuses_ends_with_2(arguments, capsys):
    assert refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "full_etl"], "'full_etl': tasks are named after --tasks, a workflow after --workflow"),
        (["run", "-w", "x", "--param", "year"], "--param wants NAME=VALUE, not 'year'"),
        (["run", "-w", "x", "--param", "=5"], "--param wants NAME=VALUE, not '=5'"),
        (["run", "-w", "x", "--param", "a=1", "--param", "a=2"], "--param a is given twice"),
        (["status", "--latest", "-e", "2024"], "--latest and --execution-id exclude each other"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_opened(arguments, message, capsys):
    assert refused(capsys, *arguments) == f"Error: {message}\n"


# --- exit codes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("no"), 2),
        (errors.UnknownTask("a"), 2),
        (errors.UnknownWorkflow("a"), 2),
        (errors.CycleFound(["a", "a"]), 2),
        (errors.ConfigurationRefused("x", []), 2),
        (errors.AmbiguousExecution("2", ["21", "22"]), 2),
        (errors.NoSuchExecution("x"), 4),
        (errors.StoreUnusable("full"), 5),
        (errors.HomeUnusable("full"), 5),
        (errors.StaleOwner("x"), 5),
        (errors.IllegalMove("a", "b"), 5),
    ],
)
def test_each_error_has_the_exit_code_of_its_kind(error, code):
    assert code_of(error) == code
