"""Every example of the manual, runnable: `python orchestrator/examples.py [NAME …]`."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # run as a script, Python put orchestrator/ itself there

from orchestrator.etl_orchestrator import ETLOrchestrator, ExecutionResult, Task, create_orchestrator

TESTING = Path(__file__).resolve().with_name("etl_config_testing.json")

MI_MODULO = '''"""The module that the examples name."""


def mi_funcion(**kwargs):
    """The structure that ETL functions follow: keyword arguments in, a dict out."""
    return {"status": "success", "message": "Completado", "rows": len(kwargs)}


def falla():
    """A function that never works."""
    raise ValueError("fallo de ejemplo")
'''


def basic() -> ExecutionResult:
    """Ejemplo básico: register a task in code and execute it."""
    orchestrator = ETLOrchestrator()
    orchestrator.register_task(
        Task(
            task_id="mi_tarea",
            name="Mi Tarea ETL",
            description="Descripción de la tarea",
            module_path="mi_modulo",
            function_name="mi_funcion",
            category="extraction",
        )
    )
    return asyncio.run(orchestrator.execute_all())


def with_configuration() -> ExecutionResult:
    """Ejemplo con configuración: tasks from a file, in parallel."""
    orchestrator = create_orchestrator(TESTING)
    return asyncio.run(orchestrator.execute(workflow="test_mock_etl", parallel=True, max_workers=4))


def own_function() -> ExecutionResult:
    """Función propia: parameters reach it as keyword arguments; what it returns is in the results."""
    orchestrator = ETLOrchestrator()
    orchestrator.register_task(
        Task(
            task_id="con_parametros",
            module_path="mi_modulo",
            function_name="mi_funcion",
            parameters={"param1": "valor1", "param2": 2},
        )
    )
    result = asyncio.run(orchestrator.execute_all())
    print(result.results["con_parametros"].output)
    return result


def failure() -> ExecutionResult:
    """Manejo de errores: a task that is not critical fails, what depends on it is skipped, the rest goes on."""
    orchestrator = ETLOrchestrator()
    orchestrator.register_task(
        Task(
            task_id="falla",
            module_path="mi_modulo",
            function_name="falla",
            critical=False,
            retry_count=1,
            retry_delay=0,
        )
    )
    orchestrator.register_task(
        Task(
            task_id="depende",
            module_path="mi_modulo",
            function_name="mi_funcion",
            dependencies=["falla"],
            critical=False,
        )
    )
    orchestrator.register_task(Task(task_id="aparte", module_path="mi_modulo", function_name="mi_funcion"))
    result = asyncio.run(orchestrator.execute_all(parallel=True, max_workers=2))
    for task_id, task in result.results.items():
        print(f"{task_id}: {task.status.value}", task.error or "")
    return result


def scheduler() -> ExecutionResult:
    """Integración con scheduler: what cron calls, or `schedule.every().day.at("02:00").do(...)`; here once, at once."""

    async def daily_etl() -> ExecutionResult:
        orchestrator = create_orchestrator(TESTING)
        return await orchestrator.execute(workflow="test_simple")

    return asyncio.run(daily_etl())


EXAMPLES: dict[str, Callable[[], ExecutionResult]] = {
    "basic": basic,
    "with_configuration": with_configuration,
    "own_function": own_function,
    "failure": failure,
    "scheduler": scheduler,
}


@contextmanager
def example_home() -> Iterator[Path]:
    """A folder of their own that holds `mi_modulo.py`; state, logs and reports of the examples go there too."""
    before = os.environ.get("ETL_HOME")
    with tempfile.TemporaryDirectory(prefix="etl_ejemplos_", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "mi_modulo.py").write_text(MI_MODULO, encoding="utf-8")
        os.environ["ETL_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("ETL_HOME")
            if before is not None:
                os.environ["ETL_HOME"] = before


def main(names: list[str]) -> int:
    """Run the examples named, or all; 2 for a name that is none."""
    unknown = [name for name in names if name not in EXAMPLES]
    if unknown:
        print(f"No hay ejemplo {', '.join(unknown)}; hay: {', '.join(EXAMPLES)}", file=sys.stderr)
        return 2
    with example_home():
        for name in names or list(EXAMPLES):
            result = EXAMPLES[name]()
            print(f"== {name}: {result.status.value} ({result.execution_id})")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
