"""The made-up procurement plan has the layout of the real one, its careless later week included."""

import fastexcel
import pytest

from demo_city import paa
from demo_city.loan import Kind, invent_loan
from demo_city.paa import EARLIER, LATER, files_of_paa
from demo_city.paa_lines import HEADERS
from demo_city.people import EMAIL_MARKER, NAME_MARKERS
from demo_city.projects import invent_projects

SEED = 7


@pytest.fixture(scope="module")
def projects():
    return invent_projects(SEED, 1, 2025)


@pytest.fixture(scope="module")
def plans(projects):
    files = files_of_paa(SEED, 1, projects)
    return {name: rows_of(content) for name, content in files.items()}


def rows_of(content: bytes) -> list[tuple[str | None, ...]]:
    book = fastexcel.read_excel(content)
    sheet = book.sheet_names[-1]
    return book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars().rows()


def records(rows):
    return [dict(zip(HEADERS, row, strict=False)) for row in rows[1:]]


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(projects):
    first, second, other = (files_of_paa(seed, 0.1, projects) for seed in (1, 1, 2))

    assert first == second
    assert first[LATER] != other[LATER]


def test_both_weeks_have_the_52_headers_of_the_original_first(plans):
    heads = [rows[0][: len(HEADERS)] for rows in plans.values()]

    assert len(HEADERS) == 52
    assert heads == [HEADERS, HEADERS]
    assert len(plans[EARLIER][0]) == 52
    assert len(plans[LATER][0]) > 52


def test_ids_are_unique_within_a_week_and_most_are_in_both(plans):
    earlier, later = ([row["ID"] for row in records(rows)] for rows in (plans[EARLIER], plans[LATER]))

    assert len(set(earlier)) == len(earlier)
    assert len(set(earlier) & set(later)) > 0.9 * len(earlier)
    assert set(earlier) - set(later)


def test_the_sources_of_a_line_add_up_to_its_total(plans):
    for row in records(plans[EARLIER]):
        amounts = [part.rsplit("/", 1)[1] for part in row["FUENTE RECURSOS-VALOR"].split(";")]
        assert sum(int(amount or 0) for amount in amounts) == int(row["VALOR TOTAL ESTIMADO"])


def test_the_lines_of_the_loan_are_the_items_of_its_index(plans, projects):
    items = [item for item in invent_loan(SEED, 1, projects) if item.kind is not Kind.NOTHING_YET]

    loan = [row for row in records(plans[EARLIER]) if row["EMPRÉSTITO"] == "SI"]

    assert [row["ID"] for row in loan] == [str(18_900 + item.number) for item in items]
    assert [row["ELEMENTO PEP 2"] for row in loan] == [item.project.bp for item in items]


def test_people_stand_in_the_junk_columns_and_an_address_in_an_excuse(plans):
    said = [" ".join(cell or "" for cell in row) for row in plans[LATER]]
    excuses = [row["JUSTIFICACIÓN VENCIDA"] or "" for row in records(plans[EARLIER])]

    assert any(NAME_MARKERS[0] in text.upper() for text in said)
    assert any(EMAIL_MARKER in text for text in excuses)


def test_a_huge_city_plans_no_millions_of_purchases(projects, monkeypatch):
    most, few = paa.MOST_LINES, 50
    monkeypatch.setattr(paa, "MOST_LINES", few)  # so that a city that is huge by far can be made in a moment

    files = files_of_paa(SEED, 6, projects)

    assert len(rows_of(files[EARLIER])) == 1 + 2 * few
    assert most <= 5_000
