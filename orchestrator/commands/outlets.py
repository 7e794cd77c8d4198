"""Where the result of an execution goes besides the terminal: a JUnit file, and what GitHub Actions shows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator.commands.github import annotate, append_summary, failures_annotated, on_github
from orchestrator.commands.printing import tell_error
from orchestrator.core.errors import HomeUnusable
from orchestrator.core.executions import TaskRun
from orchestrator.core.exit_codes import ExitCode
from orchestrator.core.outcomes import JSON


def hand_over(
    report: Mapping[str, JSON], runs: Sequence[TaskRun], *, code: int, junit: Path | None, config: Path | None = None
) -> int:
    """Write the JUnit file if one was asked for; on GitHub, annotations and the summary of the job.

    Gives the exit code: `code`, or 5 where the file that was asked for could not be written.
    """
    if on_github():
        annotate(failures_annotated(report, config))
        append_summary(report, runs)
    if junit is None:
        return code
    from orchestrator.listeners.junit_file import write_junit

    try:
        write_junit(junit, report)
    except HomeUnusable as trouble:
        tell_error(trouble)
        return ExitCode.UNABLE
    return code
