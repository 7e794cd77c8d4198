"""When a request is worth repeating, and how long to wait before: decisions only, nothing is sent or slept here."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from etl_kit.errors import EtlError
from etl_kit.translation import _

TOO_MANY_REQUESTS = 429
UNAVAILABLE = 503
SERVER_ERRORS = range(500, 600)


class SourceTrouble(EtlError):
    """A source could not be read; `temporary` if another attempt may go better."""

    temporary = True


class NoAnswer(SourceTrouble):
    """The request got no whole answer: no connection, a time-out, a body cut short, or text that is no data."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(_("{place} gave no usable answer: {reason}").format(place=place, reason=reason))
        self.place = place
        self.reason = reason


class Overloaded(SourceTrouble):
    """The server asks for fewer requests or fails by itself (429, 5xx); `retry_after` is the wait it asks for."""

    def __init__(self, place: str, status: int, *, retry_after: timedelta | None = None) -> None:
        text = _("{place} answered with status {status}").format(place=place, status=status)
        if status == TOO_MANY_REQUESTS:
            text += "; " + _("an application token (ETL_SODA_APP_TOKEN) allows more requests")
        super().__init__(text)
        self.place = place
        self.status = status
        self.retry_after = retry_after


class Refused(SourceTrouble):
    """The server understood and said no (400, 403, 404…): the same request would be refused again."""

    temporary = False

    def __init__(self, place: str, status: int, message: str) -> None:
        super().__init__(
            _("{place} refused the request with status {status}: {message}").format(
                place=place, status=status, message=message
            )
        )
        self.place = place
        self.status = status


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often to try and how long to wait: doubling from `first_wait` up to `longest_wait`, with jitter.

    A server's own Retry-After goes first; one beyond `longest_asked` ends the attempts, because the task's time limit
    would be spent on waiting.
    """

    attempts: int = 5
    first_wait: timedelta = timedelta(seconds=1)
    longest_wait: timedelta = timedelta(seconds=30)
    longest_asked: timedelta = timedelta(minutes=3)

    def worth_another(self, trouble: BaseException) -> bool:
        """Whether to try again after `trouble`, attempts allowing."""
        if not isinstance(trouble, SourceTrouble) or not trouble.temporary:
            return False
        asked = trouble.retry_after if isinstance(trouble, Overloaded) else None
        return asked is None or asked <= self.longest_asked

    def wait_after(self, attempt: int, trouble: BaseException | None, jitter: float) -> timedelta:
        """The wait after failed `attempt` (the first is 1).

        Args:
            attempt: which one failed.
            trouble: how it failed.
            jitter: chance, from 0 to 1: from half of the wait to all of it, so that clients do not come back together.
        """
        asked = trouble.retry_after if isinstance(trouble, Overloaded) else None
        if asked is not None:
            return min(asked, self.longest_asked)
        doublings: int = 2 ** min(attempt - 1, 20)  # past any sensible cap, and short of timedelta's own
        return min(self.first_wait * doublings, self.longest_wait) * (0.5 + jitter / 2)


def read_retry_after(text: str | None, now: datetime) -> timedelta | None:
    """The wait a Retry-After header asks for: whole seconds or an HTTP date; None if there is none to be read.

    A date in the past means no wait. Source: RFC 9110, section 10.2.3.
    """
    if text is None:
        return None
    if re.fullmatch(r"\d{1,9}", text.strip()):
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(aware - now, timedelta(0))


def trouble_of_status(place: str, status: int, *, message: str, retry_after: timedelta | None) -> SourceTrouble:
    """What an answer with an error `status` means."""
    if status == TOO_MANY_REQUESTS or status in SERVER_ERRORS:
        return Overloaded(place, status, retry_after=retry_after)
    return Refused(place, status, message)
