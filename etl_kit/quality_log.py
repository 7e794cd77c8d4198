"""What quality checks found, kept run by run in a DuckDB file beside the warehouse."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import duckdb
import polars as pl

from etl_kit.places import Places
from etl_kit.quality import Finding, Score
from etl_kit.quality_centres import Centre
from etl_kit.warehouse import ArrowStream

ROWS_OF_RUNS_KEPT = 60
"""Runs whose failing rows are kept; counts and scores of older ones stay."""

_STORED = "es"
"""The language of stored texts: that of the data, whoever runs the checks; they are translated where they are shown."""

_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS main.calidad_corridas (
        run_id VARCHAR, origen VARCHAR, instante TIMESTAMPTZ NOT NULL, filas BIGINT NOT NULL, puntaje DECIMAL(5, 2),
        clase VARCHAR, reglas INTEGER NOT NULL, reglas_falladas INTEGER NOT NULL, no_evaluadas INTEGER NOT NULL,
        corrida_anterior VARCHAR, puntaje_anterior DECIMAL(5, 2), PRIMARY KEY (run_id, origen)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS main.calidad_tablas (
        run_id VARCHAR, origen VARCHAR, tabla VARCHAR, filas BIGINT NOT NULL, puntaje DECIMAL(5, 2), clase VARCHAR,
        filas_anteriores BIGINT, puntaje_anterior DECIMAL(5, 2), PRIMARY KEY (run_id, origen, tabla)
    )
    """,
    "ALTER TABLE main.calidad_tablas ADD COLUMN IF NOT EXISTS rechazadas BIGINT",
    "ALTER TABLE main.calidad_tablas ADD COLUMN IF NOT EXISTS incumplimientos BIGINT",
    """
    CREATE TABLE IF NOT EXISTS main.calidad_resultados (
        run_id VARCHAR, origen VARCHAR, regla VARCHAR, tabla VARCHAR, familia VARCHAR NOT NULL,
        severidad VARCHAR NOT NULL, descripcion VARCHAR NOT NULL, revisadas BIGINT NOT NULL, fallidas BIGINT NOT NULL,
        cobertura DECIMAL(5, 2), estado VARCHAR NOT NULL, motivo VARCHAR, fallidas_anteriores BIGINT,
        PRIMARY KEY (run_id, origen, regla, tabla)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS main.calidad_filas (
        run_id VARCHAR, origen VARCHAR, regla VARCHAR, tabla VARCHAR, orden INTEGER, clave JSON NOT NULL,
        valores JSON NOT NULL, PRIMARY KEY (run_id, origen, regla, tabla, orden)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS main.calidad_centros (
        run_id VARCHAR, origen VARCHAR, cod_centro_gestor VARCHAR, nombre_centro_gestor VARCHAR NOT NULL,
        filas BIGINT NOT NULL, incumplimientos BIGINT NOT NULL, puntaje DECIMAL(5, 2), clase VARCHAR,
        incumplimientos_anteriores BIGINT, puntaje_anterior DECIMAL(5, 2),
        PRIMARY KEY (run_id, origen, cod_centro_gestor)
    )
    """,
)
_FORGET = (
    "DELETE FROM main.calidad_corridas WHERE run_id = $run_id AND origen = $origen",
    "DELETE FROM main.calidad_tablas WHERE run_id = $run_id AND origen = $origen",
    "DELETE FROM main.calidad_resultados WHERE run_id = $run_id AND origen = $origen",
    "DELETE FROM main.calidad_filas WHERE run_id = $run_id AND origen = $origen",
    "DELETE FROM main.calidad_centros WHERE run_id = $run_id AND origen = $origen",
)
_KEEP_RUN = "INSERT INTO main.calidad_corridas VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_KEEP_TABLE = "INSERT INTO main.calidad_tablas VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_KEEP_RESULT = "INSERT INTO main.calidad_resultados VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_KEEP_CENTRE = "INSERT INTO main.calidad_centros VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_KEEP_ROWS = "INSERT INTO main.calidad_filas SELECT * FROM filas_nuevas"
_ROW_COLUMNS = {
    "run_id": pl.String,
    "origen": pl.String,
    "regla": pl.String,
    "tabla": pl.String,
    "orden": pl.Int64,
    "clave": pl.String,
    "valores": pl.String,
}
_PRUNE_ROWS = """
DELETE FROM main.calidad_filas WHERE (run_id, origen) NOT IN (
    SELECT (run_id, origen) FROM main.calidad_corridas ORDER BY instante DESC LIMIT $runs
)
"""
_LAST_RUN = """
SELECT run_id, puntaje FROM main.calidad_corridas
WHERE origen = $origen AND run_id <> $run_id ORDER BY instante DESC, run_id DESC LIMIT 1
"""
_LAST_TABLES = "SELECT tabla, filas, puntaje FROM main.calidad_tablas WHERE run_id = $run_id AND origen = $origen"
_LAST_CENTRES = (
    "SELECT cod_centro_gestor, incumplimientos, puntaje FROM main.calidad_centros"
    " WHERE run_id = $run_id AND origen = $origen"
)
_LAST_RESULTS = (
    "SELECT regla, tabla, fallidas FROM main.calidad_resultados"
    " WHERE run_id = $run_id AND origen = $origen AND estado <> 'no_evaluada'"
)


class Origin(StrEnum):
    """Who asked the rules: the gate of a load that was refused, or the validation of what was published."""

    GATE = "compuerta"
    VALIDATION = "validacion"


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """What is compared with: the run before this one; all empty if there was none."""

    run_id: str | None = None
    points: Decimal | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    table_points: Mapping[str, Decimal | None] = field(default_factory=dict)
    failed: Mapping[tuple[str, str], int] = field(default_factory=dict)
    centre_failed: Mapping[str, int] = field(default_factory=dict)
    centre_points: Mapping[str, Decimal | None] = field(default_factory=dict)


def quality_file(places: Places) -> Path:
    """The file of quality results of a source, beside its warehouse."""
    return places.warehouse.with_name(f"{places.source}_calidad.duckdb")


def make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that are not there yet."""
    for statement in _TABLES:
        connection.execute(statement)


def last_run(connection: duckdb.DuckDBPyConnection, *, run_id: str, origin: Origin) -> PastRun:
    """The latest run of this origin, `run_id` itself aside."""
    found = connection.execute(_LAST_RUN, {"origen": origin.value, "run_id": run_id}).fetchone()
    if found is None:
        return PastRun()
    which = {"run_id": found[0], "origen": origin.value}
    tables = connection.execute(_LAST_TABLES, which).fetchall()
    results = connection.execute(_LAST_RESULTS, which).fetchall()
    centres = connection.execute(_LAST_CENTRES, which).fetchall()
    return PastRun(
        run_id=str(found[0]),
        points=found[1],
        rows={str(name): int(rows) for name, rows, _points in tables},
        table_points={str(name): points for name, _rows, points in tables},
        failed={(str(rule), str(table)): int(failed) for rule, table, failed in results},
        centre_failed={str(code): int(failed) for code, failed, _points in centres},
        centre_points={str(code): points for code, _failed, points in centres},
    )


def keep_run(
    connection: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    origin: Origin,
    at: datetime,
    findings: Sequence[Finding],
    overall: Score,
    tables: Mapping[str, Score],
    past: PastRun,
    centres: Sequence[Centre] = (),
) -> None:
    """Write one run in one transaction; a run of the same id and origin is replaced."""
    which = (run_id, origin.value)
    connection.execute("BEGIN")
    for statement in _FORGET:
        connection.execute(statement, {"run_id": run_id, "origen": origin.value})
    counts = (len(findings), _in_state(findings, "falla"), _in_state(findings, "no_evaluada"))
    connection.execute(
        _KEEP_RUN,
        [*which, at, overall.rows, overall.points, _class_of(overall), *counts, past.run_id, past.points],
    )
    for name, score in tables.items():
        before = (past.rows.get(name), past.table_points.get(name))
        about = (name, score.rows, score.points, _class_of(score))
        connection.execute(_KEEP_TABLE, [*which, *about, *before, score.refused, score.faults])
    for centre in centres:
        _keep_centre(connection, which, centre, past)
    for finding in findings:
        _keep_result(connection, which, finding, past)
    _keep_rows(connection, which, findings)
    connection.execute(_PRUNE_ROWS, {"runs": ROWS_OF_RUNS_KEPT})
    connection.execute("COMMIT")


def _keep_result(
    connection: duckdb.DuckDBPyConnection, which: tuple[str, str], finding: Finding, past: PastRun
) -> None:
    rule = finding.rule
    connection.execute(
        _KEEP_RESULT,
        [
            *which,
            rule.rule_id,
            rule.table,
            rule.family.said_in(_STORED),
            rule.severity.value,
            rule.about.said_in(_STORED),
            finding.checked,
            finding.failed,
            finding.coverage,
            finding.state,
            finding.not_evaluated,
            past.failed.get((rule.rule_id, rule.table)),
        ],
    )


def _keep_centre(connection: duckdb.DuckDBPyConnection, which: tuple[str, str], centre: Centre, past: PastRun) -> None:
    before = (past.centre_failed.get(centre.code), past.centre_points.get(centre.code))
    judged = centre.score
    about = (centre.code, centre.name, judged.rows, centre.failed, judged.points, _class_of(judged))
    connection.execute(_KEEP_CENTRE, [*which, *about, *before])


def _keep_rows(connection: duckdb.DuckDBPyConnection, which: tuple[str, str], findings: Sequence[Finding]) -> None:
    """Hand all rows over as one frame: one by one, ten thousand of them would take half a minute."""
    rows = [
        (*which, finding.rule.rule_id, finding.rule.table, number, _as_json(row.key), _as_json(row.values))
        for finding in findings
        for number, row in enumerate(finding.rows, 1)
    ]
    connection.register("filas_nuevas", ArrowStream(pl.DataFrame(rows, schema=_ROW_COLUMNS, orient="row")))
    connection.execute(_KEEP_ROWS)
    connection.unregister("filas_nuevas")


def _as_json(values: Mapping[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False, default=str)  # decimals and dates as exact text


def _class_of(score: Score) -> str | None:
    return None if score.quality_class is None else score.quality_class.value


def _in_state(findings: Sequence[Finding], state: str) -> int:
    return sum(finding.state == state for finding in findings)
