"""The loan's real index and workbooks against the control totals."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from etl_kit.dates import REFUSED as NO_DATE
from etl_kit.people import protect_people
from etl_kit.snapshots import write_snapshot
from extraction_app.personal_cells import without_people
from tests.real_data.loan_figures import figures
from transformation_app import data_transformation_emprestito
from transformation_app.loan_cash_flow import OTHER_SUBTOTAL
from transformation_app.loan_cells import NO_BP

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ETL_REAL_DATA", REPOSITORY.parent / "shared" / "data")).absolute()
BOOKS = DATA / "emprestito"
SNAPSHOTS = {
    "indice_emprestito": "emprestito/indice_procesos_emprestito.json",
    "contratos_emprestito": "secop/contratos_cali_soda_jbjy-vk9h.json",
    "procesos_emprestito": "secop/procesos_cali_soda_p6dx-8zbt.json",
}
TABLES = ("emp_bancos", "emp_proyectos", "emp_contratos_index", "emp_procesos", "emp_negociaciones",
          "emp_incorporaciones", "emp_contratos_plan", "emp_flujo_contratos", "emp_flujo_caja",
          "emp_seguimiento")  # fmt: skip

pytestmark = pytest.mark.skipif(
    not BOOKS.is_dir() and not os.environ.get("CI"),
    reason="the loan's real workbooks are not here (ETL_REAL_DATA)",
)


@pytest.fixture(scope="module")
def loan(tmp_path_factory):
    """A home with the real snapshots and workbooks, transformed once."""
    home = tmp_path_factory.mktemp("home")
    return home, transformed(home, sorted(BOOKS.glob("*.xlsx")))


def transformed(home: Path, books: list[Path]) -> dict[str, object]:
    raw = home / "data" / "raw" / "files"
    for name, file in SNAPSHOTS.items():
        rows = protect_people(json.loads((DATA / file).read_text(encoding="utf-8")), name, key=b"test")
        write_snapshot(raw / name, rows=rows, about={"dataset": name}, day=date(2025, 9, 22))
    register = []
    (raw / "emprestito").mkdir()
    for book in books:
        digest = hashlib.sha256(book.read_bytes()).hexdigest()
        kept = f"{digest[:12]}__{book.name}"
        (raw / "emprestito" / kept).write_bytes(without_people(book.read_bytes(), name=book.name).data)
        register.append({"nombre": book.name, "archivo": kept, "sha256": digest, "reemplazado": False})
    (raw / "emprestito" / "registro.json").write_text(json.dumps(register), encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ETL_SOURCE_FOLDER", str(DATA))
        return data_transformation_emprestito.main(source="files", home=str(home))


def table(home: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(home / "data" / "transformed" / "files" / f"{name}.parquet")


def rejected(home: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(home / "data" / "transformed" / "files" / "rejected" / f"{name}.parquet")


def leaves(tree: Mapping[str, object], path: str) -> Iterator[tuple[str, object]]:
    """Every single figure below `tree`; a float is what it shows in decimals."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}.{name}")
        else:
            yield f"{path}.{name}", Decimal(str(value)) if isinstance(value, int | float | Decimal) else value


def test_every_figure_of_the_loan_equals_the_control(loan):
    control = json.loads((DATA / "control_totals.json").read_text(encoding="utf-8"))
    expected = {key: value for key, value in control.items() if key.startswith("emprestito/")}

    computed = figures(lambda name: table(loan[0], name))

    known = dict(pair for key, tree in expected.items() for pair in leaves(tree, key))
    nested: dict[str, dict[str, object]] = {}
    for name, value in computed.items():
        nested.setdefault(name.split(".")[0], {})[name.split(".", 1)[1]] = value
    found = dict(pair for key, tree in nested.items() for pair in leaves(tree, key))
    compared = known.keys() & found.keys()
    print(f"compared {len(compared)} of {len(known)} figures of the loan")
    assert found == known


def test_nothing_of_the_workbooks_is_lost_without_a_trace(loan):
    home, output = loan

    plan = table(home, "emp_contratos_plan")

    assert output["rows"]["emp_contratos_plan"] == 149
    assert output["rows"]["emp_seguimiento"] == 17
    assert plan.get_column("clave").n_unique() == 149
    assert plan.get_column("banco").null_count() == 7
    assert plan.get_column("valor_contrato").null_count() == 0


def test_limits_are_pesos_and_equal_what_was_negotiated(loan):
    banks = table(loan[0], "emp_bancos").filter(pl.col("cupo").is_not_null())

    said = banks.select("banco", "cupo", "valor_negociado", "plazo_meses", "gracia_meses", "tasa").rows()

    assert said == [
        ("Bancolombia", Decimal(365_000_000_000), Decimal(365_000_000_000), 144, 36, "IBR 3M + 1,9 %"),
        ("Davivienda", Decimal(600_000_000_000), Decimal(600_000_000_000), 144, 36, "IBR 3M + 2,51 %"),
    ]


def test_the_months_of_the_base_add_up_to_what_a_plain_reading_gives(loan):
    flow = table(loan[0], "emp_flujo_caja").filter(pl.col("origen") == "base_de_contratos")
    by_contract = table(loan[0], "emp_flujo_contratos")

    months = by_contract.get_column("mes")

    assert flow.get_column("desembolso_planeado").sum() == by_contract.get_column("desembolso_planeado").sum()
    assert (months.min(), months.max()) == (date(2025, 7, 1), date(2027, 12, 1))
    assert by_contract.get_column("desembolso_real").drop_nulls().sum() == 0


def test_what_was_refused_are_subtotals_that_do_not_add_up_and_texts_in_place_of_dates(loan):
    refused = pl.concat([rejected(loan[0], name) for name in TABLES if name != "emp_contratos_index"])

    motives = set(refused.get_column("motivo"))

    assert motives == {OTHER_SUBTOTAL, NO_DATE, NO_BP}
    assert refused.filter(pl.col("motivo") == OTHER_SUBTOTAL).height == 18


def test_serials_are_dates_and_people_are_nowhere(loan):
    followed = table(loan[0], "emp_seguimiento")

    said = "".join(str(row) for name in TABLES for row in table(loan[0], name).rows())

    assert followed.get_column("fecha_planeada").min() == date(2025, 8, 21)
    assert followed.get_column("fecha_planeada").null_count() == 0
    assert followed.filter(pl.col("plazo_hasta").is_not_null()).get_column("plazo_hasta").unique().to_list() == [
        date(2025, 12, 3)
    ]
    assert followed.get_column("plazo_meses").null_count() == 2
    assert "PERSONA-" not in said


def test_a_second_run_and_another_order_of_files_give_the_same(loan, tmp_path):
    transformed(tmp_path, sorted(BOOKS.glob("*.xlsx"), reverse=True))

    pairs = [
        (table(home, name).drop("fecha_procesamiento", "run_id") for home in (loan[0], tmp_path)) for name in TABLES
    ]

    assert all(one.equals(other) for one, other in pairs)


def test_spellings_of_a_bp_are_kept_but_projects_are_counted_once(loan):
    agreed, projects = table(loan[0], "emp_negociaciones"), table(loan[0], "emp_proyectos")

    negotiated = projects.get_column("valor_negociado").sum()

    assert agreed.get_column("bp").n_unique() == 26
    assert negotiated == Decimal(965_000_000_000)
    assert projects.get_column("bp").n_unique() == projects.height
    assert set(agreed.get_column("bp")) <= set(projects.get_column("bp"))
    assert projects.filter(~pl.col("en_indice")).get_column("n_lineas").sum() == 0
