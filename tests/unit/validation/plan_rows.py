"""Rows of units, plans, loan workbooks and field reports that break no rule, beside those of `city_rows`."""

from datetime import UTC, date, datetime
from decimal import Decimal

from tests.unit.validation.city_rows import BP, BPIN, CUT, city

POINT = '{"type":"Point","coordinates":[-76.5,3.44]}'
_PLACE = {
    "direccion": "Calle 1 # 2-3",
    "lat": 3.44,
    "lon": -76.5,
    "tipo_geometria": "Point",
    "geometria": POINT,
    "territorio_calculado": "COMUNA 08",
    "barrio_vereda_calculado": "Bolívar",
    "comuna_corregimiento_declarada": "COMUNA 8",
    "territorio_declarado": "COMUNA 08",
    "barrio_vereda_declarado": "BOLIVAR",
    "fuera_rango": "ACEPTABLE",
    "territorio": "COMUNA 08",
    "barrio_vereda": "Bolívar",
    "cod_centro_gestor": "4151",
    "nombre_centro_gestor": "Secretaría de Infraestructura",
}


def unit(**changes):
    """A park."""
    made = {
        "upid": "UNP-A",
        "nombre_up": "Parque",
        "clase_up": "Espacio Público",
        "n_intervenciones": 1,
        "n_fuentes": 1,
    }
    return {**_PLACE, **made, **changes}


def work(**changes):
    """What is done at the park."""
    made = {
        "intervencion_id": "INT-A",
        "upid": "UNP-A",
        "identificador": "7",
        "nombre_up": "Parque",
        "referencia_proceso": "4151.010.32.1.0577-2025",
        "referencia_contrato": "4151.010.26.1.9999-2025; 4151.010.26.1.0887-2025",
        "bpin": BPIN,
        "bp": BP,
        "estado": "En ejecución",
        "estado_declarado": "En ejecución",
        "clase_up": "Espacio Público",
        "tipo_equipamiento": "Parques y zonas verdes",
        "tipo_intervencion": "Obra nueva",
        "fuente_financiacion": "Empréstito",
        "presupuesto": 100,
        "avance_obra": 40,
        "anio": 2025,
        "fecha_inicio": date(2025, 1, 10),
        "fecha_fin": date(2025, 12, 10),
        "frente_activo": "Frente activo",
        "cantidad": 1.0,
        "url_proceso": "https://community.secop.gov.co/x",
        "fila_origen": 2,
    }
    return {**_PLACE, **made, **changes}


def purchase(**changes):
    """A planned purchase, paid by the loan."""
    made = {
        "id": "17001",
        "cod_centro_gestor": "4151",
        "nombre_centro_gestor": "Secretaría de Infraestructura",
        "descripcion": "Obra de prueba",
        "anio": 2025,
        "mes_inicio": 3,
        "mes_oferta": 4,
        "duracion_valor": 6,
        "modalidad": "Licitación pública",
        "bp": BP,
        "bpin": BPIN,
        "valor_actividad": 1000,
        "valor_total_estimado": 1000,
        "valor_vigencia_actual": 900,
        "inversion_real_estimado": 1000,
        "clasificacion_valor": "bajo",
        "estado": "Aprobada",
        "tiene_proceso": True,
        "enlace": "https://community.secop.gov.co/x",
        "tipo_enlace": "proceso",
        "vencida": False,
        "vigente": True,
    }
    return {**made, **changes}


def activity(**changes):
    """The only activity of the project, with the figures of the budget's line."""
    made = {
        "bpin": BPIN,
        "cod_actividad": "BP260053751010101",
        "periodo_corte": CUT,
        "ordinal": 1,
        "bp": BP,
        "cod_centro_gestor": "4151",
        "meta_pd": "53",
        "cod_producto_mga": "2402",
        "avance_actividad_trim_1": Decimal("0.2"),
        "avance_actividad_trim_3": Decimal("0.3"),
        "fecha_inicio_actividad": date(2025, 1, 1),
        "fecha_fin_actividad": date(2025, 12, 31),
        **_SPENT,
    }
    return {**made, **changes}


def followed_project(**changes):
    """The project in the follow-up."""
    made = {
        "bpin": BPIN,
        "periodo_corte": CUT,
        "bp": BP,
        "nombre_proyecto": "Vías de prueba",
        "cod_centro_gestor": "4151",
        "avance_proyecto": Decimal("0.2"),
        "n_actividades": 1,
        "fecha_inicio": date(2025, 1, 1),
        "fecha_fin": date(2025, 12, 31),
        **_SPENT,
    }
    return {**made, **changes}


def product(**changes):
    """What the project makes."""
    made = {"bpin": BPIN, "meta_pd": "53", "cod_producto_mga": "2402", "periodo_corte": CUT, "n_actividades": 1}
    share = {"avance_producto_trim_1": Decimal("0.2"), "suma_ponderacion_actividades": Decimal("1.01")}
    return {**made, **share, "cantidad_programada_producto": 3, **changes}


def organismo_summary(**changes):
    """A department in the summary of 2024."""
    made = {"cod_centro_gestor": "4151", "organismo": "Infraestructura", "periodo_corte": CUT}
    return {**made, "ejecucion_fisica": Decimal("0.5"), **_TREE_MONEY, **changes}


def project_in_tree(**changes):
    """Its only project."""
    made = {"bp": BP, "cod_centro_gestor": "4151", "periodo_corte": CUT, "ordinal": 1}
    return {**made, "avance_proyecto": Decimal("0.5"), **_TREE_MONEY, **changes}


def bank(**changes):
    """A bank of the loan."""
    made = {"banco": "Bancolombia", "cupo": 1000, "plazo": "10 años", "tasa": "IBR 3M + 1,9 %", "valor_negociado": 900}
    return {**made, **changes}


def agreement(**changes):
    """What was agreed with the bank."""
    made = {"banco": "Bancolombia", "bp": BP, "ordinal": 1, "nombre_proyecto": "Vías de prueba", "valor_negociado": 900}
    return {**made, **changes}


def incorporation(**changes):
    """What came into the budget of it."""
    return {"banco": "Bancolombia", "bp": BP, "ordinal": 1, "anio": 2025, "valor_incorporado": 500, **changes}


def planned_contract(**changes):
    """A contract of the loan."""
    made = {
        "clave": "c1",
        "banco_linea": "Bancolombia",
        "banco": "Bancolombia",
        "cod_centro_gestor": "4151",
        "bp": BP,
        "valor_contrato": 900,
        "total_planeado": 900,
        "total_real": 100,
        "fecha_inicio": date(2025, 7, 1),
        "fecha_terminacion": date(2025, 12, 31),
    }
    return {**made, **changes}


def contract_month(**changes):
    """Its only month."""
    made = {"clave": "c1", "mes": date(2025, 7, 1), "desembolso_planeado": 900, "desembolso_real": 100}
    return {**made, "avance_planeado": 1, "avance_real": Decimal("0.1"), **changes}


def cash_month(**changes):
    """A month of a bank and a department."""
    made = {"origen": "flujo", "banco_linea": "Bancolombia", "nombre_centro_gestor": "Infraestructura"}
    return {**made, "banco": "Bancolombia", **contract_month(), **changes}


def followed_process(**changes):
    """A process that the follow-up table watches."""
    return {"clave": "s1", "id_paa": "17001", "cod_centro_gestor": "4151", "valor_total": 900, **changes}


def report(**changes):
    """Something seen in the field."""
    made = {
        "cod": "COD0001",
        "fecha_hora": datetime(2025, 3, 3, 15, tzinfo=UTC),
        "fecha": date(2025, 3, 3),
        "novedad": "BACHE",
        "imagen_url": "https://drive.example/x",
        "sitio": "IE de prueba",
        "lat": 3.44,
        "lon": -76.5,
        "geometria": POINT,
        "territorio": "COMUNA 01",
        "fila_origen": 2,
    }
    return {**made, **changes}


def territories(*, without=()):
    """The comunas and corregimientos of the map."""
    comunas = [(f"{n:02d}", f"COMUNA {n:02d}", "comuna") for n in range(1, 23)]
    others = [(f"{n}", f"Corregimiento {n}", "corregimiento") for n in range(51, 66)]
    return [
        {"codigo": code, "territorio": name, "tipo_territorio": kind, "area_km2": 1.0, "geometria": "{}"}
        for code, name, kind in [*comunas, *others]
        if code not in without
    ]


def barrio(**changes):
    """A barrio of the first comuna."""
    made = {"codigo": "0101", "barrio_vereda": "Bolívar", "tipo": "barrio", "codigo_territorio": "01"}
    return {**made, "territorio": "COMUNA 01", "area_km2": 1.0, "geometria": "{}", **changes}


def whole_city(**rows):
    """As `city`, with every table of the warehouse."""
    made = {
        "unidades_proyecto": [unit()],
        "intervenciones": [work()],
        "paa": [purchase()],
        "paa_fuentes": [{"id": "17001", "fuente_recursos": "Empréstito", "ordinal": 1, "valor": 1000}],
        "emp_paa": [purchase()],
        "seguimiento_archivos_pa": [{"periodo_corte": CUT, "disposicion": "A", "hoja": "MEDE"}],
        "seguimiento_pa": [followed_project()],
        "seguimiento_productos_pa": [product()],
        "seguimiento_actividades_pa": [activity()],
        "seguimiento_organismos_pa": [organismo_summary()],
        "seguimiento_proyectos_pa": [project_in_tree()],
        "emp_bancos": [bank()],
        "emp_negociaciones": [agreement()],
        "emp_incorporaciones": [incorporation()],
        "emp_contratos_plan": [planned_contract()],
        "emp_flujo_contratos": [contract_month()],
        "emp_flujo_caja": [cash_month()],
        "emp_seguimiento": [followed_process()],
        "centros_gravedad": [report()],
        "territorios": territories(),
        "barrios_veredas": [barrio()],
    }
    return city(**{**made, **rows})


_SPENT = {"ppto_inicial": 1000, "ppto_modificado": 1200, "ejecucion": 600, "obligado": 400, "pagos": 300}
_TREE_MONEY = {"ppto_inicial": 1000, "ppto_definitivo": 1200, "ejecucion": 600, "pagos": 300}
