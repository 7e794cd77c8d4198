"""What `validate` says of configurations here: their problems, what to better change, or that they can be used."""

from collections.abc import Sequence
from pathlib import Path

from orchestrator.commands.definition_view import say_valid
from orchestrator.commands.github import annotate, on_github, problems_annotated
from orchestrator.commands.printing import printable, tell_error, write_err
from orchestrator.core.errors import ConfigurationRefused, UsageError
from orchestrator.core.exit_codes import ExitCode
from orchestrator.core.messages import Message
from orchestrator.documents.configuration import Document, read_configuration
from orchestrator.operations.advising import advice_on
from orchestrator.settings import Settings, read_settings
from orchestrator.translation import _, say


def check_here(configs: Sequence[Path | None], *, strict: bool) -> int:
    """Say of each what there is to say; 0 where all can be used, 2 where one cannot."""
    code = ExitCode.SUCCESS
    for config in configs:
        try:
            _check(read_settings(config=config), strict=strict)
        except UsageError as refused:
            tell_error(refused)
            code = ExitCode.USAGE
    return code


def _check(settings: Settings, *, strict: bool) -> None:
    source = str(settings.config)
    try:
        document, advice = _looked_over(settings, strict=strict)
    except ConfigurationRefused as refused:
        if on_github():
            annotate(problems_annotated(source, refused.problems))
        raise
    if advice and on_github():
        annotate(problems_annotated(source, advice, level="warning"))
    for warning in advice:
        write_err(printable(_("Warning: {message}").format(message=say(warning))))
    say_valid(source, tasks=len(document.registry.tasks), workflows=len(document.registry.workflows))


def _looked_over(settings: Settings, *, strict: bool) -> tuple[Document, list[Message]]:
    """The configuration and advice on it; raises ConfigurationRefused with every problem, or advice where `strict`."""
    document = read_configuration(settings.config)
    advice = advice_on(document, settings)
    if strict and advice:
        raise ConfigurationRefused(str(settings.config), advice)
    return document, advice
