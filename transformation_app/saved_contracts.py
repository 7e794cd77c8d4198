"""Two files of the city about contracts that no table holds, read to check others by: DACP's list and the BPIN index.

Source: Datos Abiertos of the Departamento Administrativo de Contratación Pública; SECOP II of Cali.
"""

import csv
import io
import json

import polars as pl

from etl_kit.errors import MissingColumns, UnreadableInput
from etl_kit.money import Spelling, money_expr
from etl_kit.projects import bpin_expr
from etl_kit.references import reference_column
from etl_kit.text import source_key
from etl_kit.translation import _

DACP_COLUMNS = (
    "referencia_contrato",
    "referencia_proceso",
    "nombre_centro_gestor",
    "destino_gasto",
    "tipo_contrato",
    "valor_contrato",
)
INDEX_COLUMNS = ("bpin", "referencia_contrato", "proceso_compra", "id_contrato", "notice_uid")


def read_dacp_contracts(content: bytes, *, name: str) -> pl.DataFrame:
    """DACP's contracts: `DACP_COLUMNS` with exact pesos, and `referencia_normalizada`; one row per record.

    Raises:
        UnreadableInput: it is no JSON list of records.
        MissingColumns: the records lack one of `DACP_COLUMNS`.
    """
    try:
        records = json.loads(content)
    except ValueError as error:
        raise UnreadableInput(name, str(error)) from error
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise UnreadableInput(name, _("it is no list of records"))
    rows = [{source_key(key): value for key, value in record.items()} for record in records]
    frame = _text_frame(rows, DACP_COLUMNS, name)
    value = money_expr(pl.col("valor_contrato"), spelling=Spelling.MACHINE).alias("valor_contrato")
    return frame.with_columns(value, reference_column("referencia_contrato").alias("referencia_normalizada"))


def read_bpin_index(content: bytes, *, name: str) -> pl.DataFrame:
    """Which contracts belong to which BPIN: `INDEX_COLUMNS`; a contract of several projects has several rows.

    Raises:
        UnreadableInput: it is not UTF-8.
        MissingColumns: the header lacks one of `INDEX_COLUMNS`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableInput(name, _("it is not UTF-8; save it as CSV UTF-8")) from error
    rows = [{source_key(key): value for key, value in row.items() if key} for row in csv.DictReader(io.StringIO(text))]
    return _text_frame(rows, INDEX_COLUMNS, name).with_columns(bpin_expr(pl.col("bpin")).alias("bpin"))


def _text_frame(rows: list[dict[str, object]], columns: tuple[str, ...], name: str) -> pl.DataFrame:
    present = list(rows[0]) if rows else []
    absent = [column for column in columns if column not in present]
    if absent:
        raise MissingColumns(name, absent, present=present)
    content = {column: [None if row.get(column) is None else str(row[column]) for row in rows] for column in columns}
    return pl.DataFrame(content, schema=dict.fromkeys(columns, pl.String()))
