"""Table of what people in the field reported around the places where the city builds."""

from typing import Final

import polars as pl

from etl_kit.columns import LINEAGE_COLUMNS, Column, counts, keys, texts
from etl_kit.datasets.dataset import Dataset
from etl_kit.translation import N_

CENTROS_GRAVEDAD: Final = Dataset(
    name="centros_gravedad",
    key=("cod",),
    columns=(
        *keys("cod"),
        # Held as an instant, like every moment of the warehouse; the form writes local time of America/Bogota.
        Column(name="fecha_hora", dtype=pl.Datetime("us", "UTC"), about="instante; el formulario da hora de Colombia"),
        Column(name="fecha", dtype=pl.Date, about="día en Colombia (America/Bogota)"),
        *texts("novedad", "descripcion", "imagen_url"),
        *counts("sitio_num"),
        *texts("sitio"),
        Column(name="lat", dtype=pl.Float64, about="grados, EPSG:4326"),
        Column(name="lon", dtype=pl.Float64, about="grados, EPSG:4326"),
        *texts("reparacion", "motivo_sin_geometria", "territorio", "barrio_vereda", "tipo_territorio"),
        Column(name="geometria", dtype=pl.String, about="GeoJSON, EPSG:4326; NULL fuera de la ciudad"),
        *counts("fila_origen", required=True),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_centros_gravedad",
    critical=False,
    about=N_("something seen in the field around a site of works"),
)
