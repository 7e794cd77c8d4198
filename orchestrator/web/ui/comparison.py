"""Two executions side by side: what took longer, what gave other rows, what was configured otherwise."""

from fastapi import APIRouter

router = APIRouter(prefix="/ui", include_in_schema=False)
