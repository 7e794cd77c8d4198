"""A unit keeps its id when its rows move, change, split or come back."""

import polars as pl

from transformation_app.units_clusters import Spot
from transformation_app.units_ids import REMEMBERED, name_units, remember, short_id

METRE = 1 / 111_320
NOTHING = pl.DataFrame(schema=REMEMBERED)


def spot(key, *, group="g", metres=0):
    return Spot(key=key, group=group, point=(-76.5, 3.4 + metres * METRE), addresses=frozenset())


def test_an_id_comes_from_what_the_unit_says_and_repeats():
    units = [[spot("a")], [spot("b", metres=500)]]

    first, second = name_units(units, NOTHING), name_units(units[::-1], NOTHING)

    assert first == second
    assert first["a"].startswith("UNP-")
    assert len(set(first.values())) == 2


def test_a_unit_that_gains_a_row_with_a_smaller_key_keeps_its_id():
    before = [[spot("b")]]
    named = name_units(before, NOTHING)
    memory = remember(named, before, NOTHING)

    after = name_units([[spot("a"), spot("b")]], memory)

    assert after == {"a": named["b"], "b": named["b"]}


def test_after_a_split_the_larger_part_keeps_the_id_and_the_other_gets_a_new_one():
    before = [[spot("a"), spot("b"), spot("c")]]
    named = name_units(before, NOTHING)
    memory = remember(named, before, NOTHING)

    after = name_units([[spot("a")], [spot("b"), spot("c")]], memory)

    assert after["b"] == after["c"] == named["a"]
    assert after["a"] != named["a"]


def test_after_a_join_one_of_the_ids_stays():
    before = [[spot("a")], [spot("b", metres=60), spot("c", metres=62)]]
    named = name_units(before, NOTHING)
    memory = remember(named, before, NOTHING)

    after = name_units([[spot("a"), spot("b"), spot("c")]], memory)

    assert set(after.values()) == {named["b"]}


def test_corrected_coordinates_keep_the_id_and_a_place_far_off_does_not():
    before = [[spot("old")]]
    named = name_units(before, NOTHING)
    memory = remember(named, before, NOTHING)

    near = name_units([[spot("new", metres=15)]], memory)
    far = name_units([[spot("new", metres=400)]], memory)
    other = name_units([[spot("new", metres=15, group="h")]], memory)

    assert near["new"] == named["old"]
    assert far["new"] != named["old"]
    assert other["new"] != named["old"]


def test_an_id_still_in_use_is_not_given_to_a_neighbour():
    before = [[spot("old")]]
    named = name_units(before, NOTHING)
    memory = remember(named, before, NOTHING)

    after = name_units([[spot("old")], [spot("new", metres=39)]], memory)

    assert after["old"] == named["old"]
    assert after["new"] != named["old"]


def test_a_unit_that_was_gone_for_a_run_comes_back_with_its_id():
    first = [[spot("a")], [spot("b", metres=500)]]
    named = name_units(first, NOTHING)
    memory = remember(named, first, NOTHING)
    without = remember(name_units([[spot("a")]], memory), [[spot("a")]], memory)

    back = name_units(first, without)

    assert back == named


def test_an_id_that_is_taken_is_never_given_twice():
    taken = short_id("UNP", "key")

    other = short_id("UNP", "key", taken={taken})

    assert other != taken
    assert short_id("UNP", "key", taken={taken}) == other
