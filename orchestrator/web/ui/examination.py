"""What `etl doctor` finds, on request: in a process of its own, one at a time, and never for longer than a while."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, Any, Final

from orchestrator.core.messages import N_, Message
from orchestrator.settings import PACKAGE, Settings
from orchestrator.translation import current_language

PATIENCE: Final = 120.0
"""Seconds: a store of millions of events takes longer, and is for `etl doctor` in a terminal."""
FRESH: Final = 15.0
"""Seconds for which a finding is not looked for again; for as long as it took, if that is more."""
LARGEST: Final = 4 * 1024 * 1024
MOST_FINDINGS: Final = 500
SEVERITIES: Final = ("error", "warning", "ok")


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What was found, the worst first; and why not more was."""

    seconds: float = 0.0
    findings: Sequence[Mapping[str, str]] = ()
    trouble: Message | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Findings by severity."""
        return {severity: sum(one["severity"] == severity for one in self.findings) for severity in SEVERITIES}


@dataclass(kw_only=True)
class Examination:
    """Examines for one server; used in the event loop alone."""

    settings: Settings
    _last: dict[str, tuple[float, Examined]] = field(init=False, default_factory=dict)
    """By language."""
    _turn: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)

    async def examine(self) -> Examined:
        """Look at everything, or give what was found a moment ago; who asks meanwhile waits for that."""
        language = current_language()
        async with self._turn:
            taken_at, last = self._last.get(language, (-FRESH, None))
            if last is None or time.monotonic() - taken_at >= max(FRESH, last.seconds):
                last = await self._examine(language)
                self._last[language] = time.monotonic(), last
            return last

    async def _examine(self, language: str) -> Examined:
        """What was found until it took too long is told, too."""
        began = time.monotonic()
        trouble: Message | None = None
        with TemporaryFile() as output:  # not a pipe: one that is full would keep the process, and us, waiting
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._run(language, output)
            except TimeoutError:
                trouble = Message(template=N_("it took longer than {seconds:.0f} s"), facts={"seconds": PATIENCE})
            except OSError:
                trouble = Message(template=N_("it could not be done here"))
            output.seek(0)
            lines = output.read(LARGEST).splitlines()[:MOST_FINDINGS]
        findings = [finding for line in lines if (finding := _finding(line)) is not None]
        if not findings and trouble is None:
            trouble = Message(template=N_("it could not be done here"))
        findings.sort(key=lambda one: SEVERITIES.index(one["severity"]))
        return Examined(seconds=time.monotonic() - began, findings=findings, trouble=trouble)

    async def _run(self, language: str, output: IO[bytes]) -> None:
        """Run it to its end; the process is gone however this ends."""
        settings = self.settings
        path = filter(None, [str(PACKAGE.parent), settings.environment.get("PYTHONPATH", "")])
        environment = {
            **settings.environment,
            "ETL_HOME": str(settings.home),
            "ETL_CONFIG": str(settings.config),
            "ETL_LANG": language,
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONUNBUFFERED": "1",
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "orchestrator", "doctor", "--output", "jsonl"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
        )
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def _finding(line: bytes) -> dict[str, str] | None:
    """None for a line that is none."""
    try:
        told: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(told, dict) or told.get("severity") not in SEVERITIES:
        return None
    return {name: str(told.get(name) or "") for name in ("check", "severity", "where", "what", "advice")}
