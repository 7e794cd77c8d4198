"""Weekly workbooks of the procurement plan, written in memory and read back."""

import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from etl_kit.errors import UnreadableInput
from etl_kit.originals import Original
from etl_kit.rejects import Rejects
from transformation_app.paa_files import read_plan, week_of_name
from transformation_app.paa_layout import PAA_COLUMNS, columns_by_name, is_header
from transformation_app.paa_weeks import (
    HALF_EMPTY,
    NO_ID,
    REPEATED,
    current_plans,
    latest_lines,
    plan_warnings,
    read_plans,
)

HEADERS = [*PAA_COLUMNS.values(), "LLAVE"]
WEEK_31, WEEK_32 = "DACP W-31 PAA BD.xlsx", "DACP W-32 PAA BD.xlsx"


def row(headers: Sequence[str] = HEADERS, **cells: object) -> list[object]:
    """A whole line; `cells` by our names."""
    said = {
        "id": 17726,
        "cod_centro_gestor": 4112,
        "nombre_centro_gestor": "Secretaría de Gobierno",
        "descripcion": "Comprar",
        "anio": 2025,
        "valor_total_estimado": 500,
        **cells,
    }
    theirs = {PAA_COLUMNS[name]: value for name, value in said.items()}
    return [theirs.get(header) for header in headers]


def workbook(**sheets: list[Sequence[object]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name.replace("_", " "))
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)
    return buffer.getvalue()


def plan(*rows: Sequence[object], name: str = WEEK_31, headers: Sequence[str] = HEADERS):
    return read_plan(workbook(V28_PAA_2025=[headers, *rows]), name=name)


def latest(*plans):
    rejects = Rejects(dataset="paa")
    return latest_lines(sorted(plans, key=lambda each: each.rank), rejects=rejects), rejects


@pytest.mark.parametrize(
    ("name", "week"),
    [
        (WEEK_31, 31),
        ("dacp w05 paa.xlsx", 5),
        ("W_7.xlsx", 7),
        ("PAA W 40 (2).xlsx", 40),
        ("PAA V28.xlsx", None),
        ("W-31 y W-32.xlsx", None),
        ("W-310.xlsx", None),
        ("NEW-31.xlsx", None),
    ],
)
def test_the_week_is_the_one_that_the_file_name_tells(name, week):
    told = week_of_name(name)

    assert told == week


@given(st.integers(1, 53), st.sampled_from(["W-{}", "W{:02d}", "w {}", "W_{:02d}"]))
def test_every_week_is_read_however_it_is_spelled(week, spelling):
    told = week_of_name(f"DACP {spelling.format(week)} PAA BD.xlsx")

    assert told == week


def test_a_line_is_read_by_the_names_of_its_columns():
    headers = list(reversed(HEADERS))

    read = plan(row(headers), headers=headers)

    assert read.lines.select("fila", "fuente", "id", "cod_centro_gestor", "valor_total_estimado").rows() == [
        (2, WEEK_31, "17726", "4112", "500")
    ]
    assert (read.week, read.year, read.version, read.cut) == (31, 2025, 28, date(2025, 8, 3))
    assert (read.absent, read.junk) == ((), ())


def test_the_sheet_is_found_by_its_columns_and_the_header_below_titles():
    content = workbook(Resumen=[["Etiquetas de fila", "Suma"], ["a", 1]], Hoja=[["Plan"], [], HEADERS, row()])

    read = read_plan(content, name=WEEK_31)

    assert read.lines.get_column("fila").to_list() == [4]


def test_of_several_versions_in_one_workbook_the_highest_counts():
    content = workbook(V32_PAA_2025=[HEADERS, row(id=2)], V9_PAA_2025=[HEADERS, row(id=1), row(id=3)])

    read = read_plan(content, name=WEEK_31)

    assert read.lines.get_column("id").to_list() == ["2"]


def test_junk_columns_are_nobody_s_and_of_equal_headers_the_first_with_values_is_meant():
    headers = ["FONDO", *HEADERS, "VALOR TOTAL ESTIMADO", "ORGANISMO.1", "45890", "SI", "VALOR_DISPONIBLE_1"]
    line = ["", *row(fondo="SGP"), 999, "x", "y", "z", 7]

    read = plan(line, headers=headers)

    assert read.lines.select("valor_total_estimado", "nombre_centro_gestor", "fondo", "valor_disponible").row(0) == (
        "500",
        "Secretaría de Gobierno",
        "SGP",
        None,
    )
    assert read.junk == ("FONDO", "VALOR TOTAL ESTIMADO", "ORGANISMO.1", "45890", "SI", "VALOR_DISPONIBLE_1")


def test_elemento_pep_and_elemento_pep_2_are_two_columns():
    found = columns_by_name(["ELEMENTO PEP 2", "ELEMENTO PEP"], filled=lambda _place: True)

    assert found == {"bp": 0, "programa_presupuestal": 1}


def test_padded_and_unaccented_headers_are_the_same_columns():
    head = [" organismo ", "Id", "DESCRIPCIÓN", "VALOR  TOTAL\nESTIMADO"]

    assert is_header(head)
    assert not is_header(head[:3])


def test_zero_and_blank_mean_nothing_in_texts_and_zero_is_an_amount_in_money():
    read = plan(row(modalidad="0", fondo=" ", tipo_plataforma=0, valor_disponible=0, valor_actividad=" ", comuna=""))

    assert read.lines.select(
        "modalidad", "fondo", "tipo_plataforma", "valor_disponible", "valor_actividad", "comuna"
    ).row(0) == (None, None, None, "0", None, None)


def test_an_absent_column_is_named():
    headers = [name for name in HEADERS if name != "EMPRÉSTITO"]

    read = plan(row(headers), headers=headers)

    assert read.absent == ("EMPRÉSTITO",)
    assert read.lines.get_column("emprestito").to_list() == [None]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (workbook(Hoja=[["a", "b"]]), WEEK_31),
        (b"PK\x03\x04 not really", WEEK_31),
        (workbook(V28=[HEADERS, row()]), "PAA BD.xlsx"),
        (workbook(V28=[HEADERS, row(anio=None)]), WEEK_31),
        (workbook(V28=[HEADERS, row()]), "W-53.xlsx"),  # 2025 has 52 weeks
    ],
)
def test_a_workbook_without_plan_week_or_year_is_unreadable(content, name):
    with pytest.raises(UnreadableInput):
        read_plan(content, name=name)


def test_half_empty_rows_are_kept_as_refused_and_blank_ones_are_nothing():
    headers = len(HEADERS)
    rows = [row(), row(id=5, descripcion=" "), [" "] * headers, row(id="0"), row(id="TOTAL"), row(id=7.0)]

    lines, rejects = latest(plan(*rows))

    assert sorted(lines.get_column("id").to_list()) == ["17726", "7"]
    assert rejects.frame().select("fila", "motivo").rows() == [(3, HALF_EMPTY), (5, HALF_EMPTY), (6, NO_ID)]


def test_of_a_repeated_id_the_most_modified_row_counts_whatever_the_order():
    rows = [row(numero_modificaciones=n, descripcion=f"versión {n}") for n in (1, 10, 9)]

    (one, refused), (other, _refused) = latest(plan(*rows)), latest(plan(*rows[::-1]))

    assert one.get_column("descripcion").to_list() == other.get_column("descripcion").to_list() == ["versión 10"]
    assert refused.frame().get_column("motivo").to_list() == [REPEATED, REPEATED]


def test_the_later_week_wins_per_id_and_what_it_lacks_is_kept_as_not_current():
    earlier = plan(row(id=1, descripcion="antes"), row(id=2), name=WEEK_31)
    later = plan(row(id=1, descripcion="después"), row(id=3), name=WEEK_32)

    lines, _rejects = latest(later, earlier)

    assert lines.sort("id").select("id", "descripcion", "semana", "vigente", "fuente").rows() == [
        ("1", "después", 32, True, WEEK_32),
        ("2", "Comprar", 31, False, WEEK_31),
        ("3", "Comprar", 32, True, WEEK_32),
    ]


def test_week_9_is_before_week_10():
    plans = [plan(row(descripcion=name), name=name) for name in ("PAA W-10.xlsx", "PAA W-9.xlsx")]

    lines, _rejects = latest(*plans)

    assert lines.get_column("descripcion").to_list() == ["PAA W-10.xlsx"]


def test_a_half_empty_row_of_the_current_week_leaves_the_older_one_in_force():
    earlier, later = plan(row(id=1), name=WEEK_31), plan(row(id=1, descripcion=None), row(id=2), name=WEEK_32)

    lines, rejects = latest(earlier, later)

    assert lines.sort("id").select("id", "semana", "vigente").rows() == [("1", 31, True), ("2", 32, True)]
    assert len(rejects) == 1


def test_the_plan_of_another_year_makes_no_line_of_the_last_one_outdated():
    old = plan(row(id=1), name="PAA W-50.xlsx")
    new = plan(row(id=2, anio=2026), name="PAA W-2.xlsx")

    lines, _rejects = latest(old, new)

    assert lines.sort("id").select("id", "vigente", "fecha_corte").rows() == [
        ("1", True, date(2025, 12, 14)),
        ("2", True, date(2026, 1, 11)),
    ]
    assert len(current_plans([old, new])) == 2


def test_an_id_in_the_plans_of_two_years_is_one_line_of_the_later_one():
    old = plan(row(id=1), name="PAA W-50.xlsx")
    new = plan(row(id=1, anio=2026), name="PAA W-2.xlsx")

    lines, _rejects = latest(old, new)

    assert lines.select("id", "anio", "semana", "vigente").rows() == [("1", "2026", 2, True)]


def test_a_column_that_a_week_lacks_answers_nothing_while_its_blank_cells_say_no():
    headers = [name for name in HEADERS if name != "EMPRÉSTITO"]

    (without, _), (blank, _) = latest(plan(row(headers), headers=headers)), latest(plan(row()))

    assert without.select("emprestito", "vencida").row(0) == (None, "NO")
    assert blank.get_column("emprestito").to_list() == ["NO"]


def test_warnings_say_which_file_is_current_and_which_columns_were_not_read():
    earlier = plan(row(id=1), row(id=2), name=WEEK_31)
    later = plan([*row(id=1), "x"], name=WEEK_32, headers=[*HEADERS, "45890"])
    lines, _rejects = latest(earlier, later)

    current, junk = plan_warnings([earlier, later], lines)

    assert (WEEK_32 in current, "1" in current, WEEK_31 in current) == (True, True, True)
    assert "45890" in junk


def test_one_usable_workbook_is_enough_and_the_other_is_refused_by_name(tmp_path):
    good, bad = tmp_path / "a", tmp_path / "b"
    good.write_bytes(workbook(V28=[HEADERS, row()]))
    bad.write_bytes(b"nothing")
    files = [Original(name=WEEK_32, path=bad, sha256=""), Original(name=WEEK_31, path=good, sha256="")]
    rejects = Rejects(dataset="paa")

    plans, warnings = read_plans(files, rejects=rejects)

    assert [each.name for each in plans] == [WEEK_31]
    assert WEEK_32 in warnings[0]
    assert rejects.frame().select("fuente", "fila").rows() == [(WEEK_32, None)]


def test_no_usable_workbook_at_all_is_an_error():
    missing = Original(name="PAA.xlsx", path=Path(__file__), sha256="")

    with pytest.raises(UnreadableInput):
        read_plans([missing], rejects=Rejects(dataset="paa"))


def test_every_line_has_all_columns_of_the_plan():
    read = plan(row())

    assert read.lines.schema == {"fila": pl.Int64, "fuente": pl.String} | dict.fromkeys(PAA_COLUMNS, pl.String)
