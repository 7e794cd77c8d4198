"""`verify`: whether a stored execution kept what is promised, recomputed from its event log."""

from pathlib import Path

import click

from orchestrator.commands.options import config_option, latest_option, output_option
from orchestrator.core.messages import N_
from orchestrator.translation import _

PROMISED = {
    "R1": N_("what completed never ran again"),
    "R2": N_("the event log is a legal path and adds up to what is stored"),
    "R4": N_("never two attempts of a task at once"),
    "R6": N_("every task waited for what it depends on"),
    "R8": N_("attempts and waits as the retry fields say"),
    "R9": N_("no attempt outlived its time limit"),
    "R10": N_("the status follows from how its tasks ended"),
    "R12": N_("never more at once than workers and pools allow"),
    "R14": N_("after a cancel nothing started"),
    "R16": N_("every selected task has one end, with its reason"),
    "D16": N_("results taken over come from where it says"),
    "report": N_("the report file says what is stored"),
}
"""What each promise means, for whoever reads the table."""


@click.command("verify", help=_("Check whether an execution kept what is promised. Exit 1 where it did not."))
@click.argument("execution_id", metavar="ID", required=False)
@latest_option
@config_option
@output_option
def verify(execution_id: str | None, *, latest: bool, config: Path | None, form: str) -> int:
    """0 where every promise held, else 1."""
    from orchestrator.commands.executions import chosen, reading
    from orchestrator.commands.printing import printable, write_err, write_out
    from orchestrator.commands.tables import write_records
    from orchestrator.core.exit_codes import ExitCode
    from orchestrator.core.outcomes import JSON
    from orchestrator.operations.looking_back import verified
    from orchestrator.translation import say

    with reading(config) as orchestrator:
        execution = chosen(orchestrator, execution_id, latest=latest)
        findings = verified(orchestrator.parts, execution)
    records: list[dict[str, JSON]] = [
        {
            "promise": finding.promise,
            "held": finding.held,
            "cases": finding.cases,
            "meaning": _(PROMISED.get(finding.promise, "")),
            "detail": say(finding.detail) or None,
        }
        for finding in findings
    ]
    titles = {"promise": _("promise"), "held": _("held"), "cases": _("cases"), "meaning": _("meaning")}
    write_records(records, form, titles)
    if form == "table":  # beside the table: there a long text would be cut
        for record in records:
            if record["detail"] is not None:
                write_out(printable(f"{record['promise']}: {record['detail']}"))
    broken = [finding.promise for finding in findings if not finding.held]
    verdict = _("broken: {promises}").format(promises=", ".join(broken)) if broken else _("every promise held")
    write_err(f"{execution.execution_id}: {verdict}")
    return ExitCode.FAILED if broken else ExitCode.SUCCESS
