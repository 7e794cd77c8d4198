"""`python orchestrator/api.py` and `uvicorn api:app`: puts the repository's root on the module path and steps aside."""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# run as a script, or from this folder, Python put orchestrator/ itself in front: its modules are none of their own
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != _HERE]
sys.path.insert(0, str(_HERE.parent))

from orchestrator.web.starting import app_from_environment  # noqa: E402 - only now it can be found

if __name__ == "__main__":
    from orchestrator.commands.main import run_command_line

    run_command_line(["serve", *sys.argv[1:]])
else:
    app = app_from_environment()
