"""The published side of a load: staged rows merged by key, changes counted and logged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from etl_kit.datasets import Dataset
from etl_kit.errors import EtlError
from etl_kit.translation import _
from etl_kit.warehouse_port import LOAD_LOG_COLUMNS, Publication
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
) -> dict[str, Changes]:
    """Merge the staged tables of `datasets` and log each of them.

    A staged row whose compared values equal the published ones leaves the published row alone, lineage included.
    A published row whose key is not staged is marked withdrawn at this moment; coming back clears the mark and
    counts as an update.

    Where rows say when their source last changed them (`ultima_actualizacion`), older values never replace newer
    ones, and a load of an older cut than an earlier one withdraws nothing, brings nothing back, and enters rows that
    the later cut did not have as withdrawn: two cuts give the same values and the same current rows in either order.

    Args:
        publication: the load, with every one of `datasets` staged.
        datasets: those to merge, what is pointed at first.
        known: all datasets of the warehouse.
        run_id: of the execution, for the log.
        clock: tells the aware moment.

    Raises:
        DanglingReferences: a staged row points at a row that is not there.
    """
    keys = {dataset.name: dataset.key for dataset in known}
    changes = {}
    for dataset in datasets:
        began_at = clock()
        statements = TableStatements(dataset, publication.dialect)
        _check_references(publication, dataset, statements, keys)
        changes[dataset.name], about = _merge(publication, dataset, statements, now=began_at)
        values = [run_id, dataset.name, *changes[dataset.name].as_output().values(), began_at, clock(), *about]
        publication.execute(write_log(publication.dialect), dict(zip(LOAD_LOG_COLUMNS, values, strict=True)))
    return changes


def current_rows(publication: Publication, datasets: Sequence[Dataset]) -> dict[str, int]:
    """The number of current published rows of each table."""
    return {
        dataset.name: _number(publication, TableStatements(dataset, publication.dialect).count_current())
        for dataset in datasets
    }


def _merge(
    publication: Publication, dataset: Dataset, statements: TableStatements, *, now: datetime
) -> tuple[Changes, tuple[str | None, date | None]]:
    ((staged, cut, sources),) = publication.ask(statements.provenance())
    late = _late(publication, dataset, statements, cut)
    older = statements.older()
    outdated = 0 if older is None else _number(publication, older)
    updated = publication.execute(statements.update(late=late))
    inserted = publication.execute(statements.insert(late=late), {"now": now} if late else None)
    withdrawn = 0 if late else publication.execute(statements.withdraw(), {"now": now})
    for statement in statements.analyze(statements.table) if inserted or updated or withdrawn else ():
        publication.execute(statement)
    changes = Changes(
        inserted=inserted,
        updated=updated,
        unchanged=int(staged) - inserted - updated,
        withdrawn=withdrawn,
        rows=_number(publication, statements.count_current()),
        older=outdated,
    )
    return changes, (sources, cut)


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
