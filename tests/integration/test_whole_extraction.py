"""All contracts of the city or the country, over real loopback HTTP: whole readings, and what changed since."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from demo_city import city as city_module
from demo_city import country as country_module
from demo_city.catalogue import NIT
from demo_city.city import SEAL
from demo_city.country import Later
from demo_city.faults import Faults, LyingCount, Nonsense, Refusal, Stall, Truncation
from demo_city.people import MARKERS
from demo_city.soda_server import serve_folder
from etl_kit.settings import Contracts, Source, read_settings
from etl_kit.snapshots import latest_snapshot
from extraction_app import data_extraction_contratos_emprestito as contracts
from extraction_app import data_extraction_indice_emprestito as index
from extraction_app import data_extraction_procesos_emprestito as processes
from extraction_app.http_source import Patience, open_http
from extraction_app.loan_extraction import extract_loan
from extraction_app.retries import SourceTrouble
from extraction_app.soda import CountMismatch, SodaClient
from extraction_app.whole_extraction import extract_whole
from tests.integration.extraction_subjects import DAY, FAST, SEED, demo, everything_below, from_files

pytestmark = pytest.mark.usefixtures("no_settings_from_outside")

AROUND = 240
NOTHING = Later()
TOMORROW = DAY + timedelta(days=1)


@pytest.fixture(scope="module")
def hamlet(tmp_path_factory):
    """A city of three contracts and a process, for a country around it."""
    folder = tmp_path_factory.mktemp("hamlet")
    (folder / "secop").mkdir()
    rows = [{"id_contrato": f"CIUDAD.{number}", "nit_entidad": NIT, "valor_del_contrato": "5"} for number in range(3)]
    (folder / "secop" / "contratos_jbjy-vk9h.json").write_text(json.dumps(rows))
    (folder / "secop" / "procesos_p6dx-8zbt.json").write_text(json.dumps([{"id_del_proceso": "P", "nit_entidad": NIT}]))
    (folder / SEAL).write_text(json.dumps({"semilla": SEED, "escala": 1}))
    return folder


class Subject:
    """Extracts from a country; remembers the requests of the last extraction."""

    def __init__(self, home, hamlet, universe=contracts.CONTRACTS):
        self.home, self.hamlet, self.universe = home, hamlet, universe
        self.settings = read_settings(home=str(home), contracts=Contracts.COUNTRY, environ={})
        self.folder = home / "data" / "raw" / "demo" / universe.name
        self.requests = []

    def __call__(self, *faults, now=DAY, later=NOTHING, around=AROUND, page_size=100, patience=None, **more):
        record = Faults(*faults)
        progress = more.pop("progress", None)
        with (
            serve_folder(self.hamlet, faults=record, around=around, later=later) as url,
            open_http(local=True, policy=FAST, patience=patience) as http,
        ):
            client = SodaClient(http=http, base_url=url, page_size=page_size)
            try:
                return extract_whole(replace(self.settings, **more), self.universe, client, now=now, progress=progress)
            finally:
                self.requests = record.requests

    def rows(self):
        return {row[":id"]: row for row in latest_snapshot(self.folder, made_by="x").rows}

    def files(self):
        return {path.name: path.read_bytes() for path in sorted(self.folder.glob("*"))}


@pytest.fixture
def extract(tmp_path, hamlet):
    return Subject(tmp_path / "home", hamlet)


def test_the_whole_country_is_read_page_by_page_and_no_invented_person_gets_through(extract, tmp_path):
    told = []

    output = extract(progress=lambda done, total: told.append((done, total)))

    snapshot = latest_snapshot(extract.folder, made_by="x")
    assert (output["status"], output["mode"], output["rows"]) == ("success", "full", AROUND + 3)
    assert len(extract.rows()) == len(snapshot.rows) == AROUND + 3
    assert all(row[":updated_at"] for row in snapshot.rows)
    assert [
        marker for marker in MARKERS if marker.lower() in everything_below(tmp_path / "home" / "data" / "raw")
    ] == []
    assert told[0] == (100, 243)
    assert told[-1] == (243, 243)
    assert snapshot.about["count"] == 243
    assert json.loads(json.dumps(output)) == output
    assert not any("$offset" in request for request in extract.requests)


def test_the_city_s_rows_alone_are_read_if_that_is_what_is_wanted(extract):
    output = extract(contracts=Contracts.ENTITY, around=1_600)

    assert {row["nit_entidad"] for row in extract.rows().values()} == {NIT}
    assert output["rows"] == 3 + 2


def test_processes_come_the_same_way(tmp_path, hamlet):
    extract = Subject(tmp_path / "home", hamlet, processes.PROCESSES)

    first = extract(around=300)
    second = extract(around=300, later=Later(changed=3, added=2), now=TOMORROW)

    assert (first["rows"], second["rows"], second["mode"]) == (301, 303, "delta")
    assert [marker for marker in MARKERS if marker.lower() in everything_below(extract.folder)] == []


def test_only_what_changed_is_asked_for_the_next_day(extract):
    extract()

    output = extract(now=TOMORROW, later=Later(changed=7, added=4))

    assert (output["mode"], output["rows"], output["changed"], output["added"]) == ("delta", AROUND + 3 + 4, 7, 4)
    pages = [request for request in extract.requests if "$limit=100" in request]
    assert len(pages) == 1
    assert ":updated_at >=" in pages[0]
    assert [path.name[:10] for path in sorted(extract.folder.iterdir())] == ["2025-09-22", "2025-09-23"]


def test_a_day_without_changes_changes_nothing(extract):
    extract()
    before = extract.rows()

    output = extract(now=TOMORROW)

    assert (output["mode"], output["changed"], output["added"]) == ("delta", 0, 0)
    assert extract.rows() == before


def test_twice_on_one_day_leaves_one_snapshot(extract):
    extract()
    before = extract.rows()

    output = extract()

    assert output["mode"] == "delta"
    assert extract.rows() == before
    assert len(extract.files()) == 1


def test_rows_that_vanished_are_seen_by_their_count_and_everything_is_read(extract, caplog):
    extract()

    output = extract(now=TOMORROW, later=Later(changed=7, added=4, deleted=5))

    assert (output["mode"], output["rows"]) == ("full", AROUND + 3 + 4 - 5)
    assert "reading everything" in caplog.text


@hypothesis_settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each example is three extractions: shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    later=st.builds(Later, changed=st.integers(0, 60), added=st.integers(0, 60), deleted=st.sampled_from([0, 0, 1, 9])),
    page_size=st.integers(20, 90),
)
def test_a_delta_ends_with_what_a_full_reading_has(tmp_path_factory, hamlet, later, page_size):
    homes = tmp_path_factory.mktemp("homes")
    step_by_step, at_once = (Subject(homes / name, hamlet) for name in ("delta", "full"))
    step_by_step(around=80, page_size=50)
    (at_once.home / "data").mkdir(parents=True)
    key = (step_by_step.home / "data" / ".people_key").read_text()
    (at_once.home / "data" / ".people_key").write_text(key)

    output = step_by_step(around=80, now=TOMORROW, later=later, page_size=page_size)
    at_once(around=80, now=TOMORROW, later=later, page_size=50)

    assert step_by_step.rows() == at_once.rows()
    assert output["rows"] == len(step_by_step.rows())


def test_changes_add_up_over_days(extract):
    days = [DAY + timedelta(days=day) for day in range(4)]
    laters = [Later(changed=3 * n, added=2 * n, day=f"2025-09-{22 + n}") for n in (1, 2, 4)]

    extract()
    outputs = [extract(now=day, later=later) for day, later in zip(days[1:], laters, strict=True)]

    rows = extract.rows()
    extract(now=days[3], later=laters[-1], full=True)
    assert [(output["mode"], output["added"]) for output in outputs] == [("delta", 2), ("delta", 2), ("delta", 4)]
    assert rows == extract.rows()


@pytest.mark.parametrize("full_again_after", [6, 7])
def test_everything_is_read_once_a_week(extract, full_again_after):
    extract()
    extract(now=DAY + timedelta(days=3))

    output = extract(now=DAY + timedelta(days=full_again_after))

    assert output["mode"] == ("full" if full_again_after == 7 else "delta")


def test_everything_is_read_when_somebody_says_so_or_most_rows_changed(extract):
    extract()

    said = extract(full=True)
    changed = extract(now=TOMORROW, later=Later(changed=150))

    assert (said["mode"], changed["mode"]) == ("full", "full")


def test_another_universe_another_source_or_other_pseudonyms_are_no_ground_for_a_delta(extract):
    extract(contracts=Contracts.ENTITY)

    country = extract()
    folder = extract(source=Source.FILES)
    (extract.home / "data" / ".people_key").unlink()
    pseudonyms = extract()

    assert [output["mode"] for output in (country, folder, pseudonyms)] == ["full"] * 3


def test_a_damaged_snapshot_is_no_ground_for_a_delta_either(extract, caplog):
    path = Path(extract()["path"])
    path.write_bytes(path.read_bytes()[:-40])

    output = extract(now=TOMORROW)

    assert output["mode"] == "full"
    assert "2025-09-22.json.gz" in caplog.text
    assert output["rows"] == len(extract.rows())


@pytest.mark.parametrize(("later", "page_size", "full"), [(Later(changed=7, added=4), 4, False), (NOTHING, 100, True)])
def test_a_failure_in_the_middle_leaves_the_earlier_snapshot_as_it_was(extract, later, page_size, full):
    extract()
    before = extract.files()
    second_page = Refusal(status=503, part="$where=:id >", times=None)

    with pytest.raises(SourceTrouble):
        extract(second_page, now=TOMORROW, later=later, page_size=page_size, full=full)

    assert extract.files() == before


@pytest.mark.parametrize(
    "fault",
    [
        Refusal(status=500, part="$where=:id >"),
        Truncation(part="$limit=100"),
        Nonsense(part="$limit=100", times=2),
        Stall(seconds=30, part="$limit=100"),
        LyingCount(by=2),
        LyingCount(by=-200),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_passing_fault_changes_nothing_in_the_rows(extract, fault):
    output = extract(fault, patience=Patience(read=0.5))

    assert output["rows"] == len(extract.rows()) == AROUND + 3


def test_a_count_that_never_fits_fails_and_writes_nothing(extract):
    with pytest.raises(CountMismatch):
        extract(LyingCount(by=1, times=None))

    assert extract.files() == {}


def test_old_snapshots_make_room(extract):
    for day in range(3):
        extract(now=DAY + timedelta(days=day))
    assert len(extract.files()) == 3

    extract(now=DAY + timedelta(days=3), raw_limit_mb=1, around=5_000, page_size=2_500)

    assert list(extract.files()) == ["2025-09-25.json.gz"]


def test_the_task_extracts_all_of_the_city_without_an_index(tmp_path, city):
    shutil.copytree(city.parent, tmp_path / "home" / "data" / "demo_city")  # which takes a moment, unlike making it
    said = []
    context = SimpleNamespace(progress=lambda done, total=None: said.append((done, total)))

    outputs = [task.main(**demo(tmp_path), contracts="entity", etl_context=context) for task in (contracts, processes)]

    assert [output["status"] for output in outputs] == ["success"] * 2
    assert said
    rows = latest_snapshot(tmp_path / "home/data/raw/demo/contratos_emprestito", made_by="x").rows
    assert {row["nit_entidad"] for row in rows} == {NIT}
    assert len(rows) == outputs[0]["rows"] > 100


def test_a_city_beyond_the_largest_has_a_country_around_it(tmp_path, monkeypatch):
    for module in (city_module, country_module):
        monkeypatch.setattr(module, "LARGEST_CITY", 0.1)
    asked = demo(tmp_path) | {"demo_scale": 0.5}

    outputs = [task.main(**asked, contracts="country") for task in (contracts, processes)]

    rows = latest_snapshot(tmp_path / "home/data/raw/demo/contratos_emprestito", made_by="x").rows
    assert len({row["nit_entidad"] for row in rows}) > 50
    assert outputs[0]["rows"] > outputs[1]["rows"] > 80


def test_the_loan_is_the_same_whatever_is_around_the_city(tmp_path, city, files):
    saved = from_files(tmp_path, files)
    index.main(**saved)

    def loan(around):
        with serve_folder(city, around=around) as url, open_http(local=True, policy=FAST) as http:
            client = SodaClient(http=http, base_url=url, page_size=60)
            output = extract_loan(read_settings(**saved, environ={}), contracts.CONTRACTS, client, now=DAY)
            return output, latest_snapshot(Path(output["path"]).parent, made_by="x").rows

    assert loan(1_600) == loan(0)


PEAK = """
import sys
from datetime import UTC, datetime, timedelta
from etl_kit.settings import Contracts, read_settings
from extraction_app.data_extraction_contratos_emprestito import CONTRACTS
from extraction_app.whole_extraction import extract_whole

rows = int(sys.argv[2])

class Client:
    def newest(self, dataset, where):
        return "2025-09-22T00:00:00.000Z"
    def count(self, dataset, where):
        return 500 if "updated_at" in where else rows
    def read_pages(self, dataset, where, *, expected, fields):
        for start in range(0, self.count(dataset, where), 1_000):
            yield [
                {":id": f"row-{n}", ":updated_at": "2025-09-22T00:00:00.000Z", "proveedor_adjudicado": f"ANA {n} LTDA",
                 "documento_proveedor": "900123456", "tipodocproveedor": "NIT", "valor_del_contrato": str(n)}
                for n in range(start, min(start + 1_000, self.count(dataset, where)))
            ]

settings = read_settings(home=sys.argv[1], contracts=Contracts.COUNTRY, environ={})
for day in range(2):
    now = datetime(2025, 9, 22, 12, tzinfo=UTC) + timedelta(days=day)
    output = extract_whole(settings, CONTRACTS, Client(), now=now)
    assert (output["rows"], output["mode"]) == (rows, ("full", "delta")[day]), output
with open("/proc/self/status") as status:
    print(next(int(line.split()[1]) for line in status if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_memory_does_not_grow_with_the_rows(tmp_path):
    def peak(rows):
        call = [sys.executable, "-c", PEAK, str(tmp_path / str(rows)), str(rows)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(call, env=environment, capture_output=True, text=True, check=True)
        return int(done.stdout)

    few, many = peak(15_000), peak(75_000)

    assert many < few * 1.25
    assert many < 300_000  # kB
