"""Lines of the procurement plan of the made-up city, by the headers of the original."""

from datetime import date, timedelta
from typing import Final

from demo_city.catalogue import FUNDS, LOAN_FUND, POSPRES, SHORT_NAMES, STEPS, Department
from demo_city.chance import Chance
from demo_city.loan import LoanItem, notice_number
from demo_city.people import invented_person
from demo_city.projects import Project

FIRST_LOAN_ID: Final = 18_900
"""As in the loan's index: item n is line 18 900 + n."""

HEADERS: Final = (
    "CODIGO ORGANISMO", "ORGANISMO", "DESCRIPCION", "VIGENCIA", "FECHA INICIO", "FECHA OFERTA", "DURACION VALOR",
    "DURACION INTERVALO", "MODALIDAD", "FUENTE RECURSOS", "FUENTE RECURSOS-VALOR", "ELEMENTO PEP",
    "DESCRIPCION ELEMENTO PEP", "POSPRE", "NOMBRE POSPRE", "VALOR ACTIVIDAD", "VALOR DISPONIBLE", "VALOR APROPIADO",
    "VALOR TOTAL ESTIMADO", "VALOR VIGENCIA ACTUAL", "VIGENCIAS FUTURAS", "ESTADO VIGENCIAS", "ID",
    "TIPO DE SOLICITUD", "CATEGORIA", "SUBCATEGORIA", "INCLUSION SOCIAL", "ID PAA", "ESTADO", "FUENTE RECURSOS FINAL",
    "FUNCIONAMIENTO REAL ESTIMADO", "INVERSIÓN REAL ESTIMADO", "NÚMERO MODIFICACIONES", "TIENE PROCESO",
    "TIPO DE PLATAFORMA", "LINK DEL PROCESO", "VENCIDA", "JUSTIFICACIÓN VENCIDA", "NOMBRE ABREVIADO",
    "FECHA DE FIRMA DE CONTRATO", "FONDO", "PRESUPUESTO PARTICIPATIVO", "ORIGEN", "COMUNA", "PROYECTO",
    "PPTO. DISPONIBLE", "RPC", "DELEGACIONES", "ELEMENTO PEP 2", "LLAVE", "CDP BLOQUEADO", "EMPRÉSTITO",
)  # fmt: skip

Cell = str | int | date | None
Line = dict[str, Cell]

_MONTHS: Final = (
    "Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio", "Julio", "Agosto", "Septiembre", "Octubre", "Noviembre",
    "Diciembre",
)  # fmt: skip
_OWN: Final = "Inversión con Recursos propios"
_SGP: Final = "Inversión - Sistema General de Participaciones"
_CREDIT: Final = "Inversión - Recursos de crédito"
_RUNNING: Final = "Funcionamiento con Recursos propios"
_NO_MONEY: Final = "No Tiene Erogacion Presupuestal"
_SERVICES: Final = "Contratación Directa - Prestación de Servicios Profesionales y Apoyo a la Gestión (Persona Natural)"
_WAYS: Final = (
    "Mínima Cuantía", "Selección Abreviada Menor Cuantía", "Licitación pública", "Concurso de Méritos Abierto",
    "Selección abreviada - Acuerdo Marco de Precios ", "Contratación Directa - Único Proveedor ",
)  # fmt: skip
_KINDS: Final = (
    ("Servicios", "Servicios comunitarios y sociales"),
    ("Bienes", "Equipos tecnologicos y perifericos ETP"),
    ("Obras", "Adecuación de insfraestructura física"),
)
_YEAR: Final = 2025


def loan_line(chance: Chance, item: LoanItem) -> Line:
    """An item of the loan as a line of the plan; some pay a part from own money."""
    own = chance.share(item.value, 5, 20) if item.number % 6 == 0 else 0
    shares: dict[str, int | None] = {_CREDIT: item.value - own}
    if own:
        shares[_OWN] = own
    line = _line(chance, FIRST_LOAN_ID + item.number, item.project, item.value, shares)
    published = item.process is not None
    notice = "https://community.secop.gov.co/Public/Tendering/OpportunityDetail/Index?noticeUID=CO1.NTC.{}"
    return line | {
        "FONDO": LOAN_FUND.name,
        "EMPRÉSTITO": "SI",
        "TIENE PROCESO": "SI" if published else "NO",
        "TIPO DE PLATAFORMA": "SECOP II" if published else None,
        "LINK DEL PROCESO": notice.format(notice_number(item)) if published else None,
        "FECHA DE FIRMA DE CONTRATO": _signed(chance) if item.contracts else None,
        "RPC": _commitment(chance) if item.contracts else None,
    }


def other_line(chance: Chance, number: int, project: Project) -> Line:
    """The line with the ID `number`: by its place running costs, without money, of two sources, or plain."""
    value = chance.skewed(8_000_000, 4_000_000_000)
    match number % 12:
        case 0:
            line = _line(chance, number, project, value, {_RUNNING: value})
            return _without_project(line) | {"FONDO": "FUNCIONAMIENTO"}
        case 1:
            line = _line(chance, number, project, 0, {_NO_MONEY: None})
            return _without_project(line) | {"FONDO": "NO TIENE EROGACIÓN PRESUPUESTAL"}
        case 2 | 3:
            part = chance.share(value, 20, 60)
            line = _line(chance, number, project, value, {_SGP: value - part, _OWN: part})
        case _:
            line = _line(chance, number, project, value, {_OWN: value})
    if number % 5 == 0:
        return line | _services()
    if chance.happens(60):
        return line | _process(chance, number)
    return line


def _line(chance: Chance, number: int, project: Project, value: int, shares: dict[str, int | None]) -> Line:
    department = project.department
    category, subcategory = chance.pick(_KINDS)
    start = chance.between(1, 11)
    future = chance.happens(4)
    late = start <= 6 and chance.happens(40)  # noqa: PLR2004 - months past at the cut
    step = f"{project.bp}{chance.between(1, 40):02d}10101"
    running = sum(part or 0 for source, part in shares.items() if source == _RUNNING)
    line: Line = dict.fromkeys(HEADERS)
    return line | {
        "CODIGO ORGANISMO": int(department.code),
        "ORGANISMO": department.name,
        "DESCRIPCION": f"CONTRATAR {chance.pick(STEPS).upper()} - {project.name}",
        "VIGENCIA": _YEAR,
        "FECHA INICIO": _MONTHS[start - 1],
        "FECHA OFERTA": _MONTHS[start],
        "DURACION VALOR": chance.between(1, 10),
        "DURACION INTERVALO": "Dias" if chance.happens(5) else "Meses",
        "MODALIDAD": chance.pick(_WAYS),
        "FUENTE RECURSOS": ";".join(shares),
        "FUENTE RECURSOS-VALOR": ";".join(f"{name}/{'' if part is None else part}" for name, part in shares.items()),
        "ELEMENTO PEP": step,
        "DESCRIPCION ELEMENTO PEP": chance.pick(STEPS),
        "POSPRE": int(chance.pick(POSPRES)[0].replace("-", "")),
        "VALOR ACTIVIDAD": value,
        "VALOR DISPONIBLE": chance.share(value, 0, 50),
        "VALOR APROPIADO": value,
        "VALOR TOTAL ESTIMADO": value,
        "VALOR VIGENCIA ACTUAL": value // 2 if future else value,
        "VIGENCIAS FUTURAS": "SI" if future else "NO",
        "ESTADO VIGENCIAS": "Solicitada" if future else "No Solicitada",
        "ID": number,
        "TIPO DE SOLICITUD": "Solicitud de inclusion",
        "CATEGORIA": category,
        "SUBCATEGORIA": subcategory,
        "INCLUSION SOCIAL": "IS - Mujer Cabeza da Familia;SA - Mobiliario" if chance.happens(9) else "No Aplica",
        "ID PAA": 1449,
        "ESTADO": "Aprobada",
        "FUENTE RECURSOS FINAL": "Funcionamiento" if running else "Inversión",
        "FUNCIONAMIENTO REAL ESTIMADO": running,
        "INVERSIÓN REAL ESTIMADO": value - running,
        "TIENE PROCESO": "NO",
        "VENCIDA": "SI" if late else None,
        "JUSTIFICACIÓN VENCIDA": _excuse(chance) if late else None,
        "NOMBRE ABREVIADO": _short(department),
        "FONDO": chance.pick(FUNDS).name,
        "PRESUPUESTO PARTICIPATIVO": step if project.comuna else None,
        "ORIGEN": "Territorio" if project.comuna else None,
        "COMUNA": project.comuna,
        "PPTO. DISPONIBLE": chance.share(value, 0, 30),
        "DELEGACIONES": number if chance.happens(3) else None,
        "ELEMENTO PEP 2": project.bp,
        "LLAVE": f"{project.bp}-{number}",
        "CDP BLOQUEADO": f"{project.bp}-{number}" if chance.happens(20) else None,
    }


def _without_project(line: Line) -> Line:
    """Running costs have no activity: formulas leave empty texts, and the key only its end."""
    empty = (
        "ELEMENTO PEP",
        "DESCRIPCION ELEMENTO PEP",
        "POSPRE",
        "CDP BLOQUEADO",
        "ORIGEN",
        "COMUNA",
        "PPTO. DISPONIBLE",
    )
    blank = ("ELEMENTO PEP 2", "VALOR ACTIVIDAD", "VALOR DISPONIBLE", "VALOR APROPIADO")
    gone: Line = dict.fromkeys((*empty, "PRESUPUESTO PARTICIPATIVO"))
    return line | gone | dict.fromkeys(blank, "") | {"LLAVE": f"-{line['ID']}"}


def _services() -> Line:
    """A line that stands for many service contracts says so instead of a link, a date and a commitment."""
    return {
        "MODALIDAD": _SERVICES,
        "TIENE PROCESO": "SI",
        "TIPO DE PLATAFORMA": "SECOP II",
        "LINK DEL PROCESO": "PS",
        "FECHA DE FIRMA DE CONTRATO": "PS",
        "RPC": "PS",
    }


def _process(chance: Chance, number: int) -> Line:
    order = number % 9 == 0
    link = "https://community.secop.gov.co/Public/Tendering/OpportunityDetail/Index?noticeUID=CO1.NTC.{}&isModal=False"
    other = "https://www.colombiacompra.gov.co/tienda-virtual-del-estado-colombiano/ordenes-compra/{}"
    log_in = "https://community.secop.gov.co/STS/Users/Login/Index"
    address = (other if order else link).format(97_000_000 + number)
    signed = chance.happens(60)
    return {
        "TIENE PROCESO": "SI",
        "TIPO DE PLATAFORMA": "TIENDA VIRTUAL" if order else "SECOP II",
        "LINK DEL PROCESO": log_in if number % 16 == 7 else address,  # noqa: PLR2004
        "FECHA DE FIRMA DE CONTRATO": _signed(chance) if signed else None,
        "RPC": _commitment(chance) if signed else None,
    }


def _signed(chance: Chance) -> Cell:
    if chance.happens(4):
        return "AUN NO CUENTA CON CONTRATO"
    return date(_YEAR, 1, 20) + timedelta(days=chance.between(0, 180))


def _commitment(chance: Chance) -> Cell:
    number = 4_500_900_000 + chance.between(0, 99_998)
    return f"{number}\n{number + 1}" if chance.happens(4) else number


def _excuse(chance: Chance) -> str:
    if chance.happens(8):
        return f"Se solicitó modificación; escribir a {invented_person(chance).email}"
    return "Sin Justificación\n"


def _short(department: Department) -> str:
    return SHORT_NAMES.get(department.code, department.name.split()[-1])


def changed(line: Line) -> Line:
    """The line after a modification, in the spellings that those have."""
    return line | {"TIPO DE SOLICITUD": "solicitud de modificacion", "NÚMERO MODIFICACIONES": 1, "ESTADO": "Aprobado"}
