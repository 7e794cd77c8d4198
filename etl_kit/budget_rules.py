"""Quality rules of the budget tables: the identities that every published row keeps."""

from etl_kit.columns import EXECUTION, MOVEMENTS
from etl_kit.organismos import ORGANISMOS
from etl_kit.quality import Rule, Severity
from etl_kit.rule_makers import BUDGET, COMPLETENESS, LOGIC, THEMATIC, TIME, fresh_rule, row_rule
from etl_kit.translation import N_, Text

_DETAIL = "ejecucion_detalle"
_SIGNED_MOVEMENTS = MOVEMENTS[:-1]
_CARRIED = "(vigencia LIKE 'Reserva%' OR vigencia = 'Balance')"
_UNKNOWN_CODE_ALLOWED = ("5103",)  # occurs in the budget files without a name in the city's catalogue
_CODES = ", ".join(f"'{code}'" for code in sorted({*(o.code for o in ORGANISMOS), *_UNKNOWN_CODE_ALLOWED}))

_CARRIED_MONTHS = f"""
SELECT periodo_corte, vigencia, count(*) FILTER (WHERE ppto_inicial <> 0) AS filas_con_inicial, count(*) AS filas
FROM {_DETAIL} WHERE {_CARRIED} GROUP BY ALL
HAVING count(*) FILTER (WHERE ppto_inicial <> 0) >= 3
   AND count(*) FILTER (WHERE ppto_inicial <> 0) * 50 >= count(*)
"""  # noqa: S608 - identifiers of this code
_CARRIED_MONTHS_CHECKED = f"SELECT count(DISTINCT (periodo_corte, vigencia)) FROM {_DETAIL} WHERE {_CARRIED}"  # noqa: S608
_CUTS = """
SELECT bpin, vigencia, periodo_corte, {amounts}
FROM ejecucion_presupuestal
WINDOW del_anio AS (PARTITION BY bpin, vigencia, anio ORDER BY periodo_corte)
"""
_PAIRS = "SELECT count(*) - count(DISTINCT (bpin, vigencia, anio)) FROM ejecucion_presupuestal"
_MISSING_MONTHS = """
WITH cortes AS (SELECT DISTINCT anio, periodo_corte FROM ejecucion_presupuestal),
previos AS (
    SELECT anio, periodo_corte, lag(periodo_corte) OVER (PARTITION BY anio ORDER BY periodo_corte) AS corte_anterior
    FROM cortes
)
SELECT periodo_corte, corte_anterior, date_diff('month', corte_anterior, periodo_corte) - 1 AS meses_sin_corte
FROM previos WHERE date_diff('month', corte_anterior, periodo_corte) > 1
"""


def _sums_differ(table: str, columns: tuple[str, ...]) -> tuple[str, str]:
    """The statements that compare a table per project with the sum of its published lines."""
    sums = ", ".join(f"sum({name}) AS {name}" for name in columns)
    differ = " OR ".join(f"linea.{name} IS DISTINCT FROM tabla.{name}" for name in columns)
    failing = f"""
    SELECT bpin, periodo_corte, vigencia, linea.{columns[-1]} AS suma_de_lineas, tabla.{columns[-1]} AS en_la_tabla
    FROM (SELECT bpin, periodo_corte, vigencia, {sums} FROM {_DETAIL} WHERE bpin IS NOT NULL GROUP BY ALL) AS linea
    FULL JOIN {table} AS tabla USING (bpin, periodo_corte, vigencia) WHERE {differ}
    """  # noqa: S608 - identifiers of this code
    return f"SELECT count(*) FROM {table}", failing  # noqa: S608 - identifiers of this code


def _identity(rule_id: str, about: Text, fails: str, shows: tuple[str, ...]) -> Rule:
    return row_rule(
        rule_id, family=BUDGET, severity=Severity.CRITICAL, table=_DETAIL, about=about, fails=fails, shows=shows
    )


def _same_sums(rule_id: str, table: str, columns: tuple[str, ...]) -> Rule:
    checked, failing = _sums_differ(table, columns)
    return Rule(
        rule_id=rule_id,
        family=BUDGET,
        severity=Severity.CRITICAL,
        table=table,
        about=N_("each value of a project is the sum of the published lines (ejecucion_detalle)"),
        checked=checked,
        failing=failing,
        key=("bpin", "periodo_corte", "vigencia"),
    )


def _never_falls(rule_id: str, severity: Severity, columns: tuple[str, ...]) -> Rule:
    amounts = ", ".join(f"lag({name}) OVER del_anio AS {name}_anterior, {name}" for name in columns)
    falls = " OR ".join(f"{name} < {name}_anterior" for name in columns)
    return Rule(
        rule_id=rule_id,
        family=BUDGET,
        severity=severity,
        table="ejecucion_presupuestal",
        about=N_("cumulative amounts do not fall between cuts of the same year: {columns}", columns=", ".join(columns)),
        checked=_PAIRS,
        failing=f"SELECT * FROM ({_CUTS.format(amounts=amounts)}) AS cortes WHERE {falls}",  # noqa: S608
        key=("bpin", "vigencia", "periodo_corte"),
    )


BUDGET_RULES: tuple[Rule, ...] = (
    _identity(
        "PR001",
        N_("PPTO. MODIFICADO = PPTO INICIAL + the six movements with their sign"),
        f"ppto_modificado <> {' + '.join(_SIGNED_MOVEMENTS)}",
        MOVEMENTS,
    ),
    _identity(
        "PR002",
        Text("EJECUCION = TOTAL ACUMULADO RPC"),
        "ejecucion <> total_acumulado_rpc",
        ("ejecucion", "total_acumulado_rpc"),
    ),
    _identity(
        "PR003",
        Text("SALDOS CDP = CDP − RPC"),
        "saldos_cdp <> total_acumulado_cdp - total_acumulado_rpc",
        ("saldos_cdp", "total_acumulado_cdp", "total_acumulado_rpc"),
    ),
    _identity(
        "PR004",
        Text("PPTO. DISPONIBLE = PPTO. MODIFICADO − CDP"),
        "ppto_disponible <> ppto_modificado - total_acumulado_cdp",
        ("ppto_disponible", "ppto_modificado", "total_acumulado_cdp"),
    ),
    row_rule(
        "PR005",
        family=BUDGET,
        severity=Severity.HIGH,
        table=_DETAIL,
        about=N_("CDP ≥ RPC ≥ obligations ≥ payments"),
        fails=(
            "total_acumulado_cdp < total_acumulado_rpc OR total_acumulado_rpc < total_acumul_obligac"
            " OR total_acumul_obligac < pagos"
        ),
        shows=("total_acumulado_cdp", "total_acumulado_rpc", "total_acumul_obligac", "pagos"),
    ),
    _never_falls("PR006", Severity.HIGH, ("total_acumul_obligac", "pagos")),
    _never_falls("PR007", Severity.LOW, ("total_acumulado_cdp", "total_acumulado_rpc")),  # both may be released
    row_rule(
        "PR008",
        family=BUDGET,
        severity=Severity.MEDIUM,
        table=_DETAIL,
        about=N_("a row of Reserva or Balance has PPTO INICIAL 0"),
        among=_CARRIED,
        fails="ppto_inicial <> 0",
        shows=("vigencia", "ppto_inicial"),
    ),
    Rule(
        rule_id="PR009",
        family=BUDGET,
        severity=Severity.HIGH,
        table=_DETAIL,
        about=N_(
            "the month's vigencias can be trusted (less than 2 % of the rows of Reserva or Balance have a PPTO INICIAL)"
        ),
        checked=_CARRIED_MONTHS_CHECKED,
        failing=_CARRIED_MONTHS,
        key=("periodo_corte", "vigencia"),
    ),
    _same_sums("PR010", "movimientos_presupuestales", MOVEMENTS),
    _same_sums("PR011", "ejecucion_presupuestal", EXECUTION),
    row_rule(
        "PR012",
        family=BUDGET,
        severity=Severity.MEDIUM,
        table=_DETAIL,
        about=N_("what is executed does not exceed the modified budget"),
        fails="ejecucion > ppto_modificado",
        shows=("ejecucion", "ppto_modificado"),
    ),
    row_rule(
        "LC004",
        family=LOGIC,
        severity=Severity.HIGH,
        table=_DETAIL,
        about=N_("signs: reductions, transfers out and deferrals ≤ 0; every other value ≥ 0"),
        fails=(
            "reducciones > 0 OR contracreditos > 0 OR aplazamiento > 0 OR ppto_inicial < 0 OR adiciones < 0"
            " OR creditos < 0 OR desaplazamiento < 0 OR ppto_modificado < 0 OR total_acumulado_cdp < 0"
            " OR total_acumulado_rpc < 0 OR total_acumul_obligac < 0 OR pagos < 0"
        ),
        shows=(*MOVEMENTS, *EXECUTION),
    ),
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_DETAIL,
        about=N_("each line has a BPIN, the name of its project and the fifteen values"),
        fails=" OR ".join(f"{name} IS NULL" for name in ("bpin", "nombre_proyecto", *MOVEMENTS, *EXECUTION)),
        shows=("bpin", "nombre_proyecto"),
    ),
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.MEDIUM,
        table="datos_caracteristicos_proyectos",
        about=N_("each project has a BP, a name and a centro gestor"),
        fails="bp IS NULL OR nombre_proyecto IS NULL OR cod_centro_gestor IS NULL",
        shows=("bp", "nombre_proyecto", "cod_centro_gestor"),
    ),
    row_rule(
        "TA001",
        family=THEMATIC,
        severity=Severity.MEDIUM,
        table=_DETAIL,
        about=N_("VIGENCIA is Actual, Reserva or Balance"),
        fails="NOT (vigencia = 'Actual' OR vigencia LIKE 'Reserva%' OR vigencia = 'Balance')",
    ),
    row_rule(
        "TA002",
        family=THEMATIC,
        severity=Severity.HIGH,
        table=_DETAIL,
        about=N_("a BPIN has 13 or 15 digits, and a BP has 8"),
        fails=(r"NOT regexp_full_match(bpin, '\d{13}(\d\d)?') OR NOT regexp_full_match(bp, 'BP\d{8}')"),
        shows=("bpin",),
    ),
    row_rule(
        "TA003",
        family=THEMATIC,
        severity=Severity.MEDIUM,
        table=_DETAIL,
        about=N_("the centro gestor is in the city's catalogue"),
        fails=f"cod_centro_gestor NOT IN ({_CODES})",
        shows=("nombre_centro_gestor",),
    ),
    row_rule(
        "LC007",
        family=TIME,
        severity=Severity.HIGH,
        table=_DETAIL,
        about=N_("the cut is the end of a month between 2020 and 2030"),
        fails="periodo_corte <> last_day(periodo_corte) OR year(periodo_corte) NOT BETWEEN 2020 AND 2030",
    ),
    Rule(
        rule_id="TQ006",
        family=TIME,
        severity=Severity.LOW,
        table="ejecucion_presupuestal",
        about=N_("no month is missing between two cuts of the same year"),
        checked="SELECT count(DISTINCT periodo_corte) FROM ejecucion_presupuestal",
        failing=_MISSING_MONTHS,
        key=("periodo_corte",),
    ),
    fresh_rule(
        "AC001",
        table="ejecucion_presupuestal",
        column="periodo_corte",
        days=75,
        about=N_("the latest cut of the budget is at most 75 days old"),
    ),
)
"""Source: domain brief §2.2 (identities, checked on every row of six files) and §4.12."""
