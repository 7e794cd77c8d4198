"""The address of a warehouse on a server: shown without its secrets, and what went wrong there in our own words."""

import re
from typing import Final
from urllib.parse import urlsplit

from etl_kit.errors import EtlError, Unmendable
from etl_kit.translation import _

HIDDEN: Final = "postgresql://***"

_HOST = re.compile(r"[A-Za-z0-9_.-]*|[0-9a-fA-F:]+")
_DATABASE = re.compile(r"/?|/[\w.-]+")


class WarehouseUnreachable(EtlError):
    """Nobody answers at the address of the warehouse, or does not let us in; `reason` is in our own words."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            _("the warehouse {place} cannot be reached: {reason}; look at ETL_WAREHOUSE_URL").format(
                place=place, reason=reason
            )
        )
        self.place = place
        self.reason = reason


class WarehouseRefused(EtlError):
    """The database refused what a load or a reader asked for; nothing was changed."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            _("the warehouse {place} refused: {reason}; it stays as it was").format(place=place, reason=reason)
        )
        self.place = place
        self.reason = reason


class MissingDriver(Unmendable):
    """A warehouse on PostgreSQL was asked for, and psycopg is not installed."""

    def __init__(self) -> None:
        super().__init__(
            _("ETL_WAREHOUSE_URL needs the PostgreSQL driver; install it with: pip install .[postgres]"),
        )


def shown(url: str) -> str:
    """The address without user, password and options.

    An unescaped `@`, `/`, `#` or `?` inside a password shifts all the parts that follow, so an address that looks
    like that is not shown at all.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return HIDDEN
    rest = url.partition("://")[2].removeprefix(parts.netloc)
    if "@" in rest or parts.netloc.count("@") > 1 or not _HOST.fullmatch(host) or not _DATABASE.fullmatch(parts.path):
        return HIDDEN
    return f"postgresql://{host}{'' if port is None else f':{port}'}{parts.path}"


def why_unreachable(sqlstate: str | None, text: str) -> str:
    """Why a connection failed, in words of ours: the driver's text may repeat parts of a password.

    Args:
        sqlstate: the server's code if it answered.
        text: what the driver says; only looked through for known words.
    """
    by_code = {
        "28P01": _("the password is wrong"),
        "28000": _("the server does not let this user in"),
        "3D000": _("there is no such database"),
        "53300": _("the server has too many connections"),
        "57P03": _("the server is just starting or stopping"),
    }
    by_words = {
        "password authentication failed": by_code["28P01"],
        "no password supplied": _("the server wants a password"),
        "pg_hba.conf": by_code["28000"],
        "too many": by_code["53300"],
        "starting up": by_code["57P03"],
        "does not exist": _("there is no such database or user"),
        "translate host name": _("its host name is not known"),
        "name or service": _("its host name is not known"),
        "timeout": _("it did not answer in time"),
        "refused": _("nobody listens there"),
        "no such file": _("nobody listens there"),
        "ssl": _("no secure connection could be made"),
    }
    if sqlstate in by_code:
        return by_code[sqlstate]
    found = (words for sign, words in by_words.items() if sign in text.lower())
    return next(found, _("the connection failed"))
