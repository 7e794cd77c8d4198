"""The three header generations of the monthly budget files, under one set of names."""

from collections.abc import Sequence

from etl_kit.columns import EXECUTION, MOVEMENTS, PLAN
from etl_kit.errors import MissingColumns
from etl_kit.text import plain_key

MONEY_COLUMNS = (*MOVEMENTS, *EXECUTION)

# Each name, and the headers it goes by. Headers are compared as they stand first and without case and accents only
# if exactly one column then fits, because `Programa` and `PROGRAMA` are two columns of 2024.
SHARED = {
    "cod_centro_gestor": ("Centro Gestor",),
    "nombre_centro_gestor": ("Nombre Centro Gestor",),
    "bp": ("BP",),
    "bpin": ("BPIN",),
    "nombre_proyecto": ("Nombre BP", "Nombre Proyecto", "Nombre del Proyecto"),
    "nombre_actividad": ("Nombre Actividad", "Nombre de la actividad"),
    "nombre_fondo": ("Nombre Fondo", "Nombre de fondo"),
    "clasificacion_fondo": ("Clasificación del fondo 1", "Clasificación del fondo"),
    "area_funcional": ("Area Funcional",),
    "nombre_area_funcional": ("Nombre Area Funcional", "Nombre del Area Funcional"),
    "cod_producto_mga": ("Código Producto MGA",),
    "nombre_producto_mga": ("Nombre Producto MGA",),
    "rubro": ("RUBRO",),
    "origen": ("Origen",),
    "comuna": ("COMUNA",),
    "vigencia": ("VIGENCIA",),
    "tipo_gasto": ("TIPO DE GASTO",),
    "ppto_inicial": ("PPTO INICIAL",),
    "reducciones": ("REDUCCIONES",),
    "adiciones": ("ADICIONES",),
    "contracreditos": ("CONTRACREDITOS",),
    "creditos": ("CREDITOS",),
    "aplazamiento": ("APLAZAMIENTO",),
    "desaplazamiento": ("DESAPLAZAMIENTO",),
    "ppto_modificado": ("PPTO. MODIFICADO",),
    "total_acumulado_cdp": ("TOTAL ACUMULADO CDP",),
    "total_acumulado_rpc": ("TOTAL ACUMULADO RPC",),
    "total_acumul_obligac": ("TOTAL ACUMUL OBLIGAC",),
    "pagos": ("PAGOS",),
    "ejecucion": ("EJECUCION",),
    "saldos_cdp": ("SALDOS CDP",),
    "ppto_disponible": ("PPTO. DISPONIBLE",),
}
PLAN_2024_2027 = SHARED | {
    "programa_presupuestal": ("Programa Presupuestal",),
    "pospre": ("Pospre",),
    "nombre_pospre": ("Nombre Pospre",),
    "fondo": ("Fondo",),
    "cod_proposito": ("Propósito",),
    "nombre_proposito": ("Nombre Propósito",),
    "cod_reto": ("Reto",),
    "nombre_reto": ("Nombre Reto",),
    "cod_programa": ("Programa",),
    "nombre_programa": ("Nombre Programa",),
}
PLAN_2020_2023 = SHARED | {
    "programa_presupuestal": ("Programa",),  # the activity code; the plan's programme is the second one
    "pospre": ("Pospre 1",),
    "nombre_pospre": ("Pospre 1.1",),
    "fondo": ("Fondo 1",),
    "cod_dimension": ("Dimensión",),
    "nombre_dimension": ("Nombre de Dimensión",),
    "cod_linea_estrategica": ("Línea Estratégica",),
    "nombre_linea_estrategica": ("Nombre de Línea Estratégica",),
    "cod_programa": ("Programa.1",),
    "nombre_programa": ("Nombre de Programa",),
}
REQUIRED = ("cod_centro_gestor", "bp", "bpin", "programa_presupuestal", "pospre", "fondo", "vigencia", *MONEY_COLUMNS)
BUDGET_COLUMNS = tuple(dict.fromkeys((*SHARED, *PLAN_2024_2027, *PLAN_2020_2023, *PLAN)))
"""Every name that a budget frame has, whichever generation it came from."""


def columns_by_name(header: Sequence[str], place: str) -> dict[str, str]:
    """Which column of a file holds what.

    Args:
        header: names as `normalise_header` leaves them.
        place: the file, for the error.

    Returns:
        Our name → the file's, for those that the file has.

    Raises:
        MissingColumns: a column without which a line means nothing is absent.
    """
    layout = PLAN_2024_2027 if _find(header, ("Programa Presupuestal",)) else PLAN_2020_2023
    found = {name: column for name, aliases in layout.items() if (column := _find(header, aliases))}
    absent = [layout[name][0] for name in REQUIRED if name not in found]
    if absent:
        raise MissingColumns(place, absent, present=header)
    return found


def is_header(cells: Sequence[str | None]) -> bool:
    """Whether a row of cells is the header, and not a title above it."""
    return {"bpin", "bp", "centro gestor"} <= {plain_key(cell) for cell in cells if cell}


def _find(header: Sequence[str], aliases: Sequence[str]) -> str | None:
    for alias in aliases:
        if alias in header:
            return alias
    plain = {plain_key(alias) for alias in aliases}
    fitting = [name for name in header if plain_key(name) in plain]
    return fitting[0] if len(fitting) == 1 else None
