"""The columns of the weekly procurement plan, found by name among whatever else a week's sheet holds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from etl_kit.datasets.paa import PAA_MONEY
from etl_kit.text import source_key

PAA_COLUMNS: Final = {
    "cod_centro_gestor": "CODIGO ORGANISMO",
    "nombre_centro_gestor": "ORGANISMO",
    "descripcion": "DESCRIPCION",
    "anio": "VIGENCIA",
    "mes_inicio": "FECHA INICIO",
    "mes_oferta": "FECHA OFERTA",
    "duracion_valor": "DURACION VALOR",
    "duracion_intervalo": "DURACION INTERVALO",
    "modalidad": "MODALIDAD",
    "fuente_recursos": "FUENTE RECURSOS",
    "fuente_recursos_valor": "FUENTE RECURSOS-VALOR",
    "programa_presupuestal": "ELEMENTO PEP",
    "nombre_actividad": "DESCRIPCION ELEMENTO PEP",
    "pospre": "POSPRE",
    "valor_actividad": "VALOR ACTIVIDAD",
    "valor_disponible": "VALOR DISPONIBLE",
    "valor_apropiado": "VALOR APROPIADO",
    "valor_total_estimado": "VALOR TOTAL ESTIMADO",
    "valor_vigencia_actual": "VALOR VIGENCIA ACTUAL",
    "vigencias_futuras": "VIGENCIAS FUTURAS",
    "estado_vigencias": "ESTADO VIGENCIAS",
    "id": "ID",
    "tipo_solicitud": "TIPO DE SOLICITUD",
    "categoria": "CATEGORIA",
    "subcategoria": "SUBCATEGORIA",
    "inclusion_social": "INCLUSION SOCIAL",
    "id_paa": "ID PAA",
    "estado": "ESTADO",
    "fuente_recursos_final": "FUENTE RECURSOS FINAL",
    "funcionamiento_real_estimado": "FUNCIONAMIENTO REAL ESTIMADO",
    "inversion_real_estimado": "INVERSIÓN REAL ESTIMADO",
    "numero_modificaciones": "NÚMERO MODIFICACIONES",
    "tiene_proceso": "TIENE PROCESO",
    "tipo_plataforma": "TIPO DE PLATAFORMA",
    "link_del_proceso": "LINK DEL PROCESO",
    "vencida": "VENCIDA",
    "justificacion_vencida": "JUSTIFICACIÓN VENCIDA",
    "nombre_abreviado": "NOMBRE ABREVIADO",
    "fecha_firma": "FECHA DE FIRMA DE CONTRATO",
    "fondo": "FONDO",
    "presupuesto_participativo": "PRESUPUESTO PARTICIPATIVO",
    "origen": "ORIGEN",
    "comuna": "COMUNA",
    "ppto_disponible": "PPTO. DISPONIBLE",
    "rpc": "RPC",
    "delegaciones": "DELEGACIONES",
    "bp": "ELEMENTO PEP 2",
    "cdp_bloqueado": "CDP BLOQUEADO",
    "emprestito": "EMPRÉSTITO",
}
"""Our name → the plan's. `LLAVE` (BP and ID joined), `NOMBRE POSPRE` and `PROYECTO` (empty) add nothing."""

COUNT_COLUMNS: Final = ("anio", "duracion_valor", "numero_modificaciones")
TEXT_COLUMNS: Final = tuple(name for name in PAA_COLUMNS if name not in (*PAA_MONEY, *COUNT_COLUMNS))
MARKED: Final = ("vencida", "emprestito")
"""Columns in which only SI is ever written: a blank cell means no."""

REPEATING: Final = {
    "presupuesto_participativo": "presupuesto_participativo",
    "cdp_bloqueado": "cdp_bloqueado",
    "delegada": "delegaciones",
}
"""Flag → the column that repeats a code of the line where the flag is true; a blank cell means no."""

ESSENTIAL: Final = ("id", "nombre_centro_gestor", "descripcion", "valor_total_estimado")
"""Columns that make a sheet the plan."""

_OURS: Final = {source_key(theirs): ours for ours, theirs in PAA_COLUMNS.items()}
_KNOWN_AND_UNUSED: Final = frozenset({"llave", "nombre_pospre", "proyecto"})


def is_header(cells: Sequence[str | None]) -> bool:
    """Whether a row of cells is the plan's header."""
    return {source_key(PAA_COLUMNS[name]) for name in ESSENTIAL} <= {source_key(cell) for cell in cells if cell}


def columns_by_name(header: Sequence[str | None], *, filled: Callable[[int], bool]) -> dict[str, int]:
    """Which position of a sheet holds what; a header with a suffix or a stray value is nobody's.

    Args:
        header: cells as they stand.
        filled: whether anything stands in a position below its header: of columns with the very same header the
            first one with values is meant, and the first if none has any.
    """
    places: dict[str, list[int]] = {}
    for position, cell in enumerate(header):
        ours = _OURS.get(source_key(cell or ""))
        if ours is not None:
            places.setdefault(ours, []).append(position)
    return {ours: next((place for place in found if filled(place)), found[0]) for ours, found in places.items()}


def junk_headers(header: Sequence[str | None], columns: Mapping[str, int]) -> list[str]:
    """What stands in the header without being a column of the plan, duplicates included."""
    used = set(columns.values())
    return [
        cell.strip()
        for position, cell in enumerate(header)
        if cell and cell.strip() and position not in used and source_key(cell) not in _KNOWN_AND_UNUSED
    ]
