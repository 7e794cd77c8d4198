"""The made-up project units, row by row, with the slips of the pen that the real files have."""

import json
from collections.abc import Sequence
from typing import Final

from demo_city.chance import Chance
from demo_city.people import invented_person
from demo_city.projects import Project
from demo_city.unit_words import (
    BARRIOS,
    COURTS,
    ENDS,
    FUNDING,
    IMPROVEMENT,
    LIBRARIES,
    PARKS,
    RURAL,
    SCHOOLS,
    SITES,
    STARTS,
    STREETS,
    SUBSIDY,
    URBAN,
    WORKS,
)

Row = dict[str, object]
Place = tuple[float, float]

_METRES: Final = 1 / 111_320
OUTSIDE: Final = ((3.531, -76.311), (3.45, -76.15))
"""Two places, latitude first, that are readable and not in the city."""


def equipment_rows(chance: Chance, count: int, projects: Sequence[Project]) -> list[Row]:
    """Rows of obras_equipamientos.xlsx: progress in shares of 1, geometries turned, some cut by a decimal comma."""
    return [_equipment(chance, number, projects) for number in range(count)]


def road_rows(chance: Chance, count: int, projects: Sequence[Project]) -> list[Row]:
    """Rows of obras_lineales.xlsx: lines with a Z of zero as text, no coordinates beside them."""
    return [_road(chance, number, projects) for number in range(count)]


def drive_rows(chance: Chance, count: int, projects: Sequence[Project]) -> list[Row]:
    """Records of unidades_proyecto_drive_2025.json: half are subsidies; every habit of twelve departments."""
    rows = [_subsidy(chance, number) if number % 2 else _work(chance, number, projects) for number in range(count)]
    for number, slip in enumerate(SLIPS):
        rows[2 * number % len(rows)] |= slip
    # As in any sheet that people keep: who to ask stands where it should not.
    rows[0]["descripcion_intervencion"] = f"Informes a {invented_person(chance).email}"
    return rows


SLIPS: Final[tuple[Row, ...]] = (
    {"lat": "3,441143", "lon": "-76,513637"},
    {"lat": "3.443499211", "lon": "76.53292657"},
    {"lat": "345486800", "lon": "-7651515000"},
    {"lat": "34.2065", "lon": "-76.52"},
    {"lat": "3,40090606N ", "lon": "-76,52110"},
    {"lat": "0", "lon": "0"},
    {"lat": "3.22298", "lon": "-76.31417"},
    {"lat": None, "lon": None, "direccion": "Calle 5 # 10-20"},
    {"lat": "por definir", "lon": "por definir"},
    {"bpin": "202476000000000000"},
    {"bpin": "26800001"},
    {"bpin": "2024760010001\n\n2024760010002"},
    {"bpin": "Pendiente", "referencia_contrato": "Pendiente"},
    {"presupuesto_base": "$545,872,098"},
    {"presupuesto_base": "$ 91.233.179,26"},
    {"presupuesto_base": None},
    {"avance_obra": 0.65, "estado": "En ejecución"},
    {"avance_obra": " ", "estado": "Finalizado"},
    {"avance_obra": "cero", "estado": "Socialización"},
    {"avance_obra": "98%", "estado": "En ejecución"},
    {"avance_obra": 120.0, "estado": "En ejecución"},
    {"comuna_corregimiento": "EXPANSION URBANA"},
    {"comuna_corregimiento": "COMUNA 55"},
    {"referencia_contrato": "4143.010.26. 1313-2024, 4143.010.26.1.0943,2025"},
    {"fecha_inicio": "12-nov-24", "fecha_fin": "***Depende de la aprobación de las vigencias"},
    {"microtio": "3,4515963106068757", "dataframe": "-76,51390561781379", "lat": None, "lon": None},
)
"""What is wrong in single records, one slip each."""


def _equipment(chance: Chance, number: int, projects: Sequence[Project]) -> Row:
    sport = number % 4 == 3  # noqa: PLR2004 - one in four
    name = chance.pick(COURTS if sport else SCHOOLS)
    lat, lon = OUTSIDE[number] if number < len(OUTSIDE) else _place_of(name, chance)
    pesos = chance.skewed(20_000_000, 1_200_000_000)
    return {
        "key": 1,
        "origen_sheet": "deportes" if sport else "educacion",
        "bpin": None if sport else chance.pick(projects).bpin,
        "identificador": str(number) if sport else "Grupo Inventado (Empréstito)",
        "dataframe": "DEPORTES.xlsx" if sport else "Instituciones inventadas.xlsx",
        "fuente_financiacion": None if sport else chance.pick(FUNDING),
        "nickname": name,
        "nickname_detalle": None if sport else chance.pick(SITES),
        "centros_gravedad": 0,
        "comuna_corregimiento": f"COMUNA {chance.between(1, 22)}",
        "clase_obra": "Infraestructura Deportiva" if sport else "Infraestructura Educativa",
        "subclase": None if sport else "Adecuaciones por emergencias",
        "unidad": "UND",
        "cantidad": 1,
        "direccion": _address(chance),
        "barrio_vereda": chance.pick(BARRIOS),
        "tipo_intervencion": chance.pick(("Adecuación", "Mantenimiento", "Reposición", "Obra Nueva")),
        "descripcion_intervencion": chance.pick(WORKS),
        "presupuesto_base": None if chance.happens(30) else pesos + (0.600000024 if chance.happens(20) else 0),
        "avance_obra": None if sport else chance.pick((0, 0, 0.1, 0.48, 0.5, 0.85, 0.99, 1)),
        "año": chance.pick((2024, 2025, 2026)),
        "usuarios": chance.between(200, 3000) if chance.happens(25) else None,
        "geom": _turned_geometry(lat, lon, cut=sport),
        "lat": lat,
        "lon": lon,
    }


def _road(chance: Chance, number: int, projects: Sequence[Project]) -> Row:
    lat, lon = _somewhere(chance)
    points = _stretch(chance, (lat, lon))
    rural = number % 2 == 0
    return {
        "key": 1,
        "origen_sheet": "infraestructura",
        "bpin": chance.pick(projects).bpin,
        "identificador": f"FID {number % 50}",
        "dataframe": "Malla Vial",
        "fuente_financiacion": chance.pick(("Empréstito", "POAI 2025")),
        "nickname": f"{chance.pick(STREETS).upper()} {number + 200} ENTRE CARRERAS {number + 201} Y {number + 202}",
        "nickname_detalle": None,
        "centros_gravedad": 0,
        "comuna_corregimiento": chance.pick(RURAL) if rural else f"COMUNA {chance.between(1, 22)}",
        "clase_obra": "Obras de Infraestructura Vial",
        "subclase": None,
        "unidad": "m",
        "cantidad": None if chance.happens(33) else chance.between(50_000, 900_000) / 1000,
        "direccion": None,
        "barrio_vereda": "Vereda",
        "tipo_intervencion": chance.pick(("Mantenimiento y/o Mejoramiento Vial", "Construcción de Cunetas")),
        "descripcion_intervencion": None,
        "presupuesto_base": chance.skewed(90_000_000, 900_000_000),
        "avance_obra": None,
        "año": 2025,
        "usuarios": None,
        "geom": json.dumps({"type": "LineString", "coordinates": [[x, y, 0.0] for y, x in points]}),
        "lat": None,
        "lon": None,
    }


def _work(chance: Chance, number: int, projects: Sequence[Project]) -> Row:
    kind, name, department = chance.pick(
        (
            ("Institución Educativa", f"I.E. {chance.pick(SCHOOLS)}", "Secretaría de Educación"),
            ("Infraestructura cultural ", chance.pick(LIBRARIES), "Secretaría de Cultura"),
            ("Infraestructura recreo deportiva", chance.pick(COURTS), "Secretaría del Deporte y la Recreación"),
            ("Parques y zonas verdes", chance.pick(PARKS), "Departamento Administrativo de Gestión del Medio Ambiente"),
            ("Adquisición predios", f"Compra de predios {chance.pick(BARRIOS)}", None),
        )
    )
    lat, lon = _place_of(name.removeprefix("I.E. "), chance)
    project = chance.pick(projects)
    pesos = chance.skewed(1_000_000, 900_000_000)
    done = chance.pick((0, 0.0, 0.0, 2, 20, 48.0, 77.6, 80, 92.0, 100, 100.0))
    return {
        "referencia_proceso": f"4143.010.32.1.{number + 100:04d}-2025",
        "referencia_contrato": f"4143.010.26.1.{number + 200:04d}-2025" if chance.happens(60) else None,
        "bpin": project.bpin,
        "identificador": "Grupo 49 sedes inventadas (Empréstito)",
        "tipo_equipamiento": kind,
        "fuente_financiacion": chance.pick(FUNDING),
        "nombre_up": name,
        "nombre_up_detalle": chance.pick(SITES),
        "comuna_corregimiento": f"COMUNA {chance.between(1, 22):02d}",
        "tipo_intervencion": chance.pick(("Obra nueva", "Adecuaciones y mantenimientos", "Mantenimiento")),
        "unidad": "UND",
        "cantidad": 1.0,
        "direccion": _address(chance),
        "barrio_vereda": chance.pick(BARRIOS),
        "estado": "Finalizado" if done == 100 else "En ejecución" if done else "En alistamiento",  # noqa: PLR2004
        "presupuesto_base": float(pesos) if chance.happens(50) else pesos,
        "avance_obra": done,
        "ano": chance.pick((2024.0, 2025.0, 2026.0, None)),
        "fecha_inicio": chance.pick(STARTS),
        "fecha_fin": chance.pick(ENDS),
        "lat": str(lat) if chance.happens(80) else str(lat).replace(".", ","),
        "lon": str(lon),
        "plataforma": "SECOP II",
        "url_proceso": f"https://community.secop.gov.co/Public/Tendering/OpportunityDetail/Index?noticeUID=INV.{number}",
        "descripcion_intervencion": chance.pick((None, *WORKS)),
        "nombre_centro_gestor": department,
        "microtio": None,
        "dataframe": None,
        "centros_gravedad": False,
    }


def _subsidy(chance: Chance, number: int) -> Row:
    """A beneficiary group: rows agree in everything but where, and some in that too."""
    new = number % 6 != 5  # noqa: PLR2004 - one in three improves a house
    lat, lon = _somewhere(chance)
    name = SUBSIDY if new else IMPROVEMENT
    return {
        "referencia_proceso": "4244.0.9.10.231-2025",
        "referencia_contrato": None,
        "bpin": "2024760010165" if new else "2024760010168",
        "identificador": "Subsidios para cierre financiero" if new else "Subsidios de Mejoramiento de Vivienda",
        "tipo_equipamiento": "Vivienda nueva" if new else "Vivienda mejoramiento",
        "fuente_financiacion": "Empréstito" if new else "Recursos propios",
        "nombre_up": name,
        "nombre_up_detalle": name,
        "comuna_corregimiento": chance.pick(("EXPANSION URBANA", "COMUNA 8", "COMUNA 08", "COMUNA 13")),
        "tipo_intervencion": "Obra nueva" if new else "Adecuaciones y mantenimientos",
        "unidad": "UND",
        "cantidad": 1.0,
        "direccion": f"DIRECCION-{chance.between(1, 12):06X}",
        "barrio_vereda": f"Plan Parcial {chance.pick(BARRIOS)}",
        "estado": "En alistamiento",
        "presupuesto_base": 21921900.0 if new else 12345678.0,
        "avance_obra": 0.0,
        "ano": 2025.0,
        "fecha_inicio": "24-06-2025",
        "fecha_fin": "2025-11-30 00:00:00",
        "lat": f"{lat:.3f}",
        "lon": f"{lon:.3f}",
        "plataforma": None,
        "url_proceso": None,
        "descripcion_intervencion": None,
        "nombre_centro_gestor": "Secretaría de Vivienda Social y Habitat",
        "microtio": None,
        "dataframe": None,
        "centros_gravedad": False,
    }


def layer_rows(chance: Chance, count: int) -> list[tuple[list[Place], Row]]:
    """Road stretches with their attributes: BPIN as a float without its last digit, money and per cent as text."""
    return [_layer_row(chance, number) for number in range(count)]


def _layer_row(chance: Chance, number: int) -> tuple[list[Place], Row]:
    points = _stretch(chance, _somewhere(chance))
    pesos = f"{chance.skewed(700_000, 640_000_000, step=1):,}".replace(",", ".")
    comuna = chance.between(1, 22)
    attributes: Row = {
        "Id_1": number,
        "FID_1": number,
        "Dirección": f"CALLE {number // 2 + 300} ENTRE CARRERAS {number // 2 + 301} Y {number // 2 + 302}",
        "Barrio": chance.pick(BARRIOS).upper(),
        "Comuna": chance.pick((f"COMUNA {comuna}", str(comuna), "COMUNA 6 - COMUNA 4", "PANCE")),
        "Tipo_Infra": chance.pick(("VIA LOCAL", "VÍA LOCAL", "VIA ARTERIA PRINCIPAL", "NO REPORTADO")),
        "Tipo_Int_1": chance.pick(("BACHEO", "BACHEO", "RECARPETEO", "FRESADO", "")),
        "Longitud": float(chance.between(10, 700)),
        "Año": 2024,
        "X_INICIA_1": 0.0 if chance.happens(8) else points[0][1],
        "Y_INICIA_1": points[0][0],
        "F__AVANCE": "100,00%",
        "ESTADO": "FINALIZADO",
        "BP": "BP26700001",
        "Nompre_BP": "Conservación inventada de la malla vial",
        "BPIN": 2023760010180.0,
        "VALOR_INTE": f" $ {pesos},{chance.between(0, 99):02d}",
    }
    return points, attributes


def _address(chance: Chance) -> str:
    return f"{chance.pick(STREETS)} {chance.between(1, 99)} # {chance.between(1, 90)}-{chance.between(10, 99)}"


def _somewhere(chance: Chance) -> Place:
    """Latitude and longitude within the comunas, to six decimals."""
    lat = chance.between(round(URBAN.south * 1e6), round(URBAN.north * 1e6)) / 1e6
    lon = chance.between(round(URBAN.west * 1e6), round(URBAN.east * 1e6)) / 1e6
    return lat, lon


def _place_of(name: str, chance: Chance) -> Place:
    """Where the thing of this name stands: the same place each time, but for some metres."""
    lat, lon = _somewhere(Chance(0, f"place/{name}"))
    return round(lat + chance.between(-8, 8) * _METRES, 6), round(lon + chance.between(-8, 8) * _METRES, 6)


def _stretch(chance: Chance, start: Place) -> list[Place]:
    lat, lon = start
    points = [start]
    for _step in range(chance.between(1, 5)):
        lat, lon = round(lat + chance.between(2, 9) / 1e4, 6), round(lon - chance.between(2, 9) / 1e4, 6)
        points.append((lat, lon))
    return points


def _turned_geometry(lat: float, lon: float, *, cut: bool) -> str:
    """A point with latitude first, as the real file has it; `cut` where a decimal comma became a separator."""
    if not cut:
        return json.dumps({"type": "Point", "coordinates": [lat, lon]})
    pieces = ", ".join(f"{value:.6f}".replace(".", ", ") for value in (lat, lon))
    return f'{{"type": "Point", "coordinates": [{pieces}]}}'
