"""Which budget file speaks for which month: the registry of originals, and the choice between formats."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import polars as pl

from etl_kit.dates import last_day, month_from_name, month_of_file_name
from etl_kit.errors import MissingColumns, MissingInput, UnreadableInput
from etl_kit.files import read_json
from etl_kit.money import read_money
from etl_kit.rejects import Rejects
from etl_kit.text import or_none
from etl_kit.translation import _
from transformation_app.budget_files import read_budget_file, spelling_of
from transformation_app.budget_layout import MONEY_COLUMNS

REGISTRY = "registro.json"
MADE_BY = "extract_ejecucion_presupuestal"
NO_PERIOD = "ni el nombre del archivo ni el registro dicen un solo mes y un solo año"


@dataclass(frozen=True, kw_only=True)
class BudgetFile:
    """An original that is current: `name` as published, `path` as kept, `cut` the last day of its month."""

    name: str
    path: Path
    cut: date


@dataclass(frozen=True, kw_only=True)
class Month:
    """The lines of one month's file: text, but for money; `refused` holds what could not be read in it."""

    file: BudgetFile
    lines: pl.DataFrame
    refused: Rejects


def months_of(folder: Path, *, rejects: Rejects) -> tuple[list[Month], list[str]]:
    """The months that the registered files of `folder` hold, and warnings about what was left out.

    Raises:
        MissingInput: there is no registry.
        UnreadableInput, MissingColumns: files are registered, but not one of them can be used.
    """
    files = current_files(folder, rejects=rejects)
    nameless = refused_file_warnings(rejects)
    if nameless and not files:
        raise UnreadableInput(folder, "; ".join(nameless))
    months, left_out = read_months(files, rejects=rejects)
    return months, [*nameless, *left_out]


def current_files(folder: Path, *, rejects: Rejects) -> list[BudgetFile]:
    """The registered originals that nothing has replaced, by month and name.

    A file whose month nobody tells is refused by name: it never gets a default year.

    Raises:
        MissingInput: there is no registry.
        UnreadableInput: the registry is no list of files.
    """
    registry = folder / REGISTRY
    entries = read_json(registry, made_by=MADE_BY)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "archivo" in entry for entry in entries):
        raise UnreadableInput(registry, _("it is not a list of registered files"))
    files = []
    for entry in entries:
        if entry.get("reemplazado"):
            continue
        name = str(entry.get("nombre") or entry["archivo"])
        cut = cut_of(name, entry)
        if cut is None:
            rejects.add(motivo=NO_PERIOD, fuente=name)
        else:
            files.append(BudgetFile(name=name, path=folder / str(entry["archivo"]), cut=cut))
    return sorted(files, key=lambda file: (file.cut, file.name, file.path.name))


def cut_of(name: str, entry: Mapping[str, object]) -> date | None:
    """The last day of the month that a file is about, from its name or, where that is silent, its registry entry."""
    told = month_of_file_name(name) or _registered_month(entry)
    return None if told is None else last_day(*told)


def read_months(files: Sequence[BudgetFile], *, rejects: Rejects) -> tuple[list[Month], list[str]]:
    """One set of lines for each month, and warnings about what was left out.

    A file that cannot be read is refused by name, unless none can be.

    Raises:
        UnreadableInput, MissingColumns, MissingInput: no file at all could be read.
    """
    months: list[Month] = []
    warnings: list[str] = []
    failure: UnreadableInput | MissingColumns | MissingInput | None = None
    for _cut, candidates in groupby(files, key=lambda file: file.cut):
        read = []
        for file in candidates:
            try:
                read.append(read_month(file))
            except (UnreadableInput, MissingColumns, MissingInput) as error:
                failure = error
                rejects.add(motivo=str(error), fuente=file.name)
                warnings.append(_("{name} was left out: {reason}").format(name=file.name, reason=error))
        if read:
            chosen, differences = choose_month(read)
            rejects.extend(chosen.refused)
            warnings.extend(differences)
            months.append(chosen)
    if failure is not None and not months:
        raise failure
    return months, warnings


def choose_month(candidates: Iterable[Month]) -> tuple[Month, list[str]]:
    """Of one month's files the one that speaks, and in what the others differ from it.

    The file with more rows speaks; with as many, the workbook, which is the official form.
    """
    chosen, *others = sorted(candidates, key=_rank)
    return chosen, [said for other in others if (said := _difference(chosen, other))]


def read_month(file: BudgetFile) -> Month:
    """The lines of one file with its money read.

    Raises:
        MissingInput: the registered file has gone.
        UnreadableInput, MissingColumns: as `read_budget_file` does.
    """
    if not file.path.is_file():
        raise MissingInput(file.path, made_by=MADE_BY)
    refused = Rejects(dataset=file.name)
    lines = read_budget_file(file.path.read_bytes(), name=file.name, rejects=refused)
    lines = read_money(lines, MONEY_COLUMNS, rejects=refused, spelling=spelling_of(file.name))
    return Month(file=file, lines=lines.with_columns(pl.lit(file.cut).alias("periodo_corte")), refused=refused)


def refused_file_warnings(rejects: Rejects) -> list[str]:
    """A sentence for each file that was refused because nobody tells its month."""
    nameless = rejects.frame().filter(pl.col("motivo") == NO_PERIOD).get_column("fuente").to_list()
    return [_("{name} was left out: its name tells no single month and year").format(name=name) for name in nameless]


def _registered_month(entry: Mapping[str, object]) -> tuple[int, int] | None:
    year, month = or_none(entry.get("vigencia")), or_none(entry.get("mes"))
    if year is None or month is None or not year.isdecimal():
        return None
    number = int(month) if month.isdecimal() else month_from_name(month)
    return None if number is None or number not in range(1, 13) else (int(year), number)


def _rank(month: Month) -> tuple[int, bool, str, str]:
    is_workbook = month.file.name.lower().endswith(".xlsx")
    return -month.lines.height, not is_workbook, month.file.name, month.file.path.name


def _difference(chosen: Month, other: Month) -> str | None:
    """What the file left aside says otherwise, in a sentence; None if both agree."""
    apart = [name for name in MONEY_COLUMNS if _total(chosen, name) != _total(other, name)]
    if chosen.lines.height == other.lines.height and not apart:
        return None
    return _(
        "{cut}: {chosen} speaks with {rows} rows; {other} has {other_rows}, and other totals in {columns}",
    ).format(
        cut=chosen.file.cut.isoformat(),
        chosen=chosen.file.name,
        rows=chosen.lines.height,
        other=other.file.name,
        other_rows=other.lines.height,
        columns=_listed(apart),
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or _("none")


def _total(month: Month, name: str) -> Decimal:
    return Decimal(month.lines.get_column(name).sum())
