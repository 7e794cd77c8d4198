from collections.abc import Iterator

import pytest

from orchestrator.core.errors import ConfigurationRefused, UnknownTask
from orchestrator.core.messages import Message
from orchestrator.translation import _, current_language, language_from_environment, say, say_all, use_language


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = current_language()
    use_language("en")
    yield
    use_language(before)


@pytest.mark.parametrize(
    ("asked", "language"),
    [("", "es"), ("en", "en"), ("EN_US.UTF-8", "en"), ("en-GB", "en"), ("es_CO", "es"), ("fr", "es"), (" en ", "en")],
)
def test_the_environment_chooses_between_the_languages_there_are(asked, language, monkeypatch):
    monkeypatch.setenv("ETL_LANG", asked)

    assert language_from_environment() == language


def test_spanish_is_spoken_where_nothing_is_said(monkeypatch):
    monkeypatch.delenv("ETL_LANG", raising=False)

    assert language_from_environment() == "es"


def test_an_unknown_language_means_spanish():
    use_language("tlh")

    assert current_language() == "es"


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_text_without_a_translation_stays_as_it_is(language):
    use_language(language)

    assert _("this text is in no catalogue {x}") == "this text is in no catalogue {x}"


@pytest.mark.parametrize("language", ["es", "en"])
def test_an_empty_text_stays_empty(language):
    use_language(language)

    assert _("") == ""


def test_a_message_is_said_with_its_facts_and_messages_among_them_too():
    inner = Message(template="{who} is gone", facts={"who": "{x}"})

    said = say(Message(template="lost: {why}", facts={"why": inner}))

    assert said == "lost: {x} is gone"


def test_nothing_is_said_about_nothing():
    assert say(None) == ""


def test_an_error_is_said_by_its_message():
    assert say(UnknownTask("laod", ["load"])) == "no task is called 'laod'; did you mean 'load'?"


def test_a_refused_configuration_lists_every_problem():
    problems = [Message(template="tasks[{n}]: no", facts={"n": n}) for n in range(2)]

    lines = say_all(ConfigurationRefused("x.json", problems))

    assert lines == [
        "x.json: 2 problem(s) in the configuration; nothing was started",
        "  tasks[0]: no",
        "  tasks[1]: no",
    ]
