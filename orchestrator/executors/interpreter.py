"""One call in a process of its own: set the interpreter up as the call wants it, perform, report, leave in order."""

import atexit
import contextlib
import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from orchestrator.core.outcomes import NotCallable, Outcome
from orchestrator.executors.calling import Target, perform
from orchestrator.executors.progress import Tell
from orchestrator.executors.source_loading import source_sha256
from orchestrator.executors.wire import encode, outcome_to_wire

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def prepare_and_perform(call: Mapping[str, Any], tell: Tell) -> Outcome:
    """Set up the interpreter for the call's function and perform it; for a process that does nothing else meanwhile.

    `tell` hears of the task's progress.
    """
    sys.path[:] = module_search_path(call["search_path"], call["environment"], sys.path)
    os.environ.clear()
    os.environ.update(call["environment"])
    if hasattr(time, "tzset"):
        time.tzset()
    sys.argv = [call["function_name"]]
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - lives as long as the process
    sys.stdout = _line_writer(1)
    sys.stderr = _line_writer(2)
    faulthandler.enable(file=2)
    log_to_stderr_unless_configured()
    if call["working_directory"]:
        try:
            os.chdir(call["working_directory"])
        except OSError as error:
            return NotCallable(error_type="import_error", message=f"the working directory cannot be entered: {error}")
    outcome = perform(target_of(call), tell)
    _show_traceback(outcome)
    return outcome


def target_of(call: Mapping[str, Any]) -> Target:
    """What is to be called, of a call as it travels."""
    return Target(
        module_path=call["module_path"],
        function_name=call["function_name"],
        parameters=call["parameters"],
        search_path=call["search_path"],
        allowed_modules=call["allowed_modules"],
        execution_id=call["execution_id"],
        task_id=call["task_id"],
        index=call["index"],
        number=call["number"],
    )


def module_search_path(front: Sequence[str], environment: Mapping[str, str], interpreter: Sequence[str]) -> list[str]:
    """The call's folders, those of PYTHONPATH as any Python would take them, and the interpreter's own."""
    own = [folder for folder in environment.get("PYTHONPATH", "").split(os.pathsep) if folder]
    return list(dict.fromkeys([*front, *own, *interpreter]))


def log_to_stderr_unless_configured() -> None:
    """Let INFO and above reach stderr through `logging.lastResort`, which any handler that a task adds replaces."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    logging.lastResort = handler
    logging.getLogger().setLevel(logging.INFO)


def report(result: int, nonce: str, call: Mapping[str, Any], outcome: Outcome) -> None:
    """Write the outcome of `call`, and which code it was, into the private descriptor."""
    _flush()
    try:
        _say(result, nonce, outcome=outcome_to_wire(outcome), code=source_sha256(call["module_path"]))
    except OSError:
        os._exit(1)  # the task closed the channel: to the supervisor this is an exit without a result


def report_rest(result: int, nonce: str) -> None:
    """Say that this process is ready for its next call; after the outcome. Raises OSError."""
    _say(result, nonce, rests=True)


def teller(result: int, nonce: str) -> Tell:
    """Who passes the task's progress on through the private descriptor."""

    def tell(done: float, total: float | None) -> None:
        with contextlib.suppress(OSError):  # the task closed the channel, and will hear of it when it returns
            _say(result, nonce, progress=[done, total])

    return tell


def leave_in_order() -> None:
    """What Python does at its end: wait for threads, run the exit handlers, flush. The supervisor bounds it."""
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - as multiprocessing does it in its forked children
    atexit._run_exitfuncs()  # noqa: SLF001 - likewise: after os.fork there is no other way to them
    _flush()


def _say(result: int, nonce: str, **what: Any) -> None:
    """One message, on a line of its own, whatever others wrote there before."""
    block = b"\n" + encode({"nonce": nonce, **what})
    while block:
        block = block[os.write(result, block) :]


def _line_writer(fd: int) -> TextIO:
    return open(fd, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)


def _show_traceback(outcome: Outcome) -> None:
    text = getattr(outcome, "traceback", "") or getattr(outcome, "message", "")
    try:
        sys.stderr.write(text.rstrip("\n") + "\n" if text else "")
    except Exception:  # noqa: BLE001 - the task may have closed it or put anything in its place; the outcome has the text
        return


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # noqa: BLE001, S112 - likewise, and the other stream still deserves its turn
            continue
