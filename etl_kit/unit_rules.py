"""Quality rules of project units and what is done at them: the families of the original, on typed columns.

Of those families LC002 (a progress that is a number) and TQ002 (a date that can be read) are asked at the door: what
fails them is among the rejected of its transform, with the raw text.
"""

from typing import Final

from etl_kit.place_rules import NO_SUBSIDY, place_rules
from etl_kit.quality import Rule, Severity
from etl_kit.rule_makers import (
    COMPLETENESS,
    LOGIC,
    REFERENCES,
    THEMATIC,
    TIME,
    any_null,
    loaded_lately_rule,
    not_one_of,
    outside,
    row_rule,
    table_rule,
)
from etl_kit.translation import N_
from etl_kit.unit_categories import CATEGORIES

_WORKS = "intervenciones"
_UNITS = "unidades_proyecto"
REQUIRED: Final = (
    "nombre_up",
    "estado",
    "avance_obra",
    "anio",
    "nombre_centro_gestor",
    "territorio",
    "tipo_intervencion",
)
_NO_TERRITORY = "territorio IS NULL AND comuna_corregimiento_declarada IS NULL"  # one that is no place is TA006's
_CATEGORY_RULES = {
    "estado": ("TA001", Severity.MEDIUM),
    "clase_up": ("TA004", Severity.MEDIUM),
    "tipo_equipamiento": ("TA007", Severity.LOW),
    "tipo_intervencion": ("TA008", Severity.LOW),
    "fuente_financiacion": ("TA009", Severity.LOW),
}
_RUNNING = "estado = 'En ejecución'"
_DECLARED = "lower(strip_accents(estado_declarado))"
_CONTRADICTS = (
    f"({_DECLARED} = 'en alistamiento' AND avance_obra > 0) OR ({_DECLARED} IN ('terminado', 'finalizado')"
    f" AND avance_obra < 100) OR ({_DECLARED} = 'en ejecucion' AND (avance_obra <= 0 OR avance_obra >= 100))"
)
_DERIVED_WRONG = (
    "(estado = 'En alistamiento' AND avance_obra > 0) OR (estado = 'Terminado' AND avance_obra < 100)"
    " OR (estado = 'En ejecución' AND (avance_obra <= 0 OR avance_obra >= 100))"
)
_SAME_WORK = (
    "upid",
    "identificador",
    "nombre_up",
    "nombre_up_detalle",
    "tipo_intervencion",
    "descripcion_intervencion",
    "referencia_contrato",
    "bpin",
    "presupuesto",
    "anio",
)
_TWICE = f"""
SELECT min(intervencion_id) AS intervencion_id, count(*) AS veces, {", ".join(_SAME_WORK)}
FROM {_WORKS} WHERE {NO_SUBSIDY} GROUP BY {", ".join(_SAME_WORK)} HAVING count(*) > 1
"""  # noqa: S608 - identifiers of this code
_MISCOUNTED = f"""
SELECT upid, n_intervenciones, coalesce(filas, 0) AS intervenciones
FROM {_UNITS} LEFT JOIN (SELECT upid, count(*) AS filas FROM {_WORKS} GROUP BY upid) USING (upid)
WHERE n_intervenciones <> coalesce(filas, 0)
"""  # noqa: S608 - identifiers of this code


def _unknown_references(column: str, table: str) -> str:
    """Works none of whose references is found in SECOP's table; a row may name several, `; ` between them."""
    return f"""
    WITH nombradas AS (
        SELECT intervencion_id, {column}, unnest(string_split({column}, '; ')) AS una FROM {_WORKS}
        WHERE {column} IS NOT NULL AND EXISTS (SELECT 1 FROM {table})
    ),
    conocidas AS (SELECT {column} AS una FROM {table} UNION SELECT referencia_normalizada FROM {table})
    SELECT intervencion_id, nombradas.{column} FROM nombradas LEFT JOIN conocidas ON nombradas.una = conocidas.una
    GROUP BY ALL HAVING count(conocidas.una) = 0
    """  # noqa: S608 - identifiers of this code


_UNIT_RULES: tuple[Rule, ...] = (
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_UNITS,
        about=N_("each unit has a name, a class, a centro gestor and a comuna or corregimiento"),
        fails=f"{any_null(('nombre_up', 'clase_up', 'nombre_centro_gestor'))} OR ({_NO_TERRITORY})",
        shows=("nombre_up", "clase_up", "nombre_centro_gestor", "territorio"),
    ),
    table_rule(
        "LC011",
        family=LOGIC,
        severity=Severity.CRITICAL,
        table=_UNITS,
        about=N_("each unit has as many interventions as it says"),
        checked=f"SELECT count(*) FROM {_UNITS}",  # noqa: S608 - identifiers of this code
        failing=_MISCOUNTED,
    ),
)
_WORK_RULES: tuple[Rule, ...] = (
    row_rule(
        "LC001",
        family=LOGIC,
        severity=Severity.HIGH,
        table=_WORKS,
        about=N_("the state agrees with the progress: 0 in preparation, 100 finished, between them under way"),
        fails=_DERIVED_WRONG,
        shows=("estado", "estado_declarado", "avance_obra"),
    ),
    row_rule(
        "LC010",
        family=LOGIC,
        severity=Severity.MEDIUM,
        table=_WORKS,
        about=N_("the state that the file declares agrees with its progress"),
        among="estado_declarado IS NOT NULL AND avance_obra IS NOT NULL",
        fails=_CONTRADICTS,
        shows=("estado_declarado", "estado", "avance_obra"),
    ),
    row_rule(
        "LC003",
        family=LOGIC,
        severity=Severity.HIGH,
        table=_WORKS,
        about=N_("the progress of the works is between 0 and 100"),
        fails=outside(("avance_obra",), 0, 100),
        shows=("avance_obra",),
    ),
    row_rule(
        "LC004",
        family=LOGIC,
        severity=Severity.HIGH,
        table=_WORKS,
        about=N_("the budget is not negative"),
        fails="presupuesto < 0",
        shows=("presupuesto",),
    ),
    row_rule(
        "LC005",
        family=LOGIC,
        severity=Severity.MEDIUM,
        table=_WORKS,
        about=N_("the quantity is greater than zero"),
        fails="cantidad <= 0",
        shows=("cantidad", "unidad"),
    ),
    row_rule(
        "LC007",
        family=TIME,
        severity=Severity.HIGH,
        table=_WORKS,
        about=N_("the year is between 2020 and 2030"),
        fails=outside(("anio",), 2020, 2030),
        shows=("anio",),
    ),
    table_rule(
        "LC009",
        family=LOGIC,
        severity=Severity.MEDIUM,
        table=_WORKS,
        about=N_("no intervention is repeated under another key (subsidies aside)"),
        checked=f"SELECT count(*) FROM {_WORKS} WHERE {NO_SUBSIDY}",  # noqa: S608 - identifiers of this code
        failing=_TWICE,
    ),
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_WORKS,
        about=N_(
            "it has a name, state, progress, year, centro gestor, comuna or corregimiento, and kind of intervention"
        ),
        fails=f"{any_null(name for name in REQUIRED if name != 'territorio')} OR ({_NO_TERRITORY})",
        shows=REQUIRED,
    ),
    row_rule(
        "CO003",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_WORKS,
        about=N_("it has some identifier: BPIN, BP, identificador, contract or process"),
        fails="coalesce(bpin, bp, identificador, referencia_contrato, referencia_proceso) IS NULL",
        shows=("nombre_up",),
    ),
    row_rule(
        "CO004",
        family=COMPLETENESS,
        severity=Severity.MEDIUM,
        table=_WORKS,
        about=N_("under way, it has a start date and an end date"),
        among=_RUNNING,
        fails=any_null(("fecha_inicio", "fecha_fin")),
        shows=("nombre_up", "fecha_inicio", "fecha_fin"),
    ),
    row_rule(
        "CO005",
        family=COMPLETENESS,
        severity=Severity.MEDIUM,
        table=_WORKS,
        about=N_("under way, it has a contract or a process"),
        among=_RUNNING,
        fails="referencia_contrato IS NULL AND referencia_proceso IS NULL",
        shows=("nombre_up", "referencia_contrato", "referencia_proceso"),
    ),
    row_rule(
        "CO006",
        family=COMPLETENESS,
        severity=Severity.LOW,
        table=_WORKS,
        about=N_("it has an address (subsidies aside)"),
        among=NO_SUBSIDY,
        fails="direccion IS NULL",
        shows=("nombre_up",),
    ),
    *(
        row_rule(
            rule_id,
            family=THEMATIC,
            severity=severity,
            table=_WORKS,
            about=N_("{column} is one of the city's categories", column=column),
            among=f"{column} IS NOT NULL",
            fails=not_one_of(column, CATEGORIES[column]),
            shows=(column, "nombre_centro_gestor"),
        )
        for column, (rule_id, severity) in _CATEGORY_RULES.items()
    ),
    row_rule(
        "TA002",
        family=THEMATIC,
        severity=Severity.HIGH,
        table=_WORKS,
        about=N_("a BPIN has 13 or 15 digits, and a BP has 8"),
        fails=r"NOT regexp_full_match(bpin, '\d{13}(\d\d)?') OR NOT regexp_full_match(bp, 'BP\d{8}')",
        shows=("bpin", "bp"),
    ),
    row_rule(
        "TA005",
        family=THEMATIC,
        severity=Severity.LOW,
        table=_WORKS,
        about=N_("the link of the process is a web address"),
        fails="NOT regexp_matches(url_proceso, '^https?://[^ ]+$')",
        shows=("url_proceso",),
    ),
    row_rule(
        "TQ001",
        family=TIME,
        severity=Severity.HIGH,
        table=_WORKS,
        about=N_("it begins before it ends"),
        fails="fecha_inicio > fecha_fin",
        shows=("fecha_inicio", "fecha_fin"),
    ),
    row_rule(
        "TQ004",
        family=TIME,
        severity=Severity.MEDIUM,
        table=_WORKS,
        about=N_(
            "the dates agree with the state: what is finished has ended; what is under way has begun and is not overdue"
        ),
        among="estado IN ('Terminado', 'En ejecución')",
        fails=(
            "(estado = 'Terminado' AND fecha_fin > getvariable('hoy'))"
            f" OR ({_RUNNING} AND (fecha_inicio > getvariable('hoy') OR fecha_fin < getvariable('hoy')))"
        ),
        shows=("estado", "fecha_inicio", "fecha_fin"),
    ),
    row_rule(
        "TQ005",
        family=TIME,
        severity=Severity.LOW,
        table=_WORKS,
        about=N_("it lasts between a day and five years"),
        among="fecha_inicio <= fecha_fin",
        fails="date_diff('day', fecha_inicio, fecha_fin) NOT BETWEEN 1 AND 1826",
        shows=("fecha_inicio", "fecha_fin"),
    ),
    row_rule(
        "RI001",
        family=REFERENCES,
        severity=Severity.MEDIUM,
        table=_WORKS,
        about=N_("each intervention has a BPIN"),
        fails="bpin IS NULL",
        shows=("motivo_sin_bpin", "bp"),
    ),
    *(
        table_rule(
            rule_id,
            family=REFERENCES,
            severity=Severity.LOW,  # only what the loan pays is asked of SECOP
            table=_WORKS,
            about=about,
            checked=f"SELECT count({column}) FROM {_WORKS} WHERE EXISTS (SELECT 1 FROM {table})",  # noqa: S608
            failing=_unknown_references(column, table),
        )
        for rule_id, column, table, about in (
            (
                "RI002",
                "referencia_contrato",
                "contratos_secop",
                N_("one of the contracts that it names is in contratos_secop"),
            ),
            (
                "RI003",
                "referencia_proceso",
                "procesos_secop",
                N_("one of the processes that it names is in procesos_secop"),
            ),
        )
    ),
)
UNIT_RULES: tuple[Rule, ...] = (
    *_UNIT_RULES,
    *place_rules(_UNITS),
    *_WORK_RULES,
    *place_rules(_WORKS),
    *(loaded_lately_rule("AC002", table=table, days=60) for table in (_UNITS, _WORKS)),
)
"""Source: domain brief §4.9 and §4.12."""
