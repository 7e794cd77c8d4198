"""Cells of project units: scales of progress, keys, dates, departments, categories."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_kit.money import Spelling
from etl_kit.rejects import Rejects
from transformation_app.units_categories import FUENTE_FINANCIACION, unknown_categories, with_categories
from transformation_app.units_cells import (
    BPIN_BLANK,
    BPIN_FLOAT,
    BPIN_IS_BP,
    BPIN_WRONG,
    clean_file,
    references_in,
)
from transformation_app.units_layout import UNIT_COLUMNS, columns_by_name, is_header


def rows(**columns):
    """Rows of text with these cells; all other columns NULL."""
    count = len(next(iter(columns.values())))
    cells = {name: columns.get(name, [None] * count) for name in UNIT_COLUMNS}
    schema = {"fila": pl.Int64, "fuente": pl.String} | dict.fromkeys(UNIT_COLUMNS, pl.String)
    return pl.DataFrame(
        {"fila": list(range(2, count + 2)), "fuente": columns.get("fuente", ["archivo.json"] * count)} | cells,
        schema=schema,
    )


def cleaned(rejects=None, spelling=Spelling.MACHINE, **columns):
    refused = Rejects(dataset="intervenciones") if rejects is None else rejects
    return clean_file(rows(**columns), spelling=spelling, rejects=refused)


def categorised(**columns):
    ready = cleaned(**columns).with_columns(pl.lit("Point").alias("tipo_geometria"))
    return with_categories(ready)


def column(frame, name):
    return frame.get_column(name).to_list()


def test_a_file_of_shares_is_scaled_as_a_whole():
    frame = cleaned(avance_declarado=["0", "0.1", "0.99", "1", None])

    assert column(frame, "avance_obra") == [0, 10, 99, 100, None]


def test_a_share_among_per_cents_stays_what_it_says():
    frame = cleaned(avance_declarado=["0.65", "80", "100.0", "77,6"])

    assert column(frame, "avance_obra") == [Decimal("0.65"), 80, 100, Decimal("77.6")]


def test_a_per_cent_sign_says_the_scale_of_its_own_value_only():
    frame = cleaned(avance_declarado=["0.5", "98%", "100,00%", "cero"])

    assert column(frame, "avance_obra") == [50, 98, 100, 0]


def test_progress_beyond_a_hundred_or_in_words_is_refused_and_kept():
    rejects = Rejects(dataset="intervenciones")

    frame = cleaned(rejects, avance_declarado=["120", "-3", "casi listo", " ", "80"])

    assert column(frame, "avance_obra") == [None, None, None, None, 80]
    assert column(rejects.frame(), "valor_crudo") == ["120", "-3", "casi listo"]
    assert column(rejects.frame(), "fila") == [2, 3, 4]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=8).filter(lambda values: max(values) > 1))
def test_progress_in_per_cent_and_in_shares_read_the_same(values):
    in_percent = cleaned(avance_declarado=[str(value) for value in values])
    in_shares = cleaned(avance_declarado=[str(Decimal(value) / 100) for value in values])
    signed = cleaned(avance_declarado=[f"{value},00%" for value in values])

    assert column(in_percent, "avance_obra") == column(signed, "avance_obra") == values
    assert column(in_shares, "avance_obra") == values


def test_a_bpin_is_text_of_thirteen_or_fifteen_digits_or_absent_for_a_reason():
    given_cells = ["2024760010333", "202400000006267", "2023760010180.0", "202476000000000000", "26005432", None]

    frame = cleaned(bpin_declarado=[*given_cells, "Pendiente", "2.02376001018e+12"])

    assert column(frame, "bpin")[:2] == given_cells[:2]
    assert column(frame, "bpin")[2:] == [None] * 6
    assert column(frame, "motivo_sin_bpin") == [
        None,
        None,
        BPIN_FLOAT,
        BPIN_WRONG,
        BPIN_IS_BP,
        BPIN_BLANK,
        BPIN_WRONG,
        BPIN_FLOAT,
    ]
    assert column(frame, "bp")[4] == "BP26005432"


def test_dates_are_read_in_every_spelling_and_a_bare_year_gives_the_year_only():
    rejects = Rejects(dataset="intervenciones")
    said = ["24-06-2025", "10/10/2025", "2025-12-31 00:00:00", "45896", "2025/08/26", "2024", "NaT", "INDEFINIDA"]

    frame = cleaned(rejects, fecha_inicio=said)

    days = [None if day is None else day.isoformat() for day in column(frame, "fecha_inicio")]
    assert days == ["2025-06-24", "2025-10-10", "2025-12-31", "2025-08-27", "2025-08-26", None, None, None]
    assert column(frame, "anio") == [2025, 2025, 2025, 2025, 2025, 2024, None, None]
    assert column(rejects.frame(), "valor_crudo") == ["INDEFINIDA"]


def test_the_declared_year_wins_over_the_dates():
    frame = cleaned(anio=["2026.0", None], fecha_inicio=["24-06-2025", None], fecha_fin=[None, "2027"])

    assert column(frame, "anio") == [2026, 2027]


def test_money_is_exact_and_what_cannot_be_read_is_no_zero():
    rejects = Rejects(dataset="intervenciones")

    frame = cleaned(rejects, presupuesto=["576702878.10", "1000", "$545,872,098", None])

    assert column(frame, "presupuesto") == [Decimal("576702878.10"), 1000, None, None]
    assert column(rejects.frame(), "valor_crudo") == ["$545,872,098"]


def test_references_are_told_apart_whatever_stands_between_them():
    assert references_in("4143.010.26. 1313-2024, 4143.010.26.1.1317-2024") == [
        "4143.010.26.1313-2024",
        "4143.010.26.1.1317-2024",
    ]
    assert references_in("4143.010.26.1.0943,2025, 4143.010.26.1.0952.2025") == [
        "4143.010.26.1.0943-2025",
        "4143.010.26.1.0952-2025",
    ]
    assert references_in("4143.010.26.1.1738.2025\n 4143.010.26.1.1738.2025") == ["4143.010.26.1.1738-2025"]
    assert references_in("Pendiente") == []


def test_a_department_is_known_by_its_aliases_by_its_sheet_and_by_the_name_of_its_layer():
    frame = pl.concat(
        [
            cleaned(organismo_declarado=["Secretaría de Vivienda Social y Habitat", "educacion", "Oficina Inventada"]),
            cleaned(fuente=["Infraestructura_2024.shp.zip"], nombre_up=["Calle 1"]),
        ]
    )

    assert column(frame, "cod_centro_gestor") == ["4147", "4143", None, "4151"]
    assert column(frame, "nombre_centro_gestor")[2:] == ["Oficina Inventada", "Secretaría de Infraestructura"]


@pytest.mark.parametrize(
    ("declared", "progress", "state"),
    [
        ("Finalizado", None, "Terminado"),
        ("En ejecución", "0", "En alistamiento"),
        ("En alistamiento", "50", "En ejecución"),
        ("En ejecución", "100", "Terminado"),
        ("Suspendido", "50", "Suspendido"),
        ("SUSPENCIÓN", "50", "Suspendido"),
        ("Inaugurado", "100", "Inaugurado"),
        ("Socialización", "0", "Socialización"),
        ("En liquidación", "100", "En liquidación"),
        (None, "20", "En ejecución"),
        (None, None, None),
        ("En pausa", None, "En pausa"),
    ],
)
def test_the_state_follows_progress_but_for_states_that_progress_cannot_tell(declared, progress, state):
    frame = categorised(estado_declarado=[declared, None], avance_declarado=[progress, "3"])

    assert column(frame, "estado")[0] == state
    assert column(frame, "estado_declarado")[0] == declared


def front(**cells):
    usual = {
        "clase_declarada": "Obras equipamientos",
        "tipo_equipamiento_declarado": "Canchas",
        "tipo_intervencion_declarado": "Obra nueva",
        "avance_declarado": "50%",
    }
    return column(categorised(**{name: [cell] for name, cell in (usual | cells).items()}), "frente_activo")[0]


def test_a_front_is_active_only_on_a_building_site_under_way():
    assert front() == "Frente activo"
    assert front(tipo_equipamiento_declarado=None, tipo_intervencion_declarado=None) == "Frente activo"
    assert front(estado_declarado="Suspendido") == "Inactivo"
    assert front(avance_declarado="100%") == "No aplica"
    assert front(clase_declarada="Subsidios") == "No aplica"
    assert front(tipo_equipamiento_declarado="Adquisición predios") == "No aplica"
    assert front(tipo_equipamiento_declarado="Adquisición de predios") == "No aplica"
    assert front(tipo_intervencion_declarado="Mantenimiento") == "No aplica"


def test_unknown_categories_are_kept_and_counted_never_the_most_similar():
    frame = categorised(
        fuente_financiacion_declarada=["Por balance", "Por  balance", "Recursos propios", "Empréstito 2025"]
    )

    assert column(frame, "fuente_financiacion") == [
        "Por balance",
        "Por balance",
        "Ingresos libre destinación",
        "Empréstito",
    ]
    assert unknown_categories(frame) == {"fuente_financiacion": {"Por balance": 2}}


def test_a_text_that_names_two_categories_is_the_one_that_other_files_give_the_same_works_and_stays_beside():
    frame = categorised(tipo_intervencion_declarado=["Adecuaciones  y mantenimientos"])

    assert column(frame, "tipo_intervencion") == ["Adecuaciones"]
    assert column(frame, "tipo_intervencion_declarado") == ["Adecuaciones  y mantenimientos"]
    assert front(tipo_intervencion_declarado="Adecuaciones y mantenimientos") == "Frente activo"


def test_every_other_spelling_in_a_catalogue_leads_to_an_accepted_name():
    assert set(FUENTE_FINANCIACION.also.values()) <= set(FUENTE_FINANCIACION.names)


def test_a_class_nobody_declared_follows_from_the_type_and_subsidies_from_their_name():
    frame = categorised(
        tipo_equipamiento_declarado=[
            "Vivienda nueva",
            "Vivienda nueva",
            "Parques y zonas verdes",
            "Adquisición predios",
        ],
        nombre_up=["Asignación del subsidio", "Torres del Yoyo", "Parque", "Compra"],
    )

    assert column(frame, "clase_up") == ["Subsidios", None, "Espacio Público", "Adquisición predial"]


def test_health_is_known_by_the_word_ips_and_by_its_department():
    frame = categorised(nombre_up=["IPS La Perinola", "Puesto", "Ipsilon"], organismo_declarado=[None, "Salud", None])

    assert column(frame, "tipo_equipamiento") == ["IPS", "IPS", None]
    assert column(frame, "clase_up") == ["Obras equipamientos", "Obras equipamientos", None]


def test_columns_are_found_by_name_in_whatever_order_and_spelling():
    header = ["Año", " Nompre_BP ", "DIRECCIÓN", "F__AVANCE", "VALOR_INTE", "bpin", "Direcci_1"]

    found = columns_by_name(header)

    assert is_header(header)
    assert found["anio"] == "Año"
    assert found["nombre_up"] == found["direccion"] == "DIRECCIÓN"
    assert found["avance_declarado"] == "F__AVANCE"
    assert found["presupuesto"] == "VALOR_INTE"
    assert not is_header(["Nombre", "Valor", None])
