"""What stands in for Windows where job objects are tried: it knows the structures by offset only, as Windows does."""
# ruff: noqa: N802 - Windows names its functions like this

import ctypes
import struct

from orchestrator.executors.windows_job import Library

MEGABYTE = 1024 * 1024
SECOND = 10_000_000


class Windows:
    """kernel32 and ntdll: remembers what it was asked to do, and refuses what it is told to refuse."""

    def __init__(self, *refuses, pids=(), peak=0, user=0, kernel=0, dies_at_once=True):
        self.refuses = set(refuses)
        self.done = []
        self.limits = b""
        self.pids = list(pids)
        self.peak, self.times = peak, (user, kernel)
        self.dies_at_once = dies_at_once
        self.error = 0
        self.library = Library(kernel32=self, ntdll=self, last_error=lambda: self.error)

    def answer(self, name, *facts, good=1):
        self.done.append((name, *facts))
        self.error = 5 if name in self.refuses else 0
        return 0 if name in self.refuses else good

    def OpenProcess(self, rights, inherit, pid):
        return self.answer("open", pid, good=700)

    def CreateJobObjectW(self, attributes, name):
        return self.answer("create", good=900)

    def SetInformationJobObject(self, job, kind, address, size):
        self.limits = ctypes.string_at(address, size)
        return self.answer("limit", job, kind, size)

    def AssignProcessToJobObject(self, job, process):
        return self.answer("assign", job, process)

    def NtResumeProcess(self, process):
        return -1 if not self.answer("resume", process) else 0

    def GenerateConsoleCtrlEvent(self, event, group):
        return self.answer("break", event, group)

    def TerminateJobObject(self, job, code):
        if self.dies_at_once:
            self.pids = []
        self.dies_at_once = True
        return self.answer("terminate", job)

    def CloseHandle(self, handle):
        return self.answer("close", handle)

    def QueryInformationJobObject(self, job, kind, address, size, _written):
        if kind == 1:
            data = struct.pack("=qqqqIIII", *self.times, 0, 0, 0, 0, 0, 0)
        elif kind == 3:
            fits = self.pids[: (size - 8) // 8]
            data = struct.pack(f"=II{len(fits)}Q", len(self.pids), len(fits), *fits)
        else:
            data = bytes(136) + struct.pack("=Q", self.peak)
        ctypes.memmove(address, data, len(data))
        self.error = 234 if kind == 3 and len(fits) < len(self.pids) else 0
        return 0 if self.error or "query" in self.refuses else 1

    def names(self):
        return [name for name, *_ in self.done]
