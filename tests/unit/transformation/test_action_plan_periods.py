from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transformation_app.action_plan_periods import period_of_file_name, quarter_of, quarter_of_label

ROMAN = {1: "I", 2: "II", 3: "III", 4: "IV"}
ENDS = {1: date(2025, 3, 31), 2: date(2025, 6, 30), 3: date(2025, 9, 30), 4: date(2025, 12, 31)}


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("CUADRO 1S_I Trimestre 2025.xlsx", date(2025, 3, 31)),
        ("CUADRO 1S_II Trimestre 2025.xlsx", date(2025, 6, 30)),
        ("CUADRO 1S_III Trimestre 2025.xlsx", date(2025, 9, 30)),
        ("Cuadro 1S IV trimestre de 2024 V20250115.xlsx", date(2024, 12, 31)),
        ("Cuadro 1S Trim. III - 2024.xlsx", date(2024, 9, 30)),
        ("Cuadro 1S Segundo Trimestre 2025.xlsx", date(2025, 6, 30)),
        ("Cuadro 1S Plan Accion Proyectos Organismos Junio de 2024 .xlsx", date(2024, 6, 30)),
        ("Cuadro 1S Marzo de 2024.xlsx", date(2024, 3, 31)),
        ("Cuadro 1S II Trimestre (junio) 2025.xlsx", date(2025, 6, 30)),
    ],
)
def test_the_quarter_or_month_of_a_name_is_its_last_day(name, cut):
    period = period_of_file_name(name)

    assert period == cut


@pytest.mark.parametrize(
    "name",
    [
        "CUADRO 1S 2025.xlsx",
        "CUADRO 1S_I Trimestre.xlsx",
        "CUADRO 1S I Trimestre y II Trimestre 2025.xlsx",
        "CUADRO 1S_I Trimestre 2024 2025.xlsx",
        "CUADRO 1S_I Trimestre junio 2025.xlsx",
        "CUADRO 1S V Trimestre 2025.xlsx",
        "CUADRO 1S_I 2025.xlsx",
    ],
)
def test_a_name_without_exactly_one_period_has_none(name):
    period = period_of_file_name(name)

    assert period is None


@given(
    quarter=st.sampled_from(sorted(ROMAN)),
    before=st.sampled_from(["Cuadro 1S_", "CUADRO 1S ", "1S-", "Plan de acción i+d "]),
    word=st.sampled_from(["Trimestre", "TRIMESTRE", "trim"]),
    between=st.sampled_from([" ", " de ", "_", " - "]),
    upper=st.booleans(),
)
def test_a_longer_numeral_is_never_read_as_a_shorter_one(quarter, before, word, between, upper):
    numeral = ROMAN[quarter] if upper else ROMAN[quarter].lower()

    period = period_of_file_name(f"{before}{numeral} {word}{between}2025.xlsx")

    assert period == ENDS[quarter]


@given(text=st.text(max_size=40))
def test_no_name_breaks_the_parser(text):
    period = period_of_file_name(text)

    assert period is None or period.year // 100 == 20


def test_the_quarter_of_a_header_and_of_a_day_are_told():
    labels = [quarter_of_label(f"% de Avance Actividad\nTrimestre {numeral}") for numeral in ROMAN.values()]

    quarters = [quarter_of(day) for day in ENDS.values()]

    assert labels == quarters == [1, 2, 3, 4]
    assert quarter_of_label("% de Avance Producto") is None
