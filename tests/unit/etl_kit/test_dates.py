from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_kit.dates import (
    EXCEL_EPOCH,
    REFUSED,
    ParsedDate,
    date_expr,
    date_refused,
    last_day,
    month_from_name,
    month_of_file_name,
    parse_date,
    read_dates,
    today_in_colombia,
)
from etl_kit.rejects import Rejects

DAYS = st.dates(min_value=date(1960, 1, 1), max_value=date(2100, 12, 31))
NOISE = st.text(alphabet="0123456789-/T: .", max_size=16)


@given(day=DAYS)
def test_an_iso_date_is_never_read_day_first(day):
    read = parse_date(f"{day.isoformat()}T00:00:00.000")

    assert read.day == day


@given(day=DAYS, separator=st.sampled_from("/-"))
def test_a_date_with_the_year_last_is_read_day_first(day, separator):
    read = parse_date(f"{day.day}{separator}{day.month:02d}{separator}{day.year}")

    assert read.day == day


@given(day=DAYS)
def test_an_excel_serial_is_its_day(day):
    read = parse_date(str((day - EXCEL_EPOCH).days))

    assert read.day == day


@given(text=st.one_of(NOISE, DAYS.map(str), DAYS.map(lambda day: day.strftime("%d/%m/%Y"))))
def test_the_expression_reads_and_refuses_exactly_what_the_parser_does(text):
    frame = pl.DataFrame({"text": [text]})
    parsed = parse_date(text)

    day, refused = frame.select(
        date_expr(pl.col("text")).alias("day"),
        date_refused(pl.col("text")).alias("refused"),
    ).row(0)

    assert day == parsed.day
    assert refused == (parsed.issue is not None)


def test_a_bare_year_is_a_year_and_no_date():
    read = parse_date("2024")

    assert read == ParsedDate(anio=2024)


@pytest.mark.parametrize("text", ["INDEFINIDA", "31/02/2025", "2025-13-01", "SUSPENCIÓN", "12/2025", "99999"])
def test_what_is_no_date_is_an_issue_and_no_guess(text):
    read = parse_date(text)

    assert read == ParsedDate(issue=REFUSED)


@pytest.mark.parametrize("text", [None, "", "NaT", "No Definido", "  "])
def test_words_for_nothing_are_no_issue(text):
    read = parse_date(text)

    assert read == ParsedDate()


def test_a_datetime_gives_its_day():
    read = parse_date(datetime(2025, 9, 22, 23, 59, tzinfo=UTC))

    assert read.day == date(2025, 9, 22)


def test_unreadable_dates_are_kept_as_rejects():
    rejects = Rejects(dataset="contratos")
    frame = pl.DataFrame({"fila": [1, 2], "fuente": "x", "firma": ["2025-01-31", "pronto"]})

    read = read_dates(frame, ["firma"], rejects=rejects)

    assert read.get_column("firma").to_list() == [date(2025, 1, 31), None]
    assert rejects.frame().select("fila", "columna", "valor_crudo").rows() == [(2, "firma", "pronto")]


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("EJECUCION_ABRIL_2025.csv", (2025, 4)),
        ("4. Ejecucion_Def_Abril_Inversion_2025 V20250405.xlsx", (2025, 4)),
        ("ejecución marzo 2024.XLSX", (2024, 3)),
        ("EJECUCION_SETIEMBRE_2024.csv", (2024, 9)),
        ("EJECUCION_2025.csv", None),
        ("EJECUCION_ABRIL.csv", None),
        ("EJECUCION_ABRIL_V20250405.csv", None),
        ("EJECUCION_ABRIL_MAYO_2025.csv", None),
        ("EJECUCION_ABRIL_2024_2025.csv", None),
    ],
)
def test_a_file_name_tells_its_month_only_if_it_tells_one(name, month):
    told = month_of_file_name(name)

    assert told == month


def test_months_are_known_by_name_however_written():
    months = [month_from_name(name) for name in ("Abril", " DICIEMBRE ", "setiembre", "April")]

    assert months == [4, 12, 9, None]


@given(day=DAYS)
def test_the_last_day_of_a_month_is_followed_by_a_first(day):
    last = last_day(day.year, day.month)

    assert (last.year, last.month) == (day.year, day.month)
    assert date.fromordinal(last.toordinal() + 1).day == 1


def test_late_evening_in_utc_is_still_the_same_day_in_colombia():
    today = today_in_colombia(datetime(2025, 9, 23, 3, 0, tzinfo=UTC))

    assert today == date(2025, 9, 22)
