"""What a server may be sent: bodies as strict models, read with the same care as the configuration file."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_, Message
from orchestrator.documents import reading
from orchestrator.documents.fields import Arguments, TaskId, TaskIds, Text, Truth, Workers
from orchestrator.documents.models import _NONE
from orchestrator.documents.objects import read_object
from orchestrator.documents.places import Places
from orchestrator.documents.problems import Enough, Problems


class BodyRefused(UsageError):
    """A body with problems; `problems` holds all of them, with their places."""

    def __init__(self, problems: list[Message]) -> None:
        super().__init__(N_("{count} problem(s) in the body; nothing was started"), count=len(problems))
        self.problems = tuple(problems)


class BodyUnreadable(UsageError):
    """A body that is no JSON document."""

    def __init__(self, problem: Message) -> None:
        super().__init__(N_("the body cannot be read: {problem}"), problem=problem)


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class SelectionBody(_Body):
    """Which tasks, and how: exactly one of `workflow` and `tasks`."""

    workflow: Text = Field(default=_NONE, title="Workflow", description="Nombre de un workflow.")
    tasks: TaskIds = Field(
        default=_NONE, min_length=1, title="Tareas", description='Identificadores de tareas, o solamente `["all"]`.'
    )
    parallel: Truth = Field(default=False, title="En paralelo", description="Tareas independientes a la vez.")
    max_workers: Workers = Field(
        default=_NONE, title="Máximo de procesos", description="Con `parallel`: cuántas tareas a la vez (1…1024)."
    )
    with_dependencies: Truth = Field(
        default=False, title="Con dependencias", description="Ejecuta también todo lo que las tareas necesitan."
    )
    parameters: Arguments = Field(
        default_factory=dict, title="Parámetros", description="Los que el workflow declara; nombre → valor."
    )
    config_file: Text = Field(
        default=_NONE,
        title="Configuración",
        description="Nombre (sin carpeta) de un archivo junto a la configuración del servidor.",
    )


class ExecuteBody(SelectionBody):
    """What is to be executed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"workflow": "full_etl", "parallel": True},
                {"tasks": ["extract_contratos_emprestito", "transform_contratos_secop"]},
            ]
        },
    )

    stop_on_failure: Truth = Field(
        default=True,
        title="Detenerse ante un fallo",
        description="Si una tarea crítica falla, no empieza nada más; con `false` siguen las ramas independientes.",
    )
    require_dependencies: Truth = Field(
        default=False,
        title="Exigir dependencias",
        description="Rechaza la petición si lo no seleccionado no se completó en su última ejecución.",
    )
    exclusive: Truth = Field(
        default=False,
        title="Exclusiva",
        description="Rechaza la petición mientras otra ejecución del mismo workflow esté en curso.",
    )


class RerunBody(_Body):
    """What of an execution is to be repeated; nothing given: all of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"failed": True}]})

    failed: Truth = Field(
        default=False, title="Lo fallido", description="Solo lo que no se completó y lo que depende de ello."
    )
    from_task: TaskId = Field(default=_NONE, title="Desde", description="Solo esta tarea y lo que depende de ella.")
    only_task: TaskId = Field(default=_NONE, title="Solo", description="Solo esta tarea.")
    config_file: Text = Field(
        default=_NONE,
        title="Configuración",
        description="Nombre de un archivo junto a la configuración del servidor; sus definiciones valen hoy.",
    )


class CancelBody(_Body):
    """Why an execution is cancelled."""

    reason: Text = Field(default="", max_length=1000, title="Motivo", description="Queda guardado con la orden.")


class PauseBody(_Body):
    """Why a schedule is paused."""

    reason: Text = Field(default="", max_length=500, title="Motivo", description="Por qué; se guarda y se muestra.")


class LoginBody(_Body):
    """The token that somebody enters on the dashboard's first page."""

    token: Text = Field(max_length=400)


class LanguageBody(_Body):
    """The language that the dashboard speaks from now on."""

    language: Text = Field(max_length=10)


class ValidateBody(_Body):
    """Which configuration is to be checked: a file by name, or one that is sent along."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"config_file": "etl_config.json"}]})

    config_file: Text = Field(
        default=_NONE, title="Configuración", description="Nombre de un archivo junto a la configuración del servidor."
    )
    configuration: Arguments = Field(
        default=_NONE, title="Contenido", description="La configuración misma, como objeto JSON."
    )


BODIES: tuple[type[BaseModel], ...] = (SelectionBody, ExecuteBody, RerunBody, CancelBody, ValidateBody, PauseBody)
Body = TypeVar("Body", bound=BaseModel)


def read_body(model: type[Body], data: bytes) -> Body:
    """`data` as `model`; no body at all is an empty object.

    Raises BodyUnreadable where it is no JSON document, BodyRefused with every problem at once.
    """
    try:
        text = reading.decode(data) if data else "{}"
        reading.check_text(text)
        places = Places(text)
        parsed = reading.parse(text, places)
    except reading.Unreadable as why:
        raise BodyUnreadable(why.problem) from why
    problems = Problems(places)
    read = None
    try:
        reading.find_hidden_faults(parsed, places, problems)
        read = read_object(model, parsed.value, (), problems)
    except Enough:
        read = None
    if read is None or problems.any:
        raise BodyRefused(problems.listed())
    return read
