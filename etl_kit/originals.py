"""Files that the city hands over, as extraction kept them: the current one of each name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from etl_kit.dates import today_in_colombia
from etl_kit.errors import MissingInput, UnreadableInput
from etl_kit.files import read_json
from etl_kit.translation import _

REGISTER: Final = "registro.json"
EXTRACTED_BY: Final = "extract_archivos"
"""The task that receives what departments hand over."""


@dataclass(frozen=True, kw_only=True)
class Original:
    """A file as it was received, but for personal columns.

    Attributes:
        name: as it was called where it came from; for lineage and messages.
        path: where its bytes are. A shapefile is a zip of its parts.
        sha256: of what was received.
    """

    name: str
    path: Path
    sha256: str


def current_originals(folder: Path, *, made_by: str) -> list[Original]:
    """The current files that `folder` keeps, by name.

    Args:
        folder: a `Places.raw(…)`, with the register that extraction leaves there.
        made_by: the task that fills it, for the message.

    Raises:
        MissingInput: nothing was extracted.
        UnreadableInput: the register is no register.
    """
    file = folder / REGISTER
    if not file.exists():
        raise MissingInput(file, made_by=made_by)
    try:
        entries = [
            Original(name=entry["nombre"], path=folder / entry["archivo"], sha256=entry["sha256"])
            for entry in read_json(file)  # type: ignore[attr-defined]
            if not entry["reemplazado"]
        ]
    except (KeyError, TypeError) as error:
        raise UnreadableInput(file, _("it is no register of originals; move it away and extract again")) from error
    return sorted(entries, key=lambda original: (original.name, original.sha256))


def received_days(folder: Path, *, today: date) -> Mapping[str, date]:
    """By file, the day in Colombia on which it was received: up to then it holds, where it does not say itself.

    `today` stands for files that are registered without a moment.
    """
    entries = read_json(folder / REGISTER)
    return {
        entry["nombre"]: today_in_colombia(datetime.fromisoformat(entry["retrieved_at"]))
        if "retrieved_at" in entry
        else today
        for entry in (entries if isinstance(entries, list) else [])
        if not entry["reemplazado"]
    }
