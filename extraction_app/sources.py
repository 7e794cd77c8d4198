"""Opening the source of a run: the made-up city, a folder of saved files, or the real portal."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from demo_city.city import SEAL, ensure_city
from demo_city.soda_server import BUDGET_PAGE, saved_rows, serve_folder
from etl_kit.errors import Unmendable
from etl_kit.places import Places
from etl_kit.settings import EtlSettings, Source
from etl_kit.translation import _
from extraction_app.handed_over import KINDS

FOLDERS: Final = tuple(sorted({"ejecucion_presupuestal", "secop", *KINDS}))
"""What a folder of saved files may hold: any of these is enough for the tasks that read it."""


class MissingSource(Unmendable):
    """The folder of saved files is not there, or lacks what a task needs."""

    def __init__(self, place: Path, what_to_put_there: str) -> None:
        super().__init__(_("{place} is missing: {what}").format(place=place, what=what_to_put_there))
        self.place = place


class InventedFolder(Unmendable):
    """The folder of saved files is a made-up city: its rows must not pass for real ones."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            _("{folder} holds the made-up city; ETL_SOURCE=demo uses it, files is for real data").format(folder=folder)
        )


@dataclass(frozen=True, kw_only=True)
class OpenSource:
    """Where to ask and where to look while a task runs.

    Attributes:
        soda_url: base address of the SODA interface.
        token: for X-App-Token, only ever sent to `soda_url`.
        folder: holds the loan's index and, if `drop_ins`, the budget files.
        drop_ins: whether budget files are taken from `folder`.
        budget_page_url: a page of links to budget files, or None.
        local: whether the servers run in this process.
    """

    soda_url: str
    token: str | None = field(repr=False)
    folder: Path
    drop_ins: bool
    budget_page_url: str | None
    local: bool


@contextmanager
def open_source(settings: EtlSettings, *, dataset: str | None = None) -> Iterator[OpenSource]:
    """The source that `settings` name; a made-up city or a folder is served over HTTP in this process meanwhile.

    Args:
        settings: which source.
        dataset: the one that will be asked for, if any; the others are not read.

    Raises:
        MissingSource: `ETL_SOURCE=files` and there is no such folder, or none of its files holds `dataset`.
        UnreadableInput: the file of `dataset` holds something else.
    """
    datasets = [dataset] if dataset is not None else []
    match settings.source:
        case Source.DEMO:
            places = Places.of(settings)
            city = ensure_city(places.city, seed=settings.demo_seed, scale=settings.demo_scale)
            with serve_folder(city, datasets=datasets) as url:
                yield _local(url, city, drop_ins=False, budget_page_url=f"{url}{BUDGET_PAGE}")
        case Source.FILES:
            folder = _folder_of(settings, datasets)
            with serve_folder(folder, datasets=datasets) as url:
                yield _local(url, folder, drop_ins=True, budget_page_url=settings.budget_page_url)
        case Source.PORTAL:
            yield OpenSource(
                soda_url=settings.soda_url,
                token=settings.soda_app_token,
                folder=settings.source_folder or settings.home / "data" / "entrada",
                drop_ins=True,
                budget_page_url=settings.budget_page_url,
                local=False,
            )


def _local(url: str, folder: Path, *, drop_ins: bool, budget_page_url: str | None) -> OpenSource:
    return OpenSource(
        soda_url=url, token=None, folder=folder, drop_ins=drop_ins, budget_page_url=budget_page_url, local=True
    )


def _folder_of(settings: EtlSettings, datasets: Sequence[str]) -> Path:
    folder = settings.source_folder
    if folder is None or not folder.is_dir():
        raise MissingSource(
            folder or Path("ETL_SOURCE_FOLDER"),
            _("make the folder, with any of {folders} in it, or set ETL_SOURCE=demo").format(
                folders=", ".join(f"{name}/" for name in FOLDERS)
            ),
        )
    if (folder / SEAL).exists():
        raise InventedFolder(folder)
    for dataset in datasets:
        if not saved_rows(folder, dataset):
            raise MissingSource(
                folder / "secop" / f"*{dataset}*.json",
                _("save there what {url} answers, a JSON list of rows").format(
                    url=f"{settings.soda_url}/resource/{dataset}.json"
                ),
            )
    return folder
