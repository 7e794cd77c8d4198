"""Quality rules of the procurement plan: each planned purchase, its sources of money, and those of the loan."""

from etl_kit.datasets.paa import PAA_MONEY
from etl_kit.organismos import ORGANISMOS
from etl_kit.quality import Rule, Severity
from etl_kit.rule_makers import (
    COMPLETENESS,
    LOGIC,
    MONEY,
    REFERENCES,
    THEMATIC,
    TIME,
    any_null,
    below_zero,
    loaded_lately_rule,
    not_one_of,
    outside,
    reference_rule,
    row_rule,
    table_rule,
)
from etl_kit.translation import N_

_LINES = "paa"
_SOURCES = "paa_fuentes"
_LOAN = "emp_paa"
_CODES = tuple(sorted(organismo.code for organismo in ORGANISMOS))
_VALUE_CLASS = (
    "CASE WHEN valor_total_estimado >= 1000000000 THEN 'alto' WHEN valor_total_estimado >= 100000000 THEN 'medio'"
    " WHEN valor_total_estimado > 0 THEN 'bajo' ELSE 'sin_valor' END"
)
_SUMMED = f"(SELECT id, sum(valor) AS suma_de_fuentes, count(*) AS fuentes FROM {_SOURCES} WHERE valor IS NOT NULL GROUP BY id)"  # noqa: S608, E501
_SOURCES_APART = f"""
SELECT id, valor_total_estimado, suma_de_fuentes, fuentes
FROM {_LINES} JOIN {_SUMMED} USING (id) WHERE suma_de_fuentes <> valor_total_estimado
"""  # noqa: S608 - identifiers of this code

PAA_RULES: tuple[Rule, ...] = (
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_LINES,
        about=N_("each purchase has a centro gestor, a description, a year, a way of contracting and a total value"),
        fails=any_null(("nombre_centro_gestor", "descripcion", "anio", "modalidad", "valor_total_estimado")),
        shows=("nombre_centro_gestor", "descripcion", "anio", "modalidad", "valor_total_estimado"),
    ),
    row_rule(
        "CO002",
        family=COMPLETENESS,
        severity=Severity.LOW,
        table=_LINES,
        about=N_("a purchase that already has a process gives its link"),
        among="tiene_proceso AND vigente",
        fails="enlace IS NULL AND tipo_enlace IS NULL",
        shows=("descripcion", "tipo_plataforma"),
    ),
    row_rule(
        "CO003",
        family=COMPLETENESS,
        severity=Severity.LOW,
        table=_LINES,
        about=N_("an overdue purchase says why"),
        among="vencida AND vigente",
        fails="justificacion_vencida IS NULL",
        shows=("descripcion", "nombre_centro_gestor"),
    ),
    row_rule(
        "LC004",
        family=LOGIC,
        severity=Severity.HIGH,
        table=_LINES,
        about=N_("values are not negative"),
        fails=below_zero(PAA_MONEY),
        shows=PAA_MONEY,
    ),
    row_rule(
        "LC005",
        family=LOGIC,
        severity=Severity.LOW,
        table=_LINES,
        about=N_("the duration is greater than zero"),
        fails="duracion_valor <= 0",
        shows=("duracion_valor", "duracion_intervalo"),
    ),
    row_rule(
        "LC007",
        family=TIME,
        severity=Severity.HIGH,
        table=_LINES,
        about=N_("the year is between 2020 and 2030; the months of start and of tender are between 1 and 12"),
        fails=f"{outside(('anio',), 2020, 2030)} OR {outside(('mes_inicio', 'mes_oferta'), 1, 12)}",
        shows=("anio", "mes_inicio", "mes_oferta"),
    ),
    row_rule(
        "LC012",
        family=LOGIC,
        severity=Severity.HIGH,
        table=_LINES,
        about=N_("the class of the value agrees with the total value (high from 1 000 M on, medium from 100 M on)"),
        among="valor_total_estimado IS NOT NULL",
        fails=f"clasificacion_valor IS DISTINCT FROM {_VALUE_CLASS}",
        shows=("clasificacion_valor", "valor_total_estimado"),
    ),
    row_rule(
        "FI001",
        family=MONEY,
        severity=Severity.MEDIUM,
        table=_LINES,
        about=N_("the value of the current year does not exceed the total estimated value"),
        fails="valor_vigencia_actual > valor_total_estimado",
        shows=("valor_vigencia_actual", "valor_total_estimado"),
    ),
    table_rule(
        "FI002",
        family=MONEY,
        severity=Severity.MEDIUM,
        table=_LINES,
        about=N_("the sources of money add up to the total estimated value"),
        checked=f"SELECT count(*) FROM {_LINES} JOIN {_SUMMED} USING (id)",  # noqa: S608 - identifiers of this code
        failing=_SOURCES_APART,
    ),
    row_rule(
        "TQ002",
        family=TIME,
        severity=Severity.LOW,
        table=_LINES,
        about=N_("the tender is not later than the start, within the year"),
        fails="mes_oferta < mes_inicio",
        shows=("mes_inicio", "mes_oferta"),
    ),
    row_rule(
        "TA001",
        family=THEMATIC,
        severity=Severity.MEDIUM,
        table=_LINES,
        about=N_("the state is Aprobada or Aprobado"),
        among="estado IS NOT NULL",
        fails=not_one_of("estado", ("Aprobada", "Aprobado")),
        shows=("estado",),
    ),
    row_rule(
        "TA002",
        family=THEMATIC,
        severity=Severity.HIGH,
        table=_LINES,
        about=N_("BP of 8 digits, and BPIN of 13 or 15"),
        fails=r"NOT regexp_full_match(bp, 'BP\d{8}') OR NOT regexp_full_match(bpin, '\d{13}(\d\d)?')",
        shows=("bp", "bpin"),
    ),
    row_rule(
        "TA003",
        family=THEMATIC,
        severity=Severity.MEDIUM,
        table=_LINES,
        about=N_("the centro gestor is in the city's catalogue"),
        among="nombre_centro_gestor IS NOT NULL",
        fails=f"cod_centro_gestor IS NULL OR {not_one_of('cod_centro_gestor', _CODES)}",
        shows=("cod_centro_gestor", "nombre_centro_gestor"),
    ),
    row_rule(
        "TA005",
        family=THEMATIC,
        severity=Severity.LOW,
        table=_LINES,
        about=N_("the link is a web address, and that of the process, not of the sign-in page"),
        fails="NOT regexp_matches(enlace, '^https?://[^ ]+$') OR tipo_enlace = 'ingreso'",
        shows=("enlace", "tipo_enlace"),
    ),
    row_rule(
        "RI001",
        family=REFERENCES,
        severity=Severity.LOW,  # what the city spends on running itself has no project
        table=_LINES,
        about=N_("each purchase that asks for investment names its BP"),
        among="inversion_real_estimado > 0",
        fails="bp IS NULL",
        shows=("descripcion", "inversion_real_estimado"),
    ),
    reference_rule(
        "RI002",
        severity=Severity.MEDIUM,
        table=_LOAN,
        about=N_("the BP of the purchase is among the projects of the loan"),
        columns=("bp",),
        other="emp_proyectos",
    ),
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_LOAN,
        about=N_("each purchase of the loan has a BP, a description and a total value"),
        fails=any_null(("bp", "descripcion", "valor_total_estimado")),
        shows=("bp", "descripcion", "valor_total_estimado"),
    ),
    row_rule(
        "LC004",
        family=LOGIC,
        severity=Severity.HIGH,
        table=_SOURCES,
        about=N_("the part of each source is not negative"),
        fails=below_zero(("valor",)),
        shows=("valor",),
    ),
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.LOW,
        table=_SOURCES,
        about=N_("each source says how much it pays"),
        fails="valor IS NULL",
    ),
    loaded_lately_rule("AC002", table=_LINES, days=30),
)
"""Source: domain brief §2.3, §4.7 and §4.12."""
