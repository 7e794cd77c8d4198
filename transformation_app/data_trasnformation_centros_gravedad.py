"""The misspelt name under which the original registered this task; it keeps working."""

from transformation_app.data_transformation_centros_gravedad import main

__all__ = ["main"]
