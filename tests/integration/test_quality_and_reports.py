"""Validation and reports over a real warehouse: what is found is kept, what is absent is said."""
# ruff: noqa: F811 - fixtures are imported where they are used

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest

from etl_kit.errors import MissingInput
from etl_kit.places import Places
from etl_kit.settings import Source
from etl_kit.warehouse import OtherSource
from reporting_app import etl_reports
from tests.integration.report_subjects import (  # noqa: F401
    TextOf,
    ask_only,
    copied,
    digest,
    homes,
    loaded,
    page_of,
    pages_of,
    places,
    query,
    report,
    reported,
    reported_twice,
    run,
    sound,
    validated,
)
from tests.unit.validation.city_rows import BPIN, budget_line, city, contract, project
from validation_app import data_quality


def test_validation_keeps_results_and_failing_rows_and_leaves_the_warehouse_as_it_was(places):
    loaded(places, ejecucion_detalle=[budget_line(), budget_line(ordinal=2, ejecucion=601)])
    before = digest(places.warehouse)

    outcome = run(data_quality, places)

    assert digest(places.warehouse) == before
    assert outcome["broken"]["CRITICAL"] == {"ejecucion_detalle.PR002": 1}
    assert query(
        places,
        "SELECT clave ->> 'ordinal', valores ->> 'ejecucion' FROM calidad_filas"
        " WHERE regla = 'PR002' AND tabla = 'ejecucion_detalle'",
    ) == [("2", "601.00")]
    assert query(places, "SELECT revisadas, fallidas, estado FROM calidad_resultados WHERE regla = 'PR002'") == [
        (2, 1, "falla")
    ]


def test_validating_the_same_execution_twice_keeps_its_results_once(places, validated, monkeypatch):
    made, first = validated
    copied(made, places)

    second = run(data_quality, places, monkeypatch)

    assert first["score"] == second["score"]
    assert query(places, "SELECT run_id FROM calidad_corridas") == [("corrida-1",)]
    assert query(places, "SELECT count(*) = count(DISTINCT (regla, tabla)) FROM calidad_resultados") == [(True,)]


def test_a_run_is_compared_with_the_one_before(places, monkeypatch):
    ask_only(monkeypatch, "contratos_secop")
    loaded(places, contratos_secop=[contract(id_contrato=f"CO1.PCCNTR.{n}") for n in range(1, 11)])
    first = run(data_quality, places, monkeypatch, "corrida-1")
    loaded(places, contratos_secop=[contract(id_contrato="CO1.PCCNTR.1", valor_pagado=901)])

    second = run(data_quality, places, monkeypatch, "corrida-2")

    assert (second["previous_run"], second["previous_score"]) == ("corrida-1", first["score"])
    assert Decimal(second["score"]) < Decimal(first["score"])
    assert second["broken"]["HIGH"]["contratos_secop.VO001"] == 1
    assert query(
        places,
        "SELECT fallidas, fallidas_anteriores FROM calidad_resultados"
        " WHERE regla = 'FI001' AND tabla = 'contratos_secop' ORDER BY run_id",
    ) == [(0, None), (1, 0)]
    assert query(
        places, "SELECT filas, filas_anteriores FROM calidad_tablas WHERE tabla = 'contratos_secop' ORDER BY run_id"
    ) == [(10, None), (1, 10)]


def test_each_centro_gestor_gets_its_workbook_and_its_score_beside_that_of_the_run_before(
    places, validated, monkeypatch
):
    copied(validated[0], places)
    loaded(places, ejecucion_detalle=[budget_line(saldos_cdp=0)])

    second = run(data_quality, places, monkeypatch, "corrida-2")

    books = sorted((places.reports / "por_centro_gestor").iterdir())
    assert [book.name for book in books] == ["4151.xlsx"]
    assert all(book.stat().st_mode & 0o077 == 0 for book in books)
    rows = openpyxl.load_workbook(books[0])["Filas"].iter_rows(min_row=2, values_only=True)
    assert "PR003" in {row[1] for row in rows}
    kept = query(
        places,
        "SELECT incumplimientos - incumplimientos_anteriores, puntaje < puntaje_anterior FROM calidad_centros"
        " WHERE run_id = 'corrida-2'",
    )
    assert kept == [(1, True)]
    assert second["centros_gestores"]["4151"]["rows"] >= 1


def test_failing_rows_are_capped_and_the_true_count_is_said(places, monkeypatch):
    ask_only(monkeypatch, "ejecucion_detalle")
    wrong = [budget_line(ordinal=number, saldos_cdp=1) for number in range(1, 251)]
    loaded(places, ejecucion_detalle=wrong)

    run(data_quality, places)

    assert query(places, "SELECT fallidas FROM calidad_resultados WHERE regla = 'PR003'") == [(250,)]
    assert query(places, "SELECT count(*) FROM calidad_filas WHERE regla = 'PR003'") == [(200,)]


def test_withdrawn_rows_are_not_judged(places, monkeypatch):
    ask_only(monkeypatch, "contratos_secop")
    loaded(places, contratos_secop=[contract(), contract(id_contrato="CO1.PCCNTR.2", valor_pagado=9999)])
    loaded(places, contratos_secop=[contract()])

    outcome = run(data_quality, places)

    assert "contratos_secop.FI001" not in outcome["broken"]["HIGH"]
    assert outcome["tables"]["contratos_secop"]["rows"] == 1


@pytest.mark.parametrize("stage", [data_quality, etl_reports])
def test_without_a_warehouse_the_command_that_makes_it_is_named(places, stage):
    with pytest.raises(MissingInput, match="etl run --tasks load_data_complete"):
        run(stage, places)


@pytest.mark.parametrize("stage", [data_quality, etl_reports])
def test_a_warehouse_of_another_source_is_neither_judged_nor_reported(places, sound, stage):
    real = Places(home=places.home, source=Source.PORTAL)
    copied(sound, places)
    places.warehouse.rename(real.warehouse)

    with pytest.raises(OtherSource, match="'demo'"):
        run(stage, real)


def test_the_report_shows_execution_per_organismo_and_month_of_vigencia_actual(report):
    page = page_of(report)

    monthly = page[page.index("Porcentaje de ejecución por organismo y corte") :].split("</table>")[0]
    rows = re.findall(r'<tr(?: class="total")?><th scope="row">(\d*)</th>(.*?)</tr>', monthly)
    shown = {code: re.sub(r"<[^>]+>", "|", cells).replace("\N{NO-BREAK SPACE}", " ") for code, cells in rows}
    assert "|10,0 %||50,0 %|" in shown["4151"]
    assert "|sin datos||sin datos|" in shown["4145"]
    text = TextOf(page).text
    assert "Ejecución del presupuesto 50,0 %" in text
    assert "prueba.csv · corte: 30 de abril de 2025" in text


def test_the_report_shows_loan_contracts_by_bank_and_state(report):
    text = TextOf(page_of(report)).text

    assert "Davivienda 1 $ 2.000 $ 100 5,0 %" in text
    assert "Bancolombia 1 $ 900 $ 100 11,1 %" in text
    assert "Cerrado 1 $ 2.000" in text
    assert "Total 2 $ 2.900 $ 200 6,9 %" in text
    assert "5.000.000" not in text


def test_the_report_of_empty_tables_says_no_data_and_invents_nothing(places):
    loaded(places, **{name: [] for name in city()})

    outcome = run(etl_reports, places)

    mains = [re.search(r"<main.*</main>", page, re.DOTALL)[0] for page in pages_of(places).values()]
    main = "".join(main.split('<section id="fuentes"')[0] for main in mains)
    text = TextOf(main).text
    assert text.count("sin datos") >= 15
    assert "<path" not in main
    assert not re.search(r"\$ \d", text)
    assert not re.search(r"\d %", text.replace("70 %", ""))  # the loan's target, which is no figure of the data
    assert len(outcome["warnings"]) >= 8
    sheet = openpyxl.load_workbook(places.reports / "informe.xlsx")["Contratos por banco"]
    assert sheet.cell(4, 1).value == "sin datos"


def test_the_report_of_invented_data_says_so_before_all_else_and_that_of_real_data_does_not(places, reported):
    copied(reported, places)
    real = Places(home=places.home, source=Source.PORTAL)
    loaded(real)

    run(etl_reports, real)

    above_all = [page.split("<body>")[1].split("<header")[0] for page in pages_of(places).values()]
    assert all("DATOS INVENTADOS" in TextOf(above).text for above in above_all)
    assert "INVENTADOS" not in page_of(real)
    assert "datos.gov.co" in TextOf(page_of(real)).text


def test_the_pages_need_no_script_and_lead_only_to_files_beside_them(reported):
    pages = pages_of(reported)

    assert len(pages) == 8
    for page in pages.values():
        targets = set(re.findall(r'(?:src|href|xlink:href)="(?!#)([^"]*)"', page))
        assert "<script" not in page
        assert "@import" not in page
        assert re.findall(r"url\((?!#)[^)]*\)", page) == []
        assert "default-src 'none'" in page
        assert len(targets) >= 8
        assert all((reported.reports / target).is_file() for target in targets)


def test_the_page_can_be_read_aloud(reported):
    pages = pages_of(reported)

    drawings = 0
    for page in pages.values():
        tags = TextOf(page).tags
        drawn = [attributes for tag, attributes in tags if tag == "svg"]
        idents = [attributes["id"] for _tag, attributes in tags if "id" in attributes]
        assert ("html", {"lang": "es"}) in tags
        assert [tag for tag, _ in tags].count("h1") == 1
        assert [tag for tag, _ in tags].count("table") == [tag for tag, _ in tags].count("caption")
        assert len(idents) == len(set(idents))
        assert all(set(drawing["aria-labelledby"].split()) <= set(idents) for drawing in drawn)
        charts = [named for tag, named in tags if tag == "ul" and "barras" in named.get("class", "")]
        assert all(chart["aria-label"] for chart in charts)
        drawings += len(drawn) + len(charts)
    assert drawings >= 5


def test_each_subject_has_a_page_a_workbook_and_its_place_in_the_navigation(reported_twice):
    made, outcome = reported_twice

    names = [Path(path).name for path in outcome["pages"]]
    assert names == [
        "informe.html",
        "presupuesto.html",
        "emprestito.html",
        "plan_adquisiciones.html",
        "plan_accion.html",
        "unidades_proyecto.html",
        "reportes_campo.html",
        "calidad.html",
    ]
    for name, page in pages_of(made).items():
        assert f'<a href="{name}" aria-current="page">' in page
        assert openpyxl.load_workbook((made.reports / name).with_suffix(".xlsx")).sheetnames[0] == "Resumen"


def test_units_are_drawn_on_the_map_and_counted_by_territory(report):
    page = pages_of(report)["unidades_proyecto.html"]

    assert "<title>COMUNA 08: 1</title>" in page
    assert page.count("<circle") == 1
    assert "$ 4,00 billones" in TextOf(page).text
    assert "prueba.csv" in page


def test_a_warehouse_that_lacks_the_newer_tables_is_reported_without_them(places, sound):
    copied(sound, places)
    for table in ("territorios", "paa"):
        with duckdb.connect(str(places.warehouse)) as connection:
            connection.execute(f"DROP VIEW vigentes.{table}")

    run(etl_reports, places)

    assert "sin datos" in TextOf(pages_of(places)["plan_adquisiciones.html"]).text


def test_text_of_the_data_is_escaped_and_never_becomes_markup(places):
    hostile = '<img src=x onerror=alert(1)>"&'
    loaded(places, contratos_secop=[contract(proveedor=hostile, estado_contrato=hostile, banco=hostile)])
    run(data_quality, places)

    run(etl_reports, places)

    assert "<img" not in page_of(places)
    assert "&lt;img src=x onerror=alert(1)&gt;" in page_of(places)


def test_months_with_shifted_vigencias_are_announced(places):
    shifted = [budget_line(vigencia="Reserva", ordinal=number) for number in range(1, 11)]
    loaded(places, ejecucion_detalle=[budget_line(), *shifted])

    run(etl_reports, places)

    text = TextOf(page_of(places)).text
    assert "Las vigencias del corte de 30 de abril de 2025 no son confiables" in text
    assert "no: filas de Reserva con presupuesto inicial" in text


def test_quality_stands_in_the_report_and_its_absence_is_said(places, monkeypatch):
    ask_only(monkeypatch, "contratos_secop")
    loaded(places, contratos_secop=[contract(valor_pagado=901)])
    run(etl_reports, places)
    without = TextOf(page_of(places)).text

    judged = run(data_quality, places, monkeypatch, "corrida-7")
    run(etl_reports, places)

    text = TextOf(page_of(places)).text
    points = str(Decimal(judged["score"]).quantize(Decimal("0.1"), ROUND_HALF_UP))
    assert "Calidad de los datos (0 a 100) sin datos" in without
    assert f"Calidad de los datos (0 a 100) {points.replace('.', ',')}" in text
    assert "validación corrida-7" in text
    assert "valor_pagado ≤ valor_contrato" in text


def test_the_workbook_has_the_tables_with_numbers_as_numbers_and_frozen_headings(places):
    loaded(places, contratos_secop=[contract(proveedor="=1+1")], datos_caracteristicos_proyectos=[project(bpin=BPIN)])

    outcome = run(etl_reports, places)

    book = openpyxl.load_workbook(Path(outcome["workbook"]))
    sheet = book["Contratos del empréstito"]
    headings = {cell.value: cell.column for cell in sheet[3]}
    assert "DATOS INVENTADOS" in " ".join(str(row[1].value) for row in book["Resumen"].iter_rows())
    assert sheet.freeze_panes == "A4"
    assert sheet.cell(4, headings["Valor"]).value == 900
    assert sheet.cell(4, headings["% pagado"]).value == pytest.approx(0.111111)
    assert sheet.cell(4, headings["Firma"]).value.date() == date(2025, 3, 1)
    assert sheet.cell(4, headings["Proveedor"]).data_type == "s"
    assert sheet.cell(4, headings["Proveedor"]).value == "=1+1"


def test_a_second_report_of_the_day_replaces_the_first_and_nothing_else_is_left(reported_twice):
    made, outcome = reported_twice

    latest = sorted(path.name for path in made.reports.iterdir() if path.is_file())
    (day,) = [path for path in made.reports.iterdir() if path.is_dir() and path.name[0] == "2"]
    dated = sorted(path.name for path in day.iterdir())
    assert sorted(path for path in latest if not path.endswith(".pdf")) == dated
    assert sorted(Path(path).name for path in outcome["dated"]) == dated
    assert {day / name for name in dated} == {Path(path) for path in outcome["dated"]}
    assert all((made.reports / name).stat().st_mode & 0o077 == 0 for name in latest)
