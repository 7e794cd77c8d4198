"""Workbooks of Cuadro 1S since September 2024, written in memory and read back."""

from datetime import date
from decimal import Decimal

import pytest

from etl_kit.errors import UnreadableInput
from tests.unit.transformation.action_plan_subjects import (
    ACTIVITY,
    BPIN,
    CUT,
    NAME,
    activities_book,
    activity,
    headers,
    reading,
    refused,
    table,
    workbook,
)
from transformation_app.action_plan_activities import NO_ACTIVITY, NO_BPIN, REPEATED
from transformation_app.action_plan_files import read_file
from transformation_app.action_plan_tables import DISAGREE_ON_PRODUCT, HOMELESS

ACTIVITIES, PRODUCTS, PROJECTS = "seguimiento_actividades_pa", "seguimiento_productos_pa", "seguimiento_pa"


def test_an_activity_keeps_its_money_shares_and_dates():
    row = activity(peso=0.33, avance=(0.16,), prod=(0.2408,), ejecucion="$ -", obligado="$ -", pagos="$ -")

    [read] = table(reading(row), ACTIVITIES).rows(named=True)

    assert (read["bpin"], read["cod_actividad"], read["periodo_corte"], read["ordinal"]) == (BPIN, ACTIVITY, CUT, 1)
    assert (read["ppto_inicial"], read["ejecucion"], read["pagos"]) == (Decimal(1000), Decimal(0), Decimal(0))
    assert (read["ponderacion_actividad"], read["avance_actividad"]) == (Decimal("0.33"), Decimal("0.16"))
    assert read["avance_actividad_trim_2"] is None
    assert (read["fecha_inicio_actividad"], read["fecha_fin_actividad"]) == (date(2025, 1, 15), date(2025, 12, 31))
    assert read["nombre_centro_gestor"] == "Secretaría de Gobierno"


@pytest.mark.parametrize("above", [0, 8, 10, 30])
def test_the_header_is_found_wherever_it_stands(above):
    book = activities_book(activity(), above=above)

    found = read_file(book, name=NAME, cut=CUT)

    assert table(found, ACTIVITIES).height == 1
    assert table(found, "seguimiento_archivos_pa")["fila_encabezado"].to_list() == [above + 1]


def test_the_sheet_is_found_by_its_header_and_a_hidden_one_is_never_read():
    dictionary = [["ENCABEZADO"], *[["", name, "qué es"] for name in headers()]]
    sheets = {
        "DAP Cuadro 4F": [headers(), activity(bpin="2024760010009")],
        "Descripcion Cuadro": dictionary,
        "Organismo": [["Cód", "Organismo", "% Avance"], ["4112", "Gobierno", "40.53%"]],
        "Proyectos": [["Cód BPIN", "Cód BP"], ["2024760010008", "BP26800008"]],
        "MEDE01.03.01.P01.F05": [[], headers(), activity()],
    }

    found = read_file(workbook(sheets, hidden=["DAP Cuadro 4F"]), name=NAME, cut=CUT)

    assert table(found, ACTIVITIES)["bpin"].to_list() == [BPIN]
    assert table(found, "seguimiento_archivos_pa").select("hoja", "n_hojas", "disposicion").row(0) == (
        "MEDE01.03.01.P01.F05",
        5,
        "A",
    )


def test_absent_dates_are_null_and_unreadable_ones_are_kept_as_refused():
    rows = [
        activity(codigo=f"{ACTIVITY[:-1]}{place}", inicio=inicio, fin=None)
        for place, inicio in enumerate(["N/A", "NA", None, "1/15/2025", "1/3/0205"])
    ]

    found = reading(*rows)

    assert table(found, ACTIVITIES)["fecha_inicio_actividad"].null_count() == 5
    assert sorted(raw for _column, raw, _motive in refused(found, ACTIVITIES)) == ["1/15/2025", "1/3/0205"]


def test_a_row_without_bpin_or_activity_is_refused_whole_and_the_others_stay():
    rows = [activity(), activity(bpin="2.02476E+12"), activity(codigo=None), [None] * 52]

    found = reading(*rows)

    assert table(found, ACTIVITIES).height == 1
    assert sorted(motive for _column, _raw, motive in refused(found, ACTIVITIES)) == sorted([NO_BPIN, NO_ACTIVITY])


def test_two_rows_of_one_activity_both_count_and_are_told_apart_by_what_they_say():
    rows = [activity(inicial=700, ejecucion=70), activity(inicial=300, ejecucion=30)]

    one, other = (table(reading(*each), ACTIVITIES) for each in (rows, rows[::-1]))
    projects = table(reading(*rows), PROJECTS)

    told = one.sort("ordinal").select("ordinal", "ppto_inicial").rows()
    assert told == [(1, Decimal(300)), (2, Decimal(700))]
    assert told == other.sort("ordinal").select("ordinal", "ppto_inicial").rows()
    assert projects.select("ppto_inicial", "ejecucion", "n_filas", "n_actividades").row(0) == (1000, 100, 2, 1)


def test_a_row_that_repeats_another_cell_by_cell_counts_once_and_is_kept_as_refused():
    found = reading(activity(), activity())

    assert table(found, PROJECTS)["ppto_inicial"].to_list() == [Decimal(1000)]
    assert refused(found, ACTIVITIES) == [("cod_actividad", ACTIVITY, REPEATED)]


def test_a_product_is_counted_once_per_goal_and_its_columns_are_not_added_up():
    rows = [
        activity(codigo="A1", peso=0.5, cantidad=10),
        activity(codigo="A2", peso=0.5, cantidad=10),
        activity(codigo="A3", meta="61010010002", cantidad=4),
    ]

    products = table(reading(*rows), PRODUCTS).sort("meta_pd")

    assert products["cantidad_programada_producto"].to_list() == [Decimal(10), Decimal(4)]
    assert products["n_actividades"].to_list() == [2, 1]
    assert products["suma_ponderacion_actividades"].to_list() == [Decimal(1), Decimal(1)]


def test_where_activities_disagree_on_their_product_the_most_frequent_value_stands_and_all_are_kept():
    rows = [activity(codigo=f"A{place}", cantidad=10 + max(0, place - 2), fisica=(place,)) for place in range(4)]

    found = reading(*rows)

    assert table(found, PRODUCTS)["cantidad_programada_producto"].to_list() == [Decimal(10)]
    assert ("cantidad_programada_producto", "10.000000 (3); 11.000000 (1)", DISAGREE_ON_PRODUCT) in refused(
        found, PRODUCTS
    )
    assert table(found, PRODUCTS)["ejecucion_fisica_trim_1"].to_list() == [Decimal(3)]  # all as frequent: the largest
    assert table(found, "seguimiento_archivos_pa")["valores_en_desacuerdo"].to_list() == [2]


def test_a_product_code_gets_back_the_zero_that_a_spreadsheet_drops():
    found = reading(activity(mga=406099))

    assert table(found, PRODUCTS)["cod_producto_mga"].to_list() == ["0406099"]
    assert table(found, ACTIVITIES)["cod_producto_mga"].to_list() == ["0406099"]


def test_the_product_is_read_from_the_column_that_holds_its_code_and_the_wrong_headers_are_told():
    header = headers()
    row = activity(header, mga="NP", producto="4599031")
    row[header.index("Programación PI Año 1")] = "Servicio de asistencia técnica"

    found = reading(row, header=header)

    [product] = table(found, PRODUCTS).rows(named=True)
    assert (product["cod_producto_mga"], product["nombre_producto_mga"]) == (
        "4599031",
        "Servicio de asistencia técnica",
    )
    assert product["programacion_pi"] is None
    assert "Cód Producto MGA" in found.warnings[0]


def test_an_activity_without_a_goal_stays_and_is_in_no_product():
    found = reading(activity(meta=None))

    assert table(found, ACTIVITIES).height == 1
    assert table(found, PRODUCTS).height == 0
    assert [motive for _column, _raw, motive in refused(found, PRODUCTS)] == [HOMELESS]


def test_the_accumulated_progress_is_the_last_reported_one_up_to_the_cut():
    row = activity(prod=(0.1, None, 0.9), avance=(0.1, 0.2))

    [product] = table(reading(row, cut=date(2025, 6, 30)), PRODUCTS).rows(named=True)

    assert product["avance_producto"] is None
    assert product["avance_producto_acumulado"] == Decimal("0.1")
    assert product["avance_producto_trim_3"] == Decimal("0.9")


def test_of_the_third_quarter_the_place_and_not_the_wrong_label_counts():
    header = headers(labels=("I", "II", "II", "IV"))

    found = reading(activity(header, avance=(0.1, 0.2, 0.3, 0.4)), header=header, cut=date(2025, 9, 30))

    assert table(found, ACTIVITIES)["avance_actividad"].to_list() == [Decimal("0.3")]


def test_weights_shares_and_falling_progress_are_counted_and_told():
    rows = [
        activity(codigo="A1", peso=0.5, avance=(0.4, 0.3), prod=(0.4, 0.4)),
        activity(codigo="A2", peso=0.3, avance=(1.05, 1.09), prod=(0.4, 0.4)),
    ]

    found = reading(*rows, cut=date(2025, 6, 30))

    [about] = table(found, "seguimiento_archivos_pa").rows(named=True)
    assert about["productos_con_ponderacion_distinta_de_1"] == 1
    assert about["avances_fuera_de_0_a_1"] == 2
    assert about["avances_que_bajan"] == 1
    assert len(found.warnings) == 3


@pytest.mark.parametrize("weights", [(0.33, 0.33, 0.33), (0.34, 0.34, 0.34), (0.5, 0.25, 0.25)])
def test_weights_that_are_only_rounded_break_no_rule(weights):
    rows = [activity(codigo=f"A{place}", peso=weight) for place, weight in enumerate(weights)]

    found = reading(*rows)

    assert found.warnings == []


def test_no_explanation_is_read():
    header = headers()
    row = activity(header)
    row[header.index("Explicación Actividad Trim I")] = "Según Aurelia Inventadez Zificta avanza"
    row[header.index("Explicación Producto Trim I")] = "Según Aurelia Inventadez Zificta avanza"

    found = reading(row, activity(bpin="x"))

    tables = [*found.frames.values(), *(rejects.frame() for rejects in found.rejects.values())]
    assert not any("Inventadez" in str(cell) for frame in tables for line in frame.rows() for cell in line)


@pytest.mark.parametrize("content", [b"", b"not a workbook", workbook({"Hoja1": [["a", "b"], [1, 2]]})])
def test_what_is_no_cuadro_1s_is_refused_by_name(content):
    with pytest.raises(UnreadableInput) as caught:
        read_file(content, name="otro I Trimestre 2025.xlsx", cut=CUT)

    assert "otro I Trimestre 2025.xlsx" in str(caught.value)
