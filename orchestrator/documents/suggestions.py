"""What is said about a name that nobody bears, with the nearest one that somebody does."""

from collections.abc import Collection

from orchestrator.core.errors import nearest
from orchestrator.core.messages import N_, Message
from orchestrator.documents.names import LONGEST_ID
from orchestrator.documents.places import shown

_MOST_COMPARISONS = 3_000_000
"""Pairs of characters that all suggestions among the same names may compare: under a second at worst."""


class Suggestions:
    """The nearest known name, as long as looking for it stays cheap."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._length = sum(map(len, known))
        self._left = _MOST_COMPARISONS

    def nearest(self, name: str) -> str | None:
        """The known name most like `name`; None if none is close, or the effort for this file is spent."""
        cost = min(len(name), LONGEST_ID) * self._length
        if cost > self._left:
            return None
        self._left -= cost
        return nearest(name, self._known)

    def no_such_task(self, name: str) -> Message:
        """The fault of a reference to a task that there is not."""
        return self._absent(
            name, N_("task {name} does not exist"), N_("task {name} does not exist – did you mean {near}?")
        )

    def no_such_dependency(self, name: str) -> Message:
        """The fault of waiting for a task that there is not."""
        return self._absent(
            name,
            N_("depends on {name}, which does not exist"),
            N_("depends on {name}, which does not exist – did you mean {near}?"),
        )

    def no_such_pool(self, name: str) -> Message:
        """The fault of asking for a slot of a pool that there is not."""
        return self._absent(
            name,
            N_("pool {name} does not exist; declare it in pools at the top"),
            N_("pool {name} does not exist – did you mean {near}?"),
        )

    def no_such_workflow(self, name: str) -> Message:
        """The fault of asking for a workflow that there is not."""
        return self._absent(
            name, N_("workflow {name} does not exist"), N_("workflow {name} does not exist – did you mean {near}?")
        )

    def _absent(self, name: str, alone: str, with_near: str) -> Message:
        near = self.nearest(name)
        if near is None:
            return Message(template=alone, facts={"name": shown(name)})
        return Message(template=with_near, facts={"name": shown(name), "near": shown(near)})
