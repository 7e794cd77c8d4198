"""How the contracts of the loan's base write their progress: what each month adds, or all that is done by then."""

from decimal import Decimal
from typing import Final

import polars as pl

BY_MONTH: Final = "por mes"
CUMULATIVE: Final = "acumulado"
WAY: Final = pl.Enum([BY_MONTH, CUMULATIVE])
"""How a contract writes its progress: each month what was added in it, or all that is done by then."""

WHOLE: Final = Decimal("1.01")
"""A whole with what roundings add: the base has contracts that end at 1.0008."""

NEARLY_WHOLE: Final = Decimal("0.99")


def ways_of_progress(flow: pl.DataFrame) -> pl.DataFrame:
    """How each contract writes its progress, told by its plan, which alone is complete: `clave`, `modo`.

    The base mixes both ways: of its 131 contracts with planned progress, 119 write what each month adds (their months
    add up to 1 or less), 11 what is done by then (they end at 1 and add up to more), and one fits neither.

    Returns:
        One row per contract: `BY_MONTH` if its planned shares add up to at most `WHOLE`; `CUMULATIVE` if they add up to
        more and the last of them is the highest and about 1; NULL if neither, or if it plans no progress.

    Source: the workbook `Base +` of September 2025, every row looked at.
    """
    planned = flow.filter(pl.col("avance_planeado").is_not_null() & (pl.col("avance_planeado") != 0)).sort("mes")
    share = pl.col("avance_planeado")
    ends = share.last()
    whole = ends.is_between(NEARLY_WHOLE, WHOLE) & (ends == share.max())
    return (
        planned.group_by("clave")
        .agg(share.cast(pl.Decimal(38, 6)).sum().alias("_sum"), whole.alias("_whole"))
        .select(
            "clave",
            pl.when(pl.col("_sum") <= WHOLE)
            .then(pl.lit(BY_MONTH))
            .when(pl.col("_whole"))
            .then(pl.lit(CUMULATIVE))
            .cast(WAY)
            .alias("modo"),
        )
    )


def added_in_month(flow: pl.DataFrame, *names: str) -> pl.DataFrame:
    """`flow` with the shares `names` as what each month adds, however the contract writes them.

    A share that is cumulative becomes what it adds to the last one stated before. Where the way of a contract is
    unknown, a share counts only while both ways say the same, that is while nothing but zeros was stated before it;
    later ones are NULL, since a mean of two kinds of figures is none.

    Args:
        flow: `clave`, `mes` (unique together), `avance_planeado`, and `names`.
    """
    ordered = flow.join(ways_of_progress(flow), on="clave", how="left").sort("clave", "mes")
    return ordered.with_columns(_added(name).cast(flow.schema[name]).alias(name) for name in names).drop("modo")


def _added(name: str) -> pl.Expr:
    share, wide = pl.col(name), pl.col(name).cast(pl.Decimal(38, 6))
    last = wide.forward_fill().shift(1).over("clave").fill_null(Decimal(0))
    silent = wide.fill_null(Decimal(0)).abs().cum_max().shift(1).over("clave").fill_null(Decimal(0)) == 0
    return (
        pl.when(pl.col("modo") == BY_MONTH)
        .then(wide)
        .when(pl.col("modo") == CUMULATIVE)
        .then(wide - last)
        .when(share.is_not_null() & silent)
        .then(wide)
    )
