"""The made-up country: rows made from their numbers, and a server's answers without holding them."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo_city import city
from demo_city.catalogue import NIT
from demo_city.country import (
    CITY_EVERY,
    LARGEST_CITY,
    LAST_DAY,
    Country,
    Later,
    id_of,
    is_of_city,
    rows_of_country,
    slot_of,
)
from demo_city.country_contracts import REPEATED_BACK, REPEATED_EVERY, contract_writer
from demo_city.country_processes import process_writer
from demo_city.country_table import answer_country, country_table
from demo_city.people import EMAIL_MARKER, ID_MARKER, MARKERS, NAME_MARKERS
from demo_city.soda_tables import answer_query, table_of
from demo_city.soql import SoqlError, read_condition
from demo_city.soql_bounds import read_bounds
from tests.yardstick import yardstick

CONTRACT, PROCESS = contract_writer(7), process_writer(7)
LATERS = st.builds(Later, changed=st.integers(0, 40), added=st.integers(0, 40), deleted=st.integers(0, 40))


def row(write, slot, changed=False):
    return json.loads("{" + write(slot, changed) + "}")


@pytest.mark.parametrize("maker", [contract_writer, process_writer])
def test_a_row_depends_on_seed_and_number_alone(maker):
    one, other = maker(7), maker(8)
    maker.cache_clear()
    again = maker(7)

    rows = [one(slot, False) for slot in range(0, 200, 2)]

    assert rows == [again(slot, False) for slot in range(0, 200, 2)]
    assert rows != [other(slot, False) for slot in range(0, 200, 2)]
    assert rows[3] == again(6, False)


@pytest.mark.parametrize(("path", "write"), [("contratos_jbjy-vk9h", CONTRACT), ("procesos_p6dx-8zbt", PROCESS)])
def test_a_row_has_the_columns_of_the_city_s_rows(path, write):
    rows = json.loads(city.build_city(seed=7, scale=0.1).files[f"secop/{path}.json"])
    columns = {name for each in rows for name in each}

    found = {name for slot in range(1_200) for name in row(write, slot)}

    assert found <= columns
    assert len(found) > 0.8 * len(columns)


def test_every_contract_bears_invented_people_and_their_numbers():
    texts = [CONTRACT(slot, False) for slot in range(400)]

    assert all(marker in text.upper() for text in texts for marker in NAME_MARKERS)
    assert all(ID_MARKER in text and EMAIL_MARKER in text for text in texts)
    assert any(" A NOMBRE DE " in text for text in texts)


def test_processes_name_people_too():
    texts = "\n".join(PROCESS(slot, False) for slot in range(400)).upper()

    assert all(marker.upper() in texts for marker in (*NAME_MARKERS, ID_MARKER))


def test_some_rows_are_the_city_s_and_the_server_knows_which():
    slots = range(2 * 3 * CITY_EVERY)

    of_city = [slot for slot in slots if row(CONTRACT, slot)["nit_entidad"] == NIT]

    assert of_city == [slot for slot in slots if is_of_city(slot)]
    assert len(of_city) == 6


def test_contracts_are_told_apart_by_their_id_but_for_a_few_that_come_again_as_they_were():
    number = REPEATED_EVERY * (REPEATED_BACK // REPEATED_EVERY + 1)

    again, first = row(CONTRACT, 2 * number), row(CONTRACT, 2 * (number - REPEATED_BACK))

    assert again["id_contrato"] == first["id_contrato"]
    assert again["ultima_actualizacion"] < first["ultima_actualizacion"]
    assert len({row(CONTRACT, slot)["id_contrato"] for slot in range(3_000)}) == 3_000


@given(slot=st.integers(0, 2**33))
def test_an_id_leads_back_to_its_row_and_comes_after_every_id_of_the_city(slot):
    row_id = id_of(slot)

    assert slot_of(row_id) == slot
    assert row_id > "row-ffff.ffff-ffff"


def test_ids_come_in_no_order_and_others_lead_nowhere():
    ids = [id_of(slot) for slot in range(50)]

    assert ids != sorted(ids)
    assert len(set(ids)) == 50
    assert [slot_of(text) for text in ("row-12ab.34cd-56ef", "", "row-gggg_gggg~g", "row-é")] == [None] * 4


@given(rows=st.integers(0, 60), later=LATERS, after=st.integers(-1, 130))
def test_counting_agrees_with_walking(rows, later, after):
    later = Later(changed=min(later.changed, rows), added=min(later.added, rows), deleted=min(later.deleted, rows))
    country = Country(rows=rows, write=CONTRACT, later=later)

    slots = list(country.slots(after))

    assert country.count(after) == len(slots)
    assert slots == [slot for slot in country.slots() if slot > after]
    assert list(country.slots(after, of_city=True)) == [slot for slot in slots if is_of_city(slot)]
    assert country.count() == rows + later.added - later.deleted


@given(rows=st.integers(0, 900), later=LATERS, after=st.integers(-1, 1_900))
def test_what_was_updated_last_is_found_without_walking(rows, later, after):
    later = Later(changed=min(later.changed, rows), added=min(later.added, rows), deleted=min(later.deleted, rows))
    country = Country(rows=rows, write=CONTRACT, later=later)

    found = list(country.slots_of_last_days(after))

    assert found == [slot for slot in country.slots(after) if country.updated_at(slot) >= LAST_DAY]


def test_on_a_later_day_rows_are_changed_added_and_deleted_and_say_when():
    before = Country(rows=500, write=CONTRACT)
    later = Country(rows=500, write=CONTRACT, later=Later(changed=9, added=5, deleted=3))

    first, second = ({slot: each.text(slot, system="") for slot in each.slots()} for each in (before, later))

    changed = {slot for slot in first if slot in second and first[slot] != second[slot]}
    assert len(set(second) - set(first)) == 5
    assert len(set(first) - set(second)) == 3
    assert 6 <= len(changed) <= 9
    newest = max(before.updated_at(slot) for slot in before.slots())
    assert before.updated_at(before.newest_slot) == newest
    assert all(later.updated_at(slot) > newest for slot in changed | (set(second) - set(first)))
    assert all(later.updated_at(slot) == before.updated_at(slot) for slot in set(first) & set(second) - changed)


def test_beyond_a_scale_only_the_country_grows(monkeypatch):
    monkeypatch.setattr(city, "LARGEST_CITY", 0.1)

    assert city.build_city(seed=7, scale=10_000) == city.build_city(seed=7, scale=0.1)
    assert [rows_of_country(scale, "jbjy-vk9h") for scale in (1, LARGEST_CITY, 21, 10_020)] == [0, 0, 500, 5_000_000]
    assert rows_of_country(10_020, "p6dx-8zbt") == 2_000_000


TYPES = {":id": str, ":updated_at": str, "nit_entidad": str, "valor": str}


@pytest.mark.parametrize(
    ("where", "after", "since", "nit", "rest"),
    [
        (":id > 'a'", "a", None, None, False),
        (":id > 'a' AND (:updated_at >= 'b' AND nit_entidad='c')", "a", "b", "c", False),
        ("((nit_entidad = 'c''c'))", None, None, "c'c", False),
        ("nit_entidad='c' AND (valor LIKE 'x%' OR valor = 'y')", None, None, "c", True),
        (":id > 'a' OR nit_entidad='c'", None, None, None, True),
        ("valor BETWEEN 'a' AND 'b' AND nit_entidad='c'", None, None, "c", True),
        ("NOT (nit_entidad='c')", None, None, None, True),
        ("nit_entidad='c' AND nit_entidad='d'", None, None, "c", True),
    ],
)
def test_what_all_must_hold_is_found_in_a_condition(where, after, since, nit, rest):
    bounds = read_bounds([where], TYPES)

    assert (bounds.after, bounds.since, bounds.nit, bounds.rest is not None) == (after, since, nit, rest)


@given(
    parts=st.lists(
        st.sampled_from(["nit_entidad='b'", ":updated_at >= '2'", "valor LIKE 'x%'", "valor IS NULL"]), min_size=1
    ),
    nested=st.booleans(),
    values=st.tuples(st.sampled_from("ab"), st.sampled_from("123"), st.sampled_from(["x1", "y", None])),
)
def test_bounds_and_rest_say_together_what_the_condition_says(parts, nested, values):
    where = " AND ".join([*parts[:1], f"({' AND '.join(parts[1:])})"]) if nested and parts[1:] else " AND ".join(parts)
    record = dict(zip(("nit_entidad", ":updated_at", "valor"), values, strict=True))

    bounds = read_bounds([where], TYPES)

    within = (bounds.nit in {None, values[0]}) and (bounds.since is None or values[1] >= bounds.since)
    said = within and (bounds.rest is None or bounds.rest(record) is True)
    assert said == (read_condition(where, TYPES)(record) is True)


CITY_ROWS = [row(CONTRACT, slot) | {"id_contrato": f"CIUDAD.{slot}", "nit_entidad": NIT} for slot in range(6)]
SUBJECT = country_table(
    table_of(CITY_ROWS), "jbjy-vk9h", seed=7, scale=1, later=Later(changed=20, added=4, deleted=3), rows=700
)
ROWS = json.loads(answer_country(SUBJECT, {"$limit": "50000", "$select": ":*,*"}))


@pytest.mark.parametrize(
    "where",
    [
        "valor_del_contrato > 80000000",
        f"nit_entidad='{NIT}'",
        f"nit_entidad='{NIT}' AND recursos_de_credito > 0",
        "nit_entidad='999800039'",
        "nit_entidad='999800039' OR estado_contrato='cedido'",
        ":updated_at >= '2025-09-20T00:00:00.000Z'",
        f"nit_entidad='{NIT}' AND :updated_at >= '2024-09-20T00:00:00.000Z' AND referencia_del_contrato LIKE '%-2%'",
        "estado_contrato = 'nowhere'",
    ],
)
def test_a_country_answers_as_if_all_its_rows_were_in_memory(where):
    whole = table_of([{name: value for name, value in each.items() if not name.startswith(":")} for each in ROWS])
    condition = read_condition(where, {name: SUBJECT.types[name] for name in SUBJECT.types})
    expected = [
        each["id_contrato"]
        for each, values in zip(ROWS, whole.values, strict=True)
        if condition({**values, ":updated_at": each[":updated_at"]}) is True
    ]

    count = answer_country(SUBJECT, {"$select": "count(*)", "$where": where})
    found = json.loads(answer_country(SUBJECT, {"$where": where, "$order": ":id", "$limit": "50000"}))

    assert [each["id_contrato"] for each in found] == expected
    assert count == [{"count": str(len(expected))}]


def test_paging_by_id_gives_each_row_once():
    pages, after = [], ""
    while True:
        asked = {"$select": ":id,*", "$order": ":id", "$limit": "400"} | (
            {"$where": f":id > '{after}'"} if after else {}
        )
        page = json.loads(answer_country(SUBJECT, asked))
        if not page:
            break
        pages.append(page)
        after = page[-1][":id"]

    assert [each[":id"] for page in pages for each in page] == [each[":id"] for each in ROWS]
    assert len(ROWS) == len({each[":id"] for each in ROWS}) == 6 + 700 + 4 - 3


def test_paging_by_offset_gives_them_too():
    pages = [
        json.loads(answer_country(SUBJECT, {"$select": ":id", "$order": ":id", "$limit": "4", "$offset": str(offset)}))
        for offset in (0, 4, 8)
    ]

    assert [each for page in pages for each in page] == [{":id": each[":id"]} for each in ROWS[:12]]


def test_the_newest_row_is_had_alone_and_no_other_order_is():
    asked = {"$select": ":updated_at", "$order": ":updated_at DESC", "$limit": "1"}

    assert answer_country(SUBJECT, asked) == [{":updated_at": max(each[":updated_at"] for each in ROWS)}]
    with pytest.raises(SoqlError, match="not sorted"):
        answer_country(SUBJECT, {"$order": "valor_del_contrato"})


def test_a_filter_by_equality_and_a_bad_parameter_are_met_as_in_the_city():
    found = json.loads(answer_country(SUBJECT, {"id_contrato": "CIUDAD.3"}))

    assert [each["id_contrato"] for each in found] == ["CIUDAD.3"]
    for wrong in ({"$q": "x"}, {"$where": "nowhere = 1"}, {"$limit": "50001"}):
        with pytest.raises(SoqlError):
            answer_country(SUBJECT, wrong)


def test_without_a_country_the_table_stays_what_it_was():
    table = table_of(CITY_ROWS)

    assert country_table(table, "jbjy-vk9h", seed=7, scale=LARGEST_CITY, later=Later()) is table
    assert answer_query(table, {"$limit": "1"})


@settings(deadline=None, max_examples=5)
@given(far=st.integers(0, 4_999_999))
def test_a_page_far_behind_costs_no_more_than_the_first(far):
    country = country_table(table_of(CITY_ROWS), "jbjy-vk9h", seed=7, scale=1, later=Later(), rows=5_000_000)
    started = time.process_time()

    page = json.loads(answer_country(country, {"$where": f":id > '{id_of(2 * far)}'", "$order": ":id", "$limit": "10"}))

    took = time.process_time() - started
    assert len(page) == min(10, 4_999_999 - far)
    assert took < 20 * yardstick()  # walking through millions of rows takes longer


def test_all_markers_are_in_the_country():
    text = json.dumps(ROWS, ensure_ascii=False).upper()

    assert all(marker.upper() in text for marker in MARKERS)
