"""What an attempt writes: one record one line, escaped, bounded, for its file and for whoever watches (D18, S13)."""

import os
import time
from collections.abc import Iterable, Sequence

LOG_LIMIT = 10 * 1024 * 1024
LINE_LIMIT = 8 * 1024
SHORTEST_SECRET = 4
SHOWN_BURST = 64 * 1024
SHOWN_PER_SECOND = 64 * 1024

# Controls (C0, DEL, C1), bidirectional formatting and Unicode's own line ends could forge lines or fool a terminal.
_DANGEROUS = [
    *(code for code in range(0x20) if code != ord("\t")),
    *range(0x7F, 0xA0),
    0x061C,
    *range(0x200E, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
    0xFEFF,
]
_ESCAPES = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _DANGEROUS}  # noqa: PLR2004 - one byte


def escape_line(line: bytes) -> str:
    """The line as text that cannot leave its line nor steer a terminal; bytes that are no UTF-8 show as hex."""
    text = line.removesuffix(b"\r").decode("utf-8", "backslashreplace")
    return text if text.isprintable() else text.translate(_ESCAPES)


def secret_lines(secrets: Iterable[str]) -> list[str]:
    """What to look for in the escaped lines of a log, longest first, since one secret may hold another.

    Of a secret of several lines each line is looked for; a line of fewer than four characters gives nothing away, and
    hiding each of its occurrences would spoil the log.
    """
    lines = {line for secret in secrets for line in (secret.splitlines() if "\n" in secret else [secret])}
    shown = {escape_line(line.encode("utf-8", "backslashreplace")) for line in lines}
    return sorted((line for line in shown if len(line) >= SHORTEST_SECRET), key=len, reverse=True)


class LineCutter:
    """Cuts a stream of bytes into lines; one without an end is cut into pieces of `LINE_LIMIT` bytes."""

    def __init__(self, unbroken: Iterable[bytes] = ()) -> None:
        self._rest = b""
        self._unbroken = tuple(unbroken)
        """Texts that no cut may go through: half a secret would not be known as one."""
        self._kept_back = max(map(len, self._unbroken), default=0)

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are whole now."""
        *lines, rest = (self._rest + data).split(b"\n")
        begun: list[bytes] = []
        if len(rest) > LINE_LIMIT + self._kept_back:  # what may be the beginning of a secret waits for its end
            known = len(rest) - self._kept_back
            *begun, last = _pieces(rest[:known], self._unbroken, rest)
            rest = last + rest[known:]
        self._rest = rest
        return [piece for line in lines for piece in _pieces(line, self._unbroken)] + begun

    def rest(self) -> list[bytes]:
        """What came after the last newline, at the end of the stream."""
        last, self._rest = self._rest, b""
        return [last] if last else []


class AttemptLog:
    """The file of one attempt: `2026-11-24T03:56:00.123-05:00 stdout| text`.

    Ten megabytes are kept; the supervisor's own notes fit in even when it is full. A file that cannot be written costs
    the lines, not the attempt: `trouble` tells what went wrong.
    """

    def __init__(self, path: str, limit: int = LOG_LIMIT, hidden: Iterable[str] = ()) -> None:
        self.trouble = ""
        self._path = path
        self._secrets = secret_lines(hidden)
        self._limit = limit
        self._kept = 0
        self._left_out = 0
        self._fd = -1
        unbroken = [secret.encode("utf-8", "backslashreplace") for secret in self._secrets]
        self._cutters = {"stdout": LineCutter(unbroken), "stderr": LineCutter(unbroken)}
        self._budget = float(SHOWN_BURST)
        self._budget_at = time.monotonic()
        self._hidden = 0
        if path:
            self._open(path)

    def feed(self, stream: str, data: bytes) -> str:
        """Take what was read from `stdout` or `stderr`; returns the lines to show live, as much as is allowed."""
        if self._kept >= self._limit:
            self._left_out += len(data)  # a flood of a gigabyte must cost next to nothing
            return ""
        return self._take(stream, self._cutters[stream].feed(data))

    def end(self) -> str:
        """Take the last lines without a newline, and say what was left out; returns what to show live."""
        shown = "".join(self._take(stream, cutter.rest()) for stream, cutter in self._cutters.items())
        if self._left_out:
            self.note(f"the log is full at {self._limit} bytes; {self._left_out} more bytes were not kept")
        return shown

    def note(self, text: str) -> None:
        """A line of the supervisor's own."""
        self._write(f"{_stamp()} attempt| {text}\n".encode())

    def close(self) -> None:
        """Let go of the file. Calling it twice does no harm."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open(self, path: str) -> None:
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 - pathlib is not needed in the supervisor
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
            self._fd = os.open(path, flags, 0o600)
        except OSError as error:
            self.trouble = f"the log {path} cannot be written: {error}"

    def _take(self, stream: str, lines: list[bytes]) -> str:
        if not lines:
            return ""
        stamp = _stamp()
        texts = [self._without_secrets(escape_line(line)) for line in lines]
        block = "".join(f"{stamp} {stream}| {text}\n" for text in texts).encode()
        self._write(block)
        self._kept += len(block)
        return self._allowed(texts)

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _write(self, block: bytes) -> None:
        while self._fd >= 0 and block:
            try:
                block = block[os.write(self._fd, block) :]
            except OSError as error:
                self.trouble = self.trouble or f"the log {self._path} could not be written to its end: {error}"
                return

    def _allowed(self, texts: list[str]) -> str:
        """As many lines as the rate allows; the others are counted, and the count is told with the next that pass."""
        now = time.monotonic()
        self._budget = min(SHOWN_BURST, self._budget + (now - self._budget_at) * SHOWN_PER_SECOND)
        self._budget_at = now
        shown: list[str] = []
        for text in texts:
            if len(text) + 1 > self._budget:
                self._hidden += 1
                continue
            if self._hidden:
                shown.append(f"… {self._hidden} lines not shown; the log has them …")
                self._hidden = 0
            self._budget -= len(text) + 1
            shown.append(text)
        return "".join(f"{text}\n" for text in shown)


def _pieces(line: bytes, unbroken: Sequence[bytes] = (), whole: bytes | None = None) -> list[bytes]:
    """At least one piece, none much above the limit, none ending inside a UTF-8 character or one of `unbroken`.

    `whole` is what the line begins, where more of it is known already.
    """
    whole = line if whole is None else whole
    pieces = []
    start = 0
    while len(line) - start > LINE_LIMIT:
        end = start + LINE_LIMIT
        while end > start + LINE_LIMIT - 4 and line[end] & 0xC0 == 0x80:  # noqa: PLR2004 - a continuation byte
            end -= 1
        for text in unbroken:
            found = whole.find(text, max(start, end - len(text) + 1), end + len(text) - 1)
            if found > start:
                end = min(end, found)
        pieces.append(line[start:end])
        start = end
    return [*pieces, line[start:]]


def _stamp() -> str:
    now = time.time()
    local = time.localtime(now)
    zone = time.strftime("%z", local)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', local)}.{int(now * 1000) % 1000:03d}{zone[:3]}:{zone[3:]}"
