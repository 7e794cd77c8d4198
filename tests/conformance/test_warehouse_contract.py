"""What every warehouse does with the rows of a load: DuckDB and PostgreSQL are asked the same."""
# ruff: noqa: F811 - fixtures are imported where they are used

import random
from datetime import date
from decimal import Decimal

import pytest
from polars.testing import assert_frame_equal

from etl_kit.errors import DuplicateKeys
from tests.conformance.warehouse_subjects import (  # noqa: F401
    DAY,
    EVERYTHING,
    PAGOS,
    Frames,
    counts,
    everything,
    load,
    load_into,
    pagos,
    published,
    query,
    rows_of,
    warehouse,
)
from tests.integration.postgres_server import postgres, postgres_url  # noqa: F401


def test_the_first_load_inserts_every_row(warehouse):
    frame = pagos(("A", Decimal("10.50"), None), ("B", None, "x"))

    changes, _ = load(warehouse, frame)

    assert changes == {"pagos": (2, 0, 0, 0, 2)}
    assert published(warehouse) == {
        "A": [Decimal("10.50"), None, "corrida-1", False],
        "B": [None, "x", "corrida-1", False],
    }


def test_an_equal_row_is_unchanged_and_keeps_the_lineage_of_its_last_change(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))

    changes, _ = load(warehouse, pagos(("A", Decimal(10), None), run_id="corrida-2", cut=date(2025, 4, 30)))

    assert changes == {"pagos": (0, 0, 1, 0, 1)}
    assert published(warehouse)["A"] == [Decimal(10), None, "corrida-1", False]


@pytest.mark.parametrize("after", [(Decimal("10.01"), None), (None, None), (Decimal(10), "nota"), (Decimal(10), "")])
def test_a_changed_value_updates_the_row_and_its_lineage_even_from_or_to_null(warehouse, after):
    load(warehouse, pagos(("A", Decimal(10), None)))

    changes, _ = load(warehouse, pagos(("A", *after), run_id="corrida-2"))

    assert changes == {"pagos": (0, 1, 0, 0, 1)}
    assert published(warehouse)["A"] == [*after, "corrida-2", False]


def test_a_row_that_is_gone_is_marked_and_not_deleted(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None), ("B", Decimal(20), None)))

    changes, _ = load(warehouse, pagos(("A", Decimal(10), None)))

    assert changes == {"pagos": (0, 0, 1, 1, 1)}
    assert published(warehouse)["B"] == [Decimal(20), None, "corrida-1", True]
    assert query(warehouse, "SELECT contrato FROM vigentes.pagos") == [("A",)]


def test_a_withdrawn_row_keeps_the_moment_it_was_first_missed(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None), ("B", Decimal(20), None)))
    load(warehouse, pagos(("A", Decimal(10), None)))
    missed = query(warehouse, "SELECT retirado_en FROM main.pagos WHERE contrato = 'B'")

    changes, _ = load(warehouse, pagos(("A", Decimal(10), None)))

    assert changes == {"pagos": (0, 0, 1, 0, 1)}
    assert query(warehouse, "SELECT retirado_en FROM main.pagos WHERE contrato = 'B'") == missed


def test_a_row_that_comes_back_is_current_again_and_counts_as_updated(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))
    load(warehouse, pagos())

    changes, _ = load(warehouse, pagos(("A", Decimal(10), None), run_id="corrida-3"))

    assert changes == {"pagos": (0, 1, 0, 0, 1)}
    assert published(warehouse)["A"] == [Decimal(10), None, "corrida-3", False]


def test_another_order_of_the_same_rows_changes_nothing(warehouse):
    rows = [(f"C{number}", Decimal(number), None) for number in range(500)]
    load(warehouse, pagos(*rows))
    before = query(warehouse, "SELECT * FROM main.pagos ORDER BY ALL")
    mixed = pagos(*rows, run_id="corrida-2").sample(fraction=1, shuffle=True, seed=7)

    changes, _ = load(warehouse, mixed)

    assert changes == {"pagos": (0, 0, 500, 0, 500)}
    assert query(warehouse, "SELECT * FROM main.pagos ORDER BY ALL") == before


def test_rows_that_come_in_pieces_are_one_load(warehouse):
    first, second = pagos(("A", Decimal(1), None)), pagos(("B", Decimal(2), None))

    loaded = load_into(warehouse, [PAGOS], {"pagos": Frames(first, second)}, run_id="c", gate=False)

    assert counts(loaded.changes["pagos"]) == (2, 0, 0, 0, 2)


def test_a_key_that_stands_in_two_pieces_is_refused_and_nothing_changes(warehouse):
    load(warehouse, pagos(("A", Decimal(1), None)))
    before = everything(warehouse)
    first, second = pagos(("A", Decimal(2), None)), pagos(("A", Decimal(3), None), ("B", None, None))

    with pytest.raises(DuplicateKeys, match=r"pagos repeats 1 keys .*'A'"):
        load_into(warehouse, [PAGOS], {"pagos": Frames(first, second)}, run_id="c", gate=False)

    assert everything(warehouse) == before


def test_a_table_without_a_file_stays_as_it_was(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))

    changes, _ = load(warehouse)

    assert changes == {}
    assert published(warehouse) == {"A": [Decimal(10), None, "corrida-1", False]}


def test_a_table_that_never_had_a_file_is_there_and_empty(warehouse):
    load(warehouse)

    rows = query(warehouse, "SELECT * FROM vigentes.pagos")

    assert rows == []
    assert_frame_equal(warehouse.read_table(PAGOS, made_by="load_data_complete"), PAGOS.empty())


def test_every_load_is_written_into_the_load_log(warehouse):
    load(warehouse, pagos(("A", Decimal(10), None)))

    load(warehouse, pagos(("A", Decimal(11), None), ("B", None, None), run_id="corrida-2"), run_id="corrida-2")

    log = query(warehouse, "SELECT * EXCLUDE (inicio, fin), inicio <= fin FROM main.carga_log ORDER BY inicio")
    assert log == [
        ("corrida-1", "pagos", 1, 0, 0, 0, 1, "corrida-1.csv", DAY, True),
        ("corrida-2", "pagos", 1, 1, 0, 0, 2, "corrida-2.csv", DAY, True),
    ]


def hard_values():
    texts = [
        "",
        " ",
        "\\N",
        "\\.",
        "NULL",
        'a "b", c\r\n\\.\nd',
        "ñandú — €",
        "'; DROP TABLE x; --",
        "t",
        "%s",
        "$now",
        None,
    ]
    return rows_of(
        EVERYTHING,
        *(
            (
                f"k{number:02}" if number else 'k,"0\n',
                text,
                [Decimal("-999999999999999999.99"), Decimal("0.10"), None][number % 3],
                [Decimal("0.333333"), None, Decimal(-1)][number % 3],
                [2**63 - 1, -(2**63), 0, None][number % 4],
                [0.1 + 0.2, -76.531, 1e-300, float("inf"), None][number % 5],
                [True, False, None][number % 3],
                [date(1, 1, 1), date(9999, 12, 31), None][number % 3],
                text,
                None,
            )
            for number, text in enumerate(texts)
        ),
    )


def test_every_value_comes_back_as_it_went_in(warehouse):
    frame = hard_values()

    load(warehouse, frame, datasets=[EVERYTHING])

    assert_frame_equal(warehouse.read_table(EVERYTHING, made_by="load_data_complete"), frame, check_exact=True)
    assert load(warehouse, frame, datasets=[EVERYTHING])[0] == {"todo": (0, 0, frame.height, 0, frame.height)}


def test_characters_that_no_database_keeps_are_taken_out_and_counted(warehouse):
    changes, warnings = load(warehouse, pagos(("A\x00B", None, "x\x00"), ("C", None, "y")))

    assert changes == {"pagos": (2, 0, 0, 0, 2)}
    assert published(warehouse)["AB"] == [None, "x", "corrida-1", False]
    assert "2 texts of pagos" in warnings[0]


def test_many_loads_of_changing_rows_end_as_the_last_one_says(warehouse):
    chance = random.Random(20240918)
    names = [f"C{number}" for number in range(40)]
    wanted = {}
    for run in range(8):
        wanted = {name: Decimal(chance.randrange(5)) for name in chance.sample(names, k=25)}
        load(warehouse, pagos(*((name, value, None) for name, value in wanted.items()), run_id=f"corrida-{run}"))

    current = query(warehouse, "SELECT contrato, valor FROM vigentes.pagos ORDER BY 1")

    assert current == sorted(wanted.items())
