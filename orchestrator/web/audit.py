"""Who did what, a line each: executed, cancelled, purged, refused (S17)."""

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from starlette.types import Scope

from orchestrator.operations.tokens import Bearer
from orchestrator.web.problems import RequestRefused

LARGEST: Final = 10 * 1024 * 1024
KEPT: Final = 5
MOST_CHARACTERS: Final = 200


@dataclass(kw_only=True)
class Audit:
    """Appends JSON lines to a file that only its owner can read; it is turned over at 10 MiB, five older ones stay."""

    path: Path
    _logger: logging.Logger = field(init=False)
    _refused: logging.Logger = field(init=False)

    def __post_init__(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._logger = _logger_to(self.path)
        # in files of their own: anybody can be refused, and as often as to push what was done out of the others
        self._refused = _logger_to(self.path.with_name("refused.jsonl"))

    def did(self, scope: Scope, bearer: Bearer, what: str, *, body: bytes = b"", **facts: object) -> None:
        """Somebody changed something."""
        digest = {"body_sha256": hashlib.sha256(body).hexdigest()} if body else {}
        self._write(
            self._logger, scope, {"what": what, "by": bearer.name, "role": bearer.role.name.lower(), **facts, **digest}
        )

    def refused(self, scope: Scope, refusal: RequestRefused) -> None:
        """Somebody had no token that is in use, one of too small a role, or came from a page of another origin."""
        bearer: Bearer | None = scope.get("state", {}).get("bearer")
        who = {} if bearer is None else {"by": bearer.name, "role": bearer.role.name.lower()}
        self._write(self._refused, scope, {"what": "refused", "status": refusal.status, "why": refusal.kind, **who})

    def close(self) -> None:
        """Let go of the file."""
        for each in (self._logger, self._refused):
            for handler in list(each.handlers):
                each.removeHandler(handler)
                handler.close()

    def _write(self, logger: logging.Logger, scope: Scope, facts: Mapping[str, object]) -> None:
        client = scope.get("client")
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "peer": f"{client[0]}:{client[1]}" if client else "?",
            "method": scope["method"],
            "path": scope["path"][:MOST_CHARACTERS],
            **facts,
        }
        logger.info("%s", json.dumps(line, ensure_ascii=True, default=str))


def _logger_to(path: Path) -> logging.Logger:
    logger = logging.Logger("audit")  # noqa: LOG001 - of our own: nothing that others configure reaches it
    handler = _Private(path, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    return logger


class _Private(RotatingFileHandler):
    """Makes its file readable by its owner alone."""

    def _open(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the base class's own signature
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding=self.encoding)
