"""The loan's index: which references, projects and banks belong together."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from etl_kit.banks import bank_of
from etl_kit.organismos import organismo_by_code, organismo_by_name
from etl_kit.projects import normalise_bp, normalise_bpin
from etl_kit.references import normalise_reference, organismo_of
from etl_kit.rejects import Rejects
from etl_kit.text import or_none

UNKNOWN_BANK = "banco desconocido"
NO_BP = "la línea del índice no tiene un BP legible"

INDEX_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "clave": pl.String,
    "banco": pl.String,
    "banco_linea": pl.String,
    "banco_crudo": pl.String,
    "id_paa": pl.String,
    "bp": pl.String,
    "bp_crudo": pl.String,
    "bpin_indice": pl.String,
    "descripcion": pl.String,
    "referencia_proceso": pl.String,
    "referencia_contrato": pl.String,
    "referencia_proceso_normalizada": pl.String,
    "referencia_contrato_normalizada": pl.String,
    "estado_proceso": pl.String,
    "link_del_proceso": pl.String,
    "cod_centro_gestor": pl.String,
    "nombre_centro_gestor": pl.String,
    "filas_indice": pl.Int64,
    "filas_propias": pl.Int64,
}


@dataclass(frozen=True, kw_only=True)
class _Line:
    """One row of the index with one of its references to a process and one to a contract."""

    row: Mapping[str, object]
    process: str | None
    contract: str | None


def index_lines(rows: Sequence[Mapping[str, object]], *, rejects: Rejects, fuente: str) -> pl.DataFrame:
    """The index, one row for each reference; rows without any reference stay, without it.

    What the index says twice is one row, and `filas_indice` counts how often it was said. `filas_propias` counts the
    rows of the index whose first reference it is, so that its sum is how many rows the index has.

    Args:
        rows: as published; references are lists or single texts.
        rejects: takes banks nobody knows and BP that cannot be read; the row stays.
        fuente: the snapshot.

    Returns:
        Shape (m, len(INDEX_SCHEMA)), unique on `clave`, a digest of what the row says.
    """
    said: dict[str, dict[str, object]] = {}
    for number, row in enumerate(rows, start=1):
        _note_problems(row, number, rejects, fuente)
        for place, line in enumerate(_split(row)):
            record = _record(line)
            key = hashlib.sha256(json.dumps(record, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
            known = said.setdefault(key, {"clave": key, **record, "filas_indice": 0, "filas_propias": 0})
            known["filas_indice"] = int(str(known["filas_indice"])) + 1
            known["filas_propias"] = int(str(known["filas_propias"])) + (place == 0)
    return pl.DataFrame(list(said.values()), schema=INDEX_SCHEMA).sort("clave")


def references_of(value: object) -> list[str]:
    """References as a list: the index holds lists, its older copies and the workbooks a text with commas."""
    values = value if isinstance(value, list) else str(value or "").replace(";", ",").split(",")
    found = [said for each in values if (said := or_none(each)) is not None]
    return list(dict.fromkeys(found))


def _split(row: Mapping[str, object]) -> Iterable[_Line]:
    processes: list[str | None] = [*references_of(row.get("referencia_proceso"))] or [None]
    contracts: list[str | None] = [*references_of(row.get("referencia_contrato"))] or [None]
    for process in processes:
        for contract in contracts:
            yield _Line(row=row, process=process, contract=contract)


def _record(line: _Line) -> dict[str, object]:
    row = line.row
    bank = bank_of(row.get("banco"))
    organismo = (
        organismo_by_code(organismo_of(line.contract) or organismo_of(line.process))
        or organismo_by_name(row.get("nombre_centro_gestor"))
        or organismo_by_name(row.get("nombre_abreviado"))
    )
    return {
        "banco": bank.name if bank else UNKNOWN_BANK,
        "banco_linea": bank.line if bank else or_none(row.get("banco")),
        "banco_crudo": or_none(row.get("banco")),
        "id_paa": or_none(row.get("id_paa")),
        "bp": normalise_bp(row.get("bp")),
        "bp_crudo": or_none(row.get("bp")),
        "bpin_indice": normalise_bpin(row.get("bpin")),
        "descripcion": or_none(row.get("descripcion")),
        "referencia_proceso": line.process,
        "referencia_contrato": line.contract,
        "referencia_proceso_normalizada": normalise_reference(line.process),
        "referencia_contrato_normalizada": normalise_reference(line.contract),
        "estado_proceso": or_none(row.get("estado_proceso")),
        "link_del_proceso": or_none(row.get("link_del_proceso")),
        "cod_centro_gestor": organismo.code if organismo else None,
        "nombre_centro_gestor": organismo.name if organismo else or_none(row.get("nombre_centro_gestor")),
    }


def _note_problems(row: Mapping[str, object], number: int, rejects: Rejects, fuente: str) -> None:
    if bank_of(row.get("banco")) is None:
        bank = or_none(row.get("banco"))
        rejects.add(motivo=UNKNOWN_BANK, fuente=fuente, fila=number, columna="banco", valor_crudo=bank)
    if normalise_bp(row.get("bp")) is None:
        rejects.add(motivo=NO_BP, fuente=fuente, fila=number, columna="bp", valor_crudo=or_none(row.get("bp")))
