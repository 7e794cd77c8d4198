"""Conditions over one row, put together from smaller ones; null makes an answer unknown, as in SQL."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

Value = str | Decimal | bool | None
Row = Mapping[str, Value]
Condition = Callable[[Row], bool | None]
Term = Callable[[Row], Value]

_LIKE: Final = {"%": ".*", "_": "."}


def compared(left: Value, right: Value) -> int | None:
    """-1, 0 or 1 as `left` is below, equal to or above `right`; None if either is null."""
    if left is None or right is None:
        return None
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return (left > right) - (left < right)
    first, second = str(left), str(right)
    return (first > second) - (first < second)


def as_condition(term: Term) -> Condition:
    """True or False as `term` yields; unknown for anything else."""

    def condition(row: Row) -> bool | None:
        value = term(row)
        return value if isinstance(value, bool) else None

    return condition


def negated(inner: Condition) -> Condition:
    """The opposite of `inner`; unknown stays unknown."""

    def condition(row: Row) -> bool | None:
        answer = inner(row)
        return None if answer is None else not answer

    return condition


def any_of(parts: list[Condition]) -> Condition:
    """True if one of `parts` is; unknown if none is but one might be."""

    def condition(row: Row) -> bool | None:
        answers = [part(row) for part in parts]
        if True in answers:
            return True
        return None if None in answers else False

    return condition


def all_of(parts: list[Condition]) -> Condition:
    """False if one of `parts` is; unknown if none is but one might be."""

    def condition(row: Row) -> bool | None:
        answers = [part(row) for part in parts]
        if False in answers:
            return False
        return None if None in answers else True

    return condition


def like(text: Term, pattern: str) -> Condition:
    """True where the whole of `text` fits `pattern`; `%` stands for any run of characters, `_` for one."""
    parts = re.split(r"(%+|_)", pattern)
    regex = re.compile("".join(_LIKE.get(part[:1]) or re.escape(part) for part in parts), re.DOTALL)

    def condition(row: Row) -> bool | None:
        value = text(row)
        return None if value is None else regex.fullmatch(str(value)) is not None

    return condition


def cased(term: Term, *, upper: bool) -> Term:
    """The text in capitals or in small letters."""

    def changed(row: Row) -> Value:
        value = term(row)
        if value is None:
            return None
        return str(value).upper() if upper else str(value).lower()

    return changed


def text_test(name: str, text: Term, part: Term) -> Term:
    """Whether `text` starts with (`starts_with`) or holds (`contains`) `part`."""

    def test(row: Row) -> bool | None:
        value, wanted = text(row), part(row)
        if value is None or wanted is None:
            return None
        return str(value).startswith(str(wanted)) if name == "starts_with" else str(wanted) in str(value)

    return test
