"""Every name here is invented."""

import json

import pytest

from etl_kit.people import PERSONAL, is_natural_person, protect_people, pseudonym

KEY = b"a test's key"


def contract(**changes: object) -> dict[str, object]:
    row = {
        "id_contrato": "CO1.PCCNTR.1",
        "proveedor_adjudicado": "Zoraida Inventada Pérez",
        "tipodocproveedor": "Cédula de Ciudadanía",
        "documento_proveedor": "31999888",
        "codigo_proveedor": "700111222",
        "nombre_representante_legal": "Zoraida Inventada Pérez",
        "nombre_supervisor": "Ulises Supuesto",
        "n_mero_de_cuenta": "00123456789",
        "nombre_del_banco": "BANCO DE PRUEBA",
        "objeto_del_contrato": "Contratar a ZORAIDA INVENTADA PÉREZ como apoyo",
    }
    return {**row, **changes}


def process(**changes: object) -> dict[str, object]:
    row = {
        "id_del_proceso": "CO1.REQ.1",
        "nombre_del_proveedor": "Zoraida Inventada Pérez",
        "nit_del_proveedor_adjudicado": "31999888",
        "codigoproveedor": "700111222",
        "nombre_del_adjudicador": "Ulises Supuesto",
    }
    return {**row, **changes}


def test_nothing_of_a_natural_person_is_left_but_the_pseudonym():
    [row] = protect_people([contract()], "contratos_emprestito", key=KEY)

    text = json.dumps(row, ensure_ascii=False).lower()
    assert not any(secret in text for secret in ("zoraida", "31999888", "700111222", "ulises", "00123456789", "banco"))
    assert row["proveedor_adjudicado"].startswith("PERSONA-")
    assert row["proveedor_adjudicado"] in row["objeto_del_contrato"]


def test_a_person_has_one_pseudonym_in_all_sources():
    [signed] = protect_people([contract()], "contratos_emprestito", key=KEY)
    [awarded] = protect_people([process()], "procesos_emprestito", key=KEY)

    names = {signed["proveedor_adjudicado"], awarded["nombre_del_proveedor"], awarded["nit_del_proveedor_adjudicado"]}

    assert len(names) == 1
    assert "nombre_del_adjudicador" not in awarded


def test_another_key_gives_another_pseudonym():
    names = {pseudonym("Zoraida Inventada", key=key) for key in (b"one", b"other")}

    assert len(names) == 2


def test_a_pseudonym_stays_as_it_is():
    once = pseudonym("Zoraida Inventada", key=KEY)

    assert pseudonym(once, key=b"other") == once


def test_a_company_keeps_its_name_and_nit_but_not_its_people():
    company = contract(proveedor_adjudicado="VORTICE S.A.S.", tipodocproveedor="NIT", documento_proveedor="900123456")

    [row] = protect_people([company], "contratos_emprestito", key=KEY)

    assert (row["proveedor_adjudicado"], row["documento_proveedor"]) == ("VORTICE S.A.S.", "900123456")
    assert not [column for column in row if PERSONAL["contratos_emprestito"].dropped_like.search(column)]


def test_the_rows_that_came_in_are_not_changed():
    row = contract()

    protect_people([row], "contratos_emprestito", key=KEY)

    assert row == contract()


@pytest.mark.parametrize(
    ("name", "document", "kind", "person"),
    [
        ("M&M", "900596808", "NIT", False),
        ("CONSORCIO VIALCO", None, "No Definido", False),
        ("Zoraida Inventada", "16999888-1", "NIT", True),
        ("Zoraida Inventada", None, None, True),
        ("Zoraida Sa", None, None, True),
        ("Empresa Cualquiera", "31999888", "Cédula de Ciudadanía", True),
        ("PERSONA-0123ABCD", None, None, True),
        (None, None, "NIT", False),
    ],
)
def test_who_is_a_person_is_decided_in_the_person_s_favour(name, document, kind, person):
    decided = is_natural_person(name, document=document, document_type=kind)

    assert decided is person


def test_a_column_the_publisher_adds_later_is_dropped_by_its_name():
    added = contract(nombre_segundo_supervisor="Ulises Supuesto", correo_del_proveedor="z@ejemplo.invalid")

    [row] = protect_people([added], "contratos_emprestito", key=KEY)

    assert not {"nombre_segundo_supervisor", "correo_del_proveedor"} & set(row)


def test_the_long_names_of_a_csv_export_hide_people_too():
    export = {
        "Proveedor Adjudicado": "Zoraida Inventada Pérez",
        "TipoDocProveedor": "Cédula de Ciudadanía",
        "Documento Proveedor": "31999888",
        "Nombre Representante Legal": "Ulises Supuesto",
        "Número de Cuenta": "00123456789",
        "Género Representante Legal": "x",
        "Objeto del Contrato": "Apoyo",
    }

    [row] = protect_people([export], "contratos_emprestito", key=KEY)

    assert row == {
        "Proveedor Adjudicado": pseudonym("Zoraida Inventada Pérez", key=KEY),
        "TipoDocProveedor": "Cédula de Ciudadanía",
        "Objeto del Contrato": "Apoyo",
    }


def test_a_trade_name_under_a_person_s_number_keeps_the_name_alone():
    trader = contract(
        proveedor_adjudicado="COMERCIALIZADORA X", tipodocproveedor="NIT", documento_proveedor="16999888-1"
    )

    [row] = protect_people([trader], "contratos_emprestito", key=KEY)

    assert (row["proveedor_adjudicado"], row["documento_proveedor"]) == ("COMERCIALIZADORA X", "No Definido")


def test_the_bank_of_the_loan_is_no_personal_data():
    [row] = protect_people(
        [{"banco": "Bancolombia", "CONTACTO": "x", "contacto": "Ulises"}], "indice_emprestito", key=KEY
    )

    assert row == {"banco": "Bancolombia"}
