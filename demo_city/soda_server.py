"""A local stand-in for the open-data portal and the city's page, over a folder of saved files."""

import hashlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

from demo_city.budget_page import accordion_page
from demo_city.city import SEAL
from demo_city.country import NOTHING_LATER, Later
from demo_city.country_table import CountryTable, answer_country, country_table
from demo_city.faults import Fault, Faults, LyingCount, Nonsense, Refusal, Stall, TokenNeeded, Truncation
from demo_city.soda_tables import Record, Table, answer_query, load_table
from demo_city.soql import SoqlError
from etl_kit.files import read_json

DATASETS: Final = ("jbjy-vk9h", "p6dx-8zbt")
"""Contracts and processes of SECOP II."""

BUDGET_PAGE: Final = "/ejecucion-presupuestal"
"""Path of the page of links to the monthly budget files."""

_FILES: Final = "/documentos/"
_LONGEST_TARGET: Final = 8_000
_IDLE_SECONDS: Final = 30
_TYPES: Final = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@contextmanager
def serve_folder(
    folder: Path,
    *,
    faults: Faults | None = None,
    datasets: Sequence[str] = DATASETS,
    around: int | None = None,
    later: Later = NOTHING_LATER,
) -> Iterator[str]:
    """Serve `folder` on 127.0.0.1, on a free port, for as long as the context lasts; gives the base address.

    `/resource/<id>.json` answers SODA queries over `secop/*<id>*.json`; `BUDGET_PAGE` links to the files of
    `ejecucion_presupuestal`. A dataset whose file is missing is answered with 404, as the portal does.

    Args:
        folder: in the layout of the made-up city.
        faults: what goes wrong; it also records the requests.
        datasets: those to serve; others are not even read.
        around: rows of the made-up country around each dataset of a made-up city; by its scale if None.
        later: what a later day changed in the country.

    Raises:
        UnreadableInput: a file of rows holds something else; the text names it.
    """
    tables: dict[str, Table | CountryTable] = {
        dataset: load_table(path) for dataset in datasets for path in saved_rows(folder, dataset)[-1:]
    }
    if (folder / SEAL).is_file():
        tables = {dataset: _with_country(table, dataset, folder, around, later) for dataset, table in tables.items()}
    site = _Site(tables=tables, files=folder / "ejecucion_presupuestal", faults=faults or Faults())
    server = _Server(("127.0.0.1", 0), site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        site.stopping.set()
        server.shutdown()
        server.server_close()
        server.hang_up()
        thread.join()


def saved_rows(folder: Path, dataset: str) -> list[Path]:
    """The files of a dataset in `folder`, sorted by name; the last is the one that is served."""
    return sorted((folder / "secop").glob(f"*{dataset}*.json"))


@dataclass(frozen=True, kw_only=True)
class _Site:
    """What the server serves, the same for all its threads."""

    tables: Mapping[str, Table | CountryTable]
    files: Path
    faults: Faults
    stopping: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingHTTPServer):
    """The server of one site; it knows its open connections so that it can hang up on all of them."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], site: _Site) -> None:
        self.site = site
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def hang_up(self) -> None:
        """End the connections that clients still keep open; the threads that wait on them then end by themselves."""
        for connection in list(self._open):
            with suppress(OSError):  # it may just have ended
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    server: _Server

    def do_GET(self) -> None:
        """Answer a request, or fail as the faults say."""
        site = self.server.site
        met = site.faults.strike(unquote_plus(self.path))
        if self._fails(met):
            return
        address = urlsplit(self.path)
        if len(self.path) > _LONGEST_TARGET:
            self._send_json(414, {"code": "uri.too-long", "error": True, "message": "Request-URI Too Large"})
        elif address.path.startswith("/resource/") and address.path.endswith(".json"):
            self._answer_query(address.path.removeprefix("/resource/").removesuffix(".json"), address.query, met)
        elif address.path == BUDGET_PAGE:
            self._send(200, accordion_page(_names(site.files), _FILES).encode(), "text/html; charset=utf-8")
        elif address.path.startswith(_FILES):
            self._send_file(unquote(address.path.removeprefix(_FILES)))
        else:
            self._send_json(404, {"code": "not_found", "error": True, "message": "Not found"})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Keep quiet: requests are recorded in `Faults.requests`."""

    def _fails(self, met: list[Fault]) -> bool:
        for fault in met:
            given = self.headers.get("X-App-Token")
            if isinstance(fault, TokenNeeded) and given != fault.token:
                denied = {
                    "code": "permission_denied",
                    "error": True,
                    "message": f"Invalid app_token specified: {given}",
                }
                self._send_json(403, denied)
                return True
            if isinstance(fault, Refusal):
                headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
                self._send(fault.status, b'{"error":true,"message":"refused"}', "application/json", headers)
                return True
            if isinstance(fault, Stall):
                self.server.site.stopping.wait(fault.seconds)
                self.close_connection = True
                return True
            if isinstance(fault, Nonsense):
                self._send(200, b"<html><body>Mantenimiento</body></html>", "text/html")
                return True
            if isinstance(fault, Truncation):
                self._truncated = True
        return False

    _truncated = False

    def _answer_query(self, dataset: str, query: str, met: list[Fault]) -> None:
        table = self.server.site.tables.get(dataset)
        if table is None:
            self._send_json(404, {"code": "dataset.missing", "error": True, "message": "Not found"})
            return
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        try:
            rows = answer_query(table, parameters) if isinstance(table, Table) else answer_country(table, parameters)
        except SoqlError as error:
            self._send_json(400, {"code": error.code, "error": True, "message": str(error), "data": {}})
            return
        if isinstance(rows, str):
            self._send(200, rows.encode(), "application/json;charset=utf-8")
            return
        self._send_json(200, _with_lies(rows, met) if "count(" in parameters.get("$select", "") else rows)

    def _send_file(self, name: str) -> None:
        path = self.server.site.files / name
        if name not in _names(self.server.site.files):  # only what the page lists: no way out of the folder
            self._send_json(404, {"code": "not_found", "error": True, "message": "Not found"})
            return
        data = path.read_bytes()
        tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Last-Modified": formatdate(path.stat().st_mtime, usegmt=True)}
        if self.headers.get("If-None-Match") == tag:
            self._send(304, b"", "text/plain", headers)
            return
        self._send(200, data, _TYPES.get(path.suffix.lower(), "application/octet-stream"), headers)

    def _send_json(self, status: int, value: object) -> None:
        self._send(status, json.dumps(value, ensure_ascii=False).encode(), "application/json;charset=utf-8")

    def _send(self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.server.site.faults.answered(status)
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        if status != 304:  # noqa: PLR2004 - "not modified" has no body
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self._truncated:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        self.wfile.write(body)


def _with_country(
    table: Table | CountryTable, dataset: str, folder: Path, around: int | None, later: Later
) -> Table | CountryTable:
    seal = read_json(folder / SEAL)
    assert isinstance(table, Table)
    assert isinstance(seal, dict)
    return country_table(table, dataset, seed=seal["semilla"], scale=seal["escala"], later=later, rows=around)


def _with_lies(rows: list[Record], met: list[Fault]) -> list[Record]:
    off = sum(fault.by for fault in met if isinstance(fault, LyingCount))
    return [{name: str(int(str(value)) + off) for name, value in row.items()} for row in rows]


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))
