"""Small workbooks of Cuadro 1S, in both layouts, that show only what matters."""

import io
from collections.abc import Sequence
from datetime import date

import polars as pl
import xlsxwriter

from etl_kit.rejects import Rejects
from transformation_app.action_plan_files import Reading, read_file

CUT = date(2025, 3, 31)
NAME = "CUADRO 1S_I Trimestre 2025.xlsx"
QUARTERS = ("I", "II", "III", "IV")
BPIN = "2024760019901"
ACTIVITY = "BP268000011010101"

Cell = str | int | float | None


def headers(
    *,
    quarters: Sequence[str] = QUARTERS,
    labels: Sequence[str] | None = None,
    product: Sequence[str] = ("Cód Producto MGA", "Nombre Producto MGA", "Programación PI Año 1"),
) -> list[str]:
    """The header of layout A; `labels` for the quarters of activities' progress, if they are mislabelled."""
    progress = [
        header
        for label, quarter in zip(labels or quarters, quarters, strict=True)
        for header in (f"% de Avance Actividad\nTrimestre {label}", f"Explicación Actividad Trim {quarter}")
    ]
    executed = [
        header
        for quarter in quarters
        for header in (
            f"Ejecución Fisica Trimestre {quarter}",
            f"Explicación Producto Trim {quarter}",
            "% de Avance Producto",
        )
    ]
    return [
        *("Cód centro gestor", "Nivel 1 PD Cód", "Nivel 1 PD Nombre", "Nivel 2 PD Cód", "Nivel 2 PD Nombre"),
        *("Nivel 3 PD Cód", "Nivel 3 PD Nombre", "Cód BPIN", "Cód BP", "Nombre BP", "Cód Actividad"),
        *("Nombre Actividad", "Articulación Variables PI", "Ponderación de Actividad", *progress),
        *("Meta PD", "Denominación Meta PD", *product, "Cantidad Programada Producto"),
        *("Ponderación producto", *executed, "% Avance Proyecto", "Comuna", "Presupuesto Inicial"),
        *("Presupuesto Modificado", "Ejecución", "Obligado", "Pagos", "Fecha Inicio", "Fecha Fin"),
        *("Nombre Centro Gestor", "Subdirección / Subsecretaria"),
    ]


def activity(header: Sequence[str] | None = None, **cells: Cell) -> list[Cell]:
    """A row below `header`; `cells` by our short names, the rest as an ordinary activity has them."""
    known: dict[str, Cell] = {
        "Cód centro gestor": "4112",
        "Cód BPIN": cells.get("bpin", BPIN),
        "Cód BP": cells.get("bp", "BP26800001"),
        "Nombre BP": cells.get("nombre", "Proyecto de prueba"),
        "Cód Actividad": cells.get("codigo", ACTIVITY),
        "Nombre Actividad": "Hacer algo",
        "Ponderación de Actividad": cells.get("peso", 1),
        "Meta PD": cells.get("meta", "61010010001"),
        "Denominación Meta PD": "Algo hecho",
        "Cód Producto MGA": cells.get("mga", "4599031"),
        "Nombre Producto MGA": cells.get("producto", "Servicio de asistencia técnica"),
        "Cantidad Programada Producto": cells.get("cantidad", 10),
        "Ponderación producto": cells.get("peso_producto", 1),
        "% Avance Proyecto": cells.get("avance_proyecto", 0.25),
        "Comuna": 99,
        "Presupuesto Inicial": cells.get("inicial", 1000),
        "Presupuesto Modificado": cells.get("modificado", 1000),
        "Ejecución": cells.get("ejecucion", 300),
        "Obligado": cells.get("obligado", 200),
        "Pagos": cells.get("pagos", 100),
        "Fecha Inicio": cells.get("inicio", "15/01/2025"),
        "Fecha Fin": cells.get("fin", "31/12/2025"),
        "Nombre Centro Gestor": "Secretaría de Gobierno",
    }
    columns = list(header or headers())
    row = [known.get(name, 8 if name.startswith("Programación") else None) for name in columns]
    for stem, values in (
        ("% de Avance Actividad", "avance"),
        ("Ejecución Fisica", "fisica"),
        ("% de Avance Prod", "prod"),
    ):
        members = [at for at, name in enumerate(columns) if name.startswith(stem)]
        for at, value in zip(members, cells.get(values, ()), strict=False):
            row[at] = value
    return row


def workbook(sheets: dict[str, Sequence[Sequence[Cell]]], *, hidden: Sequence[str] = ()) -> bytes:
    """A workbook with these sheets of rows."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            else:
                sheet.activate()  # the active sheet is never hidden, and the first one is active unless told so
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(number, column, cell)
                    elif cell is not None:
                        sheet.write_number(number, column, cell)
    return buffer.getvalue()


def activities_book(*rows: Sequence[Cell], header: Sequence[str] | None = None, above: int = 8) -> bytes:
    """A workbook of layout A whose header has `above` rows above it."""
    return workbook({"MEDE": [*([[]] * above), list(header or headers()), *rows]})


def reading(*rows: Sequence[Cell], header: Sequence[str] | None = None, name: str = NAME, cut: date = CUT) -> Reading:
    """What a workbook of layout A with these rows gives."""
    return read_file(activities_book(*rows, header=header), name=name, cut=cut)


def table(reading: Reading, name: str) -> pl.DataFrame:
    """A table of a reading, by its name."""
    return next(frame for dataset, frame in reading.frames.items() if dataset.name == name)


def refused(reading: Reading, name: str) -> list[tuple[str | None, str | None, str]]:
    """Column, raw text and reason of what was refused on the way to a table."""
    rejects: Rejects = reading.rejects[name]
    return rejects.frame().select("columna", "valor_crudo", "motivo").rows()
