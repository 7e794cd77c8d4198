"""Workbooks of answers to the field form as frames of text under our own column names."""

from collections.abc import Mapping, Sequence
from typing import Final

import fastexcel
import polars as pl

from etl_kit.errors import UnreadableInput
from etl_kit.originals import Original
from etl_kit.text import source_key, text_column
from etl_kit.translation import _

FIELD_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "cod": ("cod", "codigo"),
    "marca_temporal": ("marca_temporal", "timestamp"),
    "novedad": ("novedad",),
    "descripcion": ("descripcion",),
    "imagen": ("imagen",),
    "lon": ("coordenada_x", "longitud", "lon"),
    "lat": ("coordenada_y", "latitud", "lat"),
    "sitio": ("sitio",),
}
"""Our names, and the headers as `source_key` writes them; never a part of a header: `x` is in almost any."""

TEXT_SCHEMA: Final = {"fila": pl.Int64(), "fuente": pl.String()} | dict.fromkeys(FIELD_COLUMNS, pl.String())
_ESSENTIAL: Final = ("cod", "lon", "lat", "novedad")
_HEADER_WITHIN: Final = 30


def read_answers(original: Original) -> pl.DataFrame:
    """The answers of one workbook, of every sheet that has the form's header; blank rows are no answers.

    Returns:
        Columns of `TEXT_SCHEMA`: cells as text, NULL where nothing is said; `fila` as a spreadsheet counts.

    Raises:
        UnreadableInput: it is damaged, or no sheet has the header.
    """
    try:
        workbook = fastexcel.read_excel(original.path)
        sheets = [
            workbook.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
            for name in workbook.sheet_names
        ]
    except fastexcel.FastExcelError as error:
        raise UnreadableInput(original.name, str(error)) from error
    answers = [frame for sheet in sheets if (frame := _answers(sheet, original.name)) is not None]
    if not answers:
        raise UnreadableInput(original.name, _("no sheet has the columns Cod, NOVEDAD, COORDENADA X and COORDENADA Y"))
    return pl.concat(answers)


def columns_by_name(header: Sequence[str | None]) -> dict[str, int]:
    """The place of each of our columns that `header` names; of two of the same name the first."""
    keys = [source_key(cell or "") for cell in header]
    found = {}
    for ours, theirs in FIELD_COLUMNS.items():
        place = next((place for place, key in enumerate(keys) if key in theirs), None)
        if place is not None:
            found[ours] = place
    return found


def _answers(sheet: pl.DataFrame, name: str) -> pl.DataFrame | None:
    headers = [columns_by_name(cells) for cells in sheet.head(_HEADER_WITHIN).iter_rows()]
    place = next((place for place, found in enumerate(headers) if all(ours in found for ours in _ESSENTIAL)), None)
    if place is None:
        return None
    columns = headers[place]
    numbered = sheet.with_row_index("fila", offset=1).slice(place + 1)
    rows = numbered.select(
        pl.col("fila").cast(pl.Int64),
        pl.lit(name).alias("fuente"),
        *(
            # a zero is no absent coordinate: whoever reads it says so
            text_column(sheet.columns[columns[ours]], zero_is_null=False).alias(ours)
            if ours in columns
            else pl.lit(None, dtype=pl.String).alias(ours)
            for ours in FIELD_COLUMNS
        ),
    )
    return rows.filter(~pl.all_horizontal(pl.col(*FIELD_COLUMNS).is_null()))
