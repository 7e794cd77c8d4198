"""The loan's banks: their terms, and what was negotiated with each and put into the budget of each year."""

import re
from decimal import Decimal
from typing import Final

import polars as pl

from etl_kit.banks import ALIASES
from etl_kit.datasets import EMP_BANCOS, EMP_INCORPORACIONES
from etl_kit.dates import read_dates
from etl_kit.money import MONEY, Spelling, read_money
from etl_kit.projects import bp_expr
from etl_kit.rejects import Rejects
from etl_kit.translation import _
from transformation_app.budget_lines import UNKNOWN
from transformation_app.loan_books import Sheet
from transformation_app.loan_cells import (
    NO_BANK,
    NO_BP,
    NO_LENGTH,
    NO_SHARE,
    by_content,
    joined,
    months_expr,
    refuse,
    share_expr,
    tidy,
    total,
    with_bank,
    without_totals,
)

MILLION: Final = Decimal(1_000_000)
MOST_MILLIONS: Final = Decimal(10_000_000)
LEAST_PESOS: Final = Decimal(1_000_000_000)
UNSURE_LIMIT: Final = "no se sabe si el cupo está en millones o en pesos"
SECOND_TERMS: Final = "el banco ya tiene otra fila de condiciones"

_TERM_TEXTS: Final = (
    "id_entidad", "referencia_contrato", "link_contrato", "modalidad", "plazo", "periodo_gracia", "tasa_referencia",
    "pago_intereses", "garantia", "cobertura_garantia",
)  # fmt: skip
_TERMS: Final = (
    *_TERM_TEXTS, "entidad", "fecha_contrato", "cupo", "plazo_meses", "gracia_meses", "tasa", "spread",
    "disponible_hasta",
)  # fmt: skip
_INCORPORATED: Final = ("banco", "bp", "ordinal", "anio", "acuerdo", "valor_incorporado", "fuente")
_PLACEHOLDERS: Final = {bank.name for bank in ALIASES.values() if bank.placeholder}


def bank_terms(sheet: Sheet, *, rejects: Rejects) -> pl.DataFrame:
    """What each bank lends and how, one row per bank, `cupo` in pesos.

    The workbook writes limits in millions without saying so: below ten million the number is millions of pesos, from a
    thousand million on it is pesos, and between the two nobody knows, so it is refused.

    Args:
        sheet: of `Kind.TERMS`.
        rejects: takes totals, a bank's second row, and cells that cannot be read.
    """
    sheet.note_repeated(rejects)
    rows = with_bank(without_totals(sheet.rows, ("banco_crudo",), rejects=rejects), rejects=rejects)
    rows = rows.with_columns(*tidy(_TERM_TEXTS), pl.col("cupo").alias("_cupo"))
    rows = read_money(rows, ["cupo"], rejects=rejects, spelling=Spelling.MACHINE)
    rows = read_dates(rows, ["fecha_contrato", "disponible_hasta"], rejects=rejects)
    refuse(rows.filter(_is_unsure(pl.col("cupo"))).with_columns(pl.col("_cupo").alias("cupo")), "cupo",
           UNSURE_LIMIT, rejects)  # fmt: skip
    for length in ("plazo", "periodo_gracia"):
        unread = rows.filter(pl.col(length).is_not_null() & months_expr(pl.col(length)).is_null())
        refuse(unread, length, NO_LENGTH, rejects)
    spread = share_expr(pl.col("spread"))
    refuse(rows.filter((pl.col("spread").str.strip_chars() != "") & spread.is_null()), "spread", NO_SHARE, rejects)
    rows = rows.with_columns(
        _in_pesos(pl.col("cupo")).alias("cupo"),
        months_expr(pl.col("plazo")).alias("plazo_meses"),
        months_expr(pl.col("periodo_gracia")).alias("gracia_meses"),
        pl.col("banco_crudo").alias("entidad"),
        spread.alias("spread"),
    ).with_columns(_rate().alias("tasa"))
    # by what rows say, not where they stand: another row order must choose the same one
    first = rows.sort("banco", pl.col("banco_linea") != pl.col("banco"), *by_content(rows, *_TERMS)).with_columns(
        (pl.int_range(pl.len()).over("banco") == 0).alias("_first"),
    )
    refuse(first.filter(~pl.col("_first")), "banco_crudo", SECOND_TERMS, rejects)
    return first.filter(pl.col("_first")).select("banco", "banco_crudo", "banco_linea", *_TERMS, "fuente")


def negotiated(sheet: Sheet, *, rejects: Rejects) -> pl.DataFrame:
    """What was negotiated with each bank for each project, one row per row of the sheet.

    Agreements on the same bank and project are told apart by `ordinal`, which follows what they say.

    Args:
        sheet: of `Kind.NEGOTIATED`.
        rejects: takes totals and cells that cannot be read. Without a readable BP the row stays, under `UNKNOWN`, so
            that the totals hold.

    Returns:
        Unique on `banco`, `bp` and `ordinal`; beside them `acuerdo <year>` as text and `valor_incorporado <year>` as
        money for each year of the sheet.
    """
    sheet.note_repeated(rejects)
    yearly = [name for name in sheet.rows.columns if re.fullmatch(r"(acuerdo|valor_incorporado) \d{4}", name)]
    agreements = sorted(name for name in yearly if name.startswith("acuerdo"))
    amounts = sorted(name for name in yearly if not name.startswith("acuerdo"))
    rows = with_bank(without_totals(sheet.rows, ("banco_crudo", "bp"), rejects=rejects), rejects=rejects)
    rows = rows.with_columns(
        *tidy(["id_entidad", "bp", "nombre_proyecto", *agreements]), pl.col("bp").alias("bp_crudo")
    )
    refuse(rows.filter(bp_expr(pl.col("bp")).is_null()), "bp", NO_BP, rejects)
    rows = read_money(rows, ["valor_negociado", *amounts], rejects=rejects, spelling=Spelling.MACHINE)
    rows = rows.with_columns(
        bp_expr(pl.col("bp")).fill_null(UNKNOWN).alias("bp"),
        pl.col("banco").fill_null(NO_BANK),
    )
    order = [*agreements, "valor_negociado", *amounts, "nombre_proyecto", "banco_crudo"]
    return rows.sort(by_content(rows, "banco", "bp", *order), nulls_last=True, maintain_order=True).with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("banco", "bp").alias("ordinal"),
    )


def incorporations(agreed: pl.DataFrame) -> pl.DataFrame:
    """What agreements put into the budget, one row per year that says something.

    Args:
        agreed: from `negotiated`.
    """
    years = sorted({name.split()[1] for name in agreed.columns if re.fullmatch(r"valor_incorporado \d{4}", name)})
    absent = pl.lit(None, dtype=pl.String)
    parts = [
        agreed.select(
            "banco",
            "bp",
            "ordinal",
            pl.lit(int(year), dtype=pl.Int64).alias("anio"),
            (pl.col(f"acuerdo {year}") if f"acuerdo {year}" in agreed.columns else absent).alias("acuerdo"),
            pl.col(f"valor_incorporado {year}").alias("valor_incorporado"),
            "fuente",
        ).filter(pl.any_horizontal(pl.col("acuerdo", "valor_incorporado").is_not_null()))
        for year in years
    ]
    schema = {name: EMP_INCORPORACIONES.schema[name] for name in _INCORPORATED}
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def bank_catalogue(said: pl.DataFrame, *, terms: pl.DataFrame | None, agreed: pl.DataFrame | None) -> pl.DataFrame:
    """Every bank that index or workbooks name, with its names, its terms and what was negotiated with it.

    Args:
        said: `banco`, `banco_linea`, `banco_crudo` and `fuente`, any number of rows each.
        terms: from `bank_terms`.
        agreed: from `negotiated`.
    """
    banks = (
        said.filter(pl.col("banco").is_not_null() & (pl.col("banco") != NO_BANK))
        .group_by("banco")
        .agg(
            joined("banco_crudo").alias("nombres_encontrados"),
            joined("banco_linea").alias("lineas"),
            pl.col("banco").is_in(sorted(_PLACEHOLDERS)).first().alias("provisional"),
            joined("fuente"),
        )
    )
    if terms is not None:
        banks = banks.join(terms.select("banco", *_TERMS).filter(pl.col("banco").is_not_null()), on="banco", how="left")
    if agreed is not None:
        sums = agreed.group_by("banco").agg(
            total("valor_negociado").alias("valor_negociado"),
            pl.col("bp").n_unique().cast(pl.Int64).alias("n_proyectos_negociados"),
        )
        banks = banks.join(sums, on="banco", how="left")
    absent = {name: dtype for name, dtype in EMP_BANCOS.schema.items() if name not in banks.columns}
    return banks.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in absent.items())


def limit_warnings(banks: pl.DataFrame) -> list[str]:
    """Sentences on banks with whom other sums were negotiated than they lend."""
    apart = banks.filter(pl.col("cupo") != pl.col("valor_negociado")).sort("banco")
    return [
        _("{bank} lends {limit} pesos, but {negotiated} are negotiated with it").format(
            bank=row["banco"], limit=row["cupo"], negotiated=row["valor_negociado"]
        )
        for row in apart.select("banco", "cupo", "valor_negociado").iter_rows(named=True)
    ]


def _is_unsure(limit: pl.Expr) -> pl.Expr:
    return (limit >= MOST_MILLIONS) & (limit < LEAST_PESOS)


def _in_pesos(limit: pl.Expr) -> pl.Expr:
    millions = (limit.cast(pl.Decimal(38, 2)) * MILLION).cast(MONEY, strict=False)
    return pl.when(limit < MOST_MILLIONS).then(millions).when(~_is_unsure(limit)).then(limit)


def _rate() -> pl.Expr:
    """`IBR 3M + 2,51 %`: the rate as people say it."""
    percent = (pl.col("spread").to_physical().cast(pl.Int128).cast(pl.Decimal(38, 0)) * Decimal("0.0001")).cast(
        pl.Decimal(12, 4)
    )
    said = percent.cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".").str.replace(".", ",", literal=True)
    both = pl.concat_str("tasa_referencia", pl.lit(" + "), said, pl.lit(" %"))
    return pl.coalesce(both, "tasa_referencia")
