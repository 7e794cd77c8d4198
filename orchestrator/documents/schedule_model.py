"""An entry of the section `schedules` as a pydantic model, for the checker and for editors."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.core.schedules import Catchup
from orchestrator.documents.fields import (
    Arguments,
    CatchupCount,
    Catchups,
    Cron,
    Instant,
    Interval,
    Text,
    TimeZone,
    Truth,
    Window,
    Workers,
)

_NONE: Any = None
"""The default of a field whose absence says something of its own; no value of the file's."""


class ScheduleModel(BaseModel):
    """Cuándo se ejecuta un workflow por sí solo: exactamente uno de `cron` y `every`."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        title="Programación",
        json_schema_extra={"oneOf": [{"required": ["cron"]}, {"required": ["every"]}]},
    )

    workflow: Text = Field(title="Workflow", description="Nombre de un workflow de `workflows`.")
    cron: Cron = Field(
        default=_NONE,
        title="Cron",
        description="Minuto, hora, día del mes, mes y día de la semana, o @hourly, @daily, @weekly, @monthly, @yearly. "
        "Si se dan día del mes y día de la semana, basta con uno; si uno empieza por *, cuentan ambos.",
    )
    every: Interval = Field(
        default=_NONE, title="Cada", description="Segundos, o un texto como 15m, 1h30m o 1d: tiempo transcurrido."
    )
    anchor: Instant = Field(
        default=_NONE,
        title="Punto de partida",
        description="Con `every`: desde este instante se cuenta (ISO 8601 con desfase); si falta, 1970-01-01 en UTC.",
    )
    timezone: TimeZone = Field(
        default="America/Bogota", title="Zona horaria", description="Zona IANA en la que se lee `cron`."
    )
    working_days: Truth = Field(
        default=False,
        title="Días hábiles",
        description="Omite sábados, domingos y festivos de Colombia; necesita `orquestador-etl[calendars]`.",
    )
    description: Text = Field(default="", title="Descripción")
    parameters: Arguments = Field(
        default_factory=dict,
        title="Parámetros",
        description="Los que el workflow declara; ${execution.date} es la fecha programada en `timezone`.",
    )
    enabled: Truth = Field(default=True, title="Activa", description="Con false no se ejecuta sola.")
    catchup: Catchups = Field(
        default=Catchup.LATEST,
        title="Recuperación",
        description="Qué se hace con lo que no se ejecutó a tiempo: `none` nada, `latest` lo último, `all` todo.",
    )
    window: Window = Field(
        default=86_400,
        title="Ventana",
        description="Segundos, o un texto como 12h; lo que lleva más retraso ya no se recupera.",
    )
    max_catchup: CatchupCount = Field(
        default=100, title="Máximo por recuperar", description="Con `all`: cuántas a la vez, las más recientes."
    )
    parallel: Truth = Field(default=False, title="En paralelo", description="Tareas independientes a la vez.")
    max_workers: Workers = Field(
        default=_NONE, title="Máximo de procesos", description="Con `parallel`: cuántas tareas a la vez."
    )
