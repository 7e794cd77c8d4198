"""Contracts and processes from a few rows as the interface gives them."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from etl_kit.rejects import Rejects
from transformation_app.secop_columns import CONTRACTS, PROCESSES, text_frame
from transformation_app.secop_contracts import NO_ID, clean_contracts, contract_warnings
from transformation_app.secop_processes import clean_processes, process_warnings, with_contract_flag

DAY = date(2025, 9, 22)


def contract(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "id_contrato": "CO1.PCCNTR.1",
        "referencia_del_contrato": "4151.010.26.1.0887-2025",
        "proceso_de_compra": "CO1.BDOS.1",
        "estado_contrato": "En ejecución",
        "nombre_entidad": "SANTIAGO DE CALI DISTRITO ESPECIAL - SECRETARIA DE MOVILIDAD",
        "fecha_de_inicio_del_contrato": "2025-09-01T00:00:00.000",
        "fecha_de_fin_del_contrato": "2025-12-31T00:00:00.000",
        "valor_del_contrato": "1000",
        "valor_pagado": "250",
        "valor_facturado": "0",
        "habilita_pago_adelantado": "No",
        "dias_adicionados": "0",
        "anno_bpin": "No D",
        "urlproceso": {"url": "https://secop.example/1"},
    }
    return {**row, **changes}


def process(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "id_del_proceso": "CO1.REQ.1",
        "id_adjudicacion": "CO1.AWD.1",
        "nit_del_proveedor_adjudicado": "900123456",
        "id_del_portafolio": "CO1.BDOS.1",
        "referencia_del_proceso": "4151.010.32.1.0575-2025 (Presentación de oferta)",
        "entidad": "SANTIAGO DE CALI DISTRITO ESPECIAL - SECRETARIA DE INFRAESTRUCTURA",
        "fecha_de_publicacion_del": "2025-08-01T00:00:00.000",
        "fecha_adjudicacion": "2025-08-31T00:00:00.000",
        "precio_base": "123.45",
        "valor_total_adjudicacion": "100",
        "adjudicado": "Si",
        "proveedores_unicos_con": "3",
    }
    return {**row, **changes}


def contracts(*rows: dict[str, object]) -> tuple[pl.DataFrame, Rejects]:
    rejects = Rejects(dataset="contratos_secop")
    return clean_contracts(text_frame(rows, CONTRACTS, fuente="s"), cut=DAY, rejects=rejects), rejects


def processes(*rows: dict[str, object]) -> tuple[pl.DataFrame, Rejects]:
    rejects = Rejects(dataset="procesos_secop")
    return clean_processes(text_frame(rows, PROCESSES, fuente="s"), cut=DAY, rejects=rejects), rejects


def test_a_contract_is_typed():
    frame, rejects = contracts(contract())

    said = frame.select("valor_contrato", "fecha_inicio_contrato", "dias_adicionados", "anno_bpin", "pct_pagado")

    assert said.row(0) == (Decimal(1000), date(2025, 9, 1), 0, None, Decimal("0.25"))
    assert len(rejects) == 0


def test_a_contract_value_with_cents_keeps_its_point():
    frame, rejects = contracts(contract(valor_del_contrato="1250.75"))

    assert frame.get_column("valor_contrato").to_list() == [Decimal("1250.75")]
    assert len(rejects) == 0


def test_the_flag_of_payment_in_advance_is_no_money():
    frame, _rejects = contracts(contract(habilita_pago_adelantado="Si"))

    assert frame.get_column("habilita_pago_adelantado").to_list() == [True]


@pytest.mark.parametrize(
    "address",
    [{"url": "https://secop.example/1"}, "{'url': 'https://secop.example/1'}", "https://secop.example/1"],
)
def test_an_address_is_a_plain_text_however_it_came(address):
    frame, _rejects = contracts(contract(urlproceso=address))

    assert frame.get_column("urlproceso").to_list() == ["https://secop.example/1"]


def test_of_several_versions_of_a_contract_the_one_updated_last_stays():
    old = contract(ultima_actualizacion="2025-01-31T00:00:00.000", valor_del_contrato="1")
    new = contract(ultima_actualizacion="2025-02-28T00:00:00.000", valor_del_contrato="2")
    never = contract(valor_del_contrato="3")

    frames = [contracts(*rows)[0] for rows in ((old, new, never), (never, new, old))]

    assert [frame.get_column("valor_contrato").to_list() for frame in frames] == [[2], [2]]


def test_older_versions_are_counted_in_a_sentence():
    counts = {"older": 7, "unequal": 0}

    said = contract_warnings(**counts)

    assert len(said) == 1
    assert "7" in said[0]


def test_a_row_without_an_id_is_kept_as_refused():
    frame, rejects = contracts(contract(id_contrato="No Definido"), contract())

    assert frame.height == 1
    assert rejects.frame().select("fila", "motivo").rows() == [(1, NO_ID)]


def test_an_unreadable_value_is_null_and_kept():
    frame, rejects = contracts(contract(valor_del_contrato="mil", fecha_de_firma="ayer", dias_adicionados="1.5"))

    assert frame.select("valor_contrato", "fecha_firma", "dias_adicionados", "pct_pagado").row(0) == (None,) * 4
    assert sorted(rejects.frame().get_column("columna")) == ["dias_adicionados", "fecha_firma", "valor_contrato"]


@pytest.mark.parametrize(
    ("state", "end", "overdue"),
    [
        ("En ejecución", "2025-09-21T00:00:00.000", True),
        ("En ejecución", "2025-09-22T00:00:00.000", False),
        ("Cerrado", "2025-09-21T00:00:00.000", False),
        ("En ejecución", None, None),
    ],
)
def test_a_contract_that_runs_past_its_end_is_overdue(state, end, overdue):
    frame, _rejects = contracts(contract(estado_contrato=state, fecha_de_fin_del_contrato=end))

    assert frame.get_column("vencido").to_list() == [overdue]


def test_states_have_one_spelling():
    frame, _rejects = contracts(contract(estado_contrato="terminado"))

    assert frame.get_column("estado_contrato").to_list() == ["Terminado"]


def test_the_department_comes_from_the_reference_and_else_from_the_entity():
    frame, _rejects = contracts(contract(), contract(id_contrato="CO1.PCCNTR.2", referencia_del_contrato="XX"))

    said = frame.sort("id_contrato").select("cod_centro_gestor", "nombre_centro_gestor").rows()

    assert said == [("4151", "Secretaría de Infraestructura"), ("4152", "Secretaría de Movilidad")]


def test_the_long_names_of_a_csv_export_are_the_same_columns():
    export = {
        "ID Contrato": "CO1.PCCNTR.1",
        "Valor del Contrato": "7",
        "Código BPIN": "2024760010333",
        "Liquidación": "Si",
    }

    frame, _rejects = contracts(export)

    assert frame.select("id_contrato", "valor_contrato", "bpin_publicado", "liquidacion").row(0) == (
        "CO1.PCCNTR.1",
        Decimal(7),
        "2024760010333",
        True,
    )


def test_a_price_with_cents_keeps_its_point():
    frame, _rejects = processes(process())

    assert frame.select("precio_base", "pct_adjudicado_base").row(0) == (Decimal("123.45"), Decimal("0.810045"))


def test_lots_of_a_process_are_rows_of_their_own():
    frame, _rejects = processes(process(), process(id_adjudicacion="CO1.AWD.2", valor_total_adjudicacion="40"))

    assert frame.get_column("valor_adjudicacion").sum() == 140


def test_awards_without_an_id_do_not_melt_into_one():
    rows = [process(id_adjudicacion=None), process(id_adjudicacion=None, valor_total_adjudicacion="40")]

    one, other = processes(*rows)[0], processes(*reversed(rows))[0]

    key = ["id_adjudicacion", "valor_adjudicacion"]
    assert one.select(key).sort(key).rows() == other.select(key).sort(key).rows()
    assert one.height == 2


def test_the_same_award_said_again_counts_once():
    rows = [process(), process(), process(fase="otra")]

    frame, _rejects = processes(*rows)

    assert frame.height == 1
    assert "2" in process_warnings(len(rows) - frame.height)[0]


def test_the_key_keeps_the_publisher_s_words_for_nobody():
    frame, _rejects = processes(process(id_adjudicacion="No Adjudicado", nit_del_proveedor_adjudicado=None))

    assert frame.select("id_adjudicacion", "nit_del_proveedor_adjudicado").row(0) == ("No Adjudicado", "No Definido")


def test_days_published_end_with_the_award_or_with_the_snapshot():
    open_process = process(
        id_del_proceso="CO1.REQ.2", fecha_adjudicacion=None, adjudicado="No", valor_total_adjudicacion="0"
    )

    frame, _rejects = processes(process(), open_process)

    said = frame.sort("id_del_proceso").select("dias_publicado", "pct_adjudicado_base").rows()
    assert said == [(30, Decimal("0.810045")), (52, None)]


def test_suffixes_of_a_reference_do_not_hinder_a_join():
    frame, _rejects = processes(process())

    assert frame.get_column("referencia_normalizada").to_list() == ["4151.010.32.1.0575-2025"]


def test_a_process_has_a_contract_if_one_names_it():
    frame, _rejects = processes(process(), process(id_del_proceso="CO1.REQ.2", id_del_portafolio="CO1.BDOS.2"))
    signed, _rejects = contracts(contract())

    flagged = with_contract_flag(frame, [signed]).sort("id_del_proceso").get_column("tiene_contrato").to_list()
    unknown = with_contract_flag(frame, None).get_column("tiene_contrato")

    assert flagged == [True, False]
    assert unknown.null_count() == 2


def test_no_rows_at_all_give_empty_tables():
    heights = [contracts()[0].height, processes()[0].height]

    assert heights == [0, 0]
