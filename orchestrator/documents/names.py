"""What may be an id, a Python name, an exception's name, a time zone."""

import keyword
import re
import unicodedata
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from orchestrator.core.errors import nearest
from orchestrator.core.messages import N_, Message
from orchestrator.core.tasks import ALL
from orchestrator.documents.places import shown
from orchestrator.documents.syntax import control_code

LONGEST_ID = 200
LONGEST_PATTERN = 1000
_DRIVE = re.compile("[A-Za-z]:")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"})
_JOINER = "\u200d"


class Fault(ValueError):
    """A value that its field cannot have; pydantic carries it to the door, where only `message` counts."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def check_id(text: str) -> str:
    r"""`text` if it may name a task or a workflow; raises Fault.

    Ids are shown on terminals, in addresses and in tables: 1 to 200 characters of any language, spaces only inside,
    no `/` or `\\`, no control or formatting characters. They are compared exactly, case and accents included.
    """
    if not text.strip():
        raise Fault(Message(template=N_("is empty")))
    if len(text) > LONGEST_ID:
        raise Fault(_too_long(text, LONGEST_ID))
    for position, sign in enumerate(text):
        _check_sign(text, position, sign)
    if text != text.strip() or text in (".", ".."):
        raise Fault(
            Message(
                template=N_("may not begin or end with a space, nor be . or ..: {value}"), facts={"value": shown(text)}
            )
        )
    return text


def check_task_id(text: str) -> str:
    """As `check_id`; besides, `all` is reserved (D10)."""
    if text == ALL:
        raise Fault(Message(template=N_("{value} is reserved: it stands for every task"), facts={"value": shown(text)}))
    return check_id(text)


def check_module_path(text: str) -> str:
    """`text` if it is a dotted Python name; raises Fault."""
    if not all(map(_is_name, text.split("."))):
        raise Fault(
            Message(
                template=N_("must be a dotted Python name such as extraction_app.contracts, not {value}"),
                facts={"value": shown(text)},
            )
        )
    return text


def check_function_name(text: str) -> str:
    """`text` if it is a Python name that is open to others; raises Fault."""
    if not _is_name(text) or text.startswith("_"):
        raise Fault(
            Message(
                template=N_("must be a Python name such as main, without a leading underscore, not {value}"),
                facts={"value": shown(text)},
            )
        )
    return text


def check_exception_name(text: str) -> str:
    """`text` if it may be the bare or qualified name of an exception; raises Fault."""
    if not all(map(_is_name, text.split("."))):
        raise Fault(
            Message(
                template=N_("must be the name of an exception such as ConnectionError, not {value}"),
                facts={"value": shown(text)},
            )
        )
    return text


def check_parameter_name(text: str) -> str:
    """`text` if it may follow `--param`; raises Fault."""
    if not _is_name(text):
        raise Fault(Message(template=N_("must be a Python name, not {value}"), facts={"value": shown(text)}))
    return text


def check_file_pattern(text: str) -> str:
    """`text` if it may name files below a folder, itself or as a pattern; raises Fault.

    Both kinds of slash count, so that a configuration means the same on every platform.
    """
    if not text.strip():
        raise Fault(Message(template=N_("is empty")))
    steps = text.replace("\\", "/").split("/")
    if steps[0] == "" or _DRIVE.match(text):
        raise Fault(
            Message(template=N_("must be relative to ETL_HOME, not absolute: {value}"), facts={"value": shown(text)})
        )
    if ".." in steps:
        raise Fault(Message(template=N_("may not lead out with ..: {value}"), facts={"value": shown(text)}))
    control = next((sign for sign in text if unicodedata.category(sign) in {"Cc", "Cs"}), None)
    if control is not None:
        raise Fault(_refused_sign(control, text))
    if len(text) > LONGEST_PATTERN:
        raise Fault(_too_long(text, LONGEST_PATTERN))
    return text


def check_title(text: str) -> str:
    """`text` if it is worth showing; raises Fault."""
    if not text.strip():
        raise Fault(Message(template=N_("is empty; leave it out to show the id")))
    return text


def check_timezone(text: str) -> str:
    """`text` if it is a zone of the IANA database; raises Fault with the nearest one."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder such as "America" is an OSError
        facts = {"value": shown(text), "near": shown(nearest(text, available_timezones()) or "America/Bogota")}
        raise Fault(
            Message(template=N_("no time zone is called {value} – did you mean {near}?"), facts=facts)
        ) from None
    return text


def _check_sign(text: str, position: int, sign: str) -> None:
    if sign in "/\\":
        raise Fault(Message(template=N_('"{sign}" not allowed in {value}'), facts={"sign": sign, "value": shown(text)}))
    if sign == " " or unicodedata.category(sign) not in _REFUSED_CATEGORIES or _joins_emoji(text, position):
        return
    raise Fault(_refused_sign(sign, text))


def _refused_sign(sign: str, text: str) -> Message:
    return Message(
        template=N_("control or formatting character {code} in {value}"),
        facts={"code": control_code(sign), "value": shown(text)},
    )


def _too_long(text: str, most: int) -> Message:
    return Message(
        template=N_("has {count} characters, more than {most}: {value}"),
        facts={"count": len(text), "most": most, "value": shown(text)},
    )


def _joins_emoji(text: str, position: int) -> bool:
    """Whether the sign at `position` is the joiner inside an emoji of several parts, such as a family."""
    if text[position] != _JOINER or position == 0:
        return False
    return all(
        unicodedata.category(sign) in {"So", "Sk", "Mn"}
        for sign in (text[position - 1], text[position + 1 :][:1] or "-")
    )


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)
