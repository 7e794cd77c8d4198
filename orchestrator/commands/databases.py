"""`db`: the state store as a whole: check it, copy it, forget what is old, bring its schema up to date."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, output_option
from orchestrator.translation import _


@click.group("db", help=_("Look after the state store."))
def databases() -> None:
    """Only its commands do anything."""


@databases.command("check", help=_("Look for every fault in the state store's file; exit 5 where there is one."))
@click.option("--accept", is_flag=True, help=_("Go on without its last commits, where its journal was lost."))
@config_option
@output_option
def check(*, accept: bool, config: Path | None, form: str) -> int:
    """0 where it is sound, else 5."""
    from orchestrator.commands.executions import reading
    from orchestrator.commands.printing import write_err, write_out
    from orchestrator.commands.tables import write_records
    from orchestrator.core.exit_codes import ExitCode
    from orchestrator.operations import upkeep

    with reading(config) as orchestrator:
        looked_after = upkeep.upkeep_of(orchestrator.parts)
        if accept:
            lost = upkeep.accept_lost_commits(orchestrator.parts)
            write_err(_("Accepted: {count} commit(s) are lost").format(count=lost) if lost else _("No commit was lost"))
        faults = looked_after.check()
        if not faults:
            orchestrator.store.find_executions(
                "", limit=1
            )  # what a file alone cannot show: a lost journal, a newer schema
        if faults or form != "table":
            write_records([{"fault": fault} for fault in faults], form, {"fault": _("fault")})
        else:
            write_out(_("No fault was found"))
        return ExitCode.UNABLE if faults else ExitCode.SUCCESS


@databases.command("backup", help=_("Write a whole copy to FILE, which must not exist, while executions go on."))
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@config_option
def backup(file: Path, config: Path | None) -> int:
    """The copy's path on stdout."""
    from orchestrator.commands.executions import reading
    from orchestrator.commands.printing import write_out
    from orchestrator.operations.upkeep import upkeep_of

    with reading(config) as orchestrator:
        upkeep_of(orchestrator.parts).backup(str(file.absolute()))
    write_out(str(file.absolute()))
    return 0


@databases.command("prune", help=_("Forget executions that ended long ago, with the logs of their attempts."))
@click.option(
    "--older-than",
    "days",
    metavar="DAYS",
    type=click.IntRange(0, 100_000),
    required=True,
    help=_("Ended so many days ago."),
)
@click.option("--keep", metavar="N", type=click.IntRange(0), default=0, help=_("But the newest N of all stay."))
@click.option("--with-files", is_flag=True, help=_("Remove their log files and reports, too."))
@click.option("-y", "--yes", is_flag=True, help=_("Do not ask."))
@config_option
def prune(*, days: int, keep: int, with_files: bool, yes: bool, config: Path | None) -> int:
    """Ids of what was forgotten on stdout."""
    import sys
    from datetime import UTC, datetime, timedelta

    from orchestrator.commands.executions import reading
    from orchestrator.commands.printing import printable, write_err, write_out
    from orchestrator.core.errors import UsageError
    from orchestrator.core.messages import N_
    from orchestrator.operations import upkeep

    with reading(config) as orchestrator:
        upkeep.upkeep_of(orchestrator.parts)
        before = datetime.now(UTC) - timedelta(days=days)
        if not yes:
            if not sys.stdin.isatty():
                raise UsageError(N_("nobody can be asked here: say --yes to forget them"))
            most = upkeep.ended_before(orchestrator.parts, before)
            question = _("Forget up to {count} execution(s) that ended before {before}?")
            shown = before.astimezone(orchestrator.zone).strftime("%Y-%m-%d %H:%M")
            if not click.confirm(question.format(count=most, before=shown), err=True):
                write_err(_("Nothing was changed"))
                return 0
        gone = upkeep.forget(orchestrator.parts, before=before, keep=keep, with_files=with_files)
    for execution_id in gone.executions:
        write_out(execution_id)
    for path in gone.left:
        write_err(_("Warning: {path} could not be removed").format(path=printable(path)))
    write_err(
        _("{count} execution(s) forgotten, {files} file(s) removed").format(
            count=len(gone.executions), files=gone.files
        )
    )
    return 0


@databases.command("migrate", help=_("Bring the schema up to date; every other command does so, too, where needed."))
@config_option
def migrate(config: Path | None) -> int:
    """The schema's number on stdout."""
    from orchestrator.commands.executions import reading
    from orchestrator.commands.printing import write_out
    from orchestrator.operations.upkeep import brought_up_to_date

    with reading(config) as orchestrator:
        number = brought_up_to_date(orchestrator.parts)
        write_out(_("The state store has schema {number}, the latest").format(number=number))
    return 0
