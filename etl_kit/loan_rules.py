"""Quality rules of the loan's workbooks: banks, what was agreed with them, planned contracts and their cash flow."""

from etl_kit.quality import Rule, Severity
from etl_kit.rule_makers import (
    COMPLETENESS,
    CONTROL,
    LOGIC,
    MONEY,
    TIME,
    any_null,
    below_zero,
    outside,
    reference_rule,
    row_rule,
    table_rule,
)
from etl_kit.translation import N_, Text

_BANKS = "emp_bancos"
_AGREED = "emp_negociaciones"
_INCORPORATED = "emp_incorporaciones"
_PLANNED = "emp_contratos_plan"
_FLOW = "emp_flujo_contratos"
_CASH = "emp_flujo_caja"
_FOLLOWED = "emp_seguimiento"
_TOLERANCE = 1  # pesos: the workbooks' formulas leave fractions

_AGREED_PER_BANK = f"(SELECT banco, sum(valor_negociado) AS suma_negociada FROM {_AGREED} GROUP BY banco) AS acuerdos"  # noqa: S608
_BANKS_APART = f"""
SELECT banco, valor_negociado, suma_negociada FROM {_BANKS} FULL JOIN {_AGREED_PER_BANK} USING (banco)
WHERE valor_negociado IS DISTINCT FROM suma_negociada
"""  # noqa: S608 - identifiers of this code
_INCORPORATED_TOO_MUCH = f"""
SELECT banco, bp, ordinal, valor_negociado, sum(valor_incorporado) AS incorporado
FROM {_AGREED} JOIN {_INCORPORATED} USING (banco, bp, ordinal)
GROUP BY banco, bp, ordinal, valor_negociado HAVING sum(valor_incorporado) > valor_negociado
"""  # noqa: S608 - identifiers of this code
_FLOW_SUMS = f"""
(SELECT clave, sum(desembolso_planeado) AS suma_planeada, sum(desembolso_real) AS suma_real
FROM {_FLOW} GROUP BY clave) AS meses
"""  # noqa: S608 - identifiers of this code
_FLOW_APART = f"""
SELECT clave, total_planeado, suma_planeada, total_real, suma_real FROM {_PLANNED} JOIN {_FLOW_SUMS} USING (clave)
WHERE abs(coalesce(total_planeado, 0) - coalesce(suma_planeada, 0)) > {_TOLERANCE}
   OR abs(coalesce(total_real, 0) - coalesce(suma_real, 0)) > {_TOLERANCE}
"""  # noqa: S608 - identifiers of this code


def _not_negative(table: str, *columns: str) -> Rule:
    return row_rule(
        "LC004",
        family=LOGIC,
        severity=Severity.HIGH,
        table=table,
        about=N_("values are not negative"),
        fails=below_zero(columns),
        shows=columns,
    )


def _complete(table: str, severity: Severity, about: Text, *columns: str) -> Rule:
    return row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=severity,
        table=table,
        about=about,
        fails=any_null(columns),
        shows=columns,
    )


def _months(table: str) -> tuple[Rule, ...]:
    """The rules of a table with a row per month."""
    return (
        _not_negative(table, "desembolso_planeado", "desembolso_real"),
        row_rule(
            "LC003",
            family=LOGIC,
            severity=Severity.HIGH,
            table=table,
            about=N_("progress is between 0 and 1"),
            fails=outside(("avance_planeado", "avance_real"), 0, 1),
            shows=("avance_planeado", "avance_real"),
        ),
        row_rule(
            "LC007",
            family=TIME,
            severity=Severity.HIGH,
            table=table,
            about=N_("a month is its first day, between 2020 and 2030"),
            fails="day(mes) <> 1 OR year(mes) NOT BETWEEN 2020 AND 2030",
        ),
    )


LOAN_RULES: tuple[Rule, ...] = (
    _complete(
        _BANKS,
        Severity.LOW,
        N_("the credit limit, the term and the rate of each bank are known"),
        "cupo",
        "plazo",
        "tasa",
    ),
    _not_negative(_BANKS, "cupo", "valor_negociado"),
    row_rule(
        "FI001",
        family=MONEY,
        severity=Severity.HIGH,
        table=_BANKS,
        about=N_("what was negotiated does not exceed the bank's credit limit"),
        fails="valor_negociado > cupo",
        shows=("valor_negociado", "cupo"),
    ),
    table_rule(
        "CT001",
        family=CONTROL,
        severity=Severity.CRITICAL,
        table=_BANKS,
        about=N_("what was negotiated with each bank is the sum of its agreements"),
        checked=f"SELECT count(*) FROM {_BANKS}",  # noqa: S608 - identifiers of this code
        failing=_BANKS_APART,
    ),
    _complete(
        _AGREED, Severity.HIGH, N_("each agreement has a project and a value"), "nombre_proyecto", "valor_negociado"
    ),
    _not_negative(_AGREED, "valor_negociado"),
    table_rule(
        "FI001",
        family=MONEY,
        severity=Severity.MEDIUM,
        table=_AGREED,
        about=N_("what was taken into the budget does not exceed what was negotiated"),
        checked=f"SELECT count(*) FROM {_AGREED}",  # noqa: S608 - identifiers of this code
        failing=_INCORPORATED_TOO_MUCH,
    ),
    _not_negative(_INCORPORATED, "valor_incorporado"),
    row_rule(
        "LC007",
        family=TIME,
        severity=Severity.HIGH,
        table=_INCORPORATED,
        about=N_("the year is between 2020 and 2030"),
        fails=outside(("anio",), 2020, 2030),
    ),
    _complete(
        _PLANNED,
        Severity.MEDIUM,
        N_("each planned contract has a bank, a project, a centro gestor and a value"),
        "banco",
        "bp",
        "cod_centro_gestor",
        "valor_contrato",
    ),
    _not_negative(_PLANNED, "valor_contrato", "total_planeado", "total_real"),
    row_rule(
        "FI001",
        family=MONEY,
        severity=Severity.MEDIUM,
        table=_PLANNED,
        about=N_("what is planned to be disbursed does not exceed the value of the contract (to within $ 1)"),
        fails=f"total_planeado > valor_contrato + {_TOLERANCE}",
        shows=("total_planeado", "valor_contrato"),
    ),
    row_rule(
        "FI002",
        family=MONEY,
        severity=Severity.HIGH,
        table=_PLANNED,
        about=N_("what was disbursed does not exceed the value of the contract (to within $ 1)"),
        fails=f"total_real > valor_contrato + {_TOLERANCE}",
        shows=("total_real", "valor_contrato"),
    ),
    table_rule(
        "CT001",
        family=CONTROL,
        severity=Severity.CRITICAL,
        table=_PLANNED,
        about=N_("the planned and the real amount of a contract are the sums of its months (to within $ 1)"),
        checked=f"SELECT count(*) FROM {_PLANNED} JOIN {_FLOW_SUMS} USING (clave)",  # noqa: S608
        failing=_FLOW_APART,
    ),
    row_rule(
        "TQ001",
        family=TIME,
        severity=Severity.HIGH,
        table=_PLANNED,
        about=N_("the contract begins before it ends"),
        fails="fecha_inicio > fecha_terminacion",
        shows=("fecha_inicio", "fecha_terminacion"),
    ),
    *_months(_FLOW),
    *_months(_CASH),
    _complete(
        _FOLLOWED,
        Severity.MEDIUM,
        N_("each process has a centro gestor and a value"),
        "cod_centro_gestor",
        "valor_total",
    ),
    _not_negative(_FOLLOWED, "valor_total", "valor_plataforma"),
    *(
        reference_rule(
            "RI005",
            severity=Severity.LOW,  # the plan that is loaded is of one year
            table=table,
            about=N_("the purchase that is named is in the procurement plan (paa)"),
            columns=("id_paa",),
            other="paa",
            other_columns=("id",),
        )
        for table in ("emp_contratos_index", _FOLLOWED)
    ),
)
"""Source: domain brief §2.7, §4.5 and §4.12."""
