"""Which minutes a cron expression means, found by watching a clock on the wall minute by minute: slow and obvious."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True)
class Spelt:
    """An expression whose fields are `*`, numbers, ranges, steps and lists."""

    expression: str

    @property
    def follows_elapsed_time(self) -> bool:
        hour = self.expression.split()[1]
        return hour == "*" or "/" in hour or len(numbers(hour, 0, 23)) == 24

    def shows(self, reading: datetime) -> bool:
        minute, hour, day, month, weekday = self.expression.split()
        if (
            reading.minute not in numbers(minute, 0, 59)
            or reading.hour not in numbers(hour, 0, 23)
            or reading.month not in numbers(month, 1, 12)
        ):
            return False
        days = [
            reading.day in numbers(day, 1, 31),
            reading.isoweekday() % 7 in {number % 7 for number in numbers(weekday, 0, 7)},
        ]
        return all(days) if "*" in (day[0], weekday[0]) else any(days)


def numbers(field: str, least: int, most: int) -> set[int]:
    found: set[int] = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        first, _, last = span.partition("-")
        if first == "*":
            first, last = str(least), str(most)
        found |= set(range(int(first), int(last or (most if step else first)) + 1, int(step or 1)))
    return found


def slots_between(expression: str, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Slots in [start, end); both are whole minutes, and no clock is put back in the first day."""
    return list(_watch(Spelt(expression), zone, start, end))


def _watch(spelt: Spelt, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    highest = _reading(start - MINUTE, zone)
    instant = start
    while instant < end:
        now = _reading(instant, zone)
        if spelt.follows_elapsed_time:
            due = spelt.shows(now)
        else:
            due = any(spelt.shows(reading) for reading in _first_seen(highest, now))
            highest = max(highest, now)
        if due:
            yield instant
        instant += MINUTE


def _first_seen(highest: datetime, now: datetime) -> Iterator[datetime]:
    """Readings that the clock shows, or has just skipped, for the first time."""
    reading = highest + MINUTE
    while reading <= now:
        yield reading
        reading += MINUTE


def _reading(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def changes_of(zone: ZoneInfo, first_year: int, last_year: int) -> list[datetime]:
    """Hours in which the clock is put forward or back."""
    instant, found = datetime(first_year, 1, 1, tzinfo=UTC), []
    while instant.year <= last_year:
        if instant.astimezone(zone).utcoffset() != (instant + DAY).astimezone(zone).utcoffset():
            hours = [instant + timedelta(hours=hour) for hour in range(24)]
            offsets = [hour.astimezone(zone).utcoffset() for hour in (*hours, instant + DAY)]
            found += [hour for hour, old, new in zip(hours, offsets, offsets[1:], strict=False) if old != new]
        instant += DAY
    return found
