"""Budget files of each header generation, written in memory and read back."""

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from etl_kit.errors import MissingColumns, UnreadableInput
from etl_kit.money import Spelling, read_money
from etl_kit.rejects import Rejects
from transformation_app.budget_files import RAGGED, read_budget_file, spelling_of
from transformation_app.budget_layout import MONEY_COLUMNS, SHARED
from transformation_app.budget_months import BudgetFile, Month, choose_month, cut_of

MONEY_HEADERS = [SHARED[name][0] for name in MONEY_COLUMNS]
HEADER_2025 = [
    *("Centro Gestor", "Nombre Centro Gestor", "Area Funcional", "Nombre Area Funcional", "Propósito"),
    *("Nombre Propósito", "Reto", "Nombre Reto", "Programa", "Nombre Programa", "BPIN", "BP", "Nombre BP"),
    *("Programa Presupuestal", "Nombre Actividad", "Pospre", "Nombre Pospre", "Fondo", "Nombre Fondo", "Origen"),
    *("COMUNA", "VIGENCIA", "TIPO DE GASTO", *MONEY_HEADERS, "Clasificación del fondo 1"),
]
HEADER_2024 = [
    *("RUBRO", "Centro Gestor", "Nombre Centro Gestor", "BP", "Nombre del Proyecto", "Programa"),
    *("Nombre de la actividad", "BPIN", "SECTOR", "PROGRAMA", "PRODUCTO", "PRODUCTO 1", "VALIDADOR CUIPO"),
    *("Fondo 1", "Nombre de fondo", "Clasificación del fondo", "Pospre 1", "Pospre 1", "Dimensión"),
    *("Nombre de Dimensión", "Línea Estratégica", "Nombre de Línea Estratégica", "Programa", "Nombre de Programa"),
    *("Area Funcional", "Nombre del Area Funcional", "Origen", "COMUNA", "VIGENCIA", "TIPO DE GASTO", *MONEY_HEADERS),
]


def line(header: list[str], **cells: str) -> list[str]:
    """A line whose cells tell their own header, but for those named (`_` for a blank in the name)."""
    named = {name.replace("_", " "): text for name, text in cells.items()}
    return [
        named.get(name.strip(), " -   " if name.strip() in MONEY_HEADERS else f"{name.strip()} {position}")
        for position, name in enumerate(header)
    ]


def csv_bytes(*rows: list[str]) -> bytes:
    quoted = [";".join(f'"{cell}"' if "\n" in cell or ";" in cell else cell for cell in row) for row in rows]
    return ("\ufeff" + "\r\n".join(quoted) + "\r\n").encode()


def workbook_bytes(sheets: dict[str, list[list[object]]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)
    return buffer.getvalue()


def read(content: bytes, name: str = "EJECUCION_ABRIL_2025.csv") -> tuple[pl.DataFrame, Rejects]:
    rejects = Rejects(dataset="ejecucion_detalle")
    return read_budget_file(content, name=name, rejects=rejects), rejects


def month(name: str, *amounts: int) -> Month:
    money = pl.DataFrame({column: [Decimal(amount) for amount in amounts] for column in MONEY_COLUMNS})
    file = BudgetFile(name=name, path=Path(name), cut=date(2025, 4, 30))
    return Month(file=file, lines=money, refused=Rejects(dataset=name))


def test_padded_headers_of_january_2025_are_the_same_columns():
    header = [f" {name} " if name != "Nombre BP" else " Nombre Proyecto " for name in HEADER_2025]

    frame, _rejects = read(csv_bytes(header, line(header, BPIN="2024760010333", BP="BP26005375")))

    assert frame.get_column("bpin").to_list() == ["2024760010333"]
    assert frame.get_column("nombre_proyecto").to_list() == ["Nombre Proyecto 12"]


def test_in_2024_the_activity_code_and_the_plan_s_programme_are_told_apart():
    frame, _rejects = read(csv_bytes(HEADER_2024, line(HEADER_2024)))

    said = frame.select("programa_presupuestal", "cod_programa", "pospre", "nombre_pospre", "cod_dimension").row(0)

    assert said == ("Programa 5", "Programa 22", "Pospre 1 16", "Pospre 1 17", "Dimensión 18")


def test_in_2025_the_programme_is_the_plan_s():
    frame, _rejects = read(csv_bytes(HEADER_2025, line(HEADER_2025)))

    said = frame.select("programa_presupuestal", "cod_programa", "cod_proposito", "cod_dimension").row(0)

    assert said == ("Programa Presupuestal 13", "Programa 8", "Propósito 4", None)


def test_the_product_columns_of_may_2025_are_read():
    header = [*HEADER_2025[:13], "Código Producto MGA", "Nombre Producto MGA", *HEADER_2025[13:]]

    frame, _rejects = read(csv_bytes(header, line(header, Código_Producto_MGA="4599031")))

    assert frame.get_column("cod_producto_mga").to_list() == ["4599031"]


def test_a_line_break_within_quotes_makes_no_second_line():
    frame, rejects = read(csv_bytes(HEADER_2025, line(HEADER_2025, Nombre_BP="Mejoramiento\nde vías; etapa 2")))

    assert frame.height == 1
    assert len(rejects) == 0


def test_a_row_with_too_few_cells_is_kept_as_refused_and_the_others_are_read():
    frame, rejects = read(csv_bytes(HEADER_2025, ["4112", "corta"], line(HEADER_2025)))

    assert frame.get_column("fila").to_list() == [3]
    assert rejects.frame().select("fila", "motivo").rows() == [(2, RAGGED)]


def test_blank_rows_are_no_lines():
    frame, rejects = read(csv_bytes(HEADER_2025, [""] * len(HEADER_2025), line(HEADER_2025), ["  "]))

    assert frame.height == 1
    assert len(rejects) == 0


def test_titles_above_the_header_are_passed_over():
    frame, _rejects = read(csv_bytes(["Ejecución a abril"], [], HEADER_2025, line(HEADER_2025)))

    assert frame.get_column("fila").to_list() == [4]


def test_another_encoding_is_refused_and_not_guessed():
    content = csv_bytes(HEADER_2025, line(HEADER_2025)).decode().encode("latin-1", errors="replace")

    with pytest.raises(UnreadableInput) as caught:
        read(content)

    assert "UTF-8" in str(caught.value)


def test_an_absent_money_column_is_named():
    header = [name for name in HEADER_2025 if name != "PAGOS"]

    with pytest.raises(MissingColumns) as caught:
        read(csv_bytes(header, line(header)))

    assert caught.value.columns == ("PAGOS",)


def test_a_file_without_a_header_is_refused():
    with pytest.raises(UnreadableInput):
        read(csv_bytes(["a", "b"], ["1", "2"]))


def test_the_detail_sheet_of_a_workbook_is_found_by_name():
    numbers: list[object] = line(HEADER_2025, BPIN="2024760010333")
    numbers[0], numbers[HEADER_2025.index("PAGOS")] = 4112, 1234567.5
    content = workbook_bytes({"RETO": [["Total", 1]], "DEFINITIVO": [HEADER_2025, numbers]})

    frame, _rejects = read(content, "Abril 2025.xlsx")
    rejects = Rejects(dataset="d")
    pesos = read_money(frame, ["pagos"], rejects=rejects, spelling=spelling_of("Abril 2025.xlsx"))

    assert frame.select("cod_centro_gestor", "bpin").row(0) == ("4112", "2024760010333")
    assert pesos.get_column("pagos").to_list() == [Decimal("1234567.50")]
    assert len(rejects) == 0


def test_a_numeric_bpin_of_a_workbook_keeps_all_its_digits():
    numbers: list[object] = line(HEADER_2025)
    numbers[HEADER_2025.index("BPIN")] = 202400000006267
    content = workbook_bytes({"DEFINITIVO": [HEADER_2025, numbers]})

    frame, _rejects = read(content, "Abril 2025.xlsx")

    assert frame.get_column("bpin").to_list() == ["202400000006267"]


def test_a_workbook_without_the_detail_sheet_names_the_sheets_it_has():
    content = workbook_bytes({"RETO": [["Total", 1]]})

    with pytest.raises(UnreadableInput) as caught:
        read(content, "Abril 2025.xlsx")

    assert "RETO" in str(caught.value)


def test_a_damaged_workbook_is_unreadable():
    with pytest.raises(UnreadableInput):
        read(b"PK\x03\x04 not really", "Abril 2025.xlsx")


def test_the_format_tells_how_money_is_written():
    spellings = [spelling_of("a.csv"), spelling_of("A.XLSX")]

    assert spellings == [Spelling.COLOMBIAN, Spelling.MACHINE]


def test_of_two_files_the_one_with_more_rows_speaks_and_the_difference_is_told():
    full, part = month("ABRIL_2025.csv", 5, 7), month("Abril 2025.xlsx", 5)

    chosen, differences = choose_month([part, full])

    assert chosen is full
    assert len(differences) == 1
    assert "Abril 2025.xlsx" in differences[0]


def test_of_two_files_that_agree_the_workbook_speaks_without_a_word():
    csv, workbook = month("ABRIL_2025.csv", 5), month("Abril 2025.xlsx", 5)

    chosen, differences = choose_month([csv, workbook])

    assert (chosen, differences) == (workbook, [])


def test_as_many_rows_with_another_amount_are_told():
    _chosen, differences = choose_month([month("a.csv", 5), month("b.csv", 6)])

    assert len(differences) == 1


@pytest.mark.parametrize(
    ("name", "entry", "cut"),
    [
        ("EJECUCION_FEBRERO_2024.csv", {}, date(2024, 2, 29)),
        ("EJECUCION_FEBRERO_2024.csv", {"vigencia": 2023, "mes": 1}, date(2024, 2, 29)),
        ("ejecucion.csv", {"vigencia": 2025, "mes": 4}, date(2025, 4, 30)),
        ("ejecucion.csv", {"vigencia": "2025", "mes": "Abril"}, date(2025, 4, 30)),
        ("ejecucion.csv", {"vigencia": 2025, "mes": 13}, None),
        ("ejecucion.csv", {"mes": 4}, None),
        ("EJECUCION_ABRIL.csv", {}, None),
    ],
)
def test_the_cut_is_the_last_day_of_the_month_told_and_never_a_default(name, entry, cut):
    told = cut_of(name, entry)

    assert told == cut
