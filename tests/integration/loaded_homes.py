"""Homes whose files a test puts there by hand, transformed and loaded in this process."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from etl_kit.datasets import WAREHOUSE
from etl_kit.files import read_parquet
from etl_kit.places import Places
from etl_kit.settings import Source
from etl_kit.snapshots import write_snapshot
from etl_kit.warehouse_duckdb import DuckdbWarehouse
from extraction_app import data_extraction_archivos, data_extraction_ejecucion_presupuestal
from load_app import data_loading
from load_app.inputs import find_inputs
from transformation_app import (
    data_transformation_catalogo_bpin,
    data_transformation_centros_gravedad,
    data_transformation_contratos_secop,
    data_transformation_ejecucion_presupuestal,
    data_transformation_emprestito,
    data_transformation_paa,
    data_transformation_procesos_secop,
    data_transformation_seguimiento_pa,
    data_transformation_territorios,
    data_transformation_unidades_proyecto,
)

TRANSFORMS = (
    data_transformation_catalogo_bpin,
    data_transformation_contratos_secop,
    data_transformation_procesos_secop,
    data_transformation_emprestito,
    data_transformation_ejecucion_presupuestal,
    data_transformation_territorios,
    data_transformation_paa,
    data_transformation_seguimiento_pa,
    data_transformation_unidades_proyecto,
    data_transformation_centros_gravedad,
)
LATER = date(2025, 9, 22)
BUDGET = "ejecucion_presupuestal"
SNAPSHOTS = {
    "secop/contratos_jbjy-vk9h.json": "contratos_emprestito",
    "secop/procesos_p6dx-8zbt.json": "procesos_emprestito",
    "emprestito/indice_procesos_emprestito.json": "indice_emprestito",
}


class Home:
    """A home that gets its files by hand, as drop-ins and snapshots."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(home=folder, source=Source.PORTAL)
        self.entrance = folder / "data" / "entrada"
        self.keywords = {"home": str(folder), "source": "portal"}

    def receive(self, files: Mapping[str, bytes], *, day: date = LATER) -> None:
        for name, data in files.items():
            if name in SNAPSHOTS:
                write_snapshot(self.places.raw(SNAPSHOTS[name]), rows=json.loads(data), about={}, day=day)
            else:
                path = self.entrance / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        kinds = {name.partition("/")[0] for name in files if name not in SNAPSHOTS}
        if BUDGET in kinds:
            data_extraction_ejecucion_presupuestal.main(**self.keywords)
        if kinds - {BUDGET}:
            data_extraction_archivos.main(**self.keywords)

    def transform(self, transforms: Sequence[object] = TRANSFORMS) -> None:
        for task in transforms:
            task.main(**self.keywords)

    def load(self, *names: str, others_empty: bool = False) -> None:
        """Load the tables of these names, all without names, and export nothing; `others_empty` makes the rest too."""
        datasets = [each for each in WAREHOUSE if not names or each.name in names]
        inputs, _missing = find_inputs(self.places, datasets)
        made = WAREHOUSE if others_empty else datasets
        data_loading.load(self._warehouse(), made, inputs, run_id="corrida", gate=False)

    def loaded(self) -> dict[str, pl.DataFrame]:
        """The current rows of every table of the warehouse, by its key."""
        with self._warehouse().reading(made_by="load_data_complete") as connection:
            present = {name for (name,) in connection.sql("SELECT view_name FROM duckdb_views()").fetchall()}
            return {
                each.name: pl.DataFrame(connection.sql(f"SELECT * FROM vigentes.{each.name}")).sort(each.key)
                for each in WAREHOUSE
                if each.name in present
            }

    def transformed(self, *names: str) -> dict[str, pl.DataFrame]:
        """What the transforms left, by its key."""
        return {
            each.name: read_parquet(self.places.transformed(each.name), made_by=each.made_by).sort(each.key)
            for each in WAREHOUSE
            if not names or each.name in names
        }

    def _warehouse(self) -> DuckdbWarehouse:
        return DuckdbWarehouse(path=self.places.warehouse, source=self.places.source)
