"""Job objects of Windows: one holds an attempt's process with all it starts, and ends with its owner.

Everything is called through a `Library`, so that this module can be imported, and tried with a stand-in, everywhere.

Source: the documentation of the Windows API, "Job Objects" and "Nested Jobs", and of winnt.h for the structures.
"""

import contextlib
import ctypes
import sys
import time
from collections.abc import Callable
from ctypes import addressof, c_int64, c_size_t, c_uint32, c_uint64, c_void_p, sizeof
from dataclasses import dataclass
from typing import Any, ClassVar

from orchestrator.core.outcomes import Usage

CREATION_FLAGS = 0x00000004 | 0x00000200
"""CREATE_SUSPENDED, so that nothing runs before it is in its job; CREATE_NEW_PROCESS_GROUP, for CTRL+BREAK to reach it,
and for the CTRL+C of whoever sits at the console not to."""

LIMIT_JOB_MEMORY = 0x0200
LIMIT_DIE_ON_UNHANDLED_EXCEPTION = 0x0400
LIMIT_KILL_ON_JOB_CLOSE = 0x2000
BASIC_ACCOUNTING, PROCESS_IDS, EXTENDED_LIMITS = 1, 3, 9
"""Kinds of information about a job (JOBOBJECTINFOCLASS)."""
PROCESS_RIGHTS = 0x0001 | 0x0100 | 0x0800
"""PROCESS_TERMINATE and PROCESS_SET_QUOTA to put a process into a job, PROCESS_SUSPEND_RESUME to let it run."""
CTRL_BREAK_EVENT = 1
ERROR_MORE_DATA = 234
KILLED = 1
"""The exit code of what is killed."""
TICKS = 10_000_000
"""A second, in the units of Windows' accounts."""
ROOM = 64
LOOK = 0.02
MARGIN = 64 * 1024 * 1024

HANDLE, DWORD, SIZE = c_void_p, c_uint32, c_size_t  # not those of ctypes.wintypes, which are longer elsewhere
SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "CreateJobObjectW": (HANDLE, [c_void_p, c_void_p]),
    "SetInformationJobObject": (c_uint32, [HANDLE, c_uint32, c_void_p, DWORD]),
    "QueryInformationJobObject": (c_uint32, [HANDLE, c_uint32, c_void_p, DWORD, c_void_p]),
    "OpenProcess": (HANDLE, [DWORD, c_uint32, DWORD]),
    "AssignProcessToJobObject": (c_uint32, [HANDLE, HANDLE]),
    "TerminateJobObject": (c_uint32, [HANDLE, c_uint32]),
    "GenerateConsoleCtrlEvent": (c_uint32, [DWORD, DWORD]),
    "CloseHandle": (c_uint32, [HANDLE]),
}
"""What each function of kernel32 returns (nothing, zero, where it fails) and takes; a handle needs all its 64 bits."""


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_: ClassVar = [
        ("PerProcessUserTimeLimit", c_int64),
        ("PerJobUserTimeLimit", c_int64),
        ("LimitFlags", DWORD),
        ("MinimumWorkingSetSize", SIZE),
        ("MaximumWorkingSetSize", SIZE),
        ("ActiveProcessLimit", DWORD),
        ("Affinity", SIZE),
        ("PriorityClass", DWORD),
        ("SchedulingClass", DWORD),
    ]


class IoCounters(ctypes.Structure):
    """IO_COUNTERS."""

    _fields_: ClassVar = [
        ("ReadOperationCount", c_uint64),
        ("WriteOperationCount", c_uint64),
        ("OtherOperationCount", c_uint64),
        ("ReadTransferCount", c_uint64),
        ("WriteTransferCount", c_uint64),
        ("OtherTransferCount", c_uint64),
    ]


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_: ClassVar = [
        ("BasicLimitInformation", BasicLimits),
        ("IoInfo", IoCounters),
        ("ProcessMemoryLimit", SIZE),
        ("JobMemoryLimit", SIZE),
        ("PeakProcessMemoryUsed", SIZE),
        ("PeakJobMemoryUsed", SIZE),
    ]


class BasicAccounting(ctypes.Structure):
    """JOBOBJECT_BASIC_ACCOUNTING_INFORMATION; those that have ended are counted in."""

    _fields_: ClassVar = [
        ("TotalUserTime", c_int64),
        ("TotalKernelTime", c_int64),
        ("ThisPeriodTotalUserTime", c_int64),
        ("ThisPeriodTotalKernelTime", c_int64),
        ("TotalPageFaultCount", DWORD),
        ("TotalProcesses", DWORD),
        ("ActiveProcesses", DWORD),
        ("TotalTerminatedProcesses", DWORD),
    ]


class Refused(Exception):
    """The process runs, but in no job: Windows would not make one, or not put the process into it."""


class Failed(OSError):
    """A function of Windows did not do what it was asked to."""

    def __init__(self, function: str, code: int) -> None:
        super().__init__(f"{function} failed with Windows' error {code}")
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Library:
    """The functions of Windows that are called here."""

    kernel32: Any
    ntdll: Any
    last_error: Callable[[], int]

    def call(self, name: str, *arguments: object) -> int:
        """Call a function of kernel32. Raises Failed where it fails."""
        result = getattr(self.kernel32, name)(*arguments)
        if not result:
            raise Failed(name, self.last_error())
        return int(result)


def load_library() -> Library:
    """The functions as Windows has them. Raises OSError elsewhere."""
    if sys.platform == "win32":
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        ntdll = ctypes.WinDLL("ntdll")
        for name, (returns, takes) in SIGNATURES.items():
            function = getattr(kernel32, name)
            function.restype, function.argtypes = returns, takes
        ntdll.NtResumeProcess.restype, ntdll.NtResumeProcess.argtypes = ctypes.c_int32, [HANDLE]
        return Library(kernel32=kernel32, ntdll=ntdll, last_error=ctypes.get_last_error)
    else:  # noqa: RET505 - mypy leaves out only what stands in the other branch
        raise OSError("only Windows has job objects")


def run_in_job(pid: int, *, memory_limit: int | None, library: Library) -> "Job":
    """Put the suspended process `pid` into a job of its own, with `memory_limit` in bytes, and let it run.

    It has not run an instruction before, so nothing it starts can be outside. Whoever calls holds a handle of the
    process, so the pid is its own. Raises Refused where it runs without a job, OSError where it does not run.
    """
    process = library.call("OpenProcess", PROCESS_RIGHTS, 0, pid)
    job, refusal = None, None
    try:
        job = _job_around(process, pid, memory_limit, library)
    except OSError as error:
        refusal = error
    try:
        _resume(process, library)
    except OSError:
        if job is not None:
            job.close()
        raise
    finally:
        library.kernel32.CloseHandle(process)
    if job is None:
        raise Refused(str(refusal)) from refusal
    return job


class Job:
    """What an attempt has started, as Windows itself counts it: nothing leaves a job, nothing outlives its handle."""

    def __init__(self, pid: int, *, memory_limit: int | None, library: Library) -> None:
        """An empty job, for process `pid`, the first of its console group. Raises OSError."""
        self._pid = pid
        self._library = library
        self.handle = library.call("CreateJobObjectW", None, None)  # nobody inherits it, so it is ours alone
        limits = ExtendedLimits()
        # No leave to break away. An unhandled exception ends the process: no dialog that waits for somebody to click.
        limits.BasicLimitInformation.LimitFlags = LIMIT_KILL_ON_JOB_CLOSE | LIMIT_DIE_ON_UNHANDLED_EXCEPTION
        if memory_limit is not None:
            # Beyond this, requests are refused. The limit itself is kept by whoever looks, who also says why it ended.
            limits.BasicLimitInformation.LimitFlags |= LIMIT_JOB_MEMORY
            limits.JobMemoryLimit = memory_limit + max(MARGIN, memory_limit // 4)
        try:
            library.call("SetInformationJobObject", self.handle, EXTENDED_LIMITS, addressof(limits), sizeof(limits))
        except OSError:
            self.close()
            raise

    @property
    def usage(self) -> Usage:
        """Processor time and the most memory committed at once, of all that was ever in it."""
        try:
            times = self._ask(BASIC_ACCOUNTING, BasicAccounting())
            return Usage(
                cpu_seconds=(times.TotalUserTime + times.TotalKernelTime) / TICKS, peak_memory_bytes=self._peak()
            )
        except OSError:
            return Usage()

    def look(self) -> int:
        """The most bytes that it has had at once up to now: committed ones, since Windows promises no others."""
        try:
            return self._peak()
        except OSError:
            return 0

    def pids(self) -> tuple[int, ...]:
        """Who is in it now. Raises OSError."""
        room = ROOM
        while True:
            ids = _process_ids(room)
            try:
                self._ask(PROCESS_IDS, ids)
            except Failed as error:
                if error.code != ERROR_MORE_DATA:
                    raise
                room = max(2 * room, ids.assigned)
            else:
                return tuple(ids.pids[: ids.listed])

    def terminate(self) -> None:
        """Ask its console group to end, by CTRL+BREAK; without a console nobody hears it, and the kill must do."""
        self._library.kernel32.GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, self._pid)

    def kill(self, within: float) -> None:
        """Kill all in it; returns when nothing is left, at the latest after `within` seconds."""
        give_up_at = time.monotonic() + within
        while True:
            self._library.kernel32.TerminateJobObject(self.handle, KILLED)
            with contextlib.suppress(OSError):
                if not self.pids():
                    return
            if time.monotonic() >= give_up_at:
                return
            time.sleep(LOOK)

    def close(self) -> None:
        """Let go of it, which kills what is left. Calling it twice does no harm."""
        handle, self.handle = self.handle, 0
        if handle:
            self._library.kernel32.CloseHandle(handle)

    def _peak(self) -> int:
        return int(self._ask(EXTENDED_LIMITS, ExtendedLimits()).PeakJobMemoryUsed)

    def _ask(self, kind: int, answer: Any) -> Any:
        if not self.handle:
            raise OSError("the job was let go of")  # no handle would mean the job that we are in ourselves
        self._library.call("QueryInformationJobObject", self.handle, kind, addressof(answer), sizeof(answer), None)
        return answer


def _job_around(process: int, pid: int, memory_limit: int | None, library: Library) -> Job:
    """A job with the process in it. Raises OSError."""
    job = Job(pid, memory_limit=memory_limit, library=library)
    try:
        library.call("AssignProcessToJobObject", job.handle, process)
    except OSError:
        job.close()
        raise
    return job


def _resume(process: int, library: Library) -> None:
    """Let it run. Raises OSError.

    `subprocess` keeps no handle of the thread, which ResumeThread would need. NtResumeProcess resumes all threads of a
    process and is what debuggers and process explorers have used for as long as there is Windows NT, though Microsoft
    documents it for nobody.
    """
    status = library.ntdll.NtResumeProcess(process)
    if status < 0:
        raise OSError(f"NtResumeProcess failed with status {status & 0xFFFFFFFF:#010x}")


def _process_ids(room: int) -> Any:
    """JOBOBJECT_BASIC_PROCESS_ID_LIST with room for so many."""
    fields = [("assigned", DWORD), ("listed", DWORD), ("pids", SIZE * room)]
    return type("ProcessIds", (ctypes.Structure,), {"_fields_": fields})()
