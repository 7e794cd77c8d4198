"""Cuadro 1S until June 2024: a summary by organismo."""

from datetime import date
from typing import Final

import polars as pl

from etl_kit.datasets.action_plan import MONEY_OF_ORGANISMO
from etl_kit.errors import MissingColumns
from etl_kit.money import Spelling, ratio_expr, read_money
from etl_kit.numbers import read_whole
from etl_kit.organismos import organismo_by_name, organismo_name
from etl_kit.rejects import Rejects
from etl_kit.text import plain_key
from etl_kit.translation import _
from transformation_app.action_plan_books import Sheet
from transformation_app.action_plan_numbers import read_shares

HEADERS: Final = {
    "cod_centro_gestor": "codigo",
    "organismo": "organismo",
    "proyectos": "proyectos total",
    "proyectos_ejecutados": "proyectos ejecutado",
    "ejecucion_fisica": "% ejecucion fisica",
    "ppto_inicial": "inicial",
    "ppto_definitivo": "definitivo",
    "ejecucion": "ejecutado",
    "pagos": "pagos",
    "pct_ejecucion_publicado": "% ejecucion",
    "pct_pagos_publicado": "% pagos",
}
"""Our names, and the headers: both rows of one, or the lower alone where it is clear enough."""

COUNTS: Final = ("proyectos", "proyectos_ejecutados")
SUMMED: Final = (*COUNTS, *MONEY_OF_ORGANISMO)
TOTAL: Final = "total"
CODE: Final = r"^\d{4}$"
NO_CODE: Final = "la fila del resumen no tiene un código de organismo de cuatro dígitos"
REPEATED: Final = "la fila del resumen repite un organismo"
_SHARES: Final = ("ejecucion_fisica", "pct_ejecucion_publicado", "pct_pagos_publicado")
_ROUNDING: Final = 0.00005


def organismos_of(sheet: Sheet, *, fuente: str, cut: date, rejects: Rejects) -> tuple[pl.DataFrame, list[str]]:
    """The organismos of a summary, and in what its own TOTAL and percentages say otherwise.

    The rows end at TOTAL: what stands below it (sources, the numbers behind a chart) is no organismo. An organismo
    whose name we know has its code by that name, because two of them were printed with the same one.

    Raises:
        MissingColumns: a column of the summary is absent.
    """
    places, first = _columns(sheet, fuente)
    rows = [
        (sheet.header + 1 + at, row)
        for at, row in enumerate(sheet.rows[sheet.header :])
        if at >= first and any(cell and cell.strip() for cell in row)
    ]
    frame = pl.DataFrame(
        {"fila": [number for number, _row in rows], "fuente": [fuente] * len(rows)}
        | {name: [row[at] for _number, row in rows] for name, at in places.items()},
        schema={"fila": pl.Int64, "fuente": pl.String} | dict.fromkeys(places, pl.String),
    ).with_columns(pl.col("organismo", "cod_centro_gestor").str.replace_all(r"\s+", " ").str.strip_chars())
    totals = [at for at, name in enumerate(frame["organismo"].to_list()) if name and plain_key(name) == TOTAL]
    end = totals[0] if totals else frame.height
    read = _typed(_with_code(frame.head(end), rejects), rejects)
    total = _typed(frame.slice(end, 1), rejects) if totals else None
    named = read.with_columns(
        pl.lit(cut).alias("periodo_corte"),
        ratio_expr("ejecucion", "ppto_definitivo").alias("pct_ejecucion"),
        ratio_expr("pagos", "ejecucion").alias("pct_pagos"),
    )
    return named, [*_against_total(named, total, fuente), *_against_published(named, fuente)]


def _columns(sheet: Sheet, fuente: str) -> tuple[dict[str, int], int]:
    """Where each column stands, and how many rows from the header on the data begins.

    The header takes two rows, of which the upper has merged cells: a blank belongs to the cell before it.
    """
    upper, lower = sheet.rows[sheet.header], sheet.rows[sheet.header + 1 : sheet.header + 2]
    below = lower[0] if lower else (None,) * len(upper)
    names = []
    above = ""
    for top, bottom in zip(upper, below, strict=True):
        above = _header(top) or above
        names.append((f"{above} {_header(bottom)}".strip(), _header(bottom)))
    places: dict[str, int] = {}
    for ours, header in HEADERS.items():
        whole = [at for at, (both, _bottom) in enumerate(names) if both == header]
        part = [at for at, (both, bottom) in enumerate(names) if bottom == header and not both.startswith("proyectos")]
        if whole or part:
            places[ours] = (whole or part)[0]
    absent = [header for ours, header in HEADERS.items() if ours not in places and not ours.startswith("pct_")]
    if absent:
        raise MissingColumns(fuente, absent, present=[both for both, _bottom in names])
    return places, 2


def _header(cell: str | None) -> str:
    """A header for comparing; `Ejecu-tado` is one word, broken to fit its cell."""
    return plain_key(cell or "").replace("-", "")


def _with_code(rows: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    codes = [
        organismo.code if (organismo := organismo_by_name(name)) else code and code.removesuffix(".0")
        for name, code in rows.select("organismo", "cod_centro_gestor").iter_rows()
    ]
    coded = rows.with_columns(pl.Series("cod_centro_gestor", codes, dtype=pl.String))
    good = pl.col("cod_centro_gestor").str.contains(CODE).fill_null(value=False) & pl.col("organismo").is_not_null()
    _refuse(coded.filter(~good), NO_CODE, rejects)
    kept = coded.filter(good)
    first = pl.struct("cod_centro_gestor", "organismo").is_first_distinct()
    _refuse(kept.filter(~first), REPEATED, rejects)
    once = kept.filter(first)
    names = [
        organismo_name(code) or printed for code, printed in once.select("cod_centro_gestor", "organismo").iter_rows()
    ]
    return once.with_columns(pl.Series("nombre_centro_gestor", names, dtype=pl.String))


def _typed(rows: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    shares = [name for name in _SHARES if name in rows.columns]
    read = read_money(rows, MONEY_OF_ORGANISMO, rejects=rejects, spelling=Spelling.MACHINE)
    return read_whole(read_shares(read, shares, rejects=rejects), COUNTS, rejects=rejects)


def _against_total(rows: pl.DataFrame, total: pl.DataFrame | None, fuente: str) -> list[str]:
    if total is None:
        return [_("{name}: the summary has no TOTAL to check its organismos against").format(name=fuente)]
    told = total.row(0, named=True)
    apart = [name for name in SUMMED if rows[name].sum() != told[name]]
    text = _("{name}: the organismos do not add up to the TOTAL of the summary in {columns}")
    return [text.format(name=fuente, columns=", ".join(apart))] if apart else []


def _against_published(rows: pl.DataFrame, fuente: str) -> list[str]:
    pairs = [
        (ours, f"{ours}_publicado") for ours in ("pct_ejecucion", "pct_pagos") if f"{ours}_publicado" in rows.columns
    ]
    apart = sum(rows.filter((pl.col(ours) - pl.col(theirs)).abs() > _ROUNDING).height for ours, theirs in pairs)
    text = _("{name}: {count} percentages of the summary are not those of its own amounts")
    return [text.format(name=fuente, count=apart)] if apart else []


def _refuse(rows: pl.DataFrame, motive: str, rejects: Rejects) -> None:
    said = [name for name in HEADERS if name in rows.columns]
    rejects.add_frame(
        rows.select(
            "fila",
            pl.lit(None, dtype=pl.String).alias("columna"),
            pl.concat_str(said, separator=";", ignore_nulls=True).alias("valor_crudo"),
            pl.lit(motive).alias("motivo"),
            "fuente",
        )
    )
