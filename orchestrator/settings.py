"""Settings, read once: flag > `ETL_*` environment (`.env` beside the file never overrides it) > JSON file > default."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from orchestrator.core.errors import UsageError
from orchestrator.core.messages import N_
from orchestrator.core.redaction import OWN_SECRETS, SECRET_NAME
from orchestrator.translation import _

VERSION = "2.0.0.dev1"
"""Of the distribution; `pyproject.toml` reads it here, since asking the installed metadata costs 20 ms."""
PACKAGE = Path(__file__).resolve().parent
SHIPPED_CONFIG = PACKAGE / "etl_config.json"
TESTING_CONFIG = PACKAGE / "etl_config_testing.json"
CLEAN_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USER")
"""All that a task gets with `"environment": "clean"`, besides what the orchestrator sets itself."""
DATA_SOURCE_DEFAULT = "demo"
LEASE = timedelta(seconds=30)
"""How long a claim on an execution lasts unless its owner renews it."""
SHIPPED = ("orchestrator", "extraction_app", "transformation_app", "load_app", "validation_app", "reporting_app")
"""Packages of the project itself: task modules wherever they are installed (D21)."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where things lie (D20) and what surrounds an execution."""

    home: Path
    config: Path
    state_url: str
    environment: Mapping[str, str]
    """The environment with `.env` beneath it."""
    data_source: str = DATA_SOURCE_DEFAULT
    lease: timedelta = LEASE

    @property
    def logs(self) -> Path:
        """One log file per execution."""
        return self.home / "orchestrator_logs"

    @property
    def reports(self) -> Path:
        """One report per finished execution."""
        return self.home / "orchestrator_reports"

    @property
    def state(self) -> Path:
        """State store, locks, attempt logs."""
        return self.home / ".orchestrator"

    @property
    def checked(self) -> Path:
        """Configurations that were found without a problem before."""
        return self.state / "checked"

    @property
    def locks(self) -> Path:
        """One file per execution that has not ended, locked by whoever drives it."""
        return self.state / "locks"

    def secret(self, name: str) -> str:
        """The secret `name`: of the environment, else of the file `.orchestrator/secrets/<name>` (mode 0600).

        Raises UsageError where it is in neither place, or others may read the file.
        """
        value = self.environment.get(name)
        if value:
            return value
        path = self.state / "secrets" / name
        try:
            mode = path.stat().st_mode
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise UsageError(
                N_("secret {name!r} is neither in the environment nor in the file {path}"), name=name, path=str(path)
            ) from None
        if os.name == "posix" and mode & 0o077:
            raise UsageError(
                N_("others may read the secret in {path}; take the rights away: chmod 600 {path}"), path=str(path)
            )
        secret = text.rstrip("\r\n")
        if not secret:
            raise UsageError(N_("the secret in {path} is empty"), path=str(path))
        return secret

    @property
    def search_path(self) -> tuple[Path, ...]:
        """Folders in which task modules are looked for first (D21)."""
        root = checkout_root()
        return (self.home,) if root is None or root == self.home else (self.home, root)

    def task_environment(self, *, clean: bool) -> dict[str, str]:
        """What a task inherits: never the orchestrator's own secrets; an allow-list only where `clean`."""
        kept = {
            name: value
            for name, value in self.environment.items()
            if name not in OWN_SECRETS and (not clean or _in_clean_environment(name))
        }
        kept |= {
            "ETL_HOME": str(self.home),
            "ETL_SOURCE": self.data_source,
            "PYTHONUNBUFFERED": "1",
        }
        return kept


def read_settings(
    *, config: str | os.PathLike[str] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings for a configuration file (default: `ETL_CONFIG`, else the one that ships with the project).

    Raises UsageError where no home can be told.
    """
    outer = dict(os.environ if environ is None else environ)
    chosen = Path(config or outer.get("ETL_CONFIG") or SHIPPED_CONFIG).absolute()
    settings_file = _env_file(chosen.parent)
    home = _home({**settings_file, **outer}, chosen)
    beneath = _env_file(home) | settings_file
    environment = {**beneath, **outer}
    return Settings(
        home=home,
        config=chosen,
        state_url=environment.get("ETL_DATABASE_URL") or f"sqlite:///{home / '.orchestrator' / 'state.db'}",
        environment=environment,
        data_source=environment.get("ETL_SOURCE") or DATA_SOURCE_DEFAULT,
        lease=_lease(environment),
    )


def _lease(environment: Mapping[str, str]) -> timedelta:
    """The usual one; tests (`ETL_TESTING=1`) may shorten it, since they cannot wait for half a minute."""
    seconds = environment.get("ETL_LEASE_SECONDS", "")
    if environment.get("ETL_TESTING") == "1" and seconds.isdecimal() and int(seconds) > 0:
        return timedelta(seconds=int(seconds))
    return LEASE


def _in_clean_environment(name: str) -> bool:
    """An `ETL_*` setting is passed on; one that is called like a secret is not."""
    return name in CLEAN_ENVIRONMENT or (name.startswith("ETL_") and SECRET_NAME.search(name) is None)


def checkout_root() -> Path | None:
    """The checkout that this package was started from; None where it is installed."""
    root = PACKAGE.parent
    return root if (root / "run.py").is_file() and (root / "pyproject.toml").is_file() else None


def _home(environment: Mapping[str, str], config: Path) -> Path:
    """`ETL_HOME`; else the checkout's root; else the folder of the configuration (D20), never the current folder."""
    named = environment.get("ETL_HOME")
    if named:
        home = Path(named).expanduser()
        if not home.is_absolute():
            raise UsageError(N_("ETL_HOME must be an absolute path, not {path!r}"), path=named)
        return home
    root = checkout_root()
    if root is not None:
        return root
    if config.parent != PACKAGE:
        return config.parent
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    if main and not Path(main).resolve().is_relative_to(Path(sys.prefix).resolve()):
        return Path(main).resolve().parent  # `create_orchestrator()` from a user's own script
    raise UsageError(
        N_("where should state, logs and data lie? Set ETL_HOME to a folder, or name a configuration with --config")
    )


def _env_file(folder: Path) -> dict[str, str]:
    """`NAME=value` lines of `<folder>/.env`; quotes around a value are taken off, `#` starts a comment line."""
    path = folder / ".env"
    if path.exists() and not path.is_file():  # a pipe would keep every command waiting for ever
        raise UsageError(N_("{path} is no file"), path=str(path))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as why:
        raise UsageError(N_("{path} cannot be read: {why}"), path=str(path), why=str(why)) from why
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, sign, value = line.strip().removeprefix("export ").partition("=")
        if sign and not name.startswith("#") and name.strip():
            found[name.strip()] = value.strip().strip("\"'")
    return found


def source_label(name: str) -> str:
    """What a data source is called for people; made-up data says so, loudly."""
    labels = {
        "demo": _("demo — made-up city, INVENTED data (ETL_SOURCE=portal or files reads real data)"),
        "portal": _("portal — open data of datos.gov.co and the city's page"),
        "files": _("files — a folder of saved snapshots (ETL_SOURCE_FOLDER)"),
    }
    return labels.get(name, name)
