"""Field reports: what people saw around the places where the city builds."""

from collections.abc import Sequence

import duckdb

from etl_kit.reasons import reason_in_words
from etl_kit.translation import _
from reporting_app import wording
from reporting_app.city_map import map_drawing, read_areas
from reporting_app.page import Card, Section
from reporting_app.subject import Subject, drawing, rows_if_there, source_of, summed, with_total
from reporting_app.tables import Kind, Row, Table, TableColumn

_BY_KIND = """
SELECT novedad AS grupo, count(*) AS reportes FROM vigentes.centros_gravedad
GROUP BY grupo ORDER BY reportes DESC, grupo
"""
_BY_SITE = """
SELECT sitio AS grupo, count(*) AS reportes FROM vigentes.centros_gravedad
GROUP BY grupo ORDER BY reportes DESC, grupo
"""
_BY_TERRITORY = """
SELECT territorio, count(*) AS reportes, count(*) FILTER (reparacion IS NOT NULL) AS reparados
FROM vigentes.centros_gravedad GROUP BY territorio ORDER BY reportes DESC, territorio
"""
_REPORTS = """
SELECT cod, fecha, novedad, sitio, territorio, barrio_vereda, motivo_sin_geometria, lat, lon,
       geometria IS NOT NULL AS en_la_ciudad
FROM vigentes.centros_gravedad ORDER BY fecha DESC NULLS LAST, cod
"""


def field_subject(warehouse: duckdb.DuckDBPyConnection, loads: Sequence[Row]) -> Subject:
    """The page of the field reports; empty where they were never loaded."""
    source = source_of(loads, "centros_gravedad")
    kinds, sites = rows_if_there(warehouse, _BY_KIND), rows_if_there(warehouse, _BY_SITE)
    territories, reports = rows_if_there(warehouse, _BY_TERRITORY), _with_reason(rows_if_there(warehouse, _REPORTS))
    places = [row for row in reports if row["en_la_ciudad"] and row["lat"] is not None and row["lon"] is not None]
    nowhere = len(reports) - len(places)
    tables = [
        _grouped(_("Field reports by kind"), _("Field reports by kind of observation"), kinds, source),
        _grouped(_("Field reports by site"), _("Field reports by site"), sites, source),
        _territories_table(territories, source),
        _reports_table(reports, source),
    ]
    count = wording.whole(summed(kinds, "reportes"))
    return Subject(
        name="reportes_campo",
        card=Card(
            label=_("Field reports"),
            value=count,
            note=_("without a place in the city: {count}").format(count=wording.whole(nowhere if reports else None)),
        ),
        section=Section(
            ident="campo",
            heading=_("Field reports"),
            lead=_("Observations around building sites, each with its place. Who reported them is not kept."),
            cards=[
                Card(label=_("Reports"), value=count, note=_("in all files together")),
                Card(
                    label=_("Without a place in the city"),
                    value=wording.whole(nowhere if reports else None),
                    note=_("coordinates repaired: {count}").format(
                        count=wording.whole(summed(territories, "reparados"))
                    ),
                    mood="regular" if nowhere else "",
                ),
            ],
            source=source,
            drawings=[
                map_drawing(
                    "m-campo",
                    _("Field reports on the map"),
                    read_areas(warehouse),
                    territories,
                    value="reportes",
                    source=source_of(loads, "centros_gravedad", "territorios"),
                    points=places,
                ),
                drawing(
                    "g-campo-novedad",
                    _("Reports by kind of observation"),
                    kinds,
                    label="grupo",
                    value="reportes",
                    text=wording.whole,
                    source=source,
                ),
                drawing(
                    "g-campo-sitio",
                    _("Reports by site"),
                    sites,
                    label="grupo",
                    value="reportes",
                    text=wording.whole,
                    source=source,
                    series=1,
                ),
            ],
            folded=tables,
        ),
        tables=tables,
    )


def _with_reason(rows: Sequence[Row]) -> list[Row]:
    why = "motivo_sin_geometria"
    return [{**row, why: None if row[why] is None else reason_in_words(row[why])} for row in rows]


def _grouped(sheet: str, caption: str, rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=sheet,
        caption=caption,
        columns=(
            TableColumn(name="grupo", heading=_("Group"), wide=True),
            TableColumn(name="reportes", heading=_("Reports"), kind=Kind.WHOLE),
        ),
        rows=with_total(rows, "grupo", "reportes"),
        source=source,
    )


def _territories_table(rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=_("Reports by territory"),
        caption=_("Field reports by comuna and corregimiento"),
        columns=(
            TableColumn(name="territorio", heading=_("Territory")),
            TableColumn(name="reportes", heading=_("Reports"), kind=Kind.WHOLE),
            TableColumn(name="reparados", heading=_("Repaired coordinates"), kind=Kind.WHOLE),
        ),
        rows=with_total(rows, "territorio", "reportes", "reparados"),
        source=source,
    )


def _reports_table(rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=_("Field reports"),
        caption=_("Field reports, latest first"),
        columns=(
            TableColumn(name="cod", heading=_("Code")),
            TableColumn(name="fecha", heading=_("Day"), kind=Kind.DATE),
            TableColumn(name="novedad", heading=_("Observation"), wide=True),
            TableColumn(name="sitio", heading=_("Site"), wide=True),
            TableColumn(name="territorio", heading=_("Territory")),
            TableColumn(name="barrio_vereda", heading=_("Barrio or vereda")),
            TableColumn(name="motivo_sin_geometria", heading=_("Why it has no place"), wide=True),
        ),
        rows=rows,
        source=source,
        on_page=60,
    )
