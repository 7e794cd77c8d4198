"""The columns of Cuadro 1S since September 2024, whichever file they stand in."""

import pytest

from etl_kit.errors import MissingColumns, UnreadableInput
from tests.unit.transformation.action_plan_subjects import activity, headers
from transformation_app.action_plan_layout import find_columns, is_header, quarters_of, settle_product_columns


def texts(row):
    """A row as a sheet gives it: every cell as text."""
    return [None if cell is None else str(cell) for cell in row]


def test_labels_that_differ_are_believed():
    quarters = quarters_of(["% de Avance Actividad Trimestre III", "% de Avance Actividad Trimestre IV"])

    assert quarters == (3, 4)


def test_of_four_columns_with_a_label_twice_the_place_counts():
    quarters = quarters_of([f"% de Avance Actividad Trimestre {label}" for label in ("I", "II", "II", "IV")])

    assert quarters == (1, 2, 3, 4)


@pytest.mark.parametrize("labels", [["II", "II"], ["I", "II", "II"], [""]])
def test_fewer_columns_with_a_label_twice_or_none_are_told_by_nobody(labels):
    quarters = quarters_of([f"Trimestre {label}" for label in labels])

    assert quarters is None


def test_the_42_columns_of_december_2024_are_the_third_and_fourth_quarter():
    header = headers(quarters=("III", "IV"))

    places = find_columns(header, [texts(activity(header))], "a.xlsx").places

    assert len(header) == 42
    assert len(headers()) == 52
    assert header[places["avance_actividad_trim_4"]] == "% de Avance Actividad\nTrimestre IV"
    assert header[places["ejecucion_fisica_trim_3"]] == "Ejecución Fisica Trimestre III"
    assert places["avance_producto_trim_3"] == places["ejecucion_fisica_trim_3"] + 2
    assert not [name for name in places if name.endswith(("trim_1", "trim_2"))]


def test_each_progress_of_the_product_belongs_to_the_execution_before_it():
    header = headers(labels=("I", "II", "II", "IV"))

    places = find_columns(header, [texts(activity(header))], "a.xlsx").places

    for quarter in (1, 2, 3, 4):
        assert places[f"avance_producto_trim_{quarter}"] == places[f"ejecucion_fisica_trim_{quarter}"] + 2
    assert places["avance_actividad_trim_3"] == places["avance_actividad_trim_2"] + 2


def test_the_columns_on_the_product_are_told_by_their_cells_when_their_headers_are_wrong():
    trio = {"cod_producto_mga": 0, "nombre_producto_mga": 1, "programacion_pi": 2}
    rows = [
        ("12", "4599031", "Servicio de asistencia"),
        ("NP", "406099", "Vía mejorada"),
        ("2402114", "1903016", "Otro más"),
    ]

    settled = settle_product_columns(trio, rows)

    assert settled == {"cod_producto_mga": 1, "nombre_producto_mga": 2, "programacion_pi": 0}


@pytest.mark.parametrize("rows", [[], [(None, None, None)], [("x", "y", "z")]])
def test_headers_are_believed_where_the_cells_tell_nothing(rows):
    trio = {"cod_producto_mga": 0, "nombre_producto_mga": 1, "programacion_pi": 2}

    settled = settle_product_columns(trio, rows)

    assert settled == trio


def test_headers_in_another_order_that_are_right_are_not_called_misleading():
    header = headers(product=("Nombre Producto MGA", "Cód Producto MGA", "Programación PI Año 2"))

    found = find_columns(header, [texts(activity(header))], "a.xlsx")

    assert found.misleading == ()
    assert header[found.places["cod_producto_mga"]] == "Cód Producto MGA"


def test_a_column_without_which_a_row_means_nothing_is_missed_by_name():
    header = [name for name in headers() if name != "Pagos"]

    with pytest.raises(MissingColumns) as caught:
        find_columns(header, [], "a.xlsx")

    assert caught.value.columns == ("Pagos",)


def test_a_family_whose_quarters_nobody_can_tell_is_refused():
    header = headers(quarters=("III", "IV"), labels=("IV", "IV"))

    with pytest.raises(UnreadableInput, match="iv"):
        find_columns(header, [], "a.xlsx")


def test_a_list_of_column_names_is_no_header():
    dictionary = [("H", "Cód BPIN", "Código del proyecto"), ("K", "Cód Actividad", "Código de la actividad")]

    headed = [is_header(row) for row in dictionary]

    assert headed == [False, False]
    assert is_header(headers())
