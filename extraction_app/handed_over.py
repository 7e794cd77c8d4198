"""Files that the city hands over in folders, and how those that belong together become one."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KINDS: Final = ("basemaps", "centros_gravedad", "emprestito", "paa", "seguimiento_pa", "unidades_proyecto")
"""The folders, by the name of what is in them."""

_BOOKS: Final = frozenset({".xlsx", ".json", ".geojson"})
_ELSEWHERE: Final = frozenset({("emprestito", ".json")})
"""The loan's index has a task of its own."""
_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """One file, or the parts of one shapefile as a zip called `<stem>.shp.zip`."""

    name: str
    paths: tuple[Path, ...]

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(path.stat().st_size for path in self.paths)

    def read(self) -> bytes:
        """The bytes; the same for the same parts, whenever they were written."""
        if not self.name.endswith(".zip"):
            return self.paths[0].read_bytes()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in self.paths:
                entry = zipfile.ZipInfo(path.name, date_time=_EPOCH)
                archive.writestr(entry, path.read_bytes(), compress_type=zipfile.ZIP_DEFLATED)
        return buffer.getvalue()


def handed_over(folder: Path, kind: str) -> Iterator[HandedOver]:
    """What lies in `folder / kind`, by name; no hidden files, no lock files of an open spreadsheet."""
    place = folder / kind
    files = sorted(place.iterdir()) if place.is_dir() else []
    known = [path for path in files if path.is_file() and not path.name.startswith((".", "~$"))]
    for path in known:
        ending = path.suffix.lower()
        if ending in _BOOKS and (kind, ending) not in _ELSEWHERE:
            yield HandedOver(name=path.name, paths=(path,))
        elif ending == ".shp":
            parts = tuple(one for one in known if one.stem == path.stem and one.suffix.lower() in _PARTS)
            yield HandedOver(name=f"{path.stem}.shp.zip", paths=parts)
