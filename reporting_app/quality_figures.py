"""Figures about the data itself: quality of the last validation, and where each table comes from."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from string import Template

import duckdb

from etl_kit.quality import rows_of
from etl_kit.quality_words import class_in_words, rule_in_words, severity_in_words, values_in_words
from etl_kit.translation import _
from reporting_app import wording
from reporting_app.budget_figures import full_name
from reporting_app.subject import rows_if_there
from reporting_app.tables import Kind, Row, Table, TableColumn, exact

ROWS_PER_RULE_ON_PAGE = 3

_LAST = (
    "(SELECT run_id FROM main.calidad_corridas WHERE origen = 'validacion' ORDER BY instante DESC, run_id DESC LIMIT 1)"
)
_OF_LAST_RUN = Template("SELECT * FROM main.$table WHERE origen = 'validacion' AND run_id = $run ORDER BY $order")
RUNS = _OF_LAST_RUN.substitute(table="calidad_corridas", run=_LAST, order="instante")
TABLES = _OF_LAST_RUN.substitute(table="calidad_tablas", run=_LAST, order="tabla")
RESULTS = _OF_LAST_RUN.substitute(
    table="calidad_resultados",
    run=_LAST,
    order="list_position(['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'], severidad), fallidas DESC, tabla, regla",
)
ROWS = _OF_LAST_RUN.substitute(table="calidad_filas", run=_LAST, order="tabla, regla, orden")
CENTRES = _OF_LAST_RUN.substitute(table="calidad_centros", run=_LAST, order="puntaje NULLS LAST, cod_centro_gestor")
CENTRE_FILES = "por_centro_gestor"
"""The folder, beside the pages, of the workbooks that the validation writes for each centro gestor."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The last validation; everything is empty if there was none."""

    run: Row | None
    tables: Sequence[Row]
    results: Sequence[Row]
    rows: Sequence[Row]
    centres: Sequence[Row] = ()

    @property
    def source(self) -> str:
        """Which validation the figures come from."""
        if self.run is None:
            return wording.no_data()
        instant = self.run["instante"]
        assert isinstance(instant, datetime)  # the column's type
        told = _("validation {run} of {moment}")
        return told.format(run=self.run["run_id"], moment=wording.moment(instant))


def read_quality(log: duckdb.DuckDBPyConnection | None) -> Quality:
    """Read the last validation; None stands for a file that does not exist yet."""
    if log is None:
        return Quality(run=None, tables=(), results=(), rows=())
    runs = rows_of(log, RUNS)
    return Quality(
        run=runs[0] if runs else None,
        tables=rows_of(log, TABLES),
        results=rows_of(log, RESULTS),
        rows=rows_of(log, ROWS),
        centres=rows_if_there(log, CENTRES),
    )


def rules_in_words(run: Row | None) -> str:
    """How many rules a validation found broken; None stands for no validation."""
    if run is None:
        return _("not validated")
    return _("{broken} of {count} rules broken").format(broken=run["reglas_falladas"], count=run["reglas"])


def worst_in_words(quality: Quality) -> str:
    """The table with the fewest points, so that a good mean does not hide it; "no data" where none was judged."""
    judged = [(exact(row["puntaje"]), str(row["tabla"])) for row in quality.tables if row["puntaje"] is not None]
    if not judged:
        return wording.no_data()
    points, table = min(judged)
    return _("lowest table: {table} ({points})").format(table=table, points=wording.points(points))


def scores_table(quality: Quality) -> Table:
    """Score per table, with that of the run before."""
    return Table(
        sheet=_("Quality by table"),
        caption=_("Quality score by table (0 to 100), with that of the validation before"),
        columns=(
            TableColumn(name="tabla", heading=_("Table")),
            TableColumn(name="filas", heading=_("Rows"), kind=Kind.WHOLE),
            TableColumn(name="filas_anteriores", heading=_("Rows before"), kind=Kind.WHOLE),
            TableColumn(name="rechazadas", heading=_("Rows refused"), kind=Kind.WHOLE),
            TableColumn(name="incumplimientos", heading=_("Breaches"), kind=Kind.WHOLE),
            TableColumn(name="puntaje", heading=_("Score"), kind=Kind.POINTS),
            TableColumn(name="puntaje_anterior", heading=_("Score before"), kind=Kind.POINTS),
            TableColumn(name="clase_dicha", heading=_("Class")),
        ),
        rows=[
            # runs that were kept before have no count of what was refused
            {"rechazadas": None, "incumplimientos": None, **row, "clase_dicha": class_in_words(row["clase"])}
            for row in quality.tables
        ],
        source=quality.source,
    )


def rules_table(quality: Quality) -> Table:
    """Every rule that is broken or could not be asked, the most severe first."""
    return Table(
        sheet=_("Broken rules"),
        caption=_("Rules that are broken or could not be asked, the most severe first"),
        columns=[column for column in _rule_columns() if column.name != "familia"],
        rows=[_rule_row(row) for row in quality.results if row["estado"] != "cumple"],
        source=quality.source,
        on_page=60,
    )


def all_rules_table(quality: Quality) -> Table:
    """Every rule with its outcome; for the workbook."""
    return Table(
        sheet=_("All rules"),
        caption=_("Outcome of every quality rule"),
        columns=_rule_columns(),
        rows=[_rule_row(row) for row in quality.results],
        source=quality.source,
    )


def failing_rows_table(quality: Quality, *, per_rule: int | None = None) -> Table:
    """Rows that break a rule, as kept by the validation; at most `per_rule` of each rule if given."""
    rows = [
        {**row, "clave": _in_words(row["clave"]), "valores": _in_words(row["valores"])}
        for row in quality.rows
        if per_rule is None or _number(row["orden"]) <= per_rule
    ]
    return Table(
        sheet=_("Rows with problems"),
        caption=_("Rows that break a rule (a sample; the table of rules has the count of each)"),
        columns=(
            TableColumn(name="regla", heading=_("Rule")),
            TableColumn(name="tabla", heading=_("Table")),
            TableColumn(name="clave", heading=_("Key"), wide=True),
            TableColumn(name="valores", heading=_("Values"), wide=True),
        ),
        rows=rows,
        source=quality.source,
        on_page=60,
    )


def centres_table(quality: Quality, files: Collection[str]) -> Table:
    """A row for each centro gestor, the worst score first, that leads to its workbook if `files` has its name."""
    rows: list[Row] = []
    for row in quality.centres:
        name = f"{row['cod_centro_gestor']}.xlsx"
        there = {"archivo": name, "direccion": f"{CENTRE_FILES}/{name}"} if name in files else {}
        full = full_name(str(row["cod_centro_gestor"]), str(row["nombre_centro_gestor"]))
        rows.append({**row, "nombre_centro_gestor": full, "clase_dicha": class_in_words(row["clase"]), **there})
    return Table(
        sheet=_("Quality by centro gestor"),
        caption=_("Quality score by centro gestor, the lowest first, each with a workbook of its own errors"),
        columns=(
            TableColumn(name="cod_centro_gestor", heading=_("Code")),
            TableColumn(name="nombre_centro_gestor", heading=_("Centro gestor"), wide=True),
            TableColumn(name="archivo", heading=_("Its errors"), link="direccion"),
            TableColumn(name="filas", heading=_("Rows"), kind=Kind.WHOLE),
            TableColumn(name="incumplimientos", heading=_("Breaches"), kind=Kind.WHOLE),
            TableColumn(name="incumplimientos_anteriores", heading=_("Breaches before"), kind=Kind.WHOLE),
            TableColumn(name="puntaje", heading=_("Score"), kind=Kind.POINTS),
            TableColumn(name="puntaje_anterior", heading=_("Score before"), kind=Kind.POINTS),
            TableColumn(name="clase_dicha", heading=_("Class")),
        ),
        rows=rows,
        source=quality.source,
    )


def _rule_columns() -> tuple[TableColumn, ...]:
    return (
        TableColumn(name="regla", heading=_("Rule")),
        TableColumn(name="severidad_dicha", heading=_("Severity")),
        TableColumn(name="tabla", heading=_("Table")),
        TableColumn(name="familia", heading=_("Family")),
        TableColumn(name="descripcion", heading=_("What must hold"), wide=True),
        TableColumn(name="revisadas", heading=_("Checked"), kind=Kind.WHOLE),
        TableColumn(name="fallidas", heading=_("Break it"), kind=Kind.WHOLE),
        TableColumn(name="fallidas_anteriores", heading=_("Before"), kind=Kind.WHOLE),
        TableColumn(name="cobertura", heading=_("Hold (%)"), kind=Kind.POINTS),
        TableColumn(name="estado_dicho", heading=_("State")),
    )


def _rule_row(row: Row) -> Row:
    state = {"cumple": _("holds"), "falla": _("broken"), "no_evaluada": _("not asked")}[str(row["estado"])]
    said = rule_in_words(row["regla"], row["tabla"]) or (row["familia"], row["descripcion"])  # a rule of old: as stored
    return {
        **row,
        "severidad_dicha": severity_in_words(row["severidad"]),
        "estado_dicho": state,
        "familia": said[0],
        "descripcion": said[1],
    }


def _in_words(values: object) -> str:
    """Values kept as JSON, as people read them: `ejecucion: 601.00; pagos: sin datos`."""
    return values_in_words(json.loads(str(values)))


def _number(value: object) -> int:
    assert isinstance(value, int)  # the column's type
    return value
