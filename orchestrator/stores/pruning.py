"""Which executions may be forgotten: one decision for every store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Age:
    """What the decision needs to know of an execution."""

    execution_id: str
    created_at: datetime
    ended_at: datetime | None
    """None for one that has not ended for good."""
    sources: frozenset[str]
    """Executions that it repeats, or that it has results from."""


def prunable(ages: Sequence[Age], *, before: datetime, keep: int) -> list[str]:
    """Ids of those that ended before `before`, without the newest `keep` of all and whatever the kept ones rest on.

    The newest first, so that what rests on another always goes before it.
    """
    newest_first = sorted(ages, key=lambda age: (age.created_at, age.execution_id), reverse=True)
    old = {
        age.execution_id for age in newest_first[max(keep, 0) :] if age.ended_at is not None and age.ended_at < before
    }
    by_id = {age.execution_id: age for age in ages}
    kept = [age for age in ages if age.execution_id not in old]
    while kept:
        for source in kept.pop().sources & old:
            old.remove(source)
            kept.append(by_id[source])
    return [age.execution_id for age in newest_first if age.execution_id in old]
