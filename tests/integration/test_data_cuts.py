"""Up to which day the published data is true, as a load tells it, in either database."""
# ruff: noqa: F811 - fixtures are imported where they are used

from datetime import date

import pytest

from load_app.cuts import MONTHLY, last_cut
from tests.integration.postgres_server import postgres, postgres_url  # noqa: F401
from tests.integration.warehouse_subjects import either, load, on_postgres, places, transformed  # noqa: F401
from tests.unit.validation.city_rows import CUT, budget_line, contract

MAY, JUNE = date(2025, 5, 31), date(2025, 6, 30)


def test_each_table_tells_the_latest_cut_of_its_current_rows(either, places):
    transformed(places, ejecucion_detalle=[budget_line(), budget_line(periodo_corte=MAY)])

    outcome = load(places)

    assert outcome["tables"]["ejecucion_detalle"]["cut"] == "2025-05-31"
    assert outcome["tables"]["contratos_secop"]["cut"] == CUT.isoformat()
    assert outcome["cut"] == "2025-05-31"


def test_a_cut_whose_rows_were_withdrawn_is_told_no_more(either, places):
    transformed(places, ejecucion_detalle=[budget_line(), budget_line(periodo_corte=MAY)])
    load(places)
    transformed(places, ejecucion_detalle=[budget_line()])

    outcome = load(places)

    assert outcome["tables"]["ejecucion_detalle"]["cut"] == CUT.isoformat()
    assert outcome["cut"] == CUT.isoformat()


def test_a_table_without_rows_has_no_cut(either, places):
    transformed(places, contratos_secop=[contract()], unidades_proyecto=[], intervenciones=[])

    outcome = load(places)

    assert outcome["tables"]["unidades_proyecto"] | {"filas": 0, "cut": None} == outcome["tables"]["unidades_proyecto"]


def test_a_table_that_a_load_left_alone_counts_for_the_cut_of_the_whole(places):
    transformed(places)
    load(places)
    transformed(places, ejecucion_detalle=[budget_line(), budget_line(periodo_corte=MAY)])
    places.transformed("movimientos_presupuestales").unlink()

    outcome = load(places)

    assert "movimientos_presupuestales" not in outcome["tables"]
    assert outcome["tables"]["ejecucion_detalle"]["cut"] == "2025-05-31"
    assert outcome["cut"] == CUT.isoformat()


@pytest.mark.parametrize(
    ("cuts", "expected"),
    [
        ((JUNE, JUNE, JUNE), JUNE),
        ((JUNE, MAY, JUNE), MAY),
        ((JUNE, JUNE, None), None),
        ((), None),
    ],
)
def test_the_whole_is_as_old_as_the_oldest_table_of_the_budget_and_other_tables_do_not_count(cuts, expected):
    others = {"contratos_secop": date(2025, 9, 1), "seguimiento_organismos_pa": date(2024, 6, 30)}

    found = last_cut({**dict(zip(MONTHLY, cuts, strict=False)), **others})

    assert found == expected
