"""Places are found in comunas, corregimientos, barrios and veredas; their names come in one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString

from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.lost_letters import LOST, WORDS, with_letters_back
from etl_kit.territories import CORREGIMIENTOS, Territories, comuna_label, territory_label
from tests.unit.etl_kit.layers import city_layers, layer_parts, original_of


@pytest.fixture(scope="module")
def territories(tmp_path_factory):
    return Territories.read(city_layers(tmp_path_factory.mktemp("basemaps")))


def test_each_place_gets_its_territory_in_the_order_asked(territories):
    points = [(-76.51, 3.43), None, (-76.58, 3.41), (-76.535, 3.41), (-76.0, 3.41), (-76.545, 3.41)]

    located = territories.locate(points)

    assert located.rows() == [
        ("COMUNA 08", "Caña", "comuna"),
        (None, None, None),
        ("La Buitrera", "El Otoño", "corregimiento"),
        ("COMUNA 01", "Oeste", "comuna"),
        (None, None, None),
        ("La Buitrera", None, "corregimiento"),
    ]


def test_a_place_on_a_border_gets_one_territory_always_the_same(territories):
    between = [(-76.52, 3.41), (-76.53, 3.41)]

    located = territories.locate(between)

    assert located.height == len(between)
    assert located.get_column("barrio_vereda").item(1) == "Oeste"
    assert territories.locate(between).equals(located)
    for territory, barrio in located.select("territorio", "barrio_vereda").rows():
        assert territory is not None
        assert (territory, barrio) in {
            ("COMUNA 01", "Este"),
            ("COMUNA 01", "Oeste"),
            ("COMUNA 08", "Urbanización Baja"),
        }


def test_a_barrio_of_the_own_comuna_wins_over_an_earlier_one_of_another_which_is_better_than_none(tmp_path):
    layers = [each for each in city_layers(tmp_path) if not each.name.startswith("barrios")]
    fields = [("id_barrio", "C", 4), ("barrio", "C", 41)]
    wide, own = (-76.54, 3.40, -76.50, 3.44), (-76.52, 3.40, -76.50, 3.42)
    squares = [(wide, ("0101", "Ancho")), (own, ("0801", "Propio"))]
    layers.append(original_of(tmp_path, "barrios", layer_parts(fields, squares)))

    located = Territories.read(layers).locate([(-76.51, 3.41), (-76.53, 3.41), (-76.51, 3.43)])

    assert located.get_column("barrio_vereda").to_list() == ["Propio", "Ancho", "Ancho"]
    assert located.get_column("territorio").to_list() == ["COMUNA 08", "COMUNA 01", "COMUNA 08"]


def test_where_a_comuna_and_a_corregimiento_overlap_it_is_the_comuna(tmp_path):
    layers = [each for each in city_layers(tmp_path) if not each.name.startswith("corregimientos")]
    fields = [("id_correg", "N", 9), ("corregimie", "C", 254)]
    everywhere = [((-76.60, 3.40, -76.50, 3.44), (54, "La Buitrera"))]
    layers.append(original_of(tmp_path, "corregimientos", layer_parts(fields, everywhere)))

    located = Territories.read(layers).locate([(-76.51, 3.41), (-76.58, 3.41)])

    assert located.get_column("tipo_territorio").to_list() == ["comuna", "corregimiento"]
    assert located.get_column("territorio").to_list() == ["COMUNA 08", "La Buitrera"]


def test_a_line_lies_where_its_middle_lies(territories):
    lines = [LineString([(-76.57, 3.41), (-76.50, 3.41)]), None, LineString([(-76.58, 3.41), (-76.56, 3.41)])]

    located = territories.locate_lines(lines)

    assert located.get_column("territorio").to_list() == ["COMUNA 01", None, "La Buitrera"]


def test_no_points_and_no_lines_give_no_rows(territories):
    assert territories.locate([]).height == 0
    assert territories.locate_lines([]).height == 0
    assert territories.locate([None]).rows() == [(None, None, None)]


def test_a_missing_basemap_is_told_with_the_task_that_brings_it(tmp_path):
    layers = [each for each in city_layers(tmp_path) if "Veredas" not in each.name]

    with pytest.raises(MissingInput, match=r"veredas\.shp\.zip.*extract_archivos"):
        Territories.read(layers)
    with pytest.raises(MissingInput, match="comunas"):
        Territories.read([])


@pytest.mark.parametrize(
    ("fields", "record", "words"),
    [
        ([("otra", "N", 2)], (1,), "comuna"),
        ([("comuna", "C", 9)], ("ocho",), "ocho"),
    ],
)
def test_a_basemap_without_its_field_or_with_a_wrong_code_is_refused(tmp_path, fields, record, words):
    layers = [each for each in city_layers(tmp_path) if not each.name.startswith("comunas")]
    layers.append(original_of(tmp_path, "comunas", layer_parts(fields, [((-76.54, 3.40, -76.52, 3.44), record)])))

    with pytest.raises(UnreadableInput, match=words):
        Territories.read(layers)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("COMUNA 8", "COMUNA 08"),
        ("comuna 08", "COMUNA 08"),
        (" Comuna  22 ", "COMUNA 22"),
        ("Comuna No. 3", "COMUNA 03"),
        ("8", "COMUNA 08"),
        ("8.0", "COMUNA 08"),
        ("COMUNA 23", None),
        ("COMUNA 0", None),
        ("COMUNA 8, COMUNA 9", None),
        ("EXPANSION URBANA", None),
        ("Corregimiento 20", None),
        ("Corregimiento 54", "La Buitrera"),
        ("corregimiento de la Buitrera", "La Buitrera"),
        ("PICHINDÉ", "Pichinde"),
        ("Villa Carmelo", "Villacarmelo"),
        ("hormiguero", "El Hormiguero"),
        ("no aplica", None),
        ("", None),
        (None, None),
    ],
)
def test_a_declared_territory_gets_the_name_of_the_basemap(text, label):
    assert territory_label(text) == label


@given(st.text())
def test_no_text_breaks_the_reading_of_a_label_and_a_label_reads_as_itself(text):
    label = territory_label(text)

    assert label is None or territory_label(label) == label


def test_every_label_reads_as_itself():
    labels = [*CORREGIMIENTOS.values(), *(comuna_label(number) for number in range(1, 23))]

    assert [territory_label(label) for label in labels] == labels


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("Urbanizaci�n Jos� Mar�a", "Urbanización José María"),
        ("Ca�averales - Los Samanes", "Cañaverales - Los Samanes"),
        ("El Pe��n", "El Peñón"),
        ("Desconocid�", "Desconocid�"),
        ("Urbanización", "Urbanización"),
    ],
)
def test_lost_letters_are_put_back_where_one_known_word_fits(name, whole):
    assert with_letters_back(name) == whole


@given(st.sampled_from(WORDS))
def test_every_word_whose_letters_are_lost_becomes_itself_or_stays_as_it_is(word):
    lost = "".join(letter if letter.isascii() else LOST for letter in word)

    assert with_letters_back(lost) in {word, lost}


def test_every_known_word_has_a_letter_that_can_be_lost_and_none_shares_its_shape_with_another():
    shapes = ["".join(letter if letter.isascii() else LOST for letter in word) for word in WORDS]

    assert all(LOST in shape for shape in shapes)
    assert len(set(shapes)) == len(shapes)
