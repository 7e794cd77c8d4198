"""How schedules and their slots are shown."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.commands.tables import write_records
from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.core.outcomes import JSON
from orchestrator.core.schedule_records import SlotRecord
from orchestrator.core.schedules import Schedule
from orchestrator.etl_orchestrator import create_orchestrator
from orchestrator.operations.parts import Parts
from orchestrator.operations.schedule_preview import preview
from orchestrator.operations.schedules import Coming, schedule_description, slot_description
from orchestrator.translation import _


@contextmanager
def opened(config: Path | None) -> Iterator[Parts]:
    """What operations need, with the definitions that hold now; closed afterwards. Raises ConfigurationRefused."""
    orchestrator = create_orchestrator(config)
    try:
        yield orchestrator.parts
    finally:
        orchestrator.close()


def show_schedules(found: Sequence[Coming], form: str) -> None:
    """A line each; in a table with the next slot and the last one."""
    records = [schedule_description(one) for one in found]
    if form == "table":
        for one, record in zip(found, records, strict=True):
            last = one.last[0] if one.last else None
            record["state"] = _state(one)
            record["next"] = one.upcoming[0].isoformat() if one.fires and one.upcoming else None
            record["last"] = None if last is None else f"{slot_description(last, one.schedule)['slot']} {_(last.fate)}"
    titles = {
        "schedule": _("Schedule"),
        "workflow": _("Workflow"),
        "when": _("When"),
        "timezone": _("Zone"),
        "state": _("State"),
        "next": _("Next slot"),
        "last": _("Last slot"),
    }
    write_records(records, form, titles)


def show_slots_to_come(schedule: Schedule, after: str | None, count: int, form: str) -> None:
    """The next slots, with offset and in UTC; raises UsageError for a time that is none."""
    records: list[dict[str, JSON]] = [
        {"slot": slot.local.isoformat(), "utc": slot.at.isoformat(), "left_out": slot.holiday}
        for slot in preview(schedule, _instant(after), count)
    ]
    titles = {"slot": _("Slot"), "utc": "UTC"}
    if schedule.working_days:
        titles["left_out"] = _("Left out: holiday")
    write_records(records, form, titles)


def show_slots(schedule: Schedule, records: Sequence[SlotRecord], form: str) -> None:
    """Decided slots, the latest first."""
    found = [slot_description(record, schedule) for record in records]
    if form == "table":
        found = [one | {"fate": _(str(one["fate"]))} for one in found]
    titles = {
        "slot": _("Slot"),
        "fate": _("What became of it"),
        "execution_id": _("Execution"),
        "decided_at": _("Decided"),
        "reason": _("Reason"),
    }
    write_records(found, form, titles)


def _state(one: Coming) -> str:
    if not one.schedule.enabled:
        return _("not enabled")
    if one.pause is not None:
        return _("paused by {who}").format(who=one.pause.by)
    return _("on")


def _instant(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            N_("{text!r} is no time; write it in ISO 8601: 2026-03-08T00:00-05:00"), text=text[:40]
        ) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
