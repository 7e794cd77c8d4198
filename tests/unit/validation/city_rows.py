"""Rows of a small city that breaks no quality rule, and makers to change what a test is about."""

from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import polars as pl

from etl_kit.columns import EXECUTION, MOVEMENTS
from etl_kit.datasets import WAREHOUSE
from etl_kit.lineage import with_lineage
from etl_kit.warehouse import ArrowStream

CUT = date(2025, 4, 30)
BP, BPIN = "BP26005375", "2024760010333"
SEEN_AT = datetime(2025, 5, 20, 12, tzinfo=UTC)


def budget_line(**changes):
    """A published line; its figures keep every identity unless changed."""
    line = {
        "periodo_corte": CUT,
        "cod_centro_gestor": "4151",
        "bp": BP,
        "programa_presupuestal": "BP260053751020405",
        "pospre": "2320201003",
        "fondo": "1211",
        "area_funcional": "53030040001",
        "origen": "Organismo",
        "comuna": "SANTIAGO DE CALI",
        "vigencia": "Actual",
        "ordinal": 1,
        "anio": 2025,
        "bpin": BPIN,
        "nombre_centro_gestor": "Secretaría de Infraestructura",
        "nombre_proyecto": "Vías de prueba",
        "ppto_inicial": 1000,
        "reducciones": -100,
        "adiciones": 300,
        "contracreditos": -50,
        "creditos": 50,
        "aplazamiento": 0,
        "desaplazamiento": 0,
        "ppto_modificado": 1200,
        "total_acumulado_cdp": 800,
        "total_acumulado_rpc": 600,
        "total_acumul_obligac": 400,
        "pagos": 300,
        "ejecucion": 600,
        "saldos_cdp": 200,
        "ppto_disponible": 400,
    }
    return {**line, **changes}


def contract(**changes):
    """A loan contract."""
    made = {
        "id_contrato": "CO1.PCCNTR.1",
        "referencia_contrato": "4151.010.26.1.0887-2025",
        "referencia_normalizada": "4151.010.26.1.0887-2025",
        "proceso_compra": "CO1.BDOS.1",
        "estado_contrato": "En ejecución",
        "nombre_centro_gestor": "Secretaría de Infraestructura",
        "cod_centro_gestor": "4151",
        "proveedor": "Constructora de Prueba S.A.S.",
        "urlproceso": "https://community.secop.gov.co/x",
        "fecha_firma": date(2025, 3, 1),
        "fecha_inicio_contrato": date(2025, 3, 10),
        "fecha_fin_contrato": date(2025, 12, 31),
        "valor_contrato": 900,
        "valor_pagado": 100,
        "valor_facturado": 200,
        "recursos_credito": 900,
        "bpin": BPIN,
        "es_emprestito": True,
        "banco": "Bancolombia",
        "pct_pagado": Decimal("0.111111"),
    }
    return {**made, **changes}


def process(**changes):
    """An awarded process."""
    made = {
        "id_del_proceso": "CO1.REQ.1",
        "id_adjudicacion": "CO1.AWD.1",
        "nit_del_proveedor_adjudicado": "900123456",
        "referencia_proceso": "4151.010.32.1.0577-2025",
        "proceso_compra": "CO1.BDOS.1",
        "estado_procedimiento": "Adjudicado",
        "adjudicado": True,
        "precio_base": 1000,
        "valor_adjudicacion": 900,
        "fecha_publicacion": date(2025, 1, 10),
        "fecha_adjudicacion": date(2025, 2, 20),
    }
    return {**made, **changes}


def index_line(**changes):
    """A line of the loan's index."""
    made = {
        "clave": "1",
        "banco": "Bancolombia",
        "bp": BP,
        "bpin": BPIN,
        "referencia_proceso": "4151.010.32.1.0577-2025",
        "referencia_contrato": "4151.010.26.1.0887-2025",
        "id_contrato": "CO1.PCCNTR.1",
        "nombre_centro_gestor": "Secretaría de Infraestructura",
    }
    return {**made, **changes}


def loan_process(**changes):
    """A process that the index names."""
    made = {"referencia_proceso": "4151.010.32.1.0577-2025", "bancos": "Bancolombia", "encontrado_en_secop": True}
    return {**made, "precio_base": 1000, "valor_adjudicacion": 900, "n_contratos": 1, **changes}


def loan_project(**changes):
    """A project that the loan pays."""
    return {"bp": BP, "bpin": BPIN, "nombre_proyecto": "Vías de prueba", **changes}


def project(**changes):
    """What is said about a project."""
    made = {"bpin": BPIN, "bp": BP, "nombre_proyecto": "Vías de prueba", "cod_centro_gestor": "4151", "anio": 2025}
    return {**made, **changes}


def city(**rows):
    """Frames of every dataset by name; `rows` replaces the rows of those it names, None leaves one out."""
    lines = rows.get("ejecucion_detalle", [budget_line()])
    made = {
        "catalogo_bpin": [{"bp": BP, "bpin": BPIN, "nombre_proyecto": "Vías de prueba"}],
        "datos_caracteristicos_proyectos": [project()],
        "movimientos_presupuestales": _per_project(lines or [], MOVEMENTS),
        "ejecucion_presupuestal": _per_project(lines or [], EXECUTION),
        "ejecucion_detalle": lines,
        "procesos_secop": [process()],
        "contratos_secop": [contract()],
        "contrato_bpin": [{"id_contrato": "CO1.PCCNTR.1", "bpin": BPIN}],
        "emp_proyectos": [loan_project()],
        "emp_contratos_index": [index_line()],
        "emp_procesos": [loan_process()],
    }
    return {name: frame_of(name, given) for name, given in {**made, **rows}.items() if given is not None}


def frame_of(name, rows, *, run_id="corrida-1"):
    """Rows as the dataset `name` has them: columns nobody mentions are NULL, lineage is filled in.

    A frame never changes, so there is one for all who ask for the same rows.
    """
    asked = repr((name, rows, run_id))
    if asked not in _FRAMES:
        _FRAMES[asked] = _framed(name, rows, run_id)
    return _FRAMES[asked]


def in_memory(frames):
    """A database in memory with a table per frame, as a published warehouse shows them, and an empty load log.

    All who ask get the same one, one after the other: making every table anew for each of hundreds of faults would
    take most of a minute. Only tables whose frame is another than before are written.
    """
    connection = _DATABASE.cursor()  # with temporary tables, variables and a search path of its own
    connection.execute("SET TimeZone = 'UTC'")
    for name in _SHOWN.keys() - frames.keys():
        connection.execute(f"DROP TABLE vigentes.{name}")
        del _SHOWN[name]
    for name, frame in frames.items():
        if _SHOWN.get(name) is not frame:
            connection.register("entrada", ArrowStream(frame))
            connection.execute(f"CREATE OR REPLACE TABLE vigentes.{name} AS FROM entrada")
            connection.unregister("entrada")
            _SHOWN[name] = frame
    connection.execute(
        "CREATE OR REPLACE TABLE carga_log (tabla VARCHAR, fecha_corte DATE, fin TIMESTAMPTZ, fuente VARCHAR)"
    )
    return connection


_FRAMES: dict[str, pl.DataFrame] = {}
_DATABASE = duckdb.connect()
_DATABASE.execute("CREATE SCHEMA vigentes")
_SHOWN: dict[str, pl.DataFrame] = {}
"""The frame that each table of the database in memory shows."""


def _framed(name, rows, run_id):
    wanted = next(dataset for dataset in WAREHOUSE if dataset.name == name)
    columns = {column: dtype for column, dtype in wanted.schema.items() if column not in LINEAGE_NAMES}
    full = [{column: row.get(column) for column in columns} for row in rows]
    frame = pl.DataFrame({c: pl.Series(c, [row[c] for row in full], dtype=t, strict=False) for c, t in columns.items()})
    lined = with_lineage(frame, fuente="prueba.csv", fecha_corte=CUT, run_id=run_id, now=SEEN_AT)
    return wanted.conform(lined)


LINEAGE_NAMES = {"fuente", "fecha_corte", "run_id", "fecha_procesamiento"}


def _per_project(lines, amounts):
    groups = {}
    for line in lines:
        key = (line["bpin"], line["periodo_corte"], line["vigencia"])
        sums = groups.setdefault(key, dict.fromkeys(amounts, 0))
        for name in amounts:
            sums[name] += line[name] or 0
    return [
        {"bpin": bpin, "periodo_corte": cut, "vigencia": vigencia, "anio": cut.year, **sums}
        for (bpin, cut, vigencia), sums in groups.items()
        if bpin is not None
    ]
