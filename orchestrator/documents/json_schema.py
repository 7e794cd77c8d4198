"""The JSON Schema of the configuration file, for editors and for `etl schema`."""

from typing import Any

from orchestrator.documents.models import ConfigurationModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ENUMERATIONS = {
    "TriggerRule": "Regla de inicio",
    "ParameterType": "Tipo de parámetro",
    "OnInterrupt": "Tras una interrupción",
    "Isolation": "Aislamiento",
    "OnConflict": "En caso de conflicto",
    "Catchup": "Recuperación",
}


def configuration_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of the file, with titles and descriptions in Spanish.

    It accepts every valid configuration. What a schema cannot say – ids that exist, cycles, reserved words – only
    `validate` finds.
    """
    schema = ConfigurationModel.model_json_schema(by_alias=True)
    for name, title in _ENUMERATIONS.items():
        definition = schema["$defs"][name]
        definition.pop("description", None)  # the class's own docstring, in English
        definition["title"] = title
    return {"$schema": DIALECT, **_without_absent_defaults(schema)}


def _without_absent_defaults(node: Any) -> Any:
    """`node` without any default of null: there the absence itself says something, and the file may hold no null."""
    if isinstance(node, dict):
        return {
            key: _without_absent_defaults(value)
            for key, value in node.items()
            if not (key == "default" and value is None)
        }
    if isinstance(node, list):
        return [_without_absent_defaults(item) for item in node]
    return node
