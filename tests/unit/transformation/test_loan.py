"""The loan's index, and what contracts, processes and projects have to do with it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from etl_kit.datasets import CONTRATO_BPIN, CONTRATOS_SECOP, EMP_CONTRATOS_INDEX, EMP_PROCESOS, EMP_PROYECTOS
from etl_kit.rejects import Rejects
from etl_kit.snapshots import Snapshot
from transformation_app.contract_projects import NO_CATALOGUE, NO_INDEX, NOT_IN_CATALOGUE, NOT_IN_INDEX, SEVERAL
from transformation_app.data_transformation_contratos_secop import ContractParts
from transformation_app.data_transformation_emprestito import loan_frames, loan_warnings
from transformation_app.loan_index import UNKNOWN_BANK, index_lines
from transformation_app.secop_columns import CONTRACTS, text_frame

NOW = datetime(2025, 9, 22, 13, tzinfo=UTC)
ROADS, LIGHTS = "BP26005375", "BP26005376"
ROADS_BPIN, LIGHTS_BPIN = "2024760010333", "2024760010334"
REFERENCE = "4151.010.26.1.0887-2025"


def snapshot(name: str, rows: list[dict[str, object]]) -> Snapshot:
    return Snapshot(about={}, rows=rows, path=Path("raw") / name / "2025-09-22.json.gz")


def index_row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "banco": "DAVIVIENDA-Otro Si",
        "bp": "26005375",
        "bpin": 2024760010333,
        "id_paa": 18978,
        "descripcion": "Vías",
        "nombre_abreviado": "Infraestructura",
        "nombre_centro_gestor": None,
        "referencia_proceso": ["4151.010.32.1.0575- 2025"],
        "referencia_contrato": ["4151.010.26.1.0887 - 2025"],
    }
    return {**row, **changes}


def contract_row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "id_contrato": "CO1.PCCNTR.1",
        "referencia_del_contrato": REFERENCE,
        "proceso_de_compra": "CO1.BDOS.1",
        "estado_bpin": "No Válido",
        "c_digo_bpin": "No Definido",
        "valor_del_contrato": "1000",
        "recursos_de_credito": "1000",
    }
    return {**row, **changes}


def process_row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "id_del_proceso": "CO1.REQ.1",
        "id_adjudicacion": "CO1.AWD.1",
        "nit_del_proveedor_adjudicado": "900123456",
        "id_del_portafolio": "CO1.BDOS.1",
        "referencia_del_proceso": "4151.010.32.1.0575-2025",
        "valor_total_adjudicacion": "10",
        "adjudicado": "Si",
    }
    return {**row, **changes}


def catalogue_of(**bpin_by_bp: str) -> pl.DataFrame:
    pairs = [(bp, bpin, f"Proyecto {bp}") for bp, bpin in bpin_by_bp.items()]
    return pl.DataFrame(pairs, schema=["bp", "bpin", "nombre_proyecto"], orient="row")


CATALOGUE = catalogue_of(**{ROADS: ROADS_BPIN, LIGHTS: LIGHTS_BPIN})


def contracts(
    *rows: dict[str, object],
    index: list[dict[str, object]] | None,
    catalogue: pl.DataFrame | None = CATALOGUE,
) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    parts = ContractParts(
        index=None if index is None else snapshot("indice_emprestito", index),
        catalogue=catalogue,
        cut=NOW.date(),
        run_id="r",
        now=NOW,
    )
    frames = parts.frames(text_frame(rows, CONTRACTS, fuente="contratos_emprestito"))
    return (
        CONTRATOS_SECOP.conform(frames[CONTRATOS_SECOP]),
        CONTRATO_BPIN.conform(frames[CONTRATO_BPIN]),
        parts.warnings(),
    )


def loan(
    index: list[dict[str, object]],
    *,
    signed: list[dict[str, object]] | None = None,
    published: list[dict[str, object]] | None = None,
    catalogue: pl.DataFrame | None = CATALOGUE,
    rejects: Rejects | None = None,
) -> dict[str, pl.DataFrame]:
    frames = loan_frames(
        snapshot("indice_emprestito", index),
        contracts=snapshot("contratos_emprestito", signed or []),
        processes=snapshot("procesos_emprestito", published or []),
        catalogue=catalogue,
        rejects=rejects or Rejects(dataset="emp_contratos_index"),
        run_id="r",
        now=NOW,
    )
    return {dataset.name: dataset.conform(frame) for dataset, frame in frames.items()}


def test_a_valid_published_bpin_counts():
    row = contract_row(estado_bpin="Válido", c_digo_bpin=LIGHTS_BPIN)

    frame, bridge, warnings = contracts(row, index=[index_row()])

    assert frame.select("bpin", "bpin_origen", "motivo_sin_bpin").row(0) == (LIGHTS_BPIN, "secop", None)
    assert bridge.select("bpin", "bpin_origen").rows() == [(ROADS_BPIN, "indice_emprestito"), (LIGHTS_BPIN, "secop")]
    assert len(warnings) == 1


def test_else_the_index_tells_the_project_through_the_catalogue():
    frame, _bridge, _warnings = contracts(contract_row(), index=[index_row()])

    said = frame.select("bpin", "bpin_origen", "es_emprestito", "banco").row(0)

    assert said == (ROADS_BPIN, "indice_emprestito", True, "Davivienda")


def test_a_published_bpin_that_is_not_valid_does_not_count():
    frame, bridge, _warnings = contracts(contract_row(c_digo_bpin=LIGHTS_BPIN), index=[])

    assert frame.select("bpin", "motivo_sin_bpin").row(0) == (None, NOT_IN_INDEX)
    assert bridge.height == 0


@pytest.mark.parametrize(
    ("index", "catalogue", "motive"),
    [
        (None, CATALOGUE, NO_INDEX),
        ([], CATALOGUE, NOT_IN_INDEX),
        ([index_row()], None, NO_CATALOGUE),
        ([index_row(bp="26009999")], CATALOGUE, NOT_IN_CATALOGUE),
        ([index_row(), index_row(bp="26005376")], CATALOGUE, SEVERAL),
    ],
)
def test_a_contract_without_a_project_says_why(index, catalogue, motive):
    frame, _bridge, _warnings = contracts(contract_row(), index=index, catalogue=catalogue)

    assert frame.select("bpin", "motivo_sin_bpin").row(0) == (None, motive)


def test_a_contract_of_several_projects_is_bridged_to_each():
    _frame, bridge, _warnings = contracts(contract_row(), index=[index_row(), index_row(bp="26005376")])

    assert bridge.get_column("bpin").to_list() == [ROADS_BPIN, LIGHTS_BPIN]


def test_the_same_number_of_another_year_is_no_loan_contract():
    rows = [
        contract_row(id_contrato=f"CO1.PCCNTR.{n}", referencia_del_contrato=reference)
        for n, reference in enumerate(("4151.010.26.1.0887-2024", "4151.010.26.1.0887", "4151.010.26.1.0887 DE 2025"))
    ]

    frame, _bridge, _warnings = contracts(*rows, index=[index_row()])

    assert frame.get_column("es_emprestito").to_list() == [False, False, True]


def test_index_and_credit_flag_are_checked_against_each_other():
    other = contract_row(id_contrato="CO1.PCCNTR.2", referencia_del_contrato="4151.010.26.1.0001-2025")

    _frame, _bridge, warnings = contracts(contract_row(recursos_de_credito="0"), other, index=[index_row()])

    assert len(warnings) == 2


def test_without_the_index_nobody_says_whether_it_is_the_loan_s():
    frame, _bridge, _warnings = contracts(contract_row(), index=None)

    assert frame.select("es_emprestito", "banco").row(0) == (None, None)


def test_each_reference_of_the_index_is_a_row_with_its_normal_form():
    frames = loan([index_row(referencia_contrato=["4151.010.26.1.0887 - 2025", "OC 150273"])], signed=[contract_row()])

    said = (
        frames[EMP_CONTRATOS_INDEX.name]
        .sort("referencia_contrato")
        .select("referencia_contrato", "referencia_contrato_normalizada", "id_contrato", "banco_linea", "bp", "bpin")
    )

    assert said.rows() == [
        ("4151.010.26.1.0887 - 2025", REFERENCE, "CO1.PCCNTR.1", "Davivienda - Otro Sí", ROADS, ROADS_BPIN),
        ("OC 150273", None, None, "Davivienda - Otro Sí", ROADS, ROADS_BPIN),
    ]


def test_a_line_said_twice_is_one_row_that_knows_it_was_said_twice():
    frames = loan([index_row(), index_row()])

    assert frames[EMP_CONTRATOS_INDEX.name].get_column("filas_indice").to_list() == [2]


def test_rows_of_the_index_can_be_counted_by_the_bank_as_written_however_many_references_they_bear():
    lots = ["4151.010.26.1.0887-2025", "4151.010.26.1.0888-2025"]
    rows = [index_row(referencia_contrato=lots), index_row(referencia_contrato=lots[1:]), index_row(banco="Davivienda")]

    lines = loan(rows)[EMP_CONTRATOS_INDEX.name]

    by_bank = lines.group_by("banco_crudo").agg(pl.col("filas_propias", "filas_indice").sum()).sort("banco_crudo")
    assert by_bank.rows() == [("DAVIVIENDA-Otro Si", 2, 3), ("Davivienda", 1, 1)]


def test_the_order_of_the_index_does_not_matter():
    rows = [index_row(), index_row(bp="26005376"), index_row(referencia_contrato=[])]

    one, other = loan(rows), loan(rows[::-1])

    assert all(one[name].equals(other[name]) for name in one)


def test_a_line_without_references_is_still_a_line():
    frames = loan([index_row(referencia_proceso=[], referencia_contrato=[])])

    assert frames[EMP_CONTRATOS_INDEX.name].height == 1
    assert frames[EMP_PROCESOS.name].height == 0
    assert frames[EMP_PROYECTOS.name].select("n_lineas", "n_contratos").row(0) == (1, 0)


def test_an_unknown_bank_is_kept_named_and_reported():
    rejects = Rejects(dataset="emp_contratos_index")

    lines = index_lines([index_row(banco="Banco Imaginario")], rejects=rejects, fuente="s")

    assert lines.select("banco", "banco_linea").row(0) == (UNKNOWN_BANK, "Banco Imaginario")
    assert rejects.frame().get_column("valor_crudo").to_list() == ["Banco Imaginario"]


def test_projects_gather_their_banks():
    frames = loan([index_row(), index_row(banco="Bancolombia", referencia_contrato=[]), index_row(bp="26005376")])

    said = frames[EMP_PROYECTOS.name].select("bp", "bancos", "nombre_proyecto", "cod_centro_gestor").rows()

    assert said == [
        (ROADS, "Bancolombia; Davivienda", f"Proyecto {ROADS}", "4151"),
        (LIGHTS, "Davivienda", f"Proyecto {LIGHTS}", "4151"),
    ]


def test_a_process_sums_its_lots_and_its_contracts():
    frames = loan(
        [index_row()],
        signed=[contract_row(), contract_row(id_contrato="CO1.PCCNTR.2", valor_del_contrato="500")],
        published=[process_row(), process_row(id_adjudicacion="CO1.AWD.2", valor_total_adjudicacion="5")],
    )

    said = frames[EMP_PROCESOS.name].select(
        "referencia_proceso",
        "encontrado_en_secop",
        "valor_adjudicacion",
        "n_adjudicaciones",
        "n_contratos",
        "valor_contratado",
    )

    assert said.rows() == [("4151.010.32.1.0575-2025", True, Decimal(15), 2, 2, Decimal(1500))]


def test_a_process_that_secop_does_not_have_is_listed_as_not_found():
    frames = loan([index_row()])

    [row] = (
        frames[EMP_PROCESOS.name]
        .select("encontrado_en_secop", "id_del_proceso", "n_contratos", "valor_contratado")
        .rows()
    )
    said = loan_warnings(frames[EMP_CONTRATOS_INDEX.name], frames[EMP_PROCESOS.name])

    assert row == (False, None, 0, None)
    assert len(said) == 2


def test_an_index_that_contradicts_the_catalogue_is_told_and_the_catalogue_counts():
    frames = loan([index_row(bpin=int(LIGHTS_BPIN))], signed=[contract_row()], published=[process_row()])

    said = loan_warnings(frames[EMP_CONTRATOS_INDEX.name], frames[EMP_PROCESOS.name])

    assert frames[EMP_CONTRATOS_INDEX.name].select("bpin", "bpin_indice").row(0) == (ROADS_BPIN, LIGHTS_BPIN)
    assert len(said) == 1
    assert ROADS in said[0]


def test_without_the_catalogue_projects_have_no_bpin_and_say_why():
    frames = loan([index_row()], catalogue=None)

    assert frames[EMP_PROYECTOS.name].select("bpin", "motivo_sin_bpin").row(0) == (None, "falta el catálogo BP-BPIN")


def test_the_cut_of_all_tables_is_the_snapshot_s_day():
    frames = loan([index_row()])

    assert {frame.get_column("fecha_corte").to_list()[0] for frame in frames.values()} == {date(2025, 9, 22)}
