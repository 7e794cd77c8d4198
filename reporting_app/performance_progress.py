"""Where each contract of the loan stands at a cut: planned, real and earned value, and works against money."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import polars as pl

from etl_kit.loan_progress import BY_MONTH, CUMULATIVE, WHOLE, ways_of_progress
from etl_kit.money import MILLIONTH, MONEY, RATIO, ratio_expr

AHEAD: Final = Decimal("0.2")
"""20 points: money that runs further than this ahead of the works is called out. Source: the reports' brief."""

SUM: Final = pl.Decimal(38, 2)

_STATES: Final = pl.any_horizontal(pl.col("desembolso_real", "avance_real").is_not_null())


def cut_month(flow: pl.DataFrame, *, as_of: date | None) -> tuple[date | None, bool]:
    """The month by which the loan is judged (its first day), and whether anything real is stated in it.

    It is the last month in which a contract states a real disbursement or a real progress; a stated zero is stated.
    Months after `as_of`, the day up to which the base is true, cannot be real yet and do not count. Where nothing real
    is stated at all, it is the last whole month before `as_of`, so that the plan still has a cut; None without a day.

    Args:
        flow: `emp_flujo_contratos`: `clave`, `mes`, `desembolso_real` in pesos, `avance_real` as a share.
        as_of: the base's own day.
    """
    stated = flow.filter(_STATES).join(real_after(flow, as_of), on=["clave", "mes"], how="anti")
    last = stated.get_column("mes").max()
    if isinstance(last, date):
        return last, True
    return (None if as_of is None else (as_of.replace(day=1) - timedelta(days=1)).replace(day=1)), False


def real_after(flow: pl.DataFrame, as_of: date | None) -> pl.DataFrame:
    """The rows that state something real of a month that begins after `as_of`; none without a day."""
    return flow.filter(_STATES & (pl.col("mes") > as_of)) if as_of is not None else flow.clear()


def contracts_at(plan: pl.DataFrame, flow: pl.DataFrame, *, cut: date | None) -> pl.DataFrame:
    """Every contract of the base at the end of the month `cut`, one row each, in the order of `plan`.

    Args:
        plan: `emp_contratos_plan`: `clave` and `valor_contrato` in pesos; its other columns stay.
        flow: `emp_flujo_contratos`.
        cut: the first day of a month; None leaves every figure NULL.

    Returns:
        `plan` and, in pesos and as shares of 1:
        `modo` (see `ways_of_progress`);
        `planeado`, PV: the planned disbursements of the months up to the cut; zero if the contract plans later months
        only, NULL if it plans none at all;
        `real`, AC: the real disbursements stated up to the cut; NULL if none is stated;
        `avance_planeado`, `avance_real`: the progress by then, NULL if none is stated, if the way of writing it is
        unknown and the two ways differ, or if it comes out beyond 0 to `WHOLE`, which contradicts itself;
        `ganado`, EV: `avance_real` × `valor_contrato`, to the cent;
        `cpi` = EV / AC and `spi` = EV / PV, NULL unless both are known and the divisor is positive;
        `financiero` = AC / `valor_contrato`, and `brecha` = `financiero` − `avance_real`, positive where money runs
        ahead of the works.

    Source: domain brief §4.13, the usual definitions of earned value, with the planned disbursement as planned value.
    """
    said = flow.filter(pl.col("mes") <= cut) if cut is not None else flow.clear()
    planning = flow.filter(pl.col("desembolso_planeado").is_not_null()).select("clave").unique()
    sums = said.sort("mes").group_by("clave").agg(
        stated_sum("desembolso_planeado").alias("planeado"),
        stated_sum("desembolso_real").alias("real"),
        *(_progress(name) for name in ("avance_planeado", "avance_real")),
    )  # fmt: skip
    at = (
        plan.join(ways_of_progress(flow), on="clave", how="left", maintain_order="left")
        .join(sums, on="clave", how="left", maintain_order="left")
        .join(planning.with_columns(pl.lit(cut is not None).alias("_plans")), on="clave", how="left")
    )
    at = at.with_columns(
        pl.when(pl.col("_plans")).then(pl.col("planeado").fill_null(Decimal(0)).cast(MONEY)).alias("planeado"),
        *(_in_its_way(name) for name in ("avance_planeado", "avance_real")),
    ).with_columns(share_of("avance_real", "valor_contrato").alias("ganado"))
    return at.with_columns(
        index("ganado", "real").alias("cpi"),
        index("ganado", "planeado").alias("spi"),
        ratio_expr("real", "valor_contrato").alias("financiero"),
    ).with_columns((pl.col("financiero") - pl.col("avance_real")).cast(RATIO, strict=False).alias("brecha")).drop(
        "_plans"
    )  # fmt: skip


def stated_sum(name: str, *, where: pl.Expr | None = None) -> pl.Expr:
    """The sum of a column of money, of the rows `where`; NULL where none states any, since nothing is not zero."""
    amounts = pl.col(name) if where is None else pl.col(name).filter(where)
    return pl.when(amounts.is_not_null().any()).then(amounts.cast(SUM).sum()).cast(MONEY).alias(name)


def index(earned: str, by: str) -> pl.Expr:
    """`earned` / `by`; NULL if either is missing or `by` is not positive, where the quotient would say nothing."""
    return pl.when(pl.col(by) > 0).then(ratio_expr(earned, by))


def share_of(share: str, value: str) -> pl.Expr:
    """A share of an amount in whole numbers, to the cent, half away from zero; NULL if either is missing."""
    product = pl.col(share).to_physical().cast(pl.Int128) * pl.col(value).to_physical().cast(pl.Int128)
    cents = (product.abs() * 2 + 1_000_000) // 2_000_000 * product.sign()
    return (cents.cast(pl.Decimal(38, 0)) * Decimal("0.01")).cast(MONEY)


def _progress(name: str) -> pl.Expr:
    """Both readings of what a contract states: the sum of its months, and the last of them."""
    stated = pl.col(name).drop_nulls()
    added = pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).cast(pl.Decimal(38, 6)).sum())
    return pl.struct(added.alias("sum"), stated.last().cast(pl.Decimal(38, 6)).alias("last")).alias(name)


def _in_its_way(name: str) -> pl.Expr:
    added, last = pl.col(name).struct.field("sum"), pl.col(name).struct.field("last")
    share = (
        pl.when(pl.col("modo") == BY_MONTH)
        .then(added)
        .when(pl.col("modo") == CUMULATIVE)
        .then(last)
        .when(added == last)
        .then(added)
    )
    return pl.when(share.is_between(Decimal(0), WHOLE)).then(share).cast(RATIO, strict=False).alias(name)


def works_of(contracts: pl.DataFrame, interventions: pl.DataFrame) -> pl.DataFrame:
    """Works against money of the loan's contracts in SECOP II, one row per contract, in the order of `contracts`.

    Args:
        contracts: `id_contrato`, `referencia` (one spelling), `valor_contrato` and `valor_pagado` in pesos.
        interventions: of project units: `referencia` (one spelling), `upid`, `bpin`, `fuente`, `fecha_corte`,
            `avance_obra` from 0 to 100, `presupuesto`.

    Returns:
        `contracts` and `obras` (how many interventions name the contract; NULL if none does), `repetidas` (how many
        more tell the same works in another file: see `_told_once`), `avance_real` (their `avance_obra` as a share, the
        mean weighted by `presupuesto` over those that have both; NULL if none has), `financiero` = `valor_pagado` /
        `valor_contrato`, and `brecha` as in `contracts_at`.

    Works and payments have cuts of their own.
    """
    counted = pl.col("cuenta")
    known = counted & pl.col("avance_obra").is_not_null()
    weight = pl.when(known).then(pl.col("presupuesto").to_physical().cast(pl.Int128))
    hundredths = pl.col("avance_obra").to_physical().cast(pl.Int128)  # millionths of a percent
    weighted, whole = (hundredths * weight).sum(), weight.sum()
    mean = (weighted * 2 + whole * 100) // (whole * 200)
    progress = _told_once(interventions).group_by("referencia").agg(
        counted.sum().cast(pl.Int64).alias("obras"),
        (~counted).sum().cast(pl.Int64).alias("repetidas"),
        (pl.when(whole > 0).then(mean).cast(pl.Decimal(38, 0)) * MILLIONTH).cast(RATIO).alias("avance_real"),
    )  # fmt: skip
    return (
        contracts.join(progress, on="referencia", how="left", maintain_order="left")
        .with_columns(ratio_expr("valor_pagado", "valor_contrato").alias("financiero"))
        .with_columns((pl.col("financiero") - pl.col("avance_real")).cast(RATIO, strict=False).alias("brecha"))
    )


def _told_once(interventions: pl.DataFrame) -> pl.DataFrame:
    """Those that name a contract, and whether each counts (`cuenta`).

    Of the files that tell of one project at one unit for one contract, one counts: the latest that knows progress and
    budget of some of it, and of equals the larger, as for the sums of money of the project units.

    Source: docs/decisions/0014.
    """
    same = ("referencia", "upid", "bpin")
    named = interventions.filter(pl.col("referencia").is_not_null())
    both = pl.col("avance_obra").is_not_null() & pl.col("presupuesto").is_not_null()
    files = named.group_by(*same, "fuente").agg(
        both.any().alias("_known"),
        pl.col("fecha_corte").max().alias("_cut"),
        pl.col("presupuesto").cast(SUM).sum().alias("_sum"),
    )
    chosen = (
        files.sort("_known", "_cut", "_sum", "fuente", descending=[True, True, True, False], nulls_last=True)
        .unique(same, keep="first", maintain_order=True)
        .select(*same, "fuente", pl.lit(value=True).alias("cuenta"))
    )
    return named.join(chosen, on=[*same, "fuente"], how="left", nulls_equal=True).with_columns(
        pl.col("cuenta").fill_null(value=False)
    )
