"""The figures of control_totals.json on SECOP files that are not loaded, computed from what the parsers return."""

import csv
import json
from datetime import date
from pathlib import Path

import polars as pl

from etl_kit.people import protect_people
from etl_kit.projects import bpin_expr
from etl_kit.rejects import Rejects
from transformation_app.saved_contracts import read_bpin_index, read_dacp_contracts
from transformation_app.secop_columns import CONTRACTS, PROCESSES, text_frame
from transformation_app.secop_contracts import clean_contracts
from transformation_app.secop_processes import clean_processes

DAY = date(2025, 9, 22)
CALI = "890399011"
DACP = "contratos_dacp_2025_ene_may.json"
INDEX = "indice_bpin_contrato_proceso.csv"


def figures(folder: Path) -> dict[str, object]:
    """Dotted name in the control file → value; `folder` holds the saved files of SECOP."""
    sections = {
        "contratos_cali": _contracts_of_cali(folder),
        "contratos_nacionales": _national_contracts(folder),
        "procesos_adjudicados": _awarded_processes(folder),
        "procesos_cali": _processes_of_cali(folder),
        "contratos_dacp": _dacp(folder),
        "indice_bpin": _index(folder),
    }
    return {f"secop.{section}.{name}": value for section, found in sections.items() for name, value in found.items()}


def _sums(frame: pl.DataFrame, by: str, prefix: str) -> dict[str, object]:
    sums = frame.group_by(by).agg(pl.col("valor_contrato").sum()).rows()
    return {f"{prefix}.{name}": value for name, value in sums}


def _contracts_of_cali(folder: Path) -> dict[str, object]:
    rows = json.loads((folder / "contratos_cali_soda_jbjy-vk9h.json").read_bytes())
    raw = text_frame(protect_people(rows, "contratos_emprestito", key=b"test"), CONTRACTS, fuente="cali")
    contracts = clean_contracts(raw, cut=DAY, rejects=Rejects(dataset="contratos_secop"))
    credit = contracts.filter(pl.col("recursos_credito") > 0)
    return {
        "rows": raw.height,
        "unique_id_contrato": contracts.height,
        "unique_referencia": raw["referencia_contrato"].n_unique(),
        **_sums(contracts, "estado_contrato", "valor_por_estado"),
        "valor_total": contracts["valor_contrato"].sum(),
        "contratos_con_recursos_de_credito": credit.height,
        "valor_contratos_con_credito": credit["valor_contrato"].sum(),
        "recursos_de_credito": contracts["recursos_credito"].sum(),
        "sin_bpin": raw.select(bpin_expr(pl.col("bpin_publicado"))).to_series().null_count(),
    }


def _national_contracts(folder: Path) -> dict[str, object]:
    raw = text_frame(_records(folder / "contratos_nacionales_obra_jbjy-vk9h.csv"), CONTRACTS, fuente="nacional")
    each_row = raw.with_columns(pl.concat_str("id_contrato", "fila", separator="#").alias("id_contrato"))
    contracts, by_row = (
        clean_contracts(frame, cut=DAY, rejects=Rejects(dataset="contratos_secop")) for frame in (raw, each_row)
    )
    # the publisher writes some states in small letters, and so does the control
    states = {state.capitalize(): state for state in raw["estado_contrato"].unique()}
    named = by_row.with_columns(pl.col("estado_contrato").replace(states))
    return {
        "rows": by_row.height,
        "unique_id_contrato": contracts.height,
        "filas_nit_890399011": raw.filter(pl.col("nit_entidad") == CALI).height,
        **_sums(named, "estado_contrato", "valor_por_estado"),
    }


def _awarded_processes(folder: Path) -> dict[str, object]:
    raw = text_frame(_records(folder / "procesos_adjudicados_nacional_p6dx-8zbt.csv"), PROCESSES, fuente="nacional")
    processes = clean_processes(raw, cut=DAY, rejects=Rejects(dataset="procesos_secop"))
    ids = raw.filter(pl.col("nit_entidad") == CALI)["id_del_proceso"].unique()
    ours = processes.filter(pl.col("id_del_proceso").is_in(ids.implode()))
    return {
        "rows": processes.height,
        "unique_id": processes["id_del_proceso"].n_unique(),
        "filas_cali": ours.height,
        "cali_unique_referencia": ours["referencia_proceso"].n_unique(),
        "cali_precio_base": ours["precio_base"].sum(),
        "cali_valor_adjudicado": ours["valor_adjudicacion"].sum(),
        **{f"cali_por_modalidad.{name}": n for name, n in ours.group_by("modalidad_contratacion").len().rows()},
        "cali_adjudicado_mayor_que_base": ours.filter(pl.col("valor_adjudicacion") > pl.col("precio_base")).height,
    }


def _processes_of_cali(folder: Path) -> dict[str, object]:
    rows = json.loads((folder / "procesos_cali_soda_p6dx-8zbt.json").read_bytes())
    raw = text_frame(protect_people(rows, "procesos_emprestito", key=b"test"), PROCESSES, fuente="cali")
    processes = clean_processes(raw, cut=DAY, rejects=Rejects(dataset="procesos_secop"))
    return {"dev_rows": raw.height, "dev_unique": processes["id_del_proceso"].n_unique()}


def _dacp(folder: Path) -> dict[str, object]:
    contracts = read_dacp_contracts((folder / DACP).read_bytes(), name=DACP)
    records = json.loads((folder / DACP).read_bytes())
    return {
        "rows": contracts.height,
        "referencia_distinct": contracts["referencia_contrato"].n_unique(),
        "dup_rows_full": len(records) - len({json.dumps(record, sort_keys=True) for record in records}),
        "valor_total": contracts["valor_contrato"].sum(),
        **_sums(contracts, "destino_gasto", "por_destino"),
        "valor_cero": contracts.filter(pl.col("valor_contrato") == 0).height,
    }


def _index(folder: Path) -> dict[str, object]:
    index = read_bpin_index((folder / INDEX).read_bytes(), name=INDEX)
    several = index.group_by("id_contrato").agg(pl.col("bpin").n_unique()).filter(pl.col("bpin") > 1)
    return {
        "rows": index.height,
        "bpin": index["bpin"].n_unique(),
        "id_contrato": index["id_contrato"].n_unique(),
        "procesos": index["proceso_compra"].n_unique(),
        "contratos_con_mas_de_un_bpin": several.height,
    }


def _records(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))
