"""Whether a task's result is known already: under which key it is kept, and whether what it left still lies there."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from orchestrator.core.errors import UsageError
from orchestrator.core.executions import Execution
from orchestrator.core.machine_state import CacheLookedUp, Kept
from orchestrator.core.outcomes import JSON
from orchestrator.core.storing import Store
from orchestrator.core.tasks import Task
from orchestrator.engine.calls import CallMaker, Outputs
from orchestrator.engine.fingerprints import code_fingerprint, files_fingerprint


@dataclass(frozen=True, kw_only=True)
class Cache:
    """Looks results up for one execution."""

    calls: CallMaker
    store: Store
    home: Path

    def look_up(self, task: Task, execution: Execution, outputs: Outputs, now: datetime) -> CacheLookedUp:
        """The answer to a LookUp: the key of what the task would make now, and a result that stands under it."""
        key = self.key(task, execution, outputs)
        if key is None or task.cache is None:
            return CacheLookedUp(task_id=task.task_id)
        expires = task.cache.expires
        since = None if expires is None else now - timedelta(seconds=expires)
        run = self.store.find_cached(task.task_id, key, since=since)
        if run is None or not all(Path(self.home, path).exists() for path in files_named(run.output)):
            return CacheLookedUp(task_id=task.task_id, cache_key=key)
        found = Kept(execution_id=run.key.execution_id, output=run.output)
        return CacheLookedUp(task_id=task.task_id, cache_key=key, found=found)

    def key(self, task: Task, execution: Execution, outputs: Outputs) -> str | None:
        """Hash of all that the task's cache policy names; None where that cannot be told (a file is unreadable)."""
        policy = task.cache
        if policy is None:
            return None
        made_of: dict[str, JSON] = {
            "task": task.task_id,
            "function": f"{task.module_path}:{task.function_name}",
            "data_source": execution.request.data_source,
        }
        try:
            if policy.code:
                code = code_fingerprint(task.module_path, self._folders())
                if code is None:
                    return None
                made_of["code"] = code
            if policy.parameters:
                made_of["parameters"] = self.calls.parameters(task, execution, outputs)
            if policy.inputs:
                made_of["inputs"] = files_fingerprint(policy.inputs, self.home)
        except (UsageError, OSError):
            return None
        return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()

    def _folders(self) -> Sequence[Path]:
        """Where the project's modules lie: the search path, and beside this package those that ship with it."""
        return [*self.calls.search_path, Path(__file__).resolve().parents[2]]


def files_named(output: JSON) -> list[str]:
    """Paths under `files` of a task's output: what it left behind, without which the result is none."""
    files = output.get("files") if isinstance(output, dict) else None
    return [path for path in files.values() if isinstance(path, str)] if isinstance(files, dict) else []
