"""A load with a gate asks the critical rules of every table, and publishes nothing if one is broken."""

import pytest

from etl_kit.errors import MissingInput
from etl_kit.files import write_parquet
from etl_kit.warehouse_choice import read_table
from load_app.gate import QualityGateFailed
from tests.integration.warehouse_subjects import load, places, settings_of  # noqa: F401 - a fixture
from tests.unit.validation.plan_rows import bank, unit, whole_city


def written(places, **rows):  # noqa: F811
    for name, frame in whole_city(**rows).items():
        write_parquet(places.transformed(name), frame)


def test_a_sound_city_passes_the_gate(places):  # noqa: F811
    written(places)

    outcome = load(places, gate=True)

    assert outcome["gate"]["asked"]
    assert outcome["gate"]["rules"] > 50
    assert read_table(settings_of(places), "intervenciones").height == 1


@pytest.mark.parametrize(
    ("table", "row", "rule"),
    [
        ("unidades_proyecto", unit(n_intervenciones=2), "LC011"),
        ("emp_bancos", bank(valor_negociado=901), "CT001"),
    ],
)
def test_a_broken_critical_rule_of_any_table_stops_publication(places, table, row, rule):  # noqa: F811
    written(places, **{table: [row]})

    with pytest.raises(QualityGateFailed, match=rule):
        load(places, gate=True)

    with pytest.raises(MissingInput):
        read_table(settings_of(places), table)
