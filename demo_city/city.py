"""The made-up city as a folder, in the layout of the real files."""

import json
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from demo_city.action_plan import files_of_action_plan
from demo_city.basemaps import files_of_basemaps
from demo_city.budget import Row, year_of_budget
from demo_city.budget_files import csv_bytes, csv_name, with_traps_of_2024, workbook_bytes, workbook_name
from demo_city.contracts import contracts_of_city, officials
from demo_city.country import LARGEST_CITY
from demo_city.field_reports import files_of_field_reports
from demo_city.loan import index_records, invent_loan
from demo_city.loan_books import files_of_loan_books
from demo_city.paa import files_of_paa
from demo_city.processes import processes_of_city
from demo_city.projects import invent_projects
from demo_city.units import files_of_units

VERSION: Final = 2
"""Goes up whenever the same seed gives other files, so that an older city is made again."""

SEAL: Final = "ciudad.json"
"""Written into every city: what it was made from, and where its deliberate faults are."""

CUT_OF_2024: Final = (2024, 2)
CUTS_OF_2025: Final = (1, 2, 3, 4, 5)
WORKBOOK_MONTH: Final = 4
"""The month that is there twice: as CSV, and as a workbook that lacks the last rows."""

HANDED_OVER: Final = (
    files_of_action_plan,
    files_of_basemaps,
    files_of_field_reports,
    files_of_loan_books,
    files_of_paa,
    files_of_units,
)
"""What makes the files that departments hand over, of the projects of 2025."""

_FILLED: Final = 0.7
_UNFINISHED: Final = ".part"
_LEFTOVER_SECONDS: Final = 3_600


@dataclass(frozen=True, kw_only=True)
class City:
    """All files of a city by their path within its folder, and the list of deliberate faults."""

    files: dict[str, bytes]
    traps: dict[str, dict[str, list[int]]]


def build_city(*, seed: int, scale: float) -> City:
    """Every file of the city; the same bytes for the same `seed` and `scale`, on any machine.

    Args:
        seed: any whole number.
        scale: 1 is about 4 000 budget rows in all and 500 contracts; below 0.1 it shrinks no further, and beyond
            LARGEST_CITY it grows no further: what is more is the country around it, which no file holds.
    """
    scale = min(scale, LARGEST_CITY)
    old, new = (invent_projects(seed, scale, year) for year in (2024, 2025))
    items = invent_loan(seed, scale, new)
    files = {
        "secop/contratos_jbjy-vk9h.json": _json(contracts_of_city(seed, scale, new, items)),
        "secop/procesos_p6dx-8zbt.json": _json(processes_of_city(seed, scale, items)),
        "emprestito/indice_procesos_emprestito.json": _json(index_records(seed, items, officials(seed, 12))),
    }
    year, month = CUT_OF_2024
    faulty, traps = with_traps_of_2024(year_of_budget(seed, old, year, month)[month])
    files |= _budget_csv(year, month, faulty)
    months = year_of_budget(seed, new, 2025, max(CUTS_OF_2025))
    for month in CUTS_OF_2025:
        files |= _budget_csv(2025, month, months[month])
    rows = months[WORKBOOK_MONTH]
    workbook = workbook_bytes(rows, int(len(rows) * _FILLED), 2025, WORKBOOK_MONTH)
    files[f"ejecucion_presupuestal/{workbook_name(WORKBOOK_MONTH)}"] = workbook
    for files_of in HANDED_OVER:
        files |= files_of(seed, scale, new)
    return City(files=files, traps={csv_name(*CUT_OF_2024): traps})


def ensure_city(folder: Path, *, seed: int, scale: float) -> Path:
    """The city of `seed` and `scale`, in a folder of its own below `folder`; made if it is not there.

    Several processes may call this at once: each builds beside and the first to finish puts its city in place.

    Returns:
        The city's folder.
    """
    city_folder = folder / f"v{VERSION}-semilla{seed}-escala{scale:g}"
    if (city_folder / SEAL).is_file():
        return city_folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear_leftovers(folder)
    beside = folder / f".{city_folder.name}.{secrets.token_hex(4)}{_UNFINISHED}"
    try:
        write_city(build_city(seed=seed, scale=scale), beside, seed=seed, scale=scale)
        _put_in_place(beside, city_folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return city_folder


def write_city(city: City, folder: Path, *, seed: int, scale: float) -> None:
    """Write the files below `folder`, the seal last: a folder with a seal is whole."""
    for name, data in city.files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(data)
    about = {"inventada": True, "semilla": seed, "escala": scale, "version": VERSION, "trampas": city.traps}
    (folder / SEAL).write_bytes(_json(about))


def _put_in_place(beside: Path, city_folder: Path) -> None:
    try:
        beside.rename(city_folder)
    except OSError:
        if (city_folder / SEAL).is_file():
            return  # another process was faster; its city is the same
        shutil.rmtree(city_folder, ignore_errors=True)  # what is there has no seal: nobody finished it
        beside.rename(city_folder)


def _clear_leftovers(folder: Path) -> None:
    """Remove what a killed process left half built long ago; a younger one may still be at work."""
    long_ago = time.time() - _LEFTOVER_SECONDS
    for path in folder.glob(f".*{_UNFINISHED}"):
        with suppress(FileNotFoundError):  # another process clears up too
            if path.stat().st_mtime < long_ago:
                shutil.rmtree(path, ignore_errors=True)


def _budget_csv(year: int, month: int, rows: list[Row]) -> dict[str, bytes]:
    return {f"ejecucion_presupuestal/{csv_name(year, month)}": csv_bytes(rows, year, month)}


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
