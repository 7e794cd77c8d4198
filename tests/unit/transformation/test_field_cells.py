"""Cells of the field form: moments of Colombia, categories of the form, numbered sites."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_kit.dates import COLOMBIA
from transformation_app.field_cells import CATEGORIES, is_link, read_category, read_moment, read_site


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-08-06 10:53:01", datetime(2025, 8, 6, 10, 53, 1, tzinfo=COLOMBIA)),
        ("2025-08-25 09:20:56.496", datetime(2025, 8, 25, 9, 20, 56, 496000, tzinfo=COLOMBIA)),
        ("2025-08-06T10:53", datetime(2025, 8, 6, 10, 53, tzinfo=COLOMBIA)),
        ("6/08/2025 10:53:01", datetime(2025, 8, 6, 10, 53, 1, tzinfo=COLOMBIA)),
        ("12-11-2025", datetime(2025, 11, 12, tzinfo=COLOMBIA)),
        ("45875.4534837963", datetime(2025, 8, 6, 10, 53, 1, tzinfo=COLOMBIA)),
        ("45875", datetime(2025, 8, 6, tzinfo=COLOMBIA)),
        ("31/02/2025 10:00:00", None),
        ("2025-08-06 25:00:00", None),
        ("13/13/2025", None),
        ("ayer", None),
        ("123456", None),
        ("10000", None),
    ],
)
def test_a_moment_is_read_in_colombia_day_first_or_not_at_all(text, moment):
    assert read_moment(text) == moment


@given(st.datetimes(min_value=datetime(1960, 1, 1), max_value=datetime(2099, 12, 31)))  # noqa: DTZ001
def test_every_moment_comes_back_from_each_of_the_spellings(naive):
    whole = naive.replace(microsecond=0)

    read = [read_moment(f"{whole:%Y-%m-%d %H:%M:%S}"), read_moment(f"{whole:%d/%m/%Y %H:%M:%S}")]

    assert read == [whole.replace(tzinfo=COLOMBIA)] * 2
    assert read_moment(naive.isoformat(sep=" ")).astimezone(UTC) == naive.replace(tzinfo=COLOMBIA)


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_any_cell(text):
    moment, category, (number, name) = read_moment(text), read_category(text), read_site(text)

    assert moment is None or moment.tzinfo is COLOMBIA
    assert category == read_category(category)
    assert number is None or number >= 0
    assert name == name.strip()
    assert is_link(text) in {True, False}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Tapa Vía", "TAPA VIA"),
        ("demarcacion  vial fin", "DEMARCACIÓN VIAL FIN"),
        (" BACHE ", "BACHE"),
        ("árbol  caído", "ÁRBOL CAÍDO"),
    ],
)
def test_a_category_is_spelt_as_the_form_does_and_an_unknown_one_in_capitals(text, category):
    assert read_category(text) == category


def test_the_categories_of_the_form_are_read_as_themselves():
    assert [read_category(name) for name in CATEGORIES] == list(CATEGORIES)


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("2. IE Colibrí -  Sede Única", (2, "IE Colibrí - Sede Única")),
        ("27) Parque", (27, "Parque")),
        ("Plaza 2. etapa", (None, "Plaza 2. etapa")),
        ("24 de Mayo", (None, "24 de Mayo")),
        ("5.", (None, "5.")),
    ],
)
def test_a_site_has_its_number_and_its_name(text, site):
    assert read_site(text) == site


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://drive.example.invalid/open?id=1", True),
        ("https://a.invalid/1, https://a.invalid/2", True),
        ("foto.jpg", False),
        ("ver https://a.invalid/1", False),
    ],
)
def test_a_link_is_one_address_or_several(text, link):
    assert is_link(text) is link
