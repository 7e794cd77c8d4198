"""Rows that speak of one place become one unit; nothing is chained, and the order of rows does not matter."""

import itertools
import math
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from transformation_app.units_addresses import address_key, are_alike, detail_key, likeness, name_key
from transformation_app.units_clusters import REACH_M, Spot, linked, near_points, units_of

METRE = 1 / 111_320
POINTS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda p: (-76.5 + p[0] * METRE, 3.4 + p[1] * METRE)),
    max_size=30,
    unique=True,
)


def spot(key, *, group="g", metres=None, address=""):
    point = None if metres is None else (-76.5, 3.4 + metres * METRE)
    return Spot(key=key, group=group, point=point, addresses=frozenset({address} - {""}))


def keys(units):
    return [[each.key for each in unit] for unit in units]


def metres_apart(one, other):
    return math.dist(
        (one[0] * 111_320 * math.cos(math.radians(one[1])), one[1] * 111_320),
        (other[0] * 111_320 * math.cos(math.radians(other[1])), other[1] * 111_320),
    )


def test_neighbours_do_not_chain_beyond_forty_metres():
    spots = [spot(f"k{place}", metres=place * 30) for place in range(4)]

    units = units_of(spots)

    assert keys(units) == [["k0", "k1"], ["k2", "k3"]]


def test_the_nearest_two_are_joined_first():
    spots = [spot("a", metres=0), spot("b", metres=39), spot("c", metres=41)]

    units = units_of(spots)

    assert keys(units) == [["a"], ["b", "c"]]


def test_a_cluster_is_as_far_from_others_as_its_farthest_member():
    near = [(0, 1, 1.0), (1, 2, 2.0), (0, 2, 10.0), (2, 3, 5.0)]

    clusters = linked(4, near)

    assert sorted(clusters) == [[0, 1], [2, 3]]


def test_another_name_or_detail_is_another_unit_in_the_same_place():
    spots = [spot("a", metres=0, group="g"), spot("b", metres=0, group="h")]

    units = units_of(spots)

    assert keys(units) == [["a"], ["b"]]


def test_what_has_no_group_stays_alone():
    spots = [spot("a", metres=0, group=None), spot("b", metres=0, group=None)]

    units = units_of(spots)

    assert keys(units) == [["a"], ["b"]]


def test_a_row_without_coordinates_joins_the_only_place_with_its_address():
    spots = [
        spot("a", metres=0, address="carrera 22 2 65"),
        spot("b", metres=900, address="calle 5 10 20"),
        spot("c", address="calle 5 10 20"),
    ]

    units = units_of(spots)

    assert keys(units) == [["a"], ["b", "c"]]


def test_a_row_without_coordinates_stays_alone_where_two_places_have_its_address():
    spots = [
        spot("a", metres=0, address="calle 5 10 20"),
        spot("b", metres=900, address="calle 5 10 20"),
        spot("c", address="calle 5 10 20"),
    ]

    units = units_of(spots)

    assert keys(units) == [["a"], ["b"], ["c"]]


def test_addresses_with_other_numbers_are_other_places_however_alike():
    one, other = address_key("Cra 22 Oeste # 2-65"), address_key("Cra 22 Oeste # 2-67")

    verdict = are_alike(one, other)

    assert likeness(one, other) > 0.85
    assert not verdict


def test_one_address_in_two_spellings_is_one():
    assert are_alike(address_key("Cra. 22 Oeste # 2-65"), address_key("KR 22 2 65 OESTE"))
    assert address_key("Av 5A Oeste No. 47 -04") == address_key("AVENIDA 5A OESTE 47 04")
    assert not are_alike(address_key("Calle 5 # 10-20"), address_key("Calle 10 # 5-20"))


def test_names_and_details_have_one_spelling():
    assert name_key("I.E.  Colegio de Prueba") == name_key("COLEGIO DE PRUEBA") == "colegio de prueba"
    assert detail_key("Sede principal") == detail_key("PRINCIPAL")
    assert detail_key(None) == detail_key("  ") == ""
    assert name_key("I.E.") == "i e"


@settings(deadline=None)
@given(POINTS)
def test_no_unit_is_wider_than_forty_metres_and_none_could_be_joined(points):
    clusters = linked(len(points), near_points(points))

    assert sorted(itertools.chain.from_iterable(clusters)) == list(range(len(points)))
    for cluster in clusters:
        widest = max((metres_apart(points[a], points[b]) for a in cluster for b in cluster), default=0)
        assert widest <= REACH_M + 1e-6
    for one, other in itertools.combinations(clusters, 2):
        assert max(metres_apart(points[a], points[b]) for a in one for b in other) > REACH_M - 1e-6


@settings(deadline=None)
@given(POINTS, st.randoms(use_true_random=False))
def test_units_do_not_depend_on_the_order_of_rows(points, chance):
    spots = [
        Spot(key=f"k{place:02d}", group="g", point=point, addresses=frozenset()) for place, point in enumerate(points)
    ]
    shuffled = chance.sample(spots, len(spots))

    assert units_of(shuffled) == units_of(spots)


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_likeness_is_symmetric_and_full_for_equals(one, other):
    first, second = address_key(one), address_key(other)

    assert likeness(first, second) == likeness(second, first)
    assert 0 <= likeness(first, second) <= 1
    assert likeness(first, first) == 1


def test_a_hundred_thousand_places_without_coordinates_do_not_take_their_square():
    spots = [spot(f"k{place:06d}", address=f"carrera {place} 2 {place % 90}") for place in range(100_000)]
    begun = time.process_time()

    units = units_of(spots)

    assert len(units) == 100_000
    assert time.process_time() - begun < 60  # some 3 s; n² would take hours
