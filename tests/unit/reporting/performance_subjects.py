"""Small loans for the tests of its performance: contracts of the base, and what their months say."""

from datetime import date
from decimal import Decimal

import polars as pl

from etl_kit.money import MONEY, RATIO
from tests.unit.validation.city_rows import frame_of, in_memory

JULY, AUGUST, SEPTEMBER, OCTOBER = (date(2025, month, 1) for month in (7, 8, 9, 10))

FLOW = {
    "clave": pl.String,
    "mes": pl.Date,
    "desembolso_planeado": MONEY,
    "desembolso_real": MONEY,
    "avance_planeado": RATIO,
    "avance_real": RATIO,
}


def flow_of(*rows):
    """Months of contracts: (clave, mes, planned, real, planned progress, real progress), numbers as text."""
    read = [(key, month, *(None if cell is None else Decimal(cell) for cell in cells)) for key, month, *cells in rows]
    return pl.DataFrame(read, schema=FLOW, orient="row")


def plan_of(**values):
    """Contracts of the base by key, with their value; all of one bank and department."""
    rows = [
        (
            key,
            "Banco A",
            "4151",
            "Infraestructura",
            f"Obra {key}",
            "Contrato 1",
            None if value is None else Decimal(value),
        )
        for key, value in values.items()
    ]
    columns = ("clave", "banco", "cod_centro_gestor", "organismo", "nombre_comercial", "contrato")
    return pl.DataFrame(rows, schema={**dict.fromkeys(columns, pl.String), "valor_contrato": MONEY}, orient="row")


def row_of(frame, key):
    """The one row of a contract."""
    (row,) = frame.filter(pl.col("clave") == key).rows(named=True)
    return row


def loan_warehouse():
    """A published warehouse in memory: two contracts under way, one that says nothing, one that starts later.

    `lento` earned 30 of the 60 million it should have, `adelantado` disbursed 80 % with works at 50 %.
    """
    plan = [
        {"clave": key, "banco_linea": "Banco A", "banco": "Banco A", "cod_centro_gestor": "4151",
         "nombre_comercial": f"Obra {key}", "contrato": "Contrato 1", "valor_contrato": Decimal(value)}
        for key, value in (("lento", 100_000_000), ("adelantado", 10_000_000), ("callado", 5_000_000),
                           ("después", 7_000_000))
    ]  # fmt: skip
    months = flow_of(
        ("lento", JULY, "30000000", "20000000", "0.3", "0.2"),
        ("lento", AUGUST, "30000000", "15000000", "0.3", "0.1"),
        ("lento", SEPTEMBER, "40000000", None, "0.4", None),
        ("adelantado", AUGUST, "5000000", "8000000", "0.5", "0.5"),
        ("adelantado", SEPTEMBER, "5000000", None, "0.5", None),
        ("callado", AUGUST, "5000000", None, "1", None),
        ("después", OCTOBER, "7000000", None, "1", None),
    )
    contract = {
        "id_contrato": "CO1.1", "referencia_contrato": "4151.010.26.1.0001-2025",
        "referencia_normalizada": "4151.010.26.1.0001-2025", "banco": "Banco A", "cod_centro_gestor": "4151",
        "es_emprestito": True, "estado_contrato": "En ejecución", "fecha_firma": date(2025, 7, 1),
        "valor_contrato": Decimal(100_000_000), "valor_pagado": Decimal(25_000_000),
    }  # fmt: skip
    rows = {
        "emp_contratos_plan": plan,
        "emp_flujo_contratos": months.rows(named=True),
        "emp_flujo_caja": [],
        "contratos_secop": [
            contract,
            {**contract, "id_contrato": "CO1.2", "estado_contrato": "Cancelado", "valor_contrato": Decimal(7)},
            {**contract, "id_contrato": "CO1.3", "fecha_firma": None},
        ],
        "emp_bancos": [{"banco": "Banco A", "valor_negociado": Decimal(200_000_000)}],
        "emp_proyectos": [{"bp": "BP1", "cod_centro_gestor": "4151", "valor_negociado": Decimal(200_000_000)}],
        "emp_procesos": [
            {"referencia_proceso": "1", "estado_procedimiento": "Adjudicado"},
            {"referencia_proceso": "2", "estado_procedimiento": "Cancelado", "estado_indice": "Adjudicado"},
            {"referencia_proceso": "3", "estado_procedimiento": "Evaluación"},
        ],
        "emp_contratos_index": [],
        "intervenciones": [
            {"intervencion_id": str(number), "upid": "U", "frente_activo": "No aplica", "fuera_rango": "ACEPTABLE",
             "fila_origen": number, "referencia_contrato": "4151.010.26.1.0001-2025", "avance_obra": Decimal(share),
             "presupuesto": Decimal(budget)}
            for number, (share, budget) in enumerate(((10, 30), (50, 10)))
        ],
    }  # fmt: skip
    return in_memory({name: frame_of(name, given) for name, given in rows.items()})


LOADS = [
    {"tabla": name, "fuente": f"{name}.xlsx", "fecha_corte": date(2025, 9, 4)}
    for name in ("emp_flujo_contratos", "contratos_secop", "emp_procesos", "emp_bancos", "intervenciones")
]
"""What was last loaded, as far as the loan's performance asks."""
