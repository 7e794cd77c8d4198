"""Maps and columns by month: shaded by value, told in words, and nothing drawn without data."""

import json
import re
from datetime import date
from decimal import Decimal

import pytest

from reporting_app import wording
from reporting_app.budget_figures import Budget
from reporting_app.budget_parts import monthly_flow
from reporting_app.city_map import map_drawing
from reporting_app.loan_flow import concentration
from reporting_app.maps import Area, Spot, map_of, shades_of
from reporting_app.month_columns import month_columns


def square(west, south, size=1.0):
    ring = [[west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def areas():
    return [
        Area(name="COMUNA 01", label="1", geometry=square(0, 0)),
        Area(name="<COMUNA 02>", label="2", geometry=square(1, 0)),
        Area(name="COMUNA 03", label="3", geometry=square(2, 0)),
    ]


def test_territories_are_shaded_by_their_value_and_told_in_words():
    values = {"COMUNA 01": Decimal(10), "<COMUNA 02>": Decimal(2)}

    drawing = map_of("m", areas(), values, title="Obras", words={"COMUNA 01": "10", "<COMUNA 02>": "2"})

    assert re.findall(r'<path class="([a-z0-9-]+)"', drawing) == ["calor-5", "calor-1", "sin-valor"]
    assert "<title>&lt;COMUNA 02&gt;: 2</title>" in drawing
    assert "COMUNA 03: sin datos" in drawing


def test_points_are_placed_north_up_and_those_off_the_map_are_left_out():
    spots = [Spot(lon=0.5, lat=0.9), Spot(lon=2.5, lat=0.1), Spot(lon=60, lat=0)]

    drawing = map_of("m", areas(), {}, title="Obras", words={}, spots=spots)

    (west, north), (east, south) = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawing)
    assert float(west) < float(east)
    assert float(north) < float(south)


@pytest.mark.parametrize(
    "geometry", ['{"type": "Point", "coordinates": [0, 0]}', '{"type": "Polygon", "coordinates": []}']
)
def test_a_map_without_any_surface_is_not_drawn(geometry):
    drawing = map_of("m", [Area(name="a", label="", geometry=geometry)], {}, title="Obras", words={})

    assert drawing == ""


def test_shades_split_the_way_to_the_highest_value_in_five():
    shades = shades_of([Decimal(10), Decimal(3)])

    assert shades[0] == ("calor-1", Decimal(0), Decimal(2))
    assert shades[-1] == ("calor-5", Decimal(8), Decimal(10))
    assert shades_of([]) == []


@pytest.mark.parametrize(
    ("most", "legend"),
    [
        (6, ["1", "2", "3", "4", "5 to 6"]),
        (2, ["1", "2"]),
        (35, ["1 to 7", "8 to 14", "15 to 21", "22 to 28", "29 to 35"]),
    ],
)
def test_the_legend_of_a_map_names_each_count_once(most, legend, monkeypatch):
    monkeypatch.setenv("ETL_LANG", "en")
    rows = [{"territorio": "COMUNA 01", "frentes": most}, {"territorio": "COMUNA 02", "frentes": 1}]

    drawing = map_drawing("m", "Fronts", areas(), rows, value="frentes", source="s")

    assert [words for _style, words in drawing.legend] == legend


def test_every_column_of_a_month_is_told_and_losses_hang_below_zero():
    series = {"real": {date(2025, 1, 1): Decimal(2_000_000), date(2025, 2, 1): Decimal(-1_000_000)}}

    drawing = month_columns("c", series, title="Pagos")

    tops = [float(top) for top in re.findall(r'<rect class="serie-1" x="[\d.]+" y="([\d.]+)"', drawing)]
    zero = float(re.search(r'<line [^>]*y1="([\d.]+)"', drawing)[1])
    assert tops[0] < zero
    assert tops[1] == zero
    assert "feb 2025: -$\N{NO-BREAK SPACE}1 millones" in drawing
    assert month_columns("c", {"real": {}}, title="Pagos") == ""


def test_a_month_is_its_cut_less_the_one_before_and_a_gap_is_left_out():
    cuts = {1: 10, 2: 25, 4: 90, 5: 80}
    rows = [
        {"periodo_corte": date(2025, month, 1), "ejecucion": Decimal(amount), "pagos": Decimal(1)}
        for month, amount in cuts.items()
    ]
    sources = {date(2025, month, 1): "a.csv" for month in cuts}

    flow = monthly_flow(Budget(by_organismo=rows, by_vigencia=[], sources=sources, untrusted=frozenset()))

    assert {cut.month: amounts["ejecucion"] for cut, amounts in flow.items()} == {1: 10, 2: 15, 5: -10}


@pytest.mark.parametrize(
    ("values", "index"), [([1], 10000), ([1, 1], 5000), ([3, 1], 6250), ([None], None), ([0], None)]
)
def test_concentration_is_the_sum_of_squared_shares(values, index):
    rows = [
        {"banco": str(number), "valor_contrato": None if value is None else Decimal(value)}
        for number, value in enumerate(values)
    ]

    assert concentration(rows, "banco") == index


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (4_531_000_000_000, "$ 4,53 billones"),
        (-2_000_000_000_000, "-$ 2,00 billones"),
        (1_234_567_890, "$ 1.235 millones"),
        (999, "$ 999"),
        (None, "sin datos"),
    ],
)
def test_large_amounts_are_told_as_people_say_them(amount, words):
    written = wording.large(amount)

    assert written.replace("\N{NO-BREAK SPACE}", " ") == words


def test_labels_that_would_touch_stand_side_by_side():
    wide = Area(name="fondo", label="", geometry=square(0, 0, size=6))
    close = [Area(name=f"COMUNA {n}", label=str(n), geometry=square(0.15 * n, 0, size=0.2)) for n in (1, 2)]

    drawing = map_of("m", [wide, *close], {}, title="Obras", words={})

    first, second = sorted(float(x) for x in re.findall(r'<text[^>]* x="([\d.]+)"', drawing))
    assert second - first > 17.9


def test_of_many_months_some_are_named_and_fewer_on_a_narrow_screen():
    months = {date(2025, month, 1): Decimal(month) for month in range(1, 13)}

    drawing = month_columns("c", {"planeado": months, "real": months}, title="Pagos")

    labels = re.findall(r"<text( class=\"alterna\")?[^>]*>(\w+ 2025)</text>", drawing)
    assert [label for _alternate, label in labels] == [
        f"{month} 2025" for month in ("ene", "mar", "may", "jul", "sep", "nov")
    ]
    assert [bool(alternate) for alternate, _label in labels] == [False, True] * 3
    assert drawing.index("planeado</li>") < drawing.index("<svg")
