"""What the transforms of SECOP and the loan read: snapshots, and the catalogue that may be absent."""

from collections.abc import Callable
from typing import TypeVar

import polars as pl

from etl_kit.datasets import CATALOGO_BPIN
from etl_kit.errors import MissingInput
from etl_kit.files import read_parquet
from etl_kit.originals import EXTRACTED_BY, current_originals
from etl_kit.places import Places
from etl_kit.snapshots import Snapshot, latest_snapshot
from etl_kit.territories import Territories
from etl_kit.translation import _

Read = TypeVar("Read")


def contracts_snapshot(places: Places) -> Snapshot:
    """The newest contracts as received; raises MissingInput."""
    return latest_snapshot(places.raw("contratos_emprestito"), made_by="extract_contratos_emprestito")


def processes_snapshot(places: Places) -> Snapshot:
    """The newest processes as received; raises MissingInput."""
    return latest_snapshot(places.raw("procesos_emprestito"), made_by="extract_procesos_emprestito")


def index_snapshot(places: Places) -> Snapshot:
    """The newest loan index as received; raises MissingInput."""
    return latest_snapshot(places.raw("indice_emprestito"), made_by="extract_indice_emprestito")


def bpin_catalogue(places: Places) -> pl.DataFrame:
    """The catalogue BP → BPIN; raises MissingInput."""
    return read_parquet(places.transformed(CATALOGO_BPIN.name), made_by=CATALOGO_BPIN.made_by)


def basemaps(places: Places) -> Territories:
    """The comunas, corregimientos, barrios and veredas; raises MissingInput, UnreadableInput."""
    return Territories.read(current_originals(places.raw("basemaps"), made_by=EXTRACTED_BY))


def if_present(read: Callable[[Places], Read], places: Places, warnings: list[str]) -> Read | None:
    """What `read` finds, or None and a warning where the task that makes it has not run."""
    try:
        return read(places)
    except MissingInput as error:
        warnings.append(_("going on without an input: {reason}").format(reason=error))
        return None
