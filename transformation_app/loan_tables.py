"""The loan's tables, from its index and from what SECOP says about its references."""

import polars as pl

from etl_kit.organismos import organismo_name

NO_CATALOGUE = "falta el catálogo BP-BPIN"
NOT_IN_CATALOGUE = "el BP no está en el catálogo BP-BPIN"
NO_BP = "el índice no tiene un BP legible"


def loan_references(
    index: pl.DataFrame,
    *,
    contracts: pl.DataFrame,
    catalogue: pl.DataFrame | None,
) -> pl.DataFrame:
    """The index with each line's BPIN by the catalogue and its contract in SECOP.

    `id_contrato` is NULL where no contract has the reference, or where several have.
    """
    ids = (
        contracts.filter(pl.col("referencia_normalizada").is_not_null())
        .group_by(pl.col("referencia_normalizada").alias("referencia_contrato_normalizada"))
        .agg(pl.when(pl.col("id_contrato").n_unique() == 1).then(pl.col("id_contrato").first()))
    )
    return with_bpin(index, catalogue).join(ids, on="referencia_contrato_normalizada", how="left")


def loan_projects(references: pl.DataFrame) -> pl.DataFrame:
    """One row per BP of the index, with its banks and how many references it has so far."""
    known = references.filter(pl.col("bp").is_not_null())
    return known.group_by("bp").agg(
        pl.col("bpin").first(),
        pl.col("motivo_sin_bpin").first(),
        _agreed("nombre_proyecto"),
        pl.col("banco").unique().sort().str.join("; ").alias("bancos"),
        _agreed("cod_centro_gestor"),
        _agreed("nombre_centro_gestor"),
        pl.col("filas_indice").sum().alias("n_lineas"),
        pl.col("referencia_proceso_normalizada").drop_nulls().n_unique().cast(pl.Int64).alias("n_procesos"),
        pl.col("referencia_contrato").drop_nulls().n_unique().cast(pl.Int64).alias("n_contratos"),
        pl.col("fuente").first(),
    )


def loan_processes(references: pl.DataFrame, *, processes: pl.DataFrame, contracts: pl.DataFrame) -> pl.DataFrame:
    """One row per process reference of the index, found in SECOP or not; awards of all lots are summed."""
    reference = pl.col("referencia_proceso_normalizada")
    named = (
        references.filter(reference.is_not_null())
        .group_by(reference.alias("referencia_proceso"))
        .agg(
            pl.col("banco").unique().sort().str.join("; ").alias("bancos"),
            pl.col("bp").drop_nulls().unique().sort().str.join("; ").alias("bps"),
            _agreed("bpin"),
            _agreed("cod_centro_gestor"),
            _agreed("estado_proceso").alias("estado_indice"),
            pl.col("fuente").first(),
        )
    )
    joined = named.join(_by_reference(processes), on="referencia_proceso", how="left").join(
        _signed(contracts),
        on="proceso_compra",
        how="left",
    )
    names = [organismo_name(code) for code in joined.get_column("cod_centro_gestor").to_list()]
    return joined.with_columns(
        pl.Series("nombre_centro_gestor", names, dtype=pl.String),
        pl.col("id_del_proceso").is_not_null().alias("encontrado_en_secop"),
        pl.col("n_adjudicaciones").fill_null(0),
        pl.col("n_contratos").fill_null(0),
    )


def with_bpin(index: pl.DataFrame, catalogue: pl.DataFrame | None) -> pl.DataFrame:
    """`index` with `bpin` and the project's name by the catalogue, and `motivo_sin_bpin` where there is none."""
    if catalogue is None:
        named = index.with_columns(
            pl.lit(None, dtype=pl.String).alias("bpin"),
            pl.lit(None, dtype=pl.String).alias("nombre_proyecto"),
        )
    else:
        named = index.join(catalogue.select("bp", "bpin", "nombre_proyecto"), on="bp", how="left")
    absent = NO_CATALOGUE if catalogue is None else NOT_IN_CATALOGUE
    motive = pl.when(pl.col("bp").is_null()).then(pl.lit(NO_BP)).otherwise(pl.lit(absent))
    return named.with_columns(
        pl.coalesce("nombre_proyecto", "descripcion").alias("nombre_proyecto"),
        pl.when(pl.col("bpin").is_null()).then(motive).alias("motivo_sin_bpin"),
    )


def _by_reference(processes: pl.DataFrame) -> pl.DataFrame:
    """Processes by normalised reference; where several share one, the latest published speaks."""
    by_id = (
        processes.filter(pl.col("referencia_normalizada").is_not_null())
        .sort("id_del_proceso", "id_adjudicacion", "nit_del_proveedor_adjudicado")
        .group_by("referencia_normalizada", "id_del_proceso", maintain_order=True)
        .agg(
            pl.col("proceso_compra").first(),
            pl.col("estado_procedimiento").first(),
            pl.col("modalidad_contratacion").first(),
            pl.col("fecha_publicacion").min(),
            pl.col("precio_base").max(),
            pl.when(pl.col("valor_adjudicacion").is_not_null().any())
            .then(pl.col("valor_adjudicacion").sum())
            .alias("valor_adjudicacion"),
            pl.col("id_adjudicacion")
            .filter(pl.col("id_adjudicacion").str.starts_with("CO1."))
            .n_unique()
            .cast(pl.Int64)
            .alias("n_adjudicaciones"),
            pl.col("urlproceso").first(),
        )
    )
    return (
        by_id.sort("fecha_publicacion", "id_del_proceso", nulls_last=False)
        .unique("referencia_normalizada", keep="last", maintain_order=True)
        .rename({"referencia_normalizada": "referencia_proceso"})
    )


def _signed(contracts: pl.DataFrame) -> pl.DataFrame:
    return (
        contracts.filter(pl.col("proceso_compra").is_not_null())
        .group_by("proceso_compra")
        .agg(
            pl.len().cast(pl.Int64).alias("n_contratos"),
            pl.when(pl.col("valor_contrato").is_not_null().any())
            .then(pl.col("valor_contrato").sum())
            .alias("valor_contratado"),
        )
    )


def _agreed(name: str) -> pl.Expr:
    values = pl.col(name).drop_nulls()
    return pl.when(values.n_unique() == 1).then(values.first()).alias(name)
