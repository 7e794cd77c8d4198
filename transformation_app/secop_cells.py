"""Cells of SECOP read quickly: each distinct text of a column is looked at once, however often it stands there.

What the cells mean is said in `etl_kit` (text, money, dates, numbers); nothing here reads anything differently.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import polars as pl

from etl_kit import dates, money, numbers
from etl_kit.money import MONEY, Spelling
from etl_kit.organismos import organismo_by_code, organismo_by_name
from etl_kit.references import normalise_reference, organismo_of
from etl_kit.rejects import Rejects
from etl_kit.text import text_column

Expression = Callable[[pl.Expr], pl.Expr]

PLAIN_AMOUNT: Final = r"^[0-9]{1,17}(\.[0-9]{1,2})?$"
"""Amounts that every rule reads alike, and nearly all are written so."""

SURELY_A_TEXT: Final = r"^[1-9A-MO-RT-Za-mo-rt-z]"
"""How no word for "nothing" begins (`text.NULL_WORDS`: with 0, a dash, N or S)."""

PLAIN_REFERENCE: Final = r"^([0-9]{4})(?:\.[0-9]{1,3}){2,6}\.[0-9]{1,6}-20[0-4][0-9]$"
"""References that are their own normal form."""

COULD_BE_A_REFERENCE: Final = r"\d{4}\s*\.\s*\d"

_CELL, _READ, _REFUSED = "celda", "leida", "rechazada"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How the cells of a kind of column are read: `read` gives the value, `refused` says that something else stands."""

    read: Expression
    refused: Expression | None = None
    motive: str = ""


def text_cell(cell: pl.Expr, *, zero_is_null: bool = True) -> pl.Expr:
    """As `text_column`, with a short way for what begins as no word for "nothing" does."""
    trimmed = cell.str.strip_chars()
    plain = trimmed.str.contains(SURELY_A_TEXT)
    doubtful = pl.when(~plain).then(trimmed)
    return pl.when(plain).then(trimmed).otherwise(text_column(doubtful, zero_is_null=zero_is_null))


def _amount(cell: pl.Expr) -> pl.Expr:
    return text_cell(cell, zero_is_null=False)


TEXT: Final = Reader(read=text_cell)
FLAG: Final = Reader(read=numbers.flag_expr)
DAY: Final = Reader(
    read=lambda cell: dates.date_expr(text_cell(cell)),
    refused=lambda cell: dates.date_refused(text_cell(cell)),
    motive=dates.REFUSED,
)
COUNT: Final = Reader(
    read=lambda cell: numbers.whole_expr(_amount(cell)),
    refused=lambda cell: _amount(cell).is_not_null() & numbers.whole_expr(_amount(cell)).is_null(),
    motive=numbers.REFUSED,
)
PESOS: Final = Reader(
    read=lambda cell: money.money_expr(_amount(cell), spelling=Spelling.MACHINE),
    refused=lambda cell: money.money_refused(_amount(cell), spelling=Spelling.MACHINE),
    motive=money.REFUSED,
)
OF_TYPE: Final[Mapping[object, Reader]] = {
    MONEY: PESOS,
    pl.Date: DAY,
    pl.Int64: COUNT,
    pl.Boolean: FLAG,
    pl.String: TEXT,
}
"""How the cells of a column are read that becomes this type."""

AMOUNT_AS_TEXT: Final = Reader(read=_amount)
"""Pesos and counts trimmed, but not read yet."""


def read_cells(frame: pl.DataFrame, readers: Mapping[str, Reader], *, rejects: Rejects) -> pl.DataFrame:
    """`frame` with the text columns of `readers` read; refused cells become NULL and go to `rejects`.

    `frame` holds `fila` and `fuente`.
    """
    read = {}
    for name, reader in readers.items():
        cells = frame.get_column(name)
        said = _read_plain_amounts(cells) if reader is PESOS else None
        read[name] = said.alias(name) if said is not None else _read_distinct(frame, name, reader, rejects)
    return frame.with_columns(read.values())


def _read_plain_amounts(cells: pl.Series) -> pl.Series | None:
    """The amounts, if all cells are plain ones; else None."""
    plain = cells.str.contains(PLAIN_AMOUNT).fill_null(value=True).all()
    return cells.cast(MONEY) if plain else None


def _read_distinct(frame: pl.DataFrame, name: str, reader: Reader, rejects: Rejects) -> pl.Series:
    cells = frame.get_column(name).alias(_CELL)
    distinct = cells.unique()
    several = 2 * distinct.len() < cells.len()
    cell = pl.col(_CELL)
    refused = pl.lit(value=False) if reader.refused is None else reader.refused(cell).fill_null(value=False)
    looked_at = pl.DataFrame(distinct if several else cells)
    read = looked_at.select(cell, reader.read(cell).alias(_READ), refused.alias(_REFUSED))
    some_refused = read.get_column(_REFUSED).any()
    if several:
        read = pl.DataFrame(cells).join(read, on=_CELL, how="left", nulls_equal=True, maintain_order="left")
    if some_refused:
        rejects.add_frame(_refused_cells(frame, name, read.get_column(_REFUSED), reader))
    return read.get_column(_READ).alias(name)


def _refused_cells(frame: pl.DataFrame, name: str, refused: pl.Series, reader: Reader) -> pl.DataFrame:
    return frame.filter(refused).select(
        "fila",
        pl.lit(name).alias("columna"),
        # what other readers keep of a cell: trimmed
        pl.col(name).str.strip_chars().alias("valor_crudo"),
        pl.lit(reader.motive).alias("motivo"),
        "fuente",
    )


def with_reference(frame: pl.DataFrame, *, reference: str) -> pl.DataFrame:
    """`frame` with `referencia_normalizada` and the department's code and name.

    The department is that of the reference's first group, else that of the entity's name (`nombre_entidad`).
    """
    entities = frame.get_column("nombre_entidad").unique()
    by_entity = pl.DataFrame(
        {"nombre_entidad": entities, "__entidad": [_code_of_entity(text) for text in entities.to_list()]},
        schema={"nombre_entidad": pl.String, "__entidad": pl.String},
    )
    coded = frame.join(
        references_of(frame.get_column(reference)), on=reference, how="left", nulls_equal=True, maintain_order="left"
    ).join(by_entity, on="nombre_entidad", how="left", nulls_equal=True, maintain_order="left")
    code = pl.coalesce("__referencia", "__entidad")
    codes = coded.select(code.unique().alias("cod_centro_gestor"))
    names = codes.with_columns(
        pl.Series("nombre_centro_gestor", [_name_of(each) for each in codes.to_series().to_list()], dtype=pl.String)
    )
    return (
        coded.with_columns(code.alias("cod_centro_gestor"))
        .drop("__referencia", "__entidad")
        .join(names, on="cod_centro_gestor", how="left", nulls_equal=True, maintain_order="left")
    )


def references_of(texts: pl.Series) -> pl.DataFrame:
    """Each distinct reference with its normal form and department; only odd spellings are taken apart one by one."""
    name = texts.name
    distinct = pl.DataFrame(texts.unique())
    plain = pl.col(name).str.extract(PLAIN_REFERENCE, 1)
    first = distinct.with_columns(plain.alias("__referencia"), pl.col(name).alias("referencia_normalizada"))
    easy = first.filter(pl.col("__referencia").is_not_null())
    others = first.filter(pl.col("__referencia").is_null())
    odd = others.filter(pl.col(name).str.contains(COULD_BE_A_REFERENCE)).get_column(name)
    parsed = pl.DataFrame(
        {
            name: odd,
            "__referencia": [organismo_of(text) for text in odd.to_list()],
            "referencia_normalizada": [normalise_reference(text) for text in odd.to_list()],
        },
        schema=dict.fromkeys((name, "__referencia", "referencia_normalizada"), pl.String),
    )
    none = others.filter(~pl.col(name).str.contains(COULD_BE_A_REFERENCE).fill_null(value=False)).with_columns(
        pl.lit(None, dtype=pl.String).alias("referencia_normalizada")
    )
    columns = [name, "__referencia", "referencia_normalizada"]
    return pl.concat(each.select(columns) for each in (easy, parsed, none))


@lru_cache(maxsize=65_536)
def _code_of_entity(name: str | None) -> str | None:
    organismo = organismo_by_name(name)
    return None if organismo is None else organismo.code


def _name_of(code: str | None) -> str | None:
    organismo = organismo_by_code(code)
    return None if organismo is None else organismo.name
