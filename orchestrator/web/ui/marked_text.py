"""The text of a configuration for people to look at, sound or broken: without secrets, line by line, problems in place.

A text that is no JSON cannot be parsed, and may hold a password all the same: secrets are found sign by sign.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from orchestrator.core.messages import Message
from orchestrator.core.redaction import HIDDEN, SECRET_NAME, SHORTEST, redact_text, spellings
from orchestrator.translation import say

FIRST_LINES: Final = 5000
AROUND: Final = 5
"""Lines before and behind one with a problem."""
LONGEST_LINE: Final = 400
LONGEST_TEXT: Final = 4_000_000
"""Characters; of a longer one nothing is shown but its problems."""
MOST_SECRETS: Final = 200
"""That are looked for wherever they stand; all are hidden where they have their name."""
REFERENCE: Final = "$secret"
"""Its value is the name of a secret, and none."""

_PIECE: Final = re.compile(r'"(?:[^"\\\n]|\\[^\n])*+"?|[\[\]{},:]|[^\s"\[\]{},:]++')
_COLON: Final = re.compile(r"\s*+:")
_SIGNS: Final = frozenset("[]{},:")
_TELLS_NOTHING: Final = frozenset({"true", "false", "null", '""'})
_STEPS: Final = re.compile(r'[.\[\]"]+')


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong, and where; `line` is None where it concerns the file as a whole."""

    line: int | None
    column: int
    path: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the text, cut where it is very long; `number` is None where lines were left out."""

    number: int | None
    text: str
    problems: Sequence[Problem] = ()
    left_out: int = 0


def hide_secrets(text: str) -> tuple[str, frozenset[str]]:
    """`text` with as many lines, but nothing to read under secret names; and values that were hidden."""
    shown: list[str] = []
    found: set[str] = set()
    inside = [""]  # of each open bracket, itself where all in it is secret
    secret, at, word = False, 0, ""
    for piece in _PIECE.finditer(text):
        sign = piece.group()
        if sign in _SIGNS:
            word = ""
            if sign in "[{":
                inside.append(sign if secret else "")
            elif sign in "]}" and len(inside) > 1:
                inside.pop()
            secret = secret if sign in "[{:" else inside[-1] != ""
            continue
        bare = sign.strip("\"'")
        if _COLON.match(text, piece.end()):
            secret = bare != REFERENCE and (inside[-1] != "" or SECRET_NAME.search(bare) is not None)
        else:
            secret = secret or (word != "" and SECRET_NAME.search(word) is not None)  # a colon may be missing
            if secret and sign not in _TELLS_NOTHING:
                shown += (text[at : piece.start()], f'"{HIDDEN}"')
                at = piece.end()
                if inside[-1] != "{":  # in an object stand ordinary words too, such as a type
                    found.add(bare)
        word = bare
    return "".join((*shown, text[at:])), frozenset(found)


def values_to_hide(found: Iterable[str]) -> frozenset[str]:
    """What is hidden wherever it stands, in every spelling; short ones are ordinary words."""
    long = [value for value in found if len(value) >= SHORTEST][:MOST_SECRETS]
    return frozenset(spelling for value in long for spelling in spellings(_meant(value)))


def problem_of(message: Message, secrets: frozenset[str]) -> Problem:
    """A message of `documents` apart: its place, and what is wrong there."""
    fault = message.facts.get("fault")
    if not isinstance(fault, Message):
        return Problem(line=None, column=0, path="", what=redact_text(say(message), secrets))
    path = str(message.facts["path"])
    if any(SECRET_NAME.search(step) for step in _STEPS.split(path)) and "value" in fault.facts:
        fault = replace(fault, facts={**fault.facts, "value": HIDDEN})
    return Problem(
        line=int(str(message.facts["line"])),
        column=int(str(message.facts["column"])),
        path=redact_text(path, secrets),
        what=redact_text(say(fault), secrets),
    )


def marked_lines(
    lines: Sequence[str],
    problems: Iterable[Problem],
    secrets: frozenset[str],
    *,
    first: int = 1,
    last: int | None = None,
) -> list[Line]:
    """Lines `first` to `last` (all) with their problems: as many as one can look at, and those around each problem."""
    last = len(lines) if last is None else min(last, len(lines))
    by_line: dict[int, list[Problem]] = {}
    for problem in problems:
        if problem.line is not None and first <= problem.line <= last:
            by_line.setdefault(problem.line, []).append(problem)
    wanted = set(range(first, min(last, first + FIRST_LINES - 1) + 1))
    for line in by_line:
        wanted |= set(range(max(first, line - AROUND), min(last, line + AROUND) + 1))
    marked: list[Line] = []
    before = first - 1
    for number in sorted(wanted):
        if number > before + 1:
            marked.append(Line(number=None, text="", left_out=number - before - 1))
        marked.append(_line(number, lines[number - 1], by_line, secrets))
        before = number
    if before < last:
        marked.append(Line(number=None, text="", left_out=last - before))
    return marked


def _line(number: int, text: str, by_line: Mapping[int, Sequence[Problem]], secrets: frozenset[str]) -> Line:
    problems = by_line.get(number, ())
    text = redact_text(text.rstrip("\r"), secrets)
    if len(text) > LONGEST_LINE:
        begin = max(0, problems[0].column - LONGEST_LINE // 2) if problems else 0
        end = begin + LONGEST_LINE
        text = f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"
    return Line(number=number, text=text, problems=problems)


def _meant(value: str) -> str:
    """The text that a JSON string spells."""
    try:
        meant = json.loads(f'"{value}"')
    except ValueError:
        return value
    return str(meant)
