"""Lines of the procurement plan as published, made into typed rows."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import polars as pl

from etl_kit.datasets.paa import PAA_MONEY
from etl_kit.dates import read_dates
from etl_kit.money import Spelling, read_money
from etl_kit.numbers import flag_expr, read_whole
from etl_kit.organismos import BY_CODE
from etl_kit.projects import bp_expr
from etl_kit.rejects import Rejects
from etl_kit.text import plain_column
from transformation_app.paa_cells import commitments_expr, month_expr, parse_link, service_expr
from transformation_app.paa_layout import COUNT_COLUMNS, MARKED, REPEATING

HIGH: Final = Decimal(1_000_000_000)
MEDIUM: Final = Decimal(100_000_000)

NO_MONTH: Final = "no es el nombre de un mes"
NO_BP: Final = "el ELEMENTO PEP 2 no es un BP de 8 dígitos"
NO_ANSWER: Final = "no dice SI ni NO"
NO_LINK: Final = "no es una dirección web"
NO_RPC: Final = "no es un número de RPC"

_ANSWERED: Final = ("vigencias_futuras", "tiene_proceso", *MARKED)

SPELLINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "estado": {"aprobado": "Aprobada", "aprobada": "Aprobada"},
    "tipo_solicitud": {
        "solicitud de inclusion": "Solicitud de inclusión",
        "solicitud de modificacion": "Solicitud de modificación",
    },
    "duracion_intervalo": {"meses": "Meses", "mes": "Meses", "dias": "Días", "dia": "Días"},
    "categoria": {"bienes": "Bienes", "servicios": "Servicios", "obras": "Obras"},
}
"""Column → plain spelling → the one we use; others stay as published."""

_SERVICE_COLUMNS: Final = ("link_del_proceso", "fecha_firma", "rpc")


def typed_lines(lines: pl.DataFrame, *, rejects: Rejects) -> pl.DataFrame:
    """The lines with every cell read; a cell that cannot be becomes NULL and goes to `rejects`.

    Args:
        lines: as `paa_weeks.latest_lines` leaves them.
        rejects: takes cells with their raw text.

    Returns:
        As many rows, with the columns of dataset `paa` but for the project's BPIN and what is told of the sources.
    """
    services = lines.with_columns(
        pl.any_horizontal(service_expr(pl.col(name)) for name in _SERVICE_COLUMNS).alias("prestacion_de_servicios"),
        *(pl.when(~service_expr(pl.col(name))).then(pl.col(name)).alias(name) for name in ("fecha_firma", "rpc")),
    )
    numbered = read_money(services, PAA_MONEY, rejects=rejects, spelling=Spelling.MACHINE)
    numbered = read_whole(numbered, COUNT_COLUMNS, rejects=rejects)
    dated = read_dates(numbered, ["fecha_firma"], rejects=rejects)
    linked = dated.join(_links(dated), on="link_del_proceso", how="left", maintain_order="left")
    readings = {
        "mes_inicio": (month_expr(pl.col("mes_inicio")), NO_MONTH),
        "mes_oferta": (month_expr(pl.col("mes_oferta")), NO_MONTH),
        "bp": (bp_expr(pl.col("bp")), NO_BP),
        "rpc": (commitments_expr(pl.col("rpc")), NO_RPC),
        **{name: (flag_expr(pl.col(name)), NO_ANSWER) for name in _ANSWERED},
    }
    for name, (read, motive) in {**readings, "link_del_proceso": (pl.col("tipo_enlace"), NO_LINK)}.items():
        _refuse(linked.filter(pl.col(name).is_not_null() & read.is_null()), name, motive, rejects)
    return linked.with_columns(
        *(read.alias(name) for name, (read, _motive) in readings.items()),
        *((plain_column(pl.col(column)) != "no").alias(name) for name, column in REPEATING.items()),
        *(_spelled(name, known) for name, known in SPELLINGS.items()),
        pl.col("comuna").str.to_uppercase(),
        _value_class(pl.col("valor_total_estimado")).alias("clasificacion_valor"),
        _department(pl.col("cod_centro_gestor").str.strip_suffix(".0")),
        pl.col("cod_centro_gestor").str.strip_suffix(".0"),
    )


def _department(code: pl.Expr) -> pl.Expr:
    """The canonical name of a known code; else the name as published."""
    names = {known: organismo.name for known, organismo in BY_CODE.items()}
    return (
        code.replace_strict(names, default=None)
        .fill_null(pl.col("nombre_centro_gestor"))
        .alias(
            "nombre_centro_gestor",
        )
    )


def _value_class(value: pl.Expr) -> pl.Expr:
    """Alto from a thousand million pesos, medio from a hundred million, bajo above zero; NULL of an unread value."""
    return (
        pl.when(value >= HIGH)
        .then(pl.lit("alto"))
        .when(value >= MEDIUM)
        .then(pl.lit("medio"))
        .when(value > 0)
        .then(pl.lit("bajo"))
        .when(value.is_not_null())
        .then(pl.lit("sin_valor"))
    )


def _links(lines: pl.DataFrame) -> pl.DataFrame:
    """Each distinct link cell, and what it says."""
    texts = lines.get_column("link_del_proceso").unique().to_list()
    links = [parse_link(text) for text in texts]
    return pl.DataFrame(
        {
            "link_del_proceso": texts,
            "enlace": [link.address for link in links],
            "enlaces_adicionales": [" ".join(link.further) or None for link in links],
            "tipo_enlace": [link.kind for link in links],
            "aviso_secop": [link.notice for link in links],
        },
        schema=dict.fromkeys(
            ("link_del_proceso", "enlace", "enlaces_adicionales", "tipo_enlace", "aviso_secop"), pl.String
        ),
    )


def _spelled(name: str, known: Mapping[str, str]) -> pl.Expr:
    return plain_column(pl.col(name)).replace_strict(known, default=pl.col(name)).alias(name)


def _refuse(rows: pl.DataFrame, column: str, motive: str, rejects: Rejects) -> None:
    rejects.add_frame(
        rows.select(
            "fila",
            pl.lit(column).alias("columna"),
            pl.col(column).alias("valor_crudo"),
            pl.lit(motive).alias("motivo"),
            "fuente",
        ),
    )
