"""The part of SoQL that a `$where` may use: read into a condition over one row, with SQL's three-valued logic."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from demo_city.soql_conditions import (
    Condition,
    Row,
    Term,
    all_of,
    any_of,
    as_condition,
    cased,
    compared,
    like,
    negated,
    text_test,
)

DEEPEST: Final = 60
"""Parentheses and NOTs within each other that are still read."""


class SoqlError(ValueError):
    """A query that cannot be read; `code` is what the portal would answer."""

    def __init__(self, message: str, *, code: str = "query.compiler.malformed") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Token:
    """A piece of the query: its kind, its text, its position from 0."""

    kind: str
    text: str
    position: int


_TOKENS: Final = re.compile(
    r"(?P<blank>\s+)"
    r"|(?P<string>'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<name>`[^`]+`|:?@?[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<symbol><=|>=|!=|<>|[=<>(),*])"
)
_KEYWORDS: Final = frozenset({"and", "or", "not", "in", "like", "is", "null", "between", "true", "false"})
_COMPARISONS: Final[dict[str, Callable[[int], bool]]] = {
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<>": lambda order: order != 0,
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
}


def read_condition(query: str, types: Mapping[str, type]) -> Condition:
    """The condition that `query` states; it answers True, False, or None for "unknown".

    Args:
        query: the text of a `$where`.
        types: columns that may be named, each `str` or `Decimal`.

    Raises:
        SoqlError: the text is no condition, names an unknown column, or compares a number with a text.
    """
    reader = _Reader(tokens=list(tokens_of(query)), types=types)
    condition = reader.disjunction(0)
    reader.finish()
    return condition


def tokens_of(query: str) -> Iterator[Token]:
    """The pieces of `query`; blanks are left out.

    Raises:
        SoqlError: a character that begins no piece, for instance a quote that never closes.
    """
    position = 0
    while position < len(query):
        match = _TOKENS.match(query, position)
        if match is None:
            raise SoqlError(
                f"Could not parse SoQL query at character {position + 1}: {query[position : position + 20]!r}"
            )
        kind, text = match.lastgroup or "", match.group()
        if kind == "name" and text.lower() in _KEYWORDS:
            kind, text = "keyword", text.lower()
        if kind != "blank":
            yield Token(kind=kind, text=text, position=position)
        position = match.end()


@dataclass(kw_only=True)
class _Typed:
    """A term and what it yields: `str`, `Decimal`, `bool`; `literal` for a string written in the query."""

    term: Term
    yields: type
    literal: bool = False


@dataclass(kw_only=True)
class _Reader:
    """Recursive descent over the tokens: OR, AND, NOT, comparison, term."""

    tokens: list[Token]
    types: Mapping[str, type]
    place: int = 0

    def disjunction(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise SoqlError("The query is nested too deeply")
        parts = [self._conjunction(depth)]
        while self._takes("keyword", "or"):
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else any_of(parts)

    def finish(self) -> None:
        if self.place < len(self.tokens):
            raise self._unexpected()

    def _conjunction(self, depth: int) -> Condition:
        parts = [self._negation(depth)]
        while self._takes("keyword", "and"):
            parts.append(self._negation(depth))
        return parts[0] if len(parts) == 1 else all_of(parts)

    def _negation(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise SoqlError("The query is nested too deeply")
        if self._takes("keyword", "not"):
            inner = self._negation(depth + 1)
            return negated(inner)
        if self._takes("symbol", "("):
            inner = self.disjunction(depth + 1)
            self._needs("symbol", ")")
            return inner
        return self._comparison(depth)

    def _comparison(self, depth: int) -> Condition:
        left = self._term(depth)
        token = self._peek()
        if token is not None and token.text in _COMPARISONS and token.kind == "symbol":
            self.place += 1
            return self._compare(left, token.text, self._term(depth))
        if self._takes("keyword", "is"):
            wanted_null = not self._takes("keyword", "not")
            self._needs("keyword", "null")
            return lambda row: (left.term(row) is None) is wanted_null
        is_negated = self._takes("keyword", "not")
        condition = self._membership(left, depth)
        if condition is not None:
            return negated(condition) if is_negated else condition
        if is_negated or left.yields is not bool:
            raise self._unexpected()
        return as_condition(left.term)

    def _membership(self, left: _Typed, depth: int) -> Condition | None:
        if self._takes("keyword", "in"):
            self._needs("symbol", "(")
            choices = [self._compare(left, "=", self._term(depth))]
            while self._takes("symbol", ","):
                choices.append(self._compare(left, "=", self._term(depth)))
            self._needs("symbol", ")")
            return any_of(choices)
        if self._takes("keyword", "like"):
            return self._like(left, self._term(depth))
        if self._takes("keyword", "between"):
            low = self._compare(left, ">=", self._term(depth))
            self._needs("keyword", "and")
            return all_of([low, self._compare(left, "<=", self._term(depth))])
        return None

    def _term(self, depth: int) -> _Typed:
        token = self._peek()
        if token is None:
            raise self._unexpected()
        self.place += 1
        if token.kind == "string":
            text = token.text[1:-1].replace("''", "'")
            return _Typed(term=lambda _row: text, yields=str, literal=True)
        if token.kind == "number":
            number = Decimal(token.text)
            return _Typed(term=lambda _row: number, yields=Decimal)
        if token.kind == "keyword" and token.text in {"true", "false"}:
            truth = token.text == "true"
            return _Typed(term=lambda _row: truth, yields=bool)
        if token.kind != "name":
            self.place -= 1
            raise self._unexpected()
        if self._takes("symbol", "("):
            return self._function(token, depth)
        return self._column(token)

    def _function(self, token: Token, depth: int) -> _Typed:
        if depth > DEEPEST:
            raise SoqlError("The query is nested too deeply")
        arguments = [self._term(depth + 1)]
        while self._takes("symbol", ","):
            arguments.append(self._term(depth + 1))
        self._needs("symbol", ")")
        name = token.text.lower()
        if name in {"upper", "lower"} and len(arguments) == 1:
            return _Typed(term=cased(arguments[0].term, upper=name == "upper"), yields=str)
        if name in {"starts_with", "contains"} and len(arguments) == 2:  # noqa: PLR2004 - text and part
            return _Typed(term=text_test(name, arguments[0].term, arguments[1].term), yields=bool)
        raise SoqlError(f"No such function: {name}/{len(arguments)}", code="query.soql.no-such-function")

    def _column(self, token: Token) -> _Typed:
        name = token.text.strip("`").lower()
        if name not in self.types:
            raise SoqlError(f"No such column: {name}", code="query.soql.no-such-column")
        return _Typed(term=lambda row: row.get(name), yields=self.types[name])

    def _compare(self, left: _Typed, operator: str, right: _Typed) -> Condition:
        left, right = _with_number(left, right), _with_number(right, left)
        if left.yields is not right.yields:
            raise SoqlError(
                f"Type mismatch for op$'{operator}': {_word(left)} and {_word(right)}",
                code="query.soql.type-mismatch",
            )
        holds = _COMPARISONS[operator]

        def condition(row: Row) -> bool | None:
            order = compared(left.term(row), right.term(row))
            return None if order is None else holds(order)

        return condition

    def _like(self, left: _Typed, pattern: _Typed) -> Condition:
        if left.yields is not str or not pattern.literal:
            raise SoqlError("Type mismatch for op$'like': text is needed", code="query.soql.type-mismatch")
        return like(left.term, str(pattern.term({})))

    def _peek(self) -> Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def _takes(self, kind: str, text: str) -> bool:
        token = self._peek()
        if token is None or token.kind != kind or token.text != text:
            return False
        self.place += 1
        return True

    def _needs(self, kind: str, text: str) -> None:
        if not self._takes(kind, text):
            raise self._unexpected(f"; expected {text!r}")

    def _unexpected(self, expected: str = "") -> SoqlError:
        token = self._peek()
        if token is None:
            return SoqlError(f"Could not parse SoQL query: it ends too early{expected}")
        return SoqlError(
            f"Could not parse SoQL query at character {token.position + 1}: unexpected {token.text!r}{expected}"
        )


def _word(typed: _Typed) -> str:
    return {str: "text", Decimal: "number", bool: "checkbox"}[typed.yields]


def _with_number(typed: _Typed, other: _Typed) -> _Typed:
    """A string literal beside a number is read as a number, as the portal does."""
    if not typed.literal or other.yields is not Decimal:
        return typed
    text = str(typed.term({}))
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return typed
    number = Decimal(text)
    return _Typed(term=lambda _row: number, yields=Decimal)
