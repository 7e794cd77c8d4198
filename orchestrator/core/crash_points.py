"""Places at which tests may end, fail or delay this process: passing one does nothing unless somebody armed it.

Only `arm` is stateful, and only a test's environment leads to it (faults.md, section 1).
"""

from collections.abc import Callable

POINTS = tuple(
    f"{when}_{what}"
    for what in (
        "run_insert",
        "claim",
        "spawn",
        "child_start_recorded",
        "result_received",
        "completion_written",
        "report_tmp_written",
        "report_renamed",
        "lease_renew",
        "cancel_recorded",
    )
    for when in ("before", "after")
)

_strike: Callable[[str], None] | None = None


def arm(strike: Callable[[str], None] | None) -> None:
    """From now on `strike` hears of each point that is passed; None disarms."""
    global _strike  # noqa: PLW0603 - the one switch, off in every process that no test started
    _strike = strike


def passing(point: str) -> None:
    """Say that the program stands at `point`, one of POINTS."""
    if _strike is not None:
        _strike(point)
