"""Which original is the current one of its name."""

from dataclasses import replace

from extraction_app.budget_files import Period
from extraction_app.budget_register import current_of, received, registered

APRIL = Period(vigencia=2025, mes=4)


def original(content, *, name="EJECUCION_ABRIL_2025.csv", url=None, moment="2025-05-05T00:00:00+00:00", etag=None):
    return received(name, APRIL, sha256=content * 32, size=1, url=url, etag=etag, moment=moment)


def states(entries):
    return {(entry.sha256[:2], entry.reemplazado) for entry in entries}


def test_a_new_file_is_the_current_one():
    entries, changed = registered([], original("aa"))

    assert changed
    assert current_of(entries, "EJECUCION_ABRIL_2025.csv", None) == original("aa")
    assert entries[0].archivo == "aaaaaaaaaaaa__EJECUCION_ABRIL_2025.csv"


def test_the_same_file_again_changes_nothing_not_even_the_moment():
    entries, _ = registered([], original("aa"))

    again, changed = registered(entries, original("aa", moment="2026-01-01T00:00:00+00:00"))

    assert not changed
    assert again == entries


def test_a_corrected_file_of_the_same_name_takes_its_place_and_the_old_one_is_kept():
    entries, _ = registered([], original("aa"))

    entries, changed = registered(entries, original("bb"))

    assert changed
    assert states(entries) == {("aa", True), ("bb", False)}


def test_a_file_that_comes_back_is_current_again():
    entries, _ = registered([], original("aa"))
    entries, _ = registered(entries, original("bb"))

    entries, changed = registered(entries, original("aa"))

    assert changed
    assert states(entries) == {("aa", False), ("bb", True)}


def test_a_workbook_does_not_replace_the_csv_of_its_month():
    entries, _ = registered([], original("aa"))

    entries, _ = registered(entries, original("bb", name="4. Abril 2025.xlsx"))

    assert states(entries) == {("aa", False), ("bb", False)}


def test_the_same_name_from_two_places_does_not_alternate():
    entries, _ = registered([], original("aa"))
    entries, _ = registered(entries, original("bb", url="https://ciudad.example/a.csv"))

    entries, changed = registered(entries, original("aa"))

    assert not changed
    assert states(entries) == {("aa", False), ("bb", False)}


def test_a_new_etag_is_noted_without_counting_as_a_change():
    url = "https://ciudad.example/a.csv"
    entries, _ = registered([], original("aa", url=url, etag="1"))

    entries, changed = registered(entries, original("aa", url=url, etag="2"))

    assert not changed
    assert entries == [replace(original("aa", url=url), etag="2")]


def test_the_order_of_arrival_does_not_show():
    files = [original("aa"), original("bb", name="EJECUCION_2.csv"), original("cc", url="https://x.example")]

    one, other = [], []
    for file in files:
        one, _ = registered(one, file)
    for file in reversed(files):
        other, _ = registered(other, file)

    assert one == other
