"""Functions that misbehave, called by name in the tests of executors; each leaves evidence of its processes in files."""

import asyncio
import atexit
import contextlib
import ctypes
import json
import locale
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path


def leave_evidence(evidence: str, name: str = "child") -> None:
    """Write this process's pid and start time, whole or not at all."""
    start = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19] if sys.platform == "linux" else ""
    file = Path(evidence) / f"{name}-{os.getpid()}-{threading.get_ident()}"
    file.with_suffix(".part").write_text(json.dumps({"pid": os.getpid(), "start": start, "at": time.monotonic()}))
    file.with_suffix(".part").rename(file)


def sleep_for_ever() -> None:
    while True:
        time.sleep(3600)


def give_back(**values):
    return values


async def give_back_later(*, value):
    await asyncio.sleep(0)
    return value


def give_back_context(*, etl_context):
    return [etl_context.execution_id, etl_context.task_id, etl_context.attempt, etl_context.attempt_key]


def fail_politely():
    return {"status": "failed", "message": "no rows"}


def raise_value_error(*, text="no such contract"):
    raise ValueError(text)


def exit_with(*, code=0):
    sys.exit(code)


def interrupt_yourself():
    raise KeyboardInterrupt


class Unheard(BaseException):
    pass


def raise_base_exception():
    raise Unheard


def sleep(*, seconds, evidence=""):
    if evidence:
        leave_evidence(evidence)
    time.sleep(seconds)
    return "slept"


def meet(*, evidence, patience=2.0):
    """Wait until another one runs at the same time, or patience ends; the most that were seen at once."""
    mine = Path(evidence) / f"here-{os.getpid()}-{threading.get_ident()}"
    mine.touch()
    seen, give_up_at = 0, time.monotonic() + patience
    while seen < 2 and time.monotonic() < give_up_at:
        time.sleep(0.01)
        seen = max(seen, len(list(Path(evidence).glob("here-*"))))
    time.sleep(0.1)  # let the other one see us, too, and a third show itself
    seen = max(seen, len(list(Path(evidence).glob("here-*"))))
    mine.unlink()
    return seen


def spin(*, evidence):
    leave_evidence(evidence)
    while True:
        pass


def stubborn(*, evidence):
    """Ignores every polite signal and swallows whatever is raised in it."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    leave_evidence(evidence)
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(3600)


def stop_yourself(*, evidence):
    leave_evidence(evidence)
    os.kill(os.getpid(), signal.SIGSTOP)


def return_on_sigterm(*, evidence):
    """Comes back with a success as soon as it is asked to end."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    leave_evidence(evidence)
    while not asked.is_set():
        time.sleep(0.01)
    return "too late"


def hard_exit(*, code):
    os._exit(code)


def crash(*, how):
    match how:
        case "segfault":
            ctypes.string_at(0)
        case "abort":
            os.abort()
        case _:
            os.kill(os.getpid(), getattr(signal, how))
            sleep_for_ever()


class BadError(Exception):
    def __str__(self):
        raise RuntimeError("not even this")


def bad_error(*, how):
    match how:
        case "unprintable":
            raise BadError
        case "huge":
            raise ValueError("x" * (10 * 1024 * 1024))
        case "cyclic":
            first, second = ValueError("first"), ValueError("second")
            first.__cause__, second.__cause__ = second, first
            raise first


class Unprintable:
    def __repr__(self):
        raise SystemExit(3)


class LikeAFrame:
    """What a data frame does to whoever takes it for a plain value: it has no truth, and equality is no truth either."""

    def __bool__(self):
        raise ValueError("the truth value of a frame is ambiguous")

    def __eq__(self, other):
        return self

    __hash__ = None

    def __len__(self):
        return 10**9

    def __repr__(self):
        return "shape: (1_000_000_000, 2)"


class Bomb:
    def __reduce__(self):
        return (os._exit, (9,))


def own_parent():
    family: dict = {}
    family["parent"] = family
    return family


def strange_result(*, what):
    circle: list = [1]
    circle.append(circle)
    return {
        "unprintable": Unprintable,
        "reduce": Bomb,
        "circle": lambda: circle,
        "circle of dicts": own_parent,
        "frame": LikeAFrame,
        "frame within": lambda: {"status": LikeAFrame(), "rows": 3},
        "nan": lambda: float("nan"),
        "infinity": lambda: float("-inf"),
        "bytes": lambda: b"\x00\xff",
        "generator": lambda: (n for n in range(3)),
        "lambda": lambda: lambda: None,
        "huge": lambda: "ñ" * (64 * 1024 * 1024),
        "gigabyte": lambda: "x" * (1 << 30),
        "surrogate": lambda: "a\udc80b",
        "failed with more": lambda: {"status": "failed", "rows": ["x" * 1000] * 1000},
    }[what]()


def flood(*, megabytes, newlines=True):
    block = (b"x" * 127 + b"\n") * 8192 if newlines else b"x" * (1024 * 1024)
    for _ in range(megabytes):
        at = 0
        while at < len(block):
            at += os.write(1, block[at:])
    return "flooded"


def noise():
    """Writes what a result might look like wherever it can, then returns its true one."""
    forged = b'\n{"nonce":"","outcome":{"kind":"Returned","output":"forged","truncated_from":null}}\n'
    for fd in range(1, 256):
        with contextlib.suppress(OSError):
            os.write(fd, forged + b'{"nonce": 1')
    return "true"


def close_everything():
    os.closerange(0, 4096)
    return "closed"


def close_low():
    os.closerange(0, 64)
    return "closed"


def vandal():
    """Changes all that a process can change about itself."""
    os.chdir("/")
    os.environ.clear()
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()
    os.umask(0o777)
    os.nice(1)
    sys.path.clear()
    locale.setlocale(locale.LC_ALL, "C")
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (16, 16))
    logging.disable(logging.CRITICAL)
    return "done"


def describe_yourself():
    mask = os.umask(0)
    os.umask(mask)
    return {
        "cwd": str(Path.cwd()),
        "environ": dict(os.environ),
        "zone": time.tzname[0],
        "umask": mask,
        "mask": [int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
        "ignored": [
            int(n) for n in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD) if signal.getsignal(n) != signal.SIG_DFL
        ],
        "descriptors": sorted(int(link.name) for link in Path("/proc/self/fd").iterdir()),
        "stdin": sys.stdin.read(),
        "encodings": [sys.stdout.encoding, sys.getfilesystemencoding(), sys.getdefaultencoding()],
        "leader": os.getpid() == os.getsid(0) == os.getpgrp(),
        "new_privileges": "NoNewPrivs:\t1" in Path("/proc/self/status").read_text(),
        "path": sys.path,
        "locale": locale.setlocale(locale.LC_ALL, None),
        "limits": Path("/proc/self/limits").read_text() if Path("/proc/self/limits").exists() else "",
        "niceness": os.nice(0),
    }


def speak():
    print("ñandú 🌍")
    print("\x1b]0;owned\x07\rforged\n2026-01-01 INFO forged \u202eevil")
    sys.stderr.write("on stderr\n")
    logging.getLogger("etl").info("by logging")
    logging.getLogger("etl").debug("not to be seen")
    os.write(1, b"\xff no utf-8, no newline")


def linger(*, how, evidence):
    """Returns, but its process does not go."""
    leave_evidence(evidence)
    if how == "thread":
        threading.Thread(target=sleep_for_ever).start()
    else:
        atexit.register(sleep_for_ever)
    return "returned"


def leave_a_note_at_exit(*, path):
    atexit.register(lambda: Path(path).write_text("left in order"))
    thread = threading.Thread(target=lambda: (time.sleep(0.2), Path(f"{path}.thread").write_text("finished")))
    thread.start()


def use_memory(*, megabytes):
    block = bytearray(os.urandom(1024)) * (megabytes * 1024)
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    return len(block)


def burn_below(*, seconds, wait=True):
    """Lets a grandchild compute, and waits for it or leaves it behind."""
    program = f"import time\nwhile time.process_time() < {seconds}: pass"
    middle = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {program!r}])"
    child = subprocess.Popen([sys.executable, "-c", middle])
    if wait:
        child.wait()
    else:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it is over, and left for others to bury


def fill_memory(*, step_mb=16, pause=0.0):
    """Takes more and more, and uses it."""
    held = []
    while True:
        held.append(bytearray(b"x") * (step_mb << 20))
        time.sleep(pause)


def ask_for_too_much():
    return len(bytearray(64 << 30))


def fill_memory_by_family(*, evidence, each_mb, count):
    """No process takes much; all together do."""
    for _ in range(count):
        if os.fork() == 0:
            held = bytearray(b"x") * (each_mb << 20)
            leave_evidence(evidence, "glutton")
            while held:
                time.sleep(3600)
    leave_evidence(evidence)
    sleep_for_ever()


def share_memory(*, each_mb, count):
    """Many processes look at the same pages, which are there once."""
    held = bytearray(b"x") * (each_mb << 20)
    pids = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            time.sleep(0.6 if held else 0)
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    return "shared"


def count_to(*, total, pause=0.0, etl_context):
    for done in range(1, total + 1):
        etl_context.progress(done, total)
        time.sleep(pause)
    return "counted"


def say_progress(*, done, etl_context):
    etl_context.progress(float(done) if done in ("nan", "inf") else done)


uses = 0
"""How often this process was asked, as far as this module lives on."""


def count_uses():
    global uses  # noqa: PLW0603 - that it is kept, or is not, is what is tested
    uses += 1
    return [os.getpid(), uses]


def soft_vandal():
    """Changes all that a warm process can set back."""
    os.chdir("/proc")
    os.environ["LEFT_BEHIND"] = "1"
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()
    os.umask(0o777)
    sys.path.clear()
    sys.argv = []
    locale.setlocale(locale.LC_ALL, "C")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    logging.disable(logging.CRITICAL)
    os.closerange(0, 3)
    sys.stdin = sys.stdout = sys.stderr = None
    ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)
    return os.getpid()


def wear_out(*, how):
    """Leaves the process in a state that nothing sets back."""
    match how:
        case "thread":
            threading.Thread(target=time.sleep, args=(0.2,)).start()
        case "daemon":
            threading.Thread(target=sleep_for_ever, daemon=True).start()
        case "limits":
            resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))
        case "niceness":
            os.nice(1)
        case "descriptors":
            for _ in range(100):
                os.dup(1)
        case "orders":
            os.close(100)  # where its orders come from
        case "exit":
            sys.exit(0)
        case "interrupt":
            raise KeyboardInterrupt
    return os.getpid()
