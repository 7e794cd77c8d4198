"""Reasons that are stored in Spanish are told in the reader's language, and are those that the transforms store."""

from pathlib import Path

import pytest

from etl_kit.reasons import REASONS, REPAIRS, reason_in_words, repairs_in_words

ROOT = Path(__file__).parents[3]


def test_each_reason_is_one_that_the_code_stores_letter_by_letter():
    files = [*(ROOT / "transformation_app").glob("*.py"), *(ROOT / "etl_kit").glob("*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)

    unknown = [stored for reason in (*REASONS, *REPAIRS) if f'"{(stored := reason.said_in("es"))}"' not in code]

    assert unknown == []


def test_no_two_reasons_read_the_same():
    for language in ("es", "en"):
        assert len({reason.said_in(language) for reason in (*REASONS, *REPAIRS)}) == len(REASONS) + len(REPAIRS)


@pytest.mark.parametrize(("language", "told"), [("es", "no es una fecha legible"), ("en", "is not a readable date")])
def test_a_stored_reason_is_told_in_the_readers_language(language, told, monkeypatch):
    monkeypatch.setenv("ETL_LANG", language)

    assert reason_in_words("no es una fecha legible") == told


def test_a_reason_that_nobody_translated_is_told_as_it_is_stored(monkeypatch):
    monkeypatch.setenv("ETL_LANG", "en")

    assert reason_in_words("porque sí") == "porque sí"


def test_repairs_are_told_one_by_one(monkeypatch):
    monkeypatch.setenv("ETL_LANG", "en")

    assert repairs_in_words("letras al final; coma decimal") == "letters at the end; decimal comma"
