"""Task extract_ejecucion_presupuestal: the monthly budget files, from a folder or a page of links, kept as they are."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from etl_kit.errors import EtlError
from etl_kit.files import write_bytes_atomic, write_json
from etl_kit.places import Places
from etl_kit.settings import read_settings
from etl_kit.translation import _
from extraction_app.budget_files import RefusedFile, check_budget_file, period_of
from extraction_app.budget_links import Link, links_of_page
from extraction_app.budget_register import (
    REGISTER,
    Original,
    as_json,
    current_of,
    read_register,
    received,
    registered,
)
from extraction_app.http_source import LARGEST_BODY, NOT_MODIFIED, HttpSource, Reply, now_in_utc, open_http
from extraction_app.loan_extraction import some_of
from extraction_app.retries import SourceTrouble
from extraction_app.sources import OpenSource, open_source

logger = logging.getLogger(__name__)

BUDGET: Final = "ejecucion_presupuestal"


class NoBudgetFiles(EtlError):
    """Neither folder nor page gave a single usable file."""

    def __init__(self, place: str, refused: list[str]) -> None:
        super().__init__(
            _(
                "no usable budget file in {place}: put monthly files there, such as EJECUCION_ABRIL_2025.csv or the "
                "city's .xlsx with sheet DEFINITIVO. Refused: {refused}"
            ).format(place=place, refused=some_of(refused))
        )
        self.place = place
        self.refused = tuple(refused)


class BudgetIncomplete(EtlError):
    """Something could not be downloaded; what could be is registered."""

    def __init__(self, failed: list[str]) -> None:
        super().__init__(
            _("not everything could be downloaded: {failed}. Try again with: etl run --tasks {task}").format(
                failed="; ".join(failed), task=f"extract_{BUDGET}"
            )
        )
        self.failed = tuple(failed)


@dataclass(kw_only=True)
class Intake:
    """What a run has received so far, and where it keeps it."""

    folder: Path
    moment: str
    entries: list[Original]
    new: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def take(self, name: str, data: bytes, *, hints: tuple[str, ...], url: str | None, etag: str | None) -> None:
        """Check `data` and keep it; a refused file is noted by name.

        The original is written before the register names it, so an interruption leaves at most a file too many.
        """
        try:
            period = period_of(name, *hints)
            check_budget_file(name, data)
        except RefusedFile as refusal:
            self.refuse(refusal)
            return
        digest = hashlib.sha256(data).hexdigest()
        entry = received(name, period, sha256=digest, size=len(data), url=url, etag=etag, moment=self.moment)
        if not (self.folder / entry.archivo).exists():
            write_bytes_atomic(self.folder / entry.archivo, data)
        self.entries, changed = registered(self.entries, entry)
        (self.new if changed else self.unchanged).append(name)
        logger.info("%s: %s (%d-%02d)", name, "new" if changed else "unchanged", period.vigencia, period.mes)

    def refuse(self, refusal: RefusedFile) -> None:
        """Note a file that cannot be used."""
        logger.warning("%s", refusal)
        self.refused.append(str(refusal))


def main(*, home: str | None = None, source: str | None = None, **settings: Any) -> dict[str, object]:
    """Receive new and changed monthly budget files; originals are kept and registered by hash; safe to repeat.

    Args:
        home: see `etl_kit.settings`; so are all `settings`.
        source: demo, portal or files.
        settings: other fields of `EtlSettings`.

    Raises:
        NoBudgetFiles: there is nothing usable; the text says what to put where.
        BudgetIncomplete: a download failed after all attempts; the other files are registered.
    """
    chosen = read_settings(home=home, source=source, **settings)
    folder = Places.of(chosen).raw(BUDGET)
    entries, warnings = without_lost_originals(folder, read_register(folder / REGISTER))
    intake = Intake(folder=folder, moment=now_in_utc().isoformat(timespec="seconds"), entries=entries)
    with open_source(chosen) as opened:
        take_drop_ins(intake, opened)
        take_downloads(intake, opened)
        place = str(opened.folder / BUDGET) if opened.drop_ins else str(opened.budget_page_url)
    if intake.new or intake.unchanged:
        write_json(folder / REGISTER, as_json(intake.entries))
    if intake.failed:
        raise BudgetIncomplete(intake.failed)
    if not (intake.new or intake.unchanged):
        raise NoBudgetFiles(place, intake.refused)
    current = [entry for entry in intake.entries if not entry.reemplazado]
    return {
        "status": "success",
        "rows": len(current),
        "path": str(folder / REGISTER),
        "files": [entry.nombre for entry in current],
        "new": intake.new,
        "unchanged": intake.unchanged,
        "refused": intake.refused,
        "warnings": [*warnings, *_no_longer_there(intake, current), *intake.refused],
    }


def without_lost_originals(folder: Path, entries: list[Original]) -> tuple[list[Original], list[str]]:
    """`entries` whose file is still in `folder`, and a warning for each that is not: it will be received anew."""
    lost = [entry for entry in entries if not (folder / entry.archivo).is_file()]
    warnings = [
        _("{name} had been received but its copy {copy} is gone").format(name=entry.nombre, copy=entry.archivo)
        for entry in lost
    ]
    return [entry for entry in entries if entry not in lost], warnings


def _no_longer_there(intake: Intake, current: list[Original]) -> list[str]:
    """A warning about files that stay in use although the source does not show them any more."""
    seen = {*intake.new, *intake.unchanged}
    gone = [f"{entry.nombre} ({entry.archivo})" for entry in current if entry.nombre not in seen]
    if not gone:
        return []
    text = _(
        "received earlier and still in use, though the source no longer has them: {files}; "
        "to drop one, delete its copy in {folder}"
    )
    return [text.format(files=some_of(gone), folder=intake.folder)]


def take_drop_ins(intake: Intake, opened: OpenSource) -> None:
    """Receive the files that somebody put into the folder, if the source has one."""
    if not opened.drop_ins:
        return
    for path in _drop_ins(opened.folder / BUDGET):
        try:
            data = _whole_file(path)
        except OSError as error:
            intake.refuse(RefusedFile(path.name, error.strerror or str(error)))
        except RefusedFile as refusal:
            intake.refuse(refusal)
        else:
            intake.take(path.name, data, hints=(), url=None, etag=None)


def take_downloads(intake: Intake, opened: OpenSource) -> None:
    """Receive the files that the page links to, if there is a page; failures are noted and the others go on."""
    if opened.budget_page_url is None:
        return
    with open_http(local=opened.local) as http:
        try:
            links = http.get(opened.budget_page_url, _links)
        except SourceTrouble as trouble:
            intake.failed.append(str(trouble))
            return
        logger.info("%d budget files on the page", len(links))
        for link in links:
            try:
                _download(intake, http, link, recorded=_recorded(link, opened))
            except SourceTrouble as trouble:
                logger.warning("%s: %s", link.name, trouble)
                intake.failed.append(f"{link.name}: {trouble}")


def _download(intake: Intake, http: HttpSource, link: Link, *, recorded: str) -> None:
    known = current_of(intake.entries, link.name, recorded)
    headers = {"If-None-Match": known.etag} if known is not None and known.etag else {}
    reply = http.get(link.url, lambda answer: answer, headers=headers)
    if reply.status == NOT_MODIFIED:
        intake.unchanged.append(link.name)
        logger.info("%s: unchanged", link.name)
        return
    hints = (link.text, f"{link.name} {link.heading}", f"{link.text} {link.heading}")
    intake.take(link.name, reply.body, hints=hints, url=recorded, etag=reply.headers.get("etag"))


def _links(reply: Reply) -> list[Link]:
    return links_of_page(reply.body.decode("utf-8", "replace"), reply.address)


def _recorded(link: Link, opened: OpenSource) -> str:
    """The address for the register; of a server in this process only the path, because its port changes each time."""
    return urlsplit(link.url).path if opened.local and link.url.startswith(f"{opened.soda_url}/") else link.url


def _whole_file(path: Path) -> bytes:
    size = path.stat().st_size
    if size > LARGEST_BODY:
        raise RefusedFile(path.name, _("it is larger than {limit} bytes").format(limit=LARGEST_BODY))
    return path.read_bytes()


def _drop_ins(folder: Path) -> Iterator[Path]:
    """Files a person meant to put there: no hidden ones, no lock files of an open spreadsheet."""
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.name.startswith((".", "~$")):
                yield path
