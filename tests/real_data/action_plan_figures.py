"""The figures of control_totals.json on Cuadro 1S, computed from the tables of the action plan."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import polars as pl

ACTIVITIES_BOOK = "seguimiento_pa/CUADRO 1S_I Trimestre 2025.xlsx"
ORGANISMOS_BOOK = "seguimiento_pa/Cuadro 1S Plan Accion Proyectos Organismos Junio de 2024 .xlsx"
FIRST_QUARTER = date(2025, 3, 31)
JUNE = date(2024, 6, 30)
MONEY = {
    "Presupuesto Inicial": "ppto_inicial",
    "Presupuesto Modificado": "ppto_modificado",
    "Ejecución": "ejecucion",
    "Obligado": "obligado",
    "Pagos": "pagos",
}


def figures(read: Callable[[str], pl.DataFrame]) -> dict[str, object]:
    """Dotted name in control_totals.json → what the tables say; the name of a book has a dot of its own."""
    return {
        **{f"{ACTIVITIES_BOOK}.{name}": value for name, value in _of_activities(read).items()},
        **{f"{ORGANISMOS_BOOK}.{name}": value for name, value in _of_organismos(read).items()},
    }


def _of_activities(read: Callable[[str], pl.DataFrame]) -> dict[str, object]:
    activities, products, projects, files = (
        read(name).filter(pl.col("periodo_corte") == FIRST_QUARTER)
        for name in (
            "seguimiento_actividades_pa",
            "seguimiento_productos_pa",
            "seguimiento_pa",
            "seguimiento_archivos_pa",
        )
    )
    [file] = files.rows(named=True)
    return {
        "sheet": file["hoja"],
        "header_row_1based": file["fila_encabezado"],
        "rows": activities.height,
        "bpin": projects["bpin"].n_unique(),
        "actividades": activities["cod_actividad"].n_unique(),
        "bpin_actividad": activities.select(pl.struct("bpin", "cod_actividad").n_unique()).item(),
        # The control counted what stands below the header "Cód Producto MGA". In this file that column holds the
        # programmed quantities, and the codes stand below "Nombre Producto MGA": so these two figures are about
        # quantities. How many products there really are, a test of its own says.
        "productos_bpin_mga": products.select(pl.struct("bpin", "programacion_pi").n_unique()).item(),
        "productos_bpin_meta_mga": products.select(pl.struct("bpin", "meta_pd", "programacion_pi").n_unique()).item(),
        "organismos": activities["cod_centro_gestor"].n_unique(),
        **{f"sums_all_rows.{header}": total(projects, column) for header, column in MONEY.items()},
        **{
            f"sums_unique_actividad.{header}": total(activities.filter(pl.col("ordinal") == 1), column)
            for header, column in MONEY.items()
        },
    }


def _of_organismos(read: Callable[[str], pl.DataFrame]) -> dict[str, object]:
    organismos, files = (
        read(name).filter(pl.col("periodo_corte") == JUNE)
        for name in ("seguimiento_organismos_pa", "seguimiento_archivos_pa")
    )
    return {
        "sheets": files["n_hojas"].sum(),
        "organismos": organismos["cod_centro_gestor"].n_unique(),
        "proyectos": organismos["proyectos"].sum(),
        "inicial": total(organismos, "ppto_inicial"),
        "definitivo": total(organismos, "ppto_definitivo"),
        "ejecutado": total(organismos, "ejecucion"),
        "pagos": total(organismos, "pagos"),
    }


def total(frame: pl.DataFrame, column: str) -> Decimal:
    """The sum of a column of money, whatever the database made of it."""
    return Decimal(frame.get_column(column).sum())
