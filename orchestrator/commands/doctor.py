"""`doctor`: whether everything is sound, and what to do where it is not."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, output_option
from orchestrator.translation import _


@click.command("doctor", help=_("Look whether everything is sound. Changes nothing without --reap."))
@click.option("--all", "all_executions", is_flag=True, help=_("Look at every execution, not only the latest."))
@click.option("--reap", is_flag=True, help=_("End processes of tasks whose orchestrator is gone."))
@config_option
@output_option
def doctor(*, all_executions: bool, reap: bool, config: Path | None, form: str) -> int:
    """0 where nothing is worse than a warning, else 5."""
    from orchestrator.commands.executions import reading
    from orchestrator.commands.printing import as_typed, printable, write_err, write_out
    from orchestrator.commands.tables import write_records
    from orchestrator.core.exit_codes import ExitCode
    from orchestrator.core.outcomes import JSON
    from orchestrator.operations.findings import Severity
    from orchestrator.operations.health import examine
    from orchestrator.translation import say

    counts = dict.fromkeys(Severity, 0)
    records: list[dict[str, JSON]] = []
    with reading(config) as orchestrator:
        for finding in examine(orchestrator.parts, all_executions=all_executions, reap=reap):
            counts[finding.severity] += 1
            record: dict[str, JSON] = {
                "check": finding.check,
                "severity": finding.severity.value,
                "where": finding.where,
                "what": say(finding.what),
                "advice": say(finding.advice) or None,
            }
            if form == "json":
                records.append(record)
            elif form == "jsonl":
                write_records([record], form, {})
            else:  # no table: nothing of what is to be done may be cut
                word = _(finding.severity.value)
                place = f"{record['where']}: " if finding.where else ""
                write_out(printable(as_typed(f"{word:<13} {finding.check:<14} {place}{record['what']}")))
                if finding.advice is not None:
                    write_out(printable(as_typed(f"{'':<13} → {record['advice']}")))
    if form == "json":
        write_records(records, form, {})
    write_err(
        _("{errors} error(s), {warnings} warning(s), {fine} in order").format(
            errors=counts[Severity.ERROR], warnings=counts[Severity.WARNING], fine=counts[Severity.OK]
        )
    )
    return ExitCode.UNABLE if counts[Severity.ERROR] else ExitCode.SUCCESS
