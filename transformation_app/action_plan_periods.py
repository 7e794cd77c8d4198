"""The cut that a Cuadro 1S is about, told by its file name: a quarter in Roman numerals, or a month."""

import re
from datetime import date
from typing import Final

from etl_kit.dates import MONTHS, last_day
from etl_kit.text import plain_key

ROMAN: Final = {"iii": 3, "ii": 2, "iv": 4, "i": 1}
ORDINAL: Final = {"primer": 1, "segundo": 2, "tercer": 3, "cuarto": 4}
QUARTER_WORDS: Final = frozenset({"trimestre", "trim"})


def period_of_file_name(name: str) -> date | None:
    """The last day of the quarter or month that `name` tells; None unless it tells exactly one, of exactly one year.

    Words are compared whole, so that `II Trimestre` never counts as `I Trimestre`. A month beside a quarter must be
    that quarter's last one.
    """
    words = re.findall(r"[a-z]+|\d+", plain_key(name))
    years = {int(word) for word in words if re.fullmatch(r"20\d{2}", word)}
    months = {MONTHS[word] for word in words if word in MONTHS}
    ends = {3 * quarter for quarter in _quarters(words)} | months
    if len(years) != 1 or len(ends) != 1:
        return None
    return last_day(years.pop(), ends.pop())


def quarter_of_label(label: str) -> int | None:
    """1–4 for a header such as `Ejecución Fisica Trimestre III`; None if it names no single quarter."""
    quarters = _quarters(re.findall(r"[a-z]+|\d+", plain_key(label)))
    return quarters.pop() if len(quarters) == 1 else None


def quarter_of(cut: date) -> int:
    """1–4: the quarter in which `cut` lies."""
    return (cut.month + 2) // 3


def _quarters(words: list[str]) -> set[int]:
    """The quarters that the words beside `trimestre` name; the one before it has the first say."""
    found = set()
    for place, word in enumerate(words):
        if word not in QUARTER_WORDS:
            continue
        before = words[place - 1] if place else ""
        after = words[place + 1] if place + 1 < len(words) else ""
        quarter = ROMAN.get(before) or ORDINAL.get(before) or ROMAN.get(after)
        if quarter:
            found.add(quarter)
    return found
