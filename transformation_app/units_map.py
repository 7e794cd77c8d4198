"""Project units as one GeoJSON file that a map can show as it is."""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

import polars as pl

_OF_UNIT: Final = (
    "upid",
    "nombre_up",
    "nombre_up_detalle",
    "clase_up",
    "tipo_equipamiento",
    "direccion",
    "territorio",
    "barrio_vereda",
    "fuera_rango",
    "nombre_centro_gestor",
    "longitud_m",
    "n_intervenciones",
)
_OF_INTERVENTION: Final = (
    "intervencion_id",
    "estado",
    "tipo_intervencion",
    "avance_obra",
    "presupuesto",
    "anio",
    "fecha_inicio",
    "fecha_fin",
    "frente_activo",
    "fuente_financiacion",
    "bpin",
)


def feature_collection(units: pl.DataFrame, interventions: pl.DataFrame) -> str:
    """A FeatureCollection in EPSG:4326: a feature for each unit with a geometry, its interventions in its properties.

    Units without one cannot be shown and are left out.
    """
    by_unit: dict[str, list[dict[str, object]]] = defaultdict(list)
    for upid, *cells in interventions.sort("intervencion_id").select("upid", *_OF_INTERVENTION).iter_rows():
        by_unit[upid].append(dict(zip(_OF_INTERVENTION, map(_plain, cells), strict=True)))
    drawn = units.filter(pl.col("geometria").is_not_null()).sort("upid")
    features = [
        _feature(geometry, dict(zip(_OF_UNIT, map(_plain, cells), strict=True)), by_unit)
        for geometry, *cells in drawn.select("geometria", *_OF_UNIT).iter_rows()
    ]
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"


def _feature(geometry: str, properties: dict[str, object], by_unit: Mapping[str, list[dict[str, object]]]) -> str:
    told = properties | {"intervenciones": by_unit.get(str(properties["upid"]), [])}
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return f'{{"type":"Feature","id":"{properties["upid"]}","geometry":{geometry},"properties":{text}}}'


def _plain(value: object) -> object:
    """What JSON can hold: dates in ISO, decimals as numbers (below 10^13 pesos a float is exact to the cent)."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    return round(value, 1) if isinstance(value, float) else value
