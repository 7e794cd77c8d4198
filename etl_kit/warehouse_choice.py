"""Which warehouse the settings ask for."""

import polars as pl

from etl_kit.datasets import WAREHOUSE, Dataset
from etl_kit.places import Places
from etl_kit.settings import EtlSettings
from etl_kit.warehouse_address import MissingDriver
from etl_kit.warehouse_duckdb import DuckdbWarehouse
from etl_kit.warehouse_port import Warehouse

LOADER = "load_data_complete"
"""The task that fills the warehouse."""


def open_warehouse(settings: EtlSettings) -> Warehouse:
    """The PostgreSQL database of `ETL_WAREHOUSE_URL`, or the DuckDB file of the source; nothing is opened yet.

    Raises:
        MissingDriver: the extra `postgres` is not installed.
    """
    places = Places.of(settings)
    if settings.warehouse_url is None:
        return DuckdbWarehouse(path=places.warehouse, source=settings.source)
    try:
        from etl_kit.warehouse_postgres import PostgresWarehouse  # noqa: PLC0415 — an optional library
    except ImportError as error:
        if error.name not in {None, "psycopg"}:  # without a name: psycopg is there, but not the C library it needs
            raise
        raise MissingDriver from error
    return PostgresWarehouse(url=settings.warehouse_url, source=settings.source, folder=places.warehouse.parent)


def read_table(settings: EtlSettings, name: str) -> pl.DataFrame:
    """The current rows of table `name`, the same frame from either database.

    Raises:
        KeyError: no dataset is called so.
        MissingInput: it was never loaded.
        OtherSource, WarehouseBusy, WarehouseUnreadable, WarehouseUnreachable: the warehouse cannot be read.
    """
    return open_warehouse(settings).read_table(_dataset(name), made_by=LOADER)


def _dataset(name: str) -> Dataset:
    return {dataset.name: dataset for dataset in WAREHOUSE}[name]
