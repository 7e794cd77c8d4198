"""The loan's performance on the real workbooks, against a plain reading of their cells that shares none of our code."""

import json
import os
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation

import duckdb
import fastexcel
import polars as pl
import pytest

from etl_kit.loan_progress import ways_of_progress
from reporting_app.performance import read_performance
from reporting_app.performance_figures import by_group, by_month, pace
from reporting_app.performance_progress import contracts_at, cut_month
from tests.real_data.test_loan_books import BOOKS, DATA, transformed
from transformation_app import data_transformation_contratos_secop

BASE = "04-09-25 10-12 AM Base Emprestito - DASHBOARD.xlsx"
AGREED = "BD Emprestito V20250815 BID.xlsx"
MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")
CENT, MILLIONTH = Decimal("0.01"), Decimal("0.000001")
DECEMBER = date(2025, 12, 1)

pytestmark = pytest.mark.skipif(
    not BOOKS.is_dir() and not os.environ.get("CI"),
    reason="the loan's real workbooks are not here (ETL_REAL_DATA)",
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """The loan's tables as published, made from the real files, and what was last loaded."""
    home = tmp_path_factory.mktemp("home")
    transformed(home, sorted(BOOKS.glob("*.xlsx")))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ETL_SOURCE_FOLDER", str(DATA))
        data_transformation_contratos_secop.main(source="files", home=str(home))
    connection = duckdb.connect()
    connection.sql("CREATE SCHEMA vigentes")
    loads = []
    for file in sorted((home / "data" / "transformed" / "files").glob("*.parquet")):
        connection.sql(f"CREATE VIEW vigentes.{file.stem} AS FROM read_parquet('{file.as_posix()}')")
        lineage = pl.read_parquet(file, columns=["fuente", "fecha_corte"])
        if lineage.height:
            loads.append({"tabla": file.stem, "fuente": lineage[0, 0], "fecha_corte": lineage[0, 1]})
    yield connection, loads
    connection.close()


@pytest.fixture(scope="module")
def performance(warehouse):
    return read_performance(*warehouse)


@pytest.fixture(scope="module")
def base():
    """The contracts of the sheet `Base +`: bank, value, and by month and measure what its cells say."""
    header, *rows = cells_of(BASE, "Base +")
    months = {place: found for place, name in enumerate(header) if (found := month_of(name or ""))}
    read = []
    for row in rows:
        said = defaultdict(dict)
        for place, (month, measure) in months.items():
            money = measure.startswith("Desembolso")
            said[measure][month] = number_of(row[place], CENT if money else MILLIONTH)
        read.append((row[header.index("Banco")], Decimal(row[header.index("Valor Contrato")]).quantize(CENT), said))
    return read


def cells_of(book, sheet):
    frame = fastexcel.read_excel(BOOKS / book).load_sheet(sheet, header_row=None, dtypes="string").to_polars()
    return [row for row in frame.rows() if any(row)]


def month_of(name):
    word, _, measure = name.partition(" ")
    month, _, year = word.lower().partition("-")
    return (date(2000 + int(year), MONTHS.index(month) + 1, 1), measure) if month in MONTHS else None


def number_of(cell, step):
    try:
        return None if cell is None else Decimal(cell).quantize(step, ROUND_HALF_EVEN)
    except InvalidOperation:
        return Decimal(0) if cell.replace("$", "").strip() == "-" else None


def done_by(said, cut, planned):
    """The progress of a contract by the month `cut`, written as its plan is: added up, or as it stands."""
    stated = [share for month, share in sorted(said.items()) if month <= cut and share is not None]
    plan = [share for _month, share in sorted(planned.items()) if share]
    if not stated:
        return None
    added, last = sum(stated), stated[-1]
    if plan and sum(plan) <= Decimal("1.01"):
        done = added
    elif plan and Decimal("0.99") <= plan[-1] <= Decimal("1.01") and plan[-1] == max(plan):
        done = last
    else:
        done = last if added == last else None
    return done if done is not None and 0 <= done <= Decimal("1.01") else None


def test_the_base_states_nothing_real_so_the_plan_is_cut_at_the_last_whole_month(performance, base):
    real = [cell for _bank, _value, said in base for name in ("Desembolso REAL", "Avance REAL")
            for cell in said[name].values() if cell is not None]  # fmt: skip

    assert real == []
    assert (performance.cut, performance.stated, performance.as_of) == (date(2025, 8, 1), False, date(2025, 9, 4))
    for name in ("real", "saldo", "pct_negociado", "pct_comprometido", "cpi", "spi", "ev", "ac"):
        assert performance.whole[name] is None
    assert performance.pace.real is None


def test_what_is_planned_negotiated_and_committed_equals_a_plain_reading(performance, base):
    planned = sum(said["Desembolso"][month] or 0 for _bank, _value, said in base for month in said["Desembolso"]
                  if month <= date(2025, 8, 1))  # fmt: skip
    header, *rows = cells_of(AGREED, "BaseEmprestito")
    negotiated = sum(Decimal(row[header.index("Valor Negociado con entidad financiera")] or 0) for row in rows)
    index = json.loads((BOOKS / "indice_procesos_emprestito.json").read_text(encoding="utf-8"))
    named = {reference for line in index for reference in line["referencia_contrato"] or ()}
    secop = json.loads((DATA / "secop" / "contratos_cali_soda_jbjy-vk9h.json").read_text(encoding="utf-8"))
    loan = [row for row in secop if row["referencia_del_contrato"] in named]

    whole = performance.whole

    assert (whole["planeado"], whole["negociado"]) == (planned, negotiated)
    assert whole["planeado"] == Decimal(13_018_254_430)
    assert whole["comprometido"] == sum(Decimal(row["valor_del_contrato"]) for row in loan)
    assert whole["pagado_secop"] == sum(Decimal(row["valor_pagado"]) for row in loan)
    assert performance.works.height == len(loan)
    assert performance.contracts.height == len(base)


def test_every_month_of_the_plan_equals_a_plain_reading(performance, base):
    sums = defaultdict(Decimal)
    for _bank, _value, said in base:
        for month, amount in said["Desembolso"].items():
            sums[month] += amount or 0

    assert dict(performance.months.select("mes", "planeado").rows()) == sums
    assert performance.months.get_column("planeado_acumulado")[-1] == sum(sums.values())


def test_the_two_ways_of_writing_progress_are_as_many_as_their_docstring_says(warehouse):
    flow = flow_of(warehouse)

    ways = dict(ways_of_progress(flow).get_column("modo").value_counts().rows())

    assert ways == {"por mes": 119, "acumulado": 11, None: 1}


def test_earned_value_equals_a_plain_reading_where_the_plan_is_taken_for_what_was_done(warehouse, performance, base):
    flow = flow_of(warehouse).with_columns(
        (pl.col("desembolso_planeado") * 2).cast(pl.Decimal(20, 2)).alias("desembolso_real"),
        pl.col("avance_planeado").alias("avance_real"),
    )
    cut, stated = cut_month(flow, as_of=DECEMBER)
    at = contracts_at(performance.contracts.select("clave", "banco", "valor_contrato"), flow, cut=cut)
    nothing = pl.DataFrame(schema={"banco": pl.String, "valor_contrato": pl.Decimal(20, 2),
                                   "valor_pagado": pl.Decimal(20, 2), "valor_negociado": pl.Decimal(20, 2)})  # fmt: skip

    found = {row["grupo"]: row for row in by_group(at, nothing, nothing, group="banco").rows(named=True)}

    sums = defaultdict(lambda: [0, Decimal(0), Decimal(0), Decimal(0)])
    for bank, value, said in base:
        amounts = [amount for month, amount in said["Desembolso"].items() if month <= cut and amount is not None]
        done = done_by(said["Avance"], cut, said["Avance"])
        if amounts and done is not None:
            group = sums[None if bank is None else "Davivienda" if "avivienda" in bank else bank]
            earned = (done * value).quantize(CENT, ROUND_HALF_UP)
            group[:] = [group[0] + 1, group[1] + sum(amounts), group[2] + earned, group[3] + 2 * sum(amounts)]
    assert (cut, stated) == (DECEMBER, True)
    assert {name: [row["comparados"], row["pv"], row["ev"], row["ac"]] for name, row in found.items()
            if row["comparados"]} == dict(sums)  # fmt: skip
    for name, (_count, planned, earned, spent) in sums.items():
        spi, cpi = ((earned / by).quantize(MILLIONTH, ROUND_HALF_UP) if by > 0 else None for by in (planned, spent))
        assert (found[name]["spi"], found[name]["cpi"]) == (spi, cpi)


def test_the_pace_of_the_last_quarter_equals_a_plain_reading(warehouse, performance, base):
    flow = flow_of(warehouse).with_columns(pl.col("desembolso_planeado").alias("desembolso_real"))
    plan = performance.contracts.select("clave", "valor_contrato")

    told = pace(by_month(plan, flow, cut=DECEMBER), cut=DECEMBER, balance=Decimal(10**12))

    quarter = [sum(said["Desembolso"][date(2025, month, 1)] or 0 for _bank, _value, said in base)
               for month in (10, 11, 12)]  # fmt: skip
    mean = (sum(quarter) / 3).quantize(CENT, ROUND_HALF_UP)
    assert (told.real, told.planned, told.months) == (mean, mean, 3)
    assert told.left == (Decimal(10**12) / mean).quantize(Decimal("0.1"))


def flow_of(warehouse):
    connection, _loads = warehouse
    query = """SELECT clave, mes, desembolso_planeado, desembolso_real, avance_planeado, avance_real
               FROM vigentes.emp_flujo_contratos"""
    return pl.DataFrame(connection.sql(query))
