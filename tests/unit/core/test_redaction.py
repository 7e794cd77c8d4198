import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orchestrator.core.events import TaskMoved
from orchestrator.core.executions import Attempt
from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.messages import Message
from orchestrator.core.redaction import (
    redact,
    redact_move,
    redact_text,
    secret_values,
    shown_parameters,
    spellings,
)
from orchestrator.core.states import TaskStatus

SECRETS = frozenset({"hunter22", "hunter22-and-more"})


# --- which values are secret -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "DB_PASSWD",
        "passphrase",
        "pass",
        "X_TOKEN",
        "token_soda",
        "api_key",
        "APIKEY",
        "SIGNING_KEY",
        "Authorization",
        "db_pwd",
        "pwd",
        "client_secret",
        "credentials",
        "contraseña",
        "contrasena",
    ],
)
def test_a_text_under_a_name_that_speaks_of_secrets_is_one(name):
    found = secret_values({name: "hunter22"})

    assert found == {"hunter22"}


@pytest.mark.parametrize(
    "name",
    [
        "user",
        "passenger",
        "keyboard",
        "monkeys",
        "compass_heading",
        "dataset",
        "clave",
        "primary_key",
        "tokens",
        "PWD",
        "OLDPWD",
    ],
)
def test_a_text_under_any_other_name_is_none(name):
    found = secret_values({name: "hunter22"})

    assert found == frozenset()


def test_secrets_are_found_at_any_depth_and_everything_below_a_secret_name_counts():
    found = secret_values({"db": [{"password": "hunter22"}], "credentials": {"user": "catalina", "pins": ["123456"]}})

    assert found == {"hunter22", "catalina", "123456"}


def test_short_values_are_no_secrets_for_they_would_blank_out_ordinary_words():
    found = secret_values({"password": "si", "token": 123456})

    assert found == frozenset()


@pytest.mark.parametrize(
    ("url", "hidden"),
    [
        ("postgresql://etl:hunt@db:5432/x", {"hunt"}),
        ("postgresql://etl:p%40ss%2Fw0rd@db/x", {"p%40ss%2Fw0rd", "p@ss/w0rd"}),
        ("redis://:hunter22@cache/0", {"hunter22"}),
        ("amqp://u:p@ssw@host", {"p@ssw"}),
        ("postgresql://db/x?user=etl&password=hunter22&sslmode=require", {"hunter22"}),
        ("two: http://a:hunter22@b/ and http://c:catalina@d/", {"hunter22", "catalina"}),
    ],
)
def test_the_password_of_a_url_is_a_secret_on_its_own_under_whatever_name(url, hidden):
    assert secret_values({"ETL_WAREHOUSE_URL": url}) == hidden
    assert secret_values({"sources": [{"where": url}]}) == hidden


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres:postgres@localhost/x",
        "postgresql://a:Password@db/x",
        "postgresql://etl_cali:etl_cali@db/x",
        "postgresql://etl:abc@db/x",
        "postgresql://etl:2025@db/x",
        "postgresql://etl@db:5432/x",
        "https://host:8080/a@b",
        "not a url: user:hunter22@host",
    ],
)
def test_words_that_anybody_would_guess_are_no_secrets_for_every_text_holds_them(url):
    assert secret_values({"ETL_WAREHOUSE_URL": url}) == frozenset()


# --- texts -----------------------------------------------------------------------------------------------------------


def test_every_secret_in_a_text_is_replaced_the_longer_ones_first():
    text = redact_text("a hunter22 b hunter22-and-more c", SECRETS)

    assert text == "a *** b *** c"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://etl:s3cr3t@db:5432/x", "postgresql://***@db:5432/x"),
        ("redis://:s3cr3t@cache/0", "redis://***@cache/0"),
        ("https://ghp_s3cr3t@host/path", "https://***@host/path"),
        ("amqp://u:p@ss@host", "amqp://***@host"),
        ('{"a": "http://host", "mail": "x@y"}', '{"a": "http://host", "mail": "x@y"}'),
        ('{"a":"http://host","mail":"x@y"}', '{"a":"http://host","mail":"x@y"}'),
        ("https://host/a@b", "https://host/a@b"),
        ("mail me@host: http://host", "mail me@host: http://host"),
    ],
)
def test_the_userinfo_of_every_url_is_hidden_and_nothing_else_of_it(url, shown):
    text = redact_text(f"to {url} now", ())

    assert text == f"to {shown} now"


# --- values ----------------------------------------------------------------------------------------------------------


def test_secrets_are_replaced_in_every_text_of_a_value_keys_included():
    value = redact({"a": ["x hunter22", 5, None, True], "hunter22": {"b": "hunter22"}}, SECRETS)

    assert value == {"a": ["x ***", 5, None, True], "***": {"b": "***"}}


def test_under_a_secret_name_every_text_and_number_is_hidden_and_the_shape_stays():
    value = redact({"token": "short", "password": 1234, "credentials": {"user": "u", "pins": [1, ""], "ok": True}}, ())

    assert value == {
        "token": "***",
        "password": "***",
        "credentials": {"user": "***", "pins": ["***", ""], "ok": True},
    }


def test_a_move_keeps_its_shape_and_loses_its_secrets():
    key = AttemptKey(run=TaskRunKey(execution_id="e", task_id="a"), number=1)
    how = Message(template="gone: {how}", facts={"how": "hunter22", "signal": 9})
    attempt = Attempt(key=key, error="hunter22", traceback="at hunter22", reason=how, error_type="E")
    moved = TaskMoved(
        run=key.run,
        before=TaskStatus.RUNNING,
        after=TaskStatus.FAILED,
        at=datetime(2025, 4, 1, tzinfo=UTC),
        attempt=attempt,
        output={"said": "hunter22"},
        error="hunter22",
        error_type="E",
        reason=how,
    )

    cleaned = redact_move(moved, SECRETS)

    shown = Message(template="gone: {how}", facts={"how": "***", "signal": 9})
    assert cleaned == replace(
        moved,
        output={"said": "***"},
        error="***",
        reason=shown,
        attempt=replace(attempt, error="***", traceback="at ***", reason=shown),
    )


def test_execution_parameters_are_shown_without_what_their_names_call_secret():
    shown = shown_parameters({"api_token": "hunter22", "year": 2025, "note": "with hunter22 inside"})

    assert shown == {"api_token": "***", "year": 2025, "note": "with *** inside"}


@pytest.mark.parametrize("secret", ['a"b\\c-d', "línea\ndos-tres", "clave-ñandú"])
def test_a_secret_is_found_however_python_or_json_quoted_it(secret):
    hidden = secret_values({"password": secret})

    for told in (
        repr(KeyError(secret)),
        json.dumps([secret]),
        json.dumps(secret, ensure_ascii=False),
        repr(secret.encode()),
    ):
        assert not any(part in redact_text(told, hidden) for part in ("b\\\\c", "tres", "ñandú", "and"))


def test_what_is_too_short_to_be_a_secret_spoils_no_text():
    assert spellings("a") == frozenset()
    assert spellings("") == frozenset()
