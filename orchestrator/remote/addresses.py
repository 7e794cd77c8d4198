"""Where a server is, as somebody wrote it down, and the token that opens it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_

LOOPBACK = ("localhost", "::1")


@dataclass(frozen=True, kw_only=True)
class Address:
    """Of a server; `path` is what stands before every address of the API, without a slash at its end."""

    secure: bool
    host: str
    port: int | None
    path: str

    def __str__(self) -> str:
        """As it is told: nothing secret is ever in it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{'https' if self.secure else 'http'}://{host}{port}{self.path}"

    @property
    def open_to_listeners(self) -> bool:
        """Whether a token would travel over a network as clear text."""
        return not (self.secure or self.host in LOOPBACK or self.host.startswith("127."))


def read_address(text: str) -> Address:
    """The address that `text` means; raises UsageError, which never repeats it: there might be a token in it."""
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise _no_address() from None
    if "@" in parts.netloc:
        raise UsageError(
            N_("a server's address holds neither user nor password nor token: the place for a token is {name}"),
            name="ETL_SERVER_TOKEN",
        )
    plain = text.isascii() and text.isprintable() and " " not in text
    if parts.scheme not in {"http", "https"} or not host or not plain or parts.query or parts.fragment:
        raise _no_address()
    return Address(secure=parts.scheme == "https", host=host, port=port, path=parts.path.rstrip("/"))


def check_token(token: str, name: str) -> str:
    """`token` where it can be one; raises UsageError, which does not repeat it."""
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise UsageError(N_("what {name} holds is no token"), name=name)
    return token


def _no_address() -> UsageError:
    return UsageError(
        N_(
            "--server and ETL_SERVER want an address such as http://127.0.0.1:8001 or https://etl.example.org, "
            "with nothing behind its path"
        )
    )
