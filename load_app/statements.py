"""The SQL of a load: written once for any table and any database, filled with the identifiers of a dataset."""

from collections.abc import Iterable
from string import Template

import polars as pl

from etl_kit.datasets import Dataset, ForeignKey
from etl_kit.lineage import FECHA_CORTE, LINEAGE
from etl_kit.warehouse_port import (
    ALL,
    LOAD_LOG,
    LOAD_LOG_COLUMNS,
    MOMENT,
    WITHDRAWN_AT,
    Dialect,
    Shape,
    TableName,
    listed,
    quoted,
)

_CREATE = Template("CREATE TABLE $table ($columns, PRIMARY KEY ($key)$references)")
_CREATE_STAGED = Template("CREATE TABLE $staged ($columns)")
_REFERENCES = Template(", FOREIGN KEY ($columns) REFERENCES $target ($key)")
_DROP = Template("DROP TABLE $table")
_DROP_VIEW = Template("DROP VIEW IF EXISTS $view")
_DROP_SHOWN = Template("DROP VIEW $staged")
_SET_ASIDE = Template("CREATE TABLE $aside AS SELECT * FROM $table")
_CARRY_OVER = Template("INSERT INTO $table ($columns) SELECT $values FROM $aside")
_CREATE_VIEW = Template("CREATE VIEW $view AS SELECT $columns FROM $table WHERE $withdrawn IS NULL")
_COUNT_CURRENT = Template("SELECT count(*) FROM $table WHERE $withdrawn IS NULL")
_REPEATED = Template("SELECT $key FROM $staged GROUP BY $key HAVING count(*) > 1 ORDER BY $key LIMIT $limit")
_COUNT_REPEATED = Template(
    "SELECT count(*) FROM (SELECT 1 AS uno FROM $staged GROUP BY $key HAVING count(*) > 1) AS repetidas"
)
_DANGLING = Template(
    "SELECT $columns FROM $staged AS nueva WHERE $present AND NOT EXISTS"
    " (SELECT 1 FROM $target AS destino WHERE $same) ORDER BY $columns LIMIT $limit"
)
_UPDATE = Template(
    "UPDATE $table AS publicada SET $assignments, $withdrawn = NULL FROM $staged AS nueva"
    " WHERE $some AND $same_key AND $changed"
)
_INSERT = Template(
    "INSERT INTO $table ($columns, $withdrawn) SELECT $columns, $mark FROM $staged AS nueva"
    " WHERE $some AND NOT EXISTS (SELECT 1 FROM $table AS publicada WHERE $same_key)"
)
_WITHDRAW = Template(
    "UPDATE $table AS publicada SET $withdrawn = $now"
    " WHERE publicada.$withdrawn IS NULL AND NOT EXISTS (SELECT 1 FROM $staged AS nueva WHERE $same_key)"
)
_OLDER = Template(
    "SELECT count(*) FROM $table AS publicada JOIN $staged AS nueva ON $same_key WHERE $some AND $differs AND $older"
)
_ANY_OLDER = Template(
    "SELECT count(*) FROM (SELECT 1 AS uno FROM $table AS publicada JOIN $staged AS nueva ON $same_key"
    " WHERE $older LIMIT 1) AS una"
)
_COUNT_ALL = Template("SELECT count(*) FROM $table")
_PROVENANCE = Template(
    "SELECT count(*), max(fecha_corte), left(string_agg(DISTINCT fuente, ', ' ORDER BY fuente), 1000) FROM $staged"
)
_CREATE_LOG = Template("CREATE TABLE IF NOT EXISTS $table ($columns)")
_WRITE_LOG = Template("INSERT INTO $table ($columns) VALUES ($values)")
_LAST_CUT = Template("SELECT max(fecha_corte) FROM $table WHERE tabla = $name")
_OPTIONAL_IN_LOG = {"fuente", "fecha_corte"}  # absent where nothing was staged


class TableStatements:
    """The statements for one dataset's table in one database."""

    def __init__(self, dataset: Dataset, dialect: Dialect) -> None:
        self.table = dialect.table_of(dataset.name)
        self.staged = dialect.staged(dataset.name)
        self.view = dialect.view_of(dataset.name)
        self._aside = dialect.staged(f"{dataset.name}__anterior")
        self._dataset = dataset
        self._dialect = dialect
        self.columns = [column.name for column in dataset.columns]
        compared = [name for name in self.columns if name not in {*dataset.key, *LINEAGE}]
        self._names = {
            "table": str(self.table),
            "staged": str(self.staged),
            "view": str(self.view),
            "aside": str(self._aside),
            "withdrawn": WITHDRAWN_AT,
            "now": dialect.value("now"),
            "key": listed(dataset.key),
            "columns": listed(self.columns),
            "same_key": _all_equal("publicada", "nueva", zip(dataset.key, dataset.key, strict=True)),
            "differs": f"({' OR '.join(_distinct(name) for name in compared) or 'FALSE'})",
        }

    def shape(self) -> Shape:
        """What the published table should be."""
        return Shape(
            columns={**self.types(), WITHDRAWN_AT: self._dialect.type_of(MOMENT)},
            key=self._dataset.key,
            points_at=frozenset((link.columns, link.dataset) for link in self.held()),
        )

    def create(self, keys: dict[str, tuple[str, ...]]) -> str:
        """Make the empty table; `keys` has the key of every table that it points at."""
        references = "".join(
            _REFERENCES.substitute(
                columns=listed(link.columns),
                target=self._dialect.table_of(link.dataset),
                key=listed(keys[link.dataset]),
            )
            for link in self.held()
        )
        withdrawn = f"{WITHDRAWN_AT} {self._dialect.type_of(MOMENT)}"
        return self._fill(_CREATE, columns=f"{self._described()}, {withdrawn}", references=references)

    def create_staged(self) -> str:
        """Make the empty staging table."""
        return self._fill(_CREATE_STAGED, columns=self._described())

    def drop_shown(self) -> str:
        """Drop the view that stood for the staging table."""
        return self._fill(_DROP_SHOWN)

    def create_view(self) -> str:
        """Make the view of rows that are not withdrawn."""
        return self._fill(_CREATE_VIEW)

    def set_aside(self) -> str:
        """Copy the published rows into the staging schema."""
        return self._fill(_SET_ASIDE)

    def carry_over(self, present: Shape) -> str:
        """Bring back what was set aside: the columns that are still wanted, in their new types."""
        wanted = self.shape().columns
        kept = [name for name in wanted if name in present.columns]
        values = (
            quoted(name)
            if present.columns[name] == wanted[name]
            else self._dialect.attempt.format(value=quoted(name), dtype=wanted[name])
            for name in kept
        )
        return self._fill(_CARRY_OVER, columns=listed(kept), values=", ".join(values))

    def drop(self) -> tuple[str, str]:
        """Drop the view and the table."""
        return self._fill(_DROP_VIEW), self._fill(_DROP)

    def drop_view(self) -> str:
        """Drop the view."""
        return self._fill(_DROP_VIEW)

    def count_current(self) -> str:
        """Count the rows that are not withdrawn."""
        return self._fill(_COUNT_CURRENT)

    def analyze(self, table: TableName) -> tuple[str, ...]:
        """Let the database look at the key of a table that was just filled; nothing where it needs no telling."""
        statement = self._dialect.analyze.format(table=table, columns=self._names["key"])
        return (statement,) if statement else ()

    def repeated(self, limit: int) -> tuple[str, str]:
        """Ask for some of the keys that are staged more than once, and for their number."""
        return self._fill(_REPEATED, limit=str(limit)), self._fill(_COUNT_REPEATED)

    def dangling(self, link: ForeignKey, key: tuple[str, ...], limit: int) -> str:
        """Ask for some of the staged values of `link` that name no row of the table they point at."""
        return self._fill(
            _DANGLING,
            columns=listed(link.columns),
            target=str(self._dialect.table_of(link.dataset)),
            present=" AND ".join(f"nueva.{quoted(name)} IS NOT NULL" for name in link.columns),
            same=_all_equal("destino", "nueva", zip(key, link.columns, strict=True)),
            limit=str(limit),
        )

    def update(self, *, late: bool, some: str = ALL) -> str:
        """Overwrite the rows whose values differ from the staged ones, and bring back withdrawn rows.

        Older values do not win; a `late` load, staged from an older cut than an earlier one, brings nothing back.
        `some` is a condition on the staged rows, as `Publication.batches` gives it.
        """
        newer = f"{self._names['differs']} AND NOT {self._older_values(late=late)}"
        if late:
            changed = f"publicada.{WITHDRAWN_AT} IS NULL AND {newer}"
        else:
            changed = f"(publicada.{WITHDRAWN_AT} IS NOT NULL OR ({newer}))"
        changing = [name for name in self.columns if name not in self._dataset.key]
        return self._fill(
            _UPDATE,
            assignments=", ".join(f"{quoted(name)} = nueva.{quoted(name)}" for name in changing),
            changed=changed,
            some=some,
        )

    def insert(self, *, late: bool, some: str = ALL) -> str:
        """Add the staged rows whose key is new; those of a late load are already withdrawn at `now`."""
        moment = f"CAST({self._dialect.value('now') if late else 'NULL'} AS {self._dialect.type_of(MOMENT)})"
        return self._fill(_INSERT, mark=moment, some=some)

    def withdraw(self) -> str:
        """Mark the rows whose key is no longer staged, at `now`."""
        return self._fill(_WITHDRAW)

    def any_older(self, *, late: bool) -> str:
        """Ask whether a staged row is older than the published one, whether or not it differs; 0 or 1."""
        return self._fill(_ANY_OLDER, older=self._older_values(late=late))

    def older(self, *, late: bool, some: str = ALL) -> str:
        """Count the staged rows that differ from the published ones and are older."""
        return self._fill(_OLDER, older=self._older_values(late=late), some=some)

    def count_all(self) -> str:
        """Count the published rows, withdrawn or not."""
        return self._fill(_COUNT_ALL)

    def provenance(self) -> str:
        """Ask the staged rows for their number, latest cut and sources."""
        return self._fill(_PROVENANCE)

    def last_cut(self) -> str | None:
        """Ask for the latest cut that table `name` was loaded with; None where an older cut is none."""
        if self._dataset.newer_by is None:
            return None
        return _LAST_CUT.substitute(table=self._dialect.table_of(LOAD_LOG), name=self._dialect.value("name"))

    def _older_values(self, *, late: bool) -> str:
        """The condition that a staged row is older than the published one.

        What bears no date is older than what does: two versions have one order, whichever is loaded first. Of equal
        dates those of the later cut are newer, and a row that is not withdrawn was in the latest cut that was loaded:
        its own `fecha_corte` may be an earlier one, that of its last change.
        """
        column = self._dataset.newer_by
        if column is None or column == FECHA_CORTE:
            return "TRUE" if late else "FALSE"
        ours, theirs = f"publicada.{quoted(column)}", f"nueva.{quoted(column)}"
        older = f"COALESCE({theirs} < {ours}, {theirs} IS NULL AND {ours} IS NOT NULL)"
        return f"({older} OR {theirs} IS NOT DISTINCT FROM {ours})" if late else older

    def held(self) -> list[ForeignKey]:
        """The references that the database itself holds."""
        return [
            link
            for link in self._dataset.foreign_keys
            if link.enforced and (link.indexed or not self._dialect.indexes_references)
        ]

    def types(self) -> dict[str, str]:
        """The database's types by column, as staged."""
        return {column.name: self._dialect.type_of(column.dtype) for column in self._dataset.columns}

    def _described(self) -> str:
        types = self.types()
        return ", ".join(
            described(column.name, types[column.name], self._dialect, required=column.required)
            for column in self._dataset.columns
        )

    def _fill(self, template: Template, **more: str) -> str:
        return template.substitute({**self._names, **more})


def create_log(dialect: Dialect) -> str:
    """Make the load log if there is none."""
    columns = ", ".join(
        described(name, dialect.type_of(dtype), dialect, required=name not in _OPTIONAL_IN_LOG)
        for name, dtype in LOAD_LOG_COLUMNS.items()
    )
    return _CREATE_LOG.substitute(table=dialect.table_of(LOAD_LOG), columns=columns)


def write_log(dialect: Dialect) -> str:
    """Add a line to the load log."""
    return _WRITE_LOG.substitute(
        table=dialect.table_of(LOAD_LOG),
        columns=listed(list(LOAD_LOG_COLUMNS)),
        values=", ".join(dialect.value(name) for name in LOAD_LOG_COLUMNS),
    )


def described(name: str, word: str, dialect: Dialect, *, required: bool) -> str:
    """A column as CREATE TABLE takes it."""
    order = dialect.text_order if word == dialect.types[pl.String] else ""
    return f"{quoted(name)} {word}{order}{' NOT NULL' if required else ''}"


def _distinct(name: str) -> str:
    return f"publicada.{quoted(name)} IS DISTINCT FROM nueva.{quoted(name)}"


def _all_equal(left: str, right: str, pairs: Iterable[tuple[str, str]]) -> str:
    return " AND ".join(f"{left}.{quoted(one)} = {right}.{quoted(other)}" for one, other in pairs)
