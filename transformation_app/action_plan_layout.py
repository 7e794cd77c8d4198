"""The columns of Cuadro 1S since September 2024, found by name, under our own names.

Three things the names alone do not settle. A label that stands twice (`Trimestre II` where III was meant): then the
place within its family counts. `% de Avance Producto`, which stands once for each quarter without saying which: it goes
with the physical execution of the same place. And the three columns on the product's code, name and programmed
quantity, whose headers have changed places between files: what their cells hold decides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from etl_kit.datasets.action_plan import MONEY_OF_ACTIVITY, QUARTERS, by_quarter
from etl_kit.errors import MissingColumns, UnreadableInput
from etl_kit.text import plain_key
from etl_kit.translation import _
from transformation_app.action_plan_periods import quarter_of_label

Cells = Sequence[str | None]

COLUMNS: Final = {
    "cod_centro_gestor": ("Cód centro gestor",),
    "cod_proposito": ("Nivel 1 PD Cód",),
    "nombre_proposito": ("Nivel 1 PD Nombre",),
    "cod_reto": ("Nivel 2 PD Cód",),
    "nombre_reto": ("Nivel 2 PD Nombre",),
    "cod_programa": ("Nivel 3 PD Cód",),
    "nombre_programa": ("Nivel 3 PD Nombre",),
    "bpin": ("Cód BPIN",),
    "bp": ("Cód BP",),
    "nombre_proyecto": ("Nombre BP",),
    "cod_actividad": ("Cód Actividad",),
    "nombre_actividad": ("Nombre Actividad",),
    "articulacion_pi": ("Articulación Variables PI",),
    "ponderacion_actividad": ("Ponderación de Actividad",),
    "meta_pd": ("Meta PD",),
    "denominacion_meta_pd": ("Denominación Meta PD",),
    "cantidad_programada_producto": ("Cantidad Programada Producto",),
    "ponderacion_producto": ("Ponderación producto",),
    "avance_proyecto": ("% Avance Proyecto", "% de Avance Proyecto"),
    "comuna": ("Comuna",),
    "ppto_inicial": ("Presupuesto Inicial",),
    "ppto_modificado": ("Presupuesto Modificado",),
    "ejecucion": ("Ejecución",),
    "obligado": ("Obligado",),
    "pagos": ("Pagos",),
    "fecha_inicio_actividad": ("Fecha Inicio",),
    "fecha_fin_actividad": ("Fecha Fin",),
    "nombre_centro_gestor": ("Nombre Centro Gestor",),
    "subdireccion": ("Subdirección / Subsecretaria",),
}
PRODUCT: Final = {
    "cod_producto_mga": ("Cód Producto MGA", "Código Producto MGA"),
    "nombre_producto_mga": ("Nombre Producto MGA",),
}
PROGRAMMED: Final = "programacion_pi"
PROGRAMMED_HEADER: Final = "programacion pi"
"""What the header begins with; the year of the plan follows."""

FAMILIES: Final = {
    "avance_actividad": "% de avance actividad",
    "ejecucion_fisica": "ejecucion fisica trim",
}
"""Columns that stand once for each quarter, by what their headers begin with."""

AVANCE_PRODUCTO: Final = "% de avance producto"
REQUIRED: Final = ("bpin", "bp", "cod_actividad", "ponderacion_actividad", "meta_pd", *MONEY_OF_ACTIVITY)
TEXT_COLUMNS: Final = (
    *COLUMNS,
    *PRODUCT,
    PROGRAMMED,
    *(name for stem in (*FAMILIES, "avance_producto") for name in by_quarter(stem)),
)
"""Every name that the frame of a sheet has, whichever of its columns the file lacks."""

_MGA_CODE: Final = re.compile(r"\d{6,7}")
_MOST: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Found:
    """Which column holds what: `places` by our name, from 0, and the headers that say something else, if any."""

    places: dict[str, int]
    misleading: tuple[str, ...] = ()


def is_header(cells: Cells) -> bool:
    """Whether a row is the header of the activities, and neither a title nor a list of column names."""
    return {"cod bpin", "cod actividad"} <= {plain_key(cell) for cell in cells if cell}


def find_columns(header: Cells, rows: Sequence[Cells], place: str) -> Found:
    """Where each of our columns stands.

    Args:
        header: the row that `is_header` knows.
        rows: those below it.
        place: the file, for the errors.

    Raises:
        MissingColumns: a column without which a row means nothing is absent.
        UnreadableInput: nobody can tell which quarter a column is about.
    """
    names = [plain_key(cell or "") for cell in header]
    places = {ours: at for ours, aliases in (COLUMNS | PRODUCT).items() if (at := _first(names, aliases)) is not None}
    programmed = next((at for at, name in enumerate(names) if name.startswith(PROGRAMMED_HEADER)), None)
    if programmed is not None:
        places[PROGRAMMED] = programmed
    absent = [COLUMNS[name][0] for name in REQUIRED if name not in places]
    if absent:
        raise MissingColumns(place, absent, present=[cell for cell in header if cell])
    trio = {name: places[name] for name in (*PRODUCT, PROGRAMMED) if name in places}
    settled = settle_product_columns(trio, rows)
    return Found(
        places=places | settled | _families(names, place),
        misleading=tuple(str(header[at]) for name, at in settled.items() if trio[name] != at),
    )


def quarters_of(labels: Sequence[str]) -> tuple[int, ...] | None:
    """The quarter of each column of a family; None if nobody can tell.

    Labels that differ are believed. If one stands twice or is no quarter, four columns are the four quarters in order.
    """
    told = [quarter_of_label(label) for label in labels]
    quarters = tuple(quarter for quarter in told if quarter is not None)
    if len(set(quarters)) == len(labels):
        return quarters
    return QUARTERS if len(labels) == len(QUARTERS) else None


def settle_product_columns(trio: dict[str, int], rows: Sequence[Cells]) -> dict[str, int]:
    """`trio` (our name → column) with the names where the cells put them; unchanged if the cells do not tell.

    The code is the column that holds codes of six or seven digits throughout; the name, the one with words.
    """
    shares = {at: _looks(at, rows) for at in trio.values()}
    code = max(shares, key=lambda at: (shares[at][0], at == trio.get("cod_producto_mga")), default=None)
    if code is None or shares[code][0] <= _MOST or "cod_producto_mga" not in trio:
        return trio
    name = max(
        (at for at in shares if at != code),
        key=lambda at: (shares[at][1], at == trio.get("nombre_producto_mga")),
        default=None,
    )
    if name is None or shares[name][1] <= _MOST or "nombre_producto_mga" not in trio:
        return trio
    rest = [at for at in shares if at not in (code, name)]
    return dict(zip((*PRODUCT, PROGRAMMED), (code, name, *rest), strict=False))


def _looks(at: int, rows: Sequence[Cells]) -> tuple[float, float]:
    """How many of a column's cells are codes, and how many hold words of four letters: shares of 1."""
    cells = [cell.strip() for row in rows if at < len(row) and (cell := row[at])]
    if not cells:
        return 0.0, 0.0
    codes = sum(_MGA_CODE.fullmatch(cell) is not None for cell in cells)
    words = sum(re.search(r"[^\W\d_]{4}", cell) is not None for cell in cells)
    return codes / len(cells), words / len(cells)


def _families(names: Sequence[str], place: str) -> dict[str, int]:
    found: dict[str, int] = {}
    quarters: dict[str, tuple[int, ...]] = {}
    for stem, beginning in FAMILIES.items():
        members = [at for at, name in enumerate(names) if name.startswith(beginning)]
        quarters[stem] = _quarters([names[at] for at in members], place)
        found |= {f"{stem}_trim_{q}": at for q, at in zip(quarters[stem], members, strict=True)}
    members = [at for at, name in enumerate(names) if name.startswith(AVANCE_PRODUCTO)]
    beside = quarters["ejecucion_fisica"]
    told = beside if len(beside) == len(members) else _quarters([names[at] for at in members], place)
    return found | {f"avance_producto_trim_{q}": at for q, at in zip(told, members, strict=True)}


def _quarters(labels: Sequence[str], place: str) -> tuple[int, ...]:
    quarters = quarters_of(labels)
    if quarters is None:
        reason = _("nobody can tell the quarters of its columns: {labels}")
        raise UnreadableInput(place, reason.format(labels=", ".join(labels)))
    return quarters


def _first(names: Sequence[str], aliases: Sequence[str]) -> int | None:
    plain = {plain_key(alias) for alias in aliases}
    return next((at for at, name in enumerate(names) if name in plain), None)
