"""The city's own files of project units against the figures counted on them."""

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import polars as pl
import pyproj
import pytest

from tests.real_data.units_figures import figures
from transformation_app import data_transformation_unidades_proyecto as transform

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ETL_REAL_DATA", REPOSITORY.parent / "shared" / "data")).absolute()
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
OURS = ("obras_equipamientos", "unidades_proyecto_drive_2025", "obras_lineales", "Infraestructura_2024.shp")
KNOWN_OTHERWISE = {
    "geo.obras_equipamientos.out_of_bbox_examples": "examples, compared in a test of their own",
    "geo.unidades_proyecto_drive_2025.out_of_bbox_examples": "examples, compared in a test of their own",
    "geo.obras_lineales.con_z": "the Z is dropped: compared in a test of its own",
    "geo.Infraestructura_2024.shp.epsg": "of the file, compared in a test of its own",
}

pytestmark = pytest.mark.skipif(
    not (DATA / "unidades_proyecto").is_dir() and not os.environ.get("CI"),
    reason="the real files of project units are not here (ETL_REAL_DATA)",
)


@pytest.fixture(scope="module")
def control() -> dict[str, object]:
    """Dotted names of the figures on project units → what was counted."""
    geo = json.loads((DATA / "control_totals.json").read_text(encoding="utf-8"))["geo"]
    return {f"geo.{name}.{figure}": value for name in OURS for figure, value in geo[name].items()}


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A home whose files are the real ones, transformed once."""
    home = tmp_path_factory.mktemp("home")
    for kind in ("unidades_proyecto", "basemaps"):
        keep(home, kind, handed_over(DATA / kind))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ETL_SOURCE_FOLDER", str(DATA))
        account = transform.main(source="files", home=str(home))
    return {"home": home, "account": account}


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


def test_every_figure_on_project_units_equals_the_control(city, control):
    computed = figures(lambda name: table(city, name))

    print(f"project units: compared {len(computed)} of {len(control)} figures")
    assert set(control) == set(computed) | set(KNOWN_OTHERWISE)
    assert computed == {name: control[name] for name in computed}


def test_the_places_outside_the_city_are_those_of_the_control(city, control):
    outside = table(city, "intervenciones").filter(
        pl.col("lat").is_not_null() & pl.col("motivo_sin_geometria").is_not_null()
    )
    repaired = table(city, "intervenciones").filter(
        pl.col("reparacion").is_not_null() & (pl.col("reparacion") != "coma decimal")
    )

    for source, name in (
        ("obras_equipamientos.xlsx", "obras_equipamientos"),
        ("unidades_proyecto_drive_2025.json", "unidades_proyecto_drive_2025"),
    ):
        examples = control[f"geo.{name}.out_of_bbox_examples"]
        ours = pl.concat([outside, repaired]).filter(pl.col("fuente") == source)
        assert sorted(round(lat, 3) for lat in ours.get_column("lat")) == sorted(
            round(lat, 3) for lat, _lon in examples
        )


def test_no_geometry_keeps_the_z_that_every_road_had(city, control):
    roads = table(city, "intervenciones").filter(pl.col("fuente") == "obras_lineales.xlsx")

    lines = [json.loads(text)["coordinates"] for text in roads.get_column("geometria")]

    assert len(lines) == control["geo.obras_lineales.con_z"]
    assert all(len(point) == 2 for line in lines for point in line)


def test_every_row_of_every_file_is_an_intervention_of_a_unit(city):
    works, units = table(city, "intervenciones"), table(city, "unidades_proyecto")

    sources = dict(works.group_by("fuente").len().rows())

    assert sum(sources.values()) == 325 + 821 + 103 + 312
    assert works.select("fuente", "fila_origen").is_duplicated().sum() == 0
    assert units.get_column("n_intervenciones").sum() == works.height
    assert set(works.get_column("upid")) == set(units.get_column("upid"))


def test_no_unit_is_wider_than_forty_metres_and_subsidies_stand_alone(city):
    from transformation_app.units_clusters import near_points

    works = table(city, "intervenciones").filter(pl.col("lon").is_not_null())
    for places in works.group_by("upid").agg(pl.struct("lon", "lat")).get_column("lon").to_list():
        points = [(place["lon"], place["lat"]) for place in places]
        pairs = len(points) * (len(points) - 1) // 2
        assert pairs == 0 or sum(1 for _pair in near_points(points)) == pairs
    subsidies = table(city, "unidades_proyecto").filter(pl.col("clase_up") == "Subsidios")
    assert subsidies.get_column("n_intervenciones").unique().to_list() == [1]


def test_progress_of_the_file_in_shares_reaches_the_same_scale_as_the_others(city):
    works = table(city, "intervenciones")

    largest = dict(works.group_by("fuente").agg(pl.col("avance_obra").max()).rows())

    assert largest["obras_equipamientos.xlsx"] == 99
    assert largest["unidades_proyecto_drive_2025.json"] == largest["Infraestructura_2024.shp.zip"] == 100


def test_the_map_holds_every_located_unit(city):
    drawing = json.loads(Path(city["account"]["geojson"]).read_text(encoding="utf-8"))

    located = table(city, "unidades_proyecto").filter(pl.col("geometria").is_not_null())

    assert len(drawing["features"]) == located.height
    assert sum(len(each["properties"]["intervenciones"]) for each in drawing["features"]) == (
        located.get_column("n_intervenciones").sum()
    )


def test_the_layer_lies_in_the_system_that_the_control_says(control):
    layer = pyproj.CRS.from_wkt((DATA / "unidades_proyecto" / "Infraestructura_2024.prj").read_text(encoding="utf-8"))

    flat = layer.to_2d().to_epsg(min_confidence=20)  # it says longitude first, and a height: else it is the same
    assert flat == control["geo.Infraestructura_2024.shp.epsg"]
