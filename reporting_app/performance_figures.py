"""The loan's performance in figures: committed, disbursed, execution, success, pace and earned value, by group."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import polars as pl

from etl_kit.money import CENT, MONEY, ratio_expr
from etl_kit.text import plain_key
from reporting_app.performance_progress import AHEAD, SUM, contracts_at, index, stated_sum
from reporting_app.tables import ratio

TARGET: Final = Decimal("0.7")
"""The share of what was negotiated that should be disbursed. Source: domain brief §4.13."""

ON_PLAN: Final = Decimal("0.9")
"""An index from here on counts as on plan; below `FAR_BEHIND` as far behind. The city gives no thresholds: ours."""

FAR_BEHIND: Final = Decimal("0.7")
PACE_MONTHS: Final = 3
"""Months whose mean is the pace. Source: the reports' brief."""

NOT_SIGNED: Final = frozenset({"cancelado", "borrador", "enviado proveedor"})
"""States of contracts in SECOP II that commit nobody; written as `plain_key` does."""

AWARDED: Final = frozenset({"adjudicado", "seleccionado", "celebrado", "contrato firmado", "en ejecucion"})
FAILED: Final = frozenset(
    {"desierto", "declarado desierto", "cancelado", "descartado", "revocado", "proceso desierto", "no adjudicado",
     "terminado anormalmente despues de convocado"}
)  # fmt: skip
"""States of processes, in SECOP II or in the index, that end one with and without an award; the others go on."""


def committed_contracts(contracts: pl.DataFrame) -> pl.DataFrame:
    """The contracts of SECOP II that are signed: those with a day of signature, but for the states `NOT_SIGNED`."""
    state = pl.col("estado_contrato").map_elements(plain_key, return_dtype=pl.String, skip_nulls=True)
    return contracts.filter(pl.col("fecha_firma").is_not_null() & ~state.is_in(list(NOT_SIGNED)).fill_null(False))  # noqa: FBT003


def by_group(
    at: pl.DataFrame,
    signed: pl.DataFrame,
    negotiated: pl.DataFrame,
    *,
    group: str,
) -> pl.DataFrame:
    """The loan's money by bank, by department or as a whole, in pesos; a sum of nothing stated is NULL, never zero.

    Args:
        at: from `contracts_at`.
        signed: from `committed_contracts`: `valor_contrato`, `valor_pagado`.
        negotiated: `valor_negociado`.
        group: a column of all three, whose NULL is a group like any other.

    Returns:
        One row per group, the largest negotiated first:
        `grupo`; `contratos`, lines of the base; `con_real`, those that state a real disbursement up to the cut;
        `con_plan`, those whose plan has disbursements up to the cut;
        `negociado`, agreed with the banks; `comprometido`, value of the contracts signed in SECOP II; `pagado_secop`,
        what SECOP II says is paid of them; `planeado` and `real`, disbursements up to the cut;
        `pct_negociado` = real / negociado, `pct_comprometido` = real / comprometido, `pct_firmado` = comprometido /
        negociado; `saldo` = negociado − real, NULL unless both are known;
        `cumplimiento` = real / `planeado_con_real`, what those that state a real disbursement had planned by then;
        `comparados`: contracts that state planned, real and earned value alike, over which alone `pv`, `ev` and `ac`
        are summed, so that like is compared with like; `cpi` = ev / ac, `spi` = ev / pv.

    Source: domain brief §4.13; base of contracts, bank agreements, SECOP II.
    """
    complete = at.filter(pl.all_horizontal(pl.col("planeado", "real", "ganado").is_not_null()))
    base = at.group_by(group).agg(
        pl.len().cast(pl.Int64).alias("contratos"),
        pl.col("real").is_not_null().sum().cast(pl.Int64).alias("con_real"),
        (pl.col("planeado") > 0).sum().cast(pl.Int64).alias("con_plan"),
        stated_sum("planeado"),
        stated_sum("real"),
        stated_sum("planeado", where=pl.col("real").is_not_null()).alias("planeado_con_real"),
    )
    earned = complete.group_by(group).agg(
        pl.len().cast(pl.Int64).alias("comparados"),
        stated_sum("planeado").alias("pv"),
        stated_sum("ganado").alias("ev"),
        stated_sum("real").alias("ac"),
    )
    sums = signed.group_by(group).agg(
        stated_sum("valor_contrato").alias("comprometido"), stated_sum("valor_pagado").alias("pagado_secop")
    )
    agreed = negotiated.group_by(group).agg(stated_sum("valor_negociado").alias("negociado"))
    joined = agreed
    for other in (sums, base, earned):
        joined = joined.join(other, on=group, how="full", nulls_equal=True, coalesce=True)
    counts = pl.col("contratos", "con_real", "con_plan", "comparados").fill_null(0)
    return (
        joined.with_columns(counts)
        .with_columns(
            ratio_expr("real", "negociado").alias("pct_negociado"),
            ratio_expr("real", "comprometido").alias("pct_comprometido"),
            ratio_expr("comprometido", "negociado").alias("pct_firmado"),
            (pl.col("negociado") - pl.col("real")).cast(MONEY).alias("saldo"),
            index("real", "planeado_con_real").alias("cumplimiento"),
            index("ev", "ac").alias("cpi"),
            index("ev", "pv").alias("spi"),
        )
        .rename({group: "grupo"})
        .sort("negociado", "planeado", "grupo", descending=[True, True, False], nulls_last=True)
    )


def success(processes: pl.DataFrame) -> Mapping[str, object]:
    """How many processes ended with an award: `adjudicados`, `fallidos`, `en_curso`, `terminados`, and `tasa`.

    A process is awarded if SECOP II knows an award or a contract of it; else by the last word on it: SECOP II's state
    if that is a final one, or else the index's. `tasa` = adjudicados / terminados; None if none has ended.

    Args:
        processes: `estado_procedimiento`, `estado_indice`, `n_adjudicaciones`, `n_contratos`.

    Source: domain brief §4.13; a lot awarded counts for its process.
    """
    outcomes = [_outcome(row) for row in processes.rows(named=True)]
    awarded, failed = outcomes.count("adjudicado"), outcomes.count("fallido")
    ended = awarded + failed
    return {
        "adjudicados": awarded,
        "fallidos": failed,
        "en_curso": len(outcomes) - ended,
        "terminados": ended,
        "tasa": ratio(awarded, ended),
    }


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast money goes out, in pesos a month; None where nothing is known.

    Attributes:
        real: the mean of the last `PACE_MONTHS` months up to the cut, over those that state a real disbursement.
        months: how many these are.
        planned: the mean of what is planned in the same months; without any real, in the last months up to the cut.
        left: what is negotiated and not disbursed, by `real`: months until all is out; None at no pace.
    """

    real: Decimal | None = None
    months: int = 0
    planned: Decimal | None = None
    left: Decimal | None = None


def pace(months: pl.DataFrame, *, cut: date | None, balance: Decimal | None) -> Pace:
    """The burn rate at the cut.

    Args:
        months: from `by_month`.
        cut: the first day of the month.
        balance: pesos that are left.
    """
    if cut is None:
        return Pace()
    first = _months_before(cut, PACE_MONTHS - 1)
    window = months.filter(pl.col("mes").is_between(first, cut))
    stated = window.filter(pl.col("real").is_not_null())
    real = _mean(stated.get_column("real"))
    planned = _mean((stated if real is not None else window).get_column("planeado").drop_nulls())
    left = None
    if real is not None and real > 0 and balance is not None:
        left = (balance / real).quantize(Decimal("0.1"))
    return Pace(real=real, months=stated.height, planned=planned, left=left)


def by_month(plan: pl.DataFrame, flow: pl.DataFrame, *, cut: date | None) -> pl.DataFrame:
    """Each month of the base: `mes`; `planeado` and `real`, its disbursements; and what they add up to by then.

    `planeado_acumulado` for every month; `real_acumulado` and `ganado_acumulado` (EV) up to the cut and from the first
    month that states one on, else NULL. Pesos; a month in which nobody states an amount is NULL.
    """
    months = flow.group_by("mes").agg(
        stated_sum("desembolso_planeado").alias("planeado"), stated_sum("desembolso_real").alias("real")
    ).sort("mes")  # fmt: skip
    earned = [
        (month, contracts_at(plan, flow, cut=month).select(stated_sum("ganado").alias("ganado")).item())
        for month in months.get_column("mes")
        if cut is not None and month <= cut
    ]
    by_then = pl.DataFrame(earned, schema={"mes": pl.Date, "ganado_acumulado": MONEY}, orient="row")
    until_cut = pl.col("mes") <= (cut or date.min)
    return months.with_columns(
        pl.when(until_cut).then(pl.col("real")).alias("real"),
    ).with_columns(
        _running("planeado").alias("planeado_acumulado"),
        pl.when(until_cut).then(_running("real")).alias("real_acumulado"),
    ).join(by_then, on="mes", how="left", maintain_order="left")  # fmt: skip


def to_look_at(at: pl.DataFrame) -> pl.DataFrame:
    """The contracts that are not on plan at the cut, or of which nobody says whether they are; the most money first.

    Of those that state something real: an SPI or CPI below `ON_PLAN`; without an SPI, less than that share of the
    planned disbursement; or money more than `AHEAD` ahead of the works. And those that plan a disbursement up to the
    cut and state neither a disbursement nor progress.

    Returns:
        Of `at`, with the reasons `lento`, `caro`, `adelantado` and `callado` (no report), and `pendiente`, pesos:
        `planeado` − `real`, and all of `planeado` for those that do not report; NULL if only progress is stated.
    """
    silent = (pl.col("planeado") > 0) & pl.col("real").is_null() & pl.col("avance_real").is_null()
    paid = index("real", "planeado")
    behind = (pl.col("planeado") - pl.col("real")).cast(MONEY)
    return (
        at.with_columns(
            (pl.coalesce("spi", paid) < ON_PLAN).fill_null(value=False).alias("lento"),
            (pl.col("cpi") < ON_PLAN).fill_null(value=False).alias("caro"),
            (pl.col("brecha") > AHEAD).fill_null(value=False).alias("adelantado"),
            silent.fill_null(value=False).alias("callado"),
        )
        .with_columns(pl.when("callado").then(pl.col("planeado")).otherwise(behind).cast(MONEY).alias("pendiente"))
        .filter(pl.any_horizontal("lento", "caro", "adelantado", "callado"))
        .sort("pendiente", "valor_contrato", "clave", descending=[True, True, False], nulls_last=True)
    )


def _outcome(row: Mapping[str, object]) -> str:
    known = [row["n_adjudicaciones"], row["n_contratos"]]
    if any(isinstance(count, int) and count > 0 for count in known):
        return "adjudicado"
    for said in (row["estado_procedimiento"], row["estado_indice"]):
        word = plain_key(str(said or ""))
        if word in AWARDED:
            return "adjudicado"
        if word in FAILED:
            return "fallido"
    return "en curso"


def _running(name: str) -> pl.Expr:
    """What a column adds up to row by row; NULL before its first value."""
    amounts = pl.col(name).cast(SUM)
    return pl.when(pl.col(name).is_not_null().cum_max()).then(amounts.fill_null(Decimal(0)).cum_sum()).cast(MONEY)


def _mean(amounts: pl.Series) -> Decimal | None:
    """The mean to the cent; None of nothing."""
    values = amounts.to_list()
    return (sum(values, Decimal(0)) / len(values)).quantize(CENT, ROUND_HALF_UP) if values else None


def _months_before(month: date, count: int) -> date:
    years, rest = divmod(month.year * 12 + month.month - 1 - count, 12)
    return date(years, rest + 1, 1)
