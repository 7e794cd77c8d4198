"""What `doctor` found: one record for each thing that was looked at and is worth a word."""

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.core.messages import N_, Message


class Severity(StrEnum):
    """How bad it is; only an error changes the exit code."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


WORDS = (N_("ok"), N_("warning"), N_("error"))
"""The severities as the translators meet them."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    check: str
    """Stable name of what was looked at: `store`, `folder`, `execution` …"""
    severity: Severity
    what: Message
    where: str = ""
    """File, folder or execution."""
    advice: Message | None = None
    """What to do about it."""


def fine(check: str, template: str, where: str = "", **facts: object) -> Finding:
    """Nothing to do."""
    return Finding(check=check, severity=Severity.OK, what=Message(template=template, facts=facts), where=where)


def warning(check: str, template: str, where: str = "", *, advice: Message | None = None, **facts: object) -> Finding:
    """Worth a look."""
    what = Message(template=template, facts=facts)
    return Finding(check=check, severity=Severity.WARNING, what=what, where=where, advice=advice)


def error(check: str, template: str, where: str = "", *, advice: Message | None = None, **facts: object) -> Finding:
    """Something is broken."""
    what = Message(template=template, facts=facts)
    return Finding(check=check, severity=Severity.ERROR, what=what, where=where, advice=advice)


def advice(template: str, **facts: object) -> Message:
    """What to do."""
    return Message(template=template, facts=facts)
