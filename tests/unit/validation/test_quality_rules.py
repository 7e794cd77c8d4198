"""Each quality rule is kept by a sound city and broken by the fault it is about."""

from collections import Counter
from datetime import date

import pytest

from etl_kit.quality import Severity, run_rules
from etl_kit.quality_rules import RULES
from tests.unit.validation.city_rows import (
    budget_line,
    contract,
    in_memory,
    index_line,
    loan_process,
    loan_project,
    process,
    project,
)
from tests.unit.validation.plan_faults import FAULTS as PLAN_FAULTS
from tests.unit.validation.plan_rows import report, unit, work
from tests.unit.validation.plan_rows import whole_city as city

TODAY = date(2025, 5, 20)
INFORMATIVE = {"SE002"}  # says which columns are mostly empty, as most are in rows made for tests
JANUARY = date(2025, 1, 31)


def broken_rules(frames, *, only=None, of=None, previous_rows=None, loads=()):
    """Findings of the rules that are not kept.

    `only` names the ids to ask, and `of` the table, since asking all takes a second.
    """
    connection = in_memory(frames)
    rules = [rule for rule in RULES if (only is None or rule.rule_id in only) and of in (None, rule.table)]
    for load in loads:
        connection.execute("INSERT INTO carga_log (tabla, fecha_corte) VALUES (?, ?)", list(load))
    findings = run_rules(connection, rules, schemas=("vigentes",), today=TODAY, previous_rows=previous_rows or {})
    return {
        (finding.rule.rule_id, finding.rule.table): finding
        for finding in findings
        if finding.state != "cumple" and finding.rule.rule_id not in INFORMATIVE
    }


def test_a_sound_city_breaks_no_rule():
    frames = city()

    broken = broken_rules(frames)

    assert broken == {}


def test_every_rule_can_be_asked_of_a_warehouse_whose_tables_are_all_empty():
    frames = city(**{name: [] for name in city()})

    broken = broken_rules(frames)

    assert broken == {}


def test_no_two_rules_of_one_table_share_an_id():
    pairs = Counter((rule.rule_id, rule.table) for rule in RULES)

    repeated = [pair for pair, times in pairs.items() if times > 1]

    assert repeated == []


DETAIL = "ejecucion_detalle"
FAULTS = {
    "a movement read without its sign": ("PR001", DETAIL, {DETAIL: [budget_line(contracreditos=50)]}),
    "an execution that is not the RPC": ("PR002", DETAIL, {DETAIL: [budget_line(ejecucion=601)]}),
    "a CDP balance that does not add up": ("PR003", DETAIL, {DETAIL: [budget_line(saldos_cdp=0)]}),
    "an available amount that does not add up": ("PR004", DETAIL, {DETAIL: [budget_line(ppto_disponible=399)]}),
    "more paid than due": ("PR005", DETAIL, {DETAIL: [budget_line(pagos=401)]}),
    "an executed amount above the budget": (
        "PR012",
        DETAIL,
        {DETAIL: [budget_line(ejecucion=1300, total_acumulado_rpc=1300, total_acumulado_cdp=1300)]},
    ),
    "payments that fall within a year": (
        "PR006",
        "ejecucion_presupuestal",
        {DETAIL: [budget_line(), budget_line(periodo_corte=JANUARY, pagos=350)]},
    ),
    "commitments that fall within a year": (
        "PR007",
        "ejecucion_presupuestal",
        {DETAIL: [budget_line(), budget_line(periodo_corte=JANUARY, total_acumulado_cdp=900)]},
    ),
    "a reserve with an initial budget": ("PR008", DETAIL, {DETAIL: [budget_line(vigencia="Reserva")]}),
    "a project total that is not the sum of its lines": (
        "PR011",
        "ejecucion_presupuestal",
        {"ejecucion_presupuestal": []},
    ),
    "movements that are not the sum of their lines": (
        "PR010",
        "movimientos_presupuestales",
        {"movimientos_presupuestales": []},
    ),
    "a reduction above zero": ("LC004", DETAIL, {DETAIL: [budget_line(reducciones=100, ppto_modificado=1400)]}),
    "a value that is absent": ("CO001", DETAIL, {DETAIL: [budget_line(pagos=None)]}),
    "an unknown vigencia": ("TA001", DETAIL, {DETAIL: [budget_line(vigencia="Futura")]}),
    "a BPIN of 12 digits": ("TA002", DETAIL, {DETAIL: [budget_line(bpin="202476001033")]}),
    "an unknown department": ("TA003", DETAIL, {DETAIL: [budget_line(cod_centro_gestor="9999")]}),
    "a cut in the middle of a month": ("LC007", DETAIL, {DETAIL: [budget_line(periodo_corte=date(2025, 4, 15))]}),
    "a month without a cut": (
        "TQ006",
        "ejecucion_presupuestal",
        {DETAIL: [budget_line(), budget_line(periodo_corte=JANUARY)]},
    ),
    "a cut that is months old": (
        "AC001",
        "ejecucion_presupuestal",
        {DETAIL: [budget_line(periodo_corte=date(2024, 12, 31), anio=2024)]},
    ),
    "a project without a name": (
        "CO001",
        "datos_caracteristicos_proyectos",
        {"datos_caracteristicos_proyectos": [project(nombre_proyecto=None)]},
    ),
    "a line of an unknown project": (
        "RI101",
        DETAIL,
        {"datos_caracteristicos_proyectos": [project(bpin="2024760010999")]},
    ),
    "a contract without a state": ("CO001", "contratos_secop", {"contratos_secop": [contract(estado_contrato=None)]}),
    "a running contract without an end": (
        "CO004",
        "contratos_secop",
        {"contratos_secop": [contract(fecha_fin_contrato=None)]},
    ),
    "a loan contract without a bank": ("CO005", "contratos_secop", {"contratos_secop": [contract(banco=None)]}),
    "a negative contract value": ("LC004", "contratos_secop", {"contratos_secop": [contract(valor_contrato=-1)]}),
    "more paid than contracted": ("FI001", "contratos_secop", {"contratos_secop": [contract(valor_pagado=901)]}),
    "funding that is not the value": (
        "FI002",
        "contratos_secop",
        {"contratos_secop": [contract(recursos_credito=898)]},
    ),
    "more invoiced than contracted": ("FI003", "contratos_secop", {"contratos_secop": [contract(valor_facturado=901)]}),
    "a loan contract without credit": (
        "FI004",
        "contratos_secop",
        {"contratos_secop": [contract(recursos_credito=0, recursos_propios=900)]},
    ),
    "an end before the start": (
        "TQ001",
        "contratos_secop",
        {"contratos_secop": [contract(fecha_fin_contrato=date(2025, 3, 9))]},
    ),
    "a start before the signature": (
        "TQ002",
        "contratos_secop",
        {"contratos_secop": [contract(fecha_firma=date(2025, 3, 11))]},
    ),
    "a running contract that is over": (
        "TQ004",
        "contratos_secop",
        {"contratos_secop": [contract(fecha_fin_contrato=date(2025, 5, 19))]},
    ),
    "an unknown contract state": ("TA001", "contratos_secop", {"contratos_secop": [contract(estado_contrato="Raro")]}),
    "a contract with a wrong BPIN": ("TA002", "contratos_secop", {"contratos_secop": [contract(bpin="1")]}),
    "a reference without its year": (
        "TA004",
        "contratos_secop",
        {"contratos_secop": [contract(referencia_normalizada="4151.010.26.1.0887")]},
    ),
    "a contract without BPIN": ("RI001", "contratos_secop", {"contratos_secop": [contract(bpin=None)]}),
    "a contract of an unknown process": (
        "RI002",
        "contratos_secop",
        {"contratos_secop": [contract(proceso_compra="CO1.BDOS.9")]},
    ),
    "a contract whose project is unknown": ("RI005", "contratos_secop", {"contratos_secop": [contract(bpin="1")]}),
    "a link that is the text of a dict": (
        "TA005",
        "contratos_secop",
        {"contratos_secop": [contract(urlproceso="{'url': 'https://x'}")]},
    ),
    "a sentinel kept as text": ("SE001", "contratos_secop", {"contratos_secop": [contract(proveedor="No Definido")]}),
    "a date of another age": (
        "TQ003",
        "contratos_secop",
        {"contratos_secop": [contract(fecha_firma=date(1905, 7, 5))]},
    ),
    "a process without a state": (
        "CO001",
        "procesos_secop",
        {"procesos_secop": [process(estado_procedimiento=None)]},
    ),
    "an award without a value": ("CO002", "procesos_secop", {"procesos_secop": [process(valor_adjudicacion=None)]}),
    "a negative price": ("LC004", "procesos_secop", {"procesos_secop": [process(precio_base=-1)]}),
    "an award above the price": ("FI005", "procesos_secop", {"procesos_secop": [process(valor_adjudicacion=1001)]}),
    "an award before publication": (
        "TQ001",
        "procesos_secop",
        {"procesos_secop": [process(fecha_publicacion=date(2025, 2, 21))]},
    ),
    "a process link that is none": ("TA005", "procesos_secop", {"procesos_secop": [process(urlproceso="ver aquí")]}),
    "an index line without project": ("CO001", "emp_contratos_index", {"emp_contratos_index": [index_line(bp=None)]}),
    "an index contract not in SECOP": (
        "RI003",
        "emp_contratos_index",
        {"emp_contratos_index": [index_line(id_contrato=None)]},
    ),
    "a loan process not in SECOP": (
        "RI004",
        "emp_procesos",
        {"emp_procesos": [loan_process(encontrado_en_secop=False)]},
    ),
    "a negative loan process": ("LC004", "emp_procesos", {"emp_procesos": [loan_process(valor_contratado=-1)]}),
    "a loan project with a wrong BPIN": ("TA002", "emp_proyectos", {"emp_proyectos": [loan_project(bpin="1")]}),
    "a loan project not in the catalogue": (
        "RI101",
        "emp_proyectos",
        {"emp_proyectos": [loan_project(bp="BP26009999")]},
    ),
    "a bridge to an unknown contract": (
        "RI101",
        "contrato_bpin",
        {"contrato_bpin": [{"id_contrato": "CO1.PCCNTR.9", "bpin": "2024760010333"}]},
    ),
    **PLAN_FAULTS,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_rule_finds_its_fault(fault):
    rule_id, table, rows = FAULTS[fault]
    frames = city(**rows)

    broken = broken_rules(frames, only={rule_id}, of=table)

    finding = broken[rule_id, table]
    assert finding.failed >= 1
    assert finding.rows


def test_every_rule_about_the_data_has_a_fault_that_breaks_it():
    tested = {(rule_id, table) for rule_id, table, _rows in FAULTS.values()}
    written_once = {
        (rule.rule_id, rule.table)
        for rule in RULES
        if not rule.rule_id.startswith(("RI1", "SE", "TQ003", "VO", "LC008"))
    }

    untested = written_once - tested - {("PR009", DETAIL)} - {("AC002", rule.table) for rule in RULES}

    assert untested == set()


def test_one_reserve_row_with_an_initial_budget_does_not_make_its_month_untrustworthy():
    kept = [budget_line(vigencia="Reserva", ordinal=n, ppto_inicial=0, ppto_modificado=200) for n in range(2, 9)]

    broken = broken_rules(city(ejecucion_detalle=[budget_line(vigencia="Reserva"), *kept]), only={"PR008", "PR009"})

    assert ("PR009", DETAIL) not in broken
    assert broken["PR008", DETAIL].failed == 1


def test_many_reserve_rows_with_an_initial_budget_make_their_month_untrustworthy():
    shifted = [budget_line(vigencia="Reservas", ordinal=number) for number in range(1, 21)]

    broken = broken_rules(city(ejecucion_detalle=shifted), only={"PR009"})

    (month,) = broken["PR009", DETAIL].rows
    assert month.key == {"periodo_corte": date(2025, 4, 30), "vigencia": "Reservas"}
    assert month.values == {"filas_con_inicial": 20, "filas": 20}


def test_a_table_that_lost_more_than_a_fifth_of_its_rows_is_reported():
    frames = city(contratos_secop=[contract(id_contrato=f"CO1.PCCNTR.{number}") for number in range(1, 8)])

    broken = broken_rules(frames, only={"VO001"}, previous_rows={"contratos_secop": 9, "procesos_secop": 1})

    assert broken["VO001", "contratos_secop"].rows[0].values == {"filas_anteriores": 9, "filas": 7}
    assert ("VO001", "procesos_secop") not in broken


def test_a_table_that_lost_all_its_rows_is_critical():
    broken = broken_rules(city(procesos_secop=[]), only={"VO002"}, previous_rows={"procesos_secop": 3})

    assert broken["VO002", "procesos_secop"].rule.severity is Severity.CRITICAL


def test_contracts_that_were_not_asked_for_in_a_week_are_reported():
    loads = [("contratos_secop", date(2025, 5, 12)), ("procesos_secop", date(2025, 5, 13))]

    broken = broken_rules(city(), only={"AC002"}, loads=loads)

    assert ("AC002", "contratos_secop") in broken
    assert ("AC002", "procesos_secop") not in broken


def test_coverage_says_how_many_references_are_found():
    contracts = [contract(id_contrato=f"CO1.PCCNTR.{number}") for number in (1, 2, 3)]
    lost = contract(id_contrato="CO1.PCCNTR.4", proceso_compra="CO1.BDOS.9")

    broken = broken_rules(city(contratos_secop=[*contracts, lost]), only={"RI002"})

    finding = broken["RI002", "contratos_secop"]
    assert (finding.checked, finding.failed, str(finding.coverage)) == (4, 1, "75.00")


def test_a_table_that_does_not_exist_is_not_evaluated_and_not_passed():
    frames = city(procesos_secop=None)

    broken = broken_rules(frames, only={"LC004"})

    assert broken["LC004", "procesos_secop"].state == "no_evaluada"
    assert "procesos_secop" in broken["LC004", "procesos_secop"].not_evaluated


@pytest.mark.parametrize(
    ("table", "row", "only"),
    [
        ("unidades_proyecto", unit(lat=0.0, lon=0.0, geometria=None), "PA003"),
        ("unidades_proyecto", unit(lat=3.9, lon=-76.5, geometria=None), "PA001"),
        (
            "unidades_proyecto",
            unit(comuna_corregimiento_declarada="RURAL", territorio_declarado=None, territorio=None),
            "TA006",
        ),
        (
            "intervenciones",
            work(comuna_corregimiento_declarada="RURAL", territorio_declarado=None, territorio=None),
            "TA006",
        ),
        ("centros_gravedad", report(lat=3.9, lon=-76.5, geometria=None), "PA001"),
    ],
)
def test_one_fault_breaks_one_rule(table, row, only):
    asked = {"PA001", "PA003", "CO001", "CO002", "TA006"}

    broken = broken_rules(city(**{table: [row]}), only=asked, of=table)

    assert {rule_id for rule_id, name in broken if name == table} == {only}
