"""`python orchestrator/cli.py …`: puts the repository's root in front of the module path and steps aside."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # run as a script, Python put orchestrator/ itself there

from orchestrator.commands.main import run_command_line

if __name__ == "__main__":
    run_command_line()
