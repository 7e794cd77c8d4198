"""The staged side of a load: pieces of transformed files into typed tables that nobody else sees."""

from collections.abc import Mapping, Sequence
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


def stage(publication: Publication, datasets: Sequence[Dataset], inputs: Mapping[str, Input]) -> list[str]:
    """Fill a staging table for each of `datasets`; returns warnings.

    Raises:
        MissingColumns, WrongValues: a file does not fit its dataset.
        DuplicateKeys: two rows share a key.
    """
    warnings = []
    for dataset in datasets:
        statements = TableStatements(dataset, publication.dialect)
        publication.execute(statements.create_staged())
        cleaned = 0
        for piece in inputs[dataset.name].pieces():
            clean, texts = without_nul(piece)
            cleaned += texts
            publication.append(statements.staged, clean)
        for statement in statements.analyze(statements.staged):
            publication.execute(statement)
        _check_key(publication, dataset, statements)
        if cleaned:
            text = _("{count} texts of {table} had NUL characters, which no database keeps; they were taken out")
            warnings.append(text.format(count=cleaned, table=dataset.name))
    return warnings


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
