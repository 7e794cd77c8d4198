"""The columns of SECOP II under our names: the interface's spelling and the one of the portal's CSV exports."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from itertools import islice
from typing import Final

import polars as pl

from etl_kit.snapshots import Snapshot
from etl_kit.text import source_key

# Our name, then the publisher's: the interface loses accents as `_` and cuts long names, the export writes them out.
# Both are compared as `source_key` leaves them, so a name that differs only in accents and blanks stands once.
CONTRACTS: Mapping[str, Sequence[str]] = {
    "id_contrato": ("id_contrato",),
    "referencia_contrato": ("referencia_del_contrato",),
    "proceso_compra": ("proceso_de_compra",),
    "estado_contrato": ("estado_contrato",),
    "tipo_contrato": ("tipo_de_contrato",),
    "modalidad_contratacion": ("modalidad_de_contratacion",),
    "justificacion_modalidad": ("justificacion_modalidad_de", "justificacion_modalidad_de_contratacion"),
    "descripcion_proceso": ("descripcion_del_proceso",),
    "objeto_contrato": ("objeto_del_contrato",),
    "codigo_categoria_principal": ("codigo_de_categoria_principal",),
    "condiciones_entrega": ("condiciones_de_entrega",),
    "nombre_entidad": ("nombre_entidad",),
    "nit_entidad": ("nit_entidad",),
    "tipo_documento_proveedor": ("tipodocproveedor",),
    "documento_proveedor": ("documento_proveedor",),
    "proveedor": ("proveedor_adjudicado",),
    "origen_recursos": ("origen_de_los_recursos",),
    "destino_gasto": ("destino_gasto",),
    "duracion_contrato": ("duraci_n_del_contrato", "duracion_del_contrato"),
    "urlproceso": ("urlproceso",),
    "fecha_firma": ("fecha_de_firma",),
    "fecha_inicio_contrato": ("fecha_de_inicio_del_contrato",),
    "fecha_fin_contrato": ("fecha_de_fin_del_contrato",),
    "fecha_inicio_ejecucion": ("fecha_de_inicio_de_ejecucion",),
    "fecha_fin_ejecucion": ("fecha_de_fin_de_ejecucion",),
    "fecha_inicio_liquidacion": ("fecha_inicio_liquidacion",),
    "fecha_fin_liquidacion": ("fecha_fin_liquidacion",),
    "fecha_notificacion_prorrogacion": (
        "fecha_de_notificaci_n_de_prorrogaci_n",
        "fecha_de_notificacion_de_prorrogacion",
    ),
    "ultima_actualizacion": ("ultima_actualizacion",),
    "valor_contrato": ("valor_del_contrato",),
    "valor_pago_adelantado": ("valor_de_pago_adelantado",),
    "valor_facturado": ("valor_facturado",),
    "valor_pendiente_pago": ("valor_pendiente_de_pago",),
    "valor_pagado": ("valor_pagado",),
    "valor_amortizado": ("valor_amortizado",),
    "valor_pendiente_amortizacion": ("valor_pendiente_de", "valor_pendiente_de_amortizacion"),
    "valor_pendiente_ejecucion": ("valor_pendiente_de_ejecucion",),
    "saldo_cdp": ("saldo_cdp",),
    "saldo_vigencia": ("saldo_vigencia",),
    "presupuesto_general_nacion": (
        "presupuesto_general_de_la_nacion_pgn",
        "presupuesto_general_de_la_nacion_–_pgn",
    ),
    "sistema_general_participaciones": ("sistema_general_de_participaciones",),
    "sistema_general_regalias": ("sistema_general_de_regal_as", "sistema_general_de_regalias"),
    "recursos_propios_alcaldias_gobernaciones": (
        "recursos_propios_alcald_as_gobernaciones_y_resguardos_ind_genas",
        "recursos_propios_alcaldias_gobernaciones_y_resguardos_indigenas",
    ),
    "recursos_credito": ("recursos_de_credito",),
    "recursos_propios": ("recursos_propios",),
    "es_grupo": ("es_grupo",),
    "es_pyme": ("es_pyme",),
    "habilita_pago_adelantado": ("habilita_pago_adelantado",),
    "liquidacion": ("liquidaci_n", "liquidacion"),
    "puede_ser_prorrogado": ("el_contrato_puede_ser_prorrogado",),
    "dias_adicionados": ("dias_adicionados",),
    "anno_bpin": ("anno_bpin",),
    "estado_bpin": ("estado_bpin",),
    "bpin_publicado": ("c_digo_bpin", "codigo_bpin"),
}

PROCESSES: Mapping[str, Sequence[str]] = {
    "id_del_proceso": ("id_del_proceso",),
    "id_adjudicacion": ("id_adjudicacion",),
    "nit_del_proveedor_adjudicado": ("nit_del_proveedor_adjudicado",),
    "referencia_proceso": ("referencia_del_proceso",),
    "proceso_compra": ("id_del_portafolio",),
    "nombre_procedimiento": ("nombre_del_procedimiento",),
    "descripcion_procedimiento": ("descripci_n_del_procedimiento", "descripcion_del_procedimiento"),
    "fase": ("fase",),
    "estado_procedimiento": ("estado_del_procedimiento",),
    "id_estado_procedimiento": ("id_estado_del_procedimiento",),
    "estado_resumen": ("estado_resumen",),
    "estado_apertura_proceso": ("estado_de_apertura_del_proceso",),
    "modalidad_contratacion": ("modalidad_de_contratacion",),
    "justificacion_modalidad": ("justificaci_n_modalidad_de", "justificacion_modalidad_de_contratacion"),
    "tipo_contrato": ("tipo_de_contrato",),
    "subtipo_contrato": ("subtipo_de_contrato",),
    "duracion": ("duracion",),
    "unidad_duracion": ("unidad_de_duracion",),
    "codigo_principal_categoria": ("codigo_principal_de_categoria",),
    "nombre_proveedor": ("nombre_del_proveedor", "nombre_del_proveedor_adjudicado"),
    "nombre_entidad": ("entidad",),
    "nit_entidad": ("nit_entidad",),
    "urlproceso": ("urlproceso",),
    "fecha_publicacion": ("fecha_de_publicacion_del", "fecha_de_publicacion_del_proceso"),
    "fecha_ultima_publicacion": ("fecha_de_ultima_publicaci", "fecha_de_ultima_publicacion"),
    "fecha_publicacion_fase_2": ("fecha_de_publicacion_fase_2",),
    "fecha_publicacion_fase_3": ("fecha_de_publicacion_fase_3",),
    "fecha_recepcion_respuestas": ("fecha_de_recepcion_de", "fecha_de_recepcion_de_respuestas"),
    "fecha_apertura_respuesta": ("fecha_de_apertura_de_respuesta",),
    "fecha_apertura_efectiva": ("fecha_de_apertura_efectiva",),
    "fecha_adjudicacion": ("fecha_adjudicacion",),
    "precio_base": ("precio_base",),
    "valor_adjudicacion": ("valor_total_adjudicacion",),
    "proveedores_invitados": ("proveedores_invitados",),
    "proveedores_con_invitacion": ("proveedores_con_invitacion", "proveedores_con_invitacion_directa"),
    "proveedores_que_manifestaron": ("proveedores_que_manifestaron", "proveedores_que_manifestaron_interes"),
    "respuestas_al_procedimiento": ("respuestas_al_procedimiento",),
    "respuestas_externas": ("respuestas_externas",),
    "conteo_respuestas_ofertas": ("conteo_de_respuestas_a_ofertas",),
    "proveedores_unicos_con_respuesta": ("proveedores_unicos_con", "proveedores_unicos_con_respuestas"),
    "visualizaciones": ("visualizaciones_del", "visualizaciones_del_procedimiento"),
    "numero_lotes": ("numero_de_lotes",),
    "adjudicado": ("adjudicado",),
}

ADDRESS = r"(https?://[^'\"}\s]+)"
OBJECT: Final = pl.Struct({"url": pl.String})
NOT_A_TEXT: Final = re.compile(rb'": (?!["{n])')
"""A value that is neither a text nor an object nor null, in a line of a snapshot."""

AN_OBJECT: Final = b'": {'
AN_ADDRESS: Final = b'"urlproceso": {"url": "'


ROWS_OF_A_FRAME: Final = 25_000


def text_frames(snapshot: Snapshot, columns: Mapping[str, Sequence[str]]) -> Iterator[pl.DataFrame]:
    """The rows of a snapshot as `text_frame` makes them, so many at a time; at least one frame.

    Raises:
        UnreadableInput: the snapshot is damaged, perhaps after some frames have been given.
    """
    first = 1
    lines = snapshot.lines()
    while piece := list(islice(lines, ROWS_OF_A_FRAME)):
        yield text_frame_of_lines(piece, columns, fuente=snapshot.fuente, first=first)
        first += len(piece)
    if first == 1:
        yield text_frame([], columns, fuente=snapshot.fuente)


def text_frame(
    rows: Sequence[Mapping[str, object]],
    columns: Mapping[str, Sequence[str]],
    *,
    fuente: str,
    first: int = 1,
) -> pl.DataFrame:
    """Rows as received, as text under our names.

    Args:
        rows: objects of the interface or records of the CSV export; a field that is absent is NULL.
        columns: our name → the publisher's names; of several that a row has, the first with a value counts.
        fuente: where they came from.
        first: the number of the first row in its source.

    Returns:
        Shape (len(rows), len(columns) + 2): `fila`, `fuente`, then each of `columns`. An address is a plain text,
        whether it came as `{"url": …}` or not.
    """
    present = {name for row in rows for name in row}
    content = {ours: _texts(rows, names) for ours, names in _names_in_use(present, columns).items()}
    texts = pl.DataFrame(content, schema=dict.fromkeys(columns, pl.String()))
    return _numbered(texts, fuente=fuente, first=first)


def text_frame_of_lines(
    lines: Sequence[bytes],
    columns: Mapping[str, Sequence[str]],
    *,
    fuente: str,
    first: int = 1,
) -> pl.DataFrame:
    """As `text_frame`, from rows that are still lines of JSON (`Snapshot.lines`); about five times as fast."""
    content = b"\n".join(lines)
    received = _all_texts(content) if lines else None
    if received is None or received.height != len(lines):
        return text_frame([json.loads(line) for line in lines], columns, fuente=fuente, first=first)
    texts = received.select(
        (pl.coalesce(names) if names else pl.repeat(None, pl.len(), dtype=pl.String)).alias(ours)
        for ours, names in _names_in_use(received.columns, columns).items()
    )
    return _numbered(texts, fuente=fuente, first=first)


def _all_texts(content: bytes) -> pl.DataFrame | None:
    """The objects of some lines as columns of text; None where they hold anything but texts and addresses."""
    if NOT_A_TEXT.search(content) or content.count(AN_OBJECT) != content.count(AN_ADDRESS):
        return None
    try:
        received = pl.read_ndjson(BytesIO(content), infer_schema_length=None)
    except pl.exceptions.PolarsError:
        return None
    if any(dtype not in (pl.String, pl.Null, OBJECT) for dtype in received.dtypes):
        return None
    return received.with_columns(
        pl.col(name).struct.field("url").alias(name) if dtype == OBJECT else pl.col(name).cast(pl.String)
        for name, dtype in received.schema.items()
    )


def _numbered(texts: pl.DataFrame, *, fuente: str, first: int) -> pl.DataFrame:
    address = [pl.col("urlproceso").str.extract(ADDRESS, 1)] if "urlproceso" in texts.columns else []
    return texts.with_columns(*address).select(
        pl.int_range(first, first + texts.height, dtype=pl.Int64).alias("fila"),
        pl.lit(fuente).alias("fuente"),
        pl.all(),
    )


def _names_in_use(present: Iterable[str], columns: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    by_key: dict[str, list[str]] = {}
    for name in sorted(present):
        by_key.setdefault(source_key(name), []).append(name)
    return {
        ours: list(dict.fromkeys(name for alias in aliases for name in by_key.get(source_key(alias), ())))
        for ours, aliases in columns.items()
    }


def _texts(rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> list[str | None]:
    if not names:
        return [None] * len(rows)
    first, *others = names
    values = [row.get(first) for row in rows]
    for name in others:
        values = [row.get(name) if value is None else value for value, row in zip(values, rows, strict=True)]
    # nearly all values are texts already, and there are hundreds of millions of them
    return [value if value.__class__ is str else _text(value) for value in values]


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return _text(value.get("url"))
    return str(value)
