"""Which faults a simulation may inject, how many, and what was injected."""

from collections import Counter
from collections.abc import Collection
from random import Random

ENDINGS = ("cancel", "stop")
"""Asked of the owner itself: a signal."""
OLD_STORIES = ("late_result", "stray_result")
OF_OWNERS = (
    "killed_before_record",
    "killed_after_record",
    "killed_between_starts",
    "killed_idle",
    "disk_full",
    "frozen",
    "rival_claim",
)
OF_PLACES = ("supervisor_killed", "neighbour")
OF_CLOCKS = ("clock_day", "clock_back")
ORDERS = ("order_cancel", "order_mark", "settled_by_another")
ALL = (*ENDINGS, *OLD_STORIES, *OF_OWNERS, *OF_PLACES, *OF_CLOCKS, *ORDERS)


class Faults:
    """Strikes at random while there is something left to strike with."""

    def __init__(self, kinds: Collection[str], most: int, chance: Random) -> None:
        self.injected: Counter[str] = Counter()
        self._kinds = frozenset(kinds)
        self._left = most
        self._chance = chance

    def strike(self, kind: str, probability: float) -> bool:
        """Whether this kind strikes now; counted."""
        if not self._left or kind not in self._kinds or self._chance.random() >= probability:
            return False
        self._left -= 1
        self.injected[kind] += 1
        return True

    def pick(self, probability: float) -> str | None:
        """Any kind of those that may strike, counted when it is carried out."""
        if not self._left or not self._kinds or self._chance.random() >= probability:
            return None
        return self._chance.choice(sorted(self._kinds))

    def carried_out(self, kind: str) -> None:
        """One that was picked did happen."""
        self._left -= 1
        self.injected[kind] += 1
