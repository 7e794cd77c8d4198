"""Quality rules of the reports from the field, and of the city's own map that they are placed on."""

from etl_kit.place_rules import ELSEWHERE, coordinate_rules
from etl_kit.quality import Rule, Severity
from etl_kit.rule_makers import (
    COMPLETENESS,
    LOGIC,
    REFERENCES,
    THEMATIC,
    TIME,
    any_null,
    loaded_lately_rule,
    row_rule,
    table_rule,
)
from etl_kit.translation import N_

_REPORTS = "centros_gravedad"
_TERRITORIES = "territorios"
_BARRIOS = "barrios_veredas"
_SAID = ("fecha_hora", "novedad", "descripcion", "sitio", "lat", "lon")
_TWICE = f"""
SELECT min(cod) AS cod, count(*) AS veces, {", ".join(_SAID)} FROM {_REPORTS}
WHERE fecha_hora IS NOT NULL GROUP BY {", ".join(_SAID)} HAVING count(*) > 1
"""  # noqa: S608 - identifiers of this code
_AREAS = {"comuna": 22, "corregimiento": 15}
_MISSING_AREAS = " UNION ALL ".join(
    f"SELECT '{kind}' AS tipo, count(*) FILTER (WHERE lower(tipo_territorio) = '{kind}') AS areas FROM {_TERRITORIES}"  # noqa: S608
    f" HAVING count(*) > 0 AND areas <> {number}"
    for kind, number in _AREAS.items()
)

FIELD_RULES: tuple[Rule, ...] = (
    *coordinate_rules(_REPORTS),
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_REPORTS,
        about=N_("each report has a date, a category and a site"),
        fails=any_null(("fecha", "novedad", "sitio")),
        shows=("fecha", "novedad", "sitio"),
    ),
    row_rule(
        "CO002",
        family=COMPLETENESS,
        severity=Severity.MEDIUM,
        table=_REPORTS,
        about=N_("each report has a place in the city"),
        fails=f"geometria IS NULL AND NOT {ELSEWHERE}",  # that is PA001's
        shows=("motivo_sin_geometria", "sitio"),
    ),
    row_rule(
        "TA005",
        family=THEMATIC,
        severity=Severity.LOW,
        table=_REPORTS,
        about=N_("the link of the picture is a web address"),
        fails="NOT regexp_matches(imagen_url, '^https?://[^ ]+')",
        shows=("imagen_url",),
    ),
    row_rule(
        "TQ004",
        family=TIME,
        severity=Severity.HIGH,
        table=_REPORTS,
        about=N_("the report is not later than today"),
        fails="fecha > getvariable('hoy')",
        shows=("fecha",),
    ),
    table_rule(
        "LC009",
        family=LOGIC,
        severity=Severity.LOW,
        table=_REPORTS,
        about=N_("no report is repeated under another code"),
        checked=f"SELECT count(*) FROM {_REPORTS}",  # noqa: S608 - identifiers of this code
        failing=_TWICE,
    ),
    row_rule(
        "RI001",
        family=REFERENCES,
        severity=Severity.MEDIUM,
        table=_REPORTS,
        about=N_("the comuna or corregimiento is on the city's map"),
        among=f"territorio IS NOT NULL AND EXISTS (SELECT 1 FROM {_TERRITORIES})",  # noqa: S608 - identifiers of this code
        fails=f"territorio NOT IN (SELECT territorio FROM {_TERRITORIES})",  # noqa: S608 - identifiers of this code
        shows=("territorio",),
    ),
    loaded_lately_rule("AC002", table=_REPORTS, days=90),
    table_rule(
        "VO003",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_TERRITORIES,
        about=N_("the map has the 22 comunas and the 15 corregimientos"),
        checked=f"SELECT {len(_AREAS)}",
        failing=_MISSING_AREAS,
        key=("tipo",),
    ),
    *(
        row_rule(
            "LC005",
            family=LOGIC,
            severity=Severity.HIGH,
            table=table,
            about=N_("the area is greater than zero"),
            fails="area_km2 <= 0",
            shows=("area_km2",),
        )
        for table in (_TERRITORIES, _BARRIOS)
    ),
)
"""Source: domain brief §2.5, §2.6 and §4.12."""
