import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_kit.references import normalise_reference, organismo_of, parse_reference, reference_column

YEARS = st.integers(2015, 2035)
STEMS = st.builds(
    "{}.010.{}.1.{:04d}".format,
    st.sampled_from(["4112", "4151", "4183", "5103"]),
    st.sampled_from(["26", "27", "32"]),
    st.integers(1, 9999),
)


@given(
    stem=STEMS,
    year=YEARS,
    joint=st.sampled_from(["-", " - ", "- ", " -", ".", " DE ", " de ", "–", "_"]),
    suffix=st.sampled_from(
        ["", "  ", " (Presentación de oferta)", " (Manifestación de interés (Menor Cuantía)) (x)", "."]
    ),
)
def test_every_spelling_of_a_reference_becomes_the_same(stem, year, joint, suffix):
    read = normalise_reference(f" {stem}{joint}{year}{suffix}")

    assert read == f"{stem}-{year}"


@given(stem=STEMS, year=YEARS)
def test_a_reference_without_a_year_equals_none_with_one(stem, year):
    without = normalise_reference(stem)

    assert without == stem
    assert without != normalise_reference(f"{stem}-{year}")


@given(stem=STEMS, year=YEARS)
def test_another_year_is_another_reference(stem, year):
    one, other = normalise_reference(f"{stem} DE {year}"), normalise_reference(f"{stem}-{year + 1}")

    assert one != other


@given(stem=STEMS, year=YEARS)
def test_normalising_twice_changes_nothing(stem, year):
    once = normalise_reference(f"{stem}. {year}")

    assert normalise_reference(once) == once


def test_a_number_that_looks_like_a_year_stays_a_number():
    read = parse_reference("4131.010.26.1.2024")

    assert (read.consecutivo, read.year) == ("2024", None)


def test_numbers_with_and_without_leading_zeros_stay_apart():
    apart = {normalise_reference("4151.010.32.1.0577-2025"), normalise_reference("4151.010.32.1.577-2025")}

    assert len(apart) == 2


@pytest.mark.parametrize(
    "text", ["OC 150273", "CO1.PCCNTR.7779010", "XX", "No Definido", "", None, "146.010.26.1.1917-2023"]
)
def test_what_is_no_reference_of_secop_is_none(text):
    read = normalise_reference(text)

    assert read is None


def test_the_first_group_is_the_department():
    code = organismo_of("4151.010.26.1.0932 - 2025")

    assert code == "4151"


def test_a_column_is_normalised_cell_by_cell():
    frame = pl.DataFrame({"r": ["4151.010.26.1.0932 - 2025", None, "OC 1", "4151.010.26.1.0932-2025"]})

    read = frame.select(reference_column("r")).get_column("r").to_list()

    assert read == ["4151.010.26.1.0932-2025", None, None, "4151.010.26.1.0932-2025"]
