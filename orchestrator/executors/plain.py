"""What a task returns and raises, made into bounded plain data (semantics D18); nothing a task made can break it."""

import json
import math
import traceback
from collections.abc import Callable
from types import TracebackType

from orchestrator.core.outcomes import JSON, Raised, Returned

OUTPUT_LIMIT = 64 * 1024
MESSAGE_LIMIT = 16 * 1024
TRACEBACK_LIMIT = 64 * 1024
LINE_LIMIT = 4 * 1024
DEEPEST = 50
REST = "…"


def returned(value: object) -> Returned:
    """The value as JSON of at most 64 KiB; what is no JSON is shown by its `repr`, at whatever depth it stands.

    Of a dict that is too large the small entries stay (`status` among them, on which the verdict hangs); the others
    are replaced by a mark. Anything else that is too large is cut as text. NaN and Infinity are no JSON.
    """
    if isinstance(value, str) and len(value) > OUTPUT_LIMIT:
        size = _utf8_size(value)
        return Returned(output=_cut_text(value, size), truncated_from=size)
    output = as_json(value)
    size = _size(output)
    if size <= OUTPUT_LIMIT:
        return Returned(output=output)
    if isinstance(output, dict):
        return Returned(output=_cut_entries(output), truncated_from=size)
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    return Returned(output=_cut_text(text, size), truncated_from=size)


def raised(error: BaseException, *, hide: str = "") -> Raised:
    """The exception as text: message up to 16 KiB, traceback up to 64 KiB; frames of the file `hide` are left out."""
    kind = type(error)
    return Raised(
        error_type=_qualified(kind),
        message=cut_middle(_guarded(str, error, "str"), MESSAGE_LIMIT),
        traceback=traceback_text(error, hide=hide),
        lineage=tuple(
            dict.fromkeys(name for one in kind.__mro__ if one is not object for name in (one.__name__, _qualified(one)))
        ),
    )


def traceback_text(error: BaseException, *, hide: str = "") -> str:
    """The traceback as Python prints it, long lines cut, its end kept; cyclic causes are shown once."""
    try:
        frames = _without_first_frames(error.__traceback__, hide)
        text = "".join(traceback.format_exception(type(error), error, frames))
    except BaseException as second:  # noqa: BLE001 - the exception is the task's: its properties may raise anything at all
        text = f"(the traceback of {_qualified(type(error))} could not be written: {_qualified(type(second))})"
    lines = [cut_middle(line, LINE_LIMIT) for line in clean_text(text).split("\n")]
    return cut_middle("\n".join(lines), TRACEBACK_LIMIT, head=0.25)


def as_json(value: object, *, _above: tuple[int, ...] = ()) -> JSON:  # noqa: PLR0911 - one return for each kind of JSON
    """`value` with everything that is no JSON replaced by its `repr`; tuples become lists."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return clean_text(str.__str__(value))
    if isinstance(value, int):
        return _whole_number(value)
    if isinstance(value, float):
        number = float.__float__(value)
        return number if math.isfinite(number) else repr(number)
    if isinstance(value, dict | list | tuple) and len(_above) < DEEPEST and id(value) not in _above:
        above = (*_above, id(value))
        if isinstance(value, dict):
            return {_key(key): as_json(item, _above=above) for key, item in dict.items(value)}
        return [as_json(item, _above=above) for item in list(value)]
    return shown(value)


def shown(value: object) -> str:
    """`repr(value)`, or a placeholder where even that raises; at most 64 KiB."""
    return cut_middle(_guarded(repr, value, "repr"), OUTPUT_LIMIT)


def clean_text(text: str) -> str:
    """`text` without lone surrogates, which UTF-8 cannot hold: they are shown as escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def cut_middle(text: str, limit: int, *, head: float = 0.5) -> str:
    """About `limit` characters at most: a first part (a share of `head`), a mark with the full size, the last part."""
    if len(text) <= limit:
        return text
    first = int(limit * head)
    last = limit - first
    return f"{text[:first]} {REST}[cut: {len(text)} characters in all]{REST} {text[len(text) - last :]}"


def _guarded(show: Callable[[object], str], value: object, word: str) -> str:
    try:
        text = show(value)
        return clean_text(str.__str__(text))
    except BaseException as error:  # noqa: BLE001 - foreign code: a task's __repr__ may raise SystemExit just as well
        return f"<{_qualified(type(value))} object, its {word} raised {_qualified(type(error))}>"


def _whole_number(value: int) -> JSON:
    number = int.__int__(value)
    try:
        str(number)
    except ValueError:  # more digits than Python will write (sys.set_int_max_str_digits)
        return f"<int of {number.bit_length()} bits>"
    return number


def _key(key: object) -> str:
    if isinstance(key, str):
        return clean_text(str.__str__(key))
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    return cut_middle(_guarded(repr, key, "repr"), LINE_LIMIT)


def _size(value: JSON) -> int:
    """Bytes as UTF-8: a string's own, else those of its JSON."""
    return _utf8_size(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _utf8_size(text: str) -> int:
    if text.isascii():
        return len(text)
    step = 1 << 20  # a text of a gigabyte must not be encoded in one piece
    return sum(len(text[at : at + step].encode("utf-8", "backslashreplace")) for at in range(0, len(text), step))


def _mark(size: int) -> str:
    return f"{REST}[cut: {size} bytes in all]"


def _cut_text(text: str, size: int) -> str:
    mark = _mark(size)
    room = OUTPUT_LIMIT - len(mark.encode())
    return clean_text(text[:room]).encode("utf-8")[:room].decode("utf-8", "ignore") + mark


def _cut_entries(output: dict[str, JSON]) -> dict[str, JSON]:
    sizes = {key: _size(key) + _size(item) + 8 for key, item in output.items()}
    room = OUTPUT_LIMIT // 2  # the other half is for the marks
    kept: set[str] = set()
    for key in sorted(sizes, key=lambda key: (key != "status", sizes[key])):
        room -= sizes[key]
        if room < 0:
            break
        kept.add(key)
    cut: dict[str, JSON] = {}
    room = OUTPUT_LIMIT // 2
    for key, item in output.items():
        if key in kept:
            cut[key] = item
            continue
        mark = _mark(sizes[key])
        room -= _size(key) + len(mark) + 16
        if room > 0:
            cut[key] = mark
    if len(cut) < len(output):
        cut[REST] = f"{len(output) - len(cut)} more entries"
    return cut


def _qualified(kind: type) -> str:
    module, name = getattr(kind, "__module__", None), getattr(kind, "__qualname__", kind.__name__)
    return name if module in ("builtins", None) or not isinstance(module, str) else f"{module}.{name}"


def _without_first_frames(frames: TracebackType | None, hide: str) -> TracebackType | None:
    first = frames
    while first is not None and first.tb_frame.f_code.co_filename == hide:
        first = first.tb_next
    return first or frames
