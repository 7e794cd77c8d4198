"""Answers of the field form as its workbook holds them: what people saw around the made-up city's flagship works."""

import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import xlsxwriter

from demo_city.basemaps import URBAN
from demo_city.chance import Chance
from demo_city.people import invented_person
from demo_city.projects import Project

NAME: Final = "centros_gravedad/FORMULARIO DE REGISTRO - OBRAS INVENTADAS (respuestas).xlsx"
SHEET: Final = "Respuestas de formulario 1"
HEADER: Final = (
    "Marca temporal",
    "Cod",
    "Dirección de correo electrónico",
    "DESCRIPCIÓN",
    "NOVEDAD",
    "IMAGEN",
    "COORDENADA X",
    "COORDENADA Y",
    "SITIO",
)
ANSWERS_AT_SCALE_1: Final = 240
FEWEST: Final = 30
MOST: Final = 20_000
"""Nobody walks further because the city's contracts are drawn by the million."""
NOVELTIES: Final = (
    ("BACHE", "Hueco profundo en el carril derecho"),
    ("BACHE", "Calzada deteriorada en toda la cuadra"),
    ("SUMIDERO", "Sumidero tapado por hojas"),
    ("SUMIDERO", "Sumidero sin rejilla"),
    ("Tapa Vía", "Tapa de registro partida"),
    ("LUMINARIA Y/O POSTE EN MAL ESTADO", "Luminaria apagada"),
    ("ANDEN", "Andén levantado por raíces"),
    ("PODA ARBOLES", "Rama baja sobre la vía"),
)
SITES: Final = (
    "1. Parque Samán Inventado",
    "2. IE Colibrí de Papel - Sede Única",
    "3. Vía de la Ceiba",
    "Plaza sin número",
)
TRAPS: Final[tuple[tuple[str, str], ...]] = (
    ("-76,511", "3,40090606N "),
    ("-7651515000", "345486800"),
    ("-76.31417", "3.22298"),
    ("por definir", "por definir"),
    ("76.5329", "3.4434"),
)
"""X and Y of the first answers: a letter behind, a lost point, outside the city, no number, no minus."""

_FIRST: Final = datetime(2025, 8, 4, 8, 0)  # noqa: DTZ001 - the form writes Colombia's clock, without a zone


def files_of_field_reports(seed: int, scale: float, projects: Sequence[Project]) -> dict[str, bytes]:  # noqa: ARG001 - no answer names a project
    """The workbook by its path within the city; the same bytes for the same `seed` and `scale`."""
    count = min(max(FEWEST, round(ANSWERS_AT_SCALE_1 * scale)), MOST)
    chance = Chance(seed, "field_reports")
    rows = [_answer(chance, number) for number in range(1, count + 1)]
    rows.append(rows[-1])  # sent twice
    rows.append([*rows[0][:1], "", *rows[0][2:]])  # without its code
    return {NAME: _workbook(rows)}


def _answer(chance: Chance, number: int) -> list[str]:
    west, south, east, north = (round(degrees * 1e6) for degrees in URBAN)
    lon, lat = (chance.between(west, east) / 1e6, chance.between(south, north) / 1e6)
    x, y = TRAPS[number - 1] if number <= len(TRAPS) else (f"{lon:.6f}", f"{lat:.6f}")
    novelty, description = chance.pick(NOVELTIES)
    moment = _FIRST + timedelta(minutes=7 * number, seconds=chance.between(0, 59))
    return [
        moment.strftime("%Y-%m-%d %H:%M:%S"),
        f"COD{number:04d}",
        invented_person(chance).email,
        description,
        novelty,
        f"https://drive.example.invalid/open?id={number:012X}",
        x,
        y,
        chance.pick(SITES),
    ]


def _workbook(rows: Sequence[Sequence[str]]) -> bytes:
    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False})
    workbook.set_properties({"created": _FIRST})
    sheet = workbook.add_worksheet(SHEET)
    for place, cells in enumerate([HEADER, *rows]):
        for position, cell in enumerate(cells):
            if cell:
                sheet.write_string(place, position, cell)
    workbook.close()
    return buffer.getvalue()
