"""Task extract_archivos: workbooks, shapefiles and records that the city hands over in folders, kept by their hash."""

import hashlib
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from etl_kit.errors import EtlError, UnreadableInput
from etl_kit.files import read_json, write_bytes_atomic, write_json
from etl_kit.originals import REGISTER
from etl_kit.places import Places
from etl_kit.settings import read_settings
from etl_kit.translation import _
from extraction_app.handed_over import KINDS, HandedOver, handed_over
from extraction_app.http_source import LARGEST_BODY, now_in_utc
from extraction_app.loan_extraction import some_of
from extraction_app.personal_cells import without_people
from extraction_app.sources import open_source

logger = logging.getLogger(__name__)

VERSIONS_KEPT: Final = 3
"""Of each file: the current one and those before it; older ones are deleted, so that the disk has a bound."""
_HASH_SHOWN: Final = 12

Entry = dict[str, Any]


class NoFiles(EtlError):
    """Not one folder holds a usable file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            _("{folder} holds no files of the city: put them in the folders {kinds}").format(
                folder=folder, kinds=", ".join(KINDS)
            )
        )


@dataclass(kw_only=True)
class Shelf:
    """The originals of one kind: what is registered, and what this run has found."""

    folder: Path
    moment: str
    entries: list[Entry]
    new: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def take(self, file: HandedOver) -> None:
        """Keep `file` as the current one of its name, without personal cells; a damaged one is noted by name."""
        if file.size > LARGEST_BODY:
            self.refused.append(_("{name} is larger than {limit} bytes").format(name=file.name, limit=LARGEST_BODY))
            return
        data = file.read()
        digest = hashlib.sha256(data).hexdigest()
        known = next((one for one in self.entries if (one["nombre"], one["sha256"]) == (file.name, digest)), None)
        if known is None:
            try:
                clean = without_people(data, name=file.name)
            except UnreadableInput as error:
                self.refused.append(str(error))
                return
            known = {
                "nombre": file.name,
                "archivo": f"{digest[:_HASH_SHOWN]}__{file.name}",
                "sha256": digest,
                "bytes": len(data),
                "retrieved_at": self.moment,
                "reemplazado": True,
                "columnas_personales_vaciadas": list(clean.emptied),
            }
            write_bytes_atomic(self.folder / known["archivo"], clean.data)
            self.entries.append(known)
        (self.new if known["reemplazado"] else self.unchanged).append(file.name)
        for one in self.entries:
            if one["nombre"] == file.name:
                one["reemplazado"] = one is not known

    def close(self) -> None:
        """Write the register, then delete the oldest versions that it no longer names."""
        names = {one["nombre"] for one in self.entries}
        old = [one for name in sorted(names) for one in self._replaced(name)[VERSIONS_KEPT - 1 :]]
        self.entries = [one for one in self.entries if one not in old]
        write_json(self.folder / REGISTER, sorted(self.entries, key=lambda one: (one["nombre"], one["retrieved_at"])))
        for one in old:
            (self.folder / one["archivo"]).unlink(missing_ok=True)

    def _replaced(self, name: str) -> list[Entry]:
        """Versions of a file that are not current, newest first."""
        replaced = [one for one in self.entries if one["nombre"] == name and one["reemplazado"]]
        return sorted(replaced, key=lambda one: str(one["retrieved_at"]), reverse=True)

    @property
    def current(self) -> list[Entry]:
        """The entries that transforms read."""
        return [one for one in self.entries if not one["reemplazado"]]

    def gone(self) -> list[str]:
        """Files that stay in use although nobody hands them over any more."""
        seen = {*self.new, *self.unchanged}
        return [f"{one['nombre']} ({one['archivo']})" for one in self.current if one["nombre"] not in seen]


def main(*, home: str | None = None, source: str | None = None, **settings: Any) -> dict[str, object]:
    """Receive new and changed files of every folder; what is unchanged by its hash is not touched; safe to repeat.

    Columns that hold people are emptied before a file is kept (`personal_cells`).

    Args:
        home: see `etl_kit.settings`; so are all `settings`.
        source: demo, portal or files.
        settings: other fields of `EtlSettings`.

    Raises:
        NoFiles: there is nothing in any folder; the text names them.
    """
    chosen = read_settings(home=home, source=source, **settings)
    places = Places.of(chosen)
    moment = now_in_utc().isoformat(timespec="microseconds")
    shelves = {kind: _shelf(places.raw(kind), moment) for kind in KINDS}
    with open_source(chosen) as opened:
        for kind, shelf in shelves.items():
            for file in handed_over(opened.folder, kind):
                shelf.take(file)
        folder = opened.folder
    for shelf in shelves.values():
        shelf.close()
    if not any(shelf.current for shelf in shelves.values()):
        raise NoFiles(folder)
    return {
        "status": "success",
        "rows": {kind: len(shelf.current) for kind, shelf in shelves.items()},
        "new": [f"{kind}/{name}" for kind, shelf in shelves.items() for name in shelf.new],
        "unchanged": sum(len(shelf.unchanged) for shelf in shelves.values()),
        "columns_emptied": sum(len(one["columnas_personales_vaciadas"]) for s in shelves.values() for one in s.current),
        "warnings": [warning for kind, shelf in shelves.items() for warning in _warnings(kind, shelf, folder)],
    }


def _shelf(folder: Path, moment: str) -> Shelf:
    register = folder / REGISTER
    entries: list[Entry] = []
    if register.exists():
        content = read_json(register)
        if not isinstance(content, list) or not all(isinstance(one, dict) and "archivo" in one for one in content):
            raise UnreadableInput(register, _("it is no register of originals; move it away and extract again"))
        entries = [one for one in content if (folder / one["archivo"]).is_file()]
    return Shelf(folder=folder, moment=moment, entries=entries)


def _warnings(kind: str, shelf: Shelf, folder: Path) -> list[str]:
    warnings = list(shelf.refused)
    if not shelf.current:
        warnings.append(_("{folder} holds no file: its tables stay empty").format(folder=folder / kind))
    if shelf.gone():
        text = _(
            "received earlier and still in use, though the source no longer has them: {files}; "
            "to drop one, delete its copy in {folder}"
        )
        warnings.append(text.format(files=some_of(shelf.gone()), folder=shelf.folder))
    return warnings
