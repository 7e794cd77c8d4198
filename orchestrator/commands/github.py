"""What GitHub Actions is told besides: annotations beside the code, and the summary of the job."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.commands.printing import write_err, write_out
from orchestrator.commands.summary import task_rows, task_titles
from orchestrator.core.executions import TaskRun
from orchestrator.core.messages import Message
from orchestrator.core.outcomes import JSON
from orchestrator.core.redaction import redact_text, secret_values
from orchestrator.core.states import TaskStatus
from orchestrator.translation import _, say

MOST_ANNOTATIONS = 10
"""GitHub shows so many of a kind per step and drops the others without a word."""
LONGEST_MESSAGE = 2_000
SUMMARY_LIMIT = 1_048_576
"""Bytes of a step's summary: GitHub refuses a larger one as a whole."""
_ROOM_FOR_LAST_LINE = 500
_FRAME = re.compile(r'File "([^"\n]+)", line (\d+)')
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
_MARKDOWN = str.maketrans(
    {sign: f"\\{sign}" for sign in "\\`*_[]#~$!|"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": " ", "\n": " "}
)


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One remark beside a line of a file."""

    message: str
    title: str
    level: str = "error"
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """The workflow command, escaped by GitHub's rules; whatever the texts hold, it is one line."""
        places = {"file": self.file, "line": self.line, "col": self.column, "title": self.title}
        given = ",".join(f"{name}={str(value).translate(_PROPERTY)}" for name, value in places.items() if value)
        return f"::{self.level} {given}::{self.message[:LONGEST_MESSAGE].translate(_DATA)}"


def on_github() -> bool:
    """Whether a step of GitHub Actions started us."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotate(annotations: Iterable[Annotation]) -> None:
    """Write at most as many as GitHub shows; the last one tells of the others."""
    secrets = secret_values(os.environ)
    listed = list(annotations)
    shown = listed if len(listed) <= MOST_ANNOTATIONS else listed[: MOST_ANNOTATIONS - 1]
    for one in shown:
        clean = replace(one, message=redact_text(one.message, secrets), title=redact_text(one.title, secrets))
        write_out(str(clean))
    if len(shown) < len(listed):
        more = _("{count} more are in the log of this step").format(count=len(listed) - len(shown))
        write_out(str(Annotation(message=more, title="etl")))


def problems_annotated(source: str, problems: Sequence[Message], *, level: str = "error") -> list[Annotation]:
    """The problems of a configuration, each at its line."""
    found = []
    for problem in problems:
        facts = problem.facts
        fault, line, column = facts.get("fault"), facts.get("line"), facts.get("column")
        found.append(
            Annotation(
                message=say(fault) if isinstance(fault, Message) else say(problem),
                title=str(facts.get("path") or Path(source).name),
                level=level,
                file=_in_workspace(Path(source)) or source,
                line=line if isinstance(line, int) else None,
                column=column if isinstance(column, int) else None,
            )
        )
    return found


def failures_annotated(report: Mapping[str, JSON], config: Path | None) -> list[Annotation]:
    """Every task that failed, where its traceback left the workspace's own code; else at the configuration."""
    results = report.get("results")
    failed = [
        result
        for result in (results.values() if isinstance(results, dict) else ())
        if isinstance(result, dict) and result.get("status") == TaskStatus.FAILED.value
    ]
    found = []
    for result in failed:
        file, line = _place_of(result)
        found.append(
            Annotation(
                message=str(result.get("error") or result.get("reason") or ""),
                title=_("task {task_id} failed").format(task_id=result.get("task_id")),
                file=file or (None if config is None else _in_workspace(config)),
                line=line,
            )
        )
    return found


def append_summary(report: Mapping[str, JSON], runs: Sequence[TaskRun]) -> None:
    """Add the execution to the job's summary, where GitHub gives a file for it; trouble with that is told, no more."""
    place = os.environ.get("GITHUB_STEP_SUMMARY")
    if not place:
        return
    path = Path(place)
    try:
        taken = path.stat().st_size if path.exists() else 0
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(summary_of(report, runs, limit=SUMMARY_LIMIT - taken))
    except OSError as why:
        write_err(_("Warning: the summary of the job could not be written: {why}").format(why=why))


def summary_of(report: Mapping[str, JSON], runs: Sequence[TaskRun], *, limit: int = SUMMARY_LIMIT) -> str:
    """The execution as Markdown, at most `limit` bytes: a heading, and a row per task; what is left out is counted."""
    status = str(report.get("status"))
    what = str(report.get("workflow") or _("selected tasks"))
    head = [
        f"### {markdown(str(report.get('execution_id')))}: {markdown(_(status))} · {markdown(what)}",
        "",
        _("Exit code {code} · {duration} s · report {report}").format(
            code=report.get("exit_code"),
            duration=report.get("total_duration"),
            report=f"`execution_report_{report.get('execution_id')}.json`",
        ),
        "",
        _row(task_titles()),
        _row(["---"] * len(task_titles())),
    ]
    lines = [*head]
    size = sum(_size(line) for line in lines)
    if size > limit:
        return ""
    worst_first = sorted(runs, key=lambda run: run.status is not TaskStatus.FAILED)
    for count, row in enumerate(task_rows(worst_first)):
        line = _row([markdown(cell) for cell in row])
        size += _size(line)
        if size > limit - _ROOM_FOR_LAST_LINE:
            lines += ["", _("{count} more tasks are in the report").format(count=len(runs) - count)]
            break
        lines.append(line)
    return "\n".join([*lines, "", ""])


def markdown(text: str) -> str:
    """`text` as Markdown that shows exactly it, within a cell of a table: no mark-up, no HTML, no line end."""
    return " ".join(text.translate(_MARKDOWN).split())


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _size(line: str) -> int:
    return len(line.encode("utf-8", errors="backslashreplace")) + 1


def _place_of(result: Mapping[str, JSON]) -> tuple[str | None, int | None]:
    """The innermost frame of the last traceback that lies in the workspace."""
    attempts = result.get("attempts")
    tracebacks = [
        attempt["traceback"]
        for attempt in (attempts if isinstance(attempts, list) else ())
        if isinstance(attempt, dict) and isinstance(attempt.get("traceback"), str)
    ]
    frames = _FRAME.findall(str(tracebacks[-1])) if tracebacks else []
    for file, line in reversed(frames):
        inside = _in_workspace(Path(file))
        if inside is not None and "site-packages" not in inside:
            return inside, int(line)
    return None, None


def _in_workspace(path: Path) -> str | None:
    """`path` as GitHub names files: relative to the checkout; None where it lies outside."""
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
    absolute = path.absolute()
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else None
