"""Datasets in memory, and what a SODA query finds in them: select, where, order, limit, offset, system fields."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cmp_to_key
from pathlib import Path
from typing import Final

from demo_city.soql import SoqlError, read_condition
from demo_city.soql_conditions import Row, Value, compared
from etl_kit.errors import UnreadableInput
from etl_kit.files import read_json
from etl_kit.translation import _

Record = dict[str, object]

DEFAULT_LIMIT: Final = 1_000
LARGEST_LIMIT: Final = 50_000
SYSTEM_FIELDS: Final = (":id", ":created_at", ":updated_at", ":version")
_UPDATED: Final = ("ultima_actualizacion", "fecha_de_ultima_publicaci", "fecha_de_firma")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_KNOWN: Final = frozenset({"$select", "$where", "$order", "$limit", "$offset"})


@dataclass(frozen=True, kw_only=True)
class Table:
    """A dataset: rows as they are given out, the same rows ready to compare, and the type of each column."""

    records: tuple[Record, ...]
    values: tuple[Row, ...]
    types: Mapping[str, type]


def load_table(path: Path) -> Table:
    """The dataset saved at `path`: a JSON list of objects, as the interface gives them.

    Raises:
        UnreadableInput: the file holds something else; the text names it.
    """
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableInput(path, _("it is not a list of rows"))
    return table_of(rows)


def table_of(rows: Sequence[Record]) -> Table:
    """A dataset of `rows`, with a made-up but lasting `:id` for each; a column is a number if all its values are."""
    records = tuple({**row, **_system_fields(row, place)} for place, row in enumerate(rows))
    names = sorted({name for record in records for name in record})
    types: dict[str, type] = {name: Decimal if _all_numbers(records, name) else str for name in names}
    values = tuple({name: comparable(value, types[name]) for name, value in row.items()} for row in records)
    return Table(records=records, values=values, types=types)


def answer_query(table: Table, parameters: Mapping[str, str]) -> list[Record]:
    """What the interface answers to `parameters` such as `$where`; other names are filters by equality.

    Without `$order` the portal promises no order; here it changes with the offset, so that careless paging shows.

    Raises:
        SoqlError: a parameter that cannot be understood.
    """
    refuse_unknown(parameters)
    places = _found(table, parameters)
    if is_count(parameters.get("$select", "*")):
        return [{count_name(parameters["$select"]): str(len(places))}]
    limit, offset = limit_of(parameters), whole(parameters, "$offset", 0)
    if "$order" in parameters:
        places = _ordered(table, places, parameters["$order"])
    elif offset:
        places = places[::-1]
    chosen = chosen_names(table.types, parameters.get("$select", "*"))
    return [
        {alias: record[name] for name, alias in chosen if name in record}
        for record in (table.records[place] for place in places[offset : offset + limit])
    ]


def refuse_unknown(parameters: Mapping[str, str]) -> None:
    """Raise SoqlError if there is a parameter that means nothing."""
    unknown = [name for name in parameters if name.startswith("$") and name not in _KNOWN]
    if unknown:
        raise SoqlError(f"Unrecognized arguments [{unknown[0]}]")


def conditions_of(parameters: Mapping[str, str]) -> list[str]:
    """The text of `$where`, and of each filter by equality."""
    texts = [parameters["$where"]] if "$where" in parameters else []
    for name, value in parameters.items():
        if not name.startswith("$"):
            quoted = value.replace("'", "''")
            texts.append(f"`{name}` = '{quoted}'")
    return texts


def _found(table: Table, parameters: Mapping[str, str]) -> list[int]:
    conditions = [read_condition(text, table.types) for text in conditions_of(parameters)]
    return [place for place, row in enumerate(table.values) if all(condition(row) is True for condition in conditions)]


def _ordered(table: Table, places: list[int], order: str) -> list[int]:
    for part in reversed(order.split(",")):
        match = re.fullmatch(r"\s*`?(:?\w+)`?(?:\s+(asc|desc))?\s*", part, re.IGNORECASE)
        if match is None:
            raise SoqlError(f"Could not parse order {part.strip()!r}")
        name = match[1].lower()
        if name not in table.types:
            raise SoqlError(f"No such column: {name}", code="query.soql.no-such-column")
        descending = (match[2] or "").lower() == "desc"
        places = sorted(places, key=cmp_to_key(_by_column(table, name)), reverse=descending)
    return places


def _by_column(table: Table, name: str) -> Callable[[int, int], int]:
    def order(first: int, second: int) -> int:
        left, right = table.values[first].get(name), table.values[second].get(name)
        return (left is None) - (right is None) or compared(left, right) or 0

    return order


def is_count(select: str) -> bool:
    """Whether a `$select` asks for the number of rows only."""
    return re.fullmatch(r"\s*count\(\s*\*\s*\)(\s+as\s+\w+)?\s*", select, re.IGNORECASE) is not None


def count_name(select: str) -> str:
    """What the answer calls the number of rows."""
    alias = re.search(r"\s+as\s+(\w+)\s*$", select, re.IGNORECASE)
    return alias[1] if alias else "count"


def chosen_names(types: Mapping[str, type], select: str) -> list[tuple[str, str]]:
    """Pairs of column and name in the answer, for a `$select` and the columns there are."""
    chosen: list[tuple[str, str]] = []
    for part in select.split(","):
        text = part.strip()
        if text == "*":
            chosen += [(name, name) for name in types if not name.startswith(":")]
            continue
        if text == ":*":
            chosen += [(name, name) for name in SYSTEM_FIELDS]
            continue
        match = re.fullmatch(r"`?(:?\w+)`?(?:\s+as\s+(\w+))?", text, re.IGNORECASE)
        if match is None:
            raise SoqlError(f"Could not parse select {text!r}")
        name = match[1].lower()
        if name not in types:
            raise SoqlError(f"No such column: {name}", code="query.soql.no-such-column")
        chosen.append((name, match[2] or name))
    return chosen


def limit_of(parameters: Mapping[str, str]) -> int:
    """How many rows are asked for at most."""
    limit = whole(parameters, "$limit", DEFAULT_LIMIT)
    if limit > LARGEST_LIMIT:
        raise SoqlError(f"Limit may not exceed {LARGEST_LIMIT}", code="query.soql.limit-too-large")
    return limit


def whole(parameters: Mapping[str, str], name: str, default: int) -> int:
    """The parameter `name`, a whole number."""
    text = parameters.get(name, str(default))
    if not re.fullmatch(r"\d{1,9}", text):
        raise SoqlError(f"Bad value for {name}: {text!r}")
    return int(text)


def _system_fields(row: Record, place: int) -> Record:
    digest = hashlib.sha256(f"{place}:{json.dumps(row, sort_keys=True)}".encode()).hexdigest()
    updated = next((row[name] for name in _UPDATED if name in row), "2025-01-01T00:00:00.000")
    moment = f"{updated}Z"
    return {
        ":id": f"row-{digest[:4]}.{digest[4:8]}-{digest[8:12]}",
        ":created_at": moment,
        ":updated_at": moment,
        ":version": f"rv-{digest[12:16]}.{digest[16:20]}-{digest[20:24]}",
    }


def _all_numbers(records: Sequence[Record], name: str) -> bool:
    values = [record[name] for record in records if name in record]
    return all(map(is_number, values))


def is_number(value: object) -> bool:
    """Whether a value is a text that is a number."""
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def comparable(value: object, kind: type) -> Value:
    """`value` as conditions compare it."""
    if value is None:
        return None
    if kind is Decimal:
        return Decimal(str(value))
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
