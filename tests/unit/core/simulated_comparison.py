"""What a machine that was there knows, beside what the event log tells one that was not."""

from orchestrator.core.machine_state import Ending, MachineState
from orchestrator.core.states import TaskStatus

OF_EXECUTION = ("status", "open", "waiting", "live", "pools_held")
OF_RUN = ("attempts", "failures", "interruptions")
OF_ORDER = ("tally", "held")


def differences(live: MachineState, told: MachineState) -> list[str]:
    """Where the two do not say the same, and it matters for what is still to come.

    An execution whose time is over fails by the clock, not by the log, and a cancelled one has no other verdict.
    """
    if live.status.final:
        return _differences("it", live, told, ("status",))
    found = _differences("it", live, told, OF_EXECUTION)
    if live.ending in {None, Ending.STOP}:
        found += _differences("it", live, told, ("critical_failure", "errors"))
    if live.ending is None:  # a failure in the middle of a stop halts what goes on after it
        found += _differences("it", live, told, ("halted_by",))
    for task_id, run in live.runs.items():
        there = told.runs[task_id]
        if run is there:
            continue
        found += _differences(task_id, run, there, ("status",))
        if not run.status.final:
            found += _differences(task_id, run, there, OF_RUN)
            if live.ending in {None, Ending.STOP}:
                found += _differences(task_id, run, there, OF_ORDER)
        if run.status is TaskStatus.INTERRUPTED:
            found += _differences(task_id, run, there, ("cut_short",))
    return found


def _differences(name: str, live: object, told: object, fields: tuple[str, ...]) -> list[str]:
    return [
        f"{name}.{field}: {getattr(told, field)!r}, not {getattr(live, field)!r}"
        for field in fields
        if getattr(live, field) != getattr(told, field)
    ]
