"""The Spanish catalogues: complete, faithful to the English texts, and compiled as they stand."""

import gettext
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import click
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from etl_kit.translation import _ as etl_word
from orchestrator.commands.main import make_command_line
from orchestrator.core.errors import UnknownTask
from orchestrator.translation import current_language, say, use_language

ROOT = Path(__file__).parents[2]
STAGES = ("etl_kit", "extraction_app", "transformation_app", "load_app", "validation_app", "reporting_app", "demo_city")
FOLDERS = {"orquestador": ("orchestrator",), "etl": STAGES}
CATALOGUES = {
    "orquestador": ROOT / "orchestrator/locale/es/LC_MESSAGES/orquestador.po",
    "messages": ROOT / "orchestrator/locale/es/LC_MESSAGES/messages.po",
    "etl": ROOT / "etl_kit/locale/es/LC_MESSAGES/etl.po",
}
SAME_IN_BOTH = {
    "Choice({choices})",
    "Error: {message}",
    "Id",
    "Pesos",
    "Real",
    "Token",
    "Tokens",
    "Pools",
    "p50 (s)",
    "p95 (s)",
    "pid {pid}",
    "CPU (s)",
    "Workers",
    "error",
    "no",
    "real",
    "task {task_id}: {reason} ({error})",
    "{dataset}.{column}: {reason}",
}
"""Texts that read the same in Spanish."""

MAPPING = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
"""As `pyproject.toml` has it for `python run.py messages`."""
Texts = dict[str, tuple[str, ...]]


@pytest.fixture(autouse=True)
def _language_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("ETL_LANG", raising=False)
    before = current_language()
    yield
    use_language(before)


@cache
def catalogue(domain: str) -> Catalog:
    """The catalogue as its .po file has it."""
    with CATALOGUES[domain].open("rb") as file:
        return read_po(file, locale="es", domain=domain)


@cache
def marked_texts(domain: str) -> frozenset[str]:
    """What the code marks for translation."""
    keywords = {**DEFAULT_KEYWORDS, "N_": None}
    found: set[str] = set()
    for folder in FOLDERS[domain]:
        for _file, _line, text, _comments, _context in extract_from_dir(ROOT / folder, MAPPING, keywords=keywords):
            found |= {text} if isinstance(text, str) else set(text)
    return frozenset(found)


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """A text as a tuple: one form, or singular and plural; none counts as empty."""
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def entries(domain: str) -> list[Message]:
    """Every entry but the header."""
    return [message for message in catalogue(domain) if message.id]


def texts_of(catalog: Catalog) -> Texts:
    """Spanish forms by the English singular, without the header (it has dates)."""
    return {forms(message.id)[0]: forms(message.string) for message in catalog if message.id}


def named(text: str) -> Counter[str]:
    """The placeholders of a text, each with its conversion and format; `%(name)s` ones too."""
    braces = [f"{name}!{how}:{form}" for _text, name, form, how in Formatter().parse(text) if name is not None]
    return Counter([*braces, *re.findall(r"%\(\w+\)\w", text)])


def unlike(singular: str, plural: str, spanish: tuple[str, ...]) -> bool:
    """Whether a Spanish form has other placeholders than the English form it stands for."""
    return any(named(form) != named(english) for form, english in zip(spanish, (singular, plural), strict=False))


@pytest.mark.parametrize("domain", FOLDERS)
def test_every_text_that_the_code_marks_is_in_the_catalogue_and_no_other(domain: str) -> None:
    known = {form for message in entries(domain) for form in forms(message.id)}

    marked = marked_texts(domain)

    assert len(marked) > 100, "the extraction finds too little to be believed"
    assert sorted(marked - known) == [], "run `python run.py messages` and translate what is new"
    assert sorted(known - marked) == [], "run `python run.py messages`"


@pytest.mark.parametrize("domain", CATALOGUES)
def test_every_entry_is_translated_and_none_is_fuzzy_or_obsolete(domain: str) -> None:
    found = entries(domain)

    empty = [message.id for message in found if not all(forms(message.string))]
    fuzzy = [message.id for message in found if message.fuzzy]

    assert found
    assert empty == []
    assert fuzzy == []
    assert list(catalogue(domain).obsolete) == []


@pytest.mark.parametrize("domain", CATALOGUES)
def test_a_translation_has_the_placeholders_of_its_text(domain: str) -> None:
    unfaithful = [
        message.id
        for message in entries(domain)
        if unlike(forms(message.id)[0], forms(message.id)[-1], forms(message.string))
    ]

    assert unfaithful == []


@pytest.mark.parametrize("domain", CATALOGUES)
def test_both_forms_of_a_plural_are_translated(domain: str) -> None:
    lacking = [message.id for message in entries(domain) if len(forms(message.id)) != len(forms(message.string))]

    assert lacking == []


@pytest.mark.parametrize("domain", CATALOGUES)
def test_commands_in_backticks_stay_as_they_are_typed(domain: str) -> None:
    commands = re.compile(r"`[^`]+`|etl run --tasks \S+|--[a-z][a-z-]+|ETL_[A-Z_]+")

    changed = [
        message.id
        for message in entries(domain)
        if sorted(commands.findall(forms(message.id)[0])) != sorted(commands.findall(forms(message.string)[0]))
    ]

    assert changed == []


@pytest.mark.parametrize("domain", CATALOGUES)
def test_a_text_left_in_english_is_a_decision(domain: str) -> None:
    untouched = {forms(message.id)[0] for message in entries(domain) if forms(message.id) == forms(message.string)}

    assert untouched <= SAME_IN_BOTH


@pytest.mark.parametrize("domain", CATALOGUES)
def test_the_compiled_catalogue_says_what_its_source_says(domain: str) -> None:
    with CATALOGUES[domain].with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)

    assert texts_of(compiled) == texts_of(catalogue(domain)), "run `python run.py messages`"


@pytest.mark.parametrize("domain", CATALOGUES)
def test_a_catalogue_says_how_it_is_encoded_and_how_plurals_go_but_not_where_texts_stand(domain: str) -> None:
    source = CATALOGUES[domain].read_text(encoding="utf-8")

    assert '"Content-Type: text/plain; charset=utf-8\\n"' in source
    assert '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"' in source
    assert "\n#: " not in source


def test_spanish_is_said_where_no_language_was_chosen() -> None:
    use_language(None)

    said = say(UnknownTask("laod", ["load"]))

    assert said == "ninguna tarea se llama 'laod'; ¿quiso decir 'load'?"


def test_english_is_said_where_it_was_chosen() -> None:
    use_language("en")

    said = say(UnknownTask("laod", ["load"]))

    assert said == "no task is called 'laod'; did you mean 'load'?"


@pytest.mark.parametrize(
    ("language", "word"), [(None, "Bodega de datos"), ("es_CO", "Bodega de datos"), ("en", "Data warehouse")]
)
def test_the_steps_speak_the_language_of_the_environment(
    language: str | None, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if language is not None:
        monkeypatch.setenv("ETL_LANG", language)

    assert etl_word("Data warehouse") == word


@pytest.mark.parametrize(
    ("language", "head"), [("es", "Orquesta tareas ETL"), ("en", "Orchestrates ETL tasks"), ("fr", "Orquesta tareas")]
)
def test_the_help_speaks_the_chosen_language(language: str | None, head: str) -> None:
    use_language(language)

    assert (make_command_line().help or "").startswith(head)


def test_click_finds_its_words_where_the_command_line_binds_them() -> None:
    spanish = gettext.translation("messages", CATALOGUES["messages"].parents[2], languages=["es"])

    assert spanish.gettext("Usage:") == "Uso:"
    singular, plural = "Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."
    assert spanish.ngettext(singular, plural, 2) == "La opción {name!r} necesita {nargs} valores."


def test_click_still_asks_for_every_word_that_is_translated_for_it() -> None:
    known = {forms(message.id)[0] for message in entries("messages")}

    asked = {
        forms(text)[0] for _file, _line, text, _comments, _context in extract_from_dir(Path(click.__file__).parent)
    }

    assert sorted(known - asked) == [], "click has reworded these: translate its new words in messages.po"
