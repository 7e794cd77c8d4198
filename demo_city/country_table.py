"""A dataset of the city with the country around it: answers queries without ever holding the country's rows."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from demo_city.catalogue import NIT
from demo_city.country import LAST_DAY, Country, Later, id_of, is_of_city, rows_of_country, slot_of
from demo_city.country_contracts import contract_writer
from demo_city.country_processes import process_writer
from demo_city.soda_tables import (
    LARGEST_LIMIT,
    SYSTEM_FIELDS,
    Record,
    Table,
    answer_query,
    chosen_names,
    comparable,
    conditions_of,
    count_name,
    is_count,
    is_number,
    limit_of,
    refuse_unknown,
    whole,
)
from demo_city.soql import SoqlError
from demo_city.soql_bounds import Bounds, read_bounds
from demo_city.soql_conditions import Value

_WRITERS: Final = {"jbjy-vk9h": contract_writer, "p6dx-8zbt": process_writer}
_NEWEST_FIRST: Final = ":updated_at desc"


@dataclass(frozen=True, kw_only=True)
class CountryTable:
    """The city's rows, then the country's; `types` are the columns of both."""

    city: Table
    country: Country
    types: Mapping[str, type]


def country_table(
    city: Table, dataset: str, *, seed: int, scale: float, later: Later, rows: int | None = None
) -> Table | CountryTable:
    """The city's table with the country that belongs to `scale` around it; the table alone where there is none.

    Args:
        city: the dataset of the city.
        dataset: its id.
        seed: of the city.
        scale: of the city.
        later: what is different in the country.
        rows: so many in the country, whatever the scale.
    """
    count = rows_of_country(scale, dataset) if rows is None else rows
    if count == 0 or dataset not in _WRITERS:
        return city
    country = Country(rows=count, write=_WRITERS[dataset](seed), later=later)
    sample: Record = json.loads(country.text(1, system=""))
    types = dict(city.types) | {name: str for name in sample if name not in city.types}
    return CountryTable(city=city, country=country, types=types)


def answer_country(table: CountryTable, parameters: Mapping[str, str]) -> list[Record] | str:
    """What the interface answers: records, or the text of a JSON list.

    Rows come in the order of their ids whether or not that is asked for; the only other order there is, is the newest
    row alone (`$order=:updated_at DESC`, `$limit=1`).

    Raises:
        SoqlError: a parameter that cannot be understood, or an order that cannot be had.
    """
    refuse_unknown(parameters)
    bounds = read_bounds(conditions_of(parameters), table.types)
    select = parameters.get("$select", "*")
    known = Table(records=table.city.records, values=table.city.values, types=table.types)
    if is_count(select):
        of_city = answer_query(known, {**parameters, "$select": "count(*)"})[0]["count"]
        return [{count_name(select): str(int(str(of_city)) + _count(table, bounds))}]
    order = " ".join(parameters.get("$order", ":id").lower().replace("`", "").split())
    limit, offset = limit_of(parameters), whole(parameters, "$offset", 0)
    if order == _NEWEST_FIRST and limit == 1 and not offset:
        return _newest(table, known, bounds, parameters)
    if order not in {":id", ":id asc"}:
        raise SoqlError(f"The country is not sorted by {order}", code="query.execution.timeout")
    # after an id of the country's comes no row of the city's
    beyond = bounds.after is not None and slot_of(bounds.after) is not None
    whole_city = {**parameters, "$order": ":id", "$offset": "0", "$limit": str(LARGEST_LIMIT)}
    of_city = [] if beyond else answer_query(known, whole_city)
    first = of_city[offset : offset + limit]
    skipped = max(0, offset - len(of_city))
    slots = islice(_slots(table, bounds), skipped, skipped + limit - len(first))
    texts = [json.dumps(record, ensure_ascii=False) for record in first]
    texts += _written(table, slots, select)
    return f"[{','.join(texts)}]"


def _count(table: CountryTable, bounds: Bounds) -> int:
    if bounds.since is None and bounds.nit is None and bounds.rest is None:
        return table.country.count(_after(bounds))
    return sum(1 for _slot in _slots(table, bounds))


def _slots(table: CountryTable, bounds: Bounds) -> Iterator[int]:
    """The slots within the bounds; rows are only made where something else than order, moment and city is asked for."""
    country = table.country
    since, nit, rest = bounds.since, bounds.nit, bounds.rest
    if since is not None and since >= LAST_DAY and nit != NIT:
        slots = country.slots_of_last_days(_after(bounds))
    else:
        slots = country.slots(_after(bounds), of_city=nit == NIT)
    if since is not None:
        slots = (slot for slot in slots if country.updated_at(slot) >= since)
    if nit not in {None, NIT}:
        slots = (slot for slot in slots if not is_of_city(slot) and _record(country, slot)["nit_entidad"] == nit)
    if rest is not None:
        slots = (slot for slot in slots if rest(_compared(_record(country, slot), table.types)) is True)
    return slots


def _after(bounds: Bounds) -> int:
    """The slot after which rows are asked for; all of them come after the city's ids."""
    slot = slot_of(bounds.after) if bounds.after is not None else None
    return -1 if slot is None else slot


def _newest(table: CountryTable, known: Table, bounds: Bounds, parameters: Mapping[str, str]) -> list[Record]:
    chosen = chosen_names(table.types, parameters.get("$select", "*"))
    of_city = answer_query(known, {**parameters, "$select": "*, :updated_at, :id"})
    country = table.country
    newest = (
        country.newest_slot if bounds == Bounds() else max(_slots(table, bounds), key=country.updated_at, default=None)
    )
    found = of_city + ([] if newest is None else [_record(country, newest)])
    best = sorted(found, key=lambda record: str(record[":updated_at"]), reverse=True)[:1]
    return [{alias: record[name] for name, alias in chosen if name in record} for record in best]


def _written(table: CountryTable, slots: Iterator[int], select: str) -> Iterator[str]:
    country = table.country
    parts = [part.strip() for part in select.split(",")]
    chosen = chosen_names(table.types, select)
    if "*" in parts and all(part.startswith(("*", ":")) for part in parts):
        names = [name for name, _alias in chosen if name.startswith(":")]
        yield from (country.text(slot, system=_system(country, slot, names)) for slot in slots)
        return
    for slot in slots:
        record = _record(country, slot)
        yield json.dumps({alias: record[name] for name, alias in chosen if name in record}, ensure_ascii=False)


def _system(country: Country, slot: int, names: list[str]) -> str:
    moment = country.updated_at(slot)
    values = {
        ":id": id_of(slot),
        ":created_at": moment,
        ":updated_at": moment,
        ":version": f"rv-{slot:x}.{'1' if country.is_changed(slot) else '0'}",
    }
    return "".join([f'"{name}":"{values[name]}",' for name in names])


def _record(country: Country, slot: int) -> Record:
    record: Record = json.loads(country.text(slot, system=_system(country, slot, list(SYSTEM_FIELDS))))
    return record


def _compared(record: Record, types: Mapping[str, type]) -> dict[str, Value]:
    """The row as conditions compare it; a text in a column of numbers is null to them."""
    return {
        name: comparable(value, types[name]) if types[name] is str or is_number(value) else None
        for name, value in record.items()
    }
