"""Quality rules made from a few words: about rows, about references, and about any dataset at all."""

from collections.abc import Iterable, Sequence
from string import Template

import polars as pl

from etl_kit.datasets import WAREHOUSE, Dataset
from etl_kit.lineage import LINEAGE
from etl_kit.quality import Rule, Severity
from etl_kit.text import NULL_WORDS
from etl_kit.translation import N_, Text

LOGIC = N_("logical consistency")
COMPLETENESS = N_("completeness")
THEMATIC = N_("thematic accuracy")
TIME = N_("temporal quality")
BUDGET = N_("budget identities")
MONEY = N_("financial coherence")
REFERENCES = N_("referential integrity")
VOLUME = N_("volume")
FRESHNESS = N_("freshness")
POSITION = N_("positional accuracy")
CONTROL = N_("control totals")

_KEYS = {dataset.name: dataset.key for dataset in WAREHOUSE}
_CHECKED = Template("SELECT count(*) FROM $table WHERE $among")
_FAILING = Template("SELECT $shown FROM $table WHERE ($among) AND ($fails)")
_REPEATED = Template("SELECT $key, count(*) AS veces FROM $table GROUP BY ALL HAVING count(*) > 1")
_HAS_PARTNER = Template("EXISTS (SELECT 1 FROM $other WHERE $same)")
_ANY_ROW = Template("EXISTS (SELECT 1 FROM $other)")
_EMPTY_COLUMN = Template(
    "SELECT '$column' AS columna, count(*) - count($column) AS sin_dato, count(*) AS filas FROM $table"
    " HAVING count(*) > 0 AND 2 * count($column) < count(*)"
)
_FEWER = Template(
    "SELECT tabla, antes.filas AS filas_anteriores, ahora.filas AS filas FROM temp.conteos_anteriores AS antes,"
    " (SELECT count(*) AS filas FROM $table) AS ahora WHERE tabla = '$table' AND $lost"
)
_KNOWN_BEFORE = Template("SELECT count(*) FROM temp.conteos_anteriores WHERE tabla = '$table'")
_OLD = Template(
    "SELECT '$table' AS tabla, max($column) AS ultimo_corte, getvariable('hoy') AS hoy FROM $table"
    " HAVING max($column) < getvariable('hoy') - INTERVAL '$days days'"
)
_LOADS = Template("SELECT least(count(*), 1) FROM main.carga_log WHERE tabla = '$table' AND fecha_corte IS NOT NULL")
_STALE = Template(
    "SELECT tabla, max(fecha_corte) AS ultimo_corte, getvariable('hoy') AS hoy FROM main.carga_log"
    " WHERE tabla = '$table' GROUP BY tabla HAVING max(fecha_corte) < getvariable('hoy') - INTERVAL '$days days'"
)
_DATES_FROM, _DATES_TO = "DATE '2000-01-01'", "DATE '2060-12-31'"
_NO_SENTINEL_COLUMNS = {"estado_bpin", "frente_activo"}  # "No Definido" and "No aplica" are values of theirs
_SENTINELS = sorted(NULL_WORDS - {"", "0", "-"})


def row_rule(
    rule_id: str,
    *,
    family: Text,
    severity: Severity,
    table: str,
    about: Text,
    fails: str,
    shows: Iterable[str] = (),
    among: str = "TRUE",
    scored: bool = True,
) -> Rule:
    """A rule about single rows: of those `among`, the ones where `fails` is true break it; NULL does not fail."""
    key = _KEYS[table]
    shown = [*key, *(column for column in shows if column not in key)]
    return Rule(
        rule_id=rule_id,
        family=family,
        severity=severity,
        table=table,
        about=about,
        checked=_CHECKED.substitute(table=table, among=among),
        failing=_FAILING.substitute(table=table, among=among, fails=fails, shown=", ".join(shown)),
        key=key,
        scored=scored,
    )


def reference_rule(
    rule_id: str,
    *,
    severity: Severity,
    table: str,
    about: Text,
    columns: Iterable[str],
    other: str,
    other_columns: Iterable[str] | None = None,
) -> Rule:
    """A rule that what `columns` name is found in table `other`; its coverage is the share that is found.

    Rows that name nothing are not looked at, and none are while `other` is empty: that is another rule's failure.
    """
    columns = tuple(columns)
    pairs = zip(columns, tuple(other_columns or columns), strict=True)
    same = " AND ".join(f"{other}.{theirs} = {table}.{ours}" for ours, theirs in pairs)
    named = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    return row_rule(
        rule_id,
        family=REFERENCES,
        severity=severity,
        table=table,
        about=about,
        shows=columns,
        among=f"{named} AND {_ANY_ROW.substitute(other=other)}",
        fails=f"NOT {_HAS_PARTNER.substitute(other=other, same=same)}",
    )


def table_rule(
    rule_id: str,
    *,
    family: Text,
    severity: Severity,
    table: str,
    about: Text,
    checked: str,
    failing: str,
    key: Iterable[str] | None = None,
) -> Rule:
    """A rule that takes a whole query to ask; its items are told apart by the table's key unless said otherwise."""
    return Rule(
        rule_id=rule_id,
        family=family,
        severity=severity,
        table=table,
        about=about,
        checked=checked,
        failing=failing,
        key=tuple(key) if key is not None else _KEYS[table],
    )


def below_zero(columns: Iterable[str]) -> str:
    """The condition that one of the columns is negative."""
    return " OR ".join(f"{name} < 0" for name in columns)


def outside(columns: Iterable[str], least: int, most: int) -> str:
    """The condition that one of the columns is below `least` or above `most`."""
    return " OR ".join(f"{name} NOT BETWEEN {least} AND {most}" for name in columns)


def any_null(columns: Iterable[str]) -> str:
    """The condition that one of the columns holds nothing."""
    return " OR ".join(f"{name} IS NULL" for name in columns)


def falling(columns: Sequence[str]) -> str:
    """The condition that a column is below the greatest of those before it that say anything."""
    return " OR ".join(
        f"{name} < greatest({', '.join(columns[:at])})" if at > 1 else f"{name} < {columns[0]}"
        for at, name in enumerate(columns)
        if at
    )


def not_one_of(column: str, names: Iterable[str]) -> str:
    """The condition that a column says something else than one of `names`."""
    listed = ", ".join(f"'{name}'" for name in names)
    return f"{column} NOT IN ({listed})"


def fresh_rule(rule_id: str, *, table: str, column: str, days: int, about: Text) -> Rule:
    """A rule that the latest `column` of a table is at most `days` days old."""
    return Rule(
        rule_id=rule_id,
        family=FRESHNESS,
        severity=Severity.MEDIUM,
        table=table,
        about=about,
        checked=f"SELECT least(count({column}), 1) FROM {table}",  # noqa: S608 - identifiers of this code
        failing=_OLD.substitute(table=table, column=column, days=days),
        key=("tabla",),
    )


def loaded_lately_rule(rule_id: str, *, table: str, days: int) -> Rule:
    """A rule that the last load of a table brought data cut at most `days` days ago.

    It asks the load log, since an unchanged row keeps the cut of its last change.
    """
    return Rule(
        rule_id=rule_id,
        family=FRESHNESS,
        severity=Severity.MEDIUM,
        table=table,
        about=N_("the data was read from its source at most {days} days ago", days=days),
        checked=_LOADS.substitute(table=table),
        failing=_STALE.substitute(table=table, days=days),
        key=("tabla",),
    )


def rules_of(dataset: Dataset) -> list[Rule]:
    """The rules that hold for any dataset: keys, sentinels, dates, references, volume.

    Required columns are none of them: `Dataset.conform` lets no NULL into those.
    """
    texts = [c.name for c in dataset.columns if c.dtype == pl.String and c.name not in _outside(dataset)]
    dates = [c.name for c in dataset.columns if c.dtype == pl.Date and c.name not in LINEAGE]
    optional = [c.name for c in dataset.columns if not c.required and c.name not in {*dataset.key, *LINEAGE}]
    rules = [_repeated_keys(dataset), *_volume(dataset)]
    if texts:
        rules.append(_sentinels_left(dataset, texts))
    if dates:
        rules.append(_dates_in_range(dataset, dates))
    if optional:
        rules.append(_mostly_empty(dataset, optional))
    return [*rules, *_references(dataset)]


def _outside(dataset: Dataset) -> set[str]:
    return {*dataset.key, *LINEAGE, *_NO_SENTINEL_COLUMNS}


def _repeated_keys(dataset: Dataset) -> Rule:
    return Rule(
        rule_id="LC008",
        family=LOGIC,
        severity=Severity.CRITICAL,
        table=dataset.name,
        about=N_("each key ({columns}) appears only once", columns=", ".join(dataset.key)),
        checked=_CHECKED.substitute(table=dataset.name, among="TRUE"),
        failing=_REPEATED.substitute(table=dataset.name, key=", ".join(dataset.key)),
        key=dataset.key,
    )


def _sentinels_left(dataset: Dataset, texts: list[str]) -> Rule:
    words = ", ".join(f"'{word}'" for word in _SENTINELS)
    return row_rule(
        "SE001",
        family=COMPLETENESS,
        severity=Severity.LOW,
        table=dataset.name,
        about=N_("texts that mean “no data” (No Definido, ND…) were left empty"),
        fails=" OR ".join(f"lower(strip_accents(trim({name}))) IN ({words})" for name in texts),
        shows=texts,
    )


def _dates_in_range(dataset: Dataset, dates: list[str]) -> Rule:
    return row_rule(
        "TQ003",
        family=TIME,
        severity=Severity.MEDIUM,
        table=dataset.name,
        about=N_("dates are between 2000 and 2060"),
        fails=" OR ".join(f"{name} NOT BETWEEN {_DATES_FROM} AND {_DATES_TO}" for name in dates),
        shows=dates,
    )


def _mostly_empty(dataset: Dataset, optional: list[str]) -> Rule:
    return Rule(
        rule_id="SE002",
        family=COMPLETENESS,
        severity=Severity.LOW,
        table=dataset.name,
        about=N_("each column has data in at least half of the rows"),
        checked=f"SELECT {len(optional)}",
        failing=" UNION ALL ".join(_EMPTY_COLUMN.substitute(table=dataset.name, column=name) for name in optional),
        key=("columna",),
    )


def _references(dataset: Dataset) -> list[Rule]:
    """One rule per foreign key; they share an id and differ by number, since a table may have several."""
    return [
        reference_rule(
            f"RI1{number:02d}",
            severity=Severity.CRITICAL if foreign.enforced else Severity.MEDIUM,
            table=dataset.name,
            about=N_("{columns} exists in {dataset}", columns=", ".join(foreign.columns), dataset=foreign.dataset),
            columns=foreign.columns,
            other=foreign.dataset,
            other_columns=_KEYS[foreign.dataset] if len(foreign.columns) == len(_KEYS[foreign.dataset]) else None,
        )
        for number, foreign in enumerate(dataset.foreign_keys, 1)
    ]


def _volume(dataset: Dataset) -> list[Rule]:
    lost = {
        "VO001": (
            Severity.HIGH,
            N_("no less than 80 % of the rows of the time before"),
            "ahora.filas < antes.filas * 0.8",
        ),
        "VO002": (
            Severity.CRITICAL,
            N_("a table that had rows is not left empty"),
            "ahora.filas = 0 AND antes.filas > 0",
        ),
    }
    return [
        Rule(
            rule_id=rule_id,
            family=VOLUME,
            severity=severity,
            table=dataset.name,
            about=about,
            checked=_KNOWN_BEFORE.substitute(table=dataset.name),
            failing=_FEWER.substitute(table=dataset.name, lost=condition),
            key=("tabla",),
        )
        for rule_id, (severity, about, condition) in lost.items()
    ]
