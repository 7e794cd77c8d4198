"""The categories of project units: one table per column from what is written to what is meant.

What a table does not know stays as it is written and is counted: never the most similar category.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from etl_kit.text import NULL_WORDS, plain_column, plain_key

TERMINADO: Final = "Terminado"
EN_EJECUCION: Final = "En ejecución"
EN_ALISTAMIENTO: Final = "En alistamiento"
SUSPENDIDO: Final = "Suspendido"
SUBSIDIOS: Final = "Subsidios"
OBRAS_EQUIPAMIENTOS: Final = "Obras equipamientos"
OBRA_VIAL: Final = "Obra vial"
ESPACIO_PUBLICO: Final = "Espacio Público"
MANTENIMIENTO: Final = "Mantenimiento"
ESTUDIOS: Final = "Estudios y diseños"
TRANSFERENCIA: Final = "Transferencia directa"
VIVIENDA_NUEVA: Final = "Vivienda nueva"
VIVIENDA_MEJORAMIENTO: Final = "Vivienda mejoramiento"
ADQUISICION_PREDIOS: Final = "Adquisición predios"
SENALIZACION: Final = "Señalización vial"
IPS: Final = "IPS"


NOT_SAID: Final = (*sorted(NULL_WORDS - {"0"}), "no reportado", "por definir")
"""Words that stand in a cell of a category and name none."""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The accepted names of one column, and what else they are called."""

    names: tuple[str, ...]
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def meant(self) -> dict[str, str]:
        """Plain key → accepted name."""
        return {plain_key(name): name for name in self.names} | {plain_key(k): name for k, name in self.also.items()}

    def read(self, column: str) -> pl.Expr:
        """The accepted name of each text, or the text itself, tidied, where the table does not know it."""
        text = pl.when(~plain_column(tidy(column)).is_in(NOT_SAID)).then(tidy(column))
        return plain_column(text).replace_strict(self.meant, default=text, return_dtype=pl.String)

    def unknown(self, texts: pl.Series) -> dict[str, int]:
        """How often each text outside the catalogue stands in `texts`, by text."""
        strange = texts.drop_nulls().filter(~texts.drop_nulls().is_in(self.names))
        counts = strange.value_counts().rows()
        return dict(sorted(counts))


def tidy(column: str) -> pl.Expr:
    """Text with single spaces; NULL where nothing is left."""
    text = pl.col(column).str.replace_all(r"\s+", " ").str.strip_chars()
    return pl.when(text != "").then(text)


ESTADO: Final = Catalogue(
    names=(
        EN_ALISTAMIENTO,
        EN_EJECUCION,
        "Inaugurado",
        SUSPENDIDO,
        TERMINADO,
        "En liquidación",
        "Proyectado",
        "Socialización",
    ),
    also={
        "Finalizado": TERMINADO,
        "Terminada": TERMINADO,
        "Entregado": TERMINADO,
        "Ejecución": EN_EJECUCION,
        "Alistamiento": EN_ALISTAMIENTO,
        "Suspendida": SUSPENDIDO,
        "Suspensión": SUSPENDIDO,
        "Suspención": SUSPENDIDO,
        "Inaugurada": "Inaugurado",
    },
)
KEPT_STATES: Final = (SUSPENDIDO, "Inaugurado", "En liquidación", "Proyectado", "Socialización")
"""States that progress does not tell: they stay as declared."""

CLASE: Final = Catalogue(
    names=(
        "Adquisición predial",
        "Demarcación vial",
        "Dotaciones",
        ESPACIO_PUBLICO,
        ESTUDIOS,
        "Interventoria",
        OBRA_VIAL,
        "Obras de Arte (civil)",
        OBRAS_EQUIPAMIENTOS,
        SUBSIDIOS,
    ),
    also={
        "Infraestructura Educativa": OBRAS_EQUIPAMIENTOS,
        "Infraestructura Deportiva": OBRAS_EQUIPAMIENTOS,
        "Obras de Infraestructura Vial": OBRA_VIAL,
        "Via local": OBRA_VIAL,
        "Via arteria principal": OBRA_VIAL,
        "Via arteria secundaria": OBRA_VIAL,
        "Via colectora": OBRA_VIAL,
        "Via rural": OBRA_VIAL,
        "Via interregional": OBRA_VIAL,
        "Camino o sendero": OBRA_VIAL,
        "Obra de arte": "Obras de Arte (civil)",
        "Interventoría": "Interventoria",
        "Subsidio": SUBSIDIOS,
    },
)
TIPO_EQUIPAMIENTO: Final = Catalogue(
    names=(
        ADQUISICION_PREDIOS,
        "Bibliotecas",
        "CAD",
        "CALIS",
        "Canchas",
        "Casas de Justicia",
        "Centros Culturales",
        "Eco parques",
        "Estaciones de policía",
        "Fuentes y monumentos",
        IPS,
        "Infraestructura cultural",
        "Infraestructura recreo deportiva",
        "Infraestructura vial",
        "Instituciones Educativas",
        "Parques y zonas verdes",
        "Reducción del riesgo",
        SENALIZACION,
        "UTS",
        VIVIENDA_MEJORAMIENTO,
        VIVIENDA_NUEVA,
    ),
    also={
        "Institución Educativa": "Instituciones Educativas",
        "Centro Cultural": "Centros Culturales",
        "Casa de Justicia": "Casas de Justicia",
        "Biblioteca": "Bibliotecas",
        "Cancha": "Canchas",
        "Ecoparques": "Eco parques",
        "Adquisición de predios": ADQUISICION_PREDIOS,
        "Infraestructura recreativa": "Infraestructura recreo deportiva",
    },
)
TIPO_INTERVENCION: Final = Catalogue(
    names=(
        "Adecuaciones",
        "Demolición",
        ESTUDIOS,
        MANTENIMIENTO,
        "Obra nueva",
        "Rehabilitación / Reforzamiento",
        TRANSFERENCIA,
    ),
    also={
        "Adecuación": "Adecuaciones",
        # One file's word for two categories. Where another file tells of the same work (58 of 315 rows agree in name,
        # detail and description) it says Adecuación, or Reposición or Mejoramiento, and never Mantenimiento; and as
        # Mantenimiento all of its works would be no active fronts. The declared text stays beside.
        "Adecuaciones y mantenimientos": "Adecuaciones",
        "Rehabilitación - Reforzamiento": "Rehabilitación / Reforzamiento",
        "Rehabilitación": "Rehabilitación / Reforzamiento",
        "Reforzamiento": "Rehabilitación / Reforzamiento",
        "Construcción de Cunetas": "Obra nueva",
        "Construcción de Alcantarilla": "Obra nueva",
        "Construcción de Placa Huella": "Obra nueva",
        "Construcción de Placa Huella y Cunetas": "Obra nueva",
        "Estudios & Diseños": ESTUDIOS,
        "Bacheo": MANTENIMIENTO,
    },
)
FUENTE_FINANCIACION: Final = Catalogue(
    names=(
        "Cooperación Internacional - donaciones",
        "Empréstito",
        "Ingresos con destinación específica",
        "Ingresos libre destinación",
        "Otros créditos (vigencias anteriores)",
        "Presupuesto Participativo",
    ),
    also={
        "Recursos propios": "Ingresos libre destinación",
        "Empréstito 2025": "Empréstito",
        "Presupuesto Participativo 2024": "Presupuesto Participativo",
        "Presupuesto Participativo 2025": "Presupuesto Participativo",
        "Presupuesto Participativo 2026": "Presupuesto Participativo",
        "Convenio Cali - FFIE - MEN (Empréstito)": "Empréstito",
        "ICLD": "Ingresos libre destinación",
    },
)

CLASS_OF_EQUIPMENT: Final = {
    ADQUISICION_PREDIOS: "Adquisición predial",
    SENALIZACION: "Demarcación vial",
    "Parques y zonas verdes": ESPACIO_PUBLICO,
    "Eco parques": ESPACIO_PUBLICO,
    "Fuentes y monumentos": ESPACIO_PUBLICO,
} | dict.fromkeys(
    (
        "Bibliotecas",
        "CAD",
        "CALIS",
        "Canchas",
        "Casas de Justicia",
        "Centros Culturales",
        "Estaciones de policía",
        IPS,
        "Infraestructura cultural",
        "Infraestructura recreo deportiva",
        "Instituciones Educativas",
        "UTS",
    ),
    OBRAS_EQUIPAMIENTOS,
)
"""The class of a unit whose file has no column for it, by its type; housing is looked at for the word subsidy."""

TYPE_OF_CLASS: Final = {
    "infraestructura educativa": "Instituciones Educativas",
    "infraestructura deportiva": "Infraestructura recreo deportiva",
}
"""The type of a unit whose file has no column for it, by the plain key of its declared class."""

HEALTH: Final = "4145"

CATALOGUES: Final[Mapping[str, Catalogue]] = {
    "estado": ESTADO,
    "clase_up": CLASE,
    "tipo_equipamiento": TIPO_EQUIPAMIENTO,
    "tipo_intervencion": TIPO_INTERVENCION,
    "fuente_financiacion": FUENTE_FINANCIACION,
}


def unknown_categories(rows: pl.DataFrame) -> dict[str, dict[str, int]]:
    """By column, the texts in no catalogue and how often each stands there; columns without any are left out."""
    counted = {name: catalogue.unknown(rows.get_column(name)) for name, catalogue in CATALOGUES.items()}
    return {name: texts for name, texts in counted.items() if texts}


def with_categories(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with the five categories of `CATALOGUES` and `frente_activo`.

    Needs the declared texts, `nombre_up`, `identificador`, the canonical `cod_centro_gestor`, `tipo_geometria`, and
    `avance_obra` (0–100 or NULL).
    """
    read = rows.with_columns(
        CLASE.read("clase_declarada").alias("clase_up"),
        TIPO_EQUIPAMIENTO.read("tipo_equipamiento_declarado").alias("tipo_equipamiento"),
        TIPO_INTERVENCION.read("tipo_intervencion_declarado").alias("tipo_intervencion"),
        FUENTE_FINANCIACION.read("fuente_financiacion_declarada").alias("fuente_financiacion"),
        ESTADO.read("estado_declarado").alias("estado"),
    )
    typed = read.with_columns(_inferred_type().alias("tipo_equipamiento"))
    return typed.with_columns(_inferred_class().alias("clase_up"), state().alias("estado")).with_columns(
        active_front().alias("frente_activo")
    )


def state() -> pl.Expr:
    """`estado` as progress tells it; as declared where progress is blank or the state is one it cannot tell."""
    by_progress = (
        pl.when(pl.col("avance_obra") <= 0)
        .then(pl.lit(EN_ALISTAMIENTO))
        .when(pl.col("avance_obra") >= 100)  # noqa: PLR2004 - per cent
        .then(pl.lit(TERMINADO))
        .when(pl.col("avance_obra").is_not_null())
        .then(pl.lit(EN_EJECUCION))
    )
    kept = pl.when(pl.col("estado").is_in(KEPT_STATES)).then(pl.col("estado"))
    return pl.coalesce(kept, by_progress, pl.col("estado"))


def active_front() -> pl.Expr:
    """`Frente activo`, `Inactivo` (the same, suspended) or `No aplica`."""
    on_site = (
        pl.col("clase_up").is_in((OBRAS_EQUIPAMIENTOS, OBRA_VIAL, ESPACIO_PUBLICO))
        & _not_in("tipo_equipamiento", (VIVIENDA_MEJORAMIENTO, VIVIENDA_NUEVA, ADQUISICION_PREDIOS, SENALIZACION))
        & _not_in("tipo_intervencion", (MANTENIMIENTO, ESTUDIOS, TRANSFERENCIA))
    )
    return (
        pl.when(on_site & (pl.col("estado") == EN_EJECUCION))
        .then(pl.lit("Frente activo"))
        .when(on_site & (pl.col("estado") == SUSPENDIDO))
        .then(pl.lit("Inactivo"))
        .otherwise(pl.lit("No aplica"))
    )


def _not_in(column: str, names: Iterable[str]) -> pl.Expr:
    return ~pl.col(column).is_in(list(names)).fill_null(value=False)


def _inferred_type() -> pl.Expr:
    """Where no type is declared: by the declared class; a health centre by its name or its department."""
    by_class = plain_column(pl.col("clase_declarada")).replace_strict(
        TYPE_OF_CLASS, default=None, return_dtype=pl.String
    )
    health = plain_column(pl.col("nombre_up")).str.contains(r"\bips\b") | (pl.col("cod_centro_gestor") == HEALTH)
    by_name = pl.when(health.fill_null(value=False)).then(pl.lit(IPS))
    return pl.coalesce(pl.col("tipo_equipamiento"), by_class, by_name)


def _inferred_class() -> pl.Expr:
    """Where no class is declared: subsidies by their name, lines are roads, others by the type of the unit."""
    said = pl.concat_str("nombre_up", "identificador", separator=" ", ignore_nulls=True)
    housing = pl.col("tipo_equipamiento").is_in((VIVIENDA_NUEVA, VIVIENDA_MEJORAMIENTO))
    subsidy = (housing & plain_column(said).str.contains(r"\bsubsidios?\b")).fill_null(value=False)
    road = pl.col("tipo_geometria").str.contains("LineString").fill_null(value=False)
    by_type = pl.col("tipo_equipamiento").replace_strict(CLASS_OF_EQUIPMENT, default=None, return_dtype=pl.String)
    return pl.coalesce(
        pl.col("clase_up"),
        pl.when(subsidy).then(pl.lit(SUBSIDIOS)).when(road).then(pl.lit(OBRA_VIAL)),
        by_type,
    )
