"""What departments hand over in the made-up city: the same bytes always, and personal only where it says so."""

import io
import zipfile

import pytest

from demo_city.basemaps import files_of_basemaps
from demo_city.city import HANDED_OVER
from demo_city.people import MARKERS
from demo_city.projects import invent_projects
from etl_kit.originals import Original
from etl_kit.territories import Territories
from extraction_app.personal_cells import without_people

PROJECTS = invent_projects(7, 0.2, 2025)


@pytest.fixture(scope="module")
def territories(tmp_path_factory):
    """The made-up basemaps as extraction keeps them."""
    folder = tmp_path_factory.mktemp("basemaps")
    parts = files_of_basemaps(7, 0.2, PROJECTS)
    originals = []
    for stem in sorted({name.rpartition(".")[0] for name in parts}):
        path = folder / f"{stem.removeprefix('basemaps/')}.shp.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in parts.items():
                if name.startswith(f"{stem}."):
                    archive.writestr(name.removeprefix("basemaps/"), data)
        originals.append(Original(name=path.name, path=path, sha256=""))
    return Territories.read(originals)


@pytest.mark.parametrize("files_of", HANDED_OVER, ids=lambda each: each.__name__)
def test_the_same_seed_gives_the_same_bytes(files_of):
    first, second = (files_of(7, 0.2, PROJECTS) for _ in range(2))

    assert first == second
    assert first


@pytest.mark.parametrize("files_of", HANDED_OVER, ids=lambda each: each.__name__)
def test_no_invented_person_is_left_in_a_workbook_after_extraction(files_of):
    books = {name: data for name, data in files_of(7, 0.2, PROJECTS).items() if name.endswith((".xlsx", ".json"))}

    kept = "\n".join(text_of(without_people(data, name=name).data, name) for name, data in books.items()).lower()

    assert not [marker for marker in MARKERS if marker.lower() in kept]


def text_of(data: bytes, name: str) -> str:
    if not name.endswith(".xlsx"):
        return data.decode()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "\n".join(archive.read(one).decode("utf-8", "replace") for one in archive.namelist())


def test_a_first_place_outside_does_not_spoil_the_others(territories):
    located = territories.locate([None, (0.0, 0.0), (-76.5, 3.45)])

    assert located["tipo_territorio"].to_list() == [None, None, "comuna"]
