"""Project tables from small hand-made budget lines."""

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl

from etl_kit.columns import EXECUTION, MOVEMENTS
from etl_kit.money import MONEY
from etl_kit.money import REFUSED as UNREADABLE_MONEY
from etl_kit.rejects import Rejects
from transformation_app.budget_layout import BUDGET_COLUMNS, MONEY_COLUMNS
from transformation_app.budget_lines import NO_BPIN, NO_IDENTITY, UNKNOWN, clean_lines
from transformation_app.budget_tables import bpin_catalogue, characteristics, execution, project_totals
from transformation_app.data_transformation_ejecucion_presupuestal import budget_frames, unread_warnings

APRIL, MAY = date(2025, 4, 30), date(2025, 5, 31)
NOW = datetime(2025, 6, 1, tzinfo=UTC)
TEXTS = {
    "cod_centro_gestor": "4151",
    "bp": "BP26005375",
    "bpin": "2024760010333",
    "nombre_proyecto": "Vías",
    "programa_presupuestal": "BP260053751020405",
    "pospre": "2-3",
    "fondo": "121000",
    "vigencia": "Actual",
    "origen": "Organismo",
    "comuna": "SANTIAGO DE CALI",
}


def lines_of(*rows: dict[str, object]) -> pl.DataFrame:
    """Lines with what each says over `TEXTS`; money not named is zero."""
    blank: dict[str, object] = dict.fromkeys(BUDGET_COLUMNS)
    full = [
        {
            **blank,
            **dict.fromkeys(MONEY_COLUMNS, Decimal(0)),
            **TEXTS,
            "fila": number,
            "fuente": "a.csv",
            "periodo_corte": APRIL,
            **row,
        }
        for number, row in enumerate(rows, start=2)
    ]
    types = dict.fromkeys(BUDGET_COLUMNS, pl.String()) | dict.fromkeys(MONEY_COLUMNS, MONEY)
    return pl.DataFrame(full, schema={"fila": pl.Int64(), "fuente": pl.String(), "periodo_corte": pl.Date(), **types})


def cleaned(*rows: dict[str, object]) -> tuple[pl.DataFrame, Rejects]:
    rejects = Rejects(dataset="ejecucion_detalle")
    return clean_lines(lines_of(*rows), rejects=rejects), rejects


def totals(*rows: dict[str, object]) -> pl.DataFrame:
    lines, rejects = cleaned(*rows)
    return project_totals(lines, rejects=rejects).sort("periodo_corte", "bpin", "vigencia")


def test_amounts_are_summed_per_project_cut_and_vigencia_with_their_signs():
    summed = totals(
        {"contracreditos": Decimal(-100), "pagos": Decimal(5)},
        {"contracreditos": Decimal(30), "pagos": Decimal(6), "pospre": "2-4"},
        {"vigencia": "Reserva", "pagos": Decimal(7)},
        {"periodo_corte": MAY, "pagos": Decimal(8)},
    )

    said = summed.select("periodo_corte", "vigencia", "contracreditos", "pagos").rows()

    assert said == [(APRIL, "Actual", -70, 11), (APRIL, "Reserva", 0, 7), (MAY, "Actual", 0, 8)]


def test_a_row_of_zeros_is_a_row():
    summed = totals({})

    assert summed.height == 1


def test_a_blank_cell_is_left_out_of_a_sum_but_blanks_alone_are_null():
    summed = totals({"pagos": None, "creditos": None}, {"pagos": Decimal(6), "creditos": None, "pospre": "2-4"})

    assert summed.select("pagos", "creditos").row(0) == (Decimal(6), None)


def test_a_sum_with_an_unreadable_cell_is_null_and_not_too_small():
    lines, rejects = cleaned({"pagos": None}, {"pagos": Decimal(6), "pospre": "2-4"}, {"vigencia": "Reserva"})
    rejects.add(motivo=UNREADABLE_MONEY, fuente="a.csv", fila=2, columna="pagos", valor_crudo="seis")

    summed = project_totals(lines, rejects=rejects).sort("vigencia")

    assert summed.get_column("pagos").to_list() == [None, Decimal(0)]
    assert summed.get_column("creditos").to_list() == [Decimal(0), Decimal(0)]


def test_shares_are_exact_and_null_where_nothing_was_budgeted():
    amounts = {
        "ppto_modificado": Decimal(3),
        "ejecucion": Decimal(2),
        "pagos": Decimal(1),
        "total_acumul_obligac": Decimal(1),
    }

    shares = execution(totals(amounts, {"vigencia": "Reserva", "ejecucion": Decimal(0)}))

    assert shares.select("pct_ejecucion", "pct_pagos", "pct_obligado").rows() == [
        (Decimal("0.666667"), Decimal("0.5"), Decimal("0.5")),
        (None, None, None),
    ]


def test_the_two_spellings_of_reserva_are_one_and_an_unknown_vigencia_stays():
    lines, _rejects = cleaned({"vigencia": "Reservas"}, {"vigencia": "RESERVA"}, {"vigencia": "Futura"})

    assert sorted(lines.get_column("vigencia").to_list()) == ["Futura", "Reserva", "Reserva"]


def test_a_line_with_a_wrong_bpin_stays_in_the_detail_only():
    lines, rejects = cleaned({"bpin": "2.02476E+12", "pagos": Decimal(9)}, {})

    summed = project_totals(lines, rejects=rejects)

    assert lines.get_column("pagos").sum() == 9
    assert summed.get_column("pagos").sum() == 0
    assert rejects.frame().select("columna", "valor_crudo", "motivo").rows() == [("bpin", "2.02476E+12", NO_BPIN)]
    assert "1" in unread_warnings(lines, rejects)[0]


def test_a_line_that_names_nobody_is_a_total_and_no_line():
    nobody = {"cod_centro_gestor": None, "bp": " ", "bpin": None, "pagos": Decimal(99)}

    lines, rejects = cleaned({}, nobody)

    assert lines.height == 1
    assert rejects.frame().select("fila", "motivo").rows() == [(3, NO_IDENTITY)]


def test_a_participatory_bpin_of_fifteen_digits_is_a_project():
    summed = totals({"bpin": "202400000006267"})

    assert summed.get_column("bpin").to_list() == ["202400000006267"]


def test_texts_lose_line_breaks_and_padding_and_blanks_in_a_key_get_a_word():
    lines, _rejects = cleaned({"nombre_proyecto": " Vías\n de   Cali ", "pospre": "  ", "cod_centro_gestor": "4151.0"})

    said = lines.select("nombre_proyecto", "pospre", "cod_centro_gestor", "nombre_centro_gestor").row(0)

    assert said == ("Vías de Cali", UNKNOWN, "4151", "Secretaría de Infraestructura")


def test_repeated_lines_get_ordinals_that_do_not_depend_on_their_order():
    rows = [{"pagos": Decimal(9)}, {"pagos": Decimal(5)}, {"pagos": Decimal(5)}]

    one, other = cleaned(*rows)[0], cleaned(*reversed(rows))[0]

    by_ordinal = [frame.sort("ordinal").get_column("pagos").to_list() for frame in (one, other)]
    assert by_ordinal == [[5, 5, 9], [5, 5, 9]]
    assert one.sort("ordinal").get_column("ordinal").to_list() == [1, 2, 3]


def test_repeated_lines_that_only_a_name_tells_apart_get_ordinals_by_that_name():
    rows = [{"nombre_pospre": "Obra"}, {"nombre_pospre": "Aseo"}]

    one, other = cleaned(*rows)[0], cleaned(*reversed(rows))[0]

    by_ordinal = [frame.sort("ordinal").get_column("nombre_pospre").to_list() for frame in (one, other)]
    assert by_ordinal == [["Aseo", "Obra"], ["Aseo", "Obra"]]


def test_a_project_is_described_by_its_latest_cut():
    lines, _rejects = cleaned(
        {"nombre_proyecto": "Nombre viejo"}, {"nombre_proyecto": "Nombre nuevo", "periodo_corte": MAY}
    )

    described = characteristics(lines)

    assert described.select("nombre_proyecto", "periodo_corte").rows() == [("Nombre nuevo", MAY)]


def test_an_attribute_on_which_lines_disagree_is_not_the_project_s():
    lines, _rejects = cleaned({"comuna": "COMUNA 1"}, {"comuna": "COMUNA 2", "programa_presupuestal": "otro"})

    described = characteristics(lines)

    assert described.select("comuna", "nombre_proyecto", "n_actividades").row(0) == (None, "Vías", 2)


def test_the_catalogue_takes_the_latest_bpin_of_a_bp():
    lines, _rejects = cleaned({"bpin": "2023760010001"}, {"bpin": "2024760010001", "periodo_corte": MAY})

    catalogue = bpin_catalogue(lines, rejects=Rejects(dataset="catalogo_bpin"))

    assert catalogue.select("bp", "bpin").rows() == [("BP26005375", "2024760010001")]


def test_a_bp_with_two_bpin_in_one_cut_is_refused_and_not_chosen():
    rejects = Rejects(dataset="catalogo_bpin")
    lines, _rejects = cleaned({"bpin": "2023760010001"}, {"bpin": "2024760010001"}, {"bp": "BP26000001"})

    catalogue = bpin_catalogue(lines, rejects=rejects)

    assert catalogue.get_column("bp").to_list() == ["BP26000001"]
    assert len(rejects) == 2


def test_the_four_datasets_conform_and_months_in_any_order_give_the_same():
    april, may = lines_of({"pagos": Decimal(1)}), lines_of({"pagos": Decimal(2), "periodo_corte": MAY})

    one, other = (
        budget_frames(months, rejects=Rejects(dataset="d"), run_id="r", now=NOW)
        for months in ([april, may], [may, april])
    )

    assert all(dataset.conform(frame).equals(dataset.conform(other[dataset])) for dataset, frame in one.items())
    assert len(one) == 4


def test_without_a_month_all_four_datasets_are_empty():
    frames = budget_frames([], rejects=Rejects(dataset="d"), run_id="r", now=NOW)

    assert [dataset.conform(frame).height for dataset, frame in frames.items()] == [0, 0, 0, 0]


def test_the_money_columns_are_fifteen():
    assert (len(MOVEMENTS), len(EXECUTION), len(MONEY_COLUMNS)) == (8, 7, 15)
