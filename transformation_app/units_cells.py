"""The cells of project units made into values: keys, money, progress, dates, departments; refused ones are kept."""

import re
from typing import Final

import polars as pl

from etl_kit.dates import YEAR, read_dates
from etl_kit.money import RATIO, Spelling, read_money
from etl_kit.numbers import read_whole
from etl_kit.organismos import organismo_by_name
from etl_kit.projects import bp_expr, bpin_expr
from etl_kit.references import normalise_reference
from etl_kit.rejects import Rejects
from etl_kit.text import plain_column, text_column
from transformation_app.units_categories import tidy

DATES: Final = ["fecha_inicio", "fecha_fin", "fecha_inauguracion"]
TEXTS: Final = ("nombre_up", "nombre_up_detalle", "identificador", "descripcion_intervencion", "unidad", "plataforma",
    "url_proceso", "direccion", "comuna_corregimiento_declarada", "barrio_vereda_declarado")  # fmt: skip

BPIN_BLANK: Final = "la fila no trae BPIN"
BPIN_IS_BP: Final = "la celda del BPIN trae un BP"
BPIN_FLOAT: Final = "el BPIN viene como número con decimales y puede haber perdido cifras"
BPIN_WRONG: Final = "el BPIN no tiene 13 ni 15 dígitos"
NOT_A_NUMBER: Final = "no es un número legible"
OUT_OF_SCALE: Final = "el avance no está entre 0 y 100"

_NUMBER: Final = r"^[-−]?\d+(?:[.,]\d+)?$"
_YEAR_FIRST: Final = r"^(\d{4})/(\d{1,2})/(\d{1,2})$"
_YEAR_AFTER_COMMA: Final = re.compile(r"(?<=\d),(20\d\d)(?=\s*(?:[,;\n]|$))")
_BETWEEN_REFERENCES: Final = re.compile(r"[,;\n]+")


def clean_file(rows: pl.DataFrame, *, spelling: Spelling, rejects: Rejects) -> pl.DataFrame:
    """The rows of one file with typed values, the declared texts beside them.

    Args:
        rows: all text, as `units_files.read_unit_file` leaves them.
        spelling: of the file's money.
        rejects: takes each cell that says something nobody can read.
    """
    said = rows.with_columns(
        *(tidy(name) for name in TEXTS),
        *(
            text_column(name, zero_is_null=False).str.replace(_YEAR_FIRST, "$1-$2-$3").alias(name)
            for name in (*DATES, "anio", "usuarios")
        ),
    )
    typed = read_money(said, ["presupuesto"], rejects=rejects, spelling=spelling)
    counted = read_whole(typed, ["anio", "usuarios"], rejects=rejects)
    measured = _read_number(counted, "cantidad", rejects=rejects)
    return with_department(with_keys(with_dates(with_progress(measured, rejects=rejects), rejects=rejects), rejects))


def with_progress(rows: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """`avance_obra` from 0 to 100, read from `avance_declarado` by the scale of the whole file.

    A file whose bare numbers never exceed 1 writes shares (0.99 is 99 %); in any other file they are per cent, and a
    lone 0.65 among them is 0.65 %. What bears a `%` is per cent everywhere.
    """
    text = plain_column(pl.col("avance_declarado")).str.replace_all(" ", "", literal=True)
    zero = text.replace_strict({"cero": "0"}, default=text)
    bare = zero.str.strip_suffix("%").str.replace("−", "-", literal=True).str.replace(",", ".", literal=True)
    read = rows.with_columns(
        pl.when(bare.str.contains(_NUMBER)).then(bare).cast(RATIO, strict=False).alias("avance_leido"),
        zero.str.ends_with("%").alias("con_signo"),
        text.is_in(("", "-", "nan", "none", "null")).alias("avance_vacio"),
    )
    shares = is_in_shares(read.filter(~pl.col("con_signo")).get_column("avance_leido"))
    factor = 100 if shares else 1
    scaled = pl.when(pl.col("con_signo")).then(pl.col("avance_leido")).otherwise(pl.col("avance_leido") * factor)
    whole = read.with_columns(scaled.cast(RATIO).alias("avance_obra"))
    within = pl.col("avance_obra").is_between(0, 100)
    unread = pl.col("avance_obra").is_null() & ~pl.col("avance_vacio")
    _refuse(whole.filter(unread), "avance_obra", "avance_declarado", NOT_A_NUMBER, rejects)
    _refuse(whole.filter(~within), "avance_obra", "avance_declarado", OUT_OF_SCALE, rejects)
    return whole.with_columns(pl.when(within).then(pl.col("avance_obra"))).drop(
        "avance_leido", "con_signo", "avance_vacio"
    )


def is_in_shares(progress: pl.Series) -> bool:
    """Whether a file's bare numbers of progress are shares of 1: none exceeds 1, and one at least is above 0."""
    told = progress.drop_nulls()
    return bool((told <= 1).all() and (told > 0).any())


def with_dates(rows: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """Dates, and `anio`: as declared, else the year of the start, else of the end, even where that is all they say."""
    years = [
        pl.coalesce(
            pl.col(name).str.extract(YEAR, 1).cast(pl.Int64, strict=False).alias(name),
        ).alias(f"anio_de_{name}")
        for name in DATES[:2]
    ]
    read = read_dates(rows.with_columns(years), DATES, rejects=rejects)
    of_dates = [
        each for name in DATES[:2] for each in (pl.col(f"anio_de_{name}"), pl.col(name).dt.year().cast(pl.Int64))
    ]
    return read.with_columns(pl.coalesce(pl.col("anio"), *of_dates).alias("anio")).drop(
        f"anio_de_{name}" for name in DATES[:2]
    )


def with_keys(rows: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    """`bpin` or the reason for its absence, `bp`, and the references of processes and contracts in one spelling."""
    said = text_column("bpin_declarado")
    bp_in_bpin = said.str.contains(r"^(?i:BP)?-?\d{8}$").fill_null(value=False)
    keyed = rows.with_columns(
        bpin_expr(said).alias("bpin"),
        pl.coalesce(bp_expr(pl.col("bp_declarado")), pl.when(bp_in_bpin).then(bp_expr(said))).alias("bp"),
        pl.when(bpin_expr(said).is_not_null())
        .then(None)
        .when(said.is_null())
        .then(pl.lit(BPIN_BLANK))
        .when(bp_in_bpin)
        .then(pl.lit(BPIN_IS_BP))
        .when(said.str.contains(r"^\d+(?:\.\d+)?(?:[eE]\+?\d+)?$") & said.str.contains(r"[.eE]"))
        .then(pl.lit(BPIN_FLOAT))
        .otherwise(pl.lit(BPIN_WRONG))
        .alias("motivo_sin_bpin"),
        *(
            pl.col(name).map_batches(_references, return_dtype=pl.String).alias(name)
            for name in ("referencia_proceso", "referencia_contrato")
        ),
        *(tidy(name).alias(f"{name}_declarada") for name in ("referencia_proceso", "referencia_contrato")),
    )
    for motive in (BPIN_IS_BP, BPIN_FLOAT, BPIN_WRONG):
        _refuse(keyed.filter(pl.col("motivo_sin_bpin") == motive), "bpin", "bpin_declarado", motive, rejects)
    return keyed


def references_in(text: str) -> list[str]:
    """The SECOP references in a cell, each once, in its order; words such as `Pendiente` are none."""
    apart = _BETWEEN_REFERENCES.split(_YEAR_AFTER_COMMA.sub(r"-\1", text))
    return list(dict.fromkeys(each for part in apart if (each := normalise_reference(part)) is not None))


def with_department(rows: pl.DataFrame) -> pl.DataFrame:
    """Code and canonical name of the department; an unknown one keeps its written name, without a code.

    A layer without such a column may say it in its own name: `Infraestructura_2024.shp.zip`.
    """
    of_file = pl.col("fuente").str.extract(r"^([^_.]+)", 1)
    said = pl.coalesce(text_column("organismo_declarado"), of_file)
    names = rows.select(said.alias("said")).get_column("said").unique().drop_nulls().to_list()
    known = {name: organismo for name in names if (organismo := organismo_by_name(name)) is not None}
    code = said.replace_strict({name: each.code for name, each in known.items()}, default=None, return_dtype=pl.String)
    name = said.replace_strict({name: each.name for name, each in known.items()}, default=None, return_dtype=pl.String)
    return rows.with_columns(
        code.alias("cod_centro_gestor"),
        pl.coalesce(name, tidy("organismo_declarado")).alias("nombre_centro_gestor"),
    )


def _references(texts: pl.Series) -> pl.Series:
    known = {text: "; ".join(references_in(text)) or None for text in texts.unique().drop_nulls().to_list()}
    return pl.Series(texts.name, [known.get(text) for text in texts.to_list()], dtype=pl.String)


def _read_number(rows: pl.DataFrame, name: str, *, rejects: Rejects) -> pl.DataFrame:
    """The text column as Float64; a comma is decimal."""
    text = text_column(name, zero_is_null=False)
    number = pl.when(text.str.contains(_NUMBER)).then(text.str.replace(",", ".", literal=True))
    read = rows.with_columns(number.cast(pl.Float64, strict=False).alias(f"{name}_leida"))
    unread = text.is_not_null() & pl.col(f"{name}_leida").is_null()
    _refuse(read.filter(unread), name, name, NOT_A_NUMBER, rejects)
    return read.with_columns(pl.col(f"{name}_leida").alias(name)).drop(f"{name}_leida")


def _refuse(rows: pl.DataFrame, column: str, raw: str, motive: str, rejects: Rejects) -> None:
    rejects.add_frame(
        rows.select(
            "fila",
            pl.lit(column).alias("columna"),
            pl.col(raw).alias("valor_crudo"),
            pl.lit(motive).alias("motivo"),
            "fuente",
        )
    )
