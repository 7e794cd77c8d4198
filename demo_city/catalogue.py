"""What the made-up city shares with the real one: departments, plans, funds, banks; and words for the rest."""

from dataclasses import dataclass
from typing import Final

NIT: Final = "890399011"
"""The one legal entity under which every department buys."""

ENTITY: Final = "SANTIAGO DE CALI DISTRITO ESPECIAL"
OTHER_NIT: Final = "999900000"
"""Another, made-up entity that uses the same reference numbers: a filter by NIT must leave it out."""


@dataclass(frozen=True, kw_only=True)
class Department:
    """A centro gestor: 4-digit code, its name in the budget and, in capitals, in SECOP."""

    code: str
    name: str

    @property
    def secop_name(self) -> str:
        """The name under which it buys, as SECOP II writes it."""
        return f"{ENTITY} - {self.name.upper()}"


DEPARTMENTS: Final = tuple(
    Department(code=code, name=name)
    for code, name in (
        ("4112", "Secretaría de Gobierno"),
        ("4121", "Departamento Administrativo de Gestión Jurídica Pública"),
        ("4123", "Departamento Administrativo de Control Interno"),
        ("4124", "Departamento Administrativo de Control Disciplinario Interno"),
        ("4131", "Departamento Administrativo de Hacienda"),
        ("4132", "Departamento Administrativo de Planeación"),
        ("4133", "Departamento Administrativo de Gestión del Medio Ambiente"),
        ("4134", "Departamento Administrativo de Tecnologías de la Información y las Comunicaciones"),
        ("4135", "Departamento Administrativo de Contratación Pública"),
        ("4137", "Departamento Administrativo de Desarrollo e Innovación Institucional"),
        ("4143", "Secretaría de Educación"),
        ("4145", "Secretaría de Salud Pública"),
        ("4146", "Secretaría de Bienestar Social"),
        ("4147", "Secretaría de Vivienda Social y Hábitat"),
        ("4148", "Secretaría de Cultura"),
        ("4151", "Secretaría de Infraestructura"),
        ("4152", "Secretaría de Movilidad"),
        ("4161", "Secretaría de Seguridad y Justicia"),
        ("4162", "Secretaría del Deporte y la Recreación"),
        ("4163", "Secretaría de Gestión del Riesgo de Emergencias y Desastres"),
        ("4164", "Secretaría de Paz y Cultura Ciudadana"),
        ("4171", "Secretaría de Desarrollo Económico"),
        ("4172", "Secretaría de Turismo"),
        ("4173", "Secretaría de Desarrollo Territorial y Participación Ciudadana"),
        ("4181", "Unidad Administrativa Especial de Gestión de Bienes y Servicios"),
        ("4182", "Unidad Administrativa Especial de Servicios Públicos"),
        ("4183", "Unidad Administrativa Especial de Protección Animal"),
    )
)


@dataclass(frozen=True, kw_only=True)
class Fund:
    """A funding source: code, name and class as the budget prints them (some names end in a blank)."""

    code: str
    name: str
    classification: str
    loan: bool = False


_OWN: Final = "Recursos Propios de Libre Destinación"
_EARMARKED: Final = "Recursos Propios con Destinacion Especifica"
_SGP: Final = "Recursos con Destinación específica del SGP"
_OTHER: Final = "Otros Recursos con Destinación Especifica"

FUNDS: Final = (
    Fund(code="121000", name="Ingresos corrientes de Libre Destinación", classification=_OWN),
    Fund(code="121002", name="Estampilla procultura ", classification=_EARMARKED),
    Fund(code="121018", name="Coljuegos  25%", classification=_EARMARKED),
    Fund(code="121033", name="ICLD LEY 99 - Destino Ambiental ", classification=_EARMARKED),
    Fund(code="134101", name="SGP-Educación-Prestación de servicios CSF", classification=_SGP),
    Fund(code="134216", name="SGP-Salud-Salud pública 11/12", classification=_SGP),
    Fund(code="143001", name="Otras transferencias", classification=_OTHER),
)
LOAN_FUND: Final = Fund(
    code="151001", name="Recursos del crédito interno - empréstito", classification=_OTHER, loan=True
)
BALANCE_FUND: Final = Fund(code="221000", name="R.B. Ingresos Corrientes de Libre Destinación ", classification=_OWN)


@dataclass(frozen=True, kw_only=True)
class PlanBranch:
    """One path down the development plan: three levels with code and name each."""

    top: tuple[str, str]
    middle: tuple[str, str]
    bottom: tuple[str, str]


PLAN_2024_2027: Final = (
    PlanBranch(
        top=("61", "Cali Renovada y Social"),
        middle=("6101", "Cuidado y bienestar"),
        bottom=("6101001", "Barrios que cuidan"),
    ),
    PlanBranch(
        top=("61", "Cali Renovada y Social"),
        middle=("6102", "Educación y cultura para la vida"),
        bottom=("6102001", "Escuelas abiertas"),
    ),
    PlanBranch(
        top=("62", "Cali Sostenible"),
        middle=("6201", "Movilidad y espacio público"),
        bottom=("6201003", "Vías renovadas"),
    ),
    PlanBranch(
        top=("62", "Cali Sostenible"),
        middle=("6202", "Agua, ríos y cerros"),
        bottom=("6202002", "Ríos limpios"),
    ),
    PlanBranch(
        top=("63", "Cali con Buen Gobierno"),
        middle=("6301", "Gobierno abierto y transparente"),
        bottom=("6301002", "Gobierno abierto"),
    ),
)
PLAN_2020_2023: Final = (
    PlanBranch(
        top=("51", "Cali, Inteligente para la Vida"),
        middle=("5101", "Territorio Inteligente"),
        bottom=("5101001", "Infraestructura Tecnológica  "),
    ),
    PlanBranch(
        top=("52", "Cali, Solidaria por la Vida"),
        middle=("5203", "Territorios para la Vida"),
        bottom=("5203001", "Vivienda Social y Habitabilidad"),
    ),
    PlanBranch(
        top=("54", "Cali, Gobierno Incluyente"),
        middle=("5401", "Transición hacia Distrito Especial"),
        bottom=("5401002", "Cooperación Técnica para el Desarrollo Distrital  "),
    ),
)

POSPRES: Final = (
    ("2-320202008", "Servicios prestados a las empresas y servicios de producción "),
    ("2-320202005", "Construcción y servicios de la construcción "),
    ("2-3201010030", "Maquinaria y equipo "),
    ("2-320202009", "Servicios para la comunidad, sociales y personales "),
)
MGA_PRODUCTS: Final = (
    ("4599031", "Servicio de asistencia técnica"),
    ("2402114", "Vía urbana mejorada"),
    ("1903016", "Servicio de promoción"),
)
AREAS: Final = (*(f"COMUNA {number}" for number in range(1, 23)), "EL HORMIGUERO", "LA BUITRERA", "PICHINDÉ")

ACTIONS: Final = ("Fortalecimiento", "Mejoramiento", "Recuperación", "Implementación", "Modernización", "Adecuación")
THINGS: Final = (
    "de la infraestructura vial", "de los parques y zonas verdes", "de la red de bibliotecas",
    "de las sedes educativas", "de los escenarios deportivos", "de la plataforma tecnológica",
    "de la atención a la primera infancia",
    "de la gestión del riesgo", "de las plazas de mercado", "del alumbrado de senderos", "de la red de salud pública",
)  # fmt: skip
STEPS: Final = (
    "Realizar el diagnóstico", "Ejecutar las obras", "Realizar la interventoría", "Suministrar los elementos",
    "Acompañar a las comunidades", "Hacer seguimiento a la ejecución", "Elaborar los estudios y diseños",
)  # fmt: skip

BANKS: Final = (
    "Bancolombia", "Bancolombia", "Bancolombia", "DAVIVIENDA", "DAVIVIENDA", "Davivienda", "BBVA",
    "DAVIVIENDA-Otro Si", "Banco de Occidente", "IFC",
)  # fmt: skip
SHORT_NAMES: Final = {
    "4134": "DATIC", "4143": "Educación", "4147": "Vivienda", "4148": "cultura", "4151": "Infraestructura",
    "4162": "Deportes", "4163": "Riesgos", "4146": "Bienestar Social", "4171": "Desarrollo Económico",
    "4173": "Participación", "4181": "Bienes",
}  # fmt: skip
"""Departments that spend the loan, with the short names of the loan index (casing as careless as there)."""

DEPARTMENT_BY_CODE: Final = {department.code: department for department in DEPARTMENTS}
