"""Nothing that says who a person is, or how to reach them, is kept of a file that the city hands over."""

import io
import json

import fastexcel
import pytest
import xlsxwriter

from etl_kit.errors import UnreadableInput
from extraction_app.personal_cells import without_people


def workbook(**sheets):
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for row, cells in enumerate(rows):
            sheet.write_row(row, 0, cells)
    book.close()
    return buffer.getvalue()


def cells_of(data, sheet):
    frame = fastexcel.read_excel(data).load_sheet(sheet, header_row=None, dtypes="string").to_polars()
    return [list(cells) for cells in frame.iter_rows()]


def test_a_personal_column_is_emptied_below_its_header_and_the_rest_stays():
    data = workbook(Hoja1=[["Título"], ["Cod", "Dirección de correo electrónico"], ["COD1", "ana@ejemplo.invalid"]])

    cleaned = without_people(data, name="respuestas.xlsx")

    assert cells_of(cleaned.data, "Hoja1") == [
        ["Título", None],
        ["Cod", "Dirección de correo electrónico"],
        ["COD1", None],
    ]
    assert cleaned.emptied == ("Hoja1: Dirección de correo electrónico",)


def test_an_address_is_hidden_wherever_it_stands():
    data = workbook(Hoja1=[["Observación"], ["escribir a rosa.diaz@ejemplo.invalid, gracias"]])

    cleaned = without_people(data, name="notas.xlsx")

    assert cells_of(cleaned.data, "Hoja1")[1] == ["escribir a ***, gracias"]
    assert cleaned.emptied == ("Hoja1: e-mail",)


def test_a_number_is_personal_beside_a_contact_and_a_count_elsewhere():
    data = workbook(
        A=[["CONTACTO", "NUMERO", "Valor"], ["Luz", 3001234567, 8]], B=[["Clase", "Número"], ["parques", 12]]
    )

    cleaned = without_people(data, name="x.xlsx")

    assert cells_of(cleaned.data, "A")[1] == [None, None, "8"]
    assert cells_of(cleaned.data, "B")[1] == ["parques", "12"]


def test_explanations_are_emptied_whatever_quarter_they_speak_of():
    header = ["Cód BPIN", "% de Avance Actividad Trimestre I", "Explicación Actividad Trim I"]
    data = workbook(Cuadro=[["MEDE01"], header, ["2024760010333", 0.5, "La hizo la funcionaria Ana Ruiz"]])

    cleaned = without_people(data, name="CUADRO 1S.xlsx")

    assert cells_of(cleaned.data, "Cuadro")[2] == ["2024760010333", "0.5", None]


def test_numbers_read_the_same_after_a_sheet_was_written_anew():
    rows = [["Correo", "Valor", "Parte"], ["a@ejemplo.invalid", 1234567890.25, 0.5], ["b@ejemplo.invalid", -7, 1]]
    data = workbook(Hoja1=rows)

    cleaned = without_people(data, name="x.xlsx")

    assert [cells[1:] for cells in cells_of(cleaned.data, "Hoja1")] == [cells[1:] for cells in cells_of(data, "Hoja1")]


def test_a_workbook_without_people_is_kept_byte_for_byte():
    data = workbook(Hoja1=[["BPIN", "Valor"], ["2024760010333", 5]])

    assert without_people(data, name="x.xlsx").data == data


def test_records_lose_personal_keys_and_addresses_at_any_depth():
    data = json.dumps([{"id": 1, "Teléfono": "300", "lista": [{"nota": "ver x@ejemplo.invalid"}]}]).encode()

    cleaned = without_people(data, name="unidades.json")

    assert json.loads(cleaned.data) == [{"id": 1, "lista": [{"nota": "ver ***"}]}]
    assert cleaned.emptied == ("Teléfono", "e-mail")


@pytest.mark.parametrize("name", ["roto.xlsx", "roto.json"])
def test_a_damaged_file_is_refused_by_name(name):
    with pytest.raises(UnreadableInput, match=name):
        without_people(b"PK\x03\x04 no", name=name)
