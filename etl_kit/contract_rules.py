"""Quality rules of contracts, processes and the city loan."""

from etl_kit.columns import FUNDING
from etl_kit.quality import Rule, Severity
from etl_kit.rule_makers import (
    COMPLETENESS,
    LOGIC,
    MONEY,
    REFERENCES,
    THEMATIC,
    TIME,
    loaded_lately_rule,
    reference_rule,
    row_rule,
)
from etl_kit.translation import N_, Text

_CONTRACTS = "contratos_secop"
_PROCESSES = "procesos_secop"
_INDEX = "emp_contratos_index"
_PROJECTS = "datos_caracteristicos_proyectos"
_TOLERANCE = 1  # pesos: the portal rounds each source of money by itself
_CONTRACT_STATES = (
    "borrador",
    "en aprobacion",
    "enviado proveedor",
    "aprobado",
    "en ejecucion",
    "modificado",
    "suspendido",
    "cedido",
    "terminado",
    "cerrado",
    "cancelado",
    "prorrogado",
)
_STATES = ", ".join(f"'{state}'" for state in _CONTRACT_STATES)
_FUNDED = " + ".join(f"coalesce({name}, 0)" for name in FUNDING)  # a source that is not named gives nothing
_FUNDING_KNOWN = f"coalesce({', '.join(FUNDING)}) IS NOT NULL AND {_FUNDED} <> 0"
_REFERENCE = r"'\d{4}(\.\d{1,3}){2,6}\.\d{1,6}-20[2-3]\d'"
_RUNNING = "lower(strip_accents(estado_contrato)) IN ('en ejecucion', 'modificado')"

_BROKEN_CHAIN = (
    f"NOT EXISTS (SELECT 1 FROM {_PROCESSES} WHERE {_PROCESSES}.proceso_compra = {_CONTRACTS}.proceso_compra)"  # noqa: S608
    f" OR NOT EXISTS (SELECT 1 FROM {_PROJECTS} WHERE {_PROJECTS}.bpin = {_CONTRACTS}.bpin)"
)

_CONTRACT_RULES: tuple[Rule, ...] = (
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_CONTRACTS,
        about=N_("each contract has a reference, a state, a centro gestor and a value"),
        fails=(
            "referencia_contrato IS NULL OR estado_contrato IS NULL OR nombre_centro_gestor IS NULL"
            " OR valor_contrato IS NULL"
        ),
        shows=("referencia_contrato", "estado_contrato", "nombre_centro_gestor", "valor_contrato"),
    ),
    row_rule(
        "CO004",
        family=COMPLETENESS,
        severity=Severity.MEDIUM,
        table=_CONTRACTS,
        about=N_("a contract under way has a start date and an end date"),
        among=_RUNNING,
        fails="fecha_inicio_contrato IS NULL OR fecha_fin_contrato IS NULL",
        shows=("referencia_contrato", "estado_contrato", "fecha_inicio_contrato", "fecha_fin_contrato"),
    ),
    row_rule(
        "CO005",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_CONTRACTS,
        about=N_("a contract of the loan names its bank"),
        among="es_emprestito",
        fails="banco IS NULL",
        shows=("referencia_contrato",),
    ),
    row_rule(
        "LC004",
        family=LOGIC,
        severity=Severity.CRITICAL,
        table=_CONTRACTS,
        about=N_("the values of the contract are not negative"),
        fails="valor_contrato < 0 OR valor_pagado < 0 OR valor_facturado < 0 OR valor_pago_adelantado < 0",
        shows=("referencia_contrato", "valor_contrato", "valor_pagado", "valor_facturado", "valor_pago_adelantado"),
    ),
    row_rule(
        "FI001",
        family=MONEY,
        severity=Severity.HIGH,
        table=_CONTRACTS,
        about=Text("valor_pagado ≤ valor_contrato"),
        fails="valor_pagado > valor_contrato",
        shows=("referencia_contrato", "valor_pagado", "valor_contrato"),
    ),
    row_rule(
        "FI002",
        family=MONEY,
        severity=Severity.MEDIUM,
        table=_CONTRACTS,
        about=N_("the sources of money add up to the value of the contract (to within $ 1)"),
        among=_FUNDING_KNOWN,
        fails=f"abs({_FUNDED} - valor_contrato) > {_TOLERANCE}",
        shows=("referencia_contrato", "valor_contrato", *FUNDING),
    ),
    row_rule(
        "FI003",
        family=MONEY,
        severity=Severity.MEDIUM,
        table=_CONTRACTS,
        about=Text("valor_facturado ≤ valor_contrato"),
        fails="valor_facturado > valor_contrato",
        shows=("referencia_contrato", "valor_facturado", "valor_contrato"),
    ),
    row_rule(
        "FI004",
        family=MONEY,
        severity=Severity.LOW,
        table=_CONTRACTS,
        about=N_("a contract of the loan records money from credit in SECOP"),
        among="es_emprestito",
        fails="coalesce(recursos_credito, 0) = 0",
        shows=("referencia_contrato", "recursos_credito", "valor_contrato"),
    ),
    row_rule(
        "TQ001",
        family=TIME,
        severity=Severity.HIGH,
        table=_CONTRACTS,
        about=N_("the contract begins before it ends"),
        fails="fecha_inicio_contrato > fecha_fin_contrato OR fecha_inicio_ejecucion > fecha_fin_ejecucion",
        shows=("referencia_contrato", "fecha_inicio_contrato", "fecha_fin_contrato"),
    ),
    row_rule(
        "TQ002",
        family=TIME,
        severity=Severity.LOW,
        table=_CONTRACTS,
        about=N_("the contract is signed before it begins"),
        fails="fecha_firma > fecha_inicio_contrato",
        shows=("referencia_contrato", "fecha_firma", "fecha_inicio_contrato"),
    ),
    row_rule(
        "TQ004",
        family=TIME,
        severity=Severity.MEDIUM,
        table=_CONTRACTS,
        about=N_("a contract under way is not past its end date"),
        among=_RUNNING,
        fails="fecha_fin_contrato < getvariable('hoy')",
        shows=("referencia_contrato", "estado_contrato", "fecha_fin_contrato"),
    ),
    row_rule(
        "TA001",
        family=THEMATIC,
        severity=Severity.MEDIUM,
        table=_CONTRACTS,
        about=N_("the state of the contract is one of those of SECOP II"),
        fails=f"lower(strip_accents(estado_contrato)) NOT IN ({_STATES})",
        shows=("referencia_contrato", "estado_contrato"),
    ),
    row_rule(
        "TA002",
        family=THEMATIC,
        severity=Severity.HIGH,
        table=_CONTRACTS,
        about=N_("a BPIN has 13 or 15 digits"),
        fails=r"NOT regexp_full_match(bpin, '\d{13}(\d\d)?')",
        shows=("referencia_contrato", "bpin"),
    ),
    row_rule(
        "TA004",
        family=THEMATIC,
        severity=Severity.MEDIUM,
        table=_CONTRACTS,
        about=N_("the reference follows the city's numbering, with its year"),
        fails=f"referencia_normalizada IS NULL OR NOT regexp_full_match(referencia_normalizada, {_REFERENCE})",
        shows=("referencia_contrato", "referencia_normalizada"),
    ),
    row_rule(
        "RI001",
        family=REFERENCES,
        severity=Severity.MEDIUM,
        table=_CONTRACTS,
        about=N_("each contract has a BPIN"),
        fails="bpin IS NULL",
        shows=("referencia_contrato", "motivo_sin_bpin"),
    ),
    reference_rule(
        "RI002",
        severity=Severity.MEDIUM,
        table=_CONTRACTS,
        about=N_("the contract's purchasing process is in procesos_secop"),
        columns=("proceso_compra",),
        other=_PROCESSES,
    ),
    row_rule(
        "RI005",
        family=REFERENCES,
        severity=Severity.LOW,
        scored=False,  # each link has a rule of its own; this one gives the share of whole chains
        table=_CONTRACTS,
        about=N_("the chain contract → process → BPIN → project is complete"),
        among=f"EXISTS (SELECT 1 FROM {_PROCESSES}) AND EXISTS (SELECT 1 FROM {_PROJECTS})",  # noqa: S608
        fails=_BROKEN_CHAIN,
        shows=("referencia_contrato", "proceso_compra", "bpin"),
    ),
    row_rule(
        "TA005",
        family=THEMATIC,
        severity=Severity.LOW,
        table=_CONTRACTS,
        about=N_("the link of the contract is a web address"),
        fails="NOT regexp_matches(urlproceso, '^https?://[^ ]+$')",
        shows=("referencia_contrato", "urlproceso"),
    ),
)

_PROCESS_RULES: tuple[Rule, ...] = (
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.HIGH,
        table=_PROCESSES,
        about=N_("each process has a reference, a portfolio and a state"),
        fails="referencia_proceso IS NULL OR proceso_compra IS NULL OR estado_procedimiento IS NULL",
        shows=("referencia_proceso", "proceso_compra", "estado_procedimiento"),
    ),
    row_rule(
        "CO002",
        family=COMPLETENESS,
        severity=Severity.MEDIUM,
        table=_PROCESSES,
        about=N_("an awarded process has the date and the value of its award"),
        among="adjudicado",
        fails="fecha_adjudicacion IS NULL OR valor_adjudicacion IS NULL OR valor_adjudicacion = 0",
        shows=("referencia_proceso", "fecha_adjudicacion", "valor_adjudicacion"),
    ),
    row_rule(
        "LC004",
        family=LOGIC,
        severity=Severity.CRITICAL,
        table=_PROCESSES,
        about=N_("the base price and the awarded value are not negative"),
        fails="precio_base < 0 OR valor_adjudicacion < 0",
        shows=("referencia_proceso", "precio_base", "valor_adjudicacion"),
    ),
    row_rule(
        "FI005",
        family=MONEY,
        severity=Severity.LOW,
        table=_PROCESSES,
        about=N_("what is awarded does not exceed the base price"),
        among="precio_base > 0",
        fails="valor_adjudicacion > precio_base",
        shows=("referencia_proceso", "valor_adjudicacion", "precio_base"),
    ),
    row_rule(
        "TQ001",
        family=TIME,
        severity=Severity.MEDIUM,
        table=_PROCESSES,
        about=N_("the process is published before it is awarded"),
        fails="fecha_publicacion > fecha_adjudicacion",
        shows=("referencia_proceso", "fecha_publicacion", "fecha_adjudicacion"),
    ),
    row_rule(
        "TA005",
        family=THEMATIC,
        severity=Severity.LOW,
        table=_PROCESSES,
        about=N_("the link of the process is a web address"),
        fails="NOT regexp_matches(urlproceso, '^https?://[^ ]+$')",
        shows=("referencia_proceso", "urlproceso"),
    ),
)

_LOAN_RULES: tuple[Rule, ...] = (
    row_rule(
        "CO001",
        family=COMPLETENESS,
        severity=Severity.MEDIUM,
        table=_INDEX,
        about=N_("each line of the index has a project (BP) and a centro gestor"),
        fails="bp IS NULL OR nombre_centro_gestor IS NULL",
        shows=("banco", "bp", "nombre_centro_gestor", "referencia_proceso", "referencia_contrato"),
    ),
    row_rule(
        "RI003",
        family=REFERENCES,
        severity=Severity.MEDIUM,
        table=_INDEX,
        about=N_("the contract that the index names is in SECOP II"),
        among="referencia_contrato IS NOT NULL",
        fails="id_contrato IS NULL",
        shows=("banco", "referencia_contrato"),
    ),
    row_rule(
        "RI004",
        family=REFERENCES,
        severity=Severity.MEDIUM,
        table="emp_procesos",
        about=N_("the process that the index names is in SECOP II"),
        fails="encontrado_en_secop IS NOT TRUE",
        shows=("bancos", "estado_indice"),
    ),
    row_rule(
        "TA002",
        family=THEMATIC,
        severity=Severity.HIGH,
        table="emp_proyectos",
        about=N_("a BP has 8 digits, and a BPIN has 13 or 15"),
        fails=r"NOT regexp_full_match(bp, 'BP\d{8}') OR NOT regexp_full_match(bpin, '\d{13}(\d\d)?')",
        shows=("bpin",),
    ),
    row_rule(
        "LC004",
        family=LOGIC,
        severity=Severity.HIGH,
        table="emp_procesos",
        about=N_("the values of the process are not negative"),
        fails="precio_base < 0 OR valor_adjudicacion < 0 OR valor_contratado < 0",
        shows=("precio_base", "valor_adjudicacion", "valor_contratado"),
    ),
)

CONTRACT_RULES: tuple[Rule, ...] = (
    *_CONTRACT_RULES,
    *_PROCESS_RULES,
    *_LOAN_RULES,
    *(loaded_lately_rule("AC002", table=table, days=7) for table in (_CONTRACTS, _PROCESSES, _INDEX)),
)
"""Source: domain brief §4.12."""
