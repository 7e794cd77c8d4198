"""People are hidden row by row, so that a country of rows need not be in memory."""

from itertools import count, islice

import pytest

from etl_kit.people import protect_people, without_people

KEY = b"key of the tests"


def signed(number, **more):
    return {
        "proveedor_adjudicado": f"ANA MARÍA INVENTADEZ {number}",
        "tipodocproveedor": "Cédula de Ciudadanía",
        "documento_proveedor": "1999007001",
        "nombre_supervisor": "Otro Inventadez",
        "objeto": "x",
        **more,
    }


def test_rows_are_taken_one_at_a_time():
    endless = (signed(number) for number in count())

    first = list(islice(without_people(endless, "contratos_emprestito", key=KEY), 3))

    assert first == protect_people([signed(number) for number in range(3)], "contratos_emprestito", key=KEY)
    assert not any("INVENTADEZ" in str(row).upper() for row in first)


@pytest.mark.parametrize(
    "written", ["ana maría inventadez 7", "Ana María Inventadez 7", "ANA MARıA INVENTADEZ 7".replace("ıA", "ÍA")]
)
def test_the_name_is_hidden_in_other_texts_in_whatever_case(written):
    [row] = without_people([signed(7, objeto=f"contrato de {written}, cédula")], "contratos_emprestito", key=KEY)

    assert row["objeto"] == f"contrato de {row['proveedor_adjudicado']}, cédula"


def test_letters_that_only_a_pattern_takes_for_the_same_are_no_way_out():
    person = signed(7) | {"proveedor_adjudicado": "INES ZIFICTA"}

    [row] = without_people([person | {"objeto": "de ınes zifıcta"}], "contratos_emprestito", key=KEY)

    assert "zif" not in row["objeto"]


def test_rows_with_other_columns_are_read_by_their_own():
    rows = [signed(1), {"Proveedor Adjudicado": "BENITO ZIFICTA", "TipoDocProveedor": "Cédula"}, {"objeto": "solo"}]

    hidden = list(without_people(rows, "contratos_emprestito", key=KEY))

    assert hidden[1]["Proveedor Adjudicado"].startswith("PERSONA-")
    assert hidden[2] == {"objeto": "solo"}
