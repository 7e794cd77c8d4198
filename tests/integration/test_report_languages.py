"""The report as its readers meet it: in one language each, whole on every screen, and as a PDF of the same figures."""

import json
import os
import re
import shutil
from dataclasses import dataclass
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from etl_kit.files import write_parquet
from etl_kit.places import Places
from etl_kit.rejects import Rejects
from etl_kit.settings import Source
from load_app import data_loading
from reporting_app import etl_reports
from tests.integration.browser import browser, faults_seen
from tests.unit.validation.city_rows import BPIN, budget_line
from tests.unit.validation.plan_rows import unit, whole_city, work
from validation_app import data_quality

__all__ = ["browser"]

BILLION = 10**12
SPANISH = re.compile(
    r"\b(de|del|la|las|el|los|por|con|sin|para|según|una|un|que|cada|hasta|desde|se|su|al|no es|son)\b|[¿¡«»]",
    re.IGNORECASE,
)
ENGLISH = re.compile(
    r"\b(the|of|and|by|with|without|is|are|in|at|to|from|each|every|that|which|where|not|data)\b", re.IGNORECASE
)
OF_THE_DATA = (
    "Santiago de Cali",
    "Datos Abiertos",
    "datos.gov.co",
    "Secretaría de Infraestructura",
    "SECOP II",
    "prueba.csv",
    "carga_log",
    "rejected/*.parquet",
    "corrida-1",
)
"""Names that read the same in every language."""

OURS = {
    "en": {"A row is", "What must hold", "Family", "Severity", "State", "Class", "Reason", "Why it has no place", "Origin",
           "How it is computed", "Indicator", "Why", "By"},
    "es": {"Una fila es", "Qué debe cumplirse", "Familia", "Severidad", "Estado", "Clase", "Motivo", "Por qué no tiene lugar",
           "Origen", "Cómo se calcula", "Indicador", "Por qué", "Por"},
}  # fmt: skip
"""Headings of columns whose cells are texts of ours, and not of the city's files."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One report in one language."""

    folder: Path
    outcome: dict

    def pages(self):
        return sorted(self.folder.glob("*.html"))

    def text(self, name):
        return (self.folder / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """A city with something in every table, told in both languages."""
    home = tmp_path_factory.mktemp("ciudad")
    places = Places(home=home, source=Source.DEMO)
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("ETL_")]:
            patch.delenv(name)
        patch.setenv("ETL_EXECUTION_ID", "corrida-1")
        for name, frame in city_told_twice().items():
            write_parquet(places.transformed(name), frame)
        refused = Rejects(dataset="paa")
        refused.add(motivo="no es una fecha legible", fuente="plan.xlsx", fila=3, columna="fecha", valor_crudo="ayer")
        write_parquet(places.rejected("paa"), refused.frame())
        write_parquet(places.rejected("territorios"), Rejects(dataset="territorios").frame())
        data_loading.main(source="demo", home=str(home))
        for language in ("en", "es"):
            patch.setenv("ETL_LANG", language)
            data_quality.main(source="demo", home=str(home))  # it writes the workbooks of the centros gestores
            outcome = etl_reports.main(source="demo", home=str(home))
            folder = tmp_path_factory.mktemp(language) / "informe"
            shutil.copytree(places.reports, folder)
            made[language] = Report(folder=folder, outcome=outcome)
    return made


def city_told_twice():
    """Months with shifted vigencias, and a school of which two files tell: both its works, and one only the first."""
    shifted = [budget_line(vigencia="Reserva", ordinal=number) for number in range(1, 11)]
    twice = [
        work(intervencion_id="a", presupuesto=2 * BILLION, bpin=BPIN),
        work(intervencion_id="b", presupuesto=3 * BILLION, bpin=BPIN),
        work(intervencion_id="c", presupuesto=5 * BILLION, bpin=None),
    ]
    frames = whole_city(
        ejecucion_detalle=[budget_line(), *shifted],
        unidades_proyecto=[unit(n_intervenciones=3, n_fuentes=2)],
        intervenciones=twice,
    )
    squares = [_square(-76.6 + 0.03 * (place % 7), 3.3 + 0.03 * (place // 7)) for place in range(37)]
    frames["territorios"] = frames["territorios"].with_columns(pl.Series("geometria", squares))
    frames["intervenciones"] = (
        frames["intervenciones"]
        .sort("intervencion_id")
        .with_columns(pl.Series("fuente", ["uno.xlsx", "dos.xlsx", "uno.xlsx"]))
    )
    return frames


def _square(west, south, size=0.03):
    ring = [[west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


class WordsOfTheReport(HTMLParser):
    """The words that the report itself says: headings, captions, labels, notes; not what the data says."""

    def __init__(self, page):
        super().__init__()
        self.said, self.open = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        classes = set((named.get("class") or "").split())
        own = (
            tag in {"title", "h1", "h2", "h3", "dt", "summary", "caption", "a", "footer"}
            or (tag == "th" and named.get("scope") == "col")
            or (tag == "p" and not self._within("td"))
            or "leyenda" in classes
        )
        if tag not in {"meta", "link", "br", "path", "circle", "rect", "line", "polyline"}:
            self.open.append((tag, own))
        if "aria-label" in named and tag != "ul":
            self.said.append(named["aria-label"])

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if (
            not self._within("svg")
            and not self._within("style")
            and any(own for _tag, own in self.open)
            and data.strip()
        ):
            self.said.append(data.strip())

    def _within(self, tag):
        return any(each == tag for each, _own in self.open)


def foreign(texts, words):
    """The texts in which words of another language stand, names of the data aside."""
    found = []
    for text in texts:
        bare = text
        for name in OF_THE_DATA:
            bare = bare.replace(name, "")
        bare = (
            re.sub(r"\([^)]*\)", "", bare) if words is SPANISH else bare
        )  # "(propósito)": the city's own word beside ours
        if words.search(bare):
            found.append(text)
    return found


@pytest.mark.parametrize(("language", "words"), [("en", SPANISH), ("es", ENGLISH)], ids=["en", "es"])
def test_a_page_speaks_one_language(reports, language, words):
    pages = reports[language].pages()

    found = {page.name: foreign(WordsOfTheReport(page.read_text(encoding="utf-8")).said, words) for page in pages}

    assert len(pages) >= 8
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize(("language", "words"), [("en", SPANISH), ("es", ENGLISH)], ids=["en", "es"])
def test_a_workbook_speaks_one_language_in_its_sheets_captions_and_headings(reports, language, words):
    book = openpyxl.load_workbook(reports[language].folder / "informe.xlsx")

    said = [*book.sheetnames]
    for sheet in book.worksheets[1:]:
        said += [str(cell.value) for row in sheet.iter_rows(max_row=3) for cell in row if cell.value]
    said += [str(row[0].value) for row in book.worksheets[0].iter_rows()]

    assert len(said) > 150
    assert foreign(said, words) == []
    assert [name for name in book.sheetnames if len(name) > 30] == [], "a longer name is cut"


@pytest.mark.parametrize(("language", "words"), [("en", SPANISH), ("es", ENGLISH)], ids=["en", "es"])
def test_cells_that_are_ours_speak_one_language(reports, language, words):
    folder = reports[language].folder
    books = [openpyxl.load_workbook(path) for path in sorted(folder.glob("*.xlsx"))]

    said = {cell for book in books for sheet in book.worksheets[1:] for cell in _ours_in(sheet, OURS[language])}

    assert len(said) > 200, "the columns that are ours were not found"
    assert foreign(said, words) == []


@pytest.mark.parametrize(("language", "words"), [("en", SPANISH), ("es", ENGLISH)], ids=["en", "es"])
def test_the_workbook_of_a_centro_gestor_speaks_one_language(reports, language, words):
    book = openpyxl.load_workbook(reports[language].folder / "por_centro_gestor" / "4151.xlsx")

    summary, rules, rows = book.worksheets
    said = [*book.sheetnames, *(str(cell.value) for sheet in book.worksheets for cell in sheet[1])]
    said += [
        str(cell.value) for sheet in (rules, rows) for row in sheet.iter_rows(max_col=4, min_row=2) for cell in row
    ]
    said += [str(cell.value) for row in summary.iter_rows(min_row=2) for cell in row if cell.value]

    assert len(said) > 50
    assert foreign(said, words) == []


def _ours_in(sheet, columns):
    """What the cells say below those headings, which no file of the city wrote."""
    headings = [cell.value for cell in sheet[3]]
    places = [place for place, heading in enumerate(headings) if heading in columns]
    for row in sheet.iter_rows(min_row=4, values_only=True):
        yield from (str(row[place]) for place in places if row[place] is not None)


def test_the_same_figures_are_written_as_each_language_does(reports):
    spanish, english = (reports[language].text("unidades_proyecto.html") for language in ("es", "en"))

    assert "$\N{NO-BREAK SPACE}8,00 billones" in spanish
    assert "COP\N{NO-BREAK SPACE}8,000 billion" in english
    assert '<html lang="es">' in spanish
    assert '<html lang="en">' in english


def test_the_money_of_a_work_that_two_files_tell_counts_once_and_how_many_is_said(reports):
    page = reports["en"].text("unidades_proyecto.html")

    card = page.split("Told by two files")[1].split("</li>")[0]
    assert '<p class="valor">1</p>' in card
    assert "left out of the sums: COP\N{NO-BREAK SPACE}2,000 billion" in card
    totals = re.findall(r'<tr class="total">(.*?)</tr>', page)
    assert totals
    assert all("COP\N{NO-BREAK SPACE}8,000,000,000,000" in total for total in totals[:3])


def test_a_month_with_shifted_vigencias_is_marked_beside_its_percentages(reports):
    page = reports["en"].text("presupuesto.html")

    assert ">Apr 2025 ⚠</th>" in page
    assert "⚠ The vigencias of these files are not reliable, nor are their percentages: Apr 2025 (prueba.csv)" in page
    assert 'class="punto serie-1 dudoso"' in page
    assert "COP\N{NO-BREAK SPACE}600 ⚠" in reports["en"].text("informe.html")


def test_the_index_tells_rows_per_second_of_each_load_and_what_was_refused_and_why(reports):
    page = reports["en"].text("informe.html")

    loads, refused = page.split("Rows per second</th>", 1)[1], page.split("Cells and rows that were refused", 1)[1]
    rates = re.findall(r'<th scope="row">catalogo_bpin</th>(.*?)</tr>', loads)[0].split("</td>")
    assert re.search(r">[\d,]+$", rates[6])
    assert (
        '<td class="amplia">is not a readable date</td><td class="num">1</td><td class="amplia">plan.xlsx</td>'
        in refused
    )
    assert '<th scope="row">territorios</th><td class="amplia">—</td><td class="num">0</td>' in refused
    assert '<p class="valor">1</p>' in page.split("Refused cells and rows")[1].split("</li>")[0]


def test_the_quality_page_leads_to_the_workbook_of_each_centro_gestor_that_lies_beside_it(reports):
    folder = reports["en"].folder

    targets = re.findall(r'href="(por_centro_gestor/[^"]+)"', reports["en"].text("calidad.html"))

    (day,) = [path for path in folder.iterdir() if path.is_dir() and path.name[0] == "2"]
    assert "por_centro_gestor/4151.xlsx" in targets
    assert all((folder / target).is_file() and (day / target).is_file() for target in targets)


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_page_runs_over_cuts_a_word_or_is_too_small_to_read(reports, language, browser, tmp_path):
    faults = faults_seen(browser, reports[language].pages(), (320, 400, 1280), tmp_path)

    assert faults == []


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_pdf_has_the_figures_and_holds_its_own_fonts(reports, language):
    if find_spec("typst") is None and not os.environ.get("CI"):
        pytest.skip("the extra pdf is not installed")

    content = (reports[language].folder / "informe.pdf").read_bytes()

    assert content.startswith(b"%PDF-")
    assert content.count(b"/FontFile") >= 1
    assert content.count(b"/Type/FontDescriptor") == content.count(b"/FontFile")
    assert f"/Lang({language}-CO)".encode() in content
