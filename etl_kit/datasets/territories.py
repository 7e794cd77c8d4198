"""Tables of the city's own map: what it is divided into."""

from typing import Final

import polars as pl

from etl_kit.columns import LINEAGE_COLUMNS, Column, keys
from etl_kit.datasets.dataset import Dataset, ForeignKey
from etl_kit.translation import N_

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
    about=N_("a comuna (01 to 22) or a corregimiento (51 to 65), by the name that the other tables use"),
)

BARRIOS_VEREDAS: Final = Dataset(
    name="barrios_veredas",
    key=("codigo",),
    columns=(*keys("codigo", "barrio_vereda", "tipo", "codigo_territorio", "territorio"), *_AREA, *LINEAGE_COLUMNS),
    made_by="transform_territorios",
    critical=False,
    foreign_keys=(ForeignKey(columns=("codigo_territorio",), dataset="territorios", enforced=True),),
    about=N_("a barrio of a comuna or a vereda of a corregimiento"),
)
