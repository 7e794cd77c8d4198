"""Names and addresses of project units for comparing: one spelling of each, and how alike two addresses are."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

from etl_kit.text import plain_key

ALIKE: Final = 0.85
"""Addresses at least so alike, with the very same numbers, are one: 0.4 of order, 0.6 of shared words."""

_ORDER, _WORDS = 0.4, 0.6
_SPELLINGS: Final = {
    spelling: word
    for word, spellings in {
        "carrera": ("kr", "kra", "cra", "cr", "carr"),
        "calle": ("cl", "cll", "cli"),
        "avenida": ("av", "ave", "avda"),
        "diagonal": ("dg", "diag"),
        "transversal": ("tv", "tr", "trans", "transv"),
        "corregimiento": ("corr", "cgto"),
        "barrio": ("b", "br"),
        "": ("no", "nro", "num", "numero", "con", "y"),
    }.items()
    for spelling in spellings
}
_PARTS: Final = re.compile(r"\d+[a-z]?(?![a-z0-9])|\d+|[a-z]+")
_NOT_WORDS: Final = re.compile(r"[^0-9a-z]+")
_SCHOOL: Final = re.compile(r"^(?:i e|ie|institucion educativa) (?=\w)")
_SITE: Final = re.compile(r"^sede (?=\w)")


@lru_cache(maxsize=65_536)
def name_key(name: str | None) -> str:
    """A unit's name for comparing: `I.E. Santa Cecilia` and `SANTA  CECILIA` are one."""
    return _SCHOOL.sub("", _words(name))


@lru_cache(maxsize=65_536)
def detail_key(detail: str | None) -> str:
    """A unit's detail for comparing: `Sede principal` and `PRINCIPAL` are one; empty for none."""
    return _SITE.sub("", _words(detail))


@lru_cache(maxsize=65_536)
def address_key(address: str | None) -> str:
    """An address for comparing: `KR 22 2 65` and `Cra. 22 # 2-65` are one; empty for none."""
    parts = (_SPELLINGS.get(part, part) for part in _PARTS.findall(plain_key(address or "")))
    return " ".join(part for part in parts if part)


def numbers_of(address: str) -> tuple[str, ...]:
    """The numbers of an `address_key`, in order: they say where it is, so two addresses must share all of them."""
    return tuple(part for part in address.split() if part[0].isdigit())


def are_alike(one: str, other: str) -> bool:
    """Whether two `address_key`s are the same place."""
    return numbers_of(one) == numbers_of(other) and likeness(one, other) >= ALIKE


def likeness(one: str, other: str) -> float:
    """From 0 to 1: the order of letters counts 0.4, shared words, in whatever order, 0.6. Symmetric."""
    first, second = sorted((one, other))
    if first == second:
        return 1.0
    return _ORDER * _ratio(first, second) + _WORDS * _shared_words(first.split(), second.split())


def _shared_words(one: Sequence[str], other: Sequence[str]) -> float:
    """How alike the words are once those in both are set aside: the token-set ratio."""
    shared = sorted({*one} & {*other})
    all_one, all_other = (" ".join([*shared, *sorted({*words} - {*shared})]) for words in (one, other))
    both = " ".join(shared)
    pairs = [(all_one, all_other), (both, all_one), (both, all_other)] if shared else [(all_one, all_other)]
    return max(_ratio(*pair) for pair in pairs)


def _ratio(one: str, other: str) -> float:
    first, second = sorted((one, other))  # difflib's ratio depends on which comes first
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _words(text: str | None) -> str:
    return _NOT_WORDS.sub(" ", plain_key(text or "")).strip()
