"""The SoQL of the local server."""

from decimal import Decimal

import pytest

from demo_city.soql import DEEPEST, SoqlError, read_condition

TYPES = {"nit": Decimal, "valor": Decimal, "ref": str, "estado": str, ":id": str}
ROW = {"nit": Decimal(890399011), "valor": Decimal("1500.50"), "ref": "4151.010.26.1.0932 - 2025", "estado": "Cerrado"}


def holds(query, row=ROW):
    return read_condition(query, TYPES)(row)


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("nit = 890399011", True),
        ("nit='890399011'", True),
        ("valor > 1500", True),
        ("valor < -3", False),
        ("valor >= 1500.50 AND valor <= 1500.5", True),
        ("valor != 1500.5", False),
        ("ref LIKE '4151%0932%'", True),
        ("ref LIKE '4151%0932'", False),
        ("ref NOT LIKE '41_1%'", False),
        ("estado IN ('Abierto', 'Cerrado')", True),
        ("estado NOT IN ('Abierto')", True),
        ("valor BETWEEN 1 AND 2000", True),
        ("starts_with(ref, '4151')", True),
        ("NOT starts_with(lower(estado), 'cerr')", False),
        ("upper(estado) = 'CERRADO'", True),
        ("estado = 'x' OR estado = 'Cerrado' AND valor = 0", False),
        ("(estado = 'x' OR estado = 'Cerrado') AND NOT valor = 0", True),
        ("`estado` <> 'x'", True),
        (":id IS NULL", True),
        ("estado is not null", True),
    ],
)
def test_a_condition_answers_as_sql_would(query, answer):
    assert holds(query) is answer


def test_a_doubled_quote_is_one_quote():
    row = {"ref": "O'Higgins"}

    answer = holds("ref = 'O''Higgins'", row)

    assert answer is True


@pytest.mark.parametrize(
    "query", ["valor > 0", "NOT valor > 0", "valor IN (1)", "ref LIKE '%'", "starts_with(ref, '4')"]
)
def test_a_null_makes_the_answer_unknown(query):
    answer = holds(query, {})

    assert answer is None


def test_what_is_known_settles_and_and_or_beside_a_null():
    row = {"estado": "Cerrado"}

    answers = [holds("estado = 'x' AND valor > 0", row), holds("estado = 'Cerrado' OR valor > 0", row)]

    assert answers == [False, True]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "query.compiler.malformed"),
        ("ref = 'open", "query.compiler.malformed"),
        ("ref = 'a' OR", "query.compiler.malformed"),
        ("ref = 'a') OR (1=1", "query.compiler.malformed"),
        ("ref = 'a'; DROP", "query.compiler.malformed"),
        ("ref", "query.compiler.malformed"),
        ("secret = 'a'", "query.soql.no-such-column"),
        ("ref > 5", "query.soql.type-mismatch"),
        ("valor = 'mucho'", "query.soql.type-mismatch"),
        ("valor LIKE '1%'", "query.soql.type-mismatch"),
        ("sleep(ref)", "query.soql.no-such-function"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused_with_the_portals_code(query, code):
    with pytest.raises(SoqlError) as refusal:
        read_condition(query, TYPES)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    "nested", ["(" * 500 + "valor=1" + ")" * 500, "NOT " * 500 + "valor=1", "upper(" * 500 + "ref"]
)
def test_deep_nesting_is_refused_and_not_a_crash(nested):
    with pytest.raises(SoqlError, match="deep"):
        read_condition(nested, TYPES)


def test_nesting_within_the_limit_is_read():
    depth = DEEPEST - 1

    answer = holds("(" * depth + "valor > 0" + ")" * depth)

    assert answer is True
