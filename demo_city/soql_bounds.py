"""What a `$where` says about the order, moment and entity of rows, so that a country need not be walked through."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from demo_city.soql import Token, read_condition, tokens_of
from demo_city.soql_conditions import Condition, all_of

_SIMPLE: Final = 3


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The parts of a condition that all must hold.

    Attributes:
        after: from `:id > '…'`.
        since: from `:updated_at >= '…'`.
        nit: from `nit_entidad = '…'`.
        rest: whatever else must hold.
    """

    after: str | None = None
    since: str | None = None
    nit: str | None = None
    rest: Condition | None = None


_NAMED: Final = {(":id", ">"): "after", (":updated_at", ">="): "since", ("nit_entidad", "="): "nit"}


def read_bounds(queries: Sequence[str], types: Mapping[str, type]) -> Bounds:
    """The bounds that `queries`, which all must hold, state.

    Raises:
        SoqlError: one of them is no condition; see `soql.read_condition`.
    """
    found: dict[str, str] = {}
    rest: list[Condition] = []
    for query in queries:
        read_condition(query, types)  # as a whole, for the error of the whole
        for part in _conjuncts(list(tokens_of(query))):
            name = _NAMED.get((part[0].text.strip("`").lower(), part[1].text)) if len(part) == _SIMPLE else None
            if name is not None and part[2].kind == "string" and name not in found:
                found[name] = part[2].text[1:-1].replace("''", "'")
            else:
                last = part[-1]
                rest.append(read_condition(query[part[0].position : last.position + len(last.text)], types))
    return Bounds(
        after=found.get("after"),
        since=found.get("since"),
        nit=found.get("nit"),
        rest=all_of(rest) if rest else None,
    )


def _conjuncts(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The parts between the outermost ANDs; all of it if an OR stands beside them."""
    if _within_parentheses(tokens):
        yield from _conjuncts(tokens[1:-1])
        return
    cuts, depth, between = [], 0, False
    for place, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")") if token.kind == "symbol" else 0
        if depth or token.kind != "keyword":
            continue
        if token.text == "or":
            yield tokens
            return
        if token.text == "and" and not between:
            cuts.append(place)
        between = token.text == "between" or (between and token.text != "and")
    if not cuts:
        yield tokens
        return
    for start, end in zip([0, *(cut + 1 for cut in cuts)], [*cuts, len(tokens)], strict=True):
        yield from _conjuncts(tokens[start:end])


def _within_parentheses(tokens: Sequence[Token]) -> bool:
    """Whether the first parenthesis closes at the very end."""
    depth = 0
    for place, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")") if token.kind == "symbol" else 0
        if depth == 0:
            return place == len(tokens) - 1 and place > 0
    return False
