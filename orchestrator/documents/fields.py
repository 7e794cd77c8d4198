"""What each kind of field asks of its value: the type, the limits, and the words for a value that breaks them."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, WithJsonSchema

from orchestrator.core.messages import N_
from orchestrator.core.schedules import Catchup
from orchestrator.core.tasks import Isolation, OnConflict, OnInterrupt, OnRestart, ParameterType, TriggerRule
from orchestrator.documents.names import (
    LONGEST_ID,
    check_exception_name,
    check_file_pattern,
    check_function_name,
    check_module_path,
    check_task_id,
    check_timezone,
    check_title,
)
from orchestrator.documents.timing import LENGTH_PATTERN, check_cron, check_instant, length_between

YEAR = 31_536_000
"""Seconds; no attempt and no wait may last longer."""
LONGEST_GRACE = 3600
MOST_RETRIES = 100
MOST_WORKERS = 1024
MOST_SLOTS = 1024
"""Of one pool, and executions of one workflow at once."""
MOST_INTERRUPTIONS = 100
LEAST_MEMORY, MOST_MEMORY = 16, 1_048_576
"""MiB; below the least no interpreter starts."""
HIGHEST_PRIORITY = 1000
LEAST_INTERVAL, LEAST_WINDOW = 10, 60
LONGEST_INTERVAL = 366 * 86_400
"""Seconds between two slots of a schedule, and how late a slot may be made up for."""
MOST_CATCHUP = 1000
MOST_SCHEDULES = 1000
"""Whether one ever fires takes milliseconds to find out."""
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
_FILES = MustBe(
    template=N_("must be a list of files or patterns, not {value}"),
    items=N_("must be a file or a pattern (a string), not {value}"),
)
_INPUTS = MustBe(
    template=N_("must be an object of parameter names and task ids, not {value}"),
    items=N_("must be a task id (a string), not {value}"),
)
_OBJECT = N_("must be an object, not {value}")
_ABOVE_ZERO = N_("must be a number > 0 and at most {most}, not {value}")
_FROM_ZERO = N_("must be a number ≥ 0 and at most {most}, not {value}")
_WHOLE = N_("must be a whole number {least}…{most}, not {value}")
_CHOICE = N_("must be one of {choices}, not {value}")
_NAME_PATTERN = r"^[^\s._][^\s.]*$"
_MODULE_PATTERN = r"^[^\s.]+(\.[^\s.]+)*$"
"""For editors only, and wider than the rule: their regular expressions know no letters beyond ASCII."""


def _length_schema(least: int) -> dict[str, Any]:
    number = {"type": "number", "minimum": least, "maximum": LONGEST_INTERVAL}
    return {"anyOf": [number, {"type": "string", "pattern": LENGTH_PATTERN}]}


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
Interruptions: TypeAlias = Annotated[
    int, Field(ge=0, le=MOST_INTERRUPTIONS), MustBe(template=_WHOLE, facts={"least": 0, "most": MOST_INTERRUPTIONS})
]
Slots: TypeAlias = Annotated[
    int, Field(ge=1, le=MOST_SLOTS), MustBe(template=_WHOLE, facts={"least": 1, "most": MOST_SLOTS})
]
Pools: TypeAlias = Annotated[
    dict[str, Slots],
    Field(max_length=MOST_ENTRIES),
    MustBe(template=_OBJECT, items=_WHOLE, facts={"least": 1, "most": MOST_SLOTS}),
]
Memory: TypeAlias = Annotated[
    int,
    Field(ge=LEAST_MEMORY, le=MOST_MEMORY),
    MustBe(template=_WHOLE, facts={"least": LEAST_MEMORY, "most": MOST_MEMORY}),
]
Priority: TypeAlias = Annotated[
    int,
    Field(ge=-HIGHEST_PRIORITY, le=HIGHEST_PRIORITY),
    MustBe(template=_WHOLE, facts={"least": -HIGHEST_PRIORITY, "most": HIGHEST_PRIORITY}),
]
Truth: TypeAlias = Annotated[bool, MustBe(template=N_("must be true or false, not {value}"))]
Arguments: TypeAlias = Annotated[dict[str, Any], MustBe(template=_OBJECT)]
Inputs: TypeAlias = Annotated[dict[str, str], Field(max_length=MOST_ENTRIES), _INPUTS]
FilePatterns: TypeAlias = Annotated[
    list[Annotated[str, AfterValidator(check_file_pattern)]], Field(max_length=MOST_ENTRIES), _FILES
]
Rule: TypeAlias = Annotated[TriggerRule, Field(strict=False), MustBe(template=_CHOICE, choices=tuple(TriggerRule))]
Kind: TypeAlias = Annotated[ParameterType, Field(strict=False), MustBe(template=_CHOICE, choices=tuple(ParameterType))]
Interrupted: TypeAlias = Annotated[
    OnInterrupt, Field(strict=False), MustBe(template=_CHOICE, choices=tuple(OnInterrupt))
]
Seclusion: TypeAlias = Annotated[Isolation, Field(strict=False), MustBe(template=_CHOICE, choices=tuple(Isolation))]
Conflict: TypeAlias = Annotated[OnConflict, Field(strict=False), MustBe(template=_CHOICE, choices=tuple(OnConflict))]
Restarting: TypeAlias = Annotated[OnRestart, Field(strict=False), MustBe(template=_CHOICE, choices=tuple(OnRestart))]
Surroundings: TypeAlias = Annotated[Literal["inherit", "clean"], MustBe(template=_CHOICE, choices=("inherit", "clean"))]
Language: TypeAlias = Annotated[Literal["es", "en"], MustBe(template=_CHOICE, choices=("es", "en"))]
Catchups: TypeAlias = Annotated[Catchup, Field(strict=False), MustBe(template=_CHOICE, choices=tuple(Catchup))]
CatchupCount: TypeAlias = Annotated[
    int, Field(ge=1, le=MOST_CATCHUP), MustBe(template=_WHOLE, facts={"least": 1, "most": MOST_CATCHUP})
]
Cron: TypeAlias = Annotated[str, AfterValidator(check_cron), _STRING]
Interval: TypeAlias = Annotated[
    Any,
    AfterValidator(length_between(LEAST_INTERVAL, LONGEST_INTERVAL)),
    WithJsonSchema(_length_schema(LEAST_INTERVAL)),
]
Window: TypeAlias = Annotated[
    Any,
    AfterValidator(length_between(LEAST_WINDOW, LONGEST_INTERVAL)),
    WithJsonSchema(_length_schema(LEAST_WINDOW)),
]
Instant: TypeAlias = Annotated[
    str, AfterValidator(check_instant), Field(json_schema_extra={"format": "date-time"}), _STRING
]
TimeZone: TypeAlias = Annotated[str, AfterValidator(check_timezone), _STRING]
