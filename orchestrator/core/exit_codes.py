"""What a process of ours tells its caller when it ends (semantics D3). Zero always means success."""

from enum import IntEnum

from orchestrator.core.states import ExecutionStatus


class ExitCode(IntEnum):
    """The table of D3."""

    SUCCESS = 0
    FAILED = 1
    USAGE = 2
    COMPLETED_WITH_ERRORS = 3
    NOT_FOUND = 4
    UNABLE = 5
    SERVER_UNREACHABLE = 6
    SIGINT = 130
    SIGTERM = 143


OF_STATUS = {
    ExecutionStatus.COMPLETED: ExitCode.SUCCESS,
    ExecutionStatus.FAILED: ExitCode.FAILED,
    ExecutionStatus.COMPLETED_WITH_ERRORS: ExitCode.COMPLETED_WITH_ERRORS,
    ExecutionStatus.CANCELLED: ExitCode.SIGINT,
    ExecutionStatus.INTERRUPTED: ExitCode.SIGTERM,
}
"""What `run` answers for an execution that stands there."""
