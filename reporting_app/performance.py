"""The loan's performance as read from the warehouse: every frame that its page and its workbook show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
import polars as pl

from etl_kit.money import MONEY, RATIO
from etl_kit.organismos import organismo_by_code
from reporting_app.performance_figures import (
    Pace,
    by_group,
    by_month,
    committed_contracts,
    pace,
    success,
    to_look_at,
)
from reporting_app.performance_progress import contracts_at, cut_month, real_after, works_of
from reporting_app.subject import source_of
from reporting_app.tables import Row

_PLAN = """
SELECT clave, banco, cod_centro_gestor, nombre_centro_gestor, nombre_comercial, contrato, valor_contrato
FROM vigentes.emp_contratos_plan ORDER BY valor_contrato DESC NULLS LAST, clave
"""
_FLOW = """
SELECT clave, mes, desembolso_planeado, desembolso_real, avance_planeado, avance_real
FROM vigentes.emp_flujo_contratos ORDER BY clave, mes
"""
_CONTRACTS = """
SELECT id_contrato, referencia_contrato, coalesce(referencia_normalizada, referencia_contrato) AS referencia, banco,
       cod_centro_gestor, nombre_centro_gestor, estado_contrato, fecha_firma, valor_contrato, valor_pagado
FROM vigentes.contratos_secop WHERE es_emprestito ORDER BY valor_contrato DESC NULLS LAST, id_contrato
"""
_BANKS = "SELECT banco, valor_negociado FROM vigentes.emp_bancos ORDER BY banco"
_PROJECTS = """
SELECT cod_centro_gestor, nombre_centro_gestor, valor_negociado
FROM vigentes.emp_proyectos WHERE valor_negociado IS NOT NULL ORDER BY bp
"""
_PROCESSES = """
SELECT estado_procedimiento, estado_indice, n_adjudicaciones, n_contratos
FROM vigentes.emp_procesos ORDER BY referencia_proceso
"""
_WORKS = """
SELECT referencia_contrato AS referencia, upid, bpin, fuente, fecha_corte, avance_obra, presupuesto
FROM vigentes.intervenciones WHERE referencia_contrato IS NOT NULL ORDER BY intervencion_id
"""
_DEPARTMENT = {"cod_centro_gestor": pl.String, "nombre_centro_gestor": pl.String}
_SCHEMAS: Mapping[str, Mapping[str, pl.DataType | type[pl.DataType]]] = {
    _PLAN: {"clave": pl.String, "banco": pl.String, **_DEPARTMENT, "nombre_comercial": pl.String,
            "contrato": pl.String, "valor_contrato": MONEY},
    _FLOW: {"clave": pl.String, "mes": pl.Date, "desembolso_planeado": MONEY, "desembolso_real": MONEY,
            "avance_planeado": RATIO, "avance_real": RATIO},
    _CONTRACTS: {"id_contrato": pl.String, "referencia_contrato": pl.String, "referencia": pl.String,
                 "banco": pl.String, **_DEPARTMENT, "estado_contrato": pl.String, "fecha_firma": pl.Date,
                 "valor_contrato": MONEY, "valor_pagado": MONEY},
    _BANKS: {"banco": pl.String, "valor_negociado": MONEY},
    _PROJECTS: {**_DEPARTMENT, "valor_negociado": MONEY},
    _PROCESSES: {"estado_procedimiento": pl.String, "estado_indice": pl.String, "n_adjudicaciones": pl.Int64,
                 "n_contratos": pl.Int64},
    _WORKS: {"referencia": pl.String, "upid": pl.String, "bpin": pl.String, "fuente": pl.String, "fecha_corte": pl.Date,
             "avance_obra": RATIO, "presupuesto": MONEY},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Performance:
    """How the loan does at one cut.

    Attributes:
        cut: the first day of the month by whose end it is judged; None without any base of contracts.
        stated: whether a contract states anything real in it; else only the plan speaks.
        as_of: the day up to which the base is true.
        whole: the loan as one group, as in `by_group`; {} where nothing is known.
        banks, departments: by group.
        contracts: every contract of the base, from `contracts_at`.
        look: those that `to_look_at` names.
        months: from `by_month`.
        works: signed contracts of SECOP II, from `works_of`.
        ended: from `success`.
        pace: the burn rate.
        too_early: rows of months after `as_of` that state something real, which cannot be; they do not count.
        unread: contracts that state a real progress by the cut which says nothing, as `contracts_at` tells.
        sources: the files that the base, SECOP II's contracts, its processes, the bank agreements and the project
            units were last loaded from, by `base`, `secop`, `procesos`, `bancos`, `obras`; `todo` is all but the last.
    """

    cut: date | None
    stated: bool
    as_of: date | None
    whole: Row
    banks: pl.DataFrame
    departments: pl.DataFrame
    contracts: pl.DataFrame
    look: pl.DataFrame
    months: pl.DataFrame
    works: pl.DataFrame
    ended: Row
    pace: Pace
    too_early: int
    unread: int
    sources: Mapping[str, str]

    @property
    def nothing_to_look_at(self) -> bool:
        """Whether every contract was judged and none stands out; an empty chart or table would read "no data"."""
        return self.cut is not None and self.look.is_empty()


def read_performance(warehouse: duckdb.DuckDBPyConnection, loads: Sequence[Row]) -> Performance:
    """Read and work out all of it; tables that were never loaded count as empty."""
    plan, contracts, projects = (_named(_read(warehouse, query)) for query in (_PLAN, _CONTRACTS, _PROJECTS))
    flow, banks, works = (_read(warehouse, query) for query in (_FLOW, _BANKS, _WORKS))
    as_of = next((row["fecha_corte"] for row in loads if row["tabla"] == "emp_flujo_contratos"), None)
    as_of = as_of if isinstance(as_of, date) else None
    cut, stated = cut_month(flow, as_of=as_of)
    at = contracts_at(plan, flow, cut=cut)
    signed = committed_contracts(contracts)
    as_one = (frame.with_columns(pl.lit("Total").alias("todo")) for frame in (at, signed, banks))
    whole = next(iter(by_group(*as_one, group="todo").rows(named=True)), {})
    months = by_month(plan, flow, cut=cut)
    progress = flow.filter((pl.col("mes") <= (cut or date.min)) & pl.col("avance_real").is_not_null())
    balance = whole.get("saldo")
    return Performance(
        cut=cut,
        stated=stated,
        as_of=as_of,
        whole=whole,
        banks=by_group(at, signed, banks, group="banco"),
        departments=by_group(at, signed, projects, group="organismo"),
        contracts=at,
        look=to_look_at(at),
        months=months,
        works=works_of(signed, works),
        ended=success(_read(warehouse, _PROCESSES)),
        pace=pace(months, cut=cut, balance=balance if isinstance(balance, Decimal) else None),
        too_early=real_after(flow, as_of).height,
        unread=at.filter(pl.col("avance_real").is_null()).join(progress, on="clave", how="semi").height,
        sources={
            "todo": source_of(loads, "emp_flujo_contratos", "emp_bancos", "contratos_secop", "emp_procesos"),
            "base": source_of(loads, "emp_flujo_contratos"),
            "secop": source_of(loads, "contratos_secop"),
            "procesos": source_of(loads, "emp_procesos"),
            "bancos": source_of(loads, "emp_bancos"),
            "obras": source_of(loads, "contratos_secop", "intervenciones"),
        },
    )


def _read(warehouse: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    """The frame of a query; an empty one where its table was never loaded."""
    try:
        return pl.DataFrame(warehouse.sql(query))
    except duckdb.CatalogException:
        return pl.DataFrame(schema=_SCHEMAS[query])


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    """With `organismo`: the department's short name, as published where the catalogue has none."""
    names = [
        known.short if (known := organismo_by_code(code)) is not None else published
        for code, published in frame.select("cod_centro_gestor", "nombre_centro_gestor").iter_rows()
    ]
    return frame.with_columns(pl.Series("organismo", names, dtype=pl.String))
