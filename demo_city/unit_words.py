"""Words for the made-up project units: invented places, and the spellings that the real files have."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Box:
    """A part of the city in degrees: corners, longitude and latitude."""

    west: float
    south: float
    east: float
    north: float


URBAN: Final = Box(west=-76.555, south=3.365, east=-76.475, north=3.485)
"""Within the comunas, whatever their shapes; no unit of the made-up city stands where a real one does on purpose."""

SCHOOLS: Final = (
    "Colibrí de Papel", "Samán Inventado", "Cometa Azul", "Río Imaginado", "Guayacán de Tinta", "Tres Lunas",
    "Barranquero", "Puente Soñado", "Ceiba de Cuento", "La Rayuela", "Mirador Fingido", "El Renacuajo",
    "Semilla Nueva", "Cañaduzal", "Chiminango Alto", "La Cigarra", "Arroyo Claro", "Veranera",
)  # fmt: skip
SITES: Final = ("Principal", "PRINCIPAL", "Sede principal", "La Ronda", "El Trompo", None)
COURTS: Final = (
    "POLIDEPORTIVO LA GOLONDRINA FINGIDA", "CANCHA EL BALÓN DE TRAPO", "UNIDAD RECREATIVA LA MATRACA",
    "CANCHA LOS TRES PALOS", "POLIDEPORTIVO LA PIRINOLA", "PARQUE BIOSALUDABLE EL YOYO",
)  # fmt: skip
PARKS: Final = ("Parque de la Tortuga de Cuerda", "Parque El Barquito", "Zona verde La Perinola", "Parque Las Cometas")
LIBRARIES: Final = ("Biblioteca Pública La Página Suelta", "Biblioteca Comunitaria El Renglón")
BARRIOS: Final = (
    "La Rayuela", "Los Cometas", "El Trompo", "Villa Perinola", "Ciudadela del Yoyo", "Altos de la Matraca",
    "El Barquito", "Nueva Pirinola",
)  # fmt: skip
WORKS: Final = (
    "Adecuaciones en cubiertas", "Recuperación de superficie de cancha múltiple", "Pintura de muros y redes eléctricas",
    "Mantenimiento de cancha sintética", "Construcción de cerramiento",
)  # fmt: skip
STREETS: Final = ("Cra", "Calle", "KR", "CL", "Av", "Diag.", "Transversal")
RURAL: Final = ("Los Andes", "La Elvira", "Golondrinas", "Montebello", "Pance", "Villacarmelo", "Corregimiento 20")
SUBSIDY: Final = "Asignación del Subsidio Inventado de Vivienda para el cierre financiero"
IMPROVEMENT: Final = "Subsidios Inventados de Mejoramiento de Vivienda"
STARTS: Final = (
    "24-06-2025", "10/10/2025", "2025-08-01 00:00:00", "2024", "45896", "1/11/2025", "30/09/2024 ", "2025/08/26",
    None, "Pendiente", "12-nov-24", "INDEFINIDA", "SUSPENCIÓN",
)  # fmt: skip
ENDS: Final = ("2025-12-31 00:00:00", "NaT", 2026, 46006, "15-12-2025", "25/10/2026", None)
FUNDING: Final = (
    "Empréstito", "Empréstito", "Recursos propios", "Empréstito 2025", "Ingresos con destinación específica ",
    "Ingresos libre destinación", "Presupuesto Participativo", "Por balance",
)  # fmt: skip

DRIVE_COLUMNS: Final = (
    "referencia_proceso", "referencia_contrato", "bpin", "identificador", "tipo_equipamiento", "fuente_financiacion",
    "nombre_up", "nombre_up_detalle", "comuna_corregimiento", "tipo_intervencion", "unidad", "cantidad", "direccion",
    "barrio_vereda", "estado", "presupuesto_base", "avance_obra", "ano", "fecha_inicio", "fecha_fin", "lat", "lon",
    "plataforma", "url_proceso", "descripcion_intervencion", "nombre_centro_gestor", "microtio", "dataframe",
    "centros_gravedad",
)  # fmt: skip
BOOK_COLUMNS: Final = (
    "key", "origen_sheet", "bpin", "identificador", "dataframe", "fuente_financiacion", "nickname",
    "nickname_detalle", "centros_gravedad", "comuna_corregimiento", "clase_obra", "subclase", "unidad", "cantidad",
    "direccion", "barrio_vereda", "tipo_intervencion", "descripcion_intervencion", "presupuesto_base", "avance_obra",
    "año", "usuarios", "geom", "lat", "lon",
)  # fmt: skip
