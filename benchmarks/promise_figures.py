"""What the figures of `faults.json` say about each promise; the last column of `docs/promises.md` is made of it."""

from collections.abc import Callable, Mapping
from typing import Any

Suites = Mapping[str, Mapping[str, Any]]
Line = Mapping[str, Any]


def figures_of(suites: Suites) -> dict[str, str]:
    """Promise → its figures in words; promises that no fault suite measures are absent."""
    made = {
        "R1": _kills(suites, "completed_tasks_run_again", "completed tasks run again"),
        "R2": _kills(suites, "illegal_transitions", "illegal transitions"),
        "R3": _of(suites, "power cuts", lambda one: f"{one['cuts']} cuts: {one['lost_acknowledged']} moves lost"),
        "R4": _of(suites, "resumes in one instant", lambda one: f"{one['as_promised']} of {one['n']} pairs: one drove"),
        "R5": _kills(suites, "orphans_after_5s", "orphans after 5 s"),
        "R7": _of(suites, "simulation", _simulated),
        "R9": _ends(suites),
        "R22": _of(
            suites,
            "fuzzed configurations",
            lambda one: f"{one['inputs']} inputs: {one['tracebacks']} tracebacks, {one['disagreements']} disagreements",
        ),
        "R24": _strikes(suites),
        "R30": _scale(suites),
    }
    return {promise: text for promise, text in made.items() if text}


def with_figures(page: str, suites: Suites) -> str:
    """The page of promises with its last column as the figures are now."""
    figures = figures_of(suites)
    lines = []
    for line in page.splitlines():
        if line.startswith("| R"):
            number, promise, proof = (cell.strip() for cell in line.strip("|").split("|")[:3])
            line = f"| {number} | {promise} | {proof} | {figures.get(number, '')} |".replace("|  |", "| |")  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines) + "\n"


def _lines(suites: Suites, suite: str) -> list[Line]:
    return list(suites.get(suite, {}).get("figures", ()))


def _of(suites: Suites, suite: str, say: Callable[[Line], str]) -> str:
    return "; ".join(map(say, _lines(suites, suite)))


def _kills(suites: Suites, column: str, words: str) -> str:
    lines = _lines(suites, "blind SIGKILL")
    each = ", ".join(f"{line['kills_that_landed']} of the {line['killed']}" for line in lines)
    return f"kills: {each}; {sum(line[column] for line in lines)} {words}" if lines else ""


def _simulated(one: Line) -> str:
    return f"{one['seeds']} seeds, {one['steps']} steps: {one['violations']} violations"


def _ends(suites: Suites) -> str:
    lines = _lines(suites, "kills")
    dead, all_of_them = (sum(line[name] for line in lines) for name in ("dead", "n"))
    worst = max((line["worst_ms"] for line in lines), default=0)
    return f"{dead} of {all_of_them} in {len(lines)} kinds; worst {worst} ms after the limit" if lines else ""


def _strikes(suites: Suites) -> str:
    lines = [line for line in _lines(suites, "crash points") if line["action"].startswith("enospc")]
    return f"{sum(line['strikes'] for line in lines)} full disks: nothing lost" if lines else ""


def _scale(suites: Suites) -> str:
    lines = [line for line in _lines(suites, "scale") if line["tasks"] >= 10_000]  # noqa: PLR2004 - what R30 speaks of
    if not lines:
        return ""
    ms, seconds, peak = (
        (min(line[name] for line in lines), max(line[name] for line in lines))
        for name in ("ms_per_task", "validate_seconds", "owner_peak_mb")
    )
    shapes = f"{len(lines)} shapes of 10 000"
    return (
        f"{shapes}: {ms[0]:g}–{ms[1]:g} ms a task (asked: 2), validate {seconds[0]:g}–{seconds[1]:g} s (asked: 1), "
        f"{peak[1]} MB (asked: 300)"
    )
