"""What every transform leaves behind: datasets, what was refused, and an account of both."""

from collections.abc import Mapping, Sequence

import polars as pl

from etl_kit.datasets import Dataset
from etl_kit.files import write_parquet
from etl_kit.places import Places
from etl_kit.rejects import Rejects


def write_results(
    places: Places,
    *,
    frames: Mapping[Dataset, pl.DataFrame],
    rejects: Mapping[str, Rejects],
    warnings: Sequence[str],
) -> dict[str, object]:
    """Check every frame against its dataset, then write all of them; returns the task's account.

    Nothing is written unless everything conforms.

    Args:
        places: of this run's source.
        frames: by dataset, lineage included.
        rejects: by dataset name; a dataset without gets an empty file, so that no old one lingers.
        warnings: what the reader should know, in sentences.

    Raises:
        MissingColumns, WrongValues, DuplicateKeys: a frame does not fit its dataset.
    """
    conformed = {dataset: dataset.conform(frame) for dataset, frame in frames.items()}
    for dataset, frame in conformed.items():
        refused = rejects.get(dataset.name, Rejects(dataset=dataset.name))
        write_parquet(places.rejected(dataset.name), refused.frame())
        write_parquet(places.transformed(dataset.name), frame)
    return {
        "status": "success",
        "rows": {dataset.name: frame.height for dataset, frame in conformed.items()},
        "rejected": {dataset.name: len(rejects.get(dataset.name, ())) for dataset in conformed},
        "warnings": list(warnings),
        "source": places.source.value,
        "invented": places.source.invented,
    }
