"""State stores: `open_store` finds the one that an address asks for, `open_upkeep` who looks after it."""

from pathlib import Path

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.core.storing import AttemptLogs, Store, Upkeep

KNOWN = ("memory://", "sqlite:///<absolute path>")


def open_store(url: str) -> Store:
    """Open the store at `url`: `memory://` (new and empty) or `sqlite:///<absolute path>` (made where it is missing).

    The path is taken letter by letter, without %-escapes: `f"sqlite:///{path}"` is always right.
    Raises UsageError for any other address, StoreUnusable where the file cannot serve.
    """
    backend, place = _backend(url)
    if backend == "memory":
        from orchestrator.stores.memory import MemoryStore  # noqa: PLC0415 - each backend costs only who asks for it

        return MemoryStore()
    from orchestrator.stores.connecting import path_in_url  # noqa: PLC0415 - sqlite3 is not imported for nothing
    from orchestrator.stores.sqlite import SqliteStore  # noqa: PLC0415

    return SqliteStore(path_in_url(place))


def open_upkeep(url: str) -> Upkeep:
    """Who checks, copies and prunes the store at `url`, an address as for `open_store`.

    Nothing is opened before it is asked for something, and it may look at a file that no store would open. That of
    `memory://` is new and empty: a MemoryStore is its own upkeep. Raises UsageError for any other address.
    """
    backend, place = _backend(url)
    if backend == "memory":
        from orchestrator.stores.memory import MemoryStore  # noqa: PLC0415

        return MemoryStore()
    from orchestrator.stores.connecting import path_in_url  # noqa: PLC0415
    from orchestrator.stores.upkeep import SqliteUpkeep  # noqa: PLC0415

    return SqliteUpkeep(path_in_url(place))


def open_attempt_logs(home: Path) -> AttemptLogs:
    """The logs of attempts that were made in `home`, which is ETL_HOME."""
    from orchestrator.stores.attempt_log_files import AttemptLogFiles  # noqa: PLC0415

    return AttemptLogFiles(home)


def _backend(url: str) -> tuple[str, str]:
    """Kind and place of a store; raises UsageError for an address of no known kind."""
    scheme, separator, place = url.partition("://")
    if separator and (scheme == "memory" or (scheme == "sqlite" and place.strip("/"))):
        return scheme, place
    # only the scheme is quoted: the rest of a database's address may hold a password
    raise UsageError(
        N_("no state store has an address that starts with {scheme!r}; known are {known}"),
        scheme=f"{scheme[:20]}://" if separator else url[:20],
        known=", ".join(KNOWN),
    )
