"""Mock functions for the testing workflows: they behave like the real modules and process nothing."""

import asyncio
import logging
import time

logger = logging.getLogger(__name__)


def simple_task(**kwargs: object) -> dict[str, object]:
    """Ends at once and gives back what it was called with."""
    logger.info("simple task called with %s", kwargs)
    return {"status": "success", "message": "Completado", "parameters": kwargs}


def no_op() -> dict[str, object]:
    """Does nothing."""
    return {"status": "success"}


def mock_extraction(*, source: str = "mock", rows: int = 100, seconds: float = 0.1) -> dict[str, object]:
    """Behaves like an extraction of `rows` rows that takes `seconds`."""
    logger.info("extracting %d rows from %s", rows, source)
    time.sleep(seconds)
    return {"status": "success", "source": source, "rows": rows}


def mock_transformation(*, rows: int = 100, rejected: int = 0, seconds: float = 0.1) -> dict[str, object]:
    """Behaves like a transformation that keeps `rows - rejected` rows."""
    time.sleep(seconds)
    logger.info("transformed %d rows, rejected %d", rows - rejected, rejected)
    return {"status": "success", "rows": rows - rejected, "rejected": rejected}


def mock_load(*, table: str = "mock", rows: int = 100, seconds: float = 0.1) -> dict[str, object]:
    """Behaves like a load of `rows` rows into `table`."""
    time.sleep(seconds)
    logger.info("loaded %d rows into %s", rows, table)
    return {"status": "success", "table": table, "rows": rows, "inserted": rows}


def mock_validation(*, checks: int = 10, seconds: float = 0.05) -> dict[str, object]:
    """Behaves like a validation that finds nothing."""
    time.sleep(seconds)
    return {"status": "success", "checks": checks, "failed_checks": 0}


async def mock_report(*, name: str = "mock", seconds: float = 0.05) -> dict[str, object]:
    """Behaves like a report; an `async` function, as tasks may be."""
    await asyncio.sleep(seconds)
    return {"status": "success", "report": name}


def long_task(*, steps: int = 10, seconds_per_step: float = 0.2) -> dict[str, object]:
    """Takes `steps × seconds_per_step` seconds and says how far it is."""
    for step in range(1, steps + 1):
        time.sleep(seconds_per_step)
        logger.info("step %d of %d", step, steps)
    return {"status": "success", "steps": steps}


def failing_task(*, message: str = "fallo simulado") -> None:
    """Always raises RuntimeError."""
    raise RuntimeError(message)
