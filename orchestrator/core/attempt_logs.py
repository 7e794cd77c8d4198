"""Where the log of an attempt is kept: names built from our own numbers only, never from what a task is called."""

from orchestrator.core.identity import AttemptKey


def attempt_log_name(attempt: AttemptKey, position: int) -> str:
    """Path relative to the state folder: `attempts/<execution id>/<position>.<index>-<number>.log`."""
    index = "" if attempt.run.index is None else f".{attempt.run.index}"
    return f"attempts/{attempt.run.execution_id}/{position:04d}{index}-{attempt.number}.log"
