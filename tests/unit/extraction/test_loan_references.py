"""From the loan's index to queries, and from candidates back to exactly the wanted rows."""

from urllib.parse import urlencode

import pytest

from demo_city.soql import read_condition
from extraction_app.loan_references import (
    LONGEST_WHERE,
    NIT,
    batches,
    matching_rows,
    wanted_references,
)
from extraction_app.soda import soql_text

COLUMN = "referencia_del_contrato"
REFERENCE = "4151.010.26.1.0932-2025"


def wanted(*texts):
    return wanted_references([{"refs": list(texts)}], "refs")


def asked(reference, text, nit=NIT):
    """Whether the query for `reference` gives out a row whose reference is printed as `text`."""
    (batch,) = batches([reference], COLUMN)
    condition = read_condition(batch.where, {"nit_entidad": str, COLUMN: str})
    return condition({"nit_entidad": nit, COLUMN: text})


def test_spellings_of_one_reference_are_asked_for_once():
    found = wanted("4151.010.26.1.0932 - 2025", REFERENCE, " 4151.010.26.1.0932-2025 ", "4151.010.26.1.0932 DE 2025")

    assert found.references == (REFERENCE,)
    assert found.unsupported == ()


def test_a_purchase_order_is_set_aside_with_its_reason():
    found = wanted("OC 150273", REFERENCE)

    assert found.references == (REFERENCE,)
    assert [(entry.text, "TVEC" in entry.reason) for entry in found.unsupported] == [("OC 150273", True)]


@pytest.mark.parametrize(
    "hostile",
    [
        "' OR '1'='1",
        "4151.010.26.1.0932-2025' OR nit_entidad != '",
        "4151.010.26.1.0932-2025%",
        "4151.010.26.1.0932-2025) OR (1=1",
        "4151.010.26.1.0932-2025\u2019 OR 1=1 --",
        "4151_010_26_1_0932-2025;",
        "&$where=1=1",
    ],
)
def test_nothing_but_a_reference_gets_into_a_query(hostile):
    found = wanted(hostile)

    wheres = [batch.where for batch in batches(found.references, COLUMN)]

    assert found.references == ()
    assert wheres == []
    assert [entry.text for entry in found.unsupported] == [" ".join(hostile.split())]


def test_a_text_that_is_no_reference_cannot_be_asked_for_even_by_mistake():
    with pytest.raises(ValueError, match="no reference"):
        list(batches(["' OR 1=1"], COLUMN))


@pytest.mark.parametrize(
    "printed",
    [
        REFERENCE,
        "4151.010.26.1.0932 - 2025",
        "4151.010.26.1.0932- 2025",
        "4151.010.26.1. 0932 DE 2025",
        "4151.010.26.1.0932.2025",
        "4151.010.26.1.0932-2025 (Presentación de oferta)",
    ],
)
def test_every_spelling_is_asked_for_and_taken(printed):
    row = {COLUMN: printed}

    matches = matching_rows([row], [REFERENCE], COLUMN)

    assert asked(REFERENCE, printed) is True
    assert matches.rows == {REFERENCE: [row]}


def test_rows_of_another_entity_are_not_asked_for():
    assert asked(REFERENCE, REFERENCE, nit="800000001") is False


@pytest.mark.parametrize(
    "printed",
    [
        "4151.010.26.1.0932-2024",
        "4151.010.26.1.0932 DE 2022",
        "4151.010.26.1.0932",
        "4151.010.26.1.932-2025",
        "4151.010.26.1.09320-2025",
        "4151.010.32.1.0932-2025",
        "4152.010.26.1.0932-2025",
        "No Definido",
        None,
    ],
)
def test_another_year_number_series_or_department_is_never_taken(printed):
    matches = matching_rows([{COLUMN: printed}], [REFERENCE], COLUMN)

    assert matches.rows == {}


def test_a_reference_without_a_year_never_takes_one_with_a_year():
    bare = "4131.010.26.1.1512"

    matches = matching_rows([{COLUMN: f"{bare}-2024"}, {COLUMN: bare}], [bare], COLUMN)

    assert matches.rows == {bare: [{COLUMN: bare}]}


def test_namesakes_are_named():
    rows = [{COLUMN: "4151.010.26.1.0932 DE 2022"}, {COLUMN: "4151.010.26.1.0932"}]

    matches = matching_rows(rows, [REFERENCE], COLUMN)

    assert matches.namesakes == {REFERENCE: ["4151.010.26.1.0932", "4151.010.26.1.0932-2022"]}


def test_addresses_stay_short_and_no_reference_is_lost():
    references = [f"4151.010.26.1.{number:04d}-2025" for number in range(500)]

    plan = list(batches(references, COLUMN))

    assert len(plan) > 1
    assert [reference for batch in plan for reference in batch.references] == references
    assert all(len(urlencode({"$where": batch.where})) <= LONGEST_WHERE for batch in plan)


def test_no_reference_means_no_request():
    assert list(batches([], COLUMN)) == []


def test_quotes_are_doubled_in_a_literal():
    assert soql_text("O'Higgins") == "'O''Higgins'"
