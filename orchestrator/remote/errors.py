"""What goes wrong between this machine and a server: each with the exit code of its kind (semantics D3)."""

from collections.abc import Sequence

from orchestrator.core.errors import NoSuchExecution, OrchestratorError, UsageError
from orchestrator.core.messages import N_


class ServerUnreachable(OrchestratorError):
    """No answer came from there (exit 6)."""

    def __init__(self, url: str, why: object, *, sent: bool = False) -> None:
        super().__init__(N_("the server {url} cannot be reached: {why}"), url=url, why=why)
        self.sent = sent
        """Whether the request may have arrived all the same."""


class PerhapsDone(ServerUnreachable):
    """The request may have arrived, but no answer came (exit 6)."""

    def __init__(self, url: str, why: object) -> None:
        OrchestratorError.__init__(
            self,
            N_("the server {url} did not answer: {why}; it may have done it all the same: see `etl status`"),
            url=url,
            why=why,
        )
        self.sent = True


class NoServerOfOurs(ServerUnreachable):
    """Something answers there that does not speak as our server does (exit 6)."""

    def __init__(self, url: str, why: object = "") -> None:
        OrchestratorError.__init__(
            self, N_("what answers at {url} is no server of this orchestrator ({why})"), url=url, why=why
        )
        self.sent = True


class NotUnderstood(NoServerOfOurs):
    """An answer of the right kind has not the shape that we know; asking again would change nothing (exit 6)."""


class RefusedByServer(UsageError):
    """The server refuses the request as it stands: nothing was started (exit 2)."""

    def __init__(self, status: int, kind: str, detail: str, places: Sequence[str] = ()) -> None:
        super().__init__(N_("the server refuses it: {detail}"), detail=_lines(detail, places))
        self.status = status
        self.kind = kind


class TokenRefused(RefusedByServer):
    """It asks for a token, or for another one (exit 2)."""

    def __init__(self, status: int, kind: str, detail: str, *, given: bool) -> None:
        template = (
            N_("the server does not accept the token of {names}: {detail}")
            if given
            else N_("the server asks for a token, and {names} are empty: {detail}")
        )
        UsageError.__init__(self, template, names=" / ".join(TOKEN_NAMES), detail=_lines(detail, ()))
        self.status = status
        self.kind = kind


class NothingThere(NoSuchExecution):
    """The server has nothing of that name (exit 4)."""

    def __init__(self, detail: str) -> None:
        OrchestratorError.__init__(self, N_("the server has no such thing: {detail}"), detail=_lines(detail, ()))
        self.execution_id = ""


class ServerUnable(OrchestratorError):
    """The server itself cannot do it now (exit 5)."""

    def __init__(self, status: int, detail: str, places: Sequence[str] = ()) -> None:
        super().__init__(N_("the server cannot do it now: {detail}"), detail=_lines(detail, places))
        self.status = status


TOKEN_NAMES = ("ETL_SERVER_TOKEN", "ETL_API_TOKEN")
"""Where a token is looked for, in this order; it is never an argument, nor part of an address (S16)."""


def _lines(detail: str, places: Sequence[str]) -> str:
    """The detail, and below it a line for each place; each stays one line, whatever the server sent."""
    return "\n  ".join(" ".join(text.split()) for text in (detail, *places))
