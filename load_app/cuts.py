"""Up to which day the published tables are true."""

from collections.abc import Mapping, Sequence
from datetime import date
from string import Template
from typing import Final

from etl_kit.datasets import EJECUCION, EJECUCION_DETALLE, MOVIMIENTOS, Dataset
from etl_kit.lineage import FECHA_CORTE
from etl_kit.warehouse_port import Publication, quoted

PERIOD: Final = "periodo_corte"
"""The day that the data itself names as its cut; where there is none, the day that it was published or fetched."""
MONTHLY: Final = (MOVIMIENTOS.name, EJECUCION.name, EJECUCION_DETALLE.name)
"""Tables of the budget, whose cut is what the city calls its last cut (domain brief §2.2, §6)."""

_LATEST = Template("SELECT '$name' AS tabla, CAST(max($column) AS DATE) AS corte FROM $view")
_ALL = " UNION ALL "


def latest_cuts(publication: Publication, datasets: Sequence[Dataset]) -> dict[str, date | None]:
    """By table the latest cut of its current rows, in one statement; None where it has no rows, or they name no cut."""
    columns = {dataset.name: _cut_column(dataset) for dataset in datasets}
    statements = [
        _LATEST.substitute(name=name, column=quoted(column), view=publication.dialect.view_of(name))
        for name, column in columns.items()
        if column is not None
    ]
    found: dict[str, date | None] = dict(publication.ask(_ALL.join(statements))) if statements else {}
    return {name: found.get(name) for name in columns}


def last_cut(cuts: Mapping[str, date | None]) -> date | None:
    """The last cut of the whole: the month up to which every table of the budget is there; None while one has no rows.

    The oldest of their latest cuts, so that it never promises a month that one of them lacks. All else would say too
    much or too little: what is fetched from SECOP is of the day it was fetched, the action plan is cut by quarter, and
    its older layout ended in 2024.
    """
    monthly = [cuts.get(name) for name in MONTHLY]
    known = [cut for cut in monthly if cut is not None]
    return min(known) if len(known) == len(monthly) else None


def _cut_column(dataset: Dataset) -> str | None:
    return next((name for name in (PERIOD, FECHA_CORTE) if name in dataset.schema), None)
