"""The register of budget originals: which files were received, and which is the current one of each name."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Final

from etl_kit.errors import UnreadableInput
from etl_kit.files import read_json
from etl_kit.translation import _
from extraction_app.budget_files import Period

REGISTER: Final = "registro.json"
_HASH_SHOWN: Final = 12


@dataclass(frozen=True, kw_only=True)
class Original:
    """A file as received.

    Attributes:
        vigencia: year of its cut.
        mes: month of its cut, 1–12.
        nombre: as it was called where it came from.
        archivo: as it is called beside the register.
        url: where it came from; None for a file from a folder.
        sha256: of its bytes.
        bytes: its size.
        retrieved_at: the moment it was first received, ISO, UTC.
        reemplazado: whether a newer file of this name and origin has taken its place.
        etag: what the server calls this version, or None.
    """

    vigencia: int
    mes: int
    nombre: str
    archivo: str
    url: str | None
    sha256: str
    bytes: int
    retrieved_at: str
    reemplazado: bool = False
    etag: str | None = None


def received(
    nombre: str, period: Period, *, sha256: str, size: int, url: str | None, etag: str | None, moment: str
) -> Original:
    """The entry of a file received just now."""
    return Original(
        vigencia=period.vigencia,
        mes=period.mes,
        nombre=nombre,
        archivo=f"{sha256[:_HASH_SHOWN]}__{nombre}",
        url=url,
        sha256=sha256,
        bytes=size,
        retrieved_at=moment,
        etag=etag,
    )


def registered(entries: Iterable[Original], new: Original) -> tuple[list[Original], bool]:
    """`entries` with `new` as the current file of its name and origin, and whether that changes anything.

    A file that is registered already keeps its entry (the moment it was first received); one that comes back after
    having been replaced is current again.
    """
    known = list(entries)
    same = [entry for entry in known if _slot(entry) == _slot(new)]
    current = next((entry for entry in same if entry.sha256 == new.sha256), None)
    if current is not None and not current.reemplazado:
        return [replace(entry, etag=new.etag) if entry == current else entry for entry in known], False
    others = [replace(entry, reemplazado=True) if entry in same else entry for entry in known if entry != current]
    kept = replace(current, reemplazado=False, etag=new.etag) if current is not None else new
    return sorted([*others, kept], key=_order), True


def current_of(entries: Iterable[Original], nombre: str, url: str | None) -> Original | None:
    """The current file of this name and origin, if any."""
    return next((e for e in entries if (e.nombre, e.url) == (nombre, url) and not e.reemplazado), None)


def read_register(path: Path) -> list[Original]:
    """The register at `path`; empty if there is none yet.

    Raises:
        UnreadableInput: it is there and no register.
    """
    if not path.exists():
        return []
    content = read_json(path)
    names = {field.name for field in fields(Original)}
    reason = _("it is no register of budget files; move it away and extract again")
    if not isinstance(content, list):
        raise UnreadableInput(path, reason)
    try:
        entries = [Original(**{name: value for name, value in entry.items() if name in names}) for entry in content]
    except (AttributeError, TypeError) as error:
        raise UnreadableInput(path, reason) from error
    return sorted(entries, key=_order)


def as_json(entries: Iterable[Original]) -> list[dict[str, object]]:
    """The register as it is written."""
    return [asdict(entry) for entry in sorted(entries, key=_order)]


def _slot(entry: Original) -> tuple[str, str | None]:
    return entry.nombre, entry.url


def _order(entry: Original) -> tuple[int, int, str, str, str]:
    return entry.vigencia, entry.mes, entry.nombre, entry.url or "", entry.sha256
