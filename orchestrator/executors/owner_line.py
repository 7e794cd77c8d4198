"""The supervisor's end of the channel to its owner: orders in, events out, and whether there is an owner at all."""

import fcntl
import os
import select
import time
from typing import Any

from orchestrator.executors.wire import Lines, decode, encode

OUTBOX_LIMIT = 256 * 1024
"""Bytes waiting for the owner beyond which live output is dropped; events never are."""


class OwnerLine:
    """Never blocks: what the owner does not take waits here."""

    def __init__(self, channel: int, *, heartbeat_limit: float, lock: int | None, poll: select.poll) -> None:
        """`lock` is the execution's lock file, opened and locked by the owner; we hold the same open file."""
        os.set_blocking(channel, False)
        self.channel = channel
        self.gone = False
        """Nobody will ever hear us again."""
        self._poll = poll
        self._limit = heartbeat_limit
        self._heard_at = time.monotonic()
        self._lock = lock
        self._locked = lock is not None
        self._lines = Lines()
        self._outbox = bytearray()
        poll.register(channel, select.POLLIN)

    def hear(self) -> list[dict[str, Any]]:
        """The orders that have come; afterwards `gone` tells whether more can. Raises Malformed."""
        try:
            data = os.read(self.channel, 1 << 20)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        self._heard_at = time.monotonic()
        if not data:
            self.lose()
        return [decode(line) for line in self._lines.feed(data)]

    def lose(self) -> None:
        """The owner is gone."""
        if not self.gone:
            self.gone = True
            self._poll.unregister(self.channel)

    def silent(self, now: float) -> bool:
        """Whether the owner was not heard of for too long; told once for each such time."""
        if now - self._heard_at <= self._limit:
            return False
        self._heard_at = now
        return True

    def send(self, message: dict[str, Any]) -> None:
        """Say something, now or when the owner is ready for it."""
        self._outbox += encode(message)

    def show(self, message: dict[str, Any]) -> None:
        """Say something that may be lost where the owner cannot keep up."""
        if len(self._outbox) < OUTBOX_LIMIT:
            self.send(message)

    def flush(self) -> None:
        """Hand over what the owner takes at once."""
        while self._outbox and not self.gone:
            try:
                del self._outbox[: os.write(self.channel, self._outbox)]
            except BlockingIOError:
                self._poll.register(self.channel, select.POLLIN | select.POLLOUT)
                return
            except OSError:
                self.lose()
        if not self.gone:
            self._poll.register(self.channel, select.POLLIN)

    # --- the lock of the execution ---

    def release_lock(self) -> None:
        """Let another owner take over: of ours nothing runs any more, and it may be stopped for good."""
        if self._lock is not None and self._locked:
            fcntl.flock(self._lock, fcntl.LOCK_UN)  # of the open file, which the owner shares: its lock goes, too
            self._locked = False

    def retake_lock(self) -> bool:
        """Whether the execution is still, or again, our owner's alone."""
        if self._lock is None or self._locked:
            return True
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        self._locked = True
        return True
