"""What the procurement plan says beyond its lines: their projects, their sources of money, the loan's purchases."""

from typing import Final

import polars as pl

from etl_kit.datasets import EMP_PAA
from etl_kit.money import MONEY
from etl_kit.rejects import Rejects
from transformation_app.paa_cells import parse_sources

NO_BP: Final = "la línea del PAA no tiene un BP legible"
NO_CATALOGUE: Final = "falta el catálogo BP-BPIN"
NOT_IN_CATALOGUE: Final = "el BP no está en el catálogo BP-BPIN"

_SOURCES: Final = {
    "id": pl.String(),
    "fuente_recursos": pl.String(),
    "ordinal": pl.Int64(),
    "valor": MONEY,
    "anio": pl.Int64(),
    "vigente": pl.Boolean(),
    "fuente": pl.String(),
    "fecha_corte": pl.Date(),
}


def with_projects(lines: pl.DataFrame, catalogue: pl.DataFrame | None) -> pl.DataFrame:
    """The lines with the BPIN that the catalogue gives their BP, or why there is none.

    Args:
        lines: typed, with `bp`.
        catalogue: dataset `catalogo_bpin`; None if absent.
    """
    if catalogue is None:
        found = lines.with_columns(pl.lit(None, dtype=pl.String).alias("bpin"))
    else:
        found = lines.join(catalogue.select("bp", "bpin"), on="bp", how="left", maintain_order="left")
    absent = NO_CATALOGUE if catalogue is None else NOT_IN_CATALOGUE
    motive = pl.when(pl.col("bp").is_null()).then(pl.lit(NO_BP)).otherwise(pl.lit(absent))
    return found.with_columns(pl.when(pl.col("bpin").is_null()).then(motive).alias("motivo_sin_bpin"))


def sources_of_money(lines: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """One row for each source of each line; `ordinal` is its place in the line's list.

    Args:
        lines: with the texts `fuente_recursos` and `fuente_recursos_valor`.
        rejects: takes amounts that cannot be read, and lists that do not name the same sources.
    """
    rows = []
    columns = ("id", "fuente_recursos", "fuente_recursos_valor", "anio", "vigente", "fuente", "fecha_corte", "fila")
    for line_id, names, amounts, year, current, fuente, cut, row in lines.select(columns).iter_rows():
        sources, problems = parse_sources(names, amounts)
        for problem in problems:
            rejects.add(
                motivo=problem,
                fuente=fuente,
                fila=row,
                columna="fuente_recursos_valor",
                valor_crudo=amounts,
            )
        rows += [
            (line_id, source.name, ordinal, source.pesos, year, current, fuente, cut)
            for ordinal, source in enumerate(sources, start=1)
        ]
    return pl.DataFrame(rows, schema=_SOURCES, orient="row")


def with_source_counts(lines: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """The lines with `n_fuentes`."""
    counted = sources.group_by("id").agg(pl.len().cast(pl.Int64).alias("n_fuentes"))
    return lines.join(counted, on="id", how="left", maintain_order="left").with_columns(
        pl.col("n_fuentes").fill_null(0)
    )


def sums_apart(lines: pl.DataFrame, sources: pl.DataFrame) -> list[str]:
    """The IDs of lines whose sources do not add up to the estimated total; a source without an amount adds nothing."""
    sums = sources.filter(pl.col("valor").is_not_null()).group_by("id").agg(pl.col("valor").sum().cast(MONEY))
    apart = lines.join(sums, on="id").filter(pl.col("valor") != pl.col("valor_total_estimado"))
    return apart.get_column("id").sort().to_list()


def loan_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines that the loan pays, with what its readers need."""
    return lines.filter(pl.col("emprestito")).select(name for name in EMP_PAA.schema if name in lines.columns)
