import pytest

from orchestrator.executors.attempt_log import LINE_LIMIT, SHOWN_BURST, AttemptLog, LineCutter, escape_line


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"plain", "plain"),
        ("ñ\tñ 🌍 👩‍🚀".encode(), "ñ\tñ 🌍 👩‍🚀"),
        (b"dos\r", "dos"),
        (b"progress\r50 %", "progress\\x0d50 %"),
        (b"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x85\x9b".encode(), "\\x85\\x9b"),
        ("a\u2028b\u202ec\u2066d\u200fe\u061cf".encode(), "a\\u2028b\\u202ec\\u2066d\\u200fe\\u061cf"),
        (b"\xff\xc3", "\\xff\\xc3"),
        (b"nul\x00", "nul\\x00"),
    ],
)
def test_a_line_can_neither_end_early_nor_steer_a_terminal(line, text):
    assert escape_line(line) == text


def test_lines_are_cut_at_newlines_however_the_stream_was_read():
    cutter = LineCutter()

    lines = [*cutter.feed(b"on"), *cutter.feed(b"e\n\ntwo\nthr"), *cutter.feed(b"ee"), *cutter.rest()]

    assert lines == [b"one", b"", b"two", b"three"]
    assert cutter.rest() == []


def test_a_line_without_an_end_is_cut_into_pieces_that_split_no_character():
    cutter = LineCutter()
    text = "ñ" * LINE_LIMIT + "🌍" * LINE_LIMIT

    pieces = [*cutter.feed(b"x" + text.encode()), *cutter.rest()]

    assert all(len(piece) <= LINE_LIMIT for piece in pieces)
    assert "".join(piece.decode() for piece in pieces) == "x" + text


def test_bytes_that_are_no_utf8_are_cut_all_the_same():
    cutter = LineCutter()

    pieces = [*cutter.feed(b"\x80" * (3 * LINE_LIMIT)), *cutter.rest()]

    assert b"".join(pieces) == b"\x80" * (3 * LINE_LIMIT)
    assert all(0 < len(piece) <= LINE_LIMIT for piece in pieces)


def test_what_is_shown_live_is_bounded_and_tells_what_it_left_out(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("orchestrator.executors.attempt_log.time.monotonic", lambda: now[0])
    log = AttemptLog("")

    first = "".join(log.feed("stdout", b"0123456789\n" * 1000) for _ in range(100))
    now[0] = 10.0
    later = log.feed("stdout", b"later\n")

    assert 0 < len(first) <= SHOWN_BURST
    hidden = 100_000 - first.count("\n")
    assert later == f"… {hidden} lines not shown; the log has them …\nlater\n"


def test_secrets_are_hidden_line_by_line_and_the_longer_one_first():
    log = AttemptLog("", hidden=["", "token", "token-of-ten", "-----BEGIN\nMII\x1babc\n}\n"])

    shown = log.feed("stdout", b"a token-of-ten, a token, MII\x1babc\n{}\n")

    assert shown == "a ***, a ***, ***\n{}\n"


def test_beyond_its_limit_a_log_shows_nothing_more():
    log = AttemptLog("", limit=100)

    shown = [log.feed("stdout", b"a line\n") for _ in range(10)]

    assert shown[0] == "a line\n"
    assert shown[-1] == ""


@pytest.mark.parametrize("before", [8185, 8191, 8192, 16380])
@pytest.mark.parametrize("at_once", [True, False])
def test_no_cut_of_a_long_line_gives_half_a_secret_away(tmp_path, before, at_once):
    log = AttemptLog(str(tmp_path / "log"), hidden=["s3cr3t-value-of-the-city"])
    text = b"x" * before + b"s3cr3t-value-of-the-city" + b"y" * 9000 + b"\n"

    for data in [text] if at_once else [text[:before], text[before : before + 9], text[before + 9 :]]:
        log.feed("stdout", data)
    log.end()
    log.close()

    written = (tmp_path / "log").read_text()
    assert "***" in written
    assert "s3cr3t" not in written
    assert "of-the-city" not in written
