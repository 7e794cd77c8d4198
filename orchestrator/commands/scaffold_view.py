"""What `init` writes and says: the files, what could not be put into them, and what to do next."""

import os
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.commands.printing import as_typed, printable, write_err, write_out
from orchestrator.core.exit_codes import ExitCode
from orchestrator.core.messages import N_
from orchestrator.documents.configuration import read_configuration
from orchestrator.operations import scaffolding
from orchestrator.settings import checkout_root, read_settings
from orchestrator.translation import _, say

MAKERS = {
    "github": scaffolding.github_files,
    "gitlab": scaffolding.gitlab_files,
    "service": scaffolding.service_files,
    "container": scaffolding.container_files,
}
NEXT_STEPS = {
    "github": N_(
        "Next: look at ETL_PACKAGE in it (where pip finds the orchestrator), commit it and push; secrets of tasks go "
        "to Settings > Secrets and, by name, into `env`."
    ),
    "gitlab": N_(
        "Next: look at ETL_PACKAGE in it (where pip finds the orchestrator), commit it and push; secrets of tasks go "
        "to Settings > CI/CD > Variables, schedules to Build > Pipeline schedules."
    ),
    "service": N_(
        "Next: take the files of your system to where their first lines say. They name the paths and the user of this "
        "machine: write them where they are to run."
    ),
    "container": N_("Next: podman build -t etl . (docker reads .containerignore under the name .dockerignore)"),
}


def write_kind(kind: str, *, workflow: str | None, force: bool, folder: Path, config: Path | None) -> int:
    """Write the files of that kind; raises UsageError, and then none was written."""
    settings = read_settings(config=config, environ=_with_home(folder, config))
    registry = read_configuration(settings.config).registry
    scaffold = scaffolding.open_scaffold(settings, registry, workflow, folder, datetime.now(UTC))
    files, notes = MAKERS[kind](scaffold)
    for path in scaffolding.write_files(folder, files, force=force):
        write_out(printable(_("written: {path}").format(path=path)))
    for note in notes:
        write_err(printable(as_typed(_("Warning: {message}").format(message=say(note)))))
    write_out(_(NEXT_STEPS[kind]))
    return ExitCode.SUCCESS


def _with_home(folder: Path, config: Path | None) -> dict[str, str]:
    """The environment; where neither it nor a configuration says where the home is, that is `folder`."""
    environ = dict(os.environ)
    if config is None and not environ.get("ETL_CONFIG") and checkout_root() is None:
        environ.setdefault("ETL_HOME", str(folder.absolute()))
    return environ
