"""A subject of the report: one page with its own workbook, and the small makers that all subjects share."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import duckdb

from etl_kit.quality import rows_of
from etl_kit.translation import _
from reporting_app import wording
from reporting_app.charts import Bar, bars
from reporting_app.page import Card, Drawing, Section
from reporting_app.tables import Row, Table, exact

MOST_BARS = 30
_SEPARATOR: Final = re.compile(r"[,;] ")
"""Between the files that one row, or one load, comes from."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A page: `name` of its files without ending, its section, and the tables of its workbook."""

    name: str
    section: Section
    tables: Sequence[Table]
    card: Card | None = None

    @property
    def heading(self) -> str:
        """What the page is called."""
        return self.section.heading


def rows_if_there(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, object]]:
    """The rows of a query; [] where the table it asks was never loaded, so that the page says "no data"."""
    try:
        return rows_of(warehouse, query)
    except duckdb.CatalogException:
        return []


def source_of(loads: Sequence[Row], *tables: str) -> str:
    """The files that these tables were last loaded from, each once, by their cut."""
    known = {str(load["tabla"]): load for load in loads}
    return files_in(known[name] for name in tables if name in known)


def files_in(rows: Iterable[Row]) -> str:
    """The files that rows name as their `fuente`, each once, by `fecha_corte`."""
    files: dict[date, set[str]] = {}
    for row in rows:
        if row["fuente"]:
            files.setdefault(row["fecha_corte"], set()).update(file_names(row["fuente"]))  # type: ignore[arg-type] # a date column
    told = [
        _("{files} · cut: {day}").format(files=", ".join(sorted(names)), day=wording.long_date(day))
        for day, names in sorted(files.items())
    ]
    return "; ".join(told) or wording.no_data()


def file_names(source: object) -> list[str]:
    """The files that a `fuente` names, each once and by name; [] for none."""
    return sorted(set(_SEPARATOR.split(str(source)))) if source else []


def drawing(
    ident: str,
    heading: str,
    rows: Sequence[Row],
    *,
    label: str,
    value: str,
    text: Callable[[Decimal], str],
    source: str,
    series: int = 0,
) -> Drawing:
    """Bars of the column `value`, at most `MOST_BARS` of them, longest first as the rows come."""
    drawn = [
        Bar(label=str(row[label] or wording.no_data()), value=exact(row[value]), text=text(exact(row[value])))
        for row in rows
        if row[value] is not None and not row.get("total")
    ]
    shown = drawn[:MOST_BARS]
    more = f" ({len(shown)}/{len(drawn)})" if len(drawn) > len(shown) else ""
    return Drawing(
        heading=f"{heading}{more}", svg=bars(ident, shown, title=f"{heading}{more}", series=series), source=source
    )


def summed(rows: Sequence[Row], name: str) -> Decimal | None:
    """The sum of a column; None where nothing is known."""
    values = [exact(row[name]) for row in rows if row[name] is not None]
    return sum(values, Decimal(0)) if values else None


def with_total(rows: Sequence[Row], label: str, *names: str) -> list[Row]:
    """`rows` and a last one with the sums of the columns `names`; [] stays []."""
    sums: Mapping[str, object] = {name: summed(rows, name) for name in names}
    return [*rows, {label: "Total", "total": True, **sums}] if rows else []
