"""Numbers and dates as people in Colombia write them, and nothing where there is nothing."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from reporting_app import wording
from reporting_app.tables import Kind, in_words, ratio, total


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (1234567, "$ 1.234.567"),
        (Decimal("1234567.50"), "$ 1.234.567,50"),
        (Decimal("1234567.00"), "$ 1.234.567"),
        (-42131250, "-$ 42.131.250"),
        (0, "$ 0"),
        (5 * 10**12, "$ 5.000.000.000.000"),
        (None, "sin datos"),
    ],
)
def test_pesos_have_dots_between_thousands_and_cents_only_where_there_are_some(amount, words):
    written = wording.pesos(amount)

    assert plain(written) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [("0.4054", "40,5 %"), ("0.4055", "40,6 %"), ("1", "100,0 %"), ("0", "0,0 %"), ("-0.0001", "0,0 %")],
)
def test_percentages_have_one_decimal_after_a_comma_and_no_negative_zero(share, words):
    written = wording.percent(Decimal(share))

    assert plain(written) == words


def test_millions_are_rounded_half_up():
    written = wording.millions(Decimal(4751806500000))

    assert plain(written) == "$ 4.751.807 millones"


def test_an_instant_is_told_in_the_citys_time():
    written = wording.moment(datetime(2025, 5, 1, 3, 5, tzinfo=UTC))

    assert written == "30 de abril de 2025, 22:05 (hora de Bogotá)"


@pytest.mark.parametrize("kind", list(Kind))
def test_an_absent_value_reads_no_data_in_every_kind_of_column(kind):
    written = in_words(None, kind)

    assert written == "sin datos"


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (Decimal("0.5"), Kind.HEAT, "50,0 %"),
        (1500, Kind.WHOLE, "1.500"),
        (Decimal("99.94"), Kind.POINTS, "99,9"),
        (date(2025, 5, 31), Kind.DATE, "31/05/2025"),
        ("Bancolombia", Kind.TEXT, "Bancolombia"),
    ],
)
def test_a_cell_is_written_as_its_column_says(value, kind, words):
    written = in_words(value, kind)

    assert plain(written) == words


def test_a_binary_fraction_is_refused_wherever_money_or_shares_are_written():
    with pytest.raises(TypeError):
        in_words(0.1, Kind.PESOS)


@pytest.mark.parametrize(("part", "of"), [(None, 1), (1, None), (1, 0), (Decimal(1), Decimal("0.00"))])
def test_a_share_of_nothing_is_absent_and_not_zero(part, of):
    share = ratio(part, of)

    assert share is None


def test_a_share_has_six_exact_decimals():
    share = ratio(2, 3)

    assert share == Decimal("0.666667")


def test_the_sum_of_no_values_is_absent_and_not_zero():
    rows = [{"valor": None}, {"valor": None}]

    assert total(rows, "valor") is None
    assert total([*rows, {"valor": Decimal("1.10")}], "valor") == Decimal("1.10")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (lambda: wording.pesos(Decimal("-1234567.50")), "-COP 1,234,567.50"),
        (lambda: wording.large(4_531_234_000_000), "COP 4,531 billion"),
        (lambda: wording.large(-1_234_567_890), "-COP 1,235 million"),
        (lambda: wording.large(1000), "COP 1,000"),
        (lambda: wording.percent(Decimal("0.4054")), "40.5%"),
        (lambda: wording.points(Decimal("99.94")), "99.9"),
        (lambda: wording.long_date(date(2025, 5, 31)), "31 May 2025"),
        (lambda: wording.short_date(date(2025, 5, 31)), "2025-05-31"),
        (lambda: wording.moment(datetime(2025, 5, 1, 3, 5, tzinfo=UTC)), "30 April 2025, 22:05 (Bogotá time)"),
        (lambda: wording.whole(None), "no data"),
    ],
)
def test_in_english_the_same_figures_are_written_as_english_does(written, words, monkeypatch):
    monkeypatch.setenv("ETL_LANG", "en")

    assert plain(written()) == words
