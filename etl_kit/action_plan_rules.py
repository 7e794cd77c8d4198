"""Quality rules of the action plan's follow-up (Cuadro 1S), and its control totals against the budget."""

from etl_kit.datasets.action_plan import MONEY_OF_ACTIVITY, MONEY_OF_ORGANISMO, by_quarter
from etl_kit.organismos import ORGANISMOS
from etl_kit.quality import Rule, Severity
from etl_kit.rule_makers import (
    BUDGET,
    COMPLETENESS,
    CONTROL,
    LOGIC,
    THEMATIC,
    TIME,
    any_null,
    below_zero,
    falling,
    fresh_rule,
    not_one_of,
    outside,
    row_rule,
    table_rule,
)
from etl_kit.translation import N_

_PROJECTS = "seguimiento_pa"
_PRODUCTS = "seguimiento_productos_pa"
_ACTIVITIES = "seguimiento_actividades_pa"
_ORGANISMOS = "seguimiento_organismos_pa"
_TREES = "seguimiento_proyectos_pa"
_CODES = tuple(sorted(organismo.code for organismo in ORGANISMOS))
_WEIGHTS_OFF = "0.02"  # each weight is rounded to the hundredth
_SAME_MONEY = {"ejecucion": "ejecucion", "obligado": "total_acumul_obligac", "pagos": "pagos"}
_SPENDING = "ejecucion > ppto_modificado OR obligado > ejecucion OR pagos > obligado"

_TOTALS = f"""
WITH plan AS (
    SELECT periodo_corte, {", ".join(f"sum({name}) AS {name}" for name in _SAME_MONEY)} FROM {_PROJECTS} GROUP BY ALL
),
presupuesto AS (
    SELECT periodo_corte, {", ".join(f"sum({theirs}) AS {ours}" for ours, theirs in _SAME_MONEY.items())}
    FROM ejecucion_detalle WHERE vigencia = 'Actual' GROUP BY ALL
)
"""  # noqa: S608 - identifiers of this code
_TOTALS_CHECKED = (
    f"SELECT count(*) FROM ({_TOTALS} SELECT periodo_corte FROM plan JOIN presupuesto USING (periodo_corte))"  # noqa: S608
)
_TOTALS_APART = f"""
{_TOTALS}
SELECT periodo_corte, {", ".join(f"plan.{n} AS {n}_plan, presupuesto.{n} AS {n}_presupuesto" for n in _SAME_MONEY)}
FROM plan JOIN presupuesto USING (periodo_corte)
WHERE {" OR ".join(f"plan.{name} IS DISTINCT FROM presupuesto.{name}" for name in _SAME_MONEY)}
"""  # noqa: S608 - identifiers of this code
_BUDGET_OF_PROJECTS = f"""
FROM {_PROJECTS} AS plan JOIN ejecucion_presupuestal AS presupuesto
ON plan.bpin = presupuesto.bpin AND plan.periodo_corte = presupuesto.periodo_corte AND presupuesto.vigencia = 'Actual'
"""
_PROJECTS_APART = f"""
SELECT plan.bpin, plan.periodo_corte,
    {", ".join(f"plan.{o} AS {o}_plan, presupuesto.{t} AS {o}_presupuesto" for o, t in _SAME_MONEY.items())}
{_BUDGET_OF_PROJECTS}
WHERE {" OR ".join(f"plan.{ours} <> presupuesto.{theirs}" for ours, theirs in _SAME_MONEY.items())}
"""
_SUMS_APART = f"""
SELECT bpin, periodo_corte, plan.n_actividades AS actividades, {", ".join(f"plan.{n}, filas.suma_{n}" for n in MONEY_OF_ACTIVITY)}
FROM {_PROJECTS} AS plan JOIN (
    SELECT bpin, periodo_corte, {", ".join(f"sum({n}) AS suma_{n}" for n in MONEY_OF_ACTIVITY)}
    FROM {_ACTIVITIES} GROUP BY ALL
) AS filas USING (bpin, periodo_corte)
WHERE {" OR ".join(f"plan.{n} <> filas.suma_{n}" for n in MONEY_OF_ACTIVITY)}
"""  # noqa: S608, E501 - identifiers of this code
_FALLS = f"""
SELECT bpin, periodo_corte, avance_anterior, avance_proyecto FROM (
    SELECT bpin, periodo_corte, avance_proyecto, lag(avance_proyecto) OVER (
        PARTITION BY bpin, year(periodo_corte) ORDER BY periodo_corte
    ) AS avance_anterior
    FROM {_PROJECTS} WHERE avance_proyecto IS NOT NULL
) AS cortes WHERE avance_proyecto < avance_anterior
"""  # noqa: S608 - identifiers of this code
_TREE_SUMS = f"""
(SELECT cod_centro_gestor, periodo_corte, {", ".join(f"sum({n}) AS {n}" for n in MONEY_OF_ORGANISMO)}
FROM {_TREES} GROUP BY ALL) AS arbol
"""  # noqa: S608 - identifiers of this code
_TREES_APART = f"""
SELECT cod_centro_gestor, organismo, periodo_corte,
    {", ".join(f"resumen.{n} AS {n}, arbol.{n} AS suma_{n}" for n in MONEY_OF_ORGANISMO)}
FROM {_ORGANISMOS} AS resumen JOIN {_TREE_SUMS} USING (cod_centro_gestor, periodo_corte)
WHERE {" OR ".join(f"abs(resumen.{n} - arbol.{n}) > 1" for n in MONEY_OF_ORGANISMO)}
"""  # noqa: S608 - identifiers of this code


def _shares(table: str, columns: tuple[str, ...]) -> Rule:
    return row_rule(
        "LC003",
        family=LOGIC,
        severity=Severity.HIGH,
        table=table,
        about=N_("progress is between 0 and 1"),
        fails=outside(columns, 0, 1),
        shows=columns,
    )


def _rising(table: str, columns: tuple[str, ...]) -> Rule:
    return row_rule(
        "LC013",
        family=LOGIC,
        severity=Severity.MEDIUM,
        table=table,
        about=N_("progress does not fall from one quarter to the next"),
        fails=falling(columns),
        shows=columns,
    )


def _not_negative(table: str, columns: tuple[str, ...]) -> Rule:
    return row_rule(
        "LC004",
        family=LOGIC,
        severity=Severity.HIGH,
        table=table,
        about=N_("values are not negative"),
        fails=below_zero(columns),
        shows=columns,
    )


def _known_organismo(table: str) -> Rule:
    return row_rule(
        "TA003",
        family=THEMATIC,
        severity=Severity.MEDIUM,
        table=table,
        about=N_("the centro gestor is in the city's catalogue"),
        fails=not_one_of("cod_centro_gestor", _CODES),
        shows=("cod_centro_gestor",),
    )


_PROJECT_RULES: tuple[Rule, ...] = (
    table_rule(
        "CT001",
        family=CONTROL,
        severity=Severity.HIGH,
        table=_PROJECTS,
        about=N_(
            "execution, obligations and payments of the cut are those of the same month's budget (vigencia Actual)"
        ),
        checked=_TOTALS_CHECKED,
        failing=_TOTALS_APART,
        key=("periodo_corte",),
    ),
    table_rule(
        "CT002",
        family=CONTROL,
        severity=Severity.MEDIUM,
        table=_PROJECTS,
        about=N_("execution, obligations and payments of each project are those of its budget of the same month"),
        checked=f"SELECT count(*) {_BUDGET_OF_PROJECTS}",
        failing=_PROJECTS_APART,
    ),
    table_rule(
        "CT003",
        family=CONTROL,
        severity=Severity.CRITICAL,
        table=_PROJECTS,
        about=N_("the values of each project are the sums of its activities"),
        checked=f"SELECT count(*) FROM {_PROJECTS}",  # noqa: S608 - identifiers of this code
        failing=_SUMS_APART,
    ),
    table_rule(
        "LC013",
        family=LOGIC,
        severity=Severity.MEDIUM,
        table=_PROJECTS,
        about=N_("the progress of a project does not fall between cuts of the same year"),
        checked=f"SELECT count(*) - count(DISTINCT (bpin, year(periodo_corte))) FROM {_PROJECTS}",  # noqa: S608
        failing=_FALLS,
    ),
    _shares(_PROJECTS, ("avance_proyecto",)),
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_PROJECTS,
        about=N_("each project has a BP, a name, a centro gestor and a progress"),
        fails=any_null(("bp", "nombre_proyecto", "cod_centro_gestor", "avance_proyecto")),
        shows=("bp", "nombre_proyecto", "cod_centro_gestor", "avance_proyecto"),
    ),
    row_rule(
        "TA002",
        family=THEMATIC,
        severity=Severity.HIGH,
        table=_PROJECTS,
        about=N_("a BPIN has 13 or 15 digits, and a BP has 8"),
        fails=r"NOT regexp_full_match(bpin, '\d{13}(\d\d)?') OR NOT regexp_full_match(bp, 'BP\d{8}')",
        shows=("bp",),
    ),
    _known_organismo(_PROJECTS),
    row_rule(
        "TQ001",
        family=TIME,
        severity=Severity.MEDIUM,
        table=_PROJECTS,
        about=N_("the project begins before it ends"),
        fails="fecha_inicio > fecha_fin",
        shows=("fecha_inicio", "fecha_fin"),
    ),
    fresh_rule(
        "AC001",
        table=_PROJECTS,
        column="periodo_corte",
        days=200,
        about=N_("the latest cut of the action plan is at most 200 days old"),
    ),
)
_ACTIVITY_RULES: tuple[Rule, ...] = (
    _shares(_ACTIVITIES, by_quarter("avance_actividad")),
    _rising(_ACTIVITIES, by_quarter("avance_actividad")),
    _not_negative(_ACTIVITIES, MONEY_OF_ACTIVITY),
    row_rule(
        "PR005",
        family=BUDGET,
        severity=Severity.HIGH,
        table=_ACTIVITIES,
        about=N_("modified budget ≥ execution ≥ obligations ≥ payments"),
        fails=_SPENDING,
        shows=MONEY_OF_ACTIVITY,
    ),
    row_rule(
        "TQ001",
        family=TIME,
        severity=Severity.MEDIUM,
        table=_ACTIVITIES,
        about=N_("the activity begins before it ends"),
        fails="fecha_inicio_actividad > fecha_fin_actividad",
        shows=("fecha_inicio_actividad", "fecha_fin_actividad"),
    ),
    _known_organismo(_ACTIVITIES),
)
_PRODUCT_RULES: tuple[Rule, ...] = (
    _shares(_PRODUCTS, by_quarter("avance_producto")),
    _rising(_PRODUCTS, by_quarter("avance_producto")),
    row_rule(
        "LC014",
        family=LOGIC,
        severity=Severity.MEDIUM,
        table=_PRODUCTS,
        about=N_("the weights of the activities of a product add up to 1 (to within 0.02)"),
        fails=f"abs(suma_ponderacion_actividades - 1) > {_WEIGHTS_OFF}",
        shows=("suma_ponderacion_actividades", "n_actividades", "nombre_producto_mga"),
    ),
    row_rule(
        "LC005",
        family=LOGIC,
        severity=Severity.MEDIUM,
        table=_PRODUCTS,
        about=N_("the planned quantity and the physical execution are not negative"),
        fails=below_zero(("cantidad_programada_producto", *by_quarter("ejecucion_fisica"))),
        shows=("cantidad_programada_producto", *by_quarter("ejecucion_fisica")),
    ),
)
_TREE_RULES: tuple[Rule, ...] = (
    table_rule(
        "CT004",
        family=CONTROL,
        severity=Severity.HIGH,
        table=_ORGANISMOS,
        about=N_("the values of each department in the summary are the sums of its projects (to within $ 1)"),
        checked=f"SELECT count(*) FROM {_ORGANISMOS}",  # noqa: S608 - identifiers of this code
        failing=_TREES_APART,
    ),
    _not_negative(_ORGANISMOS, MONEY_OF_ORGANISMO),
    _shares(_ORGANISMOS, ("ejecucion_fisica",)),
    _known_organismo(_ORGANISMOS),
    _not_negative(_TREES, MONEY_OF_ORGANISMO),
    _shares(_TREES, ("ejecucion_fisica", "avance_proyecto")),
    _known_organismo(_TREES),
)

ACTION_PLAN_RULES: tuple[Rule, ...] = (*_PROJECT_RULES, *_ACTIVITY_RULES, *_PRODUCT_RULES, *_TREE_RULES)
"""Source: domain brief §2.4, §4.8 and §4.12."""
