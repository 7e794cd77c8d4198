"""Single cells of the procurement plan: sources with amounts, links, months, commitments."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transformation_app.paa_cells import (
    OTHER_SOURCES,
    UNREAD_AMOUNT,
    Source,
    commitments_expr,
    month_expr,
    parse_link,
    parse_sources,
    service_expr,
)

OWN, SGP = "Inversión con Recursos propios", "Inversión - Sistema General de Participaciones"
NOTICE = "https://community.secop.gov.co/Public/Tendering/OpportunityDetail/Index?noticeUID=CO1.NTC.97000001"
NAMES = st.text(alphabet="ABCDEÑáé -().%", min_size=1, max_size=20).filter(
    lambda text: text.strip() and text.strip() == text and "$" not in text
)


def column(text: str | None, expression):
    return pl.DataFrame({"x": [text]}, schema={"x": pl.String}).select(expression(pl.col("x"))).item()


def test_sources_come_in_their_order_with_their_amounts():
    sources, problems = parse_sources(f"{SGP};{OWN}", f"{SGP}/1600;{OWN}/250.5")

    assert sources == [Source(name=SGP, pesos=Decimal(1600)), Source(name=OWN, pesos=Decimal("250.50"))]
    assert problems == []


def test_an_absent_amount_is_unknown_and_not_zero():
    sources, problems = parse_sources(f"{SGP};{OWN}", f"{SGP}/1600;{OWN}/")

    assert [source.pesos for source in sources] == [Decimal(1600), None]
    assert problems == []


def test_a_written_zero_stays_zero():
    sources, _problems = parse_sources(OWN, f"{OWN}/0")

    assert sources == [Source(name=OWN, pesos=Decimal(0))]


def test_a_source_with_a_slash_in_its_name_keeps_it():
    sources, problems = parse_sources("SGP 11/12;SGP 12/12", "SGP 11/12/500;SGP 12/12")

    assert sources == [Source(name="SGP 11/12", pesos=Decimal(500)), Source(name="SGP 12/12", pesos=None)]
    assert problems == []


def test_an_amount_that_cannot_be_read_is_told_and_not_guessed():
    sources, problems = parse_sources(OWN, f"{OWN}/mil")

    assert sources == [Source(name=OWN, pesos=None)]
    assert problems == [UNREAD_AMOUNT]


def test_lists_that_name_other_sources_are_told_and_none_is_lost():
    sources, problems = parse_sources(f"{SGP};{OWN}", f"{OWN}/5")

    assert [source.name for source in sources] == [OWN, SGP]
    assert problems == [OTHER_SOURCES]


def test_without_amounts_the_names_are_still_sources():
    sources, problems = parse_sources(OWN, None)

    assert (sources, problems) == ([Source(name=OWN, pesos=None)], [])


@given(st.lists(st.tuples(NAMES, st.integers(0, 10**14) | st.none()), min_size=1, max_size=5, unique_by=lambda s: s[0]))
def test_what_is_written_is_read_back(said):
    names = ";".join(name for name, _amount in said)
    amounts = ";".join(f"{name}/{'' if amount is None else amount}" for name, amount in said)

    sources, problems = parse_sources(names, amounts)

    assert [(source.name, source.pesos) for source in sources] == said
    assert problems == []


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_gives_sources_and_no_error(names, amounts):
    sources, problems = parse_sources(names, amounts)

    assert all(source.name.strip() for source in sources)
    assert set(problems) <= {UNREAD_AMOUNT, OTHER_SOURCES}


@pytest.mark.parametrize(
    ("text", "kind", "address"),
    [
        (NOTICE, "proceso", NOTICE),
        (NOTICE.removeprefix("https://"), "proceso", NOTICE),
        (f"{NOTICE} 0", "proceso", NOTICE),
        ("PS", "PS", None),
        ("ps", "PS", None),
        ("https://community.secop.gov.co/STS/Users/Login/Index", "ingreso", "https://community.secop.gov.co/STS/Users/Login/Index"),
        ("https://www.colombiacompra.gov.co/tienda-virtual-del-estado-colombiano/1", "tienda_virtual", "https://www.colombiacompra.gov.co/tienda-virtual-del-estado-colombiano/1"),
        ("https://ejemplo.invalid/a", "otro", "https://ejemplo.invalid/a"),
        ("pendiente", None, None),
        ("No.123/45", None, None),
        (None, None, None),
    ],
)  # fmt: skip
def test_a_link_is_of_a_kind_and_only_an_address_is_one(text, kind, address):
    link = parse_link(text)

    assert (link.kind, link.address) == (kind, address)


def test_of_several_links_the_first_leads_and_the_others_are_kept_once():
    second = NOTICE.replace("97000001", "97000002")

    link = parse_link(f"{NOTICE}\n{second}\n{NOTICE}")

    assert (link.address, link.further, link.notice) == (NOTICE, (second,), "CO1.NTC.97000001")


@given(st.text(max_size=80))
def test_an_address_always_begins_with_its_scheme(text):
    link = parse_link(text)

    assert link.address is None or link.address.lower().startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("text", "month"),
    [("Enero", 1), (" setiembre ", 9), ("DICIEMBRE", 12), ("2025-03-01", None), ("0", None), (None, None)],
)
def test_months_are_read_from_their_names(text, month):
    read = column(text, month_expr)

    assert read == month


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("4500375193", "4500375193"),
        ("4500355412 4500356205", "4500355412; 4500356205"),
        ("AUN NO CUENTA CON RPC", None),
        ("RPC 4500375193", None),
        (None, None),
    ],
)
def test_a_commitment_is_its_number_and_nothing_else(text, numbers):
    read = column(text, commitments_expr)

    assert read == numbers


def test_ps_means_service_contracts_and_a_blank_does_not():
    said = [column(text, service_expr) for text in ("PS", " ps", "PSA", None)]

    assert said == [True, True, False, False]
