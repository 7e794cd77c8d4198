"""The procurement plan (PAA): what the city means to buy, how, when and with which money."""

from collections.abc import Sequence
from string import Template

import duckdb

from etl_kit.translation import _
from reporting_app import wording
from reporting_app.budget_figures import short_name
from reporting_app.page import Card, Section
from reporting_app.subject import Subject, drawing, rows_if_there, source_of, summed, with_total
from reporting_app.tables import Kind, Row, Table, TableColumn

_SUMS = """
count(*) AS lineas, CAST(sum(valor_total_estimado) AS DECIMAL(38, 2)) AS valor,
CAST(sum(valor_vigencia_actual) AS DECIMAL(38, 2)) AS valor_vigencia, count(*) FILTER (vencida) AS vencidas,
count(*) FILTER (tiene_proceso) AS con_proceso
"""
_BY_ORGANISMO = Template("""
SELECT nombre_centro_gestor AS grupo, max(cod_centro_gestor) AS cod_centro_gestor, $sums FROM vigentes.paa WHERE vigente
GROUP BY grupo ORDER BY valor DESC NULLS LAST, grupo
""").substitute(sums=_SUMS)
_BY_MODE = Template("""
SELECT modalidad AS grupo, $sums FROM vigentes.paa WHERE vigente
GROUP BY grupo ORDER BY valor DESC NULLS LAST, grupo
""").substitute(sums=_SUMS)
_BY_MONTH = Template("""
SELECT anio, mes_inicio, concat_ws('-', anio, lpad(CAST(mes_inicio AS VARCHAR), 2, '0')) AS grupo, $sums
FROM vigentes.paa WHERE vigente GROUP BY ALL ORDER BY anio NULLS LAST, mes_inicio NULLS LAST
""").substitute(sums=_SUMS)
_BY_SOURCE = """
SELECT fuente_recursos AS grupo, count(DISTINCT id) AS lineas, CAST(sum(valor) AS DECIMAL(38, 2)) AS valor
FROM vigentes.paa_fuentes WHERE vigente GROUP BY grupo ORDER BY valor DESC NULLS LAST, grupo
"""
_LATE = """
SELECT id, nombre_centro_gestor, descripcion, modalidad, anio, mes_inicio, valor_total_estimado,
       justificacion_vencida
FROM vigentes.paa WHERE vigente AND vencida ORDER BY valor_total_estimado DESC NULLS LAST, id
"""
_OF_LOAN = """
SELECT id, bp, nombre_centro_gestor, descripcion, modalidad, estado, valor_total_estimado
FROM vigentes.emp_paa WHERE vigente ORDER BY valor_total_estimado DESC NULLS LAST, id
"""


def plan_subject(warehouse: duckdb.DuckDBPyConnection, loads: Sequence[Row]) -> Subject:
    """The page of the procurement plan; empty where it was never loaded."""
    source = source_of(loads, "paa")
    organismos = [_with_short_name(row) for row in rows_if_there(warehouse, _BY_ORGANISMO)]
    modes = rows_if_there(warehouse, _BY_MODE)
    months, funds = rows_if_there(warehouse, _BY_MONTH), rows_if_there(warehouse, _BY_SOURCE)
    late, loan = rows_if_there(warehouse, _LATE), rows_if_there(warehouse, _OF_LOAN)
    tables = [
        _grouped(_("PAA by department"), _("Planned purchases by department"), organismos, source),
        _grouped(_("PAA by modality"), _("Planned purchases by way of contracting"), modes, source),
        _grouped(_("PAA by month"), _("Planned purchases by month of start"), months, source),
        _funds_table(funds, source_of(loads, "paa_fuentes")),
        _lines_table(_("PAA overdue"), _("Overdue purchases"), late, source),
        _lines_table(_("PAA of the loan"), _("Purchases paid by the loan"), loan, source_of(loads, "emp_paa")),
    ]
    value = summed(organismos, "valor")
    return Subject(
        name="plan_adquisiciones",
        card=Card(
            label=_("Procurement plan (PAA)"),
            value=wording.large(value),
            note=_("{count} purchases in force").format(count=wording.whole(summed(organismos, "lineas"))),
        ),
        section=Section(
            ident="plan",
            heading=_("Procurement plan (PAA)"),
            lead=_("Purchases in force in the latest weekly plan. Values are estimates of the plan, in pesos."),
            cards=[
                Card(
                    label=_("Purchases in force"),
                    value=wording.whole(summed(organismos, "lineas")),
                    note=_("in the latest plan"),
                ),
                Card(
                    label=_("Estimated value"),
                    value=wording.large(value),
                    note=_("this year: {amount}").format(amount=wording.large(summed(organismos, "valor_vigencia"))),
                ),
                Card(
                    label=_("Overdue purchases"),
                    value=wording.whole(summed(organismos, "vencidas")),
                    note=_("of all those in force, with a published process: {count}").format(
                        count=wording.whole(summed(organismos, "con_proceso"))
                    ),
                    mood="regular" if summed(organismos, "vencidas") else "",
                ),
            ],
            source=source,
            drawings=[
                drawing(
                    "g-paa-organismo",
                    _("Value by department"),
                    organismos,
                    label="corto",
                    value="valor",
                    text=wording.large,
                    source=source,
                ),
                drawing(
                    "g-paa-mes",
                    _("Value by month of start"),
                    [row for row in months if row["mes_inicio"] is not None],
                    label="grupo",
                    value="valor",
                    text=wording.large,
                    source=source,
                    series=1,
                ),
                drawing(
                    "g-paa-modalidad",
                    _("Value by way of contracting"),
                    modes,
                    label="grupo",
                    value="valor",
                    text=wording.large,
                    source=source,
                    series=2,
                ),
                drawing(
                    "g-paa-fuente",
                    _("Value by funding source"),
                    funds,
                    label="grupo",
                    value="valor",
                    text=wording.large,
                    source=source_of(loads, "paa_fuentes"),
                    series=3,
                ),
            ],
            folded=tables,
        ),
        tables=tables,
    )


def _with_short_name(row: Row) -> Row:
    return {**row, "corto": short_name(str(row["cod_centro_gestor"]), str(row["grupo"] or wording.no_data()))}


def _grouped(sheet: str, caption: str, rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=sheet,
        caption=caption,
        columns=(
            TableColumn(name="grupo", heading=_("Group"), wide=True),
            TableColumn(name="lineas", heading=_("Purchases"), kind=Kind.WHOLE),
            TableColumn(name="valor", heading=_("Estimated value"), kind=Kind.PESOS),
            TableColumn(name="valor_vigencia", heading=_("Value this year"), kind=Kind.PESOS),
            TableColumn(name="vencidas", heading=_("Overdue"), kind=Kind.WHOLE),
            TableColumn(name="con_proceso", heading=_("With a process"), kind=Kind.WHOLE),
        ),
        rows=with_total(rows, "grupo", "lineas", "valor", "valor_vigencia", "vencidas", "con_proceso"),
        source=source,
    )


def _funds_table(rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=_("PAA by source"),
        caption=_("Planned purchases by funding source; a purchase with several sources counts in each"),
        columns=(
            TableColumn(name="grupo", heading=_("Funding source"), wide=True),
            TableColumn(name="lineas", heading=_("Purchases"), kind=Kind.WHOLE),
            TableColumn(name="valor", heading=_("Value"), kind=Kind.PESOS),
        ),
        rows=rows,
        source=source,
    )


def _lines_table(sheet: str, caption: str, rows: Sequence[Row], source: str) -> Table:
    return Table(
        sheet=sheet,
        caption=caption,
        columns=(
            TableColumn(name="id", heading="Id"),
            TableColumn(name="nombre_centro_gestor", heading=_("Department"), wide=True),
            TableColumn(name="descripcion", heading=_("Description"), wide=True),
            TableColumn(name="modalidad", heading=_("Modality"), wide=True),
            TableColumn(name="valor_total_estimado", heading=_("Estimated value"), kind=Kind.PESOS),
        ),
        rows=rows,
        source=source,
        on_page=40,
    )
