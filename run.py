"""Sets everything up and runs the main job: `python run.py`. Standard library only, Python 3.11 or newer.

python run.py                 set up, then run full_etl on the made-up city
python run.py COMMAND …       set up, then hand COMMAND to the command line (list-tasks, status …)
python run.py test            set up the development tools too, then every check and test
python run.py faults          the fault suites in full (an hour or more); figures go to benchmarks/results/
python run.py messages        renew the translation catalogues from the code
python run.py locks           renew the requirement locks
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCKS = {
    "core": [],
    "etl": ["--extra", "etl", "--extra", "serve"],
    "dev": ["--extra", "etl", "--extra", "serve", "--extra", "postgres", "--extra", "pdf", "--group", "dev"],
}
CATALOGUES = {
    ROOT / "orchestrator": "orquestador",
    ROOT / "etl_kit": "etl",
}
FAULT_COUNTS = {
    "SIGKILLS": 200,
    "CRASH_POINTS": 8,
    "KILLS": 100,
    "FUZZ": 100_000,
    "SIMULATION": 100_000,
    "POWER_CUTS": 1000,
    "RESUMES": 100,
    "TASKS": 10_000,
    "SERVER_KILLS": 20,
    "SERVER_CLIENTS": 50,
    "SCHEDULE_ZONES": 40,
}
"""How often `faults` injects each kind; the suite takes samples."""
STAGES = ("etl_kit", "extraction_app", "transformation_app", "load_app", "validation_app", "reporting_app", "demo_city")


def main(arguments: list[str]) -> int:
    """Do what was asked; the exit code is that of the last command."""
    if sys.version_info < OLDEST_PYTHON:
        say(
            f"Se necesita Python {'.'.join(map(str, OLDEST_PYTHON))} o más nuevo; este es {sys.version.split()[0]}.",
            f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed; this is {sys.version.split()[0]}.",
        )
        return 2
    match arguments:
        case ["test" | "faults" as suite, *rest]:
            return {"test": test, "faults": faults}[suite](rest)
        case ["messages" | "locks" as what]:
            return {"messages": renew_messages, "locks": renew_locks}[what]()
        case []:
            return run_main_job()
        case _:
            set_up("etl")
            return command_line(arguments)


def run_main_job() -> int:
    """The city's ETL from extraction to reports, then where everything lies and what to do next."""
    set_up("etl")
    code = command_line(["run", "--workflow", "full_etl", "--parallel"])
    if code in {0, 3}:
        say(
            "\nSiga con:\n"
            "  python run.py status --latest        qué se ejecutó\n"
            "  python run.py list-workflows         qué más se puede ejecutar\n"
            "  python run.py run --workflow critical_only\n"
            "  ETL_SOURCE=portal python run.py      datos reales de datos.gov.co (véase README.md)",
            "\nGo on with:\n"
            "  python run.py status --latest        what was executed\n"
            "  python run.py list-workflows         what else can be executed\n"
            "  python run.py run --workflow critical_only\n"
            "  ETL_SOURCE=portal python run.py      real data of datos.gov.co (see README.en.md)",
        )
    return code


def test(arguments: list[str]) -> int:
    """Every check, then every test; stops at nothing, fails if anything failed. `arguments` go to pytest."""
    set_up("dev")
    python = str(venv_python())
    checks = [
        [python, "-m", "ruff", "format", "--check", "."],
        [python, "-m", "ruff", "check", "."],
        [python, "-m", "mypy"],
        [python, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    ]
    failed = [check for check in checks if run(check) != 0] if not arguments else []
    # more workers than cores, since tests wait for processes half of their time; by file, in the order of the folders:
    # the tests of a file share a server, and the long ones come first
    cores = os.cpu_count() or 1
    workers = ["-n", str(min(6, cores + (cores + 1) // 2)), "--dist", "loadfile", "--no-loadscope-reorder"]
    tests = [python, "-m", "pytest", *(arguments or workers)]
    if run(tests) != 0:
        failed.append(tests)
    for command in failed:
        print("FAILED:", " ".join(command[1:]))
    return 1 if failed else 0


def faults(arguments: list[str]) -> int:
    """Every fault suite in full, or those that `arguments` for pytest choose (`-k kills`); their figures are kept."""
    set_up("dev")
    python = str(venv_python())
    workers = ["-n", str(min(4, os.cpu_count() or 1)), "--dist", "load", "--timeout", "14400"]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="etl-faults-") as folder:
        os.environ.update({f"ETL_FAULT_COUNT_{name}": str(count) for name, count in FAULT_COUNTS.items()})
        os.environ["ETL_FAULT_FIGURES"] = folder
        code = run([python, "-m", "pytest", "tests/faults", *workers, *arguments])
        report = [python, "benchmarks/fault_report.py", folder, str(code), str(time.monotonic() - began)]
        return run(report) or code


def set_up(lock: str) -> None:
    """Make `.venv` and install the locked requirements, unless that was done for the very same lock."""
    python = venv_python()
    if not python.exists():
        say("Creando .venv …", "Making .venv …")
        venv.create(VENV, with_pip=True, clear=VENV.exists())
    file = ROOT / "requirements" / f"{lock}.lock.txt"
    stamp = VENV / f".{lock}.installed"
    wanted = hashlib.sha256(file.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    say(f"Instalando {file.name} …", f"Installing {file.name} …")
    install(["--require-hashes", "-r", str(file)])
    stamp.write_text(wanted, encoding="utf-8")


def install(what: list[str]) -> None:
    """By uv where it can be had (much faster), else by pip."""
    python = str(venv_python())
    uv = find_uv()
    if uv is not None and subprocess.call([uv, "pip", "install", "--quiet", "--python", python, *what]) == 0:
        return
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.call([*pip, *what]) != 0:
        say(
            "No se pudo instalar; revise la conexión con el índice de paquetes y vuelva a intentarlo.",
            "The installation failed; check the connection to the package index and try again.",
        )
        raise SystemExit(5)


def find_uv() -> str | None:
    """Where uv is: on the path or in `.venv`; fetched by pip into `.venv` where there is none."""
    inside = VENV / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
    if inside.exists():
        return str(inside)
    found = shutil.which("uv")
    if found:
        return found
    fetched = subprocess.call(
        [str(venv_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"],
        stderr=subprocess.DEVNULL,
    )
    return str(inside) if fetched == 0 and inside.exists() else None


def command_line(arguments: list[str]) -> int:
    """The orchestrator's own command line, in `.venv`."""
    return run([str(venv_python()), "-m", "orchestrator", *arguments], program="python run.py")


def renew_messages() -> int:
    """Extract, update and compile the catalogues; what is untranslated is told by the tests."""
    set_up("dev")
    babel = [str(venv_python()), "-m", "babel.messages.frontend"]
    for folder, domain in CATALOGUES.items():
        sources = [str(ROOT / stage) for stage in STAGES] if domain == "etl" else [str(folder)]
        template = folder / "locale" / f"{domain}.pot"
        template.parent.mkdir(exist_ok=True)
        extract = ["extract", "-F", str(ROOT / "pyproject.toml"), "-k", "N_", "--no-location", "--sort-output"]
        extract += ["--omit-header", "-o", str(template)]
        code = run([*babel, *extract, *sources])
        catalogue = folder / "locale" / "es" / "LC_MESSAGES" / f"{domain}.po"
        step = "update" if catalogue.exists() else "init"
        extra = ["--no-fuzzy-matching", "--ignore-obsolete", "--ignore-pot-creation-date"] if step == "update" else []
        code |= run([*babel, step, "-i", str(template), "-d", str(folder / "locale"), "-D", domain, "-l", "es", *extra])
        code |= run([*babel, "compile", "-d", str(folder / "locale"), "-D", domain])
        template.unlink(missing_ok=True)
        if code:
            return code
    return run([*babel, "compile", "-d", str(ROOT / "orchestrator" / "locale"), "-D", "messages"])  # click's own words


def renew_locks() -> int:
    """Resolve anew; hashes for every platform, no addresses."""
    set_up("core")
    uv = find_uv()
    if uv is None:
        say("Hace falta uv.", "uv is needed.")
        return 5
    code = 0
    for name, extras in LOCKS.items():
        target = f"requirements/{name}.lock.txt"
        compiled = [uv, "pip", "compile", "--universal", "--generate-hashes", "--no-emit-index-url", "--upgrade"]
        options = ["--no-header", "--no-annotate", "--quiet", "--python-version", "3.11", *extras]
        code |= run([*compiled, *options, "pyproject.toml", "-o", target])
    return code


def run(command: list[str], program: str | None = None) -> int:
    """Run to the end in the repository's root and give the exit code; what asks us to stop asks the command."""
    environment = dict(os.environ)
    environment.pop("PYTHONHOME", None)
    if program is not None:
        environment["ETL_PROGRAM"] = program
    with subprocess.Popen(command, cwd=ROOT, env=environment) as child:
        for name in ("SIGTERM", "SIGHUP"):  # Ctrl-C reaches the command by itself: it is of our process group
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda number, _frame: child.send_signal(number))
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue


def venv_python() -> Path:
    """The interpreter of `.venv`."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def say(spanish: str, english: str) -> None:
    """A line in the reader's language."""
    print(english if os.environ.get("ETL_LANG", "").lower().startswith("en") else spanish, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
