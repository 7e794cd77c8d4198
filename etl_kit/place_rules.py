"""Quality rules about where things are: geometry, coordinates, territory and who answers for the place."""

from typing import Final

from etl_kit.coordinates import CITY_BOX
from etl_kit.organismos import ORGANISMOS
from etl_kit.quality import Rule, Severity
from etl_kit.rule_makers import COMPLETENESS, LOGIC, POSITION, THEMATIC, not_one_of, row_rule
from etl_kit.translation import N_

NO_SUBSIDY: Final = "clase_up IS DISTINCT FROM 'Subsidios'"  # a subsidy is of people, not of a place
_PLACED = "lat IS NOT NULL AND lon IS NOT NULL"
_OUT_OF_CITY = (
    f"lat NOT BETWEEN {CITY_BOX.south} AND {CITY_BOX.north} OR lon NOT BETWEEN {CITY_BOX.west} AND {CITY_BOX.east}"
)
ELSEWHERE: Final = f"coalesce({_OUT_OF_CITY}, FALSE)"
"""That a row has coordinates, but outside the city; such a row bears no geometry."""
_DRAWN = "geometria IS NOT NULL"
_NO_GEOJSON = (
    "TRY_CAST(geometria AS JSON) IS NULL"
    " OR coalesce(json_extract_string(TRY_CAST(geometria AS JSON), '$.type'), '')"
    " NOT IN ('Point', 'LineString', 'MultiLineString', 'Polygon', 'MultiPolygon')"
)
_NO_DEGREES = r"NOT regexp_matches(geometria, '\[-?\d{1,3}(\.\d+)?, ?-?\d{1,2}(\.\d+)?\]')"
_LABELS = r"^(COMUNA (0[1-9]|1\d|2[0-2])|[A-Z][a-z]+( [A-Z][a-z]+)*)$"
_CODES = tuple(sorted(organismo.code for organismo in ORGANISMOS))


def coordinate_rules(table: str) -> tuple[Rule, ...]:
    """The rules about `lat`, `lon`, `geometria` and `reparacion`, wherever they stand."""
    return (
        row_rule(
            "LC006",
            family=LOGIC,
            severity=Severity.HIGH,
            table=table,
            about=N_("the geometry is valid GeoJSON, and both coordinates come together"),
            fails=f"({_DRAWN} AND ({_NO_GEOJSON})) OR (lat IS NULL) <> (lon IS NULL)",
            shows=("lat", "lon", "geometria"),
        ),
        row_rule(
            "PA001",
            family=POSITION,
            severity=Severity.HIGH,
            table=table,
            about=N_("the coordinates are in Cali, its corregimientos included"),
            among=f"{_PLACED} AND lat <> 0 AND lon <> 0",  # those are PA003's
            fails=_OUT_OF_CITY,
            shows=("lat", "lon"),
        ),
        row_rule(
            "PA002",
            family=POSITION,
            severity=Severity.HIGH,
            table=table,
            about=N_("the geometry is in degrees (EPSG:4326), longitude first, without altitude"),
            among=_DRAWN,
            fails=_NO_DEGREES,
            shows=("geometria",),
        ),
        row_rule(
            "PA003",
            family=POSITION,
            severity=Severity.HIGH,
            table=table,
            about=N_("the coordinates are not (0, 0)"),
            among=_PLACED,
            fails="lat = 0 OR lon = 0",
            shows=("lat", "lon"),
        ),
        row_rule(
            "PA006",
            family=POSITION,
            severity=Severity.LOW,
            table=table,
            about=N_("the coordinates are read without repair"),
            among=_PLACED,
            fails="reparacion IS NOT NULL",
            shows=("reparacion", "lat", "lon"),
        ),
    )


def place_rules(table: str) -> tuple[Rule, ...]:
    """All rules about where units and interventions are; both have the same columns for it."""
    return (
        *coordinate_rules(table),
        row_rule(
            "CO002",
            family=COMPLETENESS,
            severity=Severity.MEDIUM,
            table=table,
            about=N_("where there is an address there is a geometry (subsidies aside)"),
            among=f"direccion IS NOT NULL AND {NO_SUBSIDY}",
            fails=f"geometria IS NULL AND NOT {ELSEWHERE}",  # that is PA001's
            shows=("direccion", "motivo_sin_geometria"),
        ),
        row_rule(
            "PA004",
            family=POSITION,
            severity=Severity.MEDIUM,
            table=table,
            about=N_("the geometry is in the comuna or corregimiento that is declared"),
            among="territorio_declarado IS NOT NULL AND territorio_calculado IS NOT NULL",
            fails="territorio_declarado <> territorio_calculado",
            shows=("territorio_declarado", "territorio_calculado", "lat", "lon"),
        ),
        row_rule(
            "PA005",
            family=POSITION,
            severity=Severity.LOW,
            table=table,
            about=N_("the geometry is in the barrio or vereda that is declared"),
            among=(
                "barrio_vereda_declarado IS NOT NULL AND barrio_vereda_calculado IS NOT NULL"
                " AND coalesce(territorio_declarado = territorio_calculado, TRUE)"  # in another comuna it is PA004's
            ),
            fails="lower(strip_accents(barrio_vereda_declarado)) <> lower(strip_accents(barrio_vereda_calculado))",
            shows=("barrio_vereda_declarado", "barrio_vereda_calculado"),
        ),
        row_rule(
            "TA006",
            family=THEMATIC,
            severity=Severity.MEDIUM,
            table=table,
            about=N_("the comuna or corregimiento that is declared is on the city's map"),
            among="comuna_corregimiento_declarada IS NOT NULL",
            fails=f"territorio_declarado IS NULL OR NOT regexp_matches(territorio_declarado, '{_LABELS}')",
            shows=("comuna_corregimiento_declarada", "territorio_declarado"),
        ),
        row_rule(
            "TA003",
            family=THEMATIC,
            severity=Severity.MEDIUM,
            table=table,
            about=N_("the centro gestor is in the city's catalogue"),
            among="nombre_centro_gestor IS NOT NULL",
            fails=f"cod_centro_gestor IS NULL OR {not_one_of('cod_centro_gestor', _CODES)}",
            shows=("cod_centro_gestor", "nombre_centro_gestor"),
        ),
    )
