"""One contract as the SODA interface gives it: text values, an object for the address, nulls left out."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from demo_city.catalogue import ENTITY, NIT, Department
from demo_city.chance import Chance
from demo_city.people import invented_person
from demo_city.projects import Project
from demo_city.suppliers import Supplier

LAST_UPDATE: Final = date(2025, 9, 22)
"""The day after which the city's SECOP data ends."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What is peculiar to a contract; amounts in whole pesos."""

    id_number: int
    reference: str
    portfolio: str
    notice: int
    department: Department
    supplier: Supplier
    kind: str
    procedure: str
    text: str
    state: str
    signed: date
    starts: date
    ends: date
    value: int
    from_credit: int
    project: Project | None
    nit: str = NIT


def contract_row(chance: Chance, contract: Contract) -> dict[str, object]:
    """The row of dataset jbjy-vk9h; funding adds up to the value, paid <= invoiced <= value."""
    row: dict[str, object] = {
        **_identity(contract),
        **_what(contract),
        **_dates(chance, contract),
        **_supplier(contract),
        **_flags(contract),
        **_money(chance, contract),
        **_project(chance, contract),
        **_people(chance, contract),
    }
    return {name: value for name, value in row.items() if value is not None}


def soda_date(day: date) -> str:
    """`2025-09-15T00:00:00.000`, without a zone, as the portal prints dates."""
    return f"{day.isoformat()}T00:00:00.000"


def _identity(contract: Contract) -> dict[str, object]:
    own = contract.nit == NIT
    return {
        "nombre_entidad": contract.department.secop_name if own else "ENTIDAD INVENTADA DE PRUEBA",
        "nit_entidad": contract.nit,
        "departamento": "Valle del Cauca",
        "ciudad": "Cali",
        "localizaci_n": "Colombia,  Valle del Cauca ,  Cali",
        "orden": "Territorial",
        "sector": "No aplica/No pertenece",
        "rama": "Corporación Autónoma" if contract.signed.year < 2025 else None,  # noqa: PLR2004
        "entidad_centralizada": "Centralizada",
        "codigo_entidad": f"70{int(contract.department.code):07d}",
        "proceso_de_compra": contract.portfolio,
        "id_contrato": f"CO1.PCCNTR.{contract.id_number}",
        "referencia_del_contrato": contract.reference,
        "estado_contrato": contract.state,
    }


def _what(contract: Contract) -> dict[str, object]:
    notice = f"CO1.NTC.{contract.notice}"
    return {
        "codigo_de_categoria_principal": "V1.72141000" if contract.kind == "Obra" else "V1.80111501",
        "descripcion_del_proceso": f"{contract.text};",
        "objeto_del_contrato": f"{contract.text}, en desarrollo del plan de {ENTITY}.",
        "tipo_de_contrato": contract.kind,
        "modalidad_de_contratacion": contract.procedure,
        "justificacion_modalidad_de": "Article30_1993",
        "condiciones_de_entrega": "A convenir" if contract.signed.year < 2025 else None,  # noqa: PLR2004
        "urlproceso": {
            "url": f"https://secop.example/Public/Tendering/OpportunityDetail/Index?noticeUID={notice}"
            "&isFromPublicArea=True&isModal=true&asPopupView=true",
        },
    }


def _dates(chance: Chance, contract: Contract) -> dict[str, object]:
    liquidated = contract.kind == "Obra"
    days = (contract.ends - contract.starts).days
    begun = contract.state != "Aprobado"
    updated = min(LAST_UPDATE, contract.ends)
    return {
        "fecha_de_firma": soda_date(contract.signed),
        "fecha_de_inicio_del_contrato": soda_date(contract.starts) if begun else None,
        "fecha_de_fin_del_contrato": soda_date(contract.ends),
        "fecha_inicio_liquidacion": soda_date(contract.ends) if liquidated else None,
        "ultima_actualizacion": soda_date(updated) if chance.happens(85) else None,
        "duraci_n_del_contrato": f"{days // 30} Mes(es)" if chance.happens(30) else f"{days} Dia(s)",
        "dias_adicionados": str(chance.pick((0, 0, 0, 15, 30))),
    }


def _supplier(contract: Contract) -> dict[str, object]:
    supplier = contract.supplier
    return {
        "tipodocproveedor": supplier.document_type,
        "documento_proveedor": supplier.document,
        "proveedor_adjudicado": supplier.name,
        "codigo_proveedor": supplier.code,
        "es_grupo": "Si" if supplier.is_group else "No",
        "es_pyme": "No",
    }


def _flags(contract: Contract) -> dict[str, object]:
    return {
        "habilita_pago_adelantado": "No",
        "liquidaci_n": "Si" if contract.kind == "Obra" else "No",
        "obligaci_n_ambiental": "No",
        "obligaciones_postconsumo": "No",
        "reversion": "No",
        "espostconflicto": "No",
        "el_contrato_puede_ser_prorrogado": "No",
        "puntos_del_acuerdo": "No aplica",
        "pilares_del_acuerdo": "No aplica",
    }


def _money(chance: Chance, contract: Contract) -> dict[str, object]:
    value = contract.value
    active = contract.state not in {"Borrador", "Aprobado", "Cancelado"}
    invoiced = chance.share(value, 0, 90) if active and chance.happens(60) else 0
    paid = chance.share(invoiced, 50, 100)
    own = value - contract.from_credit
    cents = ".50" if chance.happens(3) and not contract.from_credit else ""
    return {
        "valor_del_contrato": f"{value}{cents}",
        "valor_de_pago_adelantado": "0",
        "valor_facturado": str(invoiced),
        "valor_pendiente_de_pago": f"{value - paid}{cents}",
        "valor_pagado": str(paid),
        "valor_amortizado": "0",
        "valor_pendiente_de": "0",
        "valor_pendiente_de_ejecucion": f"{value - invoiced}{cents}",
        "saldo_cdp": str(value if chance.happens(40) else 0),
        "saldo_vigencia": "0",
        "origen_de_los_recursos": "Distribuido",
        "destino_gasto": "Inversión",
        "presupuesto_general_de_la_nacion_pgn": "0",
        "sistema_general_de_participaciones": "0",
        "sistema_general_de_regal_as": "0",
        "recursos_propios_alcald_as_gobernaciones_y_resguardos_ind_genas_": f"{own}{cents}",
        "recursos_de_credito": str(contract.from_credit),
        "recursos_propios": "0",
    }


def _project(chance: Chance, contract: Contract) -> dict[str, object]:
    if contract.project is None:
        return {"estado_bpin": "No Definido", "anno_bpin": "No Definido", "c_digo_bpin": "No Definido"}
    if chance.happens(12):
        return {"estado_bpin": "No Válido", "anno_bpin": "2025", "c_digo_bpin": "No Definido"}
    return {"estado_bpin": "Válido", "anno_bpin": str(contract.signed.year), "c_digo_bpin": contract.project.bpin}


def _people(chance: Chance, contract: Contract) -> dict[str, object]:
    person = contract.supplier.person
    legal, orders, supervises = (invented_person(chance) for _ in range(3))
    holder = person or legal
    card = "Cédula de Ciudadanía"
    return {
        "nombre_representante_legal": holder.name,
        "nacionalidad_representante_legal": "CO",
        "domicilio_representante_legal": holder.email if chance.happens(20) else "No Definido",
        "tipo_de_identificaci_n_representante_legal": card,
        "identificaci_n_representante_legal": holder.id_number,
        "g_nero_representante_legal": "No Definido",
        "nombre_del_banco": "BANCO DE LA CIUDAD" if person else "No definido",
        "tipo_de_cuenta": "Ahorros" if person else "No Definido",
        "n_mero_de_cuenta": person.bank_account if person else "No definido",
        "nombre_ordenador_del_gasto": orders.name,
        "tipo_de_documento_ordenador_del_gasto": card,
        "n_mero_de_documento_ordenador_del_gasto": orders.id_number,
        "nombre_supervisor": supervises.name if person else "No definido",
        "tipo_de_documento_supervisor": card if person else "No definido",
        "n_mero_de_documento_supervisor": supervises.id_number if person else "No definido",
        "nombre_ordenador_de_pago": "No definido",
        "tipo_de_documento_ordenador_de_pago": "No definido",
        "n_mero_de_documento_ordenador_de_pago": "No definido",
    }
