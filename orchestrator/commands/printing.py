"""Words out: data on stdout, everything else on stderr; a closed pipe changes nothing (R15)."""

import json
import os
import re
import sys
from typing import IO

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.outcomes import JSON
from orchestrator.translation import _, say_all

ESCAPED = {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(0x80, 0xA0)) if code not in {9, 10}}
ESCAPED |= {code: f"\\u{code:04x}" for code in (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


_COMMAND = re.compile(
    r"\betl (run|resume|rerun|cancel|mark|status|logs|report|plan|verify|doctor|db|validate|list-tasks|list-workflows"
    r"|schema|schedule|scheduler|stats|rehearse|init|serve|worker|token)\b"
)
_undelivered = False
_courtesy = False


def courtesy_only() -> None:
    """What this command writes only accompanies what it does: failing to write it changes no exit code (R15)."""
    global _courtesy  # noqa: PLW0603 - one process answers one command
    _courtesy = True


def answer_was_lost() -> bool:
    """Whether data that was asked for could not be written; a reader that went away does not count."""
    return _undelivered and not _courtesy


def printable(text: str) -> str:
    """`text` without anything that could drive a terminal: control and bidi characters are written out (S13)."""
    return text.translate(ESCAPED)


def as_typed(text: str) -> str:
    """`text` with the commands it names spelt the way this reader starts them (`python run.py …`)."""
    program = os.environ.get("ETL_PROGRAM")
    return _COMMAND.sub(rf"{program} \1", text) if program else text


def write_out(text: str) -> None:
    """A line on stdout; when nobody reads any more, further lines go nowhere."""
    _write(sys.stdout, text)


def write_err(text: str) -> None:
    """A line on stderr."""
    _write(sys.stderr, text)


def tell_error(error: OrchestratorError) -> None:
    """An error, and of a refused configuration every problem, a line each."""
    first, *rest = say_all(error)
    write_err(_("Error: {message}").format(message=printable(as_typed(first))))
    for line in rest:
        write_err(printable(as_typed(line)))


def write_json(value: JSON) -> None:
    """A JSON document on stdout."""
    write_out(json.dumps(value, ensure_ascii=False, indent=2))


def _write(stream: IO[str], text: str) -> None:
    global _undelivered  # noqa: PLW0603 - one process has one stdout
    try:
        stream.write(text + "\n")
        stream.flush()
    except OSError as why:  # nobody reads any more, or a full disk behind a redirection
        _undelivered = _undelivered or (stream is sys.stdout and not isinstance(why, BrokenPipeError))
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a descriptor is all that is wanted of it
            os.dup2(nowhere.fileno(), stream.fileno())
