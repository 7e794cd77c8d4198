"""The staged side of a load: pieces of transformed files into typed tables that nobody else sees."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import polars as pl

from etl_kit.datasets import Dataset
from etl_kit.errors import DuplicateKeys
from etl_kit.translation import _
from etl_kit.warehouse_port import Publication
from load_app.inputs import Input
from load_app.statements import TableStatements

EXAMPLES: Final = 3
_NUL = "\x00"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What staging says: warnings, and by table how long it took."""

    warnings: list[str] = field(default_factory=list)
    took: dict[str, timedelta] = field(default_factory=dict)


def stage(publication: Publication, datasets: Sequence[Dataset], inputs: Mapping[str, Input]) -> Staged:
    """Fill a staging table for each of `datasets`.

    Raises:
        MissingColumns, WrongValues: a file does not fit its dataset.
        DuplicateKeys: two rows share a key.
    """
    staged = Staged()
    for dataset in datasets:
        began = time.monotonic()
        statements = TableStatements(dataset, publication.dialect)
        cleaned = 0
        if not _show(publication, statements, inputs[dataset.name]):
            publication.execute(statements.create_staged())
            for piece in inputs[dataset.name].pieces():
                clean, texts = without_nul(piece)
                cleaned += texts
                publication.append(statements.staged, clean)
        for statement in statements.analyze(statements.staged):
            publication.execute(statement)
        _check_key(publication, dataset, statements)
        if cleaned:
            text = _("{count} texts of {table} had NUL characters, which no database keeps; they were taken out")
            staged.warnings.append(text.format(count=cleaned, table=dataset.name))
        staged.took[dataset.name] = timedelta(seconds=time.monotonic() - began)
    return staged


def _show(publication: Publication, statements: TableStatements, rows: Input) -> bool:
    """Whether a large file can be staged as it is; all its pieces are looked at, and one that does not fit raises."""
    path = rows.large_file()
    if path is None or not publication.show_file(statements.staged, path, statements.types()):
        return False
    if any(without_nul(piece)[1] for piece in rows.pieces()):
        publication.execute(statements.drop_shown())
        return False
    return True


def without_nul(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """`frame` without NUL characters, and how many texts had some; PostgreSQL keeps none, so neither does DuckDB."""
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    found = frame.select(pl.col(texts).str.contains(_NUL, literal=True).sum())
    count = sum(found.row(0)) if texts else 0
    return (frame.with_columns(pl.col(texts).str.replace_all(_NUL, "", literal=True)) if count else frame), count


def _check_key(publication: Publication, dataset: Dataset, statements: TableStatements) -> None:
    some, count = statements.repeated(EXAMPLES)
    examples = publication.ask(some)
    if examples:
        ((number,),) = publication.ask(count)
        raise DuplicateKeys(dataset.name, dataset.key, examples, int(number))
