"""The city's spending departments (centros gestores): code, canonical name and the names they go by."""

from dataclasses import dataclass

from etl_kit.text import or_none, plain_key


@dataclass(frozen=True, kw_only=True)
class Organismo:
    """A spending department; `code` has four digits, `name` is the budget's of 2025, `short` fits a chart."""

    code: str
    name: str
    short: str
    aliases: tuple[str, ...] = ()


def _organismo(code: str, name: str, short: str, *aliases: str) -> Organismo:
    return Organismo(code=code, name=name, short=short, aliases=aliases)


ORGANISMOS = (
    _organismo("4112", "Secretaría de Gobierno", "Gobierno"),
    _organismo("4121", "Departamento Administrativo de Gestión Jurídica Pública", "Jurídica", "Gestión Jurídica"),
    _organismo("4123", "Departamento Administrativo de Control Interno", "Control Interno"),
    _organismo(
        "4124",
        "Departamento Administrativo de Control Disciplinario Interno",
        "Control Disciplinario",
        "Departamento Administrativo de Control Disciplinario Interno de Instrucción",
        "Control Disciplinario Interno",
        "Control Disciplinario Interno de Instrucción",
    ),
    # In no budget and no Cuadro 1S; the procurement plan names it under this code (W-31 of 2025).
    _organismo(
        "4125",
        "Departamento Administrativo de Control Disciplinario Interno de Juzgamiento",
        "Juzgamiento",
        "Control Disciplinario Interno de Juzgamiento",
    ),
    _organismo("4131", "Departamento Administrativo de Hacienda", "Hacienda", "Hacienda Municipal"),
    _organismo(
        "4132",
        "Departamento Administrativo de Planeación",
        "Planeación",
        "Departamento Administrativo de Planeación Municipal",
        "Planeación Municipal",
    ),
    _organismo(
        "4133",
        "Departamento Administrativo de Gestión del Medio Ambiente",
        "DAGMA",
        "Departamento Administrativo de Gestión del Medio Ambiente - DAGMA",
        "Departamento Administrativo de Gestión del Medio Ambiente DAGMA",
        "Gestión del Medio Ambiente",
    ),
    _organismo(
        "4134",
        "Departamento Administrativo de Tecnologías de la Información y las Comunicaciones",
        "DATIC",
        "Departamento Administrativo TIC",
        "Departamento Administrativo de las Tecnologías de la Información y las Comunicaciones",
    ),
    _organismo("4135", "Departamento Administrativo de Contratación Pública", "Contratación", "DACP"),
    _organismo("4137", "Departamento Administrativo de Desarrollo e Innovación Institucional", "DADII"),
    _organismo("4143", "Secretaría de Educación", "Educación", "Secretaría de Educación Municipal"),
    _organismo("4145", "Secretaría de Salud Pública", "Salud", "Secretaría de Salud", "Salud Pública"),
    _organismo("4146", "Secretaría de Bienestar Social", "Bienestar", "Bienestar Social"),
    _organismo("4147", "Secretaría de Vivienda Social y Hábitat", "Vivienda", "Vivienda Social y Hábitat"),
    _organismo("4148", "Secretaría de Cultura", "Cultura"),
    _organismo("4151", "Secretaría de Infraestructura", "Infraestructura"),
    _organismo("4152", "Secretaría de Movilidad", "Movilidad"),
    _organismo("4161", "Secretaría de Seguridad y Justicia", "Seguridad", "Seguridad y Justicia"),
    _organismo(
        "4162",
        "Secretaría del Deporte y la Recreación",
        "Deporte",
        "Deportes",
        "Deporte y Recreación",
        "Secretaría de Deporte y Recreación",
    ),
    _organismo(
        "4163",
        "Secretaría de Gestión del Riesgo de Emergencias y Desastres",
        "Riesgo",
        "Riesgos",
        "DAGRD",
        "Secretaría para la Gestión del Riesgo de Emergencias y Desastres",
    ),
    _organismo("4164", "Secretaría de Paz y Cultura Ciudadana", "Paz", "Paz y Cultura Ciudadana"),
    _organismo("4171", "Secretaría de Desarrollo Económico", "Desarrollo Económico"),
    _organismo("4172", "Secretaría de Turismo", "Turismo"),
    _organismo(
        "4173",
        "Secretaría de Desarrollo Territorial y Participación Ciudadana",
        "Participación",
        "Desarrollo Territorial",
        "Desarrollo Terriotiral",
        "Desarrollo Territorial y Participación",
        "Desarrollo Territorial y Participación Ciudadana",
    ),
    _organismo(
        "4181",
        "Unidad Administrativa Especial de Gestión de Bienes y Servicios",
        "Bienes",
        "Bienes y Servicios",
        "UAEGBS",
    ),
    _organismo(
        "4182",
        "Unidad Administrativa Especial de Servicios Públicos",
        "Servicios Públicos",
        "Unidad Administrativa Especial de Servicios Públicos Municipales",
        "Servicios Públicos Municipales",
        "UAESP",
    ),
    _organismo(
        "4183",
        "Unidad Administrativa Especial de Protección Animal",
        "Protección Animal",
        "UAEPA",
    ),
)

BY_CODE = {organismo.code: organismo for organismo in ORGANISMOS}
BY_NAME = {
    plain_key(alias): organismo
    for organismo in ORGANISMOS
    for alias in (organismo.name, organismo.short, *organismo.aliases)
}
ENTITY_PREFIX = "santiago de cali distrito especial - "


def organismo_by_code(code: object) -> Organismo | None:
    """The department of a four-digit code, written as text or as a whole number; None if unknown (5103 is)."""
    said = or_none(code)
    return None if said is None else BY_CODE.get(said.removesuffix(".0"))


def organismo_by_name(name: object) -> Organismo | None:
    """The department of a name, alias or SECOP entity name; None if unknown, never the most similar."""
    said = or_none(name)
    return None if said is None else BY_NAME.get(plain_key(said).removeprefix(ENTITY_PREFIX))


def organismo_name(code: str | None) -> str | None:
    """The canonical name of a code; None if unknown."""
    organismo = organismo_by_code(code)
    return None if organismo is None else organismo.name
