"""What counts as a monthly budget file."""

import io
import zipfile

import pytest

from extraction_app.budget_files import NEEDED, Period, RefusedFile, check_budget_file, period_of

HEADER = ";".join(f" {name} " for name in NEEDED)
ROW = ";".join("x" for _ in NEEDED)


@pytest.fixture(autouse=True)
def _english(monkeypatch) -> None:
    monkeypatch.setenv("ETL_LANG", "en")


def workbook(*sheets, extra=None):
    """A zip with the one part that lists the sheets."""
    listing = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr(extra or "xl/workbook.xml", f"<workbook><sheets>{listing}</sheets></workbook>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("EJECUCION_ABRIL_2025.csv", Period(vigencia=2025, mes=4)),
        ("4. Ejecucion_Def_Abril_Inversion_2025 V20250405.xlsx", Period(vigencia=2025, mes=4)),
        ("ejecución febrero 2024.CSV", Period(vigencia=2024, mes=2)),
    ],
)
def test_the_name_tells_the_period(name, period):
    assert period_of(name) == period


def test_a_hint_tells_it_where_the_name_does_not():
    period = period_of("archivo.xlsx", "Ejecución de abril", "Ejecución de abril Vigencia 2025")

    assert period == Period(vigencia=2025, mes=4)


@pytest.mark.parametrize(
    "name", ["EJECUCION_ABRIL.csv", "EJECUCION_2025.csv", "ABRIL_MAYO_2025.csv", "x V20250405.csv"]
)
def test_a_period_is_never_guessed(name):
    with pytest.raises(RefusedFile, match="EJECUCION_ABRIL_2025"):
        period_of(name)


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_csv_with_the_header_is_taken_with_or_without_byte_order_mark(start):
    check_budget_file("a.csv", f"{start}{HEADER}\n{ROW}\n".encode())


def test_a_workbook_with_the_sheet_is_taken_wherever_it_stands():
    check_budget_file("a.XLSX", workbook("AVANCE GENERAL", "DEFINITIVO "))


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.csv", b"", "lacks"),
        ("a.csv", HEADER.replace(";", ",").encode(), "separated by ;"),
        ("a.csv", HEADER.replace("PAGOS", "PAGO").encode(), "PAGOS"),
        ("a.csv", f"{HEADER}\n".encode(), "no row"),
        ("a.csv", f"{HEADER};año\n{ROW}".encode("latin-1"), "UTF-8"),
        ("a.csv", workbook("DEFINITIVO"), "."),
        ("a.xlsx", b"<html>not found</html>", "not a workbook"),
        ("a.xlsx", workbook("DEFINITIVO")[:-30], "not a workbook"),
        ("a.xlsx", workbook("DEFINITIVO", extra="word/document.xml"), "no workbook"),
        ("a.xlsx", workbook("PROPÓSITO", "RETO"), "PROPÓSITO, RETO"),
        ("a.xls", b"", r"\.csv, \.xlsx"),
        ("a", b"", r"\.csv, \.xlsx"),
    ],
)
def test_anything_else_is_refused_with_its_reason(name, data, reason):
    with pytest.raises(RefusedFile, match=reason) as refusal:
        check_budget_file(name, data)

    assert refusal.value.name == name


def test_a_damaged_sheet_is_noticed_though_the_list_of_sheets_is_whole():
    buffer = io.BytesIO(workbook("DEFINITIVO"))
    with zipfile.ZipFile(buffer, "a") as package:
        package.writestr("xl/worksheets/sheet1.xml", "<row>4112</row>")
    data = buffer.getvalue().replace(b"<row>4112</row>", b"<row>4113</row>")

    with pytest.raises(RefusedFile, match=r"sheet1\.xml is damaged"):
        check_budget_file("a.xlsx", data)
