"""One fault for each rule about units, plans, loan workbooks and the field: what breaks, the rule, the rows."""

from datetime import date
from decimal import Decimal

from tests.unit.validation.city_rows import BP, BPIN, budget_line
from tests.unit.validation.plan_rows import (
    activity,
    agreement,
    bank,
    barrio,
    cash_month,
    contract_month,
    followed_process,
    followed_project,
    incorporation,
    organismo_summary,
    planned_contract,
    product,
    project_in_tree,
    purchase,
    report,
    territories,
    unit,
    work,
)

FAULTS = {}


def _fault(rule_id, table, row, **more):
    """A fault of a single row of `table`."""
    FAULTS[f"{rule_id} of {table}"] = (rule_id, table, {table: [row], **more})


for table, place in (("unidades_proyecto", unit), ("intervenciones", work)):
    _fault("LC006", table, place(geometria="POINT(1 2)"))
    _fault("CO002", table, place(geometria=None))
    _fault("PA001", table, place(lat=3.22, lon=-76.31))
    _fault("PA002", table, place(geometria='{"type":"Point","coordinates":[1061000.5,871000.1]}'))
    _fault("PA003", table, place(lat=0.0, lon=0.0))
    _fault("PA004", table, place(territorio_declarado="COMUNA 09"))
    _fault("PA005", table, place(barrio_vereda_declarado="Otro"))
    _fault("PA006", table, place(reparacion="coma decimal"))
    _fault("TA006", table, place(comuna_corregimiento_declarada="EXPANSION URBANA", territorio_declarado=None))
    _fault("TA003", table, place(cod_centro_gestor=None, nombre_centro_gestor="Otra"))
_fault("CO001", "unidades_proyecto", unit(clase_up=None))
_fault("LC011", "unidades_proyecto", unit(n_intervenciones=2))

_W = "intervenciones"
_fault("LC001", _W, work(estado="Terminado"))
_fault("LC010", _W, work(estado_declarado="FINALIZADO"))
_fault("LC003", _W, work(avance_obra=101))
_fault("LC004", _W, work(presupuesto=-1))
_fault("LC005", _W, work(cantidad=0.0))
_fault("LC007", _W, work(anio=2019))
FAULTS["a work written twice"] = ("LC009", _W, {_W: [work(), work(intervencion_id="INT-B")]})
_fault("CO001", _W, work(avance_obra=None))
_fault(
    "CO003",
    _W,
    work(bpin=None, bp=None, identificador=None, referencia_contrato=None, referencia_proceso=None),
)
_fault("CO004", _W, work(fecha_fin=None))
_fault("CO005", _W, work(referencia_contrato=None, referencia_proceso=None))
_fault("CO006", _W, work(direccion=None))
_fault("TA001", _W, work(estado="Raro"))
_fault("TA004", _W, work(clase_up="Rara"))
_fault("TA007", _W, work(tipo_equipamiento="Raro"))
_fault("TA008", _W, work(tipo_intervencion="Rara"))
_fault("TA009", _W, work(fuente_financiacion="Rara"))
_fault("TA002", _W, work(bpin="2147483648"))
_fault("TA005", _W, work(url_proceso="Pendiente"))
_fault("TQ001", _W, work(fecha_inicio=date(2025, 12, 11)))
_fault("TQ004", _W, work(fecha_fin=date(2025, 5, 1)))
_fault("TQ005", _W, work(fecha_fin=date(2035, 5, 1)))
_fault("RI001", _W, work(bpin=None))
_fault("RI002", _W, work(referencia_contrato="4151.010.26.1.9998-2025; 4151.010.26.1.9999-2025"))
_fault("RI003", _W, work(referencia_proceso="4151.010.32.1.9999-2025"))

_P = "paa"
_fault("CO001", _P, purchase(modalidad=None))
_fault("CO002", _P, purchase(enlace=None, tipo_enlace=None))
_fault("CO003", _P, purchase(vencida=True))
_fault("LC004", _P, purchase(valor_disponible=-1))
_fault("LC005", _P, purchase(duracion_valor=0))
_fault("LC007", _P, purchase(mes_inicio=13))
_fault("LC012", _P, purchase(clasificacion_valor="alto"))
_fault("FI001", _P, purchase(valor_vigencia_actual=1001))
_fault("FI002", _P, purchase(valor_total_estimado=1001))
_fault("TQ002", _P, purchase(mes_oferta=2, mes_inicio=3))
_fault("TA001", _P, purchase(estado="Negada"))
_fault("TA002", _P, purchase(bp="26005375"))
_fault("TA003", _P, purchase(cod_centro_gestor="4199"))
_fault("TA005", _P, purchase(tipo_enlace="ingreso"))
_fault("RI001", _P, purchase(bp=None))
_fault("RI002", "emp_paa", purchase(bp="BP26009999"))
_fault("CO001", "emp_paa", purchase(bp=None))
_fault("LC004", "paa_fuentes", {"id": "17001", "fuente_recursos": "x", "ordinal": 1, "valor": -1})
_fault("CO001", "paa_fuentes", {"id": "17001", "fuente_recursos": "x", "ordinal": 1})

_S, _A, _PR = "seguimiento_pa", "seguimiento_actividades_pa", "seguimiento_productos_pa"
_fault("CT001", _S, followed_project(pagos=299))
_fault("CT002", _S, followed_project(), ejecucion_detalle=[budget_line(pagos=299)])
_fault("CT003", _S, followed_project(obligado=401))
FAULTS["a project that goes back"] = (
    "LC013",
    _S,
    {_S: [followed_project(), followed_project(periodo_corte=date(2025, 1, 31), avance_proyecto=Decimal("0.3"))]},
)
_fault("LC003", _S, followed_project(avance_proyecto=Decimal("1.1")))
_fault("CO001", _S, followed_project(avance_proyecto=None))
_fault("TA002", _S, followed_project(bp="1"))
_fault("TA003", _S, followed_project(cod_centro_gestor="9999"))
_fault("TQ001", _S, followed_project(fecha_fin=date(2024, 1, 1)))
_fault("AC001", _S, followed_project(periodo_corte=date(2024, 9, 30)))
_fault("LC003", _A, activity(avance_actividad_trim_1=Decimal("1.02")))
_fault("LC013", _A, activity(avance_actividad_trim_3=Decimal("0.1")))
_fault("LC004", _A, activity(ppto_inicial=-1))
_fault("PR005", _A, activity(obligado=601))
_fault("TQ001", _A, activity(fecha_fin_actividad=date(2024, 1, 1)))
_fault("TA003", _A, activity(cod_centro_gestor="9999"))
_fault("LC003", _PR, product(avance_producto_trim_2=Decimal("1.05")))
_fault("LC013", _PR, product(avance_producto_trim_2=Decimal("0.1")))
_fault("LC014", _PR, product(suma_ponderacion_actividades=Decimal("0.9")))
_fault("LC005", _PR, product(ejecucion_fisica_trim_1=-1))
_O, _T = "seguimiento_organismos_pa", "seguimiento_proyectos_pa"
_fault("CT004", _O, organismo_summary(pagos=302))
_fault("LC004", _O, organismo_summary(pagos=-1))
_fault("LC003", _O, organismo_summary(ejecucion_fisica=Decimal("40.5")))
_fault("TA003", _O, organismo_summary(cod_centro_gestor="9999"))
_fault("LC004", _T, project_in_tree(pagos=-1))
_fault("LC003", _T, project_in_tree(ejecucion_fisica=2))
_fault("TA003", _T, project_in_tree(cod_centro_gestor="9999"))

_fault("CO001", "emp_bancos", bank(tasa=None))
_fault("LC004", "emp_bancos", bank(cupo=-1))
_fault("FI001", "emp_bancos", bank(cupo=899))
_fault("CT001", "emp_bancos", bank(valor_negociado=901))
_fault("CO001", "emp_negociaciones", agreement(nombre_proyecto=None))
_fault("LC004", "emp_negociaciones", agreement(valor_negociado=-1))
_fault("FI001", "emp_negociaciones", agreement(valor_negociado=499))
_fault("LC004", "emp_incorporaciones", incorporation(valor_incorporado=-1))
_fault("LC007", "emp_incorporaciones", incorporation(anio=2205))
_C, _F, _CA = "emp_contratos_plan", "emp_flujo_contratos", "emp_flujo_caja"
_fault("CO001", _C, planned_contract(banco=None))
_fault("LC004", _C, planned_contract(valor_contrato=-1))
_fault("FI001", _C, planned_contract(valor_contrato=800))
_fault("FI002", _C, planned_contract(total_real=902))
_fault("CT001", _C, planned_contract(total_planeado=902))
_fault("TQ001", _C, planned_contract(fecha_terminacion=date(2025, 6, 1)))
for table, month in ((_F, contract_month), (_CA, cash_month)):
    _fault("LC004", table, month(desembolso_planeado=-1))
    _fault("LC003", table, month(avance_planeado=Decimal("1.0003")))
    _fault("LC007", table, month(mes=date(2025, 7, 2)))
_fault("CO001", "emp_seguimiento", followed_process(valor_total=None))
_fault("LC004", "emp_seguimiento", followed_process(valor_total=-1))
_fault("RI005", "emp_seguimiento", followed_process(id_paa="99"))
_fault(
    "RI005",
    "emp_contratos_index",
    {"clave": "1", "banco": "Bancolombia", "bp": BP, "bpin": BPIN, "id_paa": "99"},
)

_R = "centros_gravedad"
_fault("LC006", _R, report(lat=None))
_fault("PA001", _R, report(lat=3.9))
_fault("PA002", _R, report(geometria='{"type":"Point","coordinates":[-76.5,3.4,950.1]}'))
_fault("PA003", _R, report(lat=0.0))
_fault("PA006", _R, report(reparacion="coma decimal"))
_fault("CO001", _R, report(novedad=None))
_fault("CO002", _R, report(geometria=None))
_fault("TA005", _R, report(imagen_url="ninguna"))
_fault("TQ004", _R, report(fecha=date(2025, 5, 21)))
FAULTS["a report sent twice"] = ("LC009", _R, {_R: [report(), report(cod="COD0002")]})
_fault("RI001", _R, report(territorio="COMUNA 99"))
FAULTS["a map without one comuna"] = (
    "VO003",
    "territorios",
    {"territorios": territories(without=("22",))},
)
_fault("LC005", "territorios", {**territories()[0], "area_km2": 0.0})
_fault("LC005", "barrios_veredas", barrio(area_km2=0.0))
