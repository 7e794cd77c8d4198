"""Cuadro 1S until June 2024: the projects of one organismo, in a tree of dimensions, lines, programmes and indicators.

Only the projects are taken: the rows below each of them (its products, coded BP and a suffix) tell no product of the
national catalogue, and are counted. The letters in the column Clase are not all right, so the level of a row is told by
the length of its code.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import polars as pl

from etl_kit.datasets.action_plan import MONEY_OF_ORGANISMO
from etl_kit.dates import parse_date
from etl_kit.errors import MissingColumns
from etl_kit.money import Spelling, ratio_expr, read_money
from etl_kit.organismos import organismo_by_code, organismo_by_name, organismo_name
from etl_kit.projects import normalise_bp
from etl_kit.rejects import Rejects
from etl_kit.text import plain_key
from transformation_app.action_plan_books import Sheet
from transformation_app.action_plan_layout import Cells
from transformation_app.action_plan_numbers import read_shares

HEADERS: Final = {
    "cod_organismo": "codigo organismo",
    "codigo": "codigo general",
    "clase": "clase",
    "nombre": "identificacion de",
    "bp": "clasificacion (bp)",
    "ejecucion_fisica": "% de ejecucion fisica",
    "avance_proyecto": "% de avance del proyecto",
    "ppto_inicial": "presupuesto inicial",
    "ppto_definitivo": "presupuesto definitivo",
    "ejecucion": "presupuesto ejecutado",
    "pagos": "presupuesto pagos",
}
"""Our names, and what the headers begin with."""

LEVELS: Final = {2: "dimension", 4: "linea_estrategica", 7: "programa", 11: "indicador"}
"""The levels of the plan 2020-2023 by the digits of their code."""

PROJECT: Final = "pr"
UNKNOWN: Final = "sin dato"
CODE: Final = re.compile(r"(?:BP)*[ -]?(\d{8})\d*", re.IGNORECASE)
"""A project's code, perhaps with the suffix of a product, with a blank or dash, or with `BP` written twice."""

BP_OF_PRODUCTS: Final = "el BP del proyecto no es legible; vale el de sus productos"
NO_BP: Final = "el BP del proyecto no es legible, y sus productos no dicen uno solo"
NO_ORGANISMO: Final = "la hoja no dice de qué organismo es"
SHARES: Final = ("ejecucion_fisica", "avance_proyecto")
_PLAN: Final = tuple(f"{part}_{level}" for level in LEVELS.values() for part in ("cod", "nombre"))
_TEXTS: Final = ("bp", "cod_centro_gestor", "bp_crudo", "nombre_proyecto", *_PLAN, *SHARES, *MONEY_OF_ORGANISMO)


@dataclass(kw_only=True)
class Branch:
    """A project row while its products are being read."""

    row: int
    cells: dict[str, str | None]
    plan: dict[str, str | None]
    products: int = 0
    said: Counter[str] = field(default_factory=Counter)


def projects_of_tree(sheet: Sheet, *, fuente: str, cut: date, rejects: Rejects) -> pl.DataFrame:
    """The projects of one organismo's sheet.

    A sheet of which nobody can tell the organismo goes to `rejects` whole. Rejects name file and sheet, because rows
    are counted in each sheet anew.

    Raises:
        MissingColumns: a column is absent.
    """
    where = f"{fuente} [{sheet.name}]"
    places = _columns(sheet, where)
    branches = list(_branches(sheet, places))
    code = organismo_of(sheet, branches)
    if code is None:
        rejects.add(motivo=NO_ORGANISMO, fuente=where, valor_crudo=sheet.name)
        branches = []
    records = [
        {
            "fila": branch.row,
            "fuente": where,
            "bp": _bp_of(branch, where, rejects),
            "cod_centro_gestor": code,
            "bp_crudo": branch.cells["bp"],
            "nombre_proyecto": _tidy(branch.cells["nombre"]),
            "n_productos": branch.products,
            **branch.plan,
            **{name: branch.cells[name] for name in (*SHARES, *MONEY_OF_ORGANISMO)},
        }
        for branch in branches
    ]
    schema = {"fila": pl.Int64, "fuente": pl.String, "n_productos": pl.Int64} | dict.fromkeys(_TEXTS, pl.String)
    texts = pl.DataFrame(records, schema=schema)
    read = read_money(
        read_shares(texts, SHARES, rejects=rejects), MONEY_OF_ORGANISMO, rejects=rejects, spelling=Spelling.MACHINE
    )
    return read.with_columns(
        pl.lit(fuente).alias("fuente"),
        pl.lit(cut).alias("periodo_corte"),
        pl.lit(organismo_name(code), dtype=pl.String).alias("nombre_centro_gestor"),
        ratio_expr("ejecucion", "ppto_definitivo").alias("pct_ejecucion"),
        ratio_expr("pagos", "ejecucion").alias("pct_pagos"),
    )


def with_ordinal(projects: pl.DataFrame) -> pl.DataFrame:
    """Number from 1 the projects of an organismo that share their BP, by what they say and not by their place."""
    key = ("bp", "cod_centro_gestor")
    said = (*key, *MONEY_OF_ORGANISMO, *SHARES, "nombre_proyecto", *_PLAN, "n_productos")
    return projects.sort(said, nulls_last=True, maintain_order=True).with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(key).alias("ordinal"),
    )


def organismo_of(sheet: Sheet, branches: Sequence[Branch]) -> str | None:
    """The four-digit code of a sheet's organismo: by the name in its head, else by the code that its projects bear.

    The sheet's own name has the last say only, since two organismos were given the same number in it.
    """
    named = organismo_by_name(_beside(sheet, "organismo"))
    if named is not None:
        return named.code
    codes = {code.removesuffix(".0") for branch in branches if (code := branch.cells["cod_organismo"])}
    told = codes or set(re.findall(r"(?<!\d)\d{4}(?!\d)", sheet.name))
    known = [organismo.code for code in told if (organismo := organismo_by_code(code.strip()))]
    return known[0] if len(known) == 1 else None


def report_date(sheet: Sheet) -> date | None:
    """The day that the sheet's head gives beside `Fecha de reporte`."""
    return parse_date(_beside(sheet, "fecha de reporte")).day


def _columns(sheet: Sheet, where: str) -> dict[str, int]:
    names = [plain_key(cell or "") for cell in sheet.rows[sheet.header]]
    found = {
        ours: next((at for at, name in enumerate(names) if name.startswith(header)), None)
        for ours, header in HEADERS.items()
    }
    absent = [HEADERS[ours] for ours, at in found.items() if at is None]
    if absent:
        raise MissingColumns(where, absent, present=names)
    return {ours: at for ours, at in found.items() if at is not None}


def _branches(sheet: Sheet, places: dict[str, int]) -> Iterator[Branch]:
    plan: dict[str, str | None] = dict.fromkeys(_PLAN)
    project: Branch | None = None
    for number, row in enumerate(sheet.rows[sheet.header + 1 :], start=sheet.header + 2):
        cells = {ours: row[at] for ours, at in places.items()}
        kind = plain_key(cells["clase"] or "")
        if kind == PROJECT:
            if project is not None:
                yield project
            project = Branch(row=number, cells=cells, plan=plan)
        elif kind:
            plan = _descended(plan, cells)
        elif project is not None and (found := CODE.fullmatch((cells["bp"] or "").strip())):
            project.products += 1
            project.said[f"BP{found[1]}"] += 1
    if project is not None:
        yield project


def _descended(plan: dict[str, str | None], cells: dict[str, str | None]) -> dict[str, str | None]:
    """`plan` with the level of this row, and none below it; unchanged by a row without the code of a level."""
    code = (cells["codigo"] or "").strip()
    level = LEVELS.get(len(code)) if code.isdecimal() else None
    if level is None:
        return plan
    below = [name for digits, name in LEVELS.items() if digits > len(code)]
    cleared = {f"{part}_{name}": None for name in below for part in ("cod", "nombre")}
    return plan | cleared | {f"cod_{level}": code, f"nombre_{level}": _tidy(cells["nombre"])}


def _bp_of(branch: Branch, where: str, rejects: Rejects) -> str:
    raw = branch.cells["bp"]
    said = (raw or "").strip()
    found = CODE.fullmatch(said)
    if found:
        return normalise_bp(found[1]) or UNKNOWN
    by_products = next(iter(branch.said)) if len(branch.said) == 1 else None
    motive = BP_OF_PRODUCTS if by_products else NO_BP
    rejects.add(motivo=motive, fuente=where, fila=branch.row, columna="bp", valor_crudo=raw)
    return by_products or UNKNOWN


def _beside(sheet: Sheet, label: str) -> str | None:
    """The next filled cell in the row above the header in which a cell begins with `label`."""
    for row in sheet.rows[: sheet.header]:
        filled = _filled(row)
        for at, cell in enumerate(filled[:-1]):
            if plain_key(cell).startswith(label):
                return filled[at + 1]
    return None


def _filled(row: Cells) -> list[str]:
    return [cell.strip() for cell in row if cell and cell.strip()]


def _tidy(text: str | None) -> str | None:
    return " ".join(text.split()) or None if text else None
