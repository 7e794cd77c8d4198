"""Files of Cuadro 1S: which of them speaks for which cut, and the tables that each one gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

import polars as pl

from etl_kit.datasets import (
    SEGUIMIENTO_ACTIVIDADES,
    SEGUIMIENTO_ARCHIVOS,
    SEGUIMIENTO_ORGANISMOS,
    SEGUIMIENTO_PA,
    SEGUIMIENTO_PRODUCTOS,
    SEGUIMIENTO_PROYECTOS,
    Dataset,
)
from etl_kit.datasets.action_plan import MONEY_OF_ORGANISMO
from etl_kit.errors import MissingColumns, UnreadableInput
from etl_kit.lineage import LINEAGE
from etl_kit.originals import Original
from etl_kit.rejects import Rejects
from etl_kit.translation import _
from transformation_app.action_plan_activities import activities_of
from transformation_app.action_plan_books import Book, Sheet, open_book
from transformation_app.action_plan_checks import check
from transformation_app.action_plan_organismos import organismos_of
from transformation_app.action_plan_periods import period_of_file_name
from transformation_app.action_plan_tables import products_of, projects_of
from transformation_app.action_plan_trees import projects_of_tree, report_date, with_ordinal

TABLES = (
    SEGUIMIENTO_ARCHIVOS,
    SEGUIMIENTO_PA,
    SEGUIMIENTO_PRODUCTOS,
    SEGUIMIENTO_ACTIVIDADES,
    SEGUIMIENTO_ORGANISMOS,
    SEGUIMIENTO_PROYECTOS,
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one file gives: tables, what was refused on the way to each, and what the reader should know."""

    name: str
    cut: date
    rows: int
    frames: dict[Dataset, pl.DataFrame]
    rejects: dict[str, Rejects]
    warnings: list[str] = field(default_factory=list)


def read_files(originals: Sequence[Original], *, rejects: Rejects) -> tuple[list[Reading], list[str]]:
    """One reading for each cut, and warnings about the files left out.

    Of several files on one cut the one with more rows speaks. A file that cannot be read is refused by name.

    Args:
        originals: the current ones.
        rejects: takes the refused files.

    Raises:
        UnreadableInput, MissingColumns: there are files, but not one can be used.
    """
    readings: list[Reading] = []
    warnings: list[str] = []
    failure: UnreadableInput | MissingColumns | None = None
    for original in originals:
        try:
            readings.append(read_original(original))
        except (UnreadableInput, MissingColumns) as error:
            failure = error
            rejects.add(motivo=str(error), fuente=original.name)
            warnings.append(_("{name} was left out: {reason}").format(name=original.name, reason=error))
    if failure is not None and not readings:
        raise failure
    chosen, left_out = choose(readings)
    return chosen, [*warnings, *left_out]


def read_original(original: Original) -> Reading:
    """What one original gives.

    Raises:
        UnreadableInput, MissingColumns: its name tells no period, its copy has gone, or it is no Cuadro 1S we know.
    """
    cut = period_of_file_name(original.name)
    if cut is None:
        raise UnreadableInput(original.name, _("its name tells no single quarter or month of one year"))
    if not original.path.is_file():
        raise UnreadableInput(original.name, _("its registered copy has gone; extract again"))
    return read_file(original.path.read_bytes(), name=original.name, cut=cut)


def choose(readings: Sequence[Reading]) -> tuple[list[Reading], list[str]]:
    """Of each cut's readings the one with most rows, and a sentence for each that was left out."""
    ranked = sorted(readings, key=lambda reading: (reading.cut, -reading.rows, reading.name))
    chosen: list[Reading] = []
    warnings: list[str] = []
    for cut, candidates in groupby(ranked, key=lambda reading: reading.cut):
        first, *others = candidates
        chosen.append(first)
        text = _("{cut}: {chosen} speaks with {rows} rows; {other} has {other_rows} and was left out")
        warnings += [
            text.format(
                cut=cut.isoformat(), chosen=first.name, rows=first.rows, other=other.name, other_rows=other.rows
            )
            for other in others
        ]
    return chosen, warnings


def read_file(content: bytes, *, name: str, cut: date) -> Reading:
    """The tables of one workbook, whichever layout it has.

    Raises:
        UnreadableInput, MissingColumns: it is no Cuadro 1S that we know.
    """
    book = open_book(content, name=name)
    if book.activities is not None:
        return _read_activities(book, book.activities, name, cut)
    return _read_organismos(book, name, cut)


def _read_activities(book: Book, sheet: Sheet, name: str, cut: date) -> Reading:
    rejects = {table.name: Rejects(dataset=table.name) for table in TABLES}
    activities, misleading = activities_of(sheet, fuente=name, cut=cut, rejects=rejects[SEGUIMIENTO_ACTIVIDADES.name])
    products = products_of(activities, rejects=rejects[SEGUIMIENTO_PRODUCTOS.name])
    projects = projects_of(activities, rejects=rejects[SEGUIMIENTO_PA.name])
    disagreements = len(rejects[SEGUIMIENTO_PRODUCTOS.name]) + len(rejects[SEGUIMIENTO_PA.name])
    checks = check(activities, products, projects, disagreements=disagreements)
    noticed = {
        "productos_con_ponderacion_distinta_de_1": checks.weights,
        "avances_fuera_de_0_a_1": checks.beyond,
        "avances_que_bajan": checks.falling,
        "valores_en_desacuerdo": checks.disagreements,
    }
    about = _about(book, sheet, name, cut, {"disposicion": "A", "n_filas": activities.height, **noticed})
    swapped = _("{name}: the columns {columns} hold something else than their headers say; their cells decided")
    misled = [swapped.format(name=name, columns=", ".join(misleading))] if misleading else []
    return Reading(
        name=name,
        cut=cut,
        rows=activities.height,
        frames={
            SEGUIMIENTO_ARCHIVOS: about,
            SEGUIMIENTO_PA: projects,
            SEGUIMIENTO_PRODUCTOS: products,
            SEGUIMIENTO_ACTIVIDADES: activities,
        },
        rejects=rejects,
        warnings=[*misled, *checks.warnings(name)],
    )


def _read_organismos(book: Book, name: str, cut: date) -> Reading:
    rejects = {table.name: Rejects(dataset=table.name) for table in TABLES}
    warnings: list[str] = []
    frames: dict[Dataset, pl.DataFrame] = {}
    if book.summary is not None:
        organismos, said = organismos_of(
            book.summary, fuente=name, cut=cut, rejects=rejects[SEGUIMIENTO_ORGANISMOS.name]
        )
        frames[SEGUIMIENTO_ORGANISMOS] = organismos
        warnings += said
    if book.trees:
        refused = rejects[SEGUIMIENTO_PROYECTOS.name]
        trees = [projects_of_tree(tree, fuente=name, cut=cut, rejects=refused) for tree in book.trees]
        frames[SEGUIMIENTO_PROYECTOS] = with_ordinal(pl.concat(trees))
        warnings += _of_other_days(book.trees, name, cut)
    if len(frames) > 1:
        warnings += _apart(frames[SEGUIMIENTO_ORGANISMOS], frames[SEGUIMIENTO_PROYECTOS], name)
    rows = max(frame.height for frame in frames.values())
    sheet = book.summary or book.trees[0]
    frames[SEGUIMIENTO_ARCHIVOS] = _about(book, sheet, name, cut, {"disposicion": "B", "n_filas": rows})
    return Reading(name=name, cut=cut, rows=rows, frames=frames, rejects=rejects, warnings=warnings)


def _about(book: Book, sheet: Sheet, name: str, cut: date, said: dict[str, object]) -> pl.DataFrame:
    """The row of the file itself; what `said` does not hold is NULL."""
    row = {
        "periodo_corte": cut,
        "hoja": sheet.name,
        "fila_encabezado": sheet.header + 1,
        "n_hojas": book.sheets,
        **said,
    }
    own = {name: dtype for name, dtype in SEGUIMIENTO_ARCHIVOS.schema.items() if name not in LINEAGE}
    return pl.DataFrame([row], schema=own).with_columns(pl.lit(name).alias("fuente"))


def _of_other_days(trees: Sequence[Sheet], name: str, cut: date) -> list[str]:
    other = [tree.name for tree in trees if (day := report_date(tree)) is not None and day != cut]
    text = _("{name}: the sheets {sheets} say another day of report than {cut}")
    return [text.format(name=name, sheets=", ".join(other), cut=cut.isoformat())] if other else []


def _apart(organismos: pl.DataFrame, projects: pl.DataFrame, name: str) -> list[str]:
    """A sentence for each organismo whose projects do not add up to its line of the summary."""
    key = "cod_centro_gestor"
    summed = projects.group_by(key).agg(pl.col(MONEY_OF_ORGANISMO).sum(), pl.len().alias("proyectos"))
    both = organismos.join(summed, on=key, how="left", suffix="_sumado").sort(key)
    text = _("{name}: the projects of {code} do not add up to its line of the summary in {columns}")
    sentences = []
    for row in both.iter_rows(named=True):
        apart = [column for column in ("proyectos", *MONEY_OF_ORGANISMO) if row[column] != row[f"{column}_sumado"]]
        if apart:
            sentences.append(text.format(name=name, code=row[key], columns=", ".join(apart)))
    return sentences
