"""What the loan pays month by month: unpivoted from the blocks of months, by contract and by bank and department."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import polars as pl

from etl_kit.dates import read_dates
from etl_kit.loan_progress import added_in_month
from etl_kit.money import MILLIONTH, MONEY, RATIO, REFUSED, Spelling, money_expr, money_refused, read_money
from etl_kit.numbers import flag_expr
from etl_kit.projects import bp_expr
from etl_kit.references import reference_column
from etl_kit.rejects import Rejects
from transformation_app.loan_books import Sheet
from transformation_app.loan_cells import (
    NO_BP,
    NO_SHARE,
    joined,
    refuse,
    share_expr,
    tidy,
    total,
    unrounded_expr,
    with_bank,
    with_key,
    with_organismo,
    without_totals,
)
from transformation_app.loan_layout import Measure, MonthColumn

OTHER_SUBTOTAL: Final = "el subtotal del año no es la suma de sus meses"
FROM_CASH_FLOW: Final = "flujo_de_caja"
FROM_PLAN: Final = "base_de_contratos"

_PLAN_TEXTS: Final = (
    "bp", "descripcion", "nombre_comercial", "contrato", "tipo_contratacion", "vigencia_futura", "delegado",
    "referencia_contrato", "cdp", "rpc", "link_secop", "observaciones",
)  # fmt: skip
_PLAN_DATES: Final = ("fecha_inicio", "fecha_terminacion", "fecha_publicacion", "fecha_adjudicacion")
_IDENTITY: Final = (
    "banco_crudo", "nombre_centro_gestor", "bp", "descripcion", "nombre_comercial", "contrato", "tipo_contratacion",
)  # fmt: skip
"""What makes a line of the base the same contract tomorrow, when its amounts and dates may be others."""
_ORDER: Final = ("valor_contrato", "fecha_inicio", "fecha_terminacion", "observaciones")
_FLOW_KEY: Final = ("banco_linea", "nombre_centro_gestor", "mes")


def planned_contracts(sheet: Sheet, *, rejects: Rejects) -> pl.DataFrame:
    """The contracts of the base, one row each, unique on `clave`; the text of the months stays beside.

    Args:
        sheet: of `Kind.PLAN`.
        rejects: takes totals, unknown banks and departments, and cells that cannot be read. The row stays but for
            totals.
    """
    sheet.note_repeated(rejects)
    rows = without_totals(sheet.rows, ("organismo", "bp", "contrato"), rejects=rejects)
    rows = with_organismo(with_bank(rows, rejects=rejects), rejects=rejects).with_columns(
        *tidy(_PLAN_TEXTS), pl.col("bp").alias("bp_crudo")
    )
    refuse(rows.filter(pl.col("bp").is_not_null() & bp_expr(pl.col("bp")).is_null()), "bp", NO_BP, rejects)
    flags = rows.filter(pl.col("delegado").is_not_null() & flag_expr(pl.col("delegado")).is_null())
    refuse(flags, "delegado", "no es sí ni no", rejects)
    rows = read_money(rows, ["valor_contrato"], rejects=rejects, spelling=Spelling.MACHINE)
    rows = read_dates(rows, list(_PLAN_DATES), rejects=rejects)
    rows = rows.with_columns(
        bp_expr(pl.col("bp")).alias("bp"),
        flag_expr(pl.col("vigencia_futura")).alias("requiere_vigencia_futura"),
        flag_expr(pl.col("delegado")).alias("delegado"),
        pl.coalesce(reference_column("referencia_contrato"), "referencia_contrato").alias("referencia_contrato"),
    )
    return with_key(rows, _IDENTITY, _ORDER)


def contract_flow(contracts: pl.DataFrame, months: Sequence[MonthColumn], *, rejects: Rejects) -> pl.DataFrame:
    """What each contract plans and really does in a month; months of which it says nothing are no rows.

    Amounts are rounded to the cent one by one. Subtotals of a year are no month and are left out.

    Args:
        contracts: from `planned_contracts`.
        months: of their sheet.
        rejects: takes amounts and shares that cannot be read; they are NULL.

    Returns:
        Unique on `clave` and `mes`, with the four measures and `desembolso_planeado_sin_redondear`.
    """
    said = _unpivoted(contracts, months, ("clave",), rejects=rejects)
    flow = said.group_by("clave", "mes").agg(
        *(_only(measure) for measure in Measure),
        pl.col("sin_redondear")
        .filter(pl.col("medida") == Measure.PLANNED)
        .first()
        .alias("desembolso_planeado_sin_redondear"),
        pl.col("fuente").first(),
    )
    return flow.filter(pl.any_horizontal(pl.col(list(Measure)).is_not_null()))


def note_subtotals(contracts: pl.DataFrame, flow: pl.DataFrame, *, rejects: Rejects) -> None:
    """Keep in `rejects` the subtotals of a year that differ by a peso or more from its months, which count.

    A subtotal that cannot be read is none: in some rows a text or a share stands in its place.
    """
    columns = [name for name in contracts.columns if name.startswith("subtotal ")]
    planned = flow.group_by("clave", pl.col("mes").dt.year().alias("_year")).agg(
        total("desembolso_planeado_sin_redondear").alias("_months")
    )
    for name in columns:
        of_year = planned.filter(pl.col("_year") == int(name.split()[1]))
        said = contracts.join(of_year, on="clave", how="left").with_columns(
            (unrounded_expr(pl.col(name)) - pl.col("_months").fill_null(Decimal(0))).abs().alias("_apart"),
        )
        refuse(said.filter(pl.col("_apart") >= 1), name, OTHER_SUBTOTAL, rejects)


def with_totals(contracts: pl.DataFrame, flow: pl.DataFrame) -> pl.DataFrame:
    """`contracts` with what their months add up to."""
    sums = flow.group_by("clave").agg(
        total("desembolso_planeado").alias("total_planeado"),
        total("desembolso_real").alias("total_real"),
    )
    return contracts.join(sums, on="clave", how="left")


def flow_of_contracts(contracts: pl.DataFrame, flow: pl.DataFrame) -> pl.DataFrame:
    """The flow of the contracts by bank, department and month.

    Amounts are sums, NULL if nobody states one; progress is what the month adds (`added_in_month`: some contracts write
    it so, others all that is done by then): the mean of the contracts that state it, weighted by their value, NULL if
    none of them has one.
    """
    progress = (Measure.PLANNED_PROGRESS.value, Measure.REAL_PROGRESS.value)
    by = contracts.select("clave", "banco", "banco_linea", "banco_crudo", "cod_centro_gestor",
                          pl.col("nombre_centro_gestor").fill_null(_NOBODY), "valor_contrato")  # fmt: skip
    joined_flow = added_in_month(flow, *progress).join(by, on="clave", how="left")
    return joined_flow.group_by(_FLOW_KEY).agg(
        pl.lit(FROM_PLAN).alias("origen"),
        pl.col("banco", "cod_centro_gestor").first(),
        joined("banco_crudo"),
        *(total(each).alias(each) for each in (Measure.PLANNED, Measure.REAL, "desembolso_planeado_sin_redondear")),
        *(_weighted(each) for each in progress),
        pl.len().cast(pl.Int64).alias("n_filas"),
        pl.col("fuente").first(),
    )


def cash_flow(sheet: Sheet, *, rejects: Rejects) -> pl.DataFrame:
    """The cash flow of disbursements by bank, department and month; a blank month is a row with NULL.

    Its cells come from formulas and bear fractions of a cent and the noise of floats: `desembolso_planeado` is each
    cell rounded to the cent (12000000000.000002 is 12000000000.00), `desembolso_planeado_sin_redondear` the cell to
    the ten-thousandth. Only sums of the latter are the workbook's own.

    Args:
        sheet: of `Kind.CASH_FLOW`.
        rejects: takes totals, unknown banks and departments, and amounts that cannot be read, which are NULL.
    """
    sheet.note_repeated(rejects)
    rows = without_totals(sheet.rows, ("banco_crudo", "organismo"), rejects=rejects)
    rows = with_organismo(with_bank(rows, rejects=rejects), rejects=rejects)
    rows = rows.with_columns(pl.col("nombre_centro_gestor").fill_null(_NOBODY))
    kept = ("banco", "banco_linea", "banco_crudo", "cod_centro_gestor", "nombre_centro_gestor")
    said = _unpivoted(rows, sheet.months, kept, rejects=rejects)
    return said.group_by(_FLOW_KEY).agg(
        pl.lit(FROM_CASH_FLOW).alias("origen"),
        pl.col("banco", "cod_centro_gestor").first(),
        joined("banco_crudo"),
        total("pesos").alias(Measure.PLANNED),
        pl.lit(None, dtype=MONEY).alias(Measure.REAL),
        pl.lit(None, dtype=RATIO).alias(Measure.PLANNED_PROGRESS),
        pl.lit(None, dtype=RATIO).alias(Measure.REAL_PROGRESS),
        total("sin_redondear").alias("desembolso_planeado_sin_redondear"),
        pl.len().cast(pl.Int64).alias("n_filas"),
        pl.col("fuente").first(),
    )


_NOBODY: Final = "sin organismo"


def _unpivoted(
    rows: pl.DataFrame,
    months: Sequence[MonthColumn],
    kept: Sequence[str],
    *,
    rejects: Rejects,
) -> pl.DataFrame:
    """One row for each row and month column, with `mes`, `medida` and what the cell says, as pesos or as a share."""
    about = pl.DataFrame(
        [(month.name, month.month, month.measure.value, month.header, month.measure.is_money) for month in months],
        schema={"_name": pl.String, "mes": pl.Date, "medida": pl.String, "columna": pl.String, "_money": pl.Boolean},
        orient="row",
    )
    cells = rows.unpivot(
        on=[month.name for month in months],
        index=["fila", "fuente", *kept],
        variable_name="_name",
        value_name="valor_crudo",
    ).join(about, on="_name", how="left")
    text = pl.col("valor_crudo")
    money = pl.when(pl.col("_money")).then(text)
    share = pl.when(~pl.col("_money")).then(text)
    read = cells.with_columns(
        money_expr(money, spelling=Spelling.MACHINE).alias("pesos"),
        unrounded_expr(money).alias("sin_redondear"),
        share_expr(share).alias("parte"),
        money_refused(money, spelling=Spelling.MACHINE).alias("_no_money"),
    )
    no_share = ~pl.col("_money") & pl.col("parte").is_null() & (text.str.strip_chars() != "")
    for refused, motive in ((pl.col("_no_money"), REFUSED), (no_share, NO_SHARE)):
        rejects.add_frame(
            read.filter(refused).select("fila", "columna", "valor_crudo", pl.lit(motive).alias("motivo"), "fuente")
        )
    return read


def _only(measure: Measure) -> pl.Expr:
    value = pl.col("pesos" if measure.is_money else "parte")
    return value.filter(pl.col("medida") == measure.value).first().alias(measure.value)


def _weighted(measure: str) -> pl.Expr:
    """Σ share·value / Σ value in whole numbers, half away from zero, over those that have both."""
    share = pl.col(measure).to_physical().cast(pl.Int128)
    value = pl.when(pl.col(measure).is_not_null()).then(pl.col("valor_contrato").to_physical().cast(pl.Int128))
    weight = value.sum()
    weighted = (share * value).sum()
    size = (weighted.abs() * 2 + weight) // (weight * 2)
    sign = pl.when(weighted < 0).then(-1).otherwise(1)
    millionths = pl.when(weight > 0).then(size * sign)
    return (millionths.cast(pl.Decimal(38, 0)) * MILLIONTH).cast(RATIO, strict=False).alias(measure)
