"""The JSON file's objects as pydantic models: types, limits, and what to say when a value breaks them.

Only fields that stand in the file are read from a model; the defaults for the others are those of `core.tasks`. The
defaults repeated here are for the JSON Schema, and a test keeps them equal.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from orchestrator.core.messages import N_
from orchestrator.core.tasks import ParameterType, TriggerRule
from orchestrator.documents.names import (
    LONGEST_ID,
    check_exception_name,
    check_function_name,
    check_module_path,
    check_task_id,
    check_timezone,
    check_title,
)

YEAR = 31_536_000
"""Seconds; no attempt and no wait may last longer."""
LONGEST_GRACE = 3600
MOST_RETRIES = 100
MOST_WORKERS = 1024
MOST_ENTRIES = 100_000
"""Entries of one list; keeps the report on a hostile file short in time and memory."""


@dataclass(frozen=True, kw_only=True)
class MustBe:
    """What a field asks of its value, as a template with `{value}`; `items` the same for the entries of a list."""

    template: str
    items: str = ""
    choices: tuple[str, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)


_STRING = MustBe(template=N_("must be a string, not {value}"))
_TASK_IDS = MustBe(
    template=N_("must be a list of task ids, not {value}"), items=N_("must be a task id (a string), not {value}")
)
_EXCEPTIONS = MustBe(
    template=N_("must be a list of exception names, not {value}"),
    items=N_("must be the name of an exception (a string), not {value}"),
)
_MODULES = MustBe(
    template=N_("must be a list of module prefixes, not {value}"),
    items=N_("must be a module prefix (a string), not {value}"),
)
_ABOVE_ZERO = N_("must be a number > 0 and at most {most}, not {value}")
_FROM_ZERO = N_("must be a number ≥ 0 and at most {most}, not {value}")
_WHOLE = N_("must be a whole number {least}…{most}, not {value}")
_CHOICE = N_("must be one of {choices}, not {value}")
_NAME_PATTERN = r"^[^\s._][^\s.]*$"
_MODULE_PATTERN = r"^[^\s.]+(\.[^\s.]+)*$"
"""For editors only, and wider than the rule: their regular expressions know no letters beyond ASCII."""

Text: TypeAlias = Annotated[str, _STRING]
Title: TypeAlias = Annotated[str, AfterValidator(check_title), _STRING]
TaskId: TypeAlias = Annotated[
    str, AfterValidator(check_task_id), Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_ID}), _STRING
]
ModulePath: TypeAlias = Annotated[
    str, AfterValidator(check_module_path), Field(json_schema_extra={"pattern": _MODULE_PATTERN}), _STRING
]
FunctionName: TypeAlias = Annotated[
    str, AfterValidator(check_function_name), Field(json_schema_extra={"pattern": _NAME_PATTERN}), _STRING
]
TaskIds: TypeAlias = Annotated[list[str], Field(max_length=MOST_ENTRIES), _TASK_IDS]
ExceptionNames: TypeAlias = Annotated[
    list[Annotated[str, AfterValidator(check_exception_name)]], Field(max_length=MOST_ENTRIES), _EXCEPTIONS
]
ModulePrefixes: TypeAlias = Annotated[
    list[Annotated[str, AfterValidator(check_module_path)]], Field(max_length=MOST_ENTRIES), _MODULES
]
Limit: TypeAlias = Annotated[
    float, Field(gt=0, le=YEAR, allow_inf_nan=False), MustBe(template=_ABOVE_ZERO, facts={"most": YEAR})
]
Grace: TypeAlias = Annotated[
    float,
    Field(gt=0, le=LONGEST_GRACE, allow_inf_nan=False),
    MustBe(template=_ABOVE_ZERO, facts={"most": LONGEST_GRACE}),
]
Delay: TypeAlias = Annotated[
    float, Field(ge=0, le=YEAR, allow_inf_nan=False), MustBe(template=_FROM_ZERO, facts={"most": YEAR})
]
Retries: TypeAlias = Annotated[
    int, Field(ge=0, le=MOST_RETRIES), MustBe(template=_WHOLE, facts={"least": 0, "most": MOST_RETRIES})
]
Workers: TypeAlias = Annotated[
    int, Field(ge=1, le=MOST_WORKERS), MustBe(template=_WHOLE, facts={"least": 1, "most": MOST_WORKERS})
]
Truth: TypeAlias = Annotated[bool, MustBe(template=N_("must be true or false, not {value}"))]
Arguments: TypeAlias = Annotated[dict[str, Any], MustBe(template=N_("must be an object, not {value}"))]
Rule: TypeAlias = Annotated[TriggerRule, Field(strict=False), MustBe(template=_CHOICE, choices=tuple(TriggerRule))]
Kind: TypeAlias = Annotated[ParameterType, Field(strict=False), MustBe(template=_CHOICE, choices=tuple(ParameterType))]
Surroundings: TypeAlias = Annotated[Literal["inherit", "clean"], MustBe(template=_CHOICE, choices=("inherit", "clean"))]
Language: TypeAlias = Annotated[Literal["es", "en"], MustBe(template=_CHOICE, choices=("es", "en"))]
TimeZone: TypeAlias = Annotated[str, AfterValidator(check_timezone), _STRING]


_NONE: Any = None
"""The default of a field whose absence says something of its own; no value of the file's."""


class _Object(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class LimitsModel(_Object):
    """`orchestrator_config`: lo que vale para toda tarea que no diga otra cosa."""

    model_config = ConfigDict(title="Orquestador")

    name: Title = Field(default="Orquestador ETL", title="Nombre del sistema")
    version: Text = Field(default="1.0.0", title="Versión", description="Versión de esta configuración, en texto.")
    description: Text = Field(default="", title="Descripción")
    default_timeout: Limit = Field(
        default=3600,
        title="Tiempo límite por defecto",
        description="Segundos por intento para las tareas sin `timeout`.",
    )
    max_parallel_workers: Workers = Field(
        default=3, title="Máximo de procesos", description="Cuántas tareas corren a la vez con `--parallel`."
    )
    allowed_modules: ModulePrefixes = Field(
        default_factory=list,
        title="Módulos permitidos",
        description="Prefijos de módulos que se pueden usar aunque estén fuera del proyecto.",
    )
    environment: Surroundings = Field(
        default="inherit",
        title="Entorno de las tareas",
        description="`inherit`: heredan el entorno sin los secretos del orquestador; `clean`: solo una lista corta.",
    )
    kill_grace: Grace = Field(
        default=5,
        title="Gracia al terminar",
        description="Segundos entre SIGTERM y SIGKILL cuando una tarea debe acabar.",
    )
    timezone: TimeZone = Field(
        default=_NONE,
        title="Zona horaria",
        description="Zona IANA, por ejemplo America/Bogota; si falta, la de la máquina.",
    )
    language: Language = Field(default="es", title="Idioma", description="Idioma de los mensajes.")


class TaskModel(_Object):
    """Una tarea: una función con nombre, dependencias y límites."""

    model_config = ConfigDict(title="Tarea")

    task_id: TaskId = Field(title="Identificador", description="Único en el archivo; `all` está reservado.")
    module_path: ModulePath = Field(
        title="Módulo", description="Ruta del módulo Python, por ejemplo extraction_app.data_extraction_contratos."
    )
    function_name: FunctionName = Field(title="Función", description="Nombre de la función, por ejemplo main.")
    name: Title = Field(
        default=_NONE, title="Nombre", description="Nombre para las personas; si falta, el identificador."
    )
    description: Text = Field(default="", title="Descripción")
    dependencies: TaskIds = Field(
        default_factory=list, title="Dependencias", description="Tareas que deben completarse antes."
    )
    after: TaskIds = Field(
        default_factory=list, title="Después de", description="Tareas que deben haber terminado antes, como sea."
    )
    trigger_rule: Rule = Field(
        default=TriggerRule.ALL_SUCCESS,
        title="Regla de inicio",
        description="Qué se exige a las dependencias para empezar.",
    )
    parameters: Arguments = Field(
        default_factory=dict,
        title="Parámetros",
        description="Argumentos de la función. Admite ${params.x}, ${env.NOMBRE}, ${execution.id}, ${execution.date}.",
    )
    timeout: Limit = Field(
        default=_NONE, title="Tiempo límite", description="Segundos por intento; si falta, vale `default_timeout`."
    )
    retry_count: Retries = Field(default=0, title="Reintentos", description="Intentos adicionales después de un fallo.")
    retry_delay: Delay = Field(
        default=1, title="Espera inicial", description="Segundos antes del primer reintento; se duplica en cada uno."
    )
    retry_max_delay: Delay = Field(default=60, title="Espera máxima", description="Segundos; la espera no crece más.")
    retry_on: ExceptionNames = Field(
        default_factory=list, title="Reintentar con", description="Solo estas excepciones se reintentan, si hay alguna."
    )
    no_retry_on: ExceptionNames = Field(
        default_factory=list, title="No reintentar con", description="Excepciones que nunca se reintentan."
    )
    critical: Truth = Field(default=True, title="Crítica", description="Si falla, no empieza ninguna tarea más.")
    category: Text = Field(default="general", title="Categoría", description="Texto libre para agrupar tareas.")


class ParameterModel(_Object):
    """Un parámetro de ejecución; sin `default` hay que darlo con `--param`."""

    model_config = ConfigDict(title="Parámetro de ejecución")

    type: Kind = Field(default=ParameterType.STRING, title="Tipo")
    default: Any = Field(default=_NONE, title="Valor por defecto", description="Del tipo declarado.")


class WorkflowModel(_Object):
    """Una lista de tareas con nombre."""

    model_config = ConfigDict(title="Workflow")

    name: Title = Field(
        default=_NONE, title="Nombre", description="Nombre para las personas; si falta, el identificador."
    )
    description: Text = Field(default="", title="Descripción")
    tasks: Annotated[TaskIds, Field(min_length=1)] = Field(
        title="Tareas", description='Identificadores de tareas, o solamente `["all"]`.'
    )
    parameters: dict[str, ParameterModel] = Field(
        default_factory=dict, title="Parámetros", description="Nombre → tipo y valor por defecto."
    )


class ConfigurationModel(_Object):
    """Configuración del Orquestador ETL."""

    model_config = ConfigDict(title="Configuración del Orquestador ETL")

    schema_: Text = Field(
        default=_NONE, alias="$schema", title="Esquema", description="Dirección del esquema, para editores."
    )
    orchestrator_config: LimitsModel = Field(default_factory=LimitsModel)
    tasks: Annotated[list[TaskModel], Field(min_length=1)] = Field(title="Tareas")
    workflows: dict[str, WorkflowModel] = Field(default_factory=dict, title="Workflows")
