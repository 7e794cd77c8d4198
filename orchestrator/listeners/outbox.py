"""Listeners that must not miss an end: what they have to take is stored with the move itself, until they took it."""

from orchestrator.core.events import Event, ExecutionMoved
from orchestrator.core.ports import AttemptOutput, AttemptProgress, Listener
from orchestrator.core.states import ExecutionStatus
from orchestrator.core.storing import Delivery, Store


class Lasting:
    """Passes everything on to `listener`; once it has taken an end without an error, the store forgets the delivery."""

    def __init__(self, listener: Listener, name: str, store: Store) -> None:
        self._listener = listener
        self._name = name
        self._store = store

    def on_event(self, event: Event) -> None:
        """Pass it on; raises what the listener raises, and then it is delivered again by `deliver_what_is_left`."""
        self._listener.on_event(event)
        move = event.move
        if isinstance(move, ExecutionMoved) and (move.after.final or move.after is ExecutionStatus.INTERRUPTED):
            self._store.delivered(Delivery(listener=self._name, event=event))

    def on_output(self, output: AttemptOutput) -> None:
        """Pass it on."""
        self._listener.on_output(output)

    def on_progress(self, progress: AttemptProgress) -> None:
        """Pass it on."""
        self._listener.on_progress(progress)

    def close(self) -> None:
        """Close the listener."""
        self._listener.close()

    def deliver_what_is_left(self) -> None:
        """Hand over what was stored and never taken, since the process ended in between; raises as `on_event` does."""
        for delivery in self._store.deliveries(self._name):
            self.on_event(delivery.event)
