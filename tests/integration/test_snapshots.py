"""Snapshots on disk: streams that are whole or damaged, and a bound on what they take."""

import gzip
import json
import random
import tracemalloc
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.snapshots import latest_snapshot, read_snapshot, remove_old, snapshots_of, write_snapshot

DAY = date(2025, 9, 22)
ABOUT = {"dataset": "abcd-1234", "count": 3}
ROWS = [
    {":id": "row-1", "b": "uno\ndos", "a": "ñ"},
    {"a": "2", "url": {"url": "https://x.example"}},
    {"end": {"rows": 1}},
]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


def test_rows_come_back_as_they_were(tmp_path):
    path = write_snapshot(tmp_path / "contratos", rows=iter(ROWS), about=ABOUT, day=DAY)

    snapshot = latest_snapshot(tmp_path / "contratos", made_by="x")

    assert (snapshot.path, snapshot.day, snapshot.fuente) == (path, DAY, "contratos/2025-09-22.json.gz")
    assert snapshot.about == ABOUT
    assert snapshot.rows == ROWS
    assert snapshot.rows is snapshot.rows


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=3), max_size=7),
    size=st.integers(1, 4),
)
def test_pieces_are_the_rows_however_they_are_cut(tmp_path, rows, size):
    write_snapshot(tmp_path, rows=rows, about={}, day=DAY)

    pieces = list(latest_snapshot(tmp_path, made_by="x").pieces(size))

    assert [row for piece in pieces for row in piece] == rows
    assert all(len(piece) == size for piece in pieces[:-1])
    assert all(pieces)


def test_the_bytes_depend_on_nothing_but_the_arguments(tmp_path, monkeypatch):
    turned = [dict(reversed(row.items())) for row in ROWS]

    first = write_snapshot(tmp_path / "one", rows=ROWS, about=ABOUT, day=DAY)
    monkeypatch.setattr(gzip.time, "time", lambda: 1_000_000_000.0)
    second = write_snapshot(tmp_path / "two", rows=turned, about=ABOUT, day=DAY)

    assert first.read_bytes() == second.read_bytes()


def test_a_snapshot_of_the_earlier_shape_is_still_read(tmp_path):
    whole = json.dumps({"about": ABOUT, "rows": ROWS}).encode()
    (tmp_path / "2024-01-01.json.gz").write_bytes(gzip.compress(whole))

    snapshot = latest_snapshot(tmp_path, made_by="x")

    assert (snapshot.about, snapshot.rows) == (ABOUT, ROWS)
    assert [len(piece) for piece in snapshot.pieces(2)] == [2, 1]


def test_a_folder_without_snapshots_says_which_task_makes_one(tmp_path):
    (tmp_path / "2025-09-22.json.gz.part").write_bytes(b"")

    with pytest.raises(MissingInput, match="extract_x"):
        latest_snapshot(tmp_path, made_by="extract_x")


def many(count):
    return [{"n": str(number), "text": f"{number * 7919 % 10_007:05d}" * 3} for number in range(count)]


@pytest.mark.parametrize("kept", [0, 1, 15, 200, -9, -1])
def test_a_file_that_was_cut_off_is_damaged(tmp_path, kept):
    path = write_snapshot(tmp_path, rows=many(2_000), about=ABOUT, day=DAY)
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(UnreadableInput, match=r"2025-09-22\.json\.gz"):
        list(latest_snapshot(tmp_path, made_by="x").pieces())


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: lines[:-1],
        lambda lines: lines[:2] + lines[3:],
        lambda lines: [*lines[:2], lines[2].replace(b"00001", b"00003"), *lines[3:]],
        lambda lines: [*lines, lines[1]],
        lambda lines: [lines[0]],
        lambda lines: [b'["no", "about"]\n', *lines[1:]],
        lambda lines: [b"<html>\n"],
    ],
    ids=["no last line", "a row less", "another row", "a row behind the end", "only about", "no about", "no JSON"],
)
def test_lines_that_are_not_what_was_written_are_noticed(tmp_path, damage):
    path = write_snapshot(tmp_path, rows=[{"n": f"{number:05d}"} for number in range(9)], about=ABOUT, day=DAY)
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(damage(lines))))

    with pytest.raises(UnreadableInput):
        list(latest_snapshot(tmp_path, made_by="x").pieces())


def test_bits_that_turned_on_the_disk_are_noticed(tmp_path):
    path = write_snapshot(tmp_path, rows=many(2_000), about=ABOUT, day=DAY)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)

    with pytest.raises(UnreadableInput):
        list(read_snapshot(path).pieces())


def test_if_the_rows_fail_the_earlier_snapshot_stays_and_nothing_is_left_over(tmp_path):
    path = write_snapshot(tmp_path, rows=ROWS, about=ABOUT, day=DAY)
    before = path.read_bytes()

    def failing():
        yield from many(50_000)
        raise ConnectionError("the portal went away")

    with pytest.raises(ConnectionError):
        write_snapshot(tmp_path, rows=failing(), about=ABOUT, day=DAY)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def fill(folder, days, size=1):
    """Snapshots of so many days, each of about `size` bytes."""
    for back in range(days):
        noise = random.Random(back).randbytes(size).hex()
        write_snapshot(folder, rows=[{"n": noise}], about={}, day=DAY - timedelta(days=back), keep=99)


def test_only_the_newest_days_remain(tmp_path, caplog):
    fill(tmp_path, 5)

    with caplog.at_level("INFO"):
        write_snapshot(tmp_path, rows=ROWS, about={}, day=DAY + timedelta(days=1), keep=3)

    assert sorted(path.name[:10] for path in tmp_path.iterdir()) == ["2025-09-21", "2025-09-22", "2025-09-23"]
    assert all(name in caplog.text for name in ("2025-09-18.json.gz", "2025-09-20.json.gz"))


def test_the_oldest_go_when_all_take_too_much_and_the_newest_never(tmp_path):
    fill(tmp_path, 4, size=600_000)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert all(600_000 < size < 900_000 for size in sizes.values())

    two = remove_old(tmp_path, limit_mb=2)
    left = {path.name for path in tmp_path.iterdir()}
    none = remove_old(tmp_path, limit_mb=0)

    assert sum(sizes[name] for name in left) <= 2_000_000
    assert two == ["2025-09-20.json.gz", "2025-09-19.json.gz"]
    assert none == ["2025-09-21.json.gz"]
    assert [path.name for path in tmp_path.iterdir()] == ["2025-09-22.json.gz"]


def test_what_is_no_snapshot_is_not_removed(tmp_path):
    fill(tmp_path, 3)
    (tmp_path / "notas.json.gz").write_bytes(b"mine")

    remove_old(tmp_path, keep=1)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["2025-09-22.json.gz", "notas.json.gz"]


def test_looking_back_passes_over_what_cannot_be_read(tmp_path, caplog):
    fill(tmp_path, 3)
    (tmp_path / "2025-09-21.json.gz").write_bytes(b"no gzip")

    days = [str(snapshot.day) for snapshot in snapshots_of(tmp_path)]

    assert days == ["2025-09-22", "2025-09-20"]
    assert "2025-09-21" in caplog.text


def test_memory_does_not_grow_with_the_rows(tmp_path):
    def peak(rows):
        tracemalloc.start()
        write_snapshot(
            tmp_path, rows=({"n": str(number), "text": "x" * 200} for number in range(rows)), about={}, day=DAY
        )
        read = sum(len(piece) for piece in latest_snapshot(tmp_path, made_by="x").pieces(500))
        assert read == rows
        _now, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    few, many_more = peak(8_000), peak(32_000)

    assert many_more < few * 1.3
    assert many_more < 8_000_000
