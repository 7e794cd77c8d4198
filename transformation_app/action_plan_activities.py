"""Rows of Cuadro 1S since September 2024, made into activities with keys, shares, money and dates."""

from datetime import date
from typing import Final

import polars as pl

from etl_kit.datasets import SEGUIMIENTO_ACTIVIDADES
from etl_kit.datasets.action_plan import MONEY_OF_ACTIVITY, by_quarter
from etl_kit.dates import read_dates
from etl_kit.money import Spelling, read_money
from etl_kit.organismos import BY_CODE
from etl_kit.projects import bp_expr, bpin_expr
from etl_kit.rejects import Rejects
from transformation_app.action_plan_books import Sheet
from transformation_app.action_plan_layout import TEXT_COLUMNS, find_columns
from transformation_app.action_plan_numbers import only_this_century, read_quantities, read_shares, refused, tidy
from transformation_app.action_plan_periods import quarter_of

SHARES: Final = (
    "ponderacion_actividad",
    "ponderacion_producto",
    "avance_proyecto",
    *by_quarter("avance_actividad"),
    *by_quarter("avance_producto"),
)
QUANTITIES: Final = ("programacion_pi", "cantidad_programada_producto", *by_quarter("ejecucion_fisica"))
DATES: Final = ("fecha_inicio_actividad", "fecha_fin_actividad")
TEXTS: Final = tuple(
    name for name in TEXT_COLUMNS if name not in (*SHARES, *QUANTITIES, *DATES, *MONEY_OF_ACTIVITY, "bpin")
)
KEY: Final = tuple(name for name in SEGUIMIENTO_ACTIVIDADES.key if name != "ordinal")
MGA_DIGITS: Final = 7
"""Sector, programme and product of the national catalogue; a spreadsheet drops the zero of the sectors 01 to 09."""

NO_BPIN: Final = "el BPIN no tiene 13 ni 15 dígitos"
NO_ACTIVITY: Final = "la fila no tiene código de actividad"
NO_BP: Final = "el BP no tiene 8 dígitos"
REPEATED: Final = "la fila repite otra celda por celda y cuenta una vez"


def activities_of(sheet: Sheet, *, fuente: str, cut: date, rejects: Rejects) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The activities of a sheet, and the headers whose column holds something else.

    The frame also has the columns of the product and of the project, which each of their activities repeats, and
    `fila`. Rows that say the same in every column we read count once; rows that share only the code of an activity
    stay, told apart by `ordinal`.

    Raises:
        MissingColumns, UnreadableInput: as `find_columns` does.
    """
    header, rows = sheet.rows[sheet.header], sheet.rows[sheet.header + 1 :]
    found = find_columns(header, rows, fuente)
    kept = [(sheet.header + 2 + at, row) for at, row in enumerate(rows) if any(cell and cell.strip() for cell in row)]
    cells = {
        name: [row[found.places[name]] for _number, row in kept] if name in found.places else [None] * len(kept)
        for name in TEXT_COLUMNS
    }
    frame = pl.DataFrame(
        {"fila": [number for number, _row in kept], "fuente": [fuente] * len(kept), **cells},
        schema={"fila": pl.Int64, "fuente": pl.String} | dict.fromkeys(TEXT_COLUMNS, pl.String),
    )
    return clean_activities(frame, cut=cut, rejects=rejects), found.misleading


def clean_activities(frame: pl.DataFrame, *, cut: date, rejects: Rejects) -> pl.DataFrame:
    """Typed rows with a key, of a frame of text with `TEXT_COLUMNS`, `fila` and `fuente`.

    Rows without BPIN or activity go to `rejects`, as do cells that cannot be read; those become NULL.
    """
    keyed = _keyed(frame.with_columns(tidy(name) for name in TEXTS), rejects)
    dated = read_dates(
        only_this_century(keyed.with_columns(tidy(name) for name in DATES), DATES, rejects=rejects),
        list(DATES),
        rejects=rejects,
    )
    numbered = read_quantities(read_shares(dated, SHARES, rejects=rejects), QUANTITIES, rejects=rejects)
    read = read_money(numbered, MONEY_OF_ACTIVITY, rejects=rejects, spelling=Spelling.MACHINE)
    quarter = quarter_of(cut)
    once = _once(read, rejects).with_columns(
        pl.lit(cut).alias("periodo_corte"),
        pl.col("cod_producto_mga").str.zfill(MGA_DIGITS),
        pl.col(f"avance_actividad_trim_{quarter}").alias("avance_actividad"),
        pl.col(f"avance_producto_trim_{quarter}").alias("avance_producto"),
        pl.coalesce(f"avance_producto_trim_{each}" for each in range(quarter, 0, -1)).alias(
            "avance_producto_acumulado"
        ),
        pl.col("cod_centro_gestor")
        .replace_strict({code: organismo.name for code, organismo in BY_CODE.items()}, default=None)
        .fill_null(pl.col("nombre_centro_gestor"))
        .alias("nombre_centro_gestor"),
    )
    return with_ordinal(once)


def with_ordinal(rows: pl.DataFrame) -> pl.DataFrame:
    """Number from 1 the rows that share their key, by what they say and not by their place in the file."""
    said = (*KEY, *MONEY_OF_ACTIVITY, *SHARES, *QUANTITIES, *DATES, *(name for name in TEXTS if name not in KEY))
    return rows.sort(said, nulls_last=True, maintain_order=True).with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(KEY).alias("ordinal"),
    )


def _keyed(frame: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    """The rows that have a BPIN and an activity; a BP that cannot be read only becomes NULL."""
    read = frame.with_columns(
        bpin_expr(pl.col("bpin")).alias("bpin_leido"),
        bp_expr(pl.col("bp")).alias("bp_leido"),
        pl.col("cod_centro_gestor").str.strip_suffix(".0"),
    )
    homeless = pl.col("bpin_leido").is_null()
    nameless = ~homeless & pl.col("cod_actividad").is_null()
    rejects.add_frame(_whole_rows(read.filter(homeless), NO_BPIN))
    rejects.add_frame(_whole_rows(read.filter(nameless), NO_ACTIVITY))
    kept = read.filter(~homeless & ~nameless)
    rejects.add_frame(refused(kept.filter(pl.col("bp_leido").is_null() & pl.col("bp").is_not_null()), "bp", NO_BP))
    return kept.with_columns(pl.col("bpin_leido").alias("bpin"), pl.col("bp_leido").alias("bp")).drop(
        "bpin_leido", "bp_leido"
    )


def _once(rows: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    """One of the rows that say the same in every column: what is written twice is not spent twice."""
    said = [name for name in rows.columns if name not in ("fila", "fuente")]
    again = rows.filter(~pl.struct(said).is_first_distinct())
    rejects.add_frame(
        again.select(
            "fila", pl.lit("cod_actividad").alias("columna"), "fuente", valor_crudo="cod_actividad"
        ).with_columns(pl.lit(REPEATED).alias("motivo"))
    )
    return rows.filter(pl.struct(said).is_first_distinct())


def _whole_rows(rows: pl.DataFrame, motive: str) -> pl.DataFrame:
    """Rows as rejects: what they are about and what money they hold, without the explanations."""
    said = ("bpin", "bp", "cod_actividad", "nombre_actividad", "meta_pd", *MONEY_OF_ACTIVITY)
    return rows.select(
        "fila",
        pl.lit(None, dtype=pl.String).alias("columna"),
        pl.concat_str(said, separator=";", ignore_nulls=True).alias("valor_crudo"),
        pl.lit(motive).alias("motivo"),
        "fuente",
    )
