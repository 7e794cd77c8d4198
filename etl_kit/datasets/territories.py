"""Tables of the city's own map: what it is divided into."""

from typing import Final

import polars as pl

from etl_kit.columns import LINEAGE_COLUMNS, Column, keys
from etl_kit.datasets.dataset import Dataset, ForeignKey

_AREA: Final = (
    Column(name="area_km2", dtype=pl.Float64, required=True, about="kilómetros cuadrados, EPSG:6249"),
    Column(
        name="geometria", dtype=pl.String, required=True, about="GeoJSON, EPSG:4326, simplificada para dibujar un mapa"
    ),
)

TERRITORIOS: Final = Dataset(
    name="territorios",
    key=("codigo",),
    columns=(*keys("codigo", "territorio", "tipo_territorio"), *_AREA, *LINEAGE_COLUMNS),
    made_by="transform_territorios",
    critical=False,
    about="una comuna (01 a 22) o un corregimiento (51 a 65), con el nombre que usan las demás tablas",
)

BARRIOS_VEREDAS: Final = Dataset(
    name="barrios_veredas",
    key=("codigo",),
    columns=(*keys("codigo", "barrio_vereda", "tipo", "codigo_territorio", "territorio"), *_AREA, *LINEAGE_COLUMNS),
    made_by="transform_territorios",
    critical=False,
    foreign_keys=(ForeignKey(columns=("codigo_territorio",), dataset="territorios", enforced=True),),
    about="un barrio de una comuna o una vereda de un corregimiento",
)
