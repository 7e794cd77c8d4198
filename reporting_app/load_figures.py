"""Figures about the loads: where each table comes from, what changed, how fast, and what was refused on the way."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import duckdb
import polars as pl

from etl_kit.datasets import WAREHOUSE
from etl_kit.places import Places
from etl_kit.quality import rows_of
from etl_kit.reasons import reason_in_words
from etl_kit.translation import _
from reporting_app.subject import file_names
from reporting_app.tables import Kind, Row, Table, TableColumn, exact, total

LOADS = """
SELECT * FROM main.carga_log QUALIFY row_number() OVER (PARTITION BY tabla ORDER BY fin DESC) = 1 ORDER BY tabla
"""


def read_loads(warehouse: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    """The last load of each table, from the load log."""
    return rows_of(warehouse, LOADS)


def read_refused(places: Places, loads: Sequence[Row]) -> list[dict[str, object]]:
    """What was refused on the way to each table, counted by reason and file, with the cut of the table's last load.

    A table without any refusal has a row that says 0; one whose transform never ran has none.
    """
    known = {str(load["tabla"]): load for load in loads}
    rows: list[dict[str, object]] = []
    for dataset in WAREHOUSE:
        file, load = places.rejected(dataset.name), known.get(dataset.name, {})
        if not file.exists():
            continue
        counted = pl.read_parquet(file).group_by("motivo", "fuente").agg(pl.len().cast(pl.Int64).alias("rechazadas"))
        found = counted.sort(-pl.col("rechazadas"), "motivo", "fuente").rows(named=True)
        none = [{"motivo": "—", "fuente": load.get("fuente"), "rechazadas": 0}]
        rows += [{"dataset": dataset.name, "fecha_corte": load.get("fecha_corte"), **row} for row in found or none]
    return rows


def rows_per_second(load: Row) -> int | None:
    """Rows that the load wrote or compared, by its length; None where the log does not know both."""
    begin, end = load.get("inicio"), load.get("fin")
    counts = [load.get(name) for name in ("insertados", "actualizados", "sin_cambio")]
    if not isinstance(begin, datetime) or not isinstance(end, datetime) or end <= begin or None in counts:
        return None
    return round(float(sum((exact(count) for count in counts), Decimal(0))) / (end - begin).total_seconds())


def loads_table(loads: Sequence[Row]) -> Table:
    """Where each table comes from, up to when it is true, what its last load changed, and how fast it was."""
    known = {
        str(row["tabla"]): {
            **row,
            "por_segundo": rows_per_second(row),
            "fuente": ", ".join(file_names(row["fuente"])) or None,
        }
        for row in loads
    }
    rows: list[Mapping[str, object]] = [
        {**known.get(dataset.name, {}), "tabla": dataset.name, "contenido": str(dataset.about)} for dataset in WAREHOUSE
    ]
    return Table(
        sheet=_("Sources and loads"),
        caption=_("Tables of the warehouse: where they come from, up to which day, and what the last load changed"),
        columns=(
            TableColumn(name="tabla", heading=_("Table")),
            TableColumn(name="contenido", heading=_("A row is"), wide=True),
            TableColumn(name="filas", heading=_("Rows"), kind=Kind.WHOLE),
            TableColumn(name="insertados", heading=_("New"), kind=Kind.WHOLE),
            TableColumn(name="actualizados", heading=_("Changed"), kind=Kind.WHOLE),
            TableColumn(name="sin_cambio", heading=_("Unchanged"), kind=Kind.WHOLE),
            TableColumn(name="retirados", heading=_("Withdrawn"), kind=Kind.WHOLE),
            TableColumn(name="por_segundo", heading=_("Rows per second"), kind=Kind.WHOLE),
            TableColumn(name="fecha_corte", heading=_("Cut"), kind=Kind.DATE),
            TableColumn(name="fuente", heading=_("Source"), wide=True),
            TableColumn(name="fin", heading=_("Last load"), kind=Kind.MOMENT, wide=True),
        ),
        rows=rows,
        source=_("load log of the warehouse (carga_log)"),
    )


def refused_table(refused: Sequence[Row]) -> Table:
    """What was refused on the way to each table, by reason and file, with the sum below."""
    told: list[Row] = [{**row, "motivo": reason_in_words(row["motivo"])} for row in refused]
    rows = [*told, {"dataset": "Total", "total": True, "rechazadas": refused_in_all(refused)}] if refused else []
    return Table(
        sheet=_("Refused"),
        caption=_("Cells and rows that were refused on the way to each table, by reason"),
        columns=(
            TableColumn(name="dataset", heading=_("Table")),
            TableColumn(name="motivo", heading=_("Reason"), wide=True),
            TableColumn(name="rechazadas", heading=_("Refused"), kind=Kind.WHOLE),
            TableColumn(name="fuente", heading=_("File"), wide=True),
            TableColumn(name="fecha_corte", heading=_("Cut"), kind=Kind.DATE),
        ),
        rows=rows,
        source=_("files of what each transform refused (rejected/*.parquet)"),
    )


def refused_in_all(refused: Sequence[Row]) -> Decimal | None:
    """How many cells and rows were refused; None where no transform left its file."""
    return total(refused, "rechazadas")
