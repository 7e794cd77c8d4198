"""Settings of the ETL, read once per task from parameters and environment into a frozen record."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from etl_kit.errors import SettingsError
from etl_kit.translation import _

CHECKOUT = Path(__file__).resolve().parent.parent


class Source(StrEnum):
    """Where raw data comes from; each source has a subtree of its own, so they never mix."""

    DEMO = "demo"
    PORTAL = "portal"
    FILES = "files"

    def label(self) -> str:
        """The source in words, for reports and messages."""
        return {
            Source.DEMO: _("made-up city (invented data)"),
            Source.PORTAL: _("datos.gov.co and the city's page"),
            Source.FILES: _("folder of saved snapshots"),
        }[self]

    @property
    def invented(self) -> bool:
        """Whether the data is made up."""
        return self is Source.DEMO


class Contracts(StrEnum):
    """Which contracts and processes of SECOP II are extracted."""

    LOAN = "loan"
    """those that the loan's index names"""
    ENTITY = "entity"
    """all of the city's"""
    COUNTRY = "country"
    """all there are"""


@dataclass(frozen=True, kw_only=True)
class EtlSettings:
    """What a task needs to know about its surroundings.

    `source_folder` is set for `files`; for `portal` it is the folder of drop-ins, `<home>/data/entrada` unless said
    otherwise; None for `demo`. `run_id` is the execution's id, "manual" outside the orchestrator. `warehouse_url` is
    the PostgreSQL database of the warehouse, None for the DuckDB file of the source; it may hold a password.
    `full` has everything read again where a reading of what changed would do. `raw_limit_mb` bounds, in megabytes of
    10^6 bytes, what the snapshots of one dataset take on disk.
    """

    home: Path
    source: Source
    source_folder: Path | None
    soda_url: str
    soda_app_token: str | None = field(repr=False)
    budget_page_url: str | None
    demo_scale: float
    demo_seed: int
    gate: bool
    run_id: str
    warehouse_url: str | None = field(default=None, repr=False)
    contracts: Contracts = Contracts.LOAN
    full: bool = False
    raw_limit_mb: int = 2_000


ENVIRONMENT = {
    "home": "ETL_HOME",
    "source": "ETL_SOURCE",
    "source_folder": "ETL_SOURCE_FOLDER",
    "soda_url": "ETL_SODA_URL",
    "soda_app_token": "ETL_SODA_APP_TOKEN",
    "budget_page_url": "ETL_BUDGET_PAGE_URL",
    "demo_scale": "ETL_DEMO_SCALE",
    "demo_seed": "ETL_DEMO_SEED",
    "gate": "ETL_GATE",
    "run_id": "ETL_EXECUTION_ID",
    "warehouse_url": "ETL_WAREHOUSE_URL",
    "contracts": "ETL_CONTRACTS",
    "full": "ETL_FULL",
    "raw_limit_mb": "ETL_RAW_LIMIT_MB",
}
DEFAULTS = {
    "source": Source.DEMO.value,
    "soda_url": "https://www.datos.gov.co",
    "demo_scale": "1",
    "demo_seed": "20240918",
    "gate": "0",
    "run_id": "manual",
    "contracts": Contracts.LOAN.value,
    "full": "0",
    "raw_limit_mb": "2000",
}


def read_settings(
    *,
    home: str | None = None,
    source: str | None = None,
    environ: Mapping[str, str] | None = None,
    **overrides: object,
) -> EtlSettings:
    """The settings: a parameter beats the environment, which beats the default; empty texts count as absent.

    Args:
        home: root of everything the ETL writes; the checkout's root if nobody says.
        source: one of `Source`.
        environ: the environment, `os.environ` if None.
        overrides: any other field of `EtlSettings`, by name; None counts as absent.

    Raises:
        SettingsError: with every problem found.
    """
    environ = os.environ if environ is None else environ
    given: dict[str, object] = {"home": home, "source": source, **overrides}
    problems = [
        _("{name} is not a setting; known: {known}").format(name=name, known=", ".join(ENVIRONMENT))
        for name in given
        if name not in ENVIRONMENT
    ]
    texts = {
        name: _chosen(given.get(name), environ.get(variable), DEFAULTS.get(name))
        for name, variable in ENVIRONMENT.items()
    }
    root = Path(texts["home"] or CHECKOUT).expanduser().absolute()
    chosen = _source(texts["source"], problems)
    settings = EtlSettings(
        home=root,
        source=chosen,
        source_folder=_source_folder(texts["source_folder"], chosen, root, problems),
        soda_url=(texts["soda_url"] or "").rstrip("/"),
        soda_app_token=texts["soda_app_token"],
        budget_page_url=texts["budget_page_url"],
        demo_scale=_scale(texts["demo_scale"], problems),
        demo_seed=_seed(texts["demo_seed"], problems),
        gate=_yes_or_no(texts["gate"], problems, "ETL_GATE"),
        run_id=texts["run_id"] or "manual",
        warehouse_url=_warehouse_url(texts["warehouse_url"], problems),
        contracts=_contracts(texts["contracts"], problems),
        full=_yes_or_no(texts["full"], problems, "ETL_FULL"),
        raw_limit_mb=_raw_limit(texts["raw_limit_mb"], problems),
    )
    if problems:
        raise SettingsError(problems)
    return settings


def _chosen(parameter: object, variable: str | None, default: str | None) -> str | None:
    for value in (parameter, variable):
        if value is not None and str(value).strip():
            return str(value).strip()
    return default


def _source(text: str | None, problems: list[str]) -> Source:
    try:
        return Source(text or "")
    except ValueError:
        problems.append(
            _("ETL_SOURCE is {value!r}; it can be {known}").format(value=text, known=", ".join(Source)),
        )
        return Source.DEMO


def _source_folder(text: str | None, source: Source, home: Path, problems: list[str]) -> Path | None:
    if source is Source.DEMO:
        return None
    if source is Source.PORTAL:
        return Path(text).expanduser().absolute() if text else home / "data" / "entrada"
    if text is None:
        problems.append(_("ETL_SOURCE=files needs ETL_SOURCE_FOLDER, the folder of saved snapshots"))
        return None
    return Path(text).expanduser().absolute()


def _warehouse_url(text: str | None, problems: list[str]) -> str | None:
    if text is not None and not text.startswith(("postgresql://", "postgres://")):
        # the value is not repeated: a password may stand in it
        problems.append(_("ETL_WAREHOUSE_URL must begin with postgresql://; leave it empty for the DuckDB file"))
        return None
    return text


def _scale(text: str | None, problems: list[str]) -> float:
    try:
        scale = float(text or "")
    except ValueError:
        scale = math.nan
    if not (math.isfinite(scale) and scale > 0):
        problems.append(_("ETL_DEMO_SCALE is {value!r}; it must be a number above 0").format(value=text))
    return scale


def _yes_or_no(text: str | None, problems: list[str], name: str) -> bool:
    said = (text or "").lower()
    if said in {"1", "true", "0", "false"}:
        return said in {"1", "true"}
    problems.append(_("{name} is {value!r}; it can be 1 or 0").format(name=name, value=text))
    return False


def _contracts(text: str | None, problems: list[str]) -> Contracts:
    try:
        return Contracts((text or "").lower())
    except ValueError:
        known = ", ".join(Contracts)
        problems.append(_("ETL_CONTRACTS is {value!r}; it can be {known}").format(value=text, known=known))
        return Contracts.LOAN


def _raw_limit(text: str | None, problems: list[str]) -> int:
    if text is not None and text.isdecimal() and int(text) > 0:
        return int(text)
    problems.append(_("ETL_RAW_LIMIT_MB is {value!r}; it must be a whole number above 0").format(value=text))
    return 1


def _seed(text: str | None, problems: list[str]) -> int:
    try:
        return int(text or "")
    except ValueError:
        problems.append(_("ETL_DEMO_SEED is {value!r}; it must be a whole number").format(value=text))
        return 0
