"""The follow-up of the loan's processes, as the table of the city's officials has it; its people are not read."""

from typing import Final

import polars as pl

from etl_kit.dates import read_dates
from etl_kit.money import Spelling, read_money
from etl_kit.numbers import flag_expr
from etl_kit.references import normalise_reference, reference_column
from etl_kit.rejects import Rejects
from transformation_app.loan_books import Sheet
from transformation_app.loan_cells import (
    NO_LENGTH,
    months_expr,
    refuse,
    tidy,
    until_expr,
    with_bank,
    with_key,
    with_organismo,
    without_totals,
)
from transformation_app.loan_index import references_of

NO_REFERENCE: Final = "no es una referencia de SECOP II"

_TEXTS: Final = (
    "item", "id_paa", "descripcion", "objeto", "tipo_actividad", "es_emprestito", "modalidad", "plazo",
    "referencia_proceso", "referencia_contrato", "estado_proceso", "observaciones", "link_del_proceso",
    "link_estado_real",
)  # fmt: skip
_IDENTITY: Final = ("id_paa", "referencia_proceso_normalizada", "banco_linea", "nombre_centro_gestor")
"""What makes a row the same process tomorrow: its state, dates and amounts may then be others."""


def followed_processes(sheet: Sheet, *, rejects: Rejects) -> pl.DataFrame:
    """The rows of the follow-up, unique on `clave`.

    Dates are Excel's serials or dates; a length is `5 (Months)`, `4 (Meses)` or, as a day, `Hasta el 3-12-25`.

    Args:
        sheet: of `Kind.FOLLOW_UP`.
        rejects: takes totals, unknown banks and departments, and cells that cannot be read.
    """
    sheet.note_repeated(rejects)
    rows = without_totals(sheet.rows, ("referencia_proceso", "descripcion", "id_paa"), rejects=rejects)
    rows = with_organismo(with_bank(rows, rejects=rejects), rejects=rejects).with_columns(tidy(_TEXTS))
    rows = read_money(rows, ["valor_total", "valor_plataforma"], rejects=rejects, spelling=Spelling.MACHINE)
    rows = read_dates(rows, ["fecha_planeada", "fecha_entrega_real"], rejects=rejects)
    rows = rows.with_columns(
        months_expr(pl.col("plazo")).alias("plazo_meses"),
        until_expr(pl.col("plazo")).alias("plazo_hasta"),
        reference_column("referencia_proceso").alias("referencia_proceso_normalizada"),
        flag_expr(pl.col("es_emprestito")).alias("es_emprestito"),
    )
    unread = pl.col("plazo").is_not_null() & pl.col("plazo_meses").is_null() & pl.col("plazo_hasta").is_null()
    refuse(rows.filter(unread), "plazo", NO_LENGTH, rejects)
    unknown = pl.col("referencia_proceso").is_not_null() & pl.col("referencia_proceso_normalizada").is_null()
    refuse(rows.filter(unknown), "referencia_proceso", NO_REFERENCE, rejects)
    contracts = [_contracts(text) for text in rows.get_column("referencia_contrato").to_list()]
    rows = rows.with_columns(
        pl.Series("referencias_contrato", ["; ".join(each) or None for each in contracts], dtype=pl.String),
        pl.Series("n_contratos", [len(each) for each in contracts], dtype=pl.Int64),
    )
    return with_key(rows, _IDENTITY, ("descripcion", "objeto", "item"))


def _contracts(text: str | None) -> list[str]:
    """The references in a cell, each in its one spelling if it has one: `OC 150273` stays as it is."""
    return [normalise_reference(reference) or reference for reference in references_of(text)]
