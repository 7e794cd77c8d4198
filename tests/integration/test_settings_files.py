"""`.env` files as they lie on a disk: what they may say, and over what they never win."""

from pathlib import Path

import pytest

from orchestrator import settings as module
from orchestrator.core.errors import UsageError
from orchestrator.settings import read_settings


@pytest.fixture(autouse=True)
def _installed(monkeypatch) -> None:
    monkeypatch.setattr(module, "checkout_root", lambda: None)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "etl.json"


def test_the_environment_wins_over_the_env_file_and_that_over_the_default(config):
    config.with_name(".env").write_text("ETL_SOURCE=files\nETL_DATABASE_URL=sqlite:////x.db\n", encoding="utf-8")

    from_file = read_settings(config=config, environ={})
    from_outside = read_settings(config=config, environ={"ETL_SOURCE": "portal"})

    assert (from_file.data_source, from_file.state_url) == ("files", "sqlite:////x.db")
    assert (from_outside.data_source, from_outside.state_url) == ("portal", "sqlite:////x.db")


def test_an_env_file_may_name_the_home_and_the_one_lying_there_is_read_beneath_it(config, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / ".env").write_text("ETL_SOURCE=portal\nCITY=Cali\n", encoding="utf-8")
    config.with_name(".env").write_text(f"ETL_HOME={home}\nETL_SOURCE=files\n", encoding="utf-8")

    settings = read_settings(config=config, environ={})

    assert settings.home == home
    assert (settings.data_source, settings.environment["CITY"]) == ("files", "Cali")


def test_comments_quotes_exports_blanks_and_a_byte_order_mark_are_understood(config):
    text = "\ufeff# a comment\n\nexport A=1\n B = two words \nC=\"quoted = yes\"\nD='ñandú'\n#E=no\nnothing here\n"
    config.with_name(".env").write_text(text, encoding="utf-8")

    environment = read_settings(config=config, environ={}).environment

    assert environment == {"A": "1", "B": "two words", "C": "quoted = yes", "D": "ñandú"}


def test_what_an_env_file_says_reaches_a_task_but_no_secret_of_ours(config):
    config.with_name(".env").write_text("ETL_API_TOKEN=s3cr3t-value\nCITY=Cali\n", encoding="utf-8")

    inherited = read_settings(config=config, environ={}).task_environment(clean=False)

    assert inherited["CITY"] == "Cali"
    assert "ETL_API_TOKEN" not in inherited


def test_an_env_file_that_is_no_text_is_refused_by_name(config):
    config.with_name(".env").write_bytes(b"A=\xff\xfe")

    with pytest.raises(UsageError, match=r"\.env cannot be read"):
        read_settings(config=config, environ={})
