"""The follow-up of the action plan (Cuadro 1S): physical progress beside money, per department and project."""

from collections.abc import Sequence
from string import Template

import duckdb

from etl_kit.translation import _
from reporting_app import wording
from reporting_app.budget_figures import short_name
from reporting_app.page import Card, Section
from reporting_app.subject import Subject, drawing, files_in, rows_if_there, source_of, summed
from reporting_app.tables import Kind, Row, Table, TableColumn, ratio

_LAST = "(SELECT max(periodo_corte) FROM vigentes.seguimiento_pa)"
_BY_ORGANISMO = Template("""
SELECT nombre_centro_gestor AS grupo, max(cod_centro_gestor) AS cod_centro_gestor, count(*) AS proyectos,
       CAST(round(avg(avance_proyecto), 6) AS DECIMAL(12, 6)) AS avance,
       CAST(sum(ppto_modificado) AS DECIMAL(38, 2)) AS ppto_modificado,
       CAST(sum(ejecucion) AS DECIMAL(38, 2)) AS ejecucion, CAST(sum(pagos) AS DECIMAL(38, 2)) AS pagos
FROM vigentes.seguimiento_pa WHERE periodo_corte = $last
GROUP BY grupo ORDER BY avance DESC NULLS LAST, grupo
""").substitute(last=_LAST)
_PROJECTS = Template("""
SELECT bpin, nombre_proyecto, nombre_centro_gestor, avance_proyecto, n_productos, n_actividades, ppto_modificado,
       ejecucion, pct_ejecucion, pct_pagos
FROM vigentes.seguimiento_pa WHERE periodo_corte = $last ORDER BY ppto_modificado DESC NULLS LAST, bpin
""").substitute(last=_LAST)
_BY_GOAL = Template("""
SELECT nombre_proposito AS grupo, count(*) AS proyectos,
       CAST(round(avg(avance_proyecto), 6) AS DECIMAL(12, 6)) AS avance
FROM vigentes.seguimiento_pa WHERE periodo_corte = $last GROUP BY grupo ORDER BY avance DESC NULLS LAST, grupo
""").substitute(last=_LAST)
_SOURCE = Template("""
SELECT DISTINCT fuente, periodo_corte AS fecha_corte FROM vigentes.seguimiento_pa WHERE periodo_corte = $last
""").substitute(last=_LAST)
_FILES = """
SELECT periodo_corte, disposicion, fuente, n_filas, avances_fuera_de_0_a_1, avances_que_bajan,
       productos_con_ponderacion_distinta_de_1, valores_en_desacuerdo
FROM vigentes.seguimiento_archivos_pa ORDER BY periodo_corte DESC
"""
_SUMMARY = """
SELECT periodo_corte, organismo, proyectos, ejecucion_fisica, ppto_definitivo, ejecucion, pagos, pct_ejecucion
FROM vigentes.seguimiento_organismos_pa ORDER BY periodo_corte DESC, organismo
"""


def action_plan_subject(warehouse: duckdb.DuckDBPyConnection, loads: Sequence[Row]) -> Subject:
    """The page of the action plan at its latest cut; empty where it was never loaded."""
    source = files_in(rows_if_there(warehouse, _SOURCE))
    organismos = [_with_share(row) for row in rows_if_there(warehouse, _BY_ORGANISMO)]
    goals, projects = rows_if_there(warehouse, _BY_GOAL), rows_if_there(warehouse, _PROJECTS)
    spent, budget = summed(organismos, "ejecucion"), summed(organismos, "ppto_modificado")
    by_share = sorted(organismos, key=lambda row: (row["pct"] is None, -(row["pct"] or 0)))  # type: ignore[operator] # a Decimal
    tables = [
        _organismos_table(organismos, source),
        _projects_table(projects, source),
        _summary_table(rows_if_there(warehouse, _SUMMARY), source_of(loads, "seguimiento_organismos_pa")),
        _files_table(rows_if_there(warehouse, _FILES), source_of(loads, "seguimiento_archivos_pa")),
    ]
    progress = drawing(
        "g-pa-avance",
        _("Mean physical progress by department"),
        organismos,
        label="corto",
        value="avance",
        text=wording.percent,
        source=source,
    )
    money = drawing(
        "g-pa-ejecucion",
        _("Budget execution by department"),
        by_share,
        label="corto",
        value="pct",
        text=wording.percent,
        source=source,
        series=1,
    )
    by_goal = drawing(
        "g-pa-proposito",
        _("Mean physical progress by goal of the plan"),
        goals,
        label="grupo",
        value="avance",
        text=wording.percent,
        source=source,
        series=2,
    )
    count = wording.whole(summed(organismos, "proyectos"))
    return Subject(
        name="plan_accion",
        card=Card(
            label=_("Action plan"),
            value=_("{count} projects").format(count=count) if projects else wording.no_data(),
            note=_("execution: {share}").format(share=wording.percent(ratio(spent, budget))),
        ),
        section=Section(
            ident="accion",
            heading=_("Action plan"),
            lead=_("Progress of investment projects as their departments report it (Cuadro 1S), at the latest cut."),
            cards=[
                Card(label=_("Projects"), value=count, note=_("at the latest cut")),
                Card(label=_("Budget of the projects"), value=wording.large(budget), note=_("modified budget")),
                Card(label=_("Execution"), value=wording.percent(ratio(spent, budget)), note=wording.large(spent)),
            ],
            source=source,
            drawings=[progress, money, by_goal],
            folded=tables,
        ),
        tables=tables,
    )


def _with_share(row: Row) -> Row:
    name = short_name(str(row["cod_centro_gestor"]), str(row["grupo"] or wording.no_data()))
    return {**row, "corto": name, "pct": ratio(row["ejecucion"], row["ppto_modificado"])}


def _organismos_table(rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=_("Action plan by department"),
        caption=_("Action plan by department: mean physical progress and money"),
        columns=(
            TableColumn(name="grupo", heading=_("Department"), wide=True),
            TableColumn(name="proyectos", heading=_("Projects"), kind=Kind.WHOLE),
            TableColumn(name="avance", heading=_("Physical progress"), kind=Kind.HEAT),
            TableColumn(name="ppto_modificado", heading=_("Modified budget"), kind=Kind.PESOS),
            TableColumn(name="ejecucion", heading=_("Executed"), kind=Kind.PESOS),
            TableColumn(name="pct", heading=_("% executed"), kind=Kind.HEAT),
            TableColumn(name="pagos", heading=_("Payments"), kind=Kind.PESOS),
        ),
        rows=rows,
        source=source,
    )


def _projects_table(rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=_("Projects of the action plan"),
        caption=_("Projects of the action plan, largest budget first"),
        columns=(
            TableColumn(name="bpin", heading="BPIN"),
            TableColumn(name="nombre_proyecto", heading=_("Project"), wide=True),
            TableColumn(name="nombre_centro_gestor", heading=_("Department"), wide=True),
            TableColumn(name="avance_proyecto", heading=_("Physical progress"), kind=Kind.HEAT),
            TableColumn(name="ppto_modificado", heading=_("Modified budget"), kind=Kind.PESOS),
            TableColumn(name="pct_ejecucion", heading=_("% executed"), kind=Kind.HEAT),
            TableColumn(name="n_actividades", heading=_("Activities"), kind=Kind.WHOLE),
        ),
        rows=rows,
        source=source,
        on_page=60,
    )


def _summary_table(rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=_("Summary of 2024"),
        caption=_("Summary by department of the cuts of 2024, as published"),
        columns=(
            TableColumn(name="periodo_corte", heading=_("Cut"), kind=Kind.DATE),
            TableColumn(name="organismo", heading=_("Department"), wide=True),
            TableColumn(name="proyectos", heading=_("Projects"), kind=Kind.WHOLE),
            TableColumn(name="ejecucion_fisica", heading=_("Physical progress"), kind=Kind.HEAT),
            TableColumn(name="ppto_definitivo", heading=_("Final budget"), kind=Kind.PESOS),
            TableColumn(name="ejecucion", heading=_("Executed"), kind=Kind.PESOS),
            TableColumn(name="pct_ejecucion", heading=_("% executed"), kind=Kind.HEAT),
        ),
        rows=rows,
        source=source,
    )


def _files_table(rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=_("Files of the action plan"),
        caption=_("What was noticed in each file of the action plan"),
        columns=(
            TableColumn(name="periodo_corte", heading=_("Cut"), kind=Kind.DATE),
            TableColumn(name="fuente", heading=_("File"), wide=True),
            TableColumn(name="n_filas", heading=_("Rows"), kind=Kind.WHOLE),
            TableColumn(name="avances_fuera_de_0_a_1", heading=_("Progress outside 0–100 %"), kind=Kind.WHOLE),
            TableColumn(name="avances_que_bajan", heading=_("Progress that falls"), kind=Kind.WHOLE),
            TableColumn(
                name="productos_con_ponderacion_distinta_de_1", heading=_("Weights that are not 100 %"), kind=Kind.WHOLE
            ),
            TableColumn(name="valores_en_desacuerdo", heading=_("Values that disagree"), kind=Kind.WHOLE),
        ),
        rows=rows,
        source=source,
    )
