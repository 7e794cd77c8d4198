"""Coordinates are read as they stand, or repaired by a rule that leaves no choice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_kit import coordinates
from etl_kit.coordinates import (
    CITY_BOX,
    COMMA,
    LETTERS,
    LOST_POINT,
    SHIFTED_POINT,
    SIGN,
    SWAPPED,
    Point,
    Unreadable,
    inside_city,
    read_point,
)

latitudes = st.integers(3_270_001, 3_569_999).filter(lambda number: number % 10)
longitudes = st.integers(-76_709_999, -76_400_001).filter(lambda number: number % 10)
places_of_points = st.integers(-4, 5)
texts = st.text(alphabet="0123456789.,-−NSWOnwo° abc", max_size=14) | st.none()


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        ("3.4516", "-76.5320", (3.4516, -76.5320, None)),
        (" 3.4516 ", "− 76.5320", (3.4516, -76.5320, None)),
        ("3,471143", "-76,532", (3.471143, -76.532, COMMA)),
        ("3.4516", "76.5329", (3.4516, -76.5329, SIGN)),
        ("345486800", "-7651515000", (3.454868, -76.51515, LOST_POINT)),
        ("3.454.868", "-76.515.150", (3.454868, -76.51515, LOST_POINT)),
        ("34.2065", "-7.65", (3.42065, -76.5, SHIFTED_POINT)),
        ("3,40090606N ", "-76.5", (3.40090606, -76.5, f"{LETTERS}; {COMMA}")),
        ("3.45 N", "76.5320 W", (3.45, -76.532, f"{LETTERS}; {SIGN}")),
        ("-76.5", "3.45", (3.45, -76.5, SWAPPED)),
        ("76,5321", "3450000", (3.45, -76.5321, f"{SWAPPED}; {COMMA}; {SIGN}; {LOST_POINT}")),
    ],
)
def test_a_place_of_the_city_is_read_and_the_rules_it_took_are_named(lat, lon, expected):
    read = read_point(lat, lon)

    assert isinstance(read, Point)
    assert (read.lat, read.lon) == expected[:2]
    assert set((read.repair or "").split("; ")) == set((expected[2] or "").split("; "))
    assert inside_city(read)


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        ("3.22298", "-76.31417"),
        ("4.6097", "-74.0817"),
        ("0,47", "-76.5"),
        ("3.45", "3.45"),
        ("34", "-76.5"),
        ("3.45", "-7.6"),
        ("0.34", "-76.5"),
        ("-3.45", "-76.5"),
    ],
)
def test_a_readable_place_that_no_rule_leads_to_the_city_stays_as_written(lat, lon):
    read = read_point(lat, lon)

    assert read == Point(lat=float(lat.replace(",", ".")), lon=float(lon), repair=None)
    assert not inside_city(read)


@pytest.mark.parametrize(
    ("lat", "lon", "reason"),
    [
        (None, "-76.5", coordinates.ABSENT),
        ("3.45", "", coordinates.ABSENT),
        ("no aplica", "-76.5", coordinates.ABSENT),
        ("0", "0", coordinates.ZERO),
        ("3.45", "0,0", coordinates.ZERO),
        ("3°27'5\"", "-76.5", coordinates.NO_NUMBER),
        ("3.45", "por definir", coordinates.NO_NUMBER),
        ("3.45 -76.5", "-76.5", coordinates.NO_NUMBER),
        ("1061900", "872364", coordinates.NO_DEGREES),
        ("3.45S", "-76.5", coordinates.NO_NUMBER),
        ("3.45W", "-76.5", coordinates.NO_NUMBER),
        ("3.45", "-76.5N", coordinates.NO_NUMBER),
        ("1" * 400, "-76.5", coordinates.NO_NUMBER),
    ],
)
def test_what_tells_no_place_is_unreadable_for_a_reason(lat, lon, reason):
    read = read_point(lat, lon)

    assert read == Unreadable(reason)


def test_a_letter_for_the_west_is_a_minus_outside_the_city_too():
    read = read_point("4.6097 N", "74.0817 W")

    assert read == Point(lat=4.6097, lon=-74.0817, repair=None)


@given(latitudes, longitudes, st.tuples(places_of_points, places_of_points), st.tuples(*[st.booleans()] * 3))
def test_whatever_slips_of_the_pen_befall_a_place_it_is_found_again(lat, lon, moves, slips):
    (moved, aside), (unsigned, comma, swapped) = moves, slips
    first = f"{lat / 10 ** (6 - moved):.{max(6 - moved, 1)}f}"
    second = f"{(abs(lon) if unsigned else lon) / 10 ** (6 - aside):.{max(6 - aside, 1)}f}"
    typed = [text.replace(".", ",") if comma else text for text in (first, second)]

    read = read_point(*(reversed(typed) if swapped else typed))

    assert isinstance(read, Point)
    assert (read.lat, read.lon) == (lat / 10**6, lon / 10**6)
    repairs = set((read.repair or "").split("; ")) - {""}
    assert (SIGN in repairs, SWAPPED in repairs, COMMA in repairs) == (unsigned, swapped, comma)
    assert (SHIFTED_POINT in repairs) == (moved != 0 or aside != 0)


@given(texts, texts)
def test_no_text_breaks_the_reading_and_a_repair_always_ends_in_the_city(lat, lon):
    read = read_point(lat, lon)

    if isinstance(read, Point):
        assert -90 <= read.lat <= 90
        assert -180 <= read.lon <= 180
        assert read.repair is None or inside_city(read)
    else:
        assert read.reason


def test_no_number_is_a_latitude_of_the_city_and_with_another_point_or_sign_a_longitude_too():
    latitude = {str(number)[:3] for number in range(int(CITY_BOX.south * 1000), int(CITY_BOX.north * 1000) + 1)}
    longitude = {str(number)[:3] for number in range(int(-CITY_BOX.east * 1000), int(-CITY_BOX.west * 1000) + 1)}

    assert not latitude & longitude
    assert CITY_BOX.north / CITY_BOX.south < 10
