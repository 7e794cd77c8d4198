"""Pages from templates: all is escaped, times and numbers are written for people, nothing is silently undefined."""

import hashlib
import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from orchestrator.operations.tokens import Role
from orchestrator.settings import VERSION
from orchestrator.translation import _, current_language, say
from orchestrator.web.requests import bearer_of, house_of
from orchestrator.web.ui import session

HERE: Final = Path(__file__).parent
CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
DASH: Final = "–"
MINUTE, HOUR, DAY = 60, 3600, 86400


def page(request: Request, template: str, *, section: str, status: int = 200, **facts: Any) -> HTMLResponse:
    """A whole page: `template` inside the frame with menu, language and session."""
    token = session.token_in(request.scope, request.headers)
    bearer = bearer_of(request)
    frame = {
        "section": section,
        "who": bearer.name,
        "may_run": bearer.role >= Role.RUN,
        "logged_in": token is not None,
        "csrf": session.csrf_token(token) if token is not None else "",
        "server_zone": str(house_of(request).parts_at_hand().zone),
    }
    return html(template, status=status, **frame, **facts)


def html(template: str, *, status: int = 200, **facts: Any) -> HTMLResponse:
    """A template as an answer with the pages' own policy for scripts and styles (S6)."""
    return HTMLResponse(
        render(template, **facts), status_code=status, headers={"content-security-policy": CONTENT_POLICY}
    )


def render(template: str, **facts: Any) -> str:
    """The text of a template in the language of the moment."""
    return _environment().get_template(template).render(language=current_language(), **facts)


def asset(name: str) -> str:
    """The address of a file of ours; it changes with the file, so that browsers may keep it."""
    return f"/ui/static/{_digest(name)}/{name}"


def static_file(name: str) -> tuple[bytes, str] | None:
    """The content of a file of ours and its digest; None where there is none of that name."""
    if name not in _static_names():
        return None
    return (HERE / "static" / name).read_bytes(), _digest(name)


def duration(seconds: float | None) -> str:
    """`4,2 s`, `3 min 05 s`, `2 h 07 min`, `3 d 4 h`."""
    if seconds is None:
        return DASH
    if round(seconds, 1) < MINUTE:
        return f"{_decimal(seconds)} s"
    whole = round(seconds)
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02d} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE:02d} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


def number(value: float | None) -> str:
    """Thousands and decimals as in Colombia (`1.234,5`), or as in English."""
    if value is None:
        return DASH
    return _written(f"{value:,}" if isinstance(value, int) else f"{value:,.1f}")


def _written(text: str) -> str:
    """An English number as the reader writes it."""
    return text if current_language() == "en" else text.translate(str.maketrans(",.", ".,"))


def size(count: float | None) -> str:
    """Bytes in the largest unit that leaves a whole part (SI)."""
    if count is None:
        return DASH
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:  # noqa: PLR2004 - SI
            return f"{_decimal(count) if unit != 'B' else int(count)} {unit}"
        count /= 1000
    return f"{_decimal(count)} TB"


def moment(value: datetime | None, zone: Any = None) -> Markup:
    """A `<time>`: the server's time as text, which a script turns into the viewer's and keeps on hover."""
    if value is None:
        return Markup(DASH)  # noqa: S704 - a constant
    local = value.astimezone(zone) if zone is not None else value
    stamp = value.astimezone().isoformat(timespec="seconds")
    text = local.strftime("%Y-%m-%d %H:%M:%S")
    title = f"{text} {local.tzname() or ''}".strip()
    return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, title, text)


def ago(value: datetime | None, now: datetime) -> str:
    """How long ago in the largest unit: `5 min`."""
    if value is None:
        return DASH
    passed = max(timedelta(), now - value).total_seconds()
    for unit, length in (("d", DAY), ("h", HOUR), ("min", MINUTE)):
        if passed >= length:
            return f"{int(passed // length)} {unit}"
    return f"{int(passed)} s"


def _decimal(value: float) -> str:
    return _written(f"{value:.2f}" if value < 1 else f"{value:,.1f}")


def _in_script(value: Any) -> Markup:
    """Data for our scripts, in a `<script type="application/json">` that no text can end."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - nothing in it can be markup any more


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(_, _plural, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    environment.filters |= {
        "duration": duration,
        "number": number,
        "size": size,
        "moment": moment,
        "ago": ago,
        "data": _in_script,
    }
    environment.globals |= {"asset": asset, "version": VERSION, "state_name": state_name, "say": say}
    return environment


def _plural(one: str, many: str, count: int) -> str:
    return _(one) if count == 1 else _(many)


@cache
def _static_names() -> frozenset[str]:
    folder = HERE / "static"
    return frozenset(path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.is_file())


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:12]


def state_name(status: str) -> str:
    """A state in the reader's words."""
    return _(str(status))
