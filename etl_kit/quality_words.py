"""Quality in the reader's words: classes, severities, and what a stored rule says."""

from collections.abc import Mapping
from functools import lru_cache

from etl_kit.quality import Rule
from etl_kit.quality_rules import RULES
from etl_kit.reasons import reason_in_words, repairs_in_words
from etl_kit.translation import N_, Text, _

_CLASSES: Mapping[str, Text] = {
    "EXCELLENT": N_("excellent"),
    "GOOD": N_("good"),
    "ACCEPTABLE": N_("acceptable"),
    "NEEDS_IMPROVEMENT": N_("needs improvement"),
    "CRITICAL": N_("critical"),
}
_SEVERITIES: Mapping[str, Text] = {
    "CRITICAL": N_("critical"),
    "HIGH": N_("high"),
    "MEDIUM": N_("medium"),
    "LOW": N_("low"),
}


def class_in_words(name: object) -> str:
    """A quality class as the reader says it; "no data" for what is none."""
    return str(_CLASSES[str(name)]) if str(name) in _CLASSES else _("no data")


def severity_in_words(name: object) -> str:
    """The severity of a rule as the reader says it."""
    return str(_SEVERITIES[str(name)])


def rule_in_words(rule_id: object, table: object) -> tuple[str, str] | None:
    """The family of a rule and what must hold, as the reader says them; None for a rule that is no more."""
    rule = _rules().get((str(rule_id), str(table)))
    return None if rule is None else (str(rule.family), str(rule.about))


def values_in_words(values: Mapping[str, object]) -> str:
    """Values of a row by column, in one line: `ejecucion: 601.00; pagos: sin datos`."""
    return "; ".join(f"{name}: {_value_in_words(name, value)}" for name, value in values.items())


def _value_in_words(name: str, value: object) -> str:
    if value is None:
        return _("no data")
    if name.startswith("motivo_"):
        return reason_in_words(value)
    return repairs_in_words(value) if name == "reparacion" else str(value)


@lru_cache
def _rules() -> Mapping[tuple[str, str], Rule]:
    return {(rule.rule_id, rule.table): rule for rule in RULES}
