"""The city's own basemaps and field reports against the figures counted on them."""

import hashlib
import io
import json
import os
import time
import zipfile
from pathlib import Path

import polars as pl
import pytest
import shapely

from etl_kit.datasets import BARRIOS_VEREDAS, CENTROS_GRAVEDAD, TERRITORIOS
from etl_kit.originals import current_originals
from etl_kit.territories import CORREGIMIENTOS, Territories
from tests.real_data.geo_figures import figures
from transformation_app import data_transformation_centros_gravedad as reports_transform
from transformation_app import data_transformation_territorios as territories_transform

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ETL_REAL_DATA", REPOSITORY.parent / "shared" / "data")).absolute()
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
OURS = ("comunas", "corregimientos", "barrios", "veredas", "centros_gravedad")

pytestmark = pytest.mark.skipif(
    not (DATA / "basemaps").is_dir() and not os.environ.get("CI"),
    reason="the real basemaps are not here (ETL_REAL_DATA)",
)


@pytest.fixture(scope="module")
def control() -> dict[str, object]:
    """Dotted names of our figures → what was counted."""
    geo = json.loads((DATA / "control_totals.json").read_text(encoding="utf-8"))["geo"]
    flat: dict[str, object] = {}
    for name in OURS:
        value = geo[name]
        flat |= {f"geo.{name}.{key}": each for key, each in value.items()} if isinstance(value, dict) else {}
        flat |= {} if isinstance(value, dict) else {f"geo.{name}": value}
    return flat


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A home whose files are the real ones, both transforms run once."""
    home = tmp_path_factory.mktemp("home")
    for kind in ("basemaps", "centros_gravedad"):
        keep(home, kind, handed_over(DATA / kind))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ETL_SOURCE_FOLDER", str(DATA))
        accounts = [each.main(source="files", home=str(home)) for each in (territories_transform, reports_transform)]
    return {"home": home, "accounts": accounts}


def handed_over(folder: Path) -> dict[str, bytes]:
    """The files of a folder by name, the parts of each layer as one zip, as extraction keeps them."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix not in PARTS}
    for layer in folder.glob("*.shp"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for part in sorted(path for path in folder.glob(f"{layer.stem}.*") if path.suffix in PARTS):
                archive.writestr(part.name, part.read_bytes())
        files[f"{layer.stem}.shp.zip"] = buffer.getvalue()
    return files


def keep(home: Path, kind: str, files: dict[str, bytes]) -> None:
    folder = home / "data" / "raw" / "files" / kind
    folder.mkdir(parents=True)
    register = []
    for name, data in files.items():
        digest = hashlib.sha256(data).hexdigest()
        (folder / f"{digest[:12]}__{name}").write_bytes(data)
        register.append({"nombre": name, "archivo": f"{digest[:12]}__{name}", "sha256": digest, "reemplazado": False})
    (folder / "registro.json").write_text(json.dumps(register), encoding="utf-8")


def table(city, name: str) -> pl.DataFrame:
    return pl.read_parquet(city["home"] / "data" / "transformed" / "files" / f"{name}.parquet")


def test_every_figure_on_basemaps_and_field_reports_equals_the_control(city, control):
    computed = figures(lambda name: table(city, name))

    print(f"geography: compared {len(computed.keys() & control.keys())} of {len(control)} figures")
    assert computed == control


def test_nothing_of_the_real_files_is_refused_nor_warned_of(city):
    accounts = city["accounts"]

    assert [account["warnings"] for account in accounts] == [[], []]
    assert [sum(account["rejected"].values()) for account in accounts] == [0, 0]


def test_the_names_that_labels_are_read_by_are_those_of_the_real_basemaps(city):
    territories = table(city, TERRITORIOS.name)

    named = {int(code): name for code, name in territories.select("codigo", "territorio").rows() if int(code) > 22}
    comunas = territories.filter(pl.col("tipo_territorio") == "comuna").get_column("territorio").to_list()

    assert named == CORREGIMIENTOS
    assert comunas == [f"COMUNA {number:02d}" for number in range(1, 23)]


def test_every_barrio_and_vereda_belongs_to_a_territory_and_lies_in_the_one_its_code_tells(city):
    parts = table(city, BARRIOS_VEREDAS.name)
    originals = current_originals(city["home"] / "data" / "raw" / "files" / "basemaps", made_by="extract_archivos")
    territories = Territories.read(originals)

    inner = [shapely.point_on_surface(area.geometry) for area in (*territories.barrios, *territories.veredas)]
    located = territories.locate([(point.x, point.y) for point in inner])

    assert parts.get_column("territorio").null_count() == 0
    expected = parts.get_column("territorio").to_list()
    agree = sum(ours == theirs for ours, theirs in zip(located.get_column("territorio"), expected, strict=True))
    assert agree >= 0.97 * len(expected)  # the layers were drawn at different times


def test_names_are_whole_in_the_layer_without_an_encoding_and_in_the_one_that_has_lost_letters(city):
    names = " ".join(table(city, BARRIOS_VEREDAS.name).get_column("barrio_vereda"))

    assert "ñ" in names
    assert not set(names) & set("Ã�Â")


def test_areas_are_those_that_the_city_tells_and_the_outlines_are_valid_and_light(city):
    territories = table(city, TERRITORIOS.name)

    outlines = shapely.from_geojson(territories.get_column("geometria").to_list())
    drawn = sum(len(text) for text in territories.get_column("geometria"))
    of_parts = sum(len(text) for text in table(city, BARRIOS_VEREDAS.name).get_column("geometria"))

    assert 540 < territories.get_column("area_km2").sum() < 580
    assert shapely.is_valid(outlines).all()
    assert not shapely.is_empty(outlines).any()
    assert drawn < 150_000
    assert of_parts < 400_000


def test_sixty_thousand_points_are_located_in_about_a_second(city):
    originals = current_originals(city["home"] / "data" / "raw" / "files" / "basemaps", made_by="extract_archivos")
    territories = Territories.read(originals)
    points = [(-76.6 + (i % 245) * 0.0006, 3.33 + (i // 245) * 0.0007) for i in range(60_000)]

    start = time.perf_counter()
    located = territories.locate(points)
    took = time.perf_counter() - start

    print(f"60 000 points located in {took:.2f} s")
    assert located.height == 60_000
    assert took < 10  # generous: the machine may be busy


def test_reports_keep_their_moment_as_the_form_tells_it_and_no_mail_address(city):
    reports = table(city, CENTROS_GRAVEDAD.name)

    local = reports.get_column("fecha_hora").dt.convert_time_zone("America/Bogota")
    texts = reports.select(pl.col(pl.String)).write_csv()

    assert (local.dt.date() == reports.get_column("fecha")).all()
    assert local.dt.hour().is_between(5, 20).mean() > 0.95  # a field day; in UTC it would reach into the night
    assert "@" not in texts
    assert reports.get_column("sitio_num").null_count() == 0
