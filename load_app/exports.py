"""The published tables as files for other programs: Parquet for all, GeoJSON for those with a geometry."""

import json
import math
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from string import Template
from typing import Final

import duckdb

from etl_kit.datasets import Dataset
from etl_kit.files import make_folder
from etl_kit.translation import _
from etl_kit.warehouse_duckdb import DUCKDB
from etl_kit.warehouse_port import MOMENT, listed, quoted

GEOMETRY: Final = "geometria"
"""The column that holds a geometry as GeoJSON text, in longitude and latitude (EPSG:4326)."""

ROWS_SORTED: Final = 500_000

_ROWS_AT_ONCE = 10_000
_LEFTOVER_AFTER = 24 * 60 * 60  # seconds; no export takes so long, so whoever wrote it was killed
_SELECT = Template("SELECT $columns FROM $view$order")
_ORDER = Template(" ORDER BY $key")
_COUNT = Template("SELECT count(*) FROM $view")
_MOMENT = Template("strftime(timezone('UTC', $column), '%Y-%m-%dT%H:%M:%S.%fZ')")
_COPY = Template("COPY ($query) TO '$path' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000)")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """The files made, by table and kind, and warnings."""

    files: Mapping[str, Mapping[str, str]]
    warnings: Sequence[str]


def export_tables(connection: duckdb.DuckDBPyConnection, datasets: Sequence[Dataset], folder: Path) -> Exported:
    """Write the current rows of every table below `folder`, each file whole or not at all.

    Rows are sorted by their key, so the same rows give the same GeoJSON text, and the same Parquet content; but tables
    of more than `ROWS_SORTED` rows are written as Parquet in the order of the warehouse, since sorting them would take
    several times the disk that they take.
    """
    make_folder(folder)
    _sweep(folder)
    files: dict[str, dict[str, str]] = {}
    warnings = []
    for dataset in datasets:
        made = {"parquet": str(_write_parquet(connection, dataset, folder / f"{dataset.name}.parquet"))}
        if GEOMETRY in dataset.schema:
            path = folder / f"{dataset.name}.geojson"
            unreadable = write_geojson(connection, dataset, path)
            made["geojson"] = str(path)
            if unreadable:
                text = _("{count} geometries of {table} are no GeoJSON; those rows are on no map")
                warnings.append(text.format(count=unreadable, table=dataset.name))
        files[dataset.name] = made
    return Exported(files=files, warnings=warnings)


def write_geojson(connection: duckdb.DuckDBPyConnection, dataset: Dataset, path: Path) -> int:
    """Write the current rows as a FeatureCollection (RFC 7946); returns how many geometries were no GeoJSON.

    A row without a geometry is a feature whose geometry is null, as the standard wants it. Pesos are written out in
    full, not as rounded binary numbers.
    """
    names = [name for name in dataset.schema if name != GEOMETRY]
    unreadable = 0
    cursor = connection.cursor()
    shown = [_moment_as_text(quoted(name)) if dataset.schema[name] == MOMENT else quoted(name) for name in names]
    cursor.execute(_query(dataset, ", ".join([*shown, quoted(GEOMETRY)])))
    with _beside(path) as draft, draft.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"type": "FeatureCollection", "name": {json.dumps(dataset.name)}, "features": [')
        comma = "\n"
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            for *values, geometry in rows:
                shape, readable = _geometry(geometry)
                unreadable += not readable
                properties = ", ".join(
                    f"{json.dumps(name)}: {_literal(value)}" for name, value in zip(names, values, strict=True)
                )
                file.write(f'{comma}{{"type": "Feature", "properties": {{{properties}}}, "geometry": {shape}}}')
                comma = ",\n"
        file.write("\n]}\n")
    return unreadable


def _write_parquet(connection: duckdb.DuckDBPyConnection, dataset: Dataset, path: Path) -> Path:
    with _beside(path) as draft:
        place = str(draft).replace("'", "''")
        ((rows,),) = connection.execute(_COUNT.substitute(view=DUCKDB.view_of(dataset.name))).fetchall()
        query = _query(dataset, listed(list(dataset.schema)), ordered=rows <= ROWS_SORTED)
        with _one_thread(connection):
            connection.execute(_COPY.substitute(query=query, path=place))
    return path


@contextmanager
def _one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let rows be written as they come: several threads keep what the next ones wrote before them, all on disk."""
    connection.execute("SET threads = 1")
    try:
        yield
    finally:
        connection.execute("RESET threads")


def _query(dataset: Dataset, columns: str, *, ordered: bool = True) -> str:
    order = _ORDER.substitute(key=listed(dataset.key)) if ordered else ""
    return _SELECT.substitute(columns=columns, view=DUCKDB.view_of(dataset.name), order=order)


def _moment_as_text(column: str) -> str:
    """Let the database write a moment: handing it over as an object would need another library for time zones."""
    return _MOMENT.substitute(column=column)


def _geometry(text: str | None) -> tuple[str, bool]:
    """The geometry as JSON, null where there is none or it is none; and whether it could be read."""
    if text is None:
        return "null", True
    try:
        shape = json.loads(text, parse_constant=_refuse)
    except ValueError:
        return "null", False
    if not isinstance(shape, dict) or not ({"coordinates", "geometries"} & shape.keys()) or "type" not in shape:
        return "null", False
    return json.dumps(shape, ensure_ascii=False), True


def _refuse(word: str) -> object:
    raise ValueError(word)  # NaN and Infinity are no JSON


def _literal(value: object) -> str:
    if isinstance(value, Decimal):
        whole, point, cents = f"{value:f}".partition(".")
        return f"{whole}{point}{cents}".rstrip("0").rstrip(".") if point else whole
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    return json.dumps(value, ensure_ascii=False)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A draft that takes the place of `path` when the block ends well."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield draft
        draft.chmod(0o600)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what killed exports left."""
    for left in folder.glob(".*.part"):
        if time.time() - left.stat().st_mtime > _LEFTOVER_AFTER:
            left.unlink(missing_ok=True)
