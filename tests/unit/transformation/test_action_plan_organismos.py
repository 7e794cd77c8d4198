"""Workbooks of Cuadro 1S until June 2024, written in memory and read back."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from tests.unit.transformation.action_plan_subjects import Cell, refused, table, workbook
from transformation_app.action_plan_files import Reading, read_file
from transformation_app.action_plan_organismos import NO_CODE
from transformation_app.action_plan_trees import BP_OF_PRODUCTS, NO_BP, NO_ORGANISMO

CUT = date(2024, 6, 30)
NAME = "Cuadro 1S Plan Accion Junio de 2024 .xlsx"
ORGANISMOS, PROJECTS = "seguimiento_organismos_pa", "seguimiento_proyectos_pa"
TREE_HEADER = (
    *("Código organismo", "Código general", "Clase", "Identificación de la dimensión, línea estratégica, programa"),
    *("Clasificación (BP)", "Ponderación producto\n (%)", "% de ejecución física de los productos del proyecto\n"),
    *("% de avance del proyecto", "Presupuesto inicial\n(Pesos)", "Presupuesto definitivo\n(Pesos)\n(1)"),
    *("Presupuesto ejecutado\n(Pesos)\n(2)", "Presupuesto pagos\n(Pesos)\n(3)", "Explicación del avance o retraso"),
)
UPPER = ("Código", "Organismo", "Proyectos", None, "% Ejecución física", "Presupuesto Administración Central")
LOWER = (
    None,
    None,
    "Total",
    "Ejecu-tado",
    None,
    "Inicial   ",
    "Definitivo ",
    "Ejecutado",
    "Pagos",
    "% ejecución",
    "% pagos",
)
GOVERNMENT = ("4112", "Secretaría de Gobierno", 1, 1, 0.2, 100, 200, 50, 10, 0.25, 0.2)
TOTAL = (None, "TOTAL", 1, 1, 0.2, 100, 200, 50, 10, 0.25, 0.2)


def summary(*rows: Sequence[Cell], total: Sequence[Cell] | None = TOTAL) -> list[Sequence[Cell]]:
    below = [[], total, [], ["Fuente: todos"], ["0.2", "0.2"], [None, "Segmento"]] if total else []
    return [["Ciudad"], [], [*UPPER, None, None, None, None, None], LOWER, [], *rows, *below]


def project(bp: Cell = "BP26700001", *, code: Cell = "4112", kind: str = "Pr", **cells: Cell) -> list[Cell]:
    amounts = [cells.get(name, value) for name, value in (("inicial", 100), ("definitivo", 200), ("ejecutado", 50))]
    advance = [cells.get("fisica", 0.2), cells.get("avance", 0.2)]
    return [code, None, kind, cells.get("nombre", "Un proyecto"), bp, 1, *advance, *amounts, cells.get("pagos", 10)]


def product(code: str) -> list[Cell]:
    return [None, None, None, None, code, 1, 0.2, None, 100, 200, 50, 10, "Según Aurelia Inventadez avanza"]


def level(code: str, kind: str, name: str = "Un nivel") -> list[Cell]:
    return [None, code, kind, name]


def tree(*rows: Sequence[Cell], name: str = "SECRETARÍA DE GOBIERNO", day: str = "2024-06-30") -> list[Sequence[Cell]]:
    head = ["ORGANISMO:", None, name, None, "Fecha de reporte:", None, day]
    return [[], [], head, [], TREE_HEADER, [], *rows, [None, "Proyectos", 1, None, "Proyectos desfinanciados", 0]]


def reading(sheets: dict[str, Sequence[Sequence[Cell]]]) -> Reading:
    return read_file(workbook(sheets), name=NAME, cut=CUT)


def test_the_summary_is_read_by_the_names_of_both_rows_of_its_merged_header():
    found = reading({"Junio de 2024": summary(GOVERNMENT)})

    [row] = table(found, ORGANISMOS).rows(named=True)
    assert (row["cod_centro_gestor"], row["proyectos"], row["proyectos_ejecutados"]) == ("4112", 1, 1)
    assert (row["ppto_inicial"], row["ppto_definitivo"], row["ejecucion"], row["pagos"]) == (100, 200, 50, 10)
    assert (row["ejecucion_fisica"], row["pct_ejecucion"]) == (Decimal("0.2"), Decimal("0.25"))
    assert found.warnings == []


def test_what_stands_below_the_total_is_no_organismo():
    found = reading({"Junio de 2024": summary(GOVERNMENT)})

    assert table(found, ORGANISMOS).height == 1
    assert refused(found, ORGANISMOS) == []


def test_a_total_that_does_not_fit_is_told_by_column():
    total = (None, "TOTAL", 2, 1, 0.2, 100, 999, 50, 10, 0.25, 0.2)

    found = reading({"Junio de 2024": summary(GOVERNMENT, total=total)})

    [warning] = found.warnings
    assert "proyectos, ppto_definitivo" in warning


def test_a_summary_without_total_and_with_wrong_percentages_says_so():
    row = (*GOVERNMENT[:9], 0.99, 0.2)

    found = reading({"Junio de 2024": summary(row, total=None)})

    assert len(found.warnings) == 2


def test_an_organismo_printed_with_the_number_of_another_gets_its_own_by_its_name():
    rows = [
        ("4181", "Unidad Admtiva Esp. de Gestión de Bienes y Servicios", 1, 1, 0, 0, 0, 0, 0, 0, 0),
        ("4181", "Unidad Administrativa Especial de Protección Animal", *GOVERNMENT[2:]),
        ("?", "Un organismo nuevo", *GOVERNMENT[2:]),
    ]

    found = reading({"Marzo de 2024": summary(*rows)})

    assert table(found, ORGANISMOS)["cod_centro_gestor"].sort().to_list() == ["4181", "4183"]
    assert [motive for _column, _raw, motive in refused(found, ORGANISMOS)] == [NO_CODE]


def test_a_project_of_a_tree_stands_below_the_levels_of_its_branch_whatever_their_letters():
    rows = [
        level("51", "D", "Dimensión uno"),
        level("5101", "E", "Línea uno"),
        level("5101001", "P", "Programa uno"),
        level("51010010001", "I", "Indicador uno"),
        project("BP26700001"),
        product("BP2670000110101"),
        product("BP2670000110201"),
        level("5102", "C", "Línea dos"),
        project("BP26700002"),
    ]

    projects = table(reading({"4112 Gobierno": tree(*rows)}), PROJECTS).sort("bp").rows(named=True)

    assert [row["nombre_linea_estrategica"] for row in projects] == ["Línea uno", "Línea dos"]
    assert [row["nombre_dimension"] for row in projects] == ["Dimensión uno"] * 2
    assert [row["cod_indicador"] for row in projects] == ["51010010001", None]
    assert [row["n_productos"] for row in projects] == [2, 0]


@pytest.mark.parametrize(
    "written",
    ["BP26700001", "BP-26700001", "BP 26700001", "BP26700001 ", "26700001", "BP2670000110101", "BPBP2670000110101"],
)
def test_a_bp_is_read_however_it_is_written_and_its_text_kept(written):
    found = reading({"4112 Gobierno": tree(project(written))})

    [row] = table(found, PROJECTS).rows(named=True)
    assert (row["bp"], row["bp_crudo"]) == ("BP26700001", written)


def test_a_bp_that_is_none_is_that_of_the_products_if_they_agree_and_is_refused_with_its_row():
    rows = [
        project("18"),
        product("BP2670000110101"),
        product("BP2670000110201"),
        project("19", nombre="Otro"),
        product("BP2670000210101"),
        product("BP2670000310101"),
    ]

    found = reading({"4112 Gobierno": tree(*rows)})

    assert sorted(table(found, PROJECTS)["bp"].to_list()) == ["BP26700001", "sin dato"]
    assert refused(found, PROJECTS) == [("bp", "18", BP_OF_PRODUCTS), ("bp", "19", NO_BP)]
    assert found.rejects[PROJECTS].frame()["fuente"].unique().to_list() == [f"{NAME} [4112 Gobierno]"]


def test_projects_that_share_their_bp_are_told_apart_by_what_they_say():
    rows = [project(nombre="B", inicial=7), project(nombre="A", inicial=3)]

    one, other = (table(reading({"4112 Gobierno": tree(*each)}), PROJECTS) for each in (rows, rows[::-1]))

    assert one.sort("ordinal").select("ordinal", "ppto_inicial").rows() == [(1, Decimal(3)), (2, Decimal(7))]
    assert one.drop("fila").sort("ordinal").equals(other.drop("fila").sort("ordinal"))


@pytest.mark.parametrize(
    ("sheet", "name", "code", "expected"),
    [
        ("4181 Protección Animal", "UNIDAD ADMINISTRATIVA ESPECIAL DE PROTECCIÓN ANIMAL", None, "4183"),
        ("4181 Protección Animal", "UNA UNIDAD", "4183", "4183"),
        ("4112 Gobierno", "OTRO NOMBRE", None, "4112"),
    ],
)
def test_the_organismo_of_a_sheet_is_told_by_its_head_then_its_projects_then_its_name(sheet, name, code, expected):
    found = reading({sheet: tree(project(code=code), name=name)})

    assert table(found, PROJECTS)["cod_centro_gestor"].to_list() == [expected]


def test_a_sheet_of_nobody_is_refused_whole():
    found = reading({"4112 Gobierno": tree(project()), "Hoja7": tree(project(code=None), name="NADIE")})

    assert table(found, PROJECTS).height == 1
    assert refused(found, PROJECTS) == [(None, "Hoja7", NO_ORGANISMO)]


def test_progress_in_words_is_null_in_per_cent_is_read_and_else_is_refused():
    rows = [project(f"BP2670000{n}", avance=text) for n, text in enumerate(["na", "49.5%", "true", 0.3])]

    found = reading({"4112 Gobierno": tree(*rows)})

    progress = table(found, PROJECTS).sort("bp")["avance_proyecto"].to_list()
    assert progress == [None, Decimal("0.495"), None, Decimal("0.3")]
    assert [raw for _column, raw, _motive in refused(found, PROJECTS)] == ["true"]


def test_projects_that_do_not_add_up_to_their_line_of_the_summary_are_told():
    sheets = {"Junio de 2024": summary(GOVERNMENT), "4112 Gobierno": tree(project(definitivo=190))}

    found = reading(sheets)

    [warning] = found.warnings
    assert "4112" in warning
    assert "ppto_definitivo" in warning


def test_a_sheet_that_reports_another_day_than_the_file_name_is_told():
    found = reading({"4112 Gobierno": tree(project(), day="2024-03-31"), "Otra": tree(project(), day="2024-06-30")})

    [warning] = found.warnings
    assert "4112 Gobierno" in warning
    assert "Otra" not in warning


def test_no_explanation_of_a_tree_is_read():
    found = reading({"4112 Gobierno": tree(project("18"), product("BP2670000110101"))})

    tables = [*found.frames.values(), *(rejects.frame() for rejects in found.rejects.values())]
    assert not any("Inventadez" in str(cell) for frame in tables for line in frame.rows() for cell in line)
