"""The event log as a chain: each event's hash holds the one before it, so that nothing can be lost or changed unseen.

It finds what a disk, a copy or a careless hand does to a log. Whoever may write the database can compute it anew.
"""

from collections.abc import Sequence
from hashlib import sha256
from itertools import zip_longest

from orchestrator.stores.records import Row


def link(previous: str, *, execution_id: str, seq: int, at: str, text: str) -> str:
    """The chain of an event: sha256, in hex, over that of the event before it and this one's texts as they are stored.

    `previous` is "" for the first event, and for the first one after events that were stored without a chain; the
    execution's id stands in for it, so that no log passes for another's.
    """
    return sha256(f"{previous or execution_id}\n{seq}\n{at}\n{text}".encode()).hexdigest()


def first_fault(rows: Sequence[Row], *, execution_id: str, start: int, last_seq: int, last_chain: str) -> int | None:
    """Number of the first event that is missing or is not as it was stored; None where the rows are sound.

    `rows` are the log from event `start` on (1 or higher); `last_seq` and `last_chain` are what the execution says of
    its end. The link into `start` itself is not tested, unless it is the first event of all. Events without a chain
    are older than the chain, so they may only stand before those that have one.
    """
    previous = "" if start == 1 else None
    for expected, row in zip_longest(range(start, last_seq + 1), rows):
        if expected is None or row is None or row["seq"] != expected:
            return row["seq"] if expected is None else expected
        chain: str = row["chain"]
        if previous is not None and (chain or previous):
            texts = {"at": row["at"], "text": row["move"]}
            if chain != link(previous, execution_id=execution_id, seq=expected, **texts):
                return expected
        previous = chain
    told = previous is None or previous == last_chain
    return None if told else last_seq
