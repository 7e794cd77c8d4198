"""A page of links like the city's: one accordion item per year with its monthly budget files."""

import html
import re
from collections.abc import Iterable
from urllib.parse import quote


def accordion_page(names: Iterable[str], files_path: str) -> str:
    """The page that links to the files called `names` below `files_path`; newest year first."""
    years: dict[str, list[str]] = {}
    for name in sorted(names):
        match = re.search(r"(?<!\d)20\d\d(?!\d)", name)
        years.setdefault(match.group() if match else "Otros", []).append(name)
    items = "".join(_item(year, years[year], files_path) for year in sorted(years, reverse=True))
    return (
        '<!DOCTYPE html><html lang="es"><head><meta charset="utf-8"><title>Ejecución presupuestal</title></head>'
        f'<body><h1>Ejecución presupuestal (ciudad de prueba)</h1><div id="accordionDocumentos">{items}</div>'
        '<p><a href="/">Inicio</a> <a href="mailto:nadie@ciudad.invalid">Contacto</a></p></body></html>'
    )


def _item(year: str, names: list[str], files_path: str) -> str:
    links = "".join(f'<li><a href="{files_path}{quote(name)}">{html.escape(name)}</a></li>\n' for name in names)
    return (
        f'<div class="accordion-item"><button class="accordion-button">Vigencia {html.escape(year)}</button>'
        f"<ul>{links}</ul></div>"
    )
