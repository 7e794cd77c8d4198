"""How fast the tables of a warehouse were loaded, by its own log."""

from dataclasses import dataclass

import duckdb

_LAST_LOADS = """
SELECT tabla, insertados + actualizados + sin_cambio, epoch(fin) - epoch(inicio)
FROM main.carga_log QUALIFY row_number() OVER (PARTITION BY tabla ORDER BY fin DESC, run_id DESC) = 1 ORDER BY tabla
"""


@dataclass(frozen=True, kw_only=True)
class LoadPace:
    """The last load of one table: rows looked at, and the seconds spent on staging and merging them."""

    table: str
    rows: int
    seconds: float

    @property
    def rows_per_second(self) -> int | None:
        """None where it took no time that a clock could tell."""
        return round(self.rows / self.seconds) if self.seconds > 0 else None


def last_paces(connection: duckdb.DuckDBPyConnection) -> tuple[LoadPace, ...]:
    """The last load of each table, as `Warehouse.reading` shows the warehouse; by table name."""
    rows = connection.execute(_LAST_LOADS).fetchall()
    return tuple(LoadPace(table=str(table), rows=int(count), seconds=float(took)) for table, count, took in rows)
