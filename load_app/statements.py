"""The SQL of a load: written once for any table, filled with the identifiers of a dataset."""

from collections.abc import Iterable
from string import Template

from etl_kit.datasets import Dataset
from etl_kit.lineage import LINEAGE
from etl_kit.warehouse import CURRENT, STAGING

WITHDRAWN_AT = "retirado_en"
"""When a row's key was first missing from what was loaded; NULL while the row is current."""

CREATE_LOG = """
CREATE TABLE IF NOT EXISTS main.carga_log (
    run_id VARCHAR NOT NULL, tabla VARCHAR NOT NULL, insertados BIGINT NOT NULL, actualizados BIGINT NOT NULL,
    sin_cambio BIGINT NOT NULL, retirados BIGINT NOT NULL, filas BIGINT NOT NULL, inicio TIMESTAMPTZ NOT NULL,
    fin TIMESTAMPTZ NOT NULL, fuente VARCHAR, fecha_corte DATE
)
"""
LOG_TABLE = "INSERT INTO main.carga_log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
CREATE_SCHEMAS = (
    f"DROP SCHEMA IF EXISTS {STAGING} CASCADE",
    f"CREATE SCHEMA {STAGING}",
    f"CREATE SCHEMA IF NOT EXISTS {CURRENT}",
)
DROP_STAGING = f"DROP SCHEMA {STAGING} CASCADE"
COLUMNS_OF = """
SELECT column_name, data_type FROM duckdb_columns()
WHERE schema_name = $schema AND table_name = $table ORDER BY column_index
"""
KEY_OF = """
SELECT constraint_column_names FROM duckdb_constraints()
WHERE schema_name = 'main' AND table_name = $table AND constraint_type = 'PRIMARY KEY'
"""

_STAGE = Template("CREATE TABLE $staged AS SELECT $columns FROM entrada")
_CREATE = Template(
    "CREATE TABLE $target AS SELECT $columns, CAST(NULL AS TIMESTAMPTZ) AS $withdrawn FROM $staged LIMIT 0"
)
_ADD_KEY = Template("ALTER TABLE $target ADD PRIMARY KEY ($key)")
_RENAME = Template("ALTER TABLE $target RENAME TO $name")
_DROP = Template("DROP TABLE $target")
_CARRY_OVER = Template("INSERT INTO $target ($columns) SELECT $values FROM $old")
_CURRENT_VIEW = Template(
    "CREATE OR REPLACE VIEW $view AS SELECT $columns FROM $target WHERE $withdrawn IS NULL",
)
_COUNT_CURRENT = Template("SELECT count(*) FROM $target WHERE $withdrawn IS NULL")
_UPDATE = Template(
    "UPDATE $target AS publicada SET $assignments, $withdrawn = NULL FROM $staged AS nueva"
    " WHERE $same_key AND (publicada.$withdrawn IS NOT NULL OR $differs)",
)
_INSERT = Template(
    "INSERT INTO $target ($columns) SELECT $columns FROM $staged AS nueva"
    " WHERE NOT EXISTS (SELECT 1 FROM $target AS publicada WHERE $same_key)",
)
_WITHDRAW = Template(
    "UPDATE $target AS publicada SET $withdrawn = $$now"
    " WHERE publicada.$withdrawn IS NULL AND NOT EXISTS (SELECT 1 FROM $staged AS nueva WHERE $same_key)",
)
_PROVENANCE = Template(
    "SELECT count(*), max(fecha_corte), left(string_agg(DISTINCT fuente, ', ' ORDER BY fuente), 1000) FROM $staged",
)


def quoted(name: str) -> str:
    """An identifier as SQL takes it."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


class TableStatements:
    """The statements for one dataset's table."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._columns = [column.name for column in dataset.columns]
        self._compared = [name for name in self._columns if name not in {*dataset.key, *LINEAGE}]
        self._names = {
            "target": f"main.{quoted(dataset.name)}",
            "staged": f"{STAGING}.{quoted(dataset.name)}",
            "view": f"{CURRENT}.{quoted(dataset.name)}",
            "withdrawn": WITHDRAWN_AT,
            "key": _listed(dataset.key),
            "columns": _listed(self._columns),
            "same_key": " AND ".join(f"publicada.{quoted(name)} = nueva.{quoted(name)}" for name in dataset.key),
        }

    def stage(self) -> tuple[str, str]:
        """Make the staging table from the registered frame `entrada`, and give it its key."""
        return _STAGE.substitute(self._names), self._fill(_ADD_KEY, target=self._names["staged"])

    def unstage(self) -> str:
        """Drop the staging table."""
        return self._fill(_DROP, target=self._names["staged"])

    def create(self, name: str | None = None) -> tuple[str, str]:
        """Make the empty table, shaped like the staged one, and give it its key."""
        target = self._names["target"] if name is None else f"main.{quoted(name)}"
        return self._fill(_CREATE, target=target), self._fill(_ADD_KEY, target=target)

    def rename(self, name: str) -> str:
        """Rename table `name` to the dataset's name."""
        return _RENAME.substitute(target=f"main.{quoted(name)}", name=quoted(self._dataset.name))

    def drop(self) -> str:
        """Drop the table."""
        return _DROP.substitute(self._names)

    def carry_over(self, name: str, types: dict[str, str]) -> str:
        """Copy the rows of the table into table `name`: the columns of `types`, each cast to its type."""
        values = ", ".join(f"TRY_CAST({quoted(column)} AS {dtype})" for column, dtype in types.items())
        return _CARRY_OVER.substitute(
            target=f"main.{quoted(name)}", columns=_listed(types), values=values, old=self._names["target"]
        )

    def current_view(self) -> str:
        """Make the view of rows that are not withdrawn."""
        return _CURRENT_VIEW.substitute(self._names)

    def count_current(self) -> str:
        """Count the rows that are not withdrawn."""
        return _COUNT_CURRENT.substitute(self._names)

    def update(self) -> str:
        """Overwrite the rows whose values differ from the staged ones, and bring back withdrawn rows."""
        changing = [name for name in self._columns if name not in self._dataset.key]
        return self._fill(
            _UPDATE,
            assignments=", ".join(f"{quoted(name)} = nueva.{quoted(name)}" for name in changing),
            differs=" OR ".join(
                f"publicada.{quoted(name)} IS DISTINCT FROM nueva.{quoted(name)}" for name in self._compared
            )
            or "FALSE",
        )

    def insert(self) -> str:
        """Add the staged rows whose key is new."""
        return _INSERT.substitute(self._names)

    def withdraw(self) -> str:
        """Mark the rows whose key is no longer staged, at `$now`."""
        return _WITHDRAW.substitute(self._names)

    def provenance(self) -> str:
        """Ask the staged rows for their number, latest cut and sources."""
        return _PROVENANCE.substitute(self._names)

    def _fill(self, template: Template, **more: str) -> str:
        return template.substitute({**self._names, **more})


def _listed(names: Iterable[str]) -> str:
    return ", ".join(quoted(name) for name in names)
