"""From files to two tables and a map: every row once, ids that last, totals that hold."""

import hashlib
import json
import random
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_kit.errors import MissingInput, UnreadableInput
from transformation_app import data_transformation_unidades_proyecto as transform

FIELDS = (
    "nombre_up", "nombre_up_detalle", "identificador", "tipo_equipamiento", "tipo_intervencion", "direccion", "lat",
    "lon", "presupuesto_base", "avance_obra", "estado", "ano", "bpin", "geom", "comuna_corregimiento",
)  # fmt: skip
NAMES = ("I.E. Colegio de Cartón", "Colegio de  Cartón", "Parque de Papel", "Cancha de Trapo")


def record(**cells):
    return dict.fromkeys(FIELDS) | {"nombre_up": "Parque de Papel"} | cells


def place(metres):
    return {"lat": f"{3.41 + metres / 111_320:.6f}", "lon": "-76.510000"}


def put(home: Path, kind: str, files: dict[str, bytes]) -> None:
    folder = home / "data" / "raw" / "files" / kind
    folder.mkdir(parents=True, exist_ok=True)
    register = []
    for name, data in files.items():
        digest = hashlib.sha256(data).hexdigest()
        (folder / f"{digest[:12]}__{name}").write_bytes(data)
        entry = {"nombre": name, "archivo": f"{digest[:12]}__{name}", "sha256": digest, "reemplazado": False}
        register.append(entry | {"retrieved_at": "2025-12-03T02:00:00.000000+00:00"})
    (folder / "registro.json").write_text(json.dumps(register), encoding="utf-8")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Transform these records, by file name; gives account, units and interventions."""
    monkeypatch.setenv("ETL_SOURCE_FOLDER", str(tmp_path))

    def run_on(home: Path | None = None, **files):
        base = home or tmp_path
        put(base, "unidades_proyecto", {f"{name}.json": json.dumps(rows).encode() for name, rows in files.items()})
        account = transform.main(source="files", home=str(base))
        tables = base / "data" / "transformed" / "files"
        units, works = (pl.read_parquet(tables / f"{name}.parquet") for name in ("unidades_proyecto", "intervenciones"))
        return account, units, works

    return run_on


def id_by(works, name="identificador"):
    return dict(works.select(name, "upid").rows())


def test_every_row_becomes_one_intervention_of_one_unit_and_totals_hold(run):
    rows = [
        record(identificador="a", presupuesto_base=1000.5, avance_obra=50, **place(0)),
        record(identificador="b", presupuesto_base=2000, avance_obra=100, **place(20)),
        record(identificador="c", presupuesto_base=None, **place(90)),
        record(identificador="d", nombre_up="Cancha de Trapo", presupuesto_base="$545,872,098"),
    ]

    account, units, works = run(unidades=rows)

    assert account["rows"] == {"unidades_proyecto": 3, "intervenciones": 4}
    assert works.get_column("presupuesto").sum() == Decimal("3000.50")
    assert units.get_column("n_intervenciones").sum() == 4
    assert set(works.get_column("upid")) == set(units.get_column("upid"))
    assert id_by(works)["a"] == id_by(works)["b"] != id_by(works)["c"]
    assert account["rejected"]["intervenciones"] == 1


def test_the_day_a_file_was_received_in_colombia_is_its_cut(run):
    _account, units, works = run(unidades=[record(**place(0))])

    assert works.get_column("fecha_corte").to_list() == units.get_column("fecha_corte").to_list()
    assert works.item(0, "fecha_corte").isoformat() == "2025-12-02"


def test_one_school_in_two_files_is_one_unit_with_interventions_of_both(run):
    _account, units, works = run(
        agosto=[record(nombre_up="Colegio de Cartón", nombre_up_detalle="PRINCIPAL", ano=2024, **place(0))],
        diciembre=[
            record(nombre_up="I.E. Colegio de Cartón", nombre_up_detalle="Sede principal", ano=2025, **place(9))
        ],
    )

    assert units.select("n_intervenciones", "n_fuentes").rows() == [(2, 2)]
    assert units.item(0, "nombre_up") == "I.E. Colegio de Cartón"
    assert works.height == 2


def test_a_unit_is_where_its_located_row_is_though_a_newer_row_has_no_coordinates(run):
    rows = [
        record(identificador="a", ano=2024, direccion="Cra. 22 # 2-65", **place(0)),
        record(identificador="b", ano=2026, direccion="KR 22 2 65"),
    ]

    _account, units, works = run(unidades=rows)

    assert id_by(works)["a"] == id_by(works)["b"]
    assert units.item(0, "geometria") == works.filter(pl.col("identificador") == "a").item(0, "geometria")
    assert units.item(0, "direccion") == "Cra. 22 # 2-65"


def test_subsidies_are_never_joined_even_where_they_agree_in_everything(run):
    alike = record(nombre_up="Subsidios de vivienda", tipo_equipamiento="Vivienda nueva", **place(0))

    _account, units, works = run(unidades=[alike, alike, alike])

    assert units.height == works.height == 3
    assert set(units.get_column("clase_up")) == {"Subsidios"}


def test_a_missing_detail_is_a_detail_of_its_own(run):
    rows = [
        record(identificador="a", nombre_up_detalle=None, **place(0)),
        record(identificador="b", nombre_up_detalle=" ", **place(1)),
        record(identificador="c", nombre_up_detalle="Kiosco", **place(2)),
    ]

    _account, _units, works = run(unidades=rows)

    assert id_by(works)["a"] == id_by(works)["b"] != id_by(works)["c"]


def test_a_row_that_says_nothing_is_refused_whole(run):
    account, _units, works = run(unidades=[record(**place(0)), dict.fromkeys(FIELDS) | {"estado": "Finalizado"}])

    assert works.height == 1
    assert account["rejected"]["intervenciones"] == 1


def test_a_damaged_file_is_refused_and_told_and_the_others_count(run, tmp_path):
    good = json.dumps([record(**place(0))]).encode()
    put(tmp_path, "unidades_proyecto", {"bueno.json": good, "roto.json": b"[{"})

    account = transform.main(source="files", home=str(tmp_path))

    assert account["rows"]["intervenciones"] == 1
    assert any("roto.json" in warning for warning in account["warnings"])


def test_only_damaged_files_are_an_error_and_so_is_nothing_extracted(run, tmp_path):
    with pytest.raises(MissingInput, match="extract_archivos"):
        transform.main(source="files", home=str(tmp_path))

    put(tmp_path, "unidades_proyecto", {"roto.json": b"[{"})
    with pytest.raises(UnreadableInput, match=r"roto\.json"):
        transform.main(source="files", home=str(tmp_path))


def test_a_folder_without_files_leaves_empty_tables(run):
    account, units, works = run()

    assert account["rows"] == {"unidades_proyecto": 0, "intervenciones": 0}
    assert units.height == works.height == 0


def test_without_basemaps_units_have_no_computed_territory_and_a_warning_says_why(run):
    account, units, _works = run(unidades=[record(comuna_corregimiento="COMUNA 8", **place(0))])

    assert units.item(0, "territorio_calculado") is None
    assert units.item(0, "territorio") == "COMUNA 08"
    assert any("extract_archivos" in warning for warning in account["warnings"])


def test_the_map_shows_each_located_unit_with_its_interventions(run):
    line = {"type": "LineString", "coordinates": [[-76.5123456789, 3.41, 0.0], [-76.51, 3.42, 0.0]]}
    rows = [
        record(identificador="a", presupuesto_base=10.5, avance_obra=30, **place(0)),
        record(identificador="b", **place(5)),
        record(nombre_up="Calle", geom=line),
        record(nombre_up="En ninguna parte"),
    ]

    account, _units, works = run(unidades=rows)
    drawing = json.loads(Path(account["geojson"]).read_text(encoding="utf-8"))

    features = {feature["properties"]["nombre_up"]: feature for feature in drawing["features"]}
    assert drawing["type"] == "FeatureCollection"
    assert set(features) == {"Parque de Papel", "Calle"}
    assert len(features["Parque de Papel"]["properties"]["intervenciones"]) == 2
    assert {each["presupuesto"] for each in features["Parque de Papel"]["properties"]["intervenciones"]} == {10.5, None}
    assert features["Calle"]["geometry"]["coordinates"] == [[-76.512346, 3.41], [-76.51, 3.42]]
    assert works.height == 4


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "nombre_up": st.sampled_from((*NAMES, None)),
            "nombre_up_detalle": st.sampled_from(("Principal", "Sede principal", None)),
            "tipo_equipamiento": st.sampled_from(("Canchas", "Vivienda nueva", None)),
            "direccion": st.sampled_from(("Cra 22 # 2-65", "KR 22 2 65", "Calle 5 # 10-20", None)),
            "metres": st.sampled_from((None, 0, 15, 30, 45, 60, 75, 900)),
        }
    ),
    min_size=2,
    max_size=12,
)


def records_of(rows, chance):
    """These rows with an `identificador` of their own, and money and progress by chance."""
    return [
        record(
            **{name: cell for name, cell in row.items() if name != "metres"},
            **({} if row["metres"] is None else place(row["metres"])),
            identificador=str(number),
            presupuesto_base=chance.randrange(10**9),
            avance_obra=chance.randrange(101),
            estado=chance.choice(("En ejecución", "Finalizado", None)),
        )
        for number, row in enumerate(rows)
    ]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.integers(0, 10**6))
def test_ids_outlive_another_order_other_money_other_progress_and_the_loss_of_the_map(
    run, tmp_path_factory, rows, seed
):
    chance = random.Random(seed)
    home = tmp_path_factory.mktemp("home")
    _account, _units, before = run(home, unidades=records_of(rows, chance))

    moved = records_of(rows, chance)
    chance.shuffle(moved)
    _account, _units, after = run(home, unidades=moved)
    _account, _units, anew = run(tmp_path_factory.mktemp("home"), unidades=moved)

    ids = [
        dict(frame.select("identificador", pl.struct("upid", "intervencion_id")).rows())
        for frame in (before, after, anew)
    ]
    assert ids[0] == ids[1] == ids[2]
    assert before.get_column("intervencion_id").n_unique() == len(rows)


def test_a_unit_keeps_its_id_when_a_neighbour_comes_and_when_its_coordinates_are_corrected(run):
    _account, _units, first = run(unidades=[record(identificador="a", **place(0))])
    _account, _units, second = run(
        unidades=[record(identificador="a", **place(0)), record(identificador="b", **place(9))]
    )
    _account, _units, third = run(unidades=[record(identificador="a", **place(12))])

    assert id_by(first)["a"] == id_by(second)["a"] == id_by(second)["b"] == id_by(third)["a"]


def test_running_twice_changes_nothing_but_the_moment(run):
    rows = [record(identificador=str(number), **place(number * 25)) for number in range(30)]

    first, second = (run(unidades=rows) for _time in range(2))

    for once, again in zip(first[1:], second[1:], strict=True):
        assert once.drop("fecha_procesamiento").equals(again.drop("fecha_procesamiento"))


def test_subsidies_that_only_their_comuna_tells_apart_keep_their_ids_in_another_order(run, tmp_path):
    alike = {"nombre_up": "Subsidios de vivienda", "tipo_equipamiento": "Vivienda nueva"}
    rows = [record(comuna_corregimiento=name, **alike) for name in ("COMUNA 08", "COMUNA 02", "COMUNA 05")]

    there = [run(tmp_path / name, unidades=each)[2] for name, each in (("one", rows), ("two", rows[::-1]))]

    one, two = (id_by(works, "comuna_corregimiento_declarada") for works in there)
    assert one == two
    assert len(set(one.values())) == 3
