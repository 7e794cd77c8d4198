"""What the columns of project units are called in the files that have been seen, and what we call them."""

from collections.abc import Iterable, Sequence
from typing import Final

from etl_kit.text import source_key

UNIT_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "nombre_up": ("nombre_up", "nickname", "direccion"),
    "nombre_up_detalle": ("nombre_up_detalle", "nickname_detalle"),
    "identificador": ("identificador", "id_1"),
    "clase_declarada": ("clase_up", "clase_obra", "tipo_infra"),
    "tipo_equipamiento_declarado": ("tipo_equipamiento",),
    "tipo_intervencion_declarado": ("tipo_intervencion", "tipo_int_1", "tipo_int"),
    "descripcion_intervencion": ("descripcion_intervencion",),
    "fuente_financiacion_declarada": ("fuente_financiacion",),
    "estado_declarado": ("estado",),
    "avance_declarado": ("avance_obra", "f_avance", "avance"),
    "presupuesto": ("presupuesto_base", "valor_inte", "valor_intervencion"),
    "anio": ("ano",),
    "fecha_inicio": ("fecha_inicio",),
    "fecha_fin": ("fecha_fin",),
    "fecha_inauguracion": ("fecha_inauguracion",),
    "unidad": ("unidad",),
    "cantidad": ("cantidad", "longitud"),
    "usuarios": ("usuarios",),
    "bpin_declarado": ("bpin",),
    "bp_declarado": ("bp",),
    "referencia_proceso": ("referencia_proceso",),
    "referencia_contrato": ("referencia_contrato",),
    "plataforma": ("plataforma",),
    "url_proceso": ("url_proceso",),
    "organismo_declarado": ("nombre_centro_gestor", "origen_sheet"),
    "direccion": ("direccion",),
    "comuna_corregimiento_declarada": ("comuna_corregimiento", "comuna"),
    "barrio_vereda_declarado": ("barrio_vereda", "barrio"),
    "lat_declarada": ("lat",),
    "lon_declarada": ("lon",),
    "geom": ("geom",),
    "observaciones": ("observaciones",),
}
"""Our name → headers as `source_key` writes them, the best first: `Dirección` names a road that has no other name.

Columns that begin or end a road (`X_INICIA_1`, …) are not read: they mix metres and degrees, and the geometry says it.
"""

_KNOWN: Final = frozenset(header for headers in UNIT_COLUMNS.values() for header in headers)
_TELLING: Final = 5
"""So many known headers make a row of cells a header."""


def is_header(cells: Iterable[str | None]) -> bool:
    """Whether these cells are the header of a table of project units."""
    return len({source_key(cell) for cell in cells if cell} & _KNOWN) >= _TELLING


def columns_by_name(header: Sequence[str]) -> dict[str, str]:
    """Our name → the header to read it from, for each of `UNIT_COLUMNS` that is there; of two alike the first."""
    found: dict[str, str] = {}
    for name in header:
        found.setdefault(source_key(name), name)
    chosen = {
        ours: next((found[theirs] for theirs in headers if theirs in found), None)
        for ours, headers in UNIT_COLUMNS.items()
    }
    return {ours: theirs for ours, theirs in chosen.items() if theirs is not None}
