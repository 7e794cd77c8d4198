"""Calls the function of a task and turns whatever happens into an outcome; the only place where foreign code runs."""

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.core.outcomes import JSON, NotCallable, Outcome
from orchestrator.executors.lookup import Refused, find_function
from orchestrator.executors.plain import raised, returned
from orchestrator.executors.progress import Progress, Tell, silence
from orchestrator.executors.source_loading import load_by_source

CONTEXT_PARAMETER = "etl_context"


@dataclass(frozen=True, kw_only=True)
class TaskContext:
    """What a function learns about its attempt if it names a parameter `etl_context` (D15)."""

    execution_id: str
    task_id: str
    attempt: int
    attempt_key: str
    """The same for the same attempt, different for every other: a key for what must not be done twice."""
    logger: logging.Logger
    _progress: Progress

    def progress(self, done: float, total: float | None = None) -> None:
        """Say how far the task has come, as often as you like: what is seen of it is the latest.

        Seen ten times a second at most, in the log once a second. Raises ValueError where one is no finite number.
        """
        self._progress.say(done, total)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Which function to call, with what, and where it may lie; a `Call` without what concerns its process."""

    module_path: str
    function_name: str
    parameters: Mapping[str, JSON]
    search_path: Sequence[str]
    allowed_modules: Sequence[str]
    execution_id: str
    task_id: str
    index: int | None
    number: int


def perform(target: Target, tell: Tell = silence) -> Outcome:
    """Look the function up, call it with its parameters as keywords, await it if it is `async`.

    A returned dict that says `status: failed` is a Returned too: what it means is judged elsewhere. `tell` hears of the
    task's progress, in whichever thread the task speaks.
    """
    progress = Progress(tell, logging.getLogger(target.task_id).info)
    load_by_source()
    try:
        function = find_function(
            target.module_path,
            target.function_name,
            search_path=target.search_path,
            allowed_modules=target.allowed_modules,
        )
        arguments = fit_arguments(function, target, progress)
    except Refused as refused:
        return refused.outcome
    try:
        return returned(_finish(function(**arguments)))
    except BaseException as error:  # noqa: BLE001 - a task's SystemExit or KeyboardInterrupt is its failure, not our end
        return raised(error, hide=__file__)
    finally:
        progress.settle()


def fit_arguments(function: Callable[..., Any], target: Target, progress: Progress) -> dict[str, Any]:
    """The keyword arguments of the call, `etl_context` among them where it is asked for. Raises Refused."""
    arguments: dict[str, Any] = dict(target.parameters)
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return arguments  # written in C, without a signature: the call itself will tell
    if CONTEXT_PARAMETER in signature.parameters and CONTEXT_PARAMETER not in arguments:
        arguments[CONTEXT_PARAMETER] = context_of(target, progress)
    try:
        signature.bind(**arguments)
    except TypeError as error:
        message = (
            f"the parameters do not fit {target.function_name}{signature}: {error}{_misfits(signature, arguments)}"
        )
        raise Refused(NotCallable(error_type="signature_error", message=message)) from error
    return arguments


def context_of(target: Target, progress: Progress) -> TaskContext:
    """What the attempt is told about itself."""
    index = "" if target.index is None else f"[{target.index}]"
    return TaskContext(
        execution_id=target.execution_id,
        task_id=target.task_id,
        attempt=target.number,
        attempt_key=f"{target.execution_id}/{target.task_id}{index}/{target.number}",
        logger=logging.getLogger(target.task_id),
        _progress=progress,
    )


def _misfits(signature: inspect.Signature, arguments: Mapping[str, Any]) -> str:
    """Every name that is missing or too many; `bind` stops at the first."""
    named = signature.parameters.values()
    takes_any = any(one.kind is one.VAR_KEYWORD for one in named)
    missing = [
        one.name
        for one in named
        if one.default is one.empty
        and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
        and one.name not in arguments
    ]
    unknown = [] if takes_any else [name for name in arguments if name not in signature.parameters]
    parts = [f"{word}: {', '.join(names)}" for word, names in (("missing", missing), ("unknown", unknown)) if names]
    return f" ({'; '.join(parts)})" if parts else ""


def _finish(value: object) -> object:
    """The value itself, or what it comes to when it is awaited."""
    if not inspect.isawaitable(value):
        return value
    import asyncio  # noqa: PLC0415 - 30 ms that the supervisor must not pay for tasks that need none of it

    async def wait_for_it() -> object:
        return await value

    return asyncio.run(wait_for_it())
