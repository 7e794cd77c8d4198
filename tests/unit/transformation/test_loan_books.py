"""The loan's workbooks: which sheet is what, how months are unpivoted, and what becomes of careless cells."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_kit.datasets import (
    EMP_BANCOS,
    EMP_CONTRATOS_PLAN,
    EMP_FLUJO_CAJA,
    EMP_FLUJO_CONTRATOS,
    EMP_INCORPORACIONES,
    EMP_NEGOCIACIONES,
    EMP_PROYECTOS,
    EMP_SEGUIMIENTO,
)
from etl_kit.originals import Original
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import Source
from etl_kit.snapshots import Snapshot
from tests.unit.transformation.workbooks import book
from transformation_app.data_transformation_emprestito import book_frames, loan_frames
from transformation_app.loan_book_tables import BookTables, book_tables
from transformation_app.loan_books import LoanBooks, cut_of_name, loan_books, read_books, read_workbook
from transformation_app.loan_cash_flow import OTHER_SUBTOTAL
from transformation_app.loan_cells import (
    LOOKS_LIKE_TOTAL,
    NO_BANK,
    NO_SHARE,
    UNKNOWN_ORGANISMO,
    months_expr,
    share_expr,
    unrounded_expr,
    until_expr,
)
from transformation_app.loan_index import UNKNOWN_BANK
from transformation_app.loan_layout import Kind, Measure, month_column
from transformation_app.loan_terms import UNSURE_LIMIT, bank_catalogue, limit_warnings

NOW = datetime(2025, 9, 22, 13, tzinfo=UTC)
CUT = date(2025, 9, 22)
ROADS = "BP26005375"
FLOW_HEADER = ["banco", "centro_gestor", date(2025, 7, 1), date(2025, 8, 1)]
PLAN_HEADER = ["Organismo", "Banco", "BP Proyecto", "Nombre Comercial", "Proyectos con sus respectivos contratos",
               "Valor Contrato", "Vig Futura", "Deleg", "Fecha inicio", "dic-25 Desembolso", "dic-25 Avance",
               "Subtotal 2025", "Subtotal 2025 avance", "Dic-26 Desembolso", "Dic-26 Avance",
               "Dic-26 Desembolso REAL", "Dic-26 Avance REAL", "GRAN TOTAL 2025-2026-2027"]  # fmt: skip
NEGOTIATED_HEADER = ["IdEntidadFinanciera", "Entidad Financiera", "BP", "NOMBRE",
                     "Valor Negociado con entidad financiera", "Acuerdo de incorporación 2025",
                     "Valor incorporación 2025", "Acuerdo de incorporación 2026",
                     "Valor incorporación 2026"]  # fmt: skip
TERMS_HEADER = ["Entidad Financiera", "Cupo", "Plazo", "Periodo de Gracia", "Tasa de Referencia", "Spread"]
FOLLOW_UP_HEADER = ["Item", "NOMBRE ABREVIADO", "BANCO", "DESCRIPCION", "ID", "VALOR TOTAL", "VALOR \nPLATAFORMA\n",
                    "Plazo", "Nro de Proceso", "referencia_contato", "PLANEADO", "CONTACTO", "NUMERO"]  # fmt: skip


def tables_of(**sheets: list[list[object]]) -> BookTables:
    """The tables of one workbook with these sheets."""
    found = read_workbook(book(**sheets), name="libro.xlsx")
    return book_tables(LoanBooks(sheets={sheet.kind: sheet for sheet in found}))


def plan_row(**changes: object) -> list[object]:
    cells = dict(zip(PLAN_HEADER, ["Infraestructura", "Davivienda/Otro Si", 26005375, "Vías", "Obra", 1000, "SI", "NO ",
                                   date(2025, 9, 10), 2000.125, 0.25, 2000.125, 0.25, 300, 0.75, 250, 0.5, 400],
                     strict=True))  # fmt: skip
    names = {"organismo": "Organismo", "banco": "Banco", "bp": "BP Proyecto", "valor": "Valor Contrato"}
    return list((cells | {names.get(name, name): value for name, value in changes.items()}).values())


def follow_up_row(**changes: object) -> list[object]:
    cells = dict(zip(FOLLOW_UP_HEADER, [1, "Deporte", "DAVIVIENDA", "Canchas", 18996, 500, 400, "5 (Months)",
                                        "4151.010.32.1.0577- 2025", "4151.010.26.1.0887 - 2025, OC 150273", 45890,
                                        "Nadie Inventadez", 300], strict=True))  # fmt: skip
    return list((cells | changes).values())


def shares(*texts: str) -> list[Decimal | None]:
    return pl.DataFrame({"t": list(texts)}).select(share_expr(pl.col("t"))).to_series().to_list()


def motives(tables: BookTables) -> set[str]:
    return {motive for each in tables.rejects.values() for motive in each.frame().get_column("motivo")}


@pytest.mark.parametrize(
    ("header", "month", "measure"),
    [
        ("jul-25 Desembolso", date(2025, 7, 1), Measure.PLANNED),
        ("Dic-26 Avance REAL", date(2026, 12, 1), Measure.REAL_PROGRESS),
        ("sept-25  Desembolso REAL", date(2025, 9, 1), Measure.REAL),
        ("ene 2027 Avance", date(2027, 1, 1), Measure.PLANNED_PROGRESS),
        ("2025-07-01 00:00:00", date(2025, 7, 1), Measure.PLANNED),
        ("45839", date(2025, 7, 1), Measure.PLANNED),
    ],
)
def test_a_month_is_known_by_its_header(header, month, measure):
    column = month_column(header)

    assert (column.month, column.measure) == (month, measure)


@pytest.mark.parametrize(
    "header",
    ["Subtotal 2025", "SubTotal 2026 Avance", "GRAN TOTAL 2025-2026-2027", "ju-25 Avance", "jul-25 Otro", "ID"],
)
def test_subtotals_and_other_headers_are_no_month(header):
    assert month_column(header) is None


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("04-09-25 10-12 AM Base Emprestito - DASHBOARD.xlsx", date(2025, 9, 4)),
        ("BD Emprestito V20250815 BID.xlsx", date(2025, 8, 15)),
        ("flujo_de_caja_desembolsos.xlsx", None),
        ("del 04-09-25 al V20250815.xlsx", None),
        ("99-99-25 Base.xlsx", None),
    ],
)
def test_a_workbook_s_name_tells_its_day_if_it_tells_exactly_one(name, day):
    assert cut_of_name(name) == day


def test_sheets_are_known_by_their_headers_wherever_these_stand_and_whatever_their_name():
    content = book(Portada=[["Informe"]], Otra=[["EMPRÉSTITO"], [], FLOW_HEADER, ["BBVA", "Salud", 1, 2]])

    [sheet] = read_workbook(content, name="x.xlsx")

    assert (sheet.kind, sheet.title, sheet.rows.get_column("fila").to_list()) == (Kind.CASH_FLOW, "Otra", [4])


def test_a_base_without_values_is_not_taken_for_a_cash_flow():
    content = book(Hoja=[["Organismo", "Banco", "jul-25 Desembolso", "jul-25 Avance"], ["Salud", "BBVA", 1, 0.5]])

    assert read_workbook(content, name="x.xlsx") == []


def test_of_two_workbooks_of_a_kind_the_one_with_the_later_day_speaks_and_the_other_is_named(tmp_path):
    rows = [FLOW_HEADER, ["BBVA", "Salud", 1, 2]]
    originals = []
    for name, more in (("flujo V20250801.xlsx", [["BBVA", "Bienes", 5, 5]]), ("flujo V20250901.xlsx", [])):
        (tmp_path / name).write_bytes(book(Hoja1=rows + more))
        originals.append(Original(name=name, path=tmp_path / name, sha256=name))

    one, other = read_books(originals), read_books(originals[::-1])

    assert one.sheets[Kind.CASH_FLOW].book == other.sheets[Kind.CASH_FLOW].book == "flujo V20250901.xlsx"
    assert any("flujo V20250801.xlsx" in text for text in one.warnings)


def test_a_damaged_workbook_is_kept_by_name_and_the_others_are_read(tmp_path):
    (tmp_path / "roto.xlsx").write_bytes(b"no es un libro")
    (tmp_path / "bien.xlsx").write_bytes(book(Hoja1=[FLOW_HEADER, ["BBVA", "Salud", 1, 2]]))
    originals = [Original(name=path.name, path=path, sha256="") for path in sorted(tmp_path.iterdir())]

    tables = book_tables(read_books(originals))

    assert tables.cash_flow.height == 2
    assert tables.rejects[EMP_CONTRATOS_PLAN.name].frame().get_column("fuente").to_list() == ["roto.xlsx"]


def test_workbooks_that_were_never_extracted_are_a_warning_that_names_the_task(tmp_path):
    books = loan_books(Places(home=tmp_path, source=Source.FILES))

    assert books.sheets == {}
    assert ["extract_archivos" in text for text in books.warnings] == [True]


def test_a_bank_that_lends_another_sum_than_was_negotiated_is_named():
    agreed = [NEGOTIATED_HEADER, [1, "Banco Bancolombia", ROADS, "Vías", 100, None, None, None, None]]
    tables = tables_of(N=agreed, T=[TERMS_HEADER, ["Banco Bancolombia", 365000, None, None, None, None]])
    said = pl.concat(each.select("banco", "banco_linea", "banco_crudo", "fuente") for each in tables.naming_banks)

    [warning] = limit_warnings(bank_catalogue(said, terms=tables.terms, agreed=tables.negotiated))

    assert "Bancolombia" in warning
    assert "365000000000" in warning


def test_without_any_workbook_the_tables_are_empty_and_typed():
    frames = book_frames(BookTables(), cut=CUT, run_id="r", now=NOW)

    conformed = {dataset.name: dataset.conform(frame).height for dataset, frame in frames.items()}

    assert set(conformed.values()) == {0}
    assert len(conformed) == 6


def test_the_cash_flow_becomes_a_row_for_each_bank_department_and_month_and_a_blank_stays_null():
    rows = [FLOW_HEADER, ["Davivienda/Otro Si", "Desarrollo Terriotiral", 869999999.9999998, None]]

    flow = tables_of(Hoja1=rows).cash_flow.sort("mes")

    wanted = ("banco", "banco_linea", "banco_crudo", "cod_centro_gestor", "mes", "desembolso_planeado")
    assert flow.select(wanted).rows() == [
        ("Davivienda", "Davivienda - Otro Sí", "Davivienda/Otro Si", "4173", date(2025, 7, 1), Decimal(870000000)),
        ("Davivienda", "Davivienda - Otro Sí", "Davivienda/Otro Si", "4173", date(2025, 8, 1), None),
    ]


def test_cells_are_rounded_one_by_one_and_their_own_fractions_are_kept_beside():
    rows = [FLOW_HEADER, ["BBVA", "Salud", 80990345.444444448, 12000000000.000002]]

    flow = tables_of(Hoja1=rows).cash_flow.sort("mes")

    assert flow.select("desembolso_planeado", "desembolso_planeado_sin_redondear").rows() == [
        (Decimal("80990345.44"), Decimal("80990345.4444")),
        (Decimal("12000000000.00"), Decimal("12000000000.0000")),
    ]


def test_two_spellings_of_a_place_are_one_place_and_totals_are_none():
    rows = [FLOW_HEADER, ["BBVA", "Deporte", 1, 0], ["BBVA", "Deportes", 2, 0], ["Total", None, 3, 0],
            [None, None, 3, 0], ["Banco Imaginario", "Marte", 9, 0]]  # fmt: skip

    tables = tables_of(Hoja1=rows)

    july = tables.cash_flow.filter(pl.col("mes") == date(2025, 7, 1)).sort("banco_linea")
    assert july.select("banco", "banco_linea", "desembolso_planeado", "n_filas").rows() == [
        ("BBVA", "BBVA", Decimal(3), 2),
        (UNKNOWN_BANK, "Banco Imaginario", Decimal(9), 1),
    ]
    assert motives(tables) == {LOOKS_LIKE_TOTAL, UNKNOWN_BANK, UNKNOWN_ORGANISMO}


def test_an_amount_nobody_can_read_is_null_and_kept_under_its_own_header():
    tables = tables_of(Hoja1=[FLOW_HEADER, ["BBVA", "Salud", "#REF!", 2]])

    refused = tables.rejects[EMP_FLUJO_CAJA.name].frame()

    assert refused.select("fila", "columna", "valor_crudo").rows() == [(2, "2025-07-01 00:00:00", "#REF!")]
    assert tables.cash_flow.get_column("desembolso_planeado").null_count() == 1


def test_a_repeated_month_counts_once_and_is_told():
    header = [*FLOW_HEADER, date(2025, 7, 1)]

    tables = tables_of(Hoja1=[header, ["BBVA", "Salud", 1, 2, 4]])

    assert tables.cash_flow.get_column("desembolso_planeado").sum() == 3
    assert len(tables.rejects[EMP_FLUJO_CAJA.name]) == 1


def test_a_contract_s_months_are_unpivoted_without_the_subtotals():
    tables = tables_of(Base=[PLAN_HEADER, plan_row()])

    flow = EMP_FLUJO_CONTRATOS.conform(book_frames(tables, cut=CUT, run_id="r", now=NOW)[EMP_FLUJO_CONTRATOS])

    assert flow.drop("clave", "fuente", "fecha_corte", "run_id", "fecha_procesamiento").rows() == [
        (date(2025, 12, 1), Decimal("2000.12"), None, Decimal("0.25"), None),
        (date(2026, 12, 1), Decimal(300), Decimal(250), Decimal("0.75"), Decimal("0.5")),
    ]


def test_a_contract_keeps_its_facts_and_the_sum_of_its_months():
    tables = tables_of(Base=[PLAN_HEADER, plan_row()])

    said = tables.contracts.select("banco", "cod_centro_gestor", "bp", "requiere_vigencia_futura", "delegado",
                                   "fecha_inicio", "total_planeado", "total_real").row(0)  # fmt: skip

    assert said == ("Davivienda", "4151", ROADS, True, False, date(2025, 9, 10), Decimal("2300.12"), Decimal(250))


def test_a_contract_is_the_same_whatever_its_row_and_its_new_amounts():
    other = plan_row(organismo="Salud")

    one = tables_of(Base=[PLAN_HEADER, plan_row(), other]).contracts
    two = tables_of(Base=[PLAN_HEADER, other, plan_row(valor=2000, **{"Dic-26 Desembolso": 7})]).contracts

    assert set(one.get_column("clave")) == set(two.get_column("clave"))
    assert len(set(one.get_column("clave"))) == 2


def test_a_contract_is_the_same_when_others_join_it():
    alone = tables_of(Base=[PLAN_HEADER, plan_row()]).contracts
    others = [plan_row(organismo=name) for name in ("Cultura", "Salud", "Vivienda")]

    among = tables_of(Base=[PLAN_HEADER, *others, plan_row()]).contracts

    assert set(alone.get_column("clave")) < set(among.get_column("clave"))


def test_lines_that_say_the_same_are_told_apart():
    tables = tables_of(Base=[PLAN_HEADER, plan_row(), plan_row()])

    assert tables.contracts.get_column("clave").n_unique() == 2


def test_careless_cells_of_the_base_are_refused_and_the_line_stays():
    row = plan_row(bp=260005325, banco=None, **{"Fecha inicio": "29/02/2026", "dic-25 Avance": "la mitad",
                                                 "Deleg": "tal vez", "Subtotal 2025": 999})  # fmt: skip

    tables = tables_of(Base=[PLAN_HEADER, row])

    assert tables.contracts.select("bp", "bp_crudo", "banco", "banco_linea").row(0) == (
        None,
        "260005325",
        None,
        NO_BANK,
    )
    assert motives(tables) >= {NO_SHARE, OTHER_SUBTOTAL, "no es sí ni no", "no es una fecha legible"}


def test_a_contract_without_any_month_is_still_a_contract():
    blank = dict.fromkeys(PLAN_HEADER[9:])

    tables = tables_of(Base=[PLAN_HEADER, plan_row(**blank)])

    assert tables.contracts.select("valor_contrato", "total_planeado").row(0) == (Decimal(1000), None)
    assert tables.contract_flow.height == 0


def test_progress_of_a_place_is_weighted_by_the_value_of_the_contracts_that_state_it():
    rows = [plan_row(), plan_row(valor=3000, **{"dic-25 Avance": 0.65}), plan_row(valor=9, **{"dic-25 Avance": None})]

    flow = tables_of(Base=[PLAN_HEADER, *rows]).cash_flow.filter(pl.col("mes") == date(2025, 12, 1))

    assert flow.select("avance_planeado", "n_filas").row(0) == (Decimal("0.55"), 3)


def test_progress_of_a_place_is_what_the_month_adds_where_one_contract_writes_it_cumulative():
    cumulative = plan_row(**{"dic-25 Avance": 0.4, "Dic-26 Avance": 1, "Dic-26 Avance REAL": 0.8})

    flow = tables_of(Base=[PLAN_HEADER, plan_row(), cumulative]).cash_flow.sort("mes")

    assert flow.select("avance_planeado", "avance_real").rows() == [
        (Decimal("0.325"), None),  # 0.25 and 0.4
        (Decimal("0.675"), Decimal("0.65")),  # 0.75 and 1 - 0.4; 0.5 and 0.8
    ]


def test_both_origins_stand_side_by_side():
    flow = [FLOW_HEADER, ["Davivienda/Otro Si", "Infraestructura", 1, 2]]

    tables = tables_of(Base=[PLAN_HEADER, plan_row()], Flujo=flow)

    frame = EMP_FLUJO_CAJA.conform(book_frames(tables, cut=CUT, run_id="r", now=NOW)[EMP_FLUJO_CAJA])
    assert frame.group_by("origen").len().sort("origen").rows() == [("base_de_contratos", 2), ("flujo_de_caja", 2)]


def test_agreements_on_one_bank_and_project_stay_apart_whatever_their_order():
    first = [2, "Banco DAVIVIENDA", "BP26005375", "Vías", 100, "Acuerdo 1", 40, None, None]
    second = [2, "Banco DAVIVIENDA", "BP26005375  ", "Vías", 50, "Acuerdo 2", 0, "Acuerdo 9", 10]

    one, other = (
        book_frames(tables_of(H=[NEGOTIATED_HEADER, *rows]), cut=CUT, run_id="r", now=NOW)
        for rows in ([first, second], [second, first])
    )

    assert all(dataset.conform(one[dataset]).equals(dataset.conform(other[dataset])) for dataset in one)
    agreed = EMP_NEGOCIACIONES.conform(one[EMP_NEGOCIACIONES])
    assert agreed.select("banco", "bp", "ordinal", "valor_negociado").rows() == [
        ("Davivienda", ROADS, 1, Decimal(100)),
        ("Davivienda", ROADS, 2, Decimal(50)),
    ]
    put_in = EMP_INCORPORACIONES.conform(one[EMP_INCORPORACIONES])
    assert put_in.select("ordinal", "anio", "acuerdo", "valor_incorporado").rows() == [
        (1, 2025, "Acuerdo 1", Decimal(40)),
        (2, 2025, "Acuerdo 2", Decimal(0)),
        (2, 2026, "Acuerdo 9", Decimal(10)),
    ]


def test_limits_in_millions_become_pesos_and_doubtful_ones_are_refused():
    rows = [["Banco Bancolombia", 365000, "12 años", "3 años", "IBR 3M", 0.019],
            ["BBVA", 365000000000, "18 meses", "pronto", None, None],
            ["IFC", 50_000_000, None, None, None, None]]  # fmt: skip

    tables = tables_of(CONDICIONESBANCOS=[TERMS_HEADER, *rows])

    said = tables.terms.select("banco", "cupo", "plazo_meses", "gracia_meses", "tasa").sort("banco").rows()
    assert said == [
        ("BBVA", Decimal(365_000_000_000), 18, None, None),
        ("Bancolombia", Decimal(365_000_000_000), 144, 36, "IBR 3M + 1,9 %"),
        ("IFC", None, None, None, None),
    ]
    assert motives(tables) == {UNSURE_LIMIT, "no es un plazo legible"}


def test_the_follow_up_reads_serials_lists_and_lengths_and_leaves_people_out():
    tables = tables_of(Hoja1=[FOLLOW_UP_HEADER, follow_up_row(), follow_up_row(ID=2, Plazo="Hasta el 3-12-25")])

    frame = EMP_SEGUIMIENTO.conform(book_frames(tables, cut=CUT, run_id="r", now=NOW)[EMP_SEGUIMIENTO])

    assert frame.sort("id_paa").select("cod_centro_gestor", "referencia_proceso_normalizada", "referencias_contrato",
                                       "n_contratos", "fecha_planeada", "plazo_meses", "plazo_hasta").rows() == [
        ("4162", "4151.010.32.1.0577-2025", "4151.010.26.1.0887-2025; OC 150273", 2, date(2025, 8, 21), 5, None),
        ("4162", "4151.010.32.1.0577-2025", "4151.010.26.1.0887-2025; OC 150273", 2, date(2025, 8, 21), None,
         date(2025, 12, 3)),
    ]  # fmt: skip
    assert "Inventadez" not in str(frame.rows())


def test_the_columns_of_people_may_be_missing():
    tables = tables_of(Hoja1=[FOLLOW_UP_HEADER[:-2], follow_up_row()[:-2]])

    assert tables.followed.height == 1
    assert motives(tables) == set()


def test_a_project_of_the_workbooks_that_the_index_lacks_is_a_project_too():
    index = [{"banco": "Bancolombia", "bp": ROADS, "descripcion": "Vías"}]
    tables = tables_of(
        Base=[PLAN_HEADER, plan_row(bp=26009999)],
        Negociado=[NEGOTIATED_HEADER, [1, "Banco Bancolombia", ROADS, "Vías", 100, "Acuerdo 1", 40, None, None]],
    )

    frames = loan_frames(
        Snapshot(about={}, rows=index, path=Path("indice/2025-09-22.json.gz")),
        contracts=Snapshot(about={}, rows=[], path=Path("contratos/2025-09-22.json.gz")),
        processes=Snapshot(about={}, rows=[], path=Path("procesos/2025-09-22.json.gz")),
        catalogue=None,
        tables=tables,
        rejects=Rejects(dataset="emp_contratos_index"),
        run_id="r",
        now=NOW,
    )

    projects = EMP_PROYECTOS.conform(frames[EMP_PROYECTOS])
    wanted = ("bp", "bancos", "en_indice", "n_lineas", "nombre_comercial", "valor_negociado", "incorporado_2025")
    assert projects.select(wanted).rows() == [
        (ROADS, "Bancolombia", True, 1, None, Decimal(100), Decimal(40)),
        ("BP26009999", "Davivienda", False, 0, "Vías", None, None),
    ]
    banks = EMP_BANCOS.conform(frames[EMP_BANCOS])
    assert banks.select("banco", "nombres_encontrados", "valor_negociado").rows() == [
        ("Bancolombia", "Banco Bancolombia; Bancolombia", Decimal(100)),
        ("Davivienda", "Davivienda/Otro Si", None),
    ]


@given(st.decimals(min_value=-50, max_value=50, places=6))
def test_a_share_comes_back_from_all_its_spellings(share):
    plain, percent = f"{share:f}", f"{share * 100:f}"

    read = shares(plain, plain.replace(".", ","), f"{percent} %", f" {percent.replace('.', ',')}% ")

    assert read == [share] * 4


@given(st.text(max_size=12))
def test_a_share_is_read_or_left_and_never_breaks(text):
    [share] = shares(text)

    assert share is None or isinstance(share, Decimal)


@given(st.integers(1, 999), st.sampled_from(["Months", "Meses", "meses", "mes", "años", "AÑOS"]), st.booleans())
def test_lengths_of_time_are_months(number, unit, bracketed):
    text = f"{number} ({unit})" if bracketed else f"{number} {unit}"

    [months] = pl.DataFrame({"t": [text]}).select(months_expr(pl.col("t"))).to_series().to_list()

    years = unit.lower().startswith("años")
    assert months == (number * 12 if years and number * 12 <= 9999 else None if years else number)


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)), st.sampled_from("-/"), st.booleans())
def test_a_length_that_ends_on_a_day_gives_the_day(day, sign, short):
    year = day.year % 100 if short else day.year
    text = f"Hasta el {day.day}{sign}{day.month}{sign}{year:02d}"

    [read] = pl.DataFrame({"t": [text]}).select(until_expr(pl.col("t"))).to_series().to_list()

    assert read == day


@given(st.integers(-(10**15), 10**15))
def test_money_keeps_four_decimals_through_the_noise_of_a_float(ten_thousandths):
    exact = Decimal(ten_thousandths) / 10_000
    noisy = f"{exact + Decimal('0.00000019'):.9f}"

    [read] = pl.DataFrame({"t": [noisy]}).select(unrounded_expr(pl.col("t"))).to_series().to_list()

    assert read == exact


def test_contracts_of_the_plan_that_only_their_months_tell_apart_keep_their_keys_in_another_order():
    twins = [plan_row(**{"Dic-26 Desembolso": 7}), plan_row(**{"Dic-26 Desembolso": 8})]

    flows = [tables_of(Base=[PLAN_HEADER, *rows]).contract_flow for rows in (twins, twins[::-1])]

    one, two = (flow.select("clave", "mes", Measure.PLANNED).sort("clave", "mes") for flow in flows)
    assert one.equals(two)


def test_of_two_rows_of_terms_the_same_one_speaks_in_another_order():
    rows = [
        ["Davivienda", 600_000, "12 años", "3 años", "IBR 3M", 0.02],
        ["DAVIVIENDA", 600_000, "10 años", "", "", 0.01],
    ]

    terms = [tables_of(Terms=[TERMS_HEADER, *each]).terms for each in (rows, rows[::-1])]

    assert terms[0].equals(terms[1])
    assert terms[0].height == 1
