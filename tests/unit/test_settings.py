"""Where things lie and what wins over what; files are only named here, tests/integration reads real ones."""

import sys
from pathlib import Path

import pytest

from orchestrator import settings as module
from orchestrator.core.errors import UsageError
from orchestrator.core.redaction import OWN_SECRETS
from orchestrator.settings import VERSION, read_settings

NOWHERE = Path("/nowhere/at/all")


@pytest.fixture
def installed(monkeypatch) -> None:
    """As if no checkout had been started."""
    monkeypatch.setattr(module, "checkout_root", lambda: None)


@pytest.fixture
def checkout(monkeypatch) -> Path:
    root = NOWHERE / "checkout"
    monkeypatch.setattr(module, "checkout_root", lambda: root)
    return root


# --- ETL_HOME (D20) --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("checkout")
def test_etl_home_wins_over_the_checkout_and_the_configuration():
    settings = read_settings(config=NOWHERE / "etl.json", environ={"ETL_HOME": "/srv/etl"})

    assert settings.home == Path("/srv/etl")


def test_a_started_checkout_is_the_home_whatever_the_configuration(checkout):
    settings = read_settings(config=NOWHERE / "etl.json", environ={})

    assert settings.home == checkout


@pytest.mark.usefixtures("installed")
def test_without_a_checkout_the_folder_of_the_configuration_is_the_home():
    settings = read_settings(config=NOWHERE / "etl.json", environ={})

    assert settings.home == NOWHERE


def test_the_current_folder_is_never_the_home(checkout, monkeypatch):
    monkeypatch.chdir("/")

    settings = read_settings(environ={})

    assert settings.home == checkout


@pytest.mark.usefixtures("installed")
def test_a_users_own_script_without_a_configuration_keeps_things_beside_itself(monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "/nowhere/scripts/daily.py", raising=False)

    settings = read_settings(environ={})

    assert settings.home == Path("/nowhere/scripts")


@pytest.mark.usefixtures("installed")
def test_where_no_home_can_be_told_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "__file__", f"{sys.prefix}/bin/etl", raising=False)

    with pytest.raises(UsageError, match="Set ETL_HOME to a folder"):
        read_settings(environ={})


def test_a_relative_home_is_refused_for_it_would_depend_on_the_current_folder():
    with pytest.raises(UsageError, match="ETL_HOME must be an absolute path, not 'etl'"):
        read_settings(config=NOWHERE / "etl.json", environ={"ETL_HOME": "etl"})


def test_everything_lies_below_the_home():
    settings = read_settings(config=NOWHERE / "etl.json", environ={"ETL_HOME": "/srv/etl"})

    assert [settings.logs, settings.reports, settings.state] == [
        Path("/srv/etl/orchestrator_logs"),
        Path("/srv/etl/orchestrator_reports"),
        Path("/srv/etl/.orchestrator"),
    ]
    assert settings.state_url == "sqlite:////srv/etl/.orchestrator/state.db"


# --- what else is read -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("checkout")
def test_the_configuration_is_the_one_named_else_that_of_the_environment_else_the_shipped_one():
    environ = {"ETL_CONFIG": str(NOWHERE / "mine.json")}

    settings = [read_settings(config=NOWHERE / "named.json", environ=environ), read_settings(environ=environ)]
    settings.append(read_settings(environ={}))

    assert [read.config.name for read in settings] == ["named.json", "mine.json", "etl_config.json"]
    assert all(read.config.is_absolute() for read in settings)


@pytest.mark.usefixtures("checkout")
def test_database_and_source_come_from_the_environment_and_empty_ones_mean_the_default():
    chosen = read_settings(environ={"ETL_DATABASE_URL": "postgresql://db/x", "ETL_SOURCE": "portal"})
    empty = read_settings(environ={"ETL_DATABASE_URL": "", "ETL_SOURCE": ""})

    assert (chosen.state_url, chosen.data_source) == ("postgresql://db/x", "portal")
    assert (empty.state_url.partition(":")[0], empty.data_source) == ("sqlite", "demo")


# --- what a task inherits (D21) --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("clean", [True, False])
def test_no_task_ever_gets_a_secret_of_ours(clean):
    environ = dict.fromkeys(OWN_SECRETS, "s3cr3t-value")

    inherited = read_settings(environ=environ).task_environment(clean=clean)

    assert "s3cr3t-value" not in inherited.values()
    assert {"ETL_API_TOKEN", "ETL_DATABASE_URL"} <= set(OWN_SECRETS)


@pytest.mark.usefixtures("checkout")
def test_a_task_inherits_the_environment_and_a_clean_one_only_what_it_cannot_do_without():
    settings = read_settings(environ={"PATH": "/bin", "EDITOR": "vi", "ETL_SOURCE_FOLDER": "/data"})

    whole, clean = settings.task_environment(clean=False), settings.task_environment(clean=True)

    assert (whole["PATH"], whole["EDITOR"]) == ("/bin", "vi")
    assert "EDITOR" not in clean
    assert (clean["PATH"], clean["ETL_SOURCE_FOLDER"]) == ("/bin", "/data")


def test_a_task_is_told_its_home_and_its_source(checkout):
    inherited = read_settings(environ={"ETL_SOURCE": "files"}).task_environment(clean=True)

    assert (inherited["ETL_HOME"], inherited["ETL_SOURCE"]) == (str(checkout), "files")


def test_modules_are_looked_for_in_the_home_and_then_in_the_checkout(checkout):
    elsewhere = read_settings(environ={"ETL_HOME": "/srv/etl"})
    at_home = read_settings(environ={})

    assert elsewhere.search_path == (Path("/srv/etl"), checkout)
    assert at_home.search_path == (checkout,)


def test_the_version_is_a_number_that_people_can_quote():
    assert VERSION[0].isdigit()
