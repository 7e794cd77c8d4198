"""The JSON file's objects as pydantic models: which fields there are, and what an editor says about them.

Only fields that stand in the file are read from a model; the defaults for the others are those of `core.tasks`. The
defaults repeated here are for the JSON Schema, and a test keeps them equal.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.core.tasks import Isolation, OnConflict, OnInterrupt, OnRestart, ParameterType, TriggerRule
from orchestrator.documents.fields import (
    MOST_SCHEDULES,
    Arguments,
    Conflict,
    Delay,
    ExceptionNames,
    FilePatterns,
    FunctionName,
    Grace,
    Inputs,
    Interrupted,
    Interruptions,
    Kind,
    Language,
    Limit,
    Memory,
    ModulePath,
    ModulePrefixes,
    Pools,
    Priority,
    Restarting,
    Retries,
    Rule,
    Seclusion,
    Slots,
    Surroundings,
    TaskId,
    TaskIds,
    Text,
    TimeZone,
    Title,
    Truth,
    Workers,
)
from orchestrator.documents.schedule_model import ScheduleModel

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


class CacheModel(_Object):
    """Cuándo se reutiliza un resultado: mientras nada de lo nombrado aquí haya cambiado."""

    model_config = ConfigDict(title="Caché")

    code: Truth = Field(default=True, title="Código", description="Cuenta el código del módulo de la tarea.")
    parameters: Truth = Field(default=True, title="Parámetros", description="Cuentan los parámetros de la función.")
    inputs: FilePatterns = Field(
        default_factory=list,
        title="Archivos",
        description="Archivos o patrones, relativos a ETL_HOME, cuyo contenido cuenta; por ejemplo data/raw/*.json.",
    )
    expires: Limit = Field(
        default=_NONE,
        title="Vencimiento",
        description="Segundos tras los cuales un resultado ya no sirve; si falta, no vence.",
    )


class MockModel(_Object):
    """Qué hace la tarea en un ensayo (`etl rehearse`), donde no se ejecuta."""

    model_config = ConfigDict(title="Ensayo")

    output: Any = Field(
        default=_NONE,
        title="Resultado",
        description="Lo que devuelve, cualquier valor JSON; si falta, el grabado con `--record` o uno genérico.",
    )
    duration: Delay = Field(
        default=_NONE,
        title="Duración",
        description="Segundos simulados de cada intento; si falta, los grabados con `--record` o 1.",
    )


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
        description="Argumentos de la función. Admite ${params.x}, ${env.NOMBRE}, ${execution.id}, ${execution.date}, "
        '${tasks.ID.output.x} y, para secretos, {"$secret": "NOMBRE"}.',
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
    inputs: Inputs = Field(
        default_factory=dict,
        title="Entradas",
        description="Parámetro → tarea cuyo resultado recibe; la tarea debe estar entre las dependencias.",
    )
    deadline: Limit = Field(
        default=_NONE,
        title="Plazo total",
        description="Segundos para la tarea entera, con todos sus intentos y esperas; si falta, no hay plazo.",
    )
    max_interruptions: Interruptions = Field(
        default=3,
        title="Máximo de interrupciones",
        description="Intentos que se pueden perder con su proceso antes de que la tarea falle.",
    )
    on_interrupt: Interrupted = Field(
        default=OnInterrupt.RETRY,
        title="Tras una interrupción",
        description="`retry`: se intenta de nuevo; `fail`: falla, para tareas que no deben correr dos veces.",
    )
    isolation: Seclusion = Field(
        default=Isolation.FRESH,
        title="Aislamiento",
        description="`fresh`: un proceso nuevo por intento; `shared`: un proceso que otras tareas ya usaron.",
    )
    memory_limit_mb: Memory = Field(
        default=_NONE, title="Límite de memoria", description="MiB por intento; si falta, no hay límite."
    )
    environment: Surroundings = Field(
        default=_NONE,
        title="Entorno",
        description="`inherit` o `clean`; si falta, vale el de `orchestrator_config`.",
    )
    pool: Text = Field(
        default=_NONE, title="Pool", description="Pool declarado en `pools`, del que cada intento ocupa un cupo."
    )
    priority: Priority = Field(
        default=0, title="Prioridad", description="Entre las tareas listas empiezan antes las de número mayor."
    )
    cache: CacheModel = Field(
        default=_NONE, title="Caché", description="Si está, un resultado que aún vale se reutiliza sin ejecutar."
    )
    mock: MockModel = Field(
        default=_NONE,
        title="Ensayo",
        description="Qué devuelve y cuánto tarda en `etl rehearse`; ninguna ejecución real lo mira.",
    )


class ParameterModel(_Object):
    """Un parámetro de ejecución; sin `default` hay que darlo con `--param`."""

    model_config = ConfigDict(title="Parámetro de ejecución")

    type: Kind = Field(default=ParameterType.STRING, title="Tipo")
    default: Any = Field(default=_NONE, title="Valor por defecto", description="Del tipo declarado.")


class ConcurrencyModel(_Object):
    """Cuántas ejecuciones de un workflow pueden correr a la vez."""

    model_config = ConfigDict(title="Concurrencia")

    limit: Slots = Field(title="Límite", description="Ejecuciones a la vez.")
    on_conflict: Conflict = Field(
        default=OnConflict.QUEUE,
        title="En caso de conflicto",
        description="Qué hace una ejecución nueva sin cupo: `queue` espera, `skip` no empieza, "
        "`cancel_running` cancela la que corre.",
    )


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
    max_duration: Limit = Field(
        default=_NONE, title="Duración máxima", description="Segundos para una ejecución; si falta, no hay máximo."
    )
    concurrency: ConcurrencyModel = Field(
        default=_NONE, title="Concurrencia", description="Si falta, no hay límite de ejecuciones a la vez."
    )
    on_restart: Restarting = Field(
        default=OnRestart.RESUME,
        title="Al reiniciar",
        description="Qué hace un worker con una ejecución que quedó interrumpida: `resume` la continúa, `fail` la da "
        "por fallida.",
    )


class PoolsModel(_Object):
    """La sección `pools` sola."""

    pools: Pools = Field(default_factory=dict)


class ConfigurationModel(_Object):
    """Configuración del Orquestador ETL."""

    model_config = ConfigDict(title="Configuración del Orquestador ETL")

    schema_: Text = Field(
        default=_NONE, alias="$schema", title="Esquema", description="Dirección del esquema, para editores."
    )
    orchestrator_config: LimitsModel = Field(default_factory=LimitsModel)
    tasks: Annotated[list[TaskModel], Field(min_length=1)] = Field(title="Tareas")
    workflows: dict[str, WorkflowModel] = Field(default_factory=dict, title="Workflows")
    pools: Pools = Field(
        default_factory=dict,
        title="Pools",
        description="Nombre → cupos que las tareas de todas las ejecuciones comparten.",
    )
    schedules: dict[str, ScheduleModel] = Field(
        default_factory=dict,
        max_length=MOST_SCHEDULES,
        title="Programaciones",
        description="Nombre → cuándo se ejecuta qué workflow.",
    )
