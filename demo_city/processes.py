"""SECOP II processes of the made-up city, in the shape of dataset p6dx-8zbt."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from demo_city.catalogue import DEPARTMENTS, NIT, Department
from demo_city.chance import Chance
from demo_city.contract_row import soda_date
from demo_city.contracts import portfolio_id
from demo_city.loan import Kind, LoanItem, notice_number
from demo_city.people import invented_person
from demo_city.suppliers import Supplier, company, natural_person

OTHERS_AT_SCALE_1: Final = 90
_SUFFIX: Final = " (Manifestación de interés (Menor Cuantía)) (Presentación de oferta)"
_STATES: Final = (("Publicado", "50"), ("Evaluación", "60"), ("Seleccionado", "70"))


def processes_of_city(seed: int, scale: float, items: list[LoanItem]) -> list[dict[str, object]]:
    """All rows of the dataset; a process in lots repeats its id once per award."""
    chance = Chance(seed, "processes")
    rows = [row for item in items if item.process_in_secop for row in _loan_process(chance, item)]
    others = max(6, round(OTHERS_AT_SCALE_1 * scale))
    return rows + [_other_process(chance, number) for number in range(others)]


def _loan_process(chance: Chance, item: LoanItem) -> Iterator[dict[str, object]]:
    assert item.process is not None
    published = date(2025, 1, 5) + timedelta(days=chance.between(0, 150))
    row = _row(
        chance,
        number=item.number,
        portfolio=portfolio_id(item),
        notice=notice_number(item),
        reference=_published(chance, item.process, item.number),
        department=item.project.department,
        text=item.project.name,
        price=item.value,
        published=published,
    )
    if not item.contracts:
        state, state_id = chance.pick(_STATES)
        yield {**row, "estado_del_procedimiento": state, "id_estado_del_procedimiento": state_id}
        yield from _old_namesake(chance, row, item)
        return
    share = item.value // len(item.contracts)
    for lot in range(len(item.contracts)):
        supplier = natural_person(chance) if item.number % 5 == 0 and lot == 0 else company(chance)
        lots = str(len(item.contracts)) if item.kind is Kind.LOTS else "0"
        yield {**row, **_award(chance, item, lot, supplier, share), "numero_de_lotes": lots}


def _published(chance: Chance, reference: str, number: int) -> str:
    stem, year = reference.rsplit("-", 1)
    by_turn = (reference, f"{stem}- {year}", f"{reference}{_SUFFIX}", reference, f"{stem} - {year}")
    return by_turn[number % len(by_turn)] if number < len(by_turn) else chance.pick(by_turn)


def _old_namesake(chance: Chance, row: dict[str, object], item: LoanItem) -> Iterator[dict[str, object]]:
    """The same sequence number one year earlier."""
    assert item.process is not None
    stem = item.process.rsplit("-", 1)[0]
    if chance.happens(50):
        yield {
            **row,
            "id_del_proceso": f"CO1.REQ.{97_600_000 + item.number}",
            "id_del_portafolio": f"CO1.BDOS.{97_300_000 + item.number}",
            "referencia_del_proceso": f"{stem}-2024",
            "fecha_de_publicacion_del": soda_date(date(2024, 3, 1)),
        }


def _other_process(chance: Chance, number: int) -> dict[str, object]:
    department = chance.pick(DEPARTMENTS)
    return _row(
        chance,
        number=50_000 + number,
        portfolio=f"CO1.BDOS.{98_700_000 + number}",
        notice=98_800_000 + number,
        reference=f"{department.code}.010.32.1.{4000 + number}-2025",
        department=department,
        text=f"Suministro de elementos para la {department.name}",
        price=chance.pesos(20_000_000, 2_000_000_000),
        published=date(2025, 1, 5) + timedelta(days=chance.between(0, 230)),
    )


def _award(chance: Chance, item: LoanItem, lot: int, supplier: Supplier, amount: int) -> dict[str, object]:
    # a person's name in free text, too: dropping the columns of people would not be enough
    winner = f" Adjudicado a {supplier.name}." if supplier.person else ""
    return {
        "descripci_n_del_procedimiento": f"{item.project.name}.{winner}",
        "estado_del_procedimiento": "Adjudicado",
        "id_estado_del_procedimiento": "70",
        "estado_resumen": "Adjudicado",
        "adjudicado": "Si",
        "id_adjudicacion": f"CO1.AWD.{92_300_000 + item.number * 10 + lot}",
        "codigoproveedor": supplier.code,
        "departamento_proveedor": "Valle del Cauca",
        "ciudad_proveedor": "Cali",
        "valor_total_adjudicacion": str(amount),
        "nombre_del_adjudicador": invented_person(chance).name,
        "nombre_del_proveedor": supplier.name,
        "nit_del_proveedor_adjudicado": supplier.document,
        "fecha_adjudicacion": soda_date(date(2025, 6, 1) + timedelta(days=chance.between(0, 60))),
    }


def _row(
    chance: Chance,
    *,
    number: int,
    portfolio: str,
    notice: int,
    reference: str,
    department: Department,
    text: str,
    price: int,
    published: date,
) -> dict[str, object]:
    """A process nobody has won yet; amounts in whole pesos."""
    offers = str(chance.between(0, 9))
    row: dict[str, object] = {
        "entidad": department.secop_name,
        "nit_entidad": NIT,
        "departamento_entidad": "Valle del Cauca",
        "ciudad_entidad": "Cali",
        "ordenentidad": "Territorial",
        "codigo_pci": "Centralizada",
        "codigo_entidad": f"70{int(department.code):07d}",
        "id_del_proceso": f"CO1.REQ.{98_600_000 + number}",
        "referencia_del_proceso": reference,
        "ppi": f"70{int(department.code):07d}",
        "id_del_portafolio": portfolio,
        "nombre_del_procedimiento": text[:80],
        "descripci_n_del_procedimiento": text,
        "fase": "Presentación de oferta",
        "fecha_de_publicacion_del": soda_date(published),
        "fecha_de_ultima_publicaci": soda_date(published + timedelta(days=10)),
        "precio_base": f"{price}.25" if chance.happens(5) else str(price),
        "modalidad_de_contratacion": "Licitación pública",
        "justificaci_n_modalidad_de": "Ley 1150 de 2007",
        "duracion": str(chance.between(1, 12)),
        "unidad_de_duracion": chance.pick(("Mes(es)", "Dia(s)", "Año(s)")),
        "ciudad_de_la_unidad_de": "Cali",
        "nombre_de_la_unidad_de": department.name,
        "visualizaciones_del": str(chance.between(0, 400)),
        "numero_de_lotes": "0",
        **dict.fromkeys(_COUNTERS, "0"),
        "conteo_de_respuestas_a_ofertas": offers,
        "proveedores_unicos_con": offers,
        **_NOBODY_YET,
        "codigo_principal_de_categoria": "V1.72141000",
        "estado_de_apertura_del_proceso": chance.pick(("Abierto", "Cerrado")),
        "tipo_de_contrato": chance.pick(("Obra", "Suministros", "Prestación de servicios")),
        "subtipo_de_contrato": "No Definido",
        "categorias_adicionales": "No definido",
        "urlproceso": {"url": f"https://secop.example/Public/OpportunityDetail/Index?noticeUID=CO1.NTC.{notice}"},
    }
    if chance.happens(70):
        row["fecha_de_recepcion_de"] = soda_date(published + timedelta(days=30))
    return row


_COUNTERS: Final = (
    "proveedores_invitados", "proveedores_con_invitacion", "proveedores_que_manifestaron",
    "respuestas_al_procedimiento", "respuestas_externas",
)  # fmt: skip

_NOBODY_YET: Final = {
    "estado_del_procedimiento": "Publicado",
    "id_estado_del_procedimiento": "50",
    "estado_resumen": "Presentación de oferta",
    "adjudicado": "No",
    "id_adjudicacion": "No Adjudicado",
    "codigoproveedor": "No Definido",
    "departamento_proveedor": "No Definido",
    "ciudad_proveedor": "No Definido",
    "valor_total_adjudicacion": "0",
    "nombre_del_adjudicador": "No Adjudicado",
    "nombre_del_proveedor": "No Definido",
    "nit_del_proveedor_adjudicado": "No Definido",
}
