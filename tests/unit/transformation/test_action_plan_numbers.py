from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_kit.rejects import Rejects
from transformation_app.action_plan_numbers import (
    NO_QUANTITY,
    NO_SHARE,
    only_this_century,
    parse_quantity,
    parse_share,
    read_quantities,
    read_shares,
)

MILLIONTHS = st.integers(min_value=-2_000_000, max_value=2_000_000).map(lambda number: Decimal(number) / 1_000_000)
NOISE = st.text(alphabet="0123456789.,-−%eE NaP", max_size=12)


@given(share=MILLIONTHS, spelling=st.sampled_from(["point", "comma", "per cent", "padded"]))
def test_a_share_is_read_back_to_the_millionth_however_it_is_written(share, spelling):
    text = {
        "point": f"{share:f}",
        "comma": f"{share:f}".replace(".", ","),
        "per cent": f"{share * 100:f}%",
        "padded": f" {share:f}\n",
    }[spelling]

    read = parse_share(text)

    assert read.problem is None
    assert read.value == share


@given(text=NOISE)
def test_a_cell_is_read_or_says_nothing_or_is_refused(text):
    for parse in (parse_share, parse_quantity):
        read = parse(text)

        assert read.value is None or read.problem is None
        assert read.value is None or read.value == read.value.quantize(Decimal("0.000001"))


@given(number=st.integers(min_value=0, max_value=10**13))
def test_a_whole_quantity_is_read_exactly(number):
    read = parse_quantity(str(number))

    assert read.value == number


@pytest.mark.parametrize("text", [None, "", "  ", "N/A", "NA", "np", "NP", "-", "no aplica"])
def test_words_for_no_value_are_neither_zero_nor_refused(text):
    reads = [parse_share(text), parse_quantity(text)]

    assert all(read.value is None and read.problem is None for read in reads)


@pytest.mark.parametrize("text", ["true", "24 de 30", "0.1.2", "1e99", "12.5%%", "1000000"])
def test_what_is_no_share_is_refused(text):
    read = parse_share(text)

    assert read.value is None
    assert read.problem == NO_SHARE


def test_a_quantity_that_could_be_thousands_or_thousandths_is_refused():
    read = parse_quantity("1.234")

    assert read.problem == NO_QUANTITY
    assert parse_share("1.234").value == Decimal("1.234")


def test_a_small_number_in_scientific_notation_is_read():
    read = parse_share("5e-05")

    assert read.value == Decimal("0.00005")


def test_refused_cells_become_null_and_are_kept_with_their_place():
    rejects = Rejects(dataset="productos")
    frame = pl.DataFrame(
        {"fila": [10, 11, 12], "fuente": "a.xlsx", "avance": ["0.5", "true", "NP"], "n": ["1", "x", None]}
    )

    read = read_quantities(read_shares(frame, ["avance"], rejects=rejects), ["n"], rejects=rejects)

    assert read.get_column("avance").to_list() == [Decimal("0.5"), None, None]
    assert read.get_column("n").to_list() == [Decimal(1), None, None]
    assert rejects.frame().rows() == [
        ("productos", 11, "avance", "true", NO_SHARE, "a.xlsx"),
        ("productos", 11, "n", "x", NO_QUANTITY, "a.xlsx"),
    ]


def test_a_date_of_another_century_is_refused_and_kept():
    rejects = Rejects(dataset="actividades")
    frame = pl.DataFrame({"fila": [10, 11], "fuente": "a.xlsx", "inicio": ["1/3/0205", "2025-01-17 00:00:00"]})

    kept = only_this_century(frame, ["inicio"], rejects=rejects)

    assert kept.get_column("inicio").to_list() == [None, "2025-01-17 00:00:00"]
    assert rejects.frame().get_column("valor_crudo").to_list() == ["1/3/0205"]
