"""`schedule list|preview|slots|pause|resume|trigger` and `scheduler`: when workflows are due, and who sees to it."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, output_option
from orchestrator.translation import _


@click.group("schedule", help=_("Schedules: what comes next, what became of the last slots; pause, resume, trigger."))
def schedule() -> None:
    """Nothing by itself."""


@schedule.command("list", help=_("List the schedules with their next slot and the last one."))
@config_option
@output_option
def list_schedules(config: Path | None, form: str) -> int:
    """In the order of the file."""
    from orchestrator.commands.schedule_view import show_schedules
    from orchestrator.operations.schedules import coming

    with _parts(config) as parts:
        show_schedules(coming(parts), form)
    return 0


@schedule.command("preview", help=_("Show the next slots of a schedule, each with its offset from UTC."))
@click.argument("name")
@click.option("-n", "--count", type=click.IntRange(1, 1000), default=10, show_default=True, help=_("So many slots."))
@click.option(
    "--after", metavar="TIME", help=_("Begin after this instant, in ISO 8601: 2026-03-08T00:00-05:00; default: now.")
)
@config_option
@output_option
def preview(name: str, count: int, after: str | None, config: Path | None, form: str) -> int:
    """What is shown is what fires."""
    from orchestrator.commands.schedule_view import show_slots_to_come
    from orchestrator.operations.schedules import find_schedule

    with _parts(config) as parts:
        show_slots_to_come(find_schedule(parts, name), after, count, form)
    return 0


@schedule.command("slots", help=_("Show what became of the last slots of a schedule."))
@click.argument("name")
@click.option("-n", "--count", type=click.IntRange(1, 1000), default=20, show_default=True, help=_("So many slots."))
@config_option
@output_option
def slots(name: str, count: int, config: Path | None, form: str) -> int:
    """The latest first."""
    from orchestrator.commands.schedule_view import show_slots
    from orchestrator.operations.schedules import find_schedule

    with _parts(config) as parts:
        found = find_schedule(parts, name)
        show_slots(found, parts.store.slot_records(name, limit=count), form)
    return 0


@schedule.command("pause", help=_("Let a schedule fire no more until it is resumed."))
@click.argument("name")
@click.option("--reason", default="", metavar="TEXT", help=_("Why; kept and shown."))
@config_option
def pause(name: str, reason: str, config: Path | None) -> int:
    """Its slots of that time are not made up for."""
    from orchestrator.commands.printing import write_out
    from orchestrator.operations.schedules import pause as pause_schedule

    with _parts(config) as parts:
        pause_schedule(parts, name, reason=reason)
    write_out(_("paused: {name}").format(name=name))
    return 0


@schedule.command("resume", help=_("Let a paused schedule fire again, from its next slot on."))
@click.argument("name")
@config_option
def resume(name: str, config: Path | None) -> int:
    """One that is not paused stays as it is."""
    from orchestrator.commands.printing import write_out
    from orchestrator.operations.schedules import resume as resume_schedule

    with _parts(config) as parts:
        resume_schedule(parts, name)
    write_out(_("resumed: {name}").format(name=name))
    return 0


@schedule.command("trigger", help=_("Queue an execution now, as a slot of this moment would; a worker drives it."))
@click.argument("name")
@config_option
def trigger(name: str, config: Path | None) -> int:
    """The execution's id on stdout."""
    from orchestrator.commands.printing import write_out
    from orchestrator.operations.schedules import trigger as trigger_schedule

    with _parts(config) as parts:
        write_out(trigger_schedule(parts, name).execution_id)
    return 0


@click.command(
    "scheduler",
    help=_("Queue what schedules are due, until a signal ends it; `etl worker` or `etl serve` drives it."),
)
@config_option
def scheduler(config: Path | None) -> int:
    """0 where it was ended by a signal."""
    from orchestrator.commands.scheduler_life import look_until_told

    return look_until_told(config)


def _parts(config: Path | None):  # type: ignore[no-untyped-def]  # noqa: ANN202 - its type would have to be imported
    from orchestrator.commands.schedule_view import opened

    return opened(config)
