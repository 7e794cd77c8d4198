"""The task extract_archivos on real folders: what is kept, what is known already, what is replaced."""

import json
import zipfile

import pytest

from etl_kit.originals import current_originals
from etl_kit.places import Places
from etl_kit.settings import Source
from extraction_app.data_extraction_archivos import VERSIONS_KEPT, NoFiles, main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A source folder; whatever runs reads it."""
    place = tmp_path / "entregado"
    place.mkdir()
    monkeypatch.setenv("ETL_SOURCE_FOLDER", str(place))
    return place


def put(folder, name, data):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())


def extract(tmp_path):
    return main(home=str(tmp_path / "home"), source="files")


def originals(tmp_path, kind):
    return current_originals(Places(home=tmp_path / "home", source=Source.FILES).raw(kind), made_by="extract_archivos")


def test_a_second_run_takes_nothing_anew(folder, tmp_path):
    put(folder, "unidades_proyecto/a.json", [{"id": 1}])
    extract(tmp_path)

    again = extract(tmp_path)

    assert (again["new"], again["unchanged"]) == ([], 1)


def test_a_corrected_file_of_the_same_name_takes_the_place_of_the_old_one(folder, tmp_path):
    put(folder, "unidades_proyecto/a.json", [{"id": 1}])
    extract(tmp_path)
    put(folder, "unidades_proyecto/a.json", [{"id": 2}])

    second = extract(tmp_path)

    (current,) = originals(tmp_path, "unidades_proyecto")
    assert second["new"] == ["unidades_proyecto/a.json"]
    assert json.loads(current.path.read_bytes()) == [{"id": 2}]


def test_a_version_that_comes_back_is_current_again(folder, tmp_path):
    for number in (1, 2, 1):
        put(folder, "unidades_proyecto/a.json", [{"id": number}])
        extract(tmp_path)

    (current,) = originals(tmp_path, "unidades_proyecto")
    assert json.loads(current.path.read_bytes()) == [{"id": 1}]


def test_old_versions_are_deleted_so_that_the_disk_has_a_bound(folder, tmp_path):
    for number in range(VERSIONS_KEPT + 3):
        put(folder, "unidades_proyecto/a.json", [{"id": number}])
        extract(tmp_path)

    kept = Places(home=tmp_path / "home", source=Source.FILES).raw("unidades_proyecto")
    assert len(list(kept.glob("*__a.json"))) == VERSIONS_KEPT


def test_the_parts_of_a_shapefile_become_one_file(folder, tmp_path):
    for ending in ("shp", "shx", "dbf", "prj", "xml"):
        put(folder, f"basemaps/comunas.{ending}", ending.encode())

    extract(tmp_path)

    (current,) = originals(tmp_path, "basemaps")
    assert current.name == "comunas.shp.zip"
    with zipfile.ZipFile(current.path) as archive:
        assert sorted(archive.namelist()) == ["comunas.dbf", "comunas.prj", "comunas.shp", "comunas.shx"]


def test_a_damaged_file_is_told_and_the_others_are_kept(folder, tmp_path):
    put(folder, "paa/roto.xlsx", b"no es un libro")
    put(folder, "unidades_proyecto/a.json", [{"id": 1}])

    result = extract(tmp_path)

    assert result["rows"]["unidades_proyecto"] == 1
    assert any("roto.xlsx" in warning for warning in result["warnings"])


def test_a_file_that_is_no_longer_handed_over_stays_in_use_and_is_told(folder, tmp_path):
    put(folder, "unidades_proyecto/a.json", [{"id": 1}])
    put(folder, "unidades_proyecto/b.json", [{"id": 2}])
    extract(tmp_path)
    (folder / "unidades_proyecto/a.json").unlink()

    result = extract(tmp_path)

    assert [one.name for one in originals(tmp_path, "unidades_proyecto")] == ["a.json", "b.json"]
    assert any("a.json" in warning for warning in result["warnings"])


def test_an_empty_folder_is_refused_and_the_text_names_what_to_put_there(folder, tmp_path):
    with pytest.raises(NoFiles, match="seguimiento_pa"):
        extract(tmp_path)


def test_the_loans_index_is_left_to_its_own_task(folder, tmp_path):
    put(folder, "emprestito/indice_procesos_emprestito.json", [{"id": 1}])
    put(folder, "unidades_proyecto/a.json", [{"id": 1}])

    assert extract(tmp_path)["rows"]["emprestito"] == 0
