"""That something was stored, for the thread that waits for it."""

from threading import Condition


class Changes:
    """Counts what this process stored; any thread may note, one at a time may wait."""

    def __init__(self) -> None:
        self._news = Condition()
        self._noted = 0
        self._seen = 0
        self._closed = False

    def note(self) -> None:
        """Something was stored."""
        with self._news:
            self._noted += 1
            self._news.notify_all()

    def wait(self, timeout: float) -> bool:
        """Wait until something was noted since this was last true, at most `timeout` seconds; True where it was.

        Whatever thread noted it: one who reads anew once too often loses less than one who misses something.
        """
        with self._news:
            self._news.wait_for(lambda: self._closed or self._noted != self._seen, max(0.0, timeout))
            changed = self._noted != self._seen
            self._seen = self._noted
            return changed

    @property
    def closed(self) -> bool:
        """True once nobody shall wait any more."""
        return self._closed

    def close(self) -> None:
        """Wake who waits, for good."""
        with self._news:
            self._closed = True
            self._news.notify_all()
