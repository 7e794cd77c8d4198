"""Figures about the data itself: quality of the last validation, and where each table comes from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from string import Template

import duckdb

from etl_kit.datasets import WAREHOUSE
from etl_kit.quality import rows_of
from reporting_app import wording
from reporting_app.tables import Kind, Row, Table, TableColumn

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
LOADS = """
SELECT * FROM main.carga_log QUALIFY row_number() OVER (PARTITION BY tabla ORDER BY fin DESC) = 1 ORDER BY tabla
"""

CLASSES = {
    "EXCELLENT": "excelente",
    "GOOD": "buena",
    "ACCEPTABLE": "aceptable",
    "NEEDS_IMPROVEMENT": "por mejorar",
    "CRITICAL": "crítica",
}
SEVERITIES = {"CRITICAL": "crítica", "HIGH": "alta", "MEDIUM": "media", "LOW": "baja"}


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The last validation; everything is empty if there was none."""

    run: Row | None
    tables: Sequence[Row]
    results: Sequence[Row]
    rows: Sequence[Row]

    @property
    def source(self) -> str:
        """Which validation the figures come from."""
        if self.run is None:
            return wording.NO_DATA
        instant = self.run["instante"]
        assert isinstance(instant, datetime)  # the column's type
        return f"validación {self.run['run_id']} del {wording.moment(instant)}"


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
    )


def read_loads(warehouse: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    """The last load of each table, from the load log."""
    return rows_of(warehouse, LOADS)


def class_in_words(name: object) -> str:
    """A quality class in Spanish."""
    return CLASSES.get(str(name), wording.NO_DATA)


def scores_table(quality: Quality) -> Table:
    """Score per table, with that of the run before."""
    return Table(
        sheet="Calidad por tabla",
        caption="Puntaje de calidad por tabla (0 a 100), con el de la validación anterior",
        columns=(
            TableColumn(name="tabla", heading="Tabla"),
            TableColumn(name="filas", heading="Filas", kind=Kind.WHOLE),
            TableColumn(name="filas_anteriores", heading="Filas antes", kind=Kind.WHOLE),
            TableColumn(name="puntaje", heading="Puntaje", kind=Kind.POINTS),
            TableColumn(name="puntaje_anterior", heading="Puntaje antes", kind=Kind.POINTS),
            TableColumn(name="clase_es", heading="Clase"),
        ),
        rows=[{**row, "clase_es": class_in_words(row["clase"])} for row in quality.tables],
        source=quality.source,
    )


def rules_table(quality: Quality) -> Table:
    """Every rule that is broken or could not be asked, the most severe first."""
    return Table(
        sheet="Reglas incumplidas",
        caption="Reglas incumplidas o que no se pudieron evaluar, de la más a la menos severa",
        columns=[column for column in _RULE_COLUMNS if column.name != "familia"],
        rows=[_rule_row(row) for row in quality.results if row["estado"] != "cumple"],
        source=quality.source,
        on_page=60,
    )


def all_rules_table(quality: Quality) -> Table:
    """Every rule with its outcome; for the workbook."""
    return Table(
        sheet="Todas las reglas",
        caption="Resultado de todas las reglas de calidad",
        columns=_RULE_COLUMNS,
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
        sheet="Filas con problemas",
        caption="Filas que incumplen una regla (muestra; el total de cada regla está en la tabla anterior)",
        columns=(
            TableColumn(name="regla", heading="Regla"),
            TableColumn(name="tabla", heading="Tabla"),
            TableColumn(name="clave", heading="Clave", wide=True),
            TableColumn(name="valores", heading="Valores", wide=True),
        ),
        rows=rows,
        source=quality.source,
        on_page=60,
    )


def loads_table(loads: Sequence[Row]) -> Table:
    """Where each table comes from, up to when it is true, and what its last load changed."""
    about = {dataset.name: dataset.about for dataset in WAREHOUSE}
    known = {str(row["tabla"]): row for row in loads}
    rows: list[Mapping[str, object]] = [
        {**_NEVER_LOADED, **known.get(name, {}), "tabla": name, "contenido": text} for name, text in about.items()
    ]
    return Table(
        sheet="Fuentes y cargas",
        caption="Tablas del almacén: de dónde vienen, hasta qué día valen y qué cambió la última carga",
        columns=(
            TableColumn(name="tabla", heading="Tabla"),
            TableColumn(name="contenido", heading="Una fila es", wide=True),
            TableColumn(name="filas", heading="Filas", kind=Kind.WHOLE),
            TableColumn(name="insertados", heading="Nuevas", kind=Kind.WHOLE),
            TableColumn(name="actualizados", heading="Cambiadas", kind=Kind.WHOLE),
            TableColumn(name="sin_cambio", heading="Sin cambio", kind=Kind.WHOLE),
            TableColumn(name="retirados", heading="Retiradas", kind=Kind.WHOLE),
            TableColumn(name="fecha_corte", heading="Corte", kind=Kind.DATE),
            TableColumn(name="fuente", heading="Fuente", wide=True),
            TableColumn(name="fin", heading="Última carga", kind=Kind.MOMENT),
        ),
        rows=rows,
        source="registro de cargas del almacén (carga_log)",
    )


_NEVER_LOADED: Mapping[str, object] = dict.fromkeys(
    ("filas", "insertados", "actualizados", "sin_cambio", "retirados", "fecha_corte", "fuente", "fin")
)
_RULE_COLUMNS = (
    TableColumn(name="regla", heading="Regla"),
    TableColumn(name="severidad_es", heading="Severidad"),
    TableColumn(name="tabla", heading="Tabla"),
    TableColumn(name="familia", heading="Familia"),
    TableColumn(name="descripcion", heading="Qué debe cumplirse", wide=True),
    TableColumn(name="revisadas", heading="Revisadas", kind=Kind.WHOLE),
    TableColumn(name="fallidas", heading="Incumplen", kind=Kind.WHOLE),
    TableColumn(name="fallidas_anteriores", heading="Antes", kind=Kind.WHOLE),
    TableColumn(name="cobertura", heading="Cumple (%)", kind=Kind.POINTS),
    TableColumn(name="estado_es", heading="Estado"),
)


def _rule_row(row: Row) -> Row:
    state = {"cumple": "cumple", "falla": "incumplida", "no_evaluada": "no evaluada"}[str(row["estado"])]
    return {**row, "severidad_es": SEVERITIES[str(row["severidad"])], "estado_es": state}


def _in_words(values: object) -> str:
    """Values kept as JSON, as people read them: `ejecucion: 601.00; pagos: sin datos`."""
    pairs = json.loads(str(values))
    return "; ".join(f"{name}: {wording.NO_DATA if value is None else value}" for name, value in pairs.items())


def _number(value: object) -> int:
    assert isinstance(value, int)  # the column's type
    return value
