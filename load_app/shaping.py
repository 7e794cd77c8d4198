"""The published tables made ready for what is to be loaded: made, or given a new shape with their rows kept."""

from collections.abc import Mapping, Sequence
from enum import IntEnum

from etl_kit.datasets import Dataset
from etl_kit.translation import _
from etl_kit.warehouse_port import Publication, Shape
from load_app.statements import TableStatements, create_log


class _Step(IntEnum):
    """What must be done to a table; of two reasons the greater step is taken."""

    NONE = 0
    RESHAPE = 1
    AFRESH = 2
    MAKE = 3


def make_ready(publication: Publication, datasets: Sequence[Dataset]) -> list[str]:
    """Make every table of `datasets`, its view and the load log as they should be; returns warnings.

    A dataset that is not loaded this time gets its empty table too, so that whoever reads finds "no data" and not an
    error. Where nothing changed nothing is touched: making a view anew would stop the readers of a server.

    Args:
        publication: the load.
        datasets: all of them, those that are pointed at first.
    """
    publication.execute(create_log(publication.dialect))
    statements = {dataset.name: TableStatements(dataset, publication.dialect) for dataset in datasets}
    shapes = publication.shapes_of([name for its in statements.values() for name in (its.table, its.view)])
    present = {name: shapes.get(its.table) for name, its in statements.items()}
    steps = _steps(datasets, statements, present)
    keys = {dataset.name: dataset.key for dataset in datasets}
    for name in reversed(steps):  # what points at others goes first
        before = present[name]
        if before is not None and steps[name] is not _Step.NONE:
            if steps[name] is _Step.RESHAPE:
                publication.execute(statements[name].set_aside())
            for statement in statements[name].drop():
                publication.execute(statement)
    for name, step in steps.items():
        before = present[name]
        if step is not _Step.NONE:
            publication.execute(statements[name].create(keys))
        if step is _Step.RESHAPE and before is not None:
            publication.execute(statements[name].carry_over(before))
        if step is not _Step.NONE or not _shows_all(shapes.get(statements[name].view), statements[name]):
            publication.execute(statements[name].drop_view())
            publication.execute(statements[name].create_view())
    return [text for name, step in steps.items() for text in _warning(name, step)]


def _steps(
    datasets: Sequence[Dataset], statements: Mapping[str, TableStatements], present: Mapping[str, Shape | None]
) -> dict[str, _Step]:
    steps: dict[str, _Step] = {}
    for dataset in datasets:
        own = _step(present[dataset.name], statements[dataset.name].shape())
        for link in dataset.foreign_keys:
            if link.enforced and own is not _Step.MAKE:
                target = steps[link.dataset]
                own = max(own, _Step.AFRESH if target is _Step.MAKE else target)
        steps[dataset.name] = own
    return steps


def _step(present: Shape | None, wanted: Shape) -> _Step:
    if present is None:
        return _Step.MAKE
    if present == wanted:
        return _Step.NONE
    same_key = present.key == wanted.key and all(present.columns.get(n) == wanted.columns[n] for n in wanted.key)
    return _Step.RESHAPE if same_key else _Step.AFRESH


def _shows_all(view: Shape | None, statements: TableStatements) -> bool:
    wanted = [name for name in statements.shape().columns if name in statements.columns]
    return view is not None and list(view.columns) == wanted


def _warning(name: str, step: _Step) -> list[str]:
    return {
        _Step.RESHAPE: [_("table {table} got its new columns; its rows were kept").format(table=name)],
        _Step.AFRESH: [_("table {table} has a new key and was filled afresh").format(table=name)],
    }.get(step, [])
