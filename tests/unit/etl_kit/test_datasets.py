from datetime import UTC, date, datetime

import polars as pl
import pytest

from etl_kit.datasets import CATALOGO_BPIN, WAREHOUSE
from etl_kit.errors import DuplicateKeys, MissingColumns, WrongValues
from etl_kit.lineage import LINEAGE, with_lineage
from etl_kit.rejects import REJECTED, Rejects

NOW = datetime(2025, 9, 22, 13, tzinfo=UTC)


def catalogue(*pairs: tuple[str | None, str]) -> pl.DataFrame:
    frame = pl.DataFrame(list(pairs), schema={"bp": pl.String, "bpin": pl.String}, orient="row").with_columns(
        nombre_proyecto=pl.lit("Vías"),
        cod_centro_gestor=pl.lit("4151"),
        nombre_centro_gestor=pl.lit(None, dtype=pl.String),
        de_paso=pl.lit(1),
    )
    return with_lineage(frame, fuente="a.csv", fecha_corte=date(2025, 4, 30), run_id="r", now=NOW)


def test_a_conforming_frame_has_the_columns_of_its_dataset_and_the_order_of_its_key():
    frame = catalogue(("BP2", "2024760010002"), ("BP1", "2024760010001"))

    conformed = CATALOGO_BPIN.conform(frame)

    assert dict(conformed.schema) == {
        name: dtype() if isinstance(dtype, type) else dtype for name, dtype in CATALOGO_BPIN.schema.items()
    }
    assert conformed.get_column("bp").to_list() == ["BP1", "BP2"]


def test_a_repeated_key_is_refused_with_an_example():
    frame = catalogue(("BP1", "2024760010001"), ("BP1", "2024760010002"))

    with pytest.raises(DuplicateKeys) as caught:
        CATALOGO_BPIN.conform(frame)

    assert "BP1" in str(caught.value)


def test_an_absent_column_is_refused_by_name():
    frame = catalogue(("BP1", "2024760010001")).drop("bpin", "run_id")

    with pytest.raises(MissingColumns) as caught:
        CATALOGO_BPIN.conform(frame)

    assert caught.value.columns == ("bpin", "run_id")


def test_a_key_is_never_null():
    frame = catalogue((None, "2024760010001"))

    with pytest.raises(WrongValues) as caught:
        CATALOGO_BPIN.conform(frame)

    assert caught.value.column == "bp"


def test_a_value_of_another_type_is_refused():
    frame = catalogue(("BP1", "2024760010001")).with_columns(pl.lit("ayer").alias("fecha_corte"))

    with pytest.raises(WrongValues) as caught:
        CATALOGO_BPIN.conform(frame)

    assert caught.value.column == "fecha_corte"


MEASURED = {"lat", "lon", "longitud_m", "area_km2", "cantidad"}
"""What is measured rather than counted or paid: the only columns that may be approximate."""


@pytest.mark.parametrize("dataset", WAREHOUSE, ids=lambda each: each.name)
def test_every_dataset_declares_its_key_its_lineage_and_whom_it_points_at(dataset):
    earlier = [each.name for each in WAREHOUSE[: WAREHOUSE.index(dataset)]]
    required = {column.name for column in dataset.columns if column.required}

    columns = [column.name for column in dataset.columns]

    assert len(columns) == len(set(columns))
    assert set(dataset.key) <= required
    assert tuple(columns[-4:]) == LINEAGE
    assert all(key.dataset in earlier and set(key.columns) <= set(columns) for key in dataset.foreign_keys)
    assert {column.name for column in dataset.columns if column.dtype in (pl.Float64, pl.Float32)} <= MEASURED


def test_lineage_may_differ_from_row_to_row():
    frame = pl.DataFrame({"archivo": ["a", "b"], "corte": [date(2025, 1, 31), date(2025, 2, 28)]})

    traced = with_lineage(frame, fuente=pl.col("archivo"), fecha_corte=pl.col("corte"), run_id="r", now=NOW)

    assert traced.select(LINEAGE).rows()[1] == ("b", date(2025, 2, 28), "r", NOW)


def test_rejects_come_in_an_order_of_their_own():
    one, other = Rejects(dataset="d"), Rejects(dataset="d")
    for rejects, rows in ((one, (1, 2)), (other, (2, 1))):
        for row in rows:
            rejects.add(motivo="m", fuente="f", fila=row)

    assert one.frame().equals(other.frame())
    assert len(one) == 2


def test_rejects_of_one_step_can_be_kept_by_another():
    step, whole = Rejects(dataset="paso"), Rejects(dataset="todo")
    step.add(motivo="m", fuente="f", valor_crudo="x")

    whole.extend(step)

    assert whole.frame().get_column("dataset").to_list() == ["todo"]
    assert whole.frame().columns == list(REJECTED)
