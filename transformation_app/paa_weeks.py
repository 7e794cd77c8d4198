"""Which week speaks for which line of the plan: the latest that holds it, and what is no longer in the current one."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

import polars as pl

from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.originals import EXTRACTED_BY, Original
from etl_kit.rejects import Rejects
from etl_kit.translation import _
from transformation_app.paa_files import WeeklyPlan, read_plan
from transformation_app.paa_layout import MARKED, PAA_COLUMNS, REPEATING

HALF_EMPTY: Final = "fila medio vacía: le falta ID, organismo, descripción o valor total estimado"
NO: Final = "NO"
NO_ID: Final = "el ID no es un número entero"
REPEATED: Final = "el ID se repite en el archivo; cuenta la fila con más modificaciones"

_ID: Final = r"^(\d{1,18})(?:\.0+)?$"
_SHOWN: Final = 5
_LONGEST_SHOWN: Final = 40


def read_plans(files: Iterable[Original], *, rejects: Rejects) -> tuple[list[WeeklyPlan], list[str]]:
    """The plans that the files hold, oldest first, and warnings; a file that cannot be used is refused by name.

    Raises:
        UnreadableInput, MissingInput: there are files, but not one can be used.
    """
    plans: list[WeeklyPlan] = []
    warnings: list[str] = []
    failure: UnreadableInput | MissingInput | None = None
    for file in files:
        try:
            plans.append(read_plan(_content(file), name=file.name))
        except (UnreadableInput, MissingInput) as error:
            failure = error
            rejects.add(motivo=str(error), fuente=file.name)
            warnings.append(_("{name} was left out: {reason}").format(name=file.name, reason=error))
    if failure is not None and not plans:
        raise failure
    return sorted(plans, key=lambda plan: plan.rank), warnings


def latest_lines(plans: Sequence[WeeklyPlan], *, rejects: Rejects) -> pl.DataFrame:
    """One row per ID, from the latest plan that holds it in full.

    Args:
        plans: oldest first, at least one.
        rejects: takes half-empty rows, rows without a readable ID, and repeated IDs within one workbook.

    Returns:
        Cells as text, with `semana`, `fecha_corte`, and `vigente`: whether the current plan of the same year still
        has the ID, be it in a half-empty row.
    """
    current = current_plans(plans)
    read = []
    still_there = []
    for order, plan in enumerate(plans):
        known, complete = _judged(plan.lines, rejects)
        read.append(
            complete.with_columns(
                *(pl.col(name).fill_null(NO) for name in _blank_is_no(plan)),
                pl.lit(order).alias("orden"),
                pl.lit(plan.year, dtype=pl.Int64).alias("anio_del_plan"),
                pl.lit(plan.week, dtype=pl.Int64).alias("semana"),
                pl.lit(plan.cut).alias("fecha_corte"),
            ),
        )
        if plan in current:
            there = known.select("id", pl.lit(plan.year, dtype=pl.Int64).alias("anio_del_plan"))
            still_there.append(there.unique().with_columns(pl.lit(value=True).alias("vigente")))
    lines = pl.concat(read)
    return (
        lines.filter(pl.col("orden") == pl.col("orden").max().over("id"))
        .join(pl.concat(still_there), on=("id", "anio_del_plan"), how="left", maintain_order="left")
        .with_columns(pl.col("vigente").fill_null(value=False))
        .drop("orden", "anio_del_plan")
    )


def current_plans(plans: Sequence[WeeklyPlan]) -> list[WeeklyPlan]:
    """The last plan of each year; `plans` are oldest first."""
    return [list(of_year)[-1] for _year, of_year in groupby(plans, key=lambda plan: plan.year)]


def plan_warnings(plans: Sequence[WeeklyPlan], lines: pl.DataFrame) -> list[str]:
    """Which workbook is current where there are several, and what each lacks or holds besides the plan."""
    warnings = []
    for current in current_plans(plans):
        others = [plan.name for plan in plans if plan.year == current.year and plan is not current]
        if others:
            names = [current.name, *others]
            gone = lines.filter(~pl.col("vigente") & pl.col("fuente").is_in(names)).height
            warnings.append(
                _(
                    "{name} (week {week}) is the current plan of {year}; {count} lines are only in older files "
                    "({others}) and marked as not current"
                ).format(
                    name=current.name,
                    week=current.week,
                    year=current.year,
                    count=gone,
                    others=", ".join(others),
                ),
            )
    for plan in plans:
        if plan.absent:
            text = _("{name} lacks the columns {columns}; they stay empty")
            warnings.append(text.format(name=plan.name, columns=_some(plan.absent)))
        if plan.junk:
            text = _("{name} has {count} columns that are none of the plan's and were not read: {columns}")
            warnings.append(text.format(name=plan.name, count=len(plan.junk), columns=_some(plan.junk)))
    return warnings


def _blank_is_no(plan: WeeklyPlan) -> list[str]:
    """Columns whose blank cells say no; in a sheet without the column nobody says anything."""
    return [name for name in (*MARKED, *REPEATING.values()) if PAA_COLUMNS[name] not in plan.absent]


def _content(file: Original) -> bytes:
    try:
        return file.path.read_bytes()
    except FileNotFoundError as error:
        raise MissingInput(file.path, made_by=EXTRACTED_BY) from error


def _judged(lines: pl.DataFrame, rejects: Rejects) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows whose ID can be read, and those of them that are whole and alone with their ID."""
    number = pl.col("id").str.extract(_ID, 1)
    lacking = _lacking()
    _refuse(lines.filter(lacking), HALF_EMPTY, rejects)
    _refuse(lines.filter(~lacking & number.is_null()), NO_ID, rejects)
    known = lines.with_columns(number.alias("id")).filter(pl.col("id").is_not_null())
    changes = pl.col("numero_modificaciones").cast(pl.Float64, strict=False).fill_null(0)
    ordered = (
        known.filter(~_lacking())
        .with_columns(changes.alias("cambios"))
        # by what rows say, not where they stand: another row order must choose the same one
        .sort(["cambios", *PAA_COLUMNS], descending=[True, *([False] * len(PAA_COLUMNS))], nulls_last=True)
        .drop("cambios")
    )
    alone = ordered.unique("id", keep="first", maintain_order=True)
    _refuse(ordered.join(alone, on=("id", "fila"), how="anti"), REPEATED, rejects)
    return known, alone


def _lacking() -> pl.Expr:
    nobody = pl.col("nombre_centro_gestor").is_null() & pl.col("cod_centro_gestor").is_null()
    return nobody | pl.any_horizontal(pl.col("id", "descripcion", "valor_total_estimado").is_null())


def _refuse(rows: pl.DataFrame, motive: str, rejects: Rejects) -> None:
    rejects.add_frame(
        rows.select(
            "fila",
            pl.lit(None, dtype=pl.String).alias("columna"),
            pl.concat_str(PAA_COLUMNS.keys(), separator=";", ignore_nulls=True).alias("valor_crudo"),
            pl.lit(motive).alias("motivo"),
            "fuente",
        ),
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(name[:_LONGEST_SHOWN] for name in names[:_SHOWN])
    return f"{shown}…" if len(names) > _SHOWN else shown
