"""What keeps a text from being JSON: one fault, its offset, and what was expected there."""

import re
import unicodedata
from json import JSONDecodeError

from orchestrator.core.messages import N_, Message
from orchestrator.documents.places import shown

MOST_LEVELS = 50
"""Objects and lists inside each other; the recursive parsers behind this door stop far beyond it."""

_UP_TO_BRACKET = re.compile(
    r"""(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+"?)*+(?:([\[{])|[\]}]|\Z)""",
    re.DOTALL,
)
"""Everything as far as the next bracket outside of a text, which is group 1 if it opens; matches at every offset."""
_SPACE = " \t\n\r"
_WORD = re.compile(r"[^\W\d]\w*")
_JSON_WORDS = {"True": "true", "False": "false", "None": "null", "TRUE": "true", "FALSE": "false", "NULL": "null"}

_CONTROL = "Invalid control character"
_EXPECTED = {
    "Expecting property name enclosed in double quotes": N_("a key in double quotes"),
    "Expecting value": N_("a value"),
    "Expecting ':' delimiter": N_("a colon"),
    "Expecting ',' delimiter": N_("a comma or the closing bracket"),
    "Extra data": N_("the end of the file"),
}
_INSIDE_STRING = {
    "Unterminated string starting at": N_("not JSON: the closing double quote of this text is missing"),
    "Invalid \\escape": N_("not JSON: this backslash starts no known escape; write \\\\ for one backslash"),
    "Invalid \\uXXXX escape": N_("not JSON: \\u must be followed by four hexadecimal digits"),
}


def too_deep_at(text: str) -> int | None:
    """Offset of the first bracket that opens level `MOST_LEVELS` + 1, or None. Never recurses."""
    depth = 0
    for found in _UP_TO_BRACKET.finditer(text):
        if found.group(1) is None:
            depth -= 1
            continue
        depth += 1
        if depth > MOST_LEVELS:
            return found.start(1)
    return None


def too_deep() -> Message:
    """The fault that belongs to `too_deep_at`."""
    return Message(template=N_("nested deeper than {most} levels"), facts={"most": MOST_LEVELS})


def explain(text: str, error: JSONDecodeError) -> tuple[int, Message]:
    """Offset and fault of the first place where `text` stops being JSON."""
    at = error.pos
    reason = next((known for known in (*_EXPECTED, *_INSIDE_STRING, _CONTROL) if error.msg.startswith(known)), "")
    sign = text[at : at + 1]
    comma = _comma_before(text, at) if sign in ("]", "}") else None
    if error.msg.startswith("Illegal trailing comma"):  # Python 3.13 and later point at the comma itself
        comma = at
    if comma is not None:
        return comma, Message(template=N_("not JSON: a comma before the closing bracket; take it away"))
    if reason in _INSIDE_STRING:
        return at, Message(template=_INSIDE_STRING[reason])
    if reason == _CONTROL or (sign and unicodedata.category(sign) == "Cc" and sign not in _SPACE):
        return at, _control_character(sign)
    return at, _unexpected(text, at, reason)


def control_code(sign: str) -> str:
    """`U+0000` and the like."""
    return f"U+{ord(sign):04X}"


def _control_character(sign: str) -> Message:
    if sign == "\n":
        return Message(template=N_("not JSON: a line ends inside a text; close the double quotes or write \\n"))
    return Message(
        template=N_("not JSON: control character {code}; inside a text write it as {escape}"),
        facts={"code": control_code(sign), "escape": f"\\u{ord(sign):04x}"},
    )


def _unexpected(text: str, at: int, reason: str) -> Message:
    expected = Message(template=_EXPECTED.get(reason, N_("something else")))
    if not text[at:].strip(_SPACE):
        return Message(
            template=N_("not JSON: the file ends here, where {expected} was expected"), facts={"expected": expected}
        )
    if text.startswith(("//", "/*", "#"), at):
        return Message(
            template=N_("not JSON: comments are not allowed; {expected} was expected"), facts={"expected": expected}
        )
    if text[at] == "'":
        return Message(
            template=N_("not JSON: single quotes are not allowed; {expected} was expected, in double quotes"),
            facts={"expected": expected},
        )
    if reason == "Extra data":
        return Message(
            template=N_("text after the end of the JSON document: {found}"), facts={"found": _found(text, at)}
        )
    word = _WORD.match(text, at)
    if word is not None and word.group() in _JSON_WORDS:
        return Message(
            template=N_("not JSON: {found} is written {right} here"),
            facts={"found": word.group(), "right": _JSON_WORDS[word.group()]},
        )
    return Message(
        template=N_("not JSON: {expected} was expected, not {found}"),
        facts={"expected": expected, "found": _found(text, at)},
    )


def _found(text: str, at: int) -> str:
    """The word, or the sign, that stands at `at`."""
    word = _WORD.match(text, at)
    return shown(word.group() if word is not None else text[at])


def _comma_before(text: str, at: int) -> int | None:
    """Offset of a comma that stands right before `at`, spaces aside."""
    before = at - 1
    while before >= 0 and text[before] in _SPACE:
        before -= 1
    return before if before >= 0 and text[before] == "," else None
