"""Files about contracts that no table holds: read by name, exact, and refused with a reason."""

import json
from decimal import Decimal

import pytest

from etl_kit.errors import MissingColumns, UnreadableInput
from transformation_app.saved_contracts import read_bpin_index, read_dacp_contracts

RECORD = {
    "referencia_contrato": "4137.010.26.1.001 -2025",
    "referencia_proceso": "4137.010.32.1.407-2024",
    "nombre_centro_gestor": "DADII",
    "destino_gasto": "Inversión",
    "tipo_contrato": "Obra",
    "valor_contrato": 1632586574369,
    "nombre_razón_social_contratista": "Alguien",
}


def as_bytes(*records):
    return json.dumps(records, ensure_ascii=False).encode()


def test_values_are_exact_and_references_are_normalised():
    frame = read_dacp_contracts(as_bytes(RECORD, {**RECORD, "valor_contrato": 0}), name="dacp.json")

    assert frame["valor_contrato"].to_list() == [Decimal("1632586574369.00"), Decimal("0.00")]
    assert frame["referencia_normalizada"][0] == "4137.010.26.1.001-2025"
    assert not any("contratista" in column for column in frame.columns)


def test_a_value_that_is_absent_stays_absent():
    frame = read_dacp_contracts(as_bytes({**RECORD, "valor_contrato": None}), name="dacp.json")

    assert frame["valor_contrato"].to_list() == [None]


@pytest.mark.parametrize("content", [b"{", b'{"a": 1}', b"[1, 2]"])
def test_what_is_no_list_of_records_is_refused_by_name(content):
    with pytest.raises(UnreadableInput, match=r"dacp\.json"):
        read_dacp_contracts(content, name="dacp.json")


def test_records_without_a_needed_column_are_refused():
    with pytest.raises(MissingColumns, match="valor_contrato"):
        read_dacp_contracts(as_bytes({"referencia_contrato": "x"}), name="dacp.json")


def test_a_contract_of_two_projects_has_two_rows_and_a_bpin_that_is_none_is_empty():
    lines = [
        "bpin,referencia_contrato,proceso_compra,id_contrato,notice_uid",
        "2024760010163,4143.010.27.1.0003.2025,CO1.BDOS.1,CO1.PCCNTR.1,N1",
        "2024760010164,4143.010.27.1.0003.2025,CO1.BDOS.1,CO1.PCCNTR.1,N1",
        "No Definido,4143.010.27.1.0004.2025,CO1.BDOS.2,CO1.PCCNTR.2,N2",
    ]

    frame = read_bpin_index("\r\n".join(lines).encode("utf-8-sig"), name="indice.csv")

    assert frame["bpin"].to_list() == ["2024760010163", "2024760010164", None]
    assert frame["id_contrato"].n_unique() == 2


def test_an_index_in_another_encoding_is_refused_with_the_way_out():
    with pytest.raises(UnreadableInput, match="UTF-8"):
        read_bpin_index("bpin,ó\n".encode("latin-1"), name="indice.csv")
