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
        about="cada compra tiene centro gestor, descripción, año, modalidad y valor total",
        fails=any_null(("nombre_centro_gestor", "descripcion", "anio", "modalidad", "valor_total_estimado")),
        shows=("nombre_centro_gestor", "descripcion", "anio", "modalidad", "valor_total_estimado"),
    ),
    row_rule(
        "CO002",
        family=COMPLETENESS,
        severity=Severity.LOW,
        table=_LINES,
        about="una compra que ya tiene proceso dice su enlace",
        among="tiene_proceso AND vigente",
        fails="enlace IS NULL AND tipo_enlace IS NULL",
        shows=("descripcion", "tipo_plataforma"),
    ),
    row_rule(
        "CO003",
        family=COMPLETENESS,
        severity=Severity.LOW,
        table=_LINES,
        about="una compra vencida dice por qué",
        among="vencida AND vigente",
        fails="justificacion_vencida IS NULL",
        shows=("descripcion", "nombre_centro_gestor"),
    ),
    row_rule(
        "LC004",
        family=LOGIC,
        severity=Severity.HIGH,
        table=_LINES,
        about="valores no negativos",
        fails=below_zero(PAA_MONEY),
        shows=PAA_MONEY,
    ),
    row_rule(
        "LC005",
        family=LOGIC,
        severity=Severity.LOW,
        table=_LINES,
        about="duración mayor que cero",
        fails="duracion_valor <= 0",
        shows=("duracion_valor", "duracion_intervalo"),
    ),
    row_rule(
        "LC007",
        family=TIME,
        severity=Severity.HIGH,
        table=_LINES,
        about="año entre 2020 y 2030; meses de inicio y de oferta entre 1 y 12",
        fails=f"{outside(('anio',), 2020, 2030)} OR {outside(('mes_inicio', 'mes_oferta'), 1, 12)}",
        shows=("anio", "mes_inicio", "mes_oferta"),
    ),
    row_rule(
        "LC012",
        family=LOGIC,
        severity=Severity.HIGH,
        table=_LINES,
        about="la clasificación del valor concuerda con el valor total (alto desde 1 000 M, medio desde 100 M)",
        among="valor_total_estimado IS NOT NULL",
        fails=f"clasificacion_valor IS DISTINCT FROM {_VALUE_CLASS}",
        shows=("clasificacion_valor", "valor_total_estimado"),
    ),
    row_rule(
        "FI001",
        family=MONEY,
        severity=Severity.MEDIUM,
        table=_LINES,
        about="el valor de la vigencia actual no supera el valor total estimado",
        fails="valor_vigencia_actual > valor_total_estimado",
        shows=("valor_vigencia_actual", "valor_total_estimado"),
    ),
    table_rule(
        "FI002",
        family=MONEY,
        severity=Severity.MEDIUM,
        table=_LINES,
        about="las fuentes de recursos suman el valor total estimado",
        checked=f"SELECT count(*) FROM {_LINES} JOIN {_SUMMED} USING (id)",  # noqa: S608 - identifiers of this code
        failing=_SOURCES_APART,
    ),
    row_rule(
        "TQ002",
        family=TIME,
        severity=Severity.LOW,
        table=_LINES,
        about="la oferta no es posterior al inicio, dentro del año",
        fails="mes_oferta < mes_inicio",
        shows=("mes_inicio", "mes_oferta"),
    ),
    row_rule(
        "TA001",
        family=THEMATIC,
        severity=Severity.MEDIUM,
        table=_LINES,
        about="el estado es Aprobada o Aprobado",
        among="estado IS NOT NULL",
        fails=not_one_of("estado", ("Aprobada", "Aprobado")),
        shows=("estado",),
    ),
    row_rule(
        "TA002",
        family=THEMATIC,
        severity=Severity.HIGH,
        table=_LINES,
        about="BP de 8 dígitos y BPIN de 13 o 15",
        fails=r"NOT regexp_full_match(bp, 'BP\d{8}') OR NOT regexp_full_match(bpin, '\d{13}(\d\d)?')",
        shows=("bp", "bpin"),
    ),
    row_rule(
        "TA003",
        family=THEMATIC,
        severity=Severity.MEDIUM,
        table=_LINES,
        about="el centro gestor está en el catálogo de la ciudad",
        among="nombre_centro_gestor IS NOT NULL",
        fails=f"cod_centro_gestor IS NULL OR {not_one_of('cod_centro_gestor', _CODES)}",
        shows=("cod_centro_gestor", "nombre_centro_gestor"),
    ),
    row_rule(
        "TA005",
        family=THEMATIC,
        severity=Severity.LOW,
        table=_LINES,
        about="el enlace es una dirección web, y del proceso, no de la página de ingreso",
        fails="NOT regexp_matches(enlace, '^https?://[^ ]+$') OR tipo_enlace = 'ingreso'",
        shows=("enlace", "tipo_enlace"),
    ),
    row_rule(
        "RI001",
        family=REFERENCES,
        severity=Severity.LOW,  # what the city spends on running itself has no project
        table=_LINES,
        about="cada compra que pide inversión nombra su BP",
        among="inversion_real_estimado > 0",
        fails="bp IS NULL",
        shows=("descripcion", "inversion_real_estimado"),
    ),
    reference_rule(
        "RI002",
        severity=Severity.MEDIUM,
        table=_LOAN,
        about="el BP de la compra está entre los proyectos del empréstito",
        columns=("bp",),
        other="emp_proyectos",
    ),
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_LOAN,
        about="cada compra del empréstito tiene BP, descripción y valor total",
        fails=any_null(("bp", "descripcion", "valor_total_estimado")),
        shows=("bp", "descripcion", "valor_total_estimado"),
    ),
    row_rule(
        "LC004",
        family=LOGIC,
        severity=Severity.HIGH,
        table=_SOURCES,
        about="la parte de cada fuente no es negativa",
        fails=below_zero(("valor",)),
        shows=("valor",),
    ),
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.LOW,
        table=_SOURCES,
        about="cada fuente dice cuánto paga",
        fails="valor IS NULL",
    ),
    loaded_lately_rule("AC002", table=_LINES, days=30),
)
"""Source: domain brief §2.3, §4.7 and §4.12."""
