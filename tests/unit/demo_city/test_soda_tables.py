"""Queries over a dataset in memory."""

import pytest

from demo_city.soda_tables import answer_query, table_of
from demo_city.soql import SoqlError


def table(count=5):
    return table_of([{"ref": f"r{number:02d}", "valor": str(10 - number), "nit": "1"} for number in range(count)])


def test_rows_come_without_system_fields_unless_asked_for():
    plain = answer_query(table(), {"$limit": "1"})

    asked = answer_query(table(), {"$limit": "1", "$select": ":*,*"})

    assert set(plain[0]) == {"ref", "valor", "nit"}
    assert {":id", ":updated_at", "ref"} <= set(asked[0])


def test_paging_with_an_order_gives_each_row_once():
    subject = table(7)
    pages = [{"$order": ":id", "$limit": "3", "$offset": str(offset)} for offset in (0, 3, 6, 9)]

    rows = [row["ref"] for page in pages for row in answer_query(subject, page)]

    assert sorted(rows) == [f"r{number:02d}" for number in range(7)]


def test_paging_without_an_order_loses_rows():
    subject = table(7)
    pages = [{"$limit": "3", "$offset": str(offset)} for offset in (0, 3, 6)]

    rows = [row["ref"] for page in pages for row in answer_query(subject, page)]

    assert len(set(rows)) < 7


def test_order_takes_several_columns_and_compares_numbers_as_numbers():
    subject = table_of([{"a": "x", "n": "9"}, {"a": "x", "n": "10"}, {"a": "w", "n": "1"}])

    rows = answer_query(subject, {"$order": "a DESC, n"})

    assert [(row["a"], row["n"]) for row in rows] == [("x", "9"), ("x", "10"), ("w", "1")]


def test_rows_without_the_ordered_column_come_last():
    subject = table_of([{"a": "1"}, {"a": "2", "b": "5"}])

    rows = answer_query(subject, {"$order": "b"})

    assert [row["a"] for row in rows] == ["2", "1"]


def test_count_counts_what_the_condition_finds():
    rows = answer_query(table(), {"$select": "count(*)", "$where": "valor > 7"})

    assert rows == [{"count": "3"}]


def test_a_bare_parameter_is_a_filter_by_equality():
    rows = answer_query(table(), {"ref": "r03"})

    assert [row["ref"] for row in rows] == ["r03"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"$limit": "50001"},
        {"$limit": "-1"},
        {"$offset": "x"},
        {"$group": "ref"},
        {"$select": "nada"},
        {"$order": "nada"},
        {"$order": "ref; drop"},
    ],
)
def test_parameters_that_make_no_sense_are_refused(parameters):
    with pytest.raises(SoqlError):
        answer_query(table(), parameters)


def test_the_id_of_a_row_lasts():
    first, again = table(), table()

    assert [row[":id"] for row in first.records] == [row[":id"] for row in again.records]
    assert len({row[":id"] for row in first.records}) == 5
