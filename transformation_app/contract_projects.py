"""Which project and which bank a contract belongs to, and why it is not known where it is not."""

from dataclasses import dataclass

import polars as pl

from etl_kit.projects import bpin_expr
from etl_kit.rejects import Rejects
from etl_kit.text import plain_column

PUBLISHED, BY_INDEX = "secop", "indice_emprestito"
VALID = "valido"

NOT_IN_INDEX = "SECOP no publica un BPIN válido y el contrato no está en el índice del empréstito"
NO_INDEX = "SECOP no publica un BPIN válido y falta el índice del empréstito"
NO_CATALOGUE = "SECOP no publica un BPIN válido y falta el catálogo BP-BPIN"
NOT_IN_CATALOGUE = "SECOP no publica un BPIN válido y el BP del índice no está en el catálogo"
SEVERAL = "el índice del empréstito lo asigna a varios proyectos; ver contrato_bpin"
UNREADABLE = "estado_bpin dice Válido, pero el BPIN no tiene 13 ni 15 dígitos"


@dataclass(frozen=True, kw_only=True)
class Projects:
    """What is known of projects by contract reference: `by_reference` has `banco` and the list `bpin_indice`.

    `unknown` says why a contract has no project, as an expression on its row.
    """

    by_reference: pl.DataFrame
    has_index: bool
    unknown: pl.Expr

    @classmethod
    def of(cls, *, index: pl.DataFrame | None, catalogue: pl.DataFrame | None) -> "Projects":
        """From the index as `loan_index.index_lines` makes it, and dataset `catalogo_bpin`; None if absent."""
        return cls(
            by_reference=_by_reference(index, catalogue),
            has_index=index is not None,
            unknown=_motive(index, catalogue),
        )


def with_project(contracts: pl.DataFrame, *, known: Projects, rejects: Rejects) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Contracts with their project and bank, and the bridge to every project they have to do with.

    The published BPIN counts if SECOP says it is valid; else the loan's index tells the BP and the catalogue its BPIN.
    Nothing is inferred from descriptions.

    Args:
        contracts: as `clean_contracts` leaves them.
        known: what the index and the catalogue say.
        rejects: takes valid BPIN that are none.

    Returns:
        The contracts, with `bpin`, `bpin_origen`, `motivo_sin_bpin`, `es_emprestito`, `banco`; and the bridge, unique
        on (`id_contrato`, `bpin`).
    """
    declared = (plain_column(pl.col("estado_bpin")) == VALID).fill_null(value=False)
    readable = bpin_expr(pl.col("bpin_publicado"))
    _refuse(contracts.filter(declared & readable.is_null()), rejects)
    published = contracts.with_columns(pl.when(declared).then(readable).alias("bpin_secop"))
    indexed = published.join(known.by_reference, on="referencia_normalizada", how="left", maintain_order="left")
    says = pl.col("bpin_secop").is_not_null()
    listed = pl.col("banco").is_not_null() if known.has_index else pl.lit(None, dtype=pl.Boolean)
    single = pl.col("bpin_indice").list.len() == 1
    projects = indexed.with_columns(
        pl.when(says).then(pl.col("bpin_secop")).when(single).then(pl.col("bpin_indice").list.first()).alias("bpin"),
        pl.when(says).then(pl.lit(PUBLISHED)).when(single).then(pl.lit(BY_INDEX)).alias("bpin_origen"),
        listed.alias("es_emprestito"),
    ).with_columns(pl.when(pl.col("bpin").is_null()).then(known.unknown).alias("motivo_sin_bpin"))
    return projects, _bridge(projects)


def disagreements(contracts: pl.DataFrame) -> dict[str, int]:
    """How often index and SECOP contradict each other, by kind; `contracts` as `with_project` leaves them."""
    credit = pl.col("recursos_credito") > 0
    loan = pl.col("es_emprestito")
    apart = (
        pl.col("bpin_secop").is_not_null()
        & (pl.col("bpin_indice").list.len() > 0)
        & ~pl.col("bpin_indice").list.contains(pl.col("bpin_secop"))
    )
    return {
        "in_index_without_credit": contracts.filter(loan & ~credit.fill_null(value=False)).height,
        "credit_not_in_index": contracts.filter(credit & ~loan.fill_null(value=False)).height,
        "other_bpin": contracts.filter(apart).height,
    }


def _by_reference(index: pl.DataFrame | None, catalogue: pl.DataFrame | None) -> pl.DataFrame:
    """The index by contract reference: `banco` (several are joined by "; ") and the list of BPIN."""
    schema = {"referencia_normalizada": pl.String(), "banco": pl.String(), "bpin_indice": pl.List(pl.String())}
    if index is None:
        return pl.DataFrame(schema=schema)
    pairs = pl.DataFrame(schema={"bp": pl.String, "bpin": pl.String}) if catalogue is None else catalogue
    return (
        index.filter(pl.col("referencia_contrato_normalizada").is_not_null())
        .drop("bpin_indice")
        .join(pairs.select("bp", "bpin"), on="bp", how="left")
        .group_by(pl.col("referencia_contrato_normalizada").alias("referencia_normalizada"))
        .agg(
            pl.col("banco").unique().sort().str.join("; "),
            pl.col("bpin").drop_nulls().unique().sort().alias("bpin_indice"),
        )
    )


def _motive(index: pl.DataFrame | None, catalogue: pl.DataFrame | None) -> pl.Expr:
    if index is None:
        return pl.lit(NO_INDEX)
    absent = NO_CATALOGUE if catalogue is None else NOT_IN_CATALOGUE
    return (
        pl.when(pl.col("banco").is_null())
        .then(pl.lit(NOT_IN_INDEX))
        .when(pl.col("bpin_indice").list.len() > 1)
        .then(pl.lit(SEVERAL))
        .otherwise(pl.lit(absent))
    )


def _bridge(projects: pl.DataFrame) -> pl.DataFrame:
    kept = ("id_contrato", "bpin", "bpin_origen", "referencia_contrato", "fuente")
    by_secop = projects.filter(pl.col("bpin_secop").is_not_null()).with_columns(
        pl.col("bpin_secop").alias("bpin"),
        pl.lit(PUBLISHED).alias("bpin_origen"),
    )
    by_index = (
        projects.explode("bpin_indice")
        .filter(pl.col("bpin_indice").is_not_null())
        .with_columns(
            pl.col("bpin_indice").alias("bpin"),
            pl.lit(BY_INDEX).alias("bpin_origen"),
        )
    )
    both = pl.concat([by_secop.select(kept), by_index.select(kept)])
    return both.unique(["id_contrato", "bpin"], keep="first", maintain_order=True)


def _refuse(rows: pl.DataFrame, rejects: Rejects) -> None:
    rejects.add_frame(
        rows.select(
            "fila",
            pl.lit("bpin_publicado").alias("columna"),
            pl.col("bpin_publicado").alias("valor_crudo"),
            pl.lit(UNREADABLE).alias("motivo"),
            "fuente",
        ),
    )
