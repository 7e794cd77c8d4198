"""The figures of control_totals.json on budget execution, computed from the line detail."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import polars as pl

from etl_kit.dates import last_day, month_of_file_name
from transformation_app.budget_layout import MONEY_COLUMNS, SHARED

CSV_FILES = (
    "EJECUCION_FEBRERO_2024.csv",
    "EJECUCION_ENERO_2025.csv",
    "EJECUCION_ABRIL_2025.csv",
    "EJECUCION_MAYO_2025.csv",
)
SAMPLE = "4. Ejecucion_Def_Abril_Inversion_2025 (muestra).xlsx"
SPELLED = dict.fromkeys(CSV_FILES, "Reserva") | {"EJECUCION_FEBRERO_2024.csv": "Reservas"}
"""How a file spells the commitments of the year before; the tables spell them one way."""
APRIL = "EJECUCION_ABRIL_2025.csv"
HEADERS = {header: column for column in MONEY_COLUMNS for header in SHARED[column]}
MOVEMENTS = ("reducciones", "adiciones", "contracreditos", "creditos", "aplazamiento", "desaplazamiento")


def figures(read: Callable[[str], pl.DataFrame]) -> dict[str, object]:
    """Dotted name in the control file → value; `read` gives a dataset's frame by its name."""
    detail = read("ejecucion_detalle")
    months = {name: detail.filter(pl.col("periodo_corte") == last_day(*month_of_file_name(name))) for name in CSV_FILES}
    shares = shares_of(months[APRIL])
    return {
        **{
            f"ejecucion.{name}.{key}".replace("rows.Reserva", f"rows.{SPELLED[name]}"): value
            for name, lines in months.items()
            for key, value in of_month(lines)
        },
        "control_oficial_abril_2025.organismos": len(shares),
        "control_oficial_abril_2025.organismos_that_do_not_match_the_csv": [],
        **{f"control_oficial_abril_2025.pct.{code}": share for code, share in shares.items()},
        **{
            f"control_avance_general_2025.{name}.{key}": value
            for name in ("EJECUCION_ENERO_2025.csv", APRIL)
            for key, value in (("organismos", len(shares_of(months[name]))), ("diferentes", []))
        },
    }


def of_sample(lines: pl.DataFrame) -> dict[str, object]:
    """The figures of the workbook's sample, which is not loaded beside the complete CSV of its month."""
    return {
        f"ejecucion.{SAMPLE}.rows": lines.height,
        f"ejecucion.{SAMPLE}.bpin_distinct": lines["bpin"].n_unique(),
        f"ejecucion.{SAMPLE}.organismos": lines["cod_centro_gestor"].n_unique(),
        **{f"ejecucion.{SAMPLE}.totals.{name}": value for name, value in totals_of(lines).items()},
    }


def of_month(lines: pl.DataFrame) -> Iterator[tuple[str, object]]:
    """The figures of one month, by their name below the file's."""
    actual = lines.filter(pl.col("vigencia") == "Actual")
    moved = pl.sum_horizontal("ppto_inicial", *MOVEMENTS)
    unsigned = pl.sum_horizontal("ppto_inicial", *(pl.col(name).abs() for name in MOVEMENTS))  # digits only: the trap
    yield "rows", lines.height
    yield "bpin_distinct", lines["bpin"].n_unique()
    yield "bp_distinct", lines["bp"].n_unique()
    yield "organismos", lines["cod_centro_gestor"].n_unique()
    yield "bpin_not_13_digits", lines.filter(pl.col("bpin").str.len_chars() != 13).height
    yield from ((f"vigencia_rows.{name}", count) for name, count in lines.group_by("vigencia").len().rows())
    for column in MONEY_COLUMNS:
        negative = lines.filter(pl.col(column) < 0).height
        if negative:
            yield f"negative_cells.{SHARED[column][0]}", negative
    yield "null_money_cells", sum(lines[column].null_count() for column in MONEY_COLUMNS)
    yield from ((f"totals.{name}", value) for name, value in totals_of(lines).items())
    yield "same_if_movements_are_signed", lines.filter(moved != pl.col("ppto_modificado")).height
    yield "rows_where_modificado_differs_from_movements", lines.filter(unsigned != pl.col("ppto_modificado")).height
    yield "rows_ejecucion_ne_rpc", lines.filter(pl.col("ejecucion") != pl.col("total_acumulado_rpc")).height
    yield "rows_pagos_gt_obligac", lines.filter(pl.col("pagos") > pl.col("total_acumul_obligac")).height
    yield "rows_ejecucion_gt_modificado", lines.filter(pl.col("ejecucion") > pl.col("ppto_modificado")).height
    yield from ((f"pct_ejecucion_actual_por_organismo.{code}", share) for code, share in shares_of(lines).items())
    for name in ("PPTO INICIAL", "PPTO. MODIFICADO", "EJECUCION", "PAGOS"):
        yield f"totals_actual.{name}", actual[HEADERS[name]].sum()
    yield from _largest(lines)


def totals_of(lines: pl.DataFrame) -> dict[str, Decimal]:
    return {SHARED[column][0]: lines[column].sum() for column in MONEY_COLUMNS}


def shares_of(lines: pl.DataFrame) -> dict[str, Decimal]:
    """What each department has executed of its current budget, to six decimals."""
    sums = (
        lines.filter(pl.col("vigencia") == "Actual")
        .group_by("cod_centro_gestor")
        .agg(pl.col("ejecucion", "ppto_modificado").sum())
    )
    return {
        code: (done / budget).quantize(Decimal("0.000001"))
        for code, done, budget in sums.select("cod_centro_gestor", "ejecucion", "ppto_modificado").rows()
        if budget
    }


def _largest(lines: pl.DataFrame) -> Iterator[tuple[str, object]]:
    """The three projects with the largest budget."""
    columns = {name: HEADERS[name] for name in ("PPTO. MODIFICADO", "EJECUCION", "PAGOS")}
    sums = lines.group_by("bpin").agg(pl.col(*columns.values()).sum())
    for row in sums.sort("ppto_modificado", descending=True).head(3).rows(named=True):
        yield from ((f"top3_bpin.{row['bpin']}.{name}", row[column]) for name, column in columns.items())
