"""What may say when something happens: cron expressions, lengths of time, instants."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from orchestrator.core.messages import N_, Message
from orchestrator.documents.names import Fault
from orchestrator.documents.places import shown
from orchestrator.timetable.cron import BadCron, fields_of

_UNITS: Final = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
LENGTH_PATTERN: Final = r"^(?=.)(\d{1,9}d)?(\d{1,9}h)?(\d{1,9}m)?(\d{1,9}s)?$"
_LENGTH = re.compile(LENGTH_PATTERN, re.ASCII)
_YEARS = range(1970, 2201)


def check_cron(text: str) -> str:
    """`text` if it is a cron expression; raises Fault. Whether it ever fires in its zone is another question."""
    try:
        fields_of(text)
    except BadCron as bad:
        raise Fault(bad.message) from None
    return text


def length_between(least: int, most: int) -> Callable[[object], float]:
    """A check of lengths of time: seconds, or a text such as `1h30m`, as seconds; raises Fault."""

    def check(value: object) -> float:
        seconds = _seconds(value)
        if seconds is None:
            fault = Message(
                template=N_(
                    'must be a length of time, as seconds or such as "90s", "15m", "1h30m" or "1d", not {value}'
                ),
                facts={"value": shown(value)},
            )
            raise Fault(fault)
        if not least <= seconds <= most:
            fault = Message(
                template=N_("must be from {least} to {most} seconds, not {value}"),
                facts={"least": least, "most": most, "value": shown(value)},
            )
            raise Fault(fault)
        return seconds

    return check


def check_instant(text: str) -> datetime:
    """The instant that `text` names in ISO 8601 with its offset, in UTC; raises Fault."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or instant.year not in _YEARS:
        raise Fault(
            Message(
                template=N_("must be a date and time with offset such as 2026-01-01T06:00:00-05:00, not {value}"),
                facts={"value": shown(text)},
            )
        )
    return instant.astimezone(UTC)


def _seconds(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value if abs(value) < float("inf") else None
    found = _LENGTH.match(value) if isinstance(value, str) else None
    if found is None:
        return None
    return sum(int(part[:-1]) * _UNITS[part[-1]] for part in found.groups() if part is not None)
