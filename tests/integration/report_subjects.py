"""Small cities loaded, validated and reported, each made once for the tests that only read it; and pages as text."""

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from datetime import date
from html.parser import HTMLParser

import duckdb
import pytest

from etl_kit.datasets import WAREHOUSE
from etl_kit.files import write_parquet
from etl_kit.places import Places
from etl_kit.quality_rules import RULES
from etl_kit.settings import Source
from etl_kit.warehouse_duckdb import DuckdbWarehouse
from load_app import data_loading
from load_app.inputs import find_inputs
from reporting_app import etl_reports
from tests.unit.validation.city_rows import budget_line, city, contract
from validation_app import data_quality


@contextmanager
def no_settings_from_outside(**wanted):
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("ETL_")]:
            patch.delenv(name)
        for name, value in wanted.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def places(tmp_path):
    with no_settings_from_outside():
        yield Places(home=tmp_path, source=Source.DEMO)


def run(stage, places, monkeypatch=None, run_id="corrida-1"):
    if monkeypatch is not None:
        monkeypatch.setenv("ETL_EXECUTION_ID", run_id)
    return stage.main(source=places.source.value, home=str(places.home))


def loaded(places, **rows):
    """Load a city that is sound but for `rows`; what a load exports besides, neither stage reads."""
    for name, frame in city(**rows).items():
        write_parquet(places.transformed(name), frame)
    inputs, _missing = find_inputs(places, WAREHOUSE)
    warehouse = DuckdbWarehouse(path=places.warehouse, source=places.source)
    data_loading.load(warehouse, WAREHOUSE, inputs, run_id="carga", gate=False)


def copied(made, places):
    """Give `places` what was made once for several tests."""
    shutil.copytree(made.home, places.home, dirs_exist_ok=True)
    return places


def ask_only(monkeypatch, table):
    """Validate by the rules of one table, where the others say nothing about what is tested."""
    monkeypatch.setattr(data_quality, "RULES", [rule for rule in RULES if rule.table == table])


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """Makes empty homes of the demo, in which whole modules look."""
    return lambda name: Places(home=tmp_path_factory.mktemp(name), source=Source.DEMO)


@pytest.fixture(scope="module")
def sound(homes):
    """The sound city, loaded."""
    made = homes("sana")
    with no_settings_from_outside():
        loaded(made)
    return made


@pytest.fixture(scope="module")
def validated(homes, sound):
    """The sound city, loaded and validated as `corrida-1`; and the outcome."""
    made = copied(sound, homes("validada"))
    with no_settings_from_outside(ETL_EXECUTION_ID="corrida-1"):
        return made, run(data_quality, made)


@pytest.fixture(scope="module")
def reported(homes, validated):
    """The sound city, loaded, validated and reported."""
    made = copied(validated[0], homes("informada"))
    with no_settings_from_outside():
        run(etl_reports, made)
    return made


@pytest.fixture(scope="module")
def reported_twice(homes, sound):
    """The sound city, loaded and reported two times, never validated; and the outcome of the second time."""
    made = copied(sound, homes("informada_dos_veces"))
    with no_settings_from_outside():
        run(etl_reports, made)
        return made, run(etl_reports, made)


@pytest.fixture(scope="module")
def report(homes):
    """The report of a city with several budget lines, contracts and works."""
    made = homes("variada")
    january = budget_line(periodo_corte=date(2025, 1, 31), ejecucion=120, total_acumulado_rpc=120)
    other = budget_line(cod_centro_gestor="4145", ejecucion=0, total_acumulado_rpc=0, ppto_modificado=0)
    reserve = budget_line(vigencia="Reserva", ppto_modificado=7, ejecucion=7)
    contracts = [
        contract(),
        contract(id_contrato="CO1.PCCNTR.2", banco="Davivienda", estado_contrato="Cerrado", valor_contrato=2000),
        contract(id_contrato="CO1.PCCNTR.3", es_emprestito=False, banco=None, valor_contrato=5_000_000),
    ]
    corner = {"type": "Polygon", "coordinates": [[[-76.5, 3.4], [-76.4, 3.4], [-76.4, 3.5], [-76.5, 3.4]]]}
    ground = {"tipo_territorio": "comuna", "area_km2": 1.0, "geometria": json.dumps(corner)}
    unit = {"lat": 3.42, "lon": -76.42, "geometria": "{}", "fuera_rango": "ACEPTABLE", "n_fuentes": 1}
    work = {
        "upid": "UNP-1",
        "fila_origen": 2,
        "fuera_rango": "ACEPTABLE",
        "estado": "En ejecución",
        "presupuesto": 2 * 10**12,
    }
    with no_settings_from_outside():
        loaded(
            made,
            ejecucion_detalle=[january, budget_line(), other, reserve],
            contratos_secop=contracts,
            territorios=[{"codigo": "08", "territorio": "COMUNA 08", **ground}],
            unidades_proyecto=[{"upid": "UNP-1", "n_intervenciones": 2, **unit}],
            intervenciones=[
                {"intervencion_id": "a", "territorio": "COMUNA 08", "frente_activo": "Frente activo", **work},
                {"intervencion_id": "b", "territorio": None, "frente_activo": "Inactivo", **work},
            ],
        )
        run(etl_reports, made)
    return made


def query(places, sql):
    path = places.warehouse.with_name(f"{places.source}_calidad.duckdb")
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pages_of(places):
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(places.reports.glob("*.html"))}


def page_of(places):
    """Every page, one after the other; the first page comes first."""
    pages = pages_of(places)
    return pages.pop("informe.html") + "".join(pages.values())


class TextOf(HTMLParser):
    """The words of a page's body, style sheet aside."""

    def __init__(self, page):
        super().__init__()
        self.words, self.tags, self.skipped = [], [], 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.skipped += tag == "style"

    def handle_endtag(self, tag):
        self.skipped -= tag == "style"

    def handle_data(self, data):
        if not self.skipped:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).replace("\N{NO-BREAK SPACE}", " ").split())
