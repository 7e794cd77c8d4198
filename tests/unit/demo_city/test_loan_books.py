"""The loan's invented workbooks are always the same, hold their traps, and are read by the transform."""

import io

import fastexcel
import polars as pl
import pytest

from demo_city.loan_books import BANKS_BOOK, BASE, CASH_FLOW, FOLLOW_UP, files_of_loan_books
from demo_city.people import NAME_MARKERS
from demo_city.projects import invent_projects
from extraction_app.personal_cells import without_people
from transformation_app.loan_book_tables import book_tables
from transformation_app.loan_books import LoanBooks, read_workbook
from transformation_app.loan_cash_flow import OTHER_SUBTOTAL
from transformation_app.loan_cells import NO_BP
from transformation_app.loan_layout import Kind

SEED = 7


@pytest.fixture(scope="module")
def files():
    return files_of_loan_books(SEED, 1, invent_projects(SEED, 1, 2025))


@pytest.fixture(scope="module")
def tables(files):
    sheets = [sheet for path, data in files.items() for sheet in read_workbook(data, name=path.split("/")[1])]
    return book_tables(LoanBooks(sheets={sheet.kind: sheet for sheet in sheets}))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(files):
    projects = invent_projects(SEED, 1, 2025)

    again, other = (files_of_loan_books(seed, 1, projects) for seed in (SEED, SEED + 1))

    assert again == files
    assert all(other[path] != data for path, data in files.items())


def test_the_four_workbooks_lie_in_the_loan_s_folder_under_their_real_names(files):
    assert sorted(files) == [f"emprestito/{name}" for name in sorted((BASE, BANKS_BOOK, CASH_FLOW, FOLLOW_UP))]


def test_however_large_the_city_the_workbooks_stay_as_large_as_people_keep_them():
    large = files_of_loan_books(SEED, 50, invent_projects(SEED, 1, 2025))

    rows = fastexcel.read_excel(large[f"emprestito/{BASE}"]).load_sheet("Base +", dtypes="string").height

    assert rows < 400


def test_the_transform_reads_every_kind_of_sheet(tables):
    frames = (tables.terms, tables.negotiated, tables.incorporated, tables.contracts, tables.cash_flow, tables.followed)

    heights = [frame.height for frame in frames]

    assert min(heights) >= 2
    assert tables.followed.height == 17
    assert tables.contract_flow.get_column("desembolso_real").drop_nulls().len() > 0


def test_limits_equal_what_was_negotiated(tables):
    negotiated = tables.negotiated.group_by("banco").agg(pl.col("valor_negociado").sum())

    both = tables.terms.join(negotiated, on="banco")

    assert both.height == 2
    assert both.filter(pl.col("cupo") != pl.col("valor_negociado")).height == 0


def test_its_traps_are_refused_one_by_one(tables):
    refused = tables.rejects["emp_contratos_plan"].frame()

    said = dict(refused.group_by("motivo").agg(pl.col("valor_crudo").unique().sort()).rows())

    assert set(said) == {OTHER_SUBTOTAL, NO_BP, "no es una fecha legible"}
    assert "110000000" in said[OTHER_SUBTOTAL]
    assert said[NO_BP] == ["260005325"]
    assert said["no es una fecha legible"] == ["29/02/2026", "POR DEFINIR"]
    assert all(len(tables.rejects[name]) == 0 for name in tables.rejects if name != "emp_contratos_plan")


def test_cells_bear_fractions_of_a_cent_and_are_rounded_one_by_one(tables):
    flow = tables.cash_flow.filter(pl.col("desembolso_planeado").is_not_null())

    apart = flow.filter(pl.col("desembolso_planeado") != pl.col("desembolso_planeado_sin_redondear"))

    assert apart.height > 0


def test_the_people_to_call_are_in_the_workbook_and_in_no_table(files, tables):
    book = fastexcel.read_excel(io.BytesIO(files[f"emprestito/{FOLLOW_UP}"]).getvalue())
    cells = str(book.load_sheet("Hoja1", dtypes="string").to_polars().rows()).upper()

    read = str(tables.followed.rows()).upper()

    assert all(marker in cells and marker not in read for marker in NAME_MARKERS)


def test_what_extraction_keeps_without_people_gives_the_same_tables(files, tables):
    kept = {path: without_people(data, name=path).data for path, data in files.items()}

    sheets = [sheet for path, data in kept.items() for sheet in read_workbook(data, name=path.split("/")[1])]
    again = book_tables(LoanBooks(sheets={sheet.kind: sheet for sheet in sheets}))

    assert kept[f"emprestito/{FOLLOW_UP}"] != files[f"emprestito/{FOLLOW_UP}"]
    assert again.followed.sort("clave").equals(tables.followed.sort("clave"))
    assert again.cash_flow.sort("origen", "banco_linea", "nombre_centro_gestor", "mes").equals(
        tables.cash_flow.sort("origen", "banco_linea", "nombre_centro_gestor", "mes")
    )


def test_a_project_that_the_index_lacks_is_negotiated(tables):
    takers = {project.bp for project in invent_projects(SEED, 1, 2025) if project.takes_loan}

    others = set(tables.negotiated.get_column("bp")) - takers

    assert len(others) == 2


def test_every_kind_is_recognised_by_its_header(files):
    kinds = [sheet.kind for data in files.values() for sheet in read_workbook(data, name="x.xlsx")]

    assert sorted(kinds) == sorted(Kind)
