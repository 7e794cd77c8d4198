"""`python -m orchestrator …` is the command line."""

from orchestrator.commands.main import run_command_line

if __name__ == "__main__":
    run_command_line()
