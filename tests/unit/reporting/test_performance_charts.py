"""Charts of the loan's performance: told in words, told apart by shape, and nothing drawn without data."""

import re
import xml.etree.ElementTree as ET
from decimal import Decimal

from reporting_app.performance_charts import Dot, against_target, curve, small_percent, works_against_money
from tests.unit.reporting.performance_subjects import AUGUST, JULY, SEPTEMBER

MONTHS = [
    {"mes": JULY, "planeado_acumulado": Decimal(10**9), "ganado_acumulado": None, "real_acumulado": None},
    {"mes": AUGUST, "planeado_acumulado": Decimal(2 * 10**9), "ganado_acumulado": Decimal(10**9),
     "real_acumulado": Decimal(15 * 10**8)},
    {"mes": SEPTEMBER, "planeado_acumulado": Decimal(3 * 10**9), "ganado_acumulado": None, "real_acumulado": None},
]  # fmt: skip


def described(drawing):
    return re.search(r"<desc[^>]*>(.*?)</desc>", drawing)[1].replace("\N{NO-BREAK SPACE}", " ")


def test_the_curve_tells_what_each_line_comes_to(monkeypatch):
    monkeypatch.setenv("ETL_LANG", "en")

    drawing = curve("c", MONTHS, cut=AUGUST, title="Curva")

    ET.fromstring(drawing)
    assert described(drawing) == (
        "planned: COP 3,000 million (Sep 2025); earned (progress × value): COP 1,000 million (Aug 2025); "
        "disbursed: COP 1,500 million (Aug 2025)"
    )
    assert "cut: Aug 2025" in drawing


def test_a_line_of_one_month_is_a_point_and_higher_amounts_stand_higher():
    drawing = curve("c", MONTHS, cut=AUGUST, title="Curva")

    heights = [float(y) for y in re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)"', drawing)]
    planned, earned, real = heights
    assert planned < real < earned


def test_without_a_plan_there_is_no_curve():
    nothing = [{"mes": JULY, "planeado_acumulado": None, "ganado_acumulado": None, "real_acumulado": None}]

    assert curve("c", [], cut=None, title="Curva") == ""
    assert curve("c", nothing, cut=JULY, title="Curva") == ""


def test_contracts_whose_money_runs_far_ahead_are_told_and_have_a_shape_of_their_own(monkeypatch):
    monkeypatch.setenv("ETL_LANG", "en")
    dots = [
        Dot(name="<Vía>", works=Decimal("0.1"), money=Decimal("0.5")),
        Dot(name="Parque", works=Decimal("0.3"), money=Decimal("0.5")),
    ]

    drawing = works_against_money("d", dots, title="Obra")

    ET.fromstring(drawing)
    assert drawing.count("var(--mal)") == 1
    assert described(drawing) == (
        "2 contracts; money more than 20 points ahead of the works: &lt;Vía&gt;: works 10.0%, money 50.0%"
    )
    assert works_against_money("d", [], title="Obra") == ""


def test_works_go_to_the_right_and_money_upwards():
    dots = [
        Dot(name="a", works=Decimal("0.1"), money=Decimal("0.2")),
        Dot(name="b", works=Decimal("0.9"), money=Decimal("0.8")),
    ]

    (left, low), (right, high) = re.findall(
        r'<circle cx="([\d.]+)" cy="([\d.]+)"', works_against_money("d", dots, title="Obra")
    )

    assert float(left) < float(right)
    assert float(high) < float(low)


def test_banks_stand_against_the_target_and_unknown_shares_have_no_bar(monkeypatch):
    monkeypatch.setenv("ETL_LANG", "en")
    rows = [
        {"grupo": "Banco A", "negociado": Decimal(10), "pct_firmado": Decimal("0.5"), "pct_negociado": None},
        {"grupo": "Banco B", "negociado": None, "pct_firmado": None, "pct_negociado": None},
    ]

    drawing = against_target("m", rows, title="Meta")

    ET.fromstring(drawing)
    assert described(drawing) == "target 70%; Banco A: signed 50.0% · disbursed no data"
    assert drawing.count("var(--serie-1)") == 1
    assert drawing.count("var(--serie-2)") == 0
    assert against_target("m", rows[1:], title="Meta") == ""


def test_a_little_is_not_read_as_nothing(monkeypatch):
    monkeypatch.setenv("ETL_LANG", "en")

    assert [small_percent(Decimal(share)) for share in ("0.00055", "0.0055", "0.055", "0")] == [
        "0.06%",
        "0.55%",
        "5.5%",
        "0.0%",
    ]
    assert small_percent(None) == "no data"
