"""The published side of a load: staged rows merged by key, changes counted and logged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from etl_kit.datasets import Dataset
from etl_kit.errors import EtlError
from etl_kit.translation import _
from etl_kit.warehouse_port import ALL, LOAD_LOG_COLUMNS, Publication
from load_app.statements import TableStatements, write_log

_EXAMPLES = 3


class DanglingReferences(EtlError):
    """Rows that point at rows that are not there; nothing was published."""

    def __init__(self, dataset: str, columns: Sequence[str], target: str, examples: Sequence[object]) -> None:
        super().__init__(
            _("{dataset}.{columns} names rows that {target} does not have, such as {examples}").format(
                dataset=dataset,
                columns=", ".join(columns),
                target=target,
                examples="; ".join(str(example) for example in examples),
            )
        )
        self.dataset = dataset
        self.target = target
        self.examples = tuple(examples)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a load did to one table; `rows` is the number of current rows after it.

    `older` rows were staged with older values than published and left alone; they count as unchanged.
    """

    inserted: int
    updated: int
    unchanged: int
    withdrawn: int
    rows: int
    older: int = 0

    def as_output(self) -> dict[str, int]:
        """The counts under the names that the log table uses."""
        return {
            "insertados": self.inserted,
            "actualizados": self.updated,
            "sin_cambio": self.unchanged,
            "retirados": self.withdrawn,
            "filas": self.rows,
        }


def merge_all(
    publication: Publication,
    datasets: Sequence[Dataset],
    *,
    known: Sequence[Dataset],
    run_id: str,
    clock: Callable[[], datetime],
    staging: Mapping[str, timedelta],
) -> dict[str, Changes]:
    """Merge the staged tables of `datasets` and log each of them.

    A staged row whose compared values equal the published ones leaves the published row alone, lineage included.
    A published row whose key is not staged is marked withdrawn at this moment; coming back clears the mark and
    counts as an update.

    Where loads are snapshots of one whole (`Dataset.newer_by`), older values never replace newer ones, and a load of
    an older cut than an earlier one withdraws nothing, brings nothing back, and enters rows that the later cut did not
    have as withdrawn: two cuts give the same values and the same current rows in either order.

    Args:
        publication: the load, with every one of `datasets` staged.
        datasets: those to merge, what is pointed at first.
        known: all datasets of the warehouse.
        run_id: of the execution, for the log.
        clock: tells the aware moment.
        staging: by table, how long it took to stage it; in the log it counts as time spent on the table.

    Raises:
        DanglingReferences: a staged row points at a row that is not there.
    """
    keys = {dataset.name: dataset.key for dataset in known}
    changes = {}
    cuts: dict[str, date | None] = {}
    for dataset in datasets:
        began_at = clock()
        statements = TableStatements(dataset, publication.dialect)
        _check_references(publication, dataset, statements, keys)
        ((staged, cut, sources),) = publication.ask(statements.provenance())
        # what a snapshot leaves empty says no cut of its own: it has that of the table it belongs to
        cuts[dataset.name] = cut or next(
            (cuts.get(link.dataset) for link in dataset.foreign_keys if link.enforced), None
        )
        late = _late(publication, dataset, statements, cuts[dataset.name])
        changes[dataset.name] = _merge(publication, dataset, statements, staged=staged, late=late, now=began_at)
        first = began_at - staging.get(dataset.name, timedelta())
        values = [run_id, dataset.name, *changes[dataset.name].as_output().values(), first, clock(), sources, cut]
        publication.execute(write_log(publication.dialect), dict(zip(LOAD_LOG_COLUMNS, values, strict=True)))
    return changes


def current_rows(publication: Publication, datasets: Sequence[Dataset]) -> dict[str, int]:
    """The number of current published rows of each table."""
    return {
        dataset.name: _number(publication, TableStatements(dataset, publication.dialect).count_current())
        for dataset in datasets
    }


def _merge(
    publication: Publication, dataset: Dataset, statements: TableStatements, *, staged: int, late: bool, now: datetime
) -> Changes:
    outdated = updated = inserted = 0
    batches = publication.batches(statements.staged)
    before = _number(publication, statements.count_all())
    if before:
        if dataset.newer_by is not None and _number(publication, statements.any_older(late=late)):
            outdated = sum(_number(publication, statements.older(late=late, some=some)) for some in batches)
        updated = sum(publication.execute(statements.update(late=late, some=some)) for some in batches)
    elif not statements.held():
        batches = [ALL]  # one index grows; where there are two, what one insert adds to both must fit into memory
    for some in batches:
        inserted += publication.execute(statements.insert(late=late, some=some), {"now": now} if late else None)
    withdrawn = 0 if late or not before else publication.execute(statements.withdraw(), {"now": now})
    for statement in statements.analyze(statements.table) if inserted or updated or withdrawn else ():
        publication.execute(statement)
    return Changes(
        inserted=inserted,
        updated=updated,
        unchanged=staged - inserted - updated,
        withdrawn=withdrawn,
        rows=_number(publication, statements.count_current()),
        older=outdated,
    )


def _late(publication: Publication, dataset: Dataset, statements: TableStatements, cut: date | None) -> bool:
    """Whether a later cut of the table was loaded before; never where rows do not say how old they are."""
    question = statements.last_cut()
    if question is None or cut is None:
        return False
    ((last,),) = publication.ask(question, {"name": dataset.name})
    return last is not None and cut < last


def _check_references(
    publication: Publication, dataset: Dataset, statements: TableStatements, keys: dict[str, tuple[str, ...]]
) -> None:
    for link in dataset.foreign_keys:
        if link.enforced:
            found = publication.ask(statements.dangling(link, keys[link.dataset], _EXAMPLES))
            if found:
                raise DanglingReferences(dataset.name, link.columns, link.dataset, found)


def _number(publication: Publication, statement: str) -> int:
    ((number,),) = publication.ask(statement)
    return int(number)
