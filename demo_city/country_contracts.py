"""Contracts of the made-up country, as texts put together from fragments that are made once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from demo_city.catalogue import DEPARTMENTS, NIT
from demo_city.chance import Chance
from demo_city.contract_row import soda_date
from demo_city.country import LATER_DAY, is_of_city, mixed
from demo_city.people import invented_person
from demo_city.suppliers import Supplier, company, consortium, natural_person

ENTITIES: Final = 400
REPEATED_EVERY: Final = 1_009
"""Now and then a contract is there a second time, as it was before its last update; so many rows behind it."""

REPEATED_BACK: Final = 20_000
_PEOPLE: Final = 1_000
_TEXTS: Final = 900
_FIRST_DAY: Final = date(2018, 1, 2)
_DAYS: Final = 2_800
_PLACES: Final = (
    ("Antioquia", "Medellín"), ("Cundinamarca", "Soacha"), ("Distrito Capital", "Bogotá"), ("Nariño", "Pasto"),
    ("Atlántico", "Barranquilla"), ("Santander", "Bucaramanga"), ("Valle del Cauca", "Palmira"), ("Chocó", "Quibdó"),
    ("Cauca", "Popayán"), ("Bolívar", "Cartagena"), ("Huila", "Neiva"), ("La Guajira", "Riohacha"),
)  # fmt: skip
_SECTORS: Final = ("No aplica/No pertenece", "Educación Nacional", "Salud y Protección Social", "Cultura", "Transporte")
_KINDS: Final = (
    ("Prestación de servicios", "Contratación directa", "V1.80111600", "Servicios profesionales y apoyo a la gestión"),
    ("Prestación de servicios", "Contratación directa", "V1.80161500", "ServiciosProfesionales"),
    ("Suministros", "Mínima cuantía", "V1.44121600", "Presupuesto inferior al 10% de la Menor Cuantía"),
    ("Obra", "Licitación pública Obra Publica", "V1.72141000", "Presupuesto mayor a la Menor Cuantía"),
    ("Compraventa", "Selección Abreviada de Menor Cuantía", "V1.43211500", "Presupuesto de Menor Cuantía"),
    ("Interventoría", "Concurso de méritos abierto", "V1.81101500", "Concurso de méritos"),
    ("Decreto 092 de 2017", "Contratación régimen especial", "V1.93141500", "Decreto 092 de 2017"),
)
_STATES: Final = (
    "En ejecución", "En ejecución", "Modificado", "Cerrado", "terminado", "cedido", "Suspendido", "Aprobado",
)  # fmt: skip
_TASKS: Final = (
    "apoyar la gestión documental del archivo", "acompañar jurídicamente los procesos contractuales",
    "atender a la población en los puntos de servicio", "mantener la malla vial terciaria", "dotar la sede educativa",
    "suministrar elementos de papelería", "intervenir el escenario deportivo", "formular los estudios y diseños",
    "operar el programa de alimentación escolar",
)  # fmt: skip
_FLAGS: Final = {
    "habilita_pago_adelantado": "No",
    "liquidaci_n": "No",
    "obligaci_n_ambiental": "No",
    "obligaciones_postconsumo": "No",
    "reversion": "No",
    "espostconflicto": "No",
    "el_contrato_puede_ser_prorrogado": "Si",
    "puntos_del_acuerdo": "No aplica",
    "pilares_del_acuerdo": "No aplica",
    "valor_de_pago_adelantado": "0",
    "valor_amortizado": "0",
    "valor_pendiente_de": "0",
    "saldo_vigencia": "0",
    "presupuesto_general_de_la_nacion_pgn": "0",
    "sistema_general_de_participaciones": "0",
    "sistema_general_de_regal_as": "0",
    "recursos_de_credito": "0",
    "recursos_propios": "0",
    "origen_de_los_recursos": "Distribuido",
    "estado_bpin": "No Válido",
    "anno_bpin": "No Definido",
    "c_digo_bpin": "No Definido",
}
_OWN: Final = "recursos_propios_alcald_as_gobernaciones_y_resguardos_ind_genas_"


@dataclass(frozen=True, kw_only=True)
class _Pools:
    """Fragments of JSON, each some fields of a row."""

    entities: tuple[str, ...]
    departments: tuple[str, ...]
    suppliers: tuple[tuple[str, str], ...]
    officials: tuple[str, ...]
    texts: tuple[str, ...]
    days: tuple[str, ...]
    flags: str


@lru_cache(maxsize=2)  # the fragments are some 2 MB and take a while
def contract_writer(seed: int) -> Callable[[int, bool], str]:
    """What writes the contract of a slot, for `Country.write`; the same text for the same seed, slot and change."""
    pools = _pools(seed)

    def write(slot: int, changed: bool) -> str:
        number = slot // 2
        repeated = number % REPEATED_EVERY == 0 and number >= REPEATED_BACK and slot % 2 == 0
        if repeated:  # the same contract as far before, with less paid and an older update
            slot -= 2 * REPEATED_BACK
        mix = mixed(slot, seed)
        value = (1_000 + mix % 89_000) * 1_000
        if mix % 50 == 0:
            value *= 100
        paid = 0 if repeated else value * (mix >> 8 & 63) // 64
        invoiced = paid + (value - paid) * (mix >> 14 & 3) // 4
        signed = mix >> 16 & 2047
        lasts = 20 + (mix >> 27 & 255)
        year = pools.days[signed][:4]
        state = _STATES[(mix >> 35) % len(_STATES)]
        updated = pools.days[signed if repeated else min(signed + lasts // 2, _DAYS - 1)]
        if changed:
            state, paid, invoiced, updated = "terminado", value, value, f"{LATER_DAY}T00:00:00.000"
        entities = pools.departments if is_of_city(slot) else pools.entities
        entity = entities[(mix >> 40) % len(entities)]
        supplier, name = pools.suppliers[(mix >> 20) % len(pools.suppliers)]
        notice = 60_000_000 + slot
        named = f" A NOMBRE DE {name}" if mix % 40 == 0 else ""
        return (
            f'{entity},"proceso_de_compra":"CO1.BDOS.{notice}","id_contrato":"CO1.PCCNTR.{100_000_000 + slot}",'
            f'"referencia_del_contrato":"CPS-{mix >> 44 & 4095:04d}-{slot % 10_000:04d}-{year}",'
            f'"estado_contrato":"{state}",'
            f'{pools.texts[(mix >> 10) % _TEXTS]} No. {slot % 97_001}{named}.",'
            f'"urlproceso":{{"url":"https://secop.example/Public/Tendering/OpportunityDetail/Index'
            f'?noticeUID=CO1.NTC.{notice}&isFromPublicArea=True&isModal=true&asPopupView=true"}},'
            f'"fecha_de_firma":"{pools.days[signed]}","fecha_de_inicio_del_contrato":"{pools.days[signed + 3]}",'
            f'"fecha_de_fin_del_contrato":"{pools.days[signed + lasts]}","ultima_actualizacion":"{updated}",'
            f'"duraci_n_del_contrato":"{lasts} Dia(s)","dias_adicionados":"{(mix >> 50 & 3) * 15}",'
            f'"valor_del_contrato":"{value}","valor_facturado":"{invoiced}","valor_pagado":"{paid}",'
            f'"valor_pendiente_de_pago":"{value - paid}","valor_pendiente_de_ejecucion":"{value - invoiced}",'
            f'"saldo_cdp":"{value}","{_OWN}":"{value}",'
            f"{supplier},{pools.officials[(mix >> 30) % _PEOPLE]},{pools.flags}"
        )

    return write


def fragment(fields: Mapping[str, object]) -> str:
    """`fields` as they stand within a JSON object."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))[1:-1]


def _pools(seed: int) -> _Pools:
    chance = Chance(seed, "country")
    makers = (natural_person, natural_person, natural_person, company, consortium)
    suppliers = [makers[number % len(makers)](chance) for number in range(2 * _PEOPLE)]
    return _Pools(
        entities=tuple(_entity(chance, number) for number in range(ENTITIES)),
        departments=tuple(
            fragment(_body(each.secop_name, NIT, "Valle del Cauca", "Cali", f"70{int(each.code):07d}"))
            for each in DEPARTMENTS
        ),
        suppliers=tuple((_supplier(chance, supplier), supplier.name) for supplier in suppliers),
        officials=tuple(_officials(chance) for _ in range(_PEOPLE)),
        texts=tuple(_text(chance, number) for number in range(_TEXTS)),
        days=tuple(soda_date(_FIRST_DAY + timedelta(days=number)) for number in range(_DAYS)),
        flags=fragment(_FLAGS),
    )


def _entity(chance: Chance, number: int) -> str:
    department, city = chance.pick(_PLACES)
    kind = chance.pick(("ALCALDÍA", "GOBERNACIÓN", "HOSPITAL", "INSTITUTO", "UNIVERSIDAD", "PERSONERÍA"))
    return fragment(
        _body(
            f"{kind} INVENTADA No. {number:03d} DE {city.upper()}",
            f"9998{number:05d}",
            department,
            city,
            f"71{number:07d}",
        )
    )


def _body(name: str, nit: str, department: str, city: str, code: str) -> dict[str, object]:
    return {
        "nombre_entidad": name,
        "nit_entidad": nit,
        "departamento": department,
        "ciudad": city,
        "localizaci_n": f"Colombia,  {department} ,  {city}",
        "orden": "Territorial",
        "sector": _SECTORS[len(name) % len(_SECTORS)],
        "rama": "Ejecutivo",
        "entidad_centralizada": "Centralizada",
        "codigo_entidad": code,
    }


def _text(chance: Chance, number: int) -> str:
    """Ends within the text of the object, so that a row can say more."""
    kind, procedure, category, reason = _KINDS[number % len(_KINDS)]
    task = chance.pick(_TASKS)
    text = f"Contrato para {task} en la zona {chance.between(1, 60)}, fase {chance.between(1, 9)}"
    whole = fragment(
        {
            "codigo_de_categoria_principal": category,
            "tipo_de_contrato": kind,
            "modalidad_de_contratacion": procedure,
            "justificacion_modalidad_de": reason,
            "condiciones_de_entrega": "A convenir",
            "destino_gasto": chance.pick(("Inversión", "Funcionamiento")),
            "descripcion_del_proceso": f"{text};",
            "objeto_del_contrato": f"{text}, conforme al plan de desarrollo y a los estudios previos",
        }
    )
    return whole[:-1]


def _supplier(chance: Chance, supplier: Supplier) -> str:
    legal = supplier.person or invented_person(chance)
    return fragment(
        {
            "tipodocproveedor": supplier.document_type,
            "documento_proveedor": supplier.document,
            "proveedor_adjudicado": supplier.name,
            "codigo_proveedor": supplier.code,
            "es_grupo": "Si" if supplier.is_group else "No",
            "es_pyme": chance.pick(("Si", "No")),
            "nombre_representante_legal": legal.name,
            "nacionalidad_representante_legal": "CO",
            "domicilio_representante_legal": legal.email,
            "tipo_de_identificaci_n_representante_legal": "Cédula de Ciudadanía",
            "identificaci_n_representante_legal": legal.id_number,
            "g_nero_representante_legal": "No Definido",
            "nombre_del_banco": "BANCO DE LA CIUDAD",
            "tipo_de_cuenta": "Ahorros",
            "n_mero_de_cuenta": legal.bank_account,
        }
    )


def _officials(chance: Chance) -> str:
    orders, supervises = invented_person(chance), invented_person(chance)
    card = "Cédula de Ciudadanía"
    return fragment(
        {
            "nombre_ordenador_del_gasto": orders.name,
            "tipo_de_documento_ordenador_del_gasto": card,
            "n_mero_de_documento_ordenador_del_gasto": orders.id_number,
            "nombre_supervisor": supervises.name,
            "tipo_de_documento_supervisor": card,
            "n_mero_de_documento_supervisor": supervises.id_number,
            "nombre_ordenador_de_pago": "No definido",
            "tipo_de_documento_ordenador_de_pago": "No definido",
            "n_mero_de_documento_ordenador_de_pago": "No definido",
        }
    )
