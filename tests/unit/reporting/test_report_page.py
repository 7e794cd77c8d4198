"""The page shows what it is given: escaped, shaded, cut where it says so, and drawn without a script."""

from decimal import Decimal

from reporting_app.charts import Bar, bars, lines_by_year
from reporting_app.page import Card, Page, Section, write_page
from reporting_app.tables import Kind, Table, TableColumn

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


def test_bars_have_a_title_and_a_description_with_every_value():
    items = [
        Bar(label="Salud & Vida", value=Decimal("0.5"), text="50,0 %"),
        Bar(label="Paz", value=Decimal(0), text="0,0 %"),
    ]

    drawing = bars("g-1", items, title="Ejecución <2025>")

    assert '<title id="g-1-t">Ejecución &lt;2025&gt;</title>' in drawing
    assert '<desc id="g-1-d">Salud &amp; Vida: 50,0 %; Paz: 0,0 %</desc>' in drawing
    assert 'aria-labelledby="g-1-t g-1-d"' in drawing
    assert "var(--serie-1)" in drawing


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


def test_long_names_stand_in_two_lines_beside_their_bars_and_are_never_drawn_over_each_other():
    names = [f"Secretaría de Desarrollo Territorial y {what}" for what in ("Participación", "Vivienda", "Vivienda")]

    drawing = bars("g-7", [Bar(label=name, value=Decimal(1), text="1") for name in names], title="Nombres")

    assert drawing.count("Secretaría de Desarrollo<") == 3
    assert drawing.count("Territorial y Vivienda<") == 1
    assert drawing.count("Territorial y Vivienda (2)<") == 1
    assert drawing.count(">1</text>") == 3
    assert "; ".join(f"{name}: 1" for name in names) in drawing


def test_a_name_too_long_for_two_lines_ends_in_a_mark():
    name = "Contratación Directa - Prestación de Servicios Profesionales y de Apoyo a la Gestión"

    drawing = bars("g-8", [Bar(label=name, value=Decimal(1), text="1")], title="Nombres")

    assert "Prestación de Servicios…<" in drawing
