"""The same warehouse: run twice, with rows and files in another order, and with cuts that come in either order."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl
import pytest

from demo_city.city import build_city
from etl_kit.datasets import INTERVENCIONES, UNIDADES_PROYECTO, WAREHOUSE
from etl_kit.lineage import FECHA_PROCESAMIENTO, LINEAGE, RUN_ID
from etl_kit.snapshots import write_snapshot
from tests.integration.extraction_subjects import SEED
from tests.integration.loaded_homes import LATER, SNAPSHOTS, Home
from tests.integration.shuffled_files import shuffled_city
from transformation_app import (
    data_transformation_contratos_secop,
    data_transformation_ejecucion_presupuestal,
    data_transformation_paa,
    data_transformation_procesos_secop,
    data_transformation_seguimiento_pa,
    data_transformation_unidades_proyecto,
)

EARLIER = date(2025, 9, 15)
OF_THE_RUN = (RUN_ID, FECHA_PROCESAMIENTO)
LEFT_OUT = ("ENERO_2025", "FEBRERO_2025", "MARZO_2025", "MAYO_2025", "II Trimestre")
PLACE_IN_FILE = "fila_origen"
"""Where a row stands in its file: the one thing that another order of rows may change."""

Tables = Mapping[str, pl.DataFrame]


def apart(one: Tables, other: Tables, *, but_for: Sequence[str] = OF_THE_RUN) -> dict[str, list[str]]:
    """By table, the columns in which two warehouses differ, or `rows` where their keys do."""
    found = {}
    for dataset in [each for each in WAREHOUSE if each.name in one.keys() | other.keys()]:
        mine, yours = (tables[dataset.name] for tables in (one, other))
        if not mine.select(dataset.key).equals(yours.select(dataset.key)):
            found[dataset.name] = ["rows"]
        elif columns := [name for name in mine.columns if name not in but_for and not mine[name].equals(yours[name])]:
            found[dataset.name] = columns
    return found


@pytest.fixture(scope="module", autouse=True)
def no_settings_from_outside():
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("ETL_")]:
            patch.delenv(name)
        patch.setenv("ETL_LANG", "en")
        yield


@pytest.fixture(scope="module")
def city():
    return build_city(seed=SEED, scale=0.1).files


@pytest.fixture(scope="module")
def full(city, tmp_path_factory):
    """A home in which the city is loaded; a few of its cuts are enough."""
    files = {name: data for name, data in city.items() if not any(part in name for part in LEFT_OUT)}
    home = Home(tmp_path_factory.mktemp("full"))
    home.receive(files)
    home.transform()
    home.load()
    return home, files, home.loaded()


def test_a_second_run_with_rows_and_files_in_another_order_gives_the_same_warehouse(full):
    home, files, before = full
    others = dict(reversed(shuffled_city(files, seed=1).items()))

    home.receive(others)
    home.transform()
    home.load()

    after = home.loaded()
    assert len(after) == len(WAREHOUSE)
    assert min(table.height for table in after.values()) > 0
    assert sum(files[name] != others[name] for name in files) > 18
    assert apart(before, after, but_for=(*OF_THE_RUN, PLACE_IN_FILE)) == {}


def test_units_have_the_same_ids_in_a_home_that_never_saw_them_in_another_order(full, tmp_path):
    _home, files, before = full
    of_units = {name: data for name, data in files.items() if name.startswith(("unidades_proyecto/", "basemaps/"))}
    home = Home(tmp_path)
    home.receive(shuffled_city(of_units, seed=2))

    home.transform([data_transformation_unidades_proyecto])

    names = (UNIDADES_PROYECTO.name, INTERVENCIONES.name)
    wanted = {name: before[name] for name in names}
    assert apart(home.transformed(*names), wanted, but_for=(*OF_THE_RUN, PLACE_IN_FILE)) == {}


OF_MONTHS = (
    data_transformation_ejecucion_presupuestal,
    data_transformation_paa,
    data_transformation_seguimiento_pa,
)
MAKERS = ("transform_ejecucion_presupuestal", "transform_paa", "transform_seguimiento_pa")
OLDER = ("EJECUCION_MARZO_2025.csv", "DACP W-31 PAA BD.xlsx", "CUADRO 1S_I Trimestre 2025.xlsx")
EMPTY_IN_LAYOUT_A = ["seguimiento_organismos_pa", "seguimiento_proyectos_pa"]
NEWER = ("EJECUCION_MAYO_2025.csv", "DACP W-35 PAA BD.xlsx", "CUADRO 1S_II Trimestre 2025.xlsx")


def test_two_months_weeks_and_quarters_give_the_same_warehouse_in_either_order_and_at_once(city, tmp_path):
    older, newer = (
        {name: data for name, data in city.items() if name.rpartition("/")[2] in names} for names in (OLDER, NEWER)
    )
    homes = [Home(tmp_path / each) for each in ("older_first", "newer_first")]
    names = [each.name for each in WAREHOUSE if each.made_by in MAKERS]

    for home, parts in zip(homes, ((older, newer), (newer, older)), strict=True):
        for files in parts:
            home.receive(files)
            home.transform(OF_MONTHS)
            home.load(*names)

    at_once = homes[0].transformed(*names)
    assert [apart(home.loaded(), at_once, but_for=LINEAGE) for home in homes] == [{}, {}]
    assert [name for name in names if at_once[name].is_empty()] == EMPTY_IN_LAYOUT_A


CONTRACTS, PROCESSES, _INDEX = SNAPSHOTS
OF_SECOP = ("procesos_secop", "contratos_secop", "contrato_bpin")


def as_it_was(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """SECOP as an earlier snapshot has it: rows said otherwise, were not there yet, or have gone since."""
    long_ago = "2019-01-02T00:00:00.000"
    said = {"valor_pagado": "1", "estado_bpin": "Válido", "c_digo_bpin": "2024760010999", "precio_base": "1"}
    earlier = {}
    for name, key, moment in (
        (CONTRACTS, "id_contrato", "ultima_actualizacion"),
        (PROCESSES, "id_del_proceso", "fecha_de_ultima_publicaci"),
    ):
        rows = json.loads(files[name])
        changed = [{field: said.get(field, cell) for field, cell in row.items()} for row in rows[:5]]
        for row in changed[:3]:
            row[moment] = long_ago
        changed[3].pop(moment, None)  # what nobody has updated yet bears no moment; row 4 bears the same one as later
        gone = [row | {key: f"{row[key]}000"} for row in rows[8:10]]
        earlier[name] = json.dumps([*changed, *rows[8:], *gone]).encode()
    return earlier


def test_two_snapshots_of_secop_end_with_the_newer_values_in_either_order(city, tmp_path):
    newer = {name: city[name] for name in (CONTRACTS, PROCESSES)}
    days = {EARLIER: as_it_was(city), LATER: newer}
    transforms = (data_transformation_contratos_secop, data_transformation_procesos_secop)
    wanted, warehouses = None, []

    for order in ((EARLIER, LATER), (LATER, EARLIER)):
        home = Home(tmp_path / str(order[0]))
        write_snapshot(home.places.raw("indice_emprestito"), rows=json.loads(city[_INDEX]), about={}, day=EARLIER)
        for day in order:
            for name, data in days[day].items():
                shutil.rmtree(home.places.raw(SNAPSHOTS[name]), ignore_errors=True)
                write_snapshot(home.places.raw(SNAPSHOTS[name]), rows=json.loads(data), about={}, day=day)
            home.transform(transforms)
            home.load(*OF_SECOP)
            wanted = home.transformed(*OF_SECOP) if day == LATER else wanted
        warehouses.append(home.loaded())

    assert [apart(each, wanted, but_for=LINEAGE) for each in warehouses] == [{}, {}]
