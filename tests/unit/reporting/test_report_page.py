"""The page shows what it is given: escaped, shaded, cut where it says so, and drawn without a script."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from reporting_app.charts import Bar, bars, lines_by_year
from reporting_app.page import Card, Drawing, Page, Section, write_page
from reporting_app.tables import Kind, Table, TableColumn

NO_BREAK = "\N{NO-BREAK SPACE}"
NAME = TableColumn(name="nombre", heading="Nombre")
SHARE = TableColumn(name="parte", heading="Parte", kind=Kind.HEAT)


def table_of(*rows, on_page=200):
    return Table(sheet="Hoja", caption="Una tabla", columns=(NAME, SHARE), rows=rows, source="a.csv", on_page=on_page)


def page_with(*, banner="", **section):
    part = Section(ident="parte", heading="Parte", lead="De qué trata.", **section)
    return write_page(Page(title="Título", banner=banner, facts=[("Corte", "hoy")], sections=[part], footer="Fin"))


def test_a_table_without_rows_reads_no_data_under_its_caption():
    page = page_with(tables=[table_of()])

    assert '<span>Una tabla</span></caption><tbody><tr><td class="vacia">sin datos</td>' in page


def test_a_cell_is_shaded_by_its_fifth_of_the_whole():
    rows = [{"nombre": share, "parte": Decimal(share)} for share in ("0.19", "0.2", "0.5", "0.79", "0.8", "1.4")]

    page = page_with(tables=[table_of(*rows)])

    shades = [
        page.split(f'>{share}</th><td class="num calor-')[1][0]
        for share in ("0.19", "0.2", "0.5", "0.79", "0.8", "1.4")
    ]
    assert shades == ["1", "2", "3", "4", "5", "5"]


def test_a_total_is_blank_where_nothing_is_summed_and_says_no_data_where_a_sum_is_unknown():
    rows = [{"nombre": "Total", "total": True}, {"nombre": "Total", "parte": None, "total": True}]

    page = page_with(tables=[table_of(*rows)])

    assert page.count('<td class="num vacia"></td>') == 1
    assert page.count('<td class="num vacia">sin datos</td>') == 1


def test_a_long_table_is_cut_on_the_page_and_says_where_the_rest_is():
    rows = [{"nombre": f"fila {number}", "parte": None} for number in range(5)]

    page = page_with(tables=[table_of(*rows, on_page=2)])

    assert "fila 1<" in page
    assert "fila 2<" not in page
    assert "Se muestran 2 de 5 filas; todas están en el libro de Excel, hoja «Hoja»." in page


def test_what_comes_from_data_cannot_become_markup_or_a_placeholder():
    hostile = "<b>$title</b>\"'&"

    page = page_with(
        banner=hostile,
        warnings=[hostile],
        cards=[Card(label=hostile, value=hostile, note=hostile)],
        tables=[table_of({"nombre": hostile, "parte": None})],
    )

    assert "<b>" not in page
    assert page.count("&lt;b&gt;$title&lt;/b&gt;") == 6


def test_bars_are_a_named_list_with_every_label_and_value_as_text():
    items = [
        Bar(label="Salud & Vida", value=Decimal("0.5"), text="50,0 %"),
        Bar(label="Paz", value=Decimal(0), text="0,0 %"),
    ]

    drawing = bars("g-1", items, title="Ejecución <2025>")

    assert drawing.startswith('<ul class="barras serie-1" id="g-1"')
    assert 'aria-label="Ejecución &lt;2025&gt;"' in drawing
    assert re.findall(r'"nombre">(.*?)</span>', drawing) == ["Salud &amp; Vida", "Paz"]
    assert re.findall(r'"cifra">(.*?)</span>', drawing) == ["50,0 %", "0,0 %"]


def test_bars_are_as_long_as_their_share_of_the_longest_and_those_below_zero_hang_to_the_left():
    items = [Bar(label=str(value), value=Decimal(value), text=str(value)) for value in (3, -1, 0)]

    drawing = bars("g-2", items, title="Flujo")

    assert re.findall(r"--desde:([\d.]+);--largo:([\d.]+)", drawing) == [
        ("0.2500", "0.7500"),
        ("0.0000", "0.2500"),
        ("0.2500", "0.0000"),
    ]


def test_drawings_hold_no_script_no_address_and_no_english_for_a_screen_reader():
    shares = {(2024, 2): Decimal("0.16"), (2025, 1): Decimal("0.09"), (2025, 4): Decimal("0.36")}

    drawing = lines_by_year("g-2", shares, title="Meses")

    assert "http" not in drawing
    assert "<script" not in drawing
    assert "aria-label=" not in drawing
    assert "aria-roledescription" not in drawing


def test_the_same_figures_are_drawn_the_same_way_every_time():
    shares = {(2024, 2): Decimal("0.16"), (2025, 1): Decimal("0.09")}

    drawings = {lines_by_year("g-3", shares, title="Meses") for _ in range(2)}

    assert len(drawings) == 1


def test_nothing_is_drawn_without_figures():
    assert bars("g-4", [], title="Nada") == ""
    assert lines_by_year("g-5", {}, title="Nada") == ""


def test_bars_of_zero_do_not_break_the_scale():
    drawing = bars("g-6", [Bar(label="Paz", value=Decimal(0), text="0,0 %")], title="Cero")

    assert "NaN" not in drawing
    assert "0,0 %" in drawing


def test_long_names_are_told_in_full_and_two_of_one_name_are_two_bars():
    name = "Contratación Directa - Prestación de Servicios Profesionales y de Apoyo a la Gestión"

    drawing = bars("g-7", [Bar(label=name, value=Decimal(1), text="1") for _ in range(2)], title="Nombres")

    assert drawing.count(f">{name}</span>") == 2


def test_a_line_above_the_whole_stays_within_its_drawing():
    shares = {(2025, 1): Decimal("0.5"), (2025, 2): Decimal("1.4")}

    drawing = lines_by_year("g-8", shares, title="Meses")

    heights = [float(y) for y in re.findall(r'<circle class="punto serie-1" cx="[\d.]+" cy="([\d.]+)" r="5"', drawing)]
    assert heights[0] > heights[1] > 30
    assert f"150{NO_BREAK}%</text>" in drawing


def test_a_doubtful_month_is_drawn_hollow_and_marked_beside_its_percentage():
    shares = {(2025, 1): Decimal("0.5"), (2025, 2): Decimal("0.6")}

    drawing = lines_by_year("g-9", shares, title="Meses", doubtful={(2025, 1)})

    assert drawing.count('"punto serie-1 dudoso"') == 1
    assert f"50,0{NO_BREAK}% ⚠</text>" in drawing
    assert f"60,0{NO_BREAK}%</text>" in drawing


def test_a_warning_stands_above_the_chart_and_the_table_that_it_is_about():
    doubt = "⚠ no confiable"
    table = replace(table_of({"nombre": "a", "parte": None}), warnings=[doubt])

    page = page_with(
        tables=[table], drawings=[Drawing(heading="Dibujo", svg="<svg></svg>", source="a.csv", warnings=[doubt])]
    )

    assert f'<h3>Dibujo</h3><p class="advertencia">{doubt}</p><svg>' in page
    assert f'<p class="advertencia">{doubt}</p><div class="tabla"' in page


def test_a_cell_leads_to_its_file_only_where_there_is_one():
    column = TableColumn(name="archivo", heading="Archivo", link="direccion")
    rows = [{"nombre": "a", "archivo": "4151.xlsx", "direccion": "otros/4151.xlsx"}, {"nombre": "b", "archivo": "no"}]
    table = replace(table_of(*rows), columns=(NAME, column))

    page = page_with(tables=[table])

    assert '<td><a href="otros/4151.xlsx">4151.xlsx</a></td>' in page
    assert "<td>no</td>" in page


@pytest.mark.parametrize(("language", "code"), [("es_CO", "es"), ("en", "en"), ("fr", "en")])
def test_the_page_says_which_language_it_is_in(language, code, monkeypatch):
    monkeypatch.setenv("ETL_LANG", language)

    page = page_with()

    assert f'<html lang="{code}">' in page
