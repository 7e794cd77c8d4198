"""State stores: `open_store` finds the one that an address asks for."""

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.core.ports import Store

KNOWN = ("memory://", "sqlite:///<absolute path>")


def open_store(url: str) -> Store:
    """Open the store at `url`: `memory://` (new and empty) or `sqlite:///<absolute path>` (made where it is missing).

    The path is taken letter by letter, without %-escapes: `f"sqlite:///{path}"` is always right.
    Raises UsageError for any other address, StoreUnusable where the file cannot serve.
    """
    scheme, separator, place = url.partition("://")
    if separator and scheme == "memory":
        from orchestrator.stores.memory import MemoryStore  # noqa: PLC0415 - each backend costs only who asks for it

        return MemoryStore()
    if separator and scheme == "sqlite" and place.strip("/"):
        from orchestrator.stores.connecting import path_in_url  # noqa: PLC0415 - sqlite3 is not imported for nothing
        from orchestrator.stores.sqlite import SqliteStore  # noqa: PLC0415

        return SqliteStore(path_in_url(place))
    # only the scheme is quoted: the rest of a database's address may hold a password
    raise UsageError(
        N_("no state store has an address that starts with {scheme!r}; known are {known}"),
        scheme=f"{scheme[:20]}://" if separator else url[:20],
        known=", ".join(KNOWN),
    )
