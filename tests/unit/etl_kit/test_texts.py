"""Texts that are written once and said later, in the language of whoever reads them."""

import ast
from pathlib import Path

from etl_kit.translation import N_, NOTHING, catalogue
from tests.unit.test_catalogues import SAME_IN_BOTH

ROOT = Path(__file__).parents[3]
STAGES = ("etl_kit", "extraction_app", "transformation_app", "load_app", "validation_app", "reporting_app", "demo_city")


def test_a_text_is_said_in_the_language_of_the_moment_and_not_of_its_making(monkeypatch):
    text = N_("progress is between 0 and 1")

    monkeypatch.setenv("ETL_LANG", "en")
    english = str(text)
    monkeypatch.setenv("ETL_LANG", "es")
    spanish = f"{text}"

    assert (english, spanish) == ("progress is between 0 and 1", "avance entre 0 y 1")


def test_what_fills_a_text_stands_in_every_language():
    text = N_("each key ({columns}) appears only once", columns="bp, mes")

    assert text.said_in("es") == "cada clave (bp, mes) aparece una sola vez"
    assert text.said_in("en") == "each key (bp, mes) appears only once"


def test_no_text_says_nothing():
    assert str(NOTHING) == ""


def test_no_text_stands_where_the_extractor_does_not_see_it():
    files = [path for stage in STAGES for path in (ROOT / stage).rglob("*.py")]

    said = {text for path in files for text in _said(path)}

    assert len(said) > 500
    assert {text for text in said if catalogue("es").gettext(text) == text} <= SAME_IN_BOTH


def _said(path):
    """Every constant that is handed to `_` or `N_`, within f-strings too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"_", "N_"}:
            yield from (text.value for text in node.args if isinstance(text, ast.Constant))
