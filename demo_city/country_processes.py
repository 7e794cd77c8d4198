"""Processes of the made-up country, as texts put together from fragments that are made once."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from demo_city.catalogue import DEPARTMENTS, NIT
from demo_city.chance import Chance
from demo_city.contract_row import soda_date
from demo_city.country import LATER_DAY, is_of_city, mixed
from demo_city.country_contracts import ENTITIES, fragment
from demo_city.people import invented_person
from demo_city.suppliers import company, natural_person

_FIRST_DAY: Final = date(2018, 1, 2)
_DAYS: Final = 2_800
_SUPPLIERS: Final = 2_000
_TEXTS: Final = 700
_CONSTANT: Final = {
    "ordenentidad": "Territorial",
    "codigo_pci": "Centralizada",
    "proveedores_invitados": "0",
    "proveedores_con_invitacion": "0",
    "respuestas_externas": "0",
    "numero_de_lotes": "0",
    "subtipo_de_contrato": "No Definido",
    "categorias_adicionales": "No definido",
    "unidad_de_duracion": "Mes(es)",
}
_AWARDED: Final = {
    "fase": "Presentación de oferta",
    "estado_del_procedimiento": "Adjudicado",
    "id_estado_del_procedimiento": "70",
    "estado_resumen": "Adjudicado",
    "estado_de_apertura_del_proceso": "Cerrado",
    "adjudicado": "Si",
}
_OPEN: Final = {
    "fase": "Presentación de oferta",
    "estado_del_procedimiento": "Publicado",
    "id_estado_del_procedimiento": "50",
    "estado_resumen": "Presentación de oferta",
    "estado_de_apertura_del_proceso": "Abierto",
    "adjudicado": "No",
    "id_adjudicacion": "No Adjudicado",
    "codigoproveedor": "No Definido",
    "valor_total_adjudicacion": "0",
    "nombre_del_adjudicador": "No Adjudicado",
    "nombre_del_proveedor": "No Definido",
    "nit_del_proveedor_adjudicado": "No Definido",
}


@lru_cache(maxsize=2)  # the fragments are some 2 MB and take a while
def process_writer(seed: int) -> Callable[[int, bool], str]:
    """What writes the process of a slot, for `Country.write`; the same text for the same seed, slot and change."""
    chance = Chance(seed, "country processes")
    entities = [_entity(f"ENTIDAD INVENTADA No. {n:03d}", f"9998{n:05d}", f"71{n:07d}") for n in range(ENTITIES)]
    own = [_entity(each.secop_name, NIT, f"70{int(each.code):07d}") for each in DEPARTMENTS]
    suppliers = [_supplier(chance, number) for number in range(_SUPPLIERS)]
    texts = [_text(chance) for _ in range(_TEXTS)]
    days = [soda_date(_FIRST_DAY + timedelta(days=number)) for number in range(_DAYS)]
    constant, awarded, nobody = fragment(_CONSTANT), fragment(_AWARDED), fragment(_OPEN)

    def write(slot: int, changed: bool) -> str:
        mix = mixed(slot, seed)
        price = (5_000 + mix % 900_000) * 1_000
        published = mix >> 16 & 2047
        offers = mix >> 12 & 7
        last = f"{LATER_DAY}T00:00:00.000" if changed else days[published + 12]
        entity = own[(mix >> 40) % len(own)] if is_of_city(slot) else entities[(mix >> 40) % ENTITIES]
        ends = f"{awarded},{suppliers[(mix >> 20) % _SUPPLIERS]}"
        ends += f',"id_adjudicacion":"CO1.AWD.{50_000_000 + slot}","valor_total_adjudicacion":"{price * 9 // 10}"'
        ends += f',"fecha_adjudicacion":"{days[published + 40]}"'
        return (
            f'{entity},"id_del_proceso":"CO1.REQ.{100_000_000 + slot}",'
            f'"referencia_del_proceso":"PRO-{slot % 100_000:05d}-{days[published][:4]}",'
            f'"id_del_portafolio":"CO1.BDOS.{60_000_000 + slot}",'
            f'{texts[(mix >> 9) % _TEXTS]} No. {slot % 97_001}.","fecha_de_publicacion_del":"{days[published]}",'
            f'"fecha_de_ultima_publicaci":"{last}","fecha_de_recepcion_de":"{days[published + 30]}",'
            f'"precio_base":"{price}","duracion":"{1 + (mix >> 33) % 12}",'
            f'"visualizaciones_del":"{mix >> 44 & 511}","proveedores_que_manifestaron":"{offers}",'
            f'"respuestas_al_procedimiento":"{offers}","conteo_de_respuestas_a_ofertas":"{offers}",'
            f'"proveedores_unicos_con":"{offers}","urlproceso":{{"url":"https://secop.example/Public/OpportunityDetail/'
            f'Index?noticeUID=CO1.NTC.{60_000_000 + slot}"}},'
            f"{constant},{ends if changed or mix & 3 else nobody}"
        )

    return write


def _entity(name: str, nit: str, code: str) -> str:
    return fragment(
        {
            "entidad": name,
            "nit_entidad": nit,
            "departamento_entidad": "Valle del Cauca",
            "ciudad_entidad": "Cali",
            "codigo_entidad": code,
            "ppi": code,
            "nombre_de_la_unidad_de": name.title(),
            "ciudad_de_la_unidad_de": "Cali",
        }
    )


def _text(chance: Chance) -> str:
    """Ends within the text of the description, so that a row can say more."""
    subject = chance.pick(
        ("el suministro de elementos", "la dotación de sedes", "el mantenimiento vial", "la consultoría")
    )
    text = f"Contratar {subject} en la zona {chance.between(1, 60)}, fase {chance.between(1, 9)}"
    whole = fragment(
        {
            "modalidad_de_contratacion": chance.pick(("Licitación pública", "Mínima cuantía", "Selección Abreviada")),
            "justificaci_n_modalidad_de": "Ley 1150 de 2007",
            "tipo_de_contrato": chance.pick(("Obra", "Suministros", "Prestación de servicios")),
            "codigo_principal_de_categoria": chance.pick(("V1.72141000", "V1.44121600", "V1.81101500")),
            "nombre_del_procedimiento": text[:80],
            "descripci_n_del_procedimiento": f"{text}, según el pliego de condiciones",
        }
    )
    return whole[:-1]


def _supplier(chance: Chance, number: int) -> str:
    supplier = natural_person(chance) if number % 3 == 0 else company(chance)
    return fragment(
        {
            "codigoproveedor": supplier.code,
            "departamento_proveedor": "Valle del Cauca",
            "ciudad_proveedor": "Cali",
            "nombre_del_adjudicador": invented_person(chance).name,
            "nombre_del_proveedor": supplier.name,
            "nit_del_proveedor_adjudicado": supplier.document,
        }
    )
