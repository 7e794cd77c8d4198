"""The gate of a load: the critical rules asked of the staged tables before anything is published."""

from collections.abc import Mapping, Sequence
from datetime import date

import duckdb

from etl_kit.errors import Unmendable
from etl_kit.quality import Finding, Rule, Severity, run_rules
from etl_kit.translation import _
from etl_kit.warehouse import CURRENT, STAGING

_EXAMPLES = 3


class QualityGateFailed(Unmendable):
    """Staged data breaks critical rules, so nothing was published; `findings` are the broken ones."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        broken = "; ".join(_in_words(finding) for finding in findings)
        super().__init__(
            _("nothing was published: the staged data breaks {count} critical rules: {broken}").format(
                count=len(findings), broken=broken
            )
        )
        self.findings = tuple(findings)


def check_gate(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], *, today: date, previous_rows: Mapping[str, int]
) -> int:
    """Ask the critical rules; a table that is not staged is looked at as published. Returns how many were asked.

    Raises:
        QualityGateFailed: at least one of them is broken.
    """
    critical = [rule for rule in rules if rule.severity is Severity.CRITICAL]
    findings = run_rules(connection, critical, schemas=(STAGING, CURRENT), today=today, previous_rows=previous_rows)
    broken = [finding for finding in findings if finding.failed]
    if broken:
        raise QualityGateFailed(broken)
    return sum(finding.not_evaluated is None for finding in findings)


def _in_words(finding: Finding) -> str:
    examples = "; ".join(
        ", ".join(f"{name}={value}" for name, value in {**row.key, **row.values}.items())
        for row in finding.rows[:_EXAMPLES]
    )
    return _("{rule} in {table} ({about}): {failed} of {checked}, such as {examples}").format(
        rule=finding.rule.rule_id,
        table=finding.rule.table,
        about=finding.rule.about,
        failed=finding.failed,
        checked=finding.checked,
        examples=examples,
    )
