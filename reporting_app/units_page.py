"""Project units: where the city builds, in which state, which fronts are active, and what lacks a place."""

from collections.abc import Sequence
from decimal import Decimal
from string import Template

import duckdb

from etl_kit.reasons import reason_in_words
from etl_kit.translation import _
from reporting_app import wording
from reporting_app.city_map import map_drawing, read_areas
from reporting_app.page import Card, Drawing, Section
from reporting_app.subject import Subject, drawing, rows_if_there, source_of, summed, with_total
from reporting_app.tables import Kind, Row, Table, TableColumn, maybe

ACTIVE = "Frente activo"
MOST_POINTS = 4000
"""Points drawn on a map: more would be a blot, and a file too heavy to open."""

# The same work told by two files is one unit with an intervention in each (docs/decisions/0014): of the files that tell
# of one project at one unit, the money of one counts, the latest that knows an amount, and of equals the larger.
_COUNTED_ONCE = """
WITH sumas AS (
    SELECT upid, bpin, fuente, max(fecha_corte) AS corte, sum(presupuesto) AS suma
    FROM vigentes.intervenciones GROUP BY upid, bpin, fuente
), elegidas AS (
    SELECT upid, bpin, fuente FROM sumas QUALIFY row_number() OVER (
        PARTITION BY upid, bpin ORDER BY suma IS NULL, corte DESC NULLS LAST, suma DESC, fuente
    ) = 1
), contadas AS (
    SELECT una.*, una.fuente = elegida.fuente AS cuenta
    FROM vigentes.intervenciones AS una JOIN elegidas AS elegida
    ON una.upid = elegida.upid AND una.bpin IS NOT DISTINCT FROM elegida.bpin
)
"""
_MONEY = "CAST(sum(presupuesto) FILTER (cuenta) AS DECIMAL(38, 2)) AS presupuesto"
_BY_TERRITORY = Template("""$once
SELECT territorio, count(DISTINCT upid) AS unidades, count(*) AS intervenciones, $money,
       count(*) FILTER (frente_activo = '$active') AS frentes
FROM contadas GROUP BY territorio ORDER BY intervenciones DESC, territorio NULLS LAST
""").substitute(active=ACTIVE, once=_COUNTED_ONCE, money=_MONEY)
_BY_COLUMN = Template("""$once
SELECT $column AS grupo, count(*) AS intervenciones, $money
FROM contadas GROUP BY grupo ORDER BY intervenciones DESC, grupo
""")
_BY_STATE = _BY_COLUMN.substitute(once=_COUNTED_ONCE, money=_MONEY, column="estado")
_BY_KIND = _BY_COLUMN.substitute(once=_COUNTED_ONCE, money=_MONEY, column="clase_up")
TOLD_TWICE = Template("""$once
SELECT count(*) AS intervenciones, CAST(sum(presupuesto) AS DECIMAL(38, 2)) AS presupuesto
FROM contadas WHERE NOT cuenta
""").substitute(once=_COUNTED_ONCE)
"""The interventions whose money does not count, since another file tells it, and how much that is."""
_UNITS = "SELECT count(DISTINCT upid) AS unidades FROM vigentes.intervenciones"
_FRONTS = Template("""
SELECT upid, nombre_up, nombre_up_detalle, nombre_centro_gestor, territorio, tipo_intervencion,
       CAST(avance_obra / 100 AS DECIMAL(12, 6)) AS avance, presupuesto, fecha_fin
FROM vigentes.intervenciones WHERE frente_activo = '$active' ORDER BY presupuesto DESC NULLS LAST, intervencion_id
""").substitute(active=ACTIVE)
_GAPS = """
SELECT fuente, count(*) AS intervenciones, count(*) FILTER (geometria IS NULL) AS sin_geometria,
       count(*) FILTER (reparacion IS NOT NULL) AS reparadas,
       count(*) FILTER (fuera_rango = 'FUERA DE RANGO') AS fuera_rango,
       count(*) FILTER (territorio IS NULL) AS sin_territorio
FROM vigentes.intervenciones GROUP BY fuente ORDER BY fuente
"""
_REASONS = """
SELECT motivo_sin_geometria AS grupo, count(*) AS intervenciones
FROM vigentes.intervenciones WHERE geometria IS NULL GROUP BY grupo ORDER BY intervenciones DESC, grupo
"""
_POINTS = Template("""
SELECT lon, lat FROM vigentes.unidades_proyecto
WHERE geometria IS NOT NULL AND lat IS NOT NULL AND lon IS NOT NULL
ORDER BY hash(upid), upid LIMIT $most
""").substitute(most=MOST_POINTS)


def units_subject(warehouse: duckdb.DuckDBPyConnection, loads: Sequence[Row]) -> Subject:
    """The page of the project units; empty where they were never loaded."""
    source = source_of(loads, "intervenciones")
    territories, states = rows_if_there(warehouse, _BY_TERRITORY), rows_if_there(warehouse, _BY_STATE)
    kinds, fronts = rows_if_there(warehouse, _BY_KIND), rows_if_there(warehouse, _FRONTS)
    gaps = rows_if_there(warehouse, _GAPS)
    reasons: list[Row] = [
        {**row, "grupo": _("no reason given") if row["grupo"] is None else reason_in_words(row["grupo"])}
        for row in rows_if_there(warehouse, _REASONS)
    ]
    (twice,) = rows_if_there(warehouse, TOLD_TWICE) or [{"intervenciones": None, "presupuesto": None}]
    areas, points = read_areas(warehouse), rows_if_there(warehouse, _POINTS)
    tables = [
        _territories_table(territories, rows_if_there(warehouse, _UNITS), source),
        _grouped(_("Units by state"), _("Interventions by state"), states, source),
        _grouped(_("Units by class"), _("Interventions by class of unit"), kinds, source),
        _fronts_table(fronts, source),
        _gaps_table(gaps, source),
    ]
    count, without = summed(gaps, "intervenciones"), summed(gaps, "sin_geometria")
    return Subject(
        name="unidades_proyecto",
        card=Card(
            label=_("Project units"),
            value=_("{count} interventions").format(count=wording.whole(count)) if gaps else wording.no_data(),
            note=_("active fronts: {count}").format(count=wording.whole(len(fronts) if gaps else None)),
        ),
        section=Section(
            ident="unidades",
            heading=_("Project units"),
            lead=_(
                "Works and places where the city invests. An intervention is one row of a source file; where two files "
                "tell of the same work, its money counts once."
            ),
            cards=[
                Card(
                    label=_("Interventions"),
                    value=wording.whole(count),
                    note=_("budget: {amount}").format(amount=wording.large(summed(territories, "presupuesto"))),
                ),
                Card(
                    label=_("Active fronts"),
                    value=wording.whole(len(fronts) if gaps else None),
                    note=_("works under way"),
                ),
                Card(
                    label=_("Without geometry"),
                    value=wording.whole(without),
                    note=_("outside the declared territory: {count}").format(
                        count=wording.whole(summed(gaps, "fuera_rango"))
                    ),
                    mood="regular" if without else "",
                ),
                Card(
                    label=_("Told by two files"),
                    value=wording.whole(maybe(twice["intervenciones"]) if gaps else None),
                    note=_("counted once; left out of the sums: {amount}").format(
                        amount=wording.large(maybe(twice["presupuesto"]) or Decimal(0)) if gaps else wording.no_data()
                    ),
                ),
            ],
            source=source,
            drawings=[
                map_drawing(
                    "m-unidades",
                    _("Interventions by comuna and corregimiento"),
                    areas,
                    territories,
                    value="intervenciones",
                    source=source_of(loads, "intervenciones", "territorios"),
                ),
                map_drawing(
                    "m-frentes",
                    _("Active fronts by territory, and the place of each unit"),
                    areas,
                    territories,
                    value="frentes",
                    source=source_of(loads, "intervenciones", "unidades_proyecto", "territorios"),
                    points=points,
                ),
                _bars("g-up-estado", _("Interventions by state"), states, source, series=0),
                _bars("g-up-clase", _("Interventions by class of unit"), kinds, source, series=1),
                _bars("g-up-vacios", _("Why an intervention has no geometry"), reasons, source, series=3),
                drawing(
                    "g-up-territorio",
                    _("Budget by territory"),
                    sorted(territories, key=lambda row: -(row["presupuesto"] or 0)),  # type: ignore[operator] # a Decimal
                    label="territorio",
                    value="presupuesto",
                    text=wording.large,
                    source=source,
                    series=2,
                ),
            ],
            folded=tables,
        ),
        tables=tables,
    )


def _bars(ident: str, heading: str, rows: Sequence[Row], source: str, *, series: int) -> Drawing:
    return drawing(
        ident,
        heading,
        rows,
        label="grupo",
        value="intervenciones",
        text=wording.whole,
        source=source,
        series=series,
    )


def _territories_table(rows: Sequence[Row], units: Sequence[Row], source: str) -> Table:
    """By territory; `units` is how many there are in all, since one may have works in two territories."""
    summed_up = with_total(rows, "territorio", "intervenciones", "presupuesto", "frentes")
    return Table(
        sheet=_("Units by territory"),
        caption=_("Units and interventions by comuna and corregimiento"),
        columns=(
            TableColumn(name="territorio", heading=_("Territory")),
            TableColumn(name="unidades", heading=_("Units"), kind=Kind.WHOLE),
            TableColumn(name="intervenciones", heading=_("Interventions"), kind=Kind.WHOLE),
            TableColumn(name="presupuesto", heading=_("Budget"), kind=Kind.PESOS),
            TableColumn(name="frentes", heading=_("Active fronts"), kind=Kind.WHOLE),
        ),
        rows=[*summed_up[:-1], *({**row, **count} for row in summed_up[-1:] for count in units)],
        source=source,
    )


def _grouped(sheet: str, caption: str, rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=sheet,
        caption=caption,
        columns=(
            TableColumn(name="grupo", heading=_("Group"), wide=True),
            TableColumn(name="intervenciones", heading=_("Interventions"), kind=Kind.WHOLE),
            TableColumn(name="presupuesto", heading=_("Budget"), kind=Kind.PESOS),
        ),
        rows=with_total(rows, "grupo", "intervenciones", "presupuesto"),
        source=source,
    )


def _fronts_table(rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=_("Active fronts"),
        caption=_("Active fronts, largest budget first"),
        columns=(
            TableColumn(name="upid", heading=_("Unit")),
            TableColumn(name="nombre_up", heading=_("Name"), wide=True),
            TableColumn(name="nombre_up_detalle", heading=_("Detail"), wide=True),
            TableColumn(name="nombre_centro_gestor", heading=_("Department"), wide=True),
            TableColumn(name="territorio", heading=_("Territory")),
            TableColumn(name="tipo_intervencion", heading=_("Intervention"), wide=True),
            TableColumn(name="avance", heading=_("Progress"), kind=Kind.HEAT),
            TableColumn(name="presupuesto", heading=_("Budget"), kind=Kind.PESOS),
            TableColumn(name="fecha_fin", heading=_("End"), kind=Kind.DATE),
        ),
        rows=rows,
        source=source,
        on_page=60,
    )


def _gaps_table(rows: Sequence[Row], source: str) -> Table:
    names = ("intervenciones", "sin_geometria", "reparadas", "fuera_rango", "sin_territorio")
    return Table(
        sheet=_("Geometry gaps"),
        caption=_("What is missing in the places of each file"),
        columns=(
            TableColumn(name="fuente", heading=_("File"), wide=True),
            TableColumn(name="intervenciones", heading=_("Interventions"), kind=Kind.WHOLE),
            TableColumn(name="sin_geometria", heading=_("Without geometry"), kind=Kind.WHOLE),
            TableColumn(name="reparadas", heading=_("Repaired coordinates"), kind=Kind.WHOLE),
            TableColumn(name="fuera_rango", heading=_("Outside the declared territory"), kind=Kind.WHOLE),
            TableColumn(name="sin_territorio", heading=_("Without territory"), kind=Kind.WHOLE),
        ),
        rows=with_total(rows, "fuente", *names),
        source=source,
    )
