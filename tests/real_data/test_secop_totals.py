"""Real SECOP II rows against the control totals, and the real loan index beside them."""

import csv
import json
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from etl_kit.errors import MissingInput
from etl_kit.people import protect_people
from etl_kit.rejects import Rejects
from etl_kit.snapshots import write_snapshot
from transformation_app import (
    data_transformation_contratos_secop,
    data_transformation_emprestito,
    data_transformation_procesos_secop,
)
from transformation_app.secop_columns import CONTRACTS, PROCESSES, text_frame
from transformation_app.secop_contracts import clean_contracts
from transformation_app.secop_processes import clean_processes

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ETL_REAL_DATA", REPOSITORY.parent / "shared" / "data")).absolute()
DAY = date(2025, 9, 22)
SNAPSHOTS = {
    "indice_emprestito": "emprestito/indice_procesos_emprestito.json",
    "contratos_emprestito": "secop/contratos_cali_soda_jbjy-vk9h.json",
    "procesos_emprestito": "secop/procesos_cali_soda_p6dx-8zbt.json",
}

pytestmark = pytest.mark.skipif(
    not DATA.is_dir() and not os.environ.get("CI"),
    reason="the real SECOP files are not here (ETL_REAL_DATA)",
)


@pytest.fixture(scope="module")
def control() -> dict:
    return json.loads((DATA / "control_totals.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def loan(tmp_path_factory):
    """A home with the real snapshots and no budget, transformed once."""
    home = tmp_path_factory.mktemp("home")
    for name, file in SNAPSHOTS.items():
        rows = protect_people(json.loads((DATA / file).read_text(encoding="utf-8")), name, key=b"test")
        write_snapshot(home / "data" / "raw" / "files" / name, rows=rows, about={"dataset": name}, day=DAY)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ETL_SOURCE_FOLDER", str(DATA))
        outputs = [
            task.main(source="files", home=str(home))
            for task in (
                data_transformation_contratos_secop,
                data_transformation_procesos_secop,
                data_transformation_emprestito,
            )
        ]
    return home, outputs


def table(loan, name: str) -> pl.DataFrame:
    return pl.read_parquet(loan[0] / "data" / "transformed" / "files" / f"{name}.parquet")


def records(name: str) -> list[dict[str, str]]:
    with (DATA / "secop" / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_contract_values_by_state_equal_the_control(loan, control):
    contracts = table(loan, "contratos_secop")

    by_state = dict(contracts.group_by("estado_contrato").agg(pl.col("valor_contrato").sum()).rows())
    credit = contracts.filter(pl.col("recursos_credito") > 0)

    expected = control["secop"]["contratos_cali"]
    assert by_state == expected["valor_por_estado"]
    assert contracts.height == expected["unique_id_contrato"]
    assert contracts.get_column("valor_contrato").sum() == expected["valor_total"]
    assert credit.height == expected["contratos_con_recursos_de_credito"]
    assert credit.get_column("valor_contrato").sum() == expected["valor_contratos_con_credito"]
    assert contracts.get_column("recursos_credito").sum() == expected["recursos_de_credito"]


def test_a_contract_without_a_valid_bpin_stays_without_and_says_why(loan, control):
    contracts = table(loan, "contratos_secop")

    without = contracts.filter(pl.col("bpin").is_null())

    assert without.height == control["secop"]["contratos_cali"]["sin_bpin"]
    assert without.get_column("motivo_sin_bpin").null_count() == 0
    assert contracts.filter(pl.col("bpin").is_not_null()).get_column("motivo_sin_bpin").null_count() == 12


def test_only_the_eight_contracts_of_the_index_are_loan_contracts(loan):
    contracts = table(loan, "contratos_secop")

    loan_years = contracts.filter(pl.col("es_emprestito")).get_column("referencia_normalizada").str.slice(-4).to_list()
    others = contracts.filter(~pl.col("es_emprestito")).get_column("banco")

    assert loan_years == ["2025"] * 8
    assert others.null_count() == 15


def test_no_personal_data_and_no_python_text_reach_the_contracts(loan):
    contracts = table(loan, "contratos_secop")

    people = contracts.filter(pl.col("proveedor").str.starts_with("PERSONA-"))

    assert people.height == 15
    assert people.get_column("documento_proveedor").null_count() == 15
    assert contracts.get_column("urlproceso").str.starts_with("https://").all()


def test_national_contracts_by_state_equal_the_control_once_each_row_counts(control):
    rejects = Rejects(dataset="contratos_secop")
    raw = text_frame(records("contratos_nacionales_obra_jbjy-vk9h.csv"), CONTRACTS, fuente="nacional")
    raw = raw.with_columns(pl.concat_str("id_contrato", "fila", separator="#").alias("id_contrato"))

    contracts = clean_contracts(raw, cut=DAY, rejects=rejects)

    expected = control["secop"]["contratos_nacionales"]
    by_state = dict(contracts.group_by("estado_contrato").agg(pl.col("valor_contrato").sum()).rows())
    assert by_state == {state.capitalize(): value for state, value in expected["valor_por_estado"].items()}
    assert contracts.height == expected["rows"]
    assert len(rejects) == 0


def test_repeated_national_contracts_become_one_row_each(control):
    raw = text_frame(records("contratos_nacionales_obra_jbjy-vk9h.csv"), CONTRACTS, fuente="nacional")

    contracts = clean_contracts(raw, cut=DAY, rejects=Rejects(dataset="contratos_secop"))

    assert contracts.height == control["secop"]["contratos_nacionales"]["unique_id_contrato"]


def test_awarded_processes_keep_their_lots_and_equal_the_control(control):
    rejects = Rejects(dataset="procesos_secop")
    raw = text_frame(records("procesos_adjudicados_nacional_p6dx-8zbt.csv"), PROCESSES, fuente="nacional")

    processes = clean_processes(raw, cut=DAY, rejects=rejects)

    expected = control["secop"]["procesos_adjudicados"]
    cali = raw.filter(pl.col("nit_entidad") == "890399011").get_column("id_del_proceso")
    ours = processes.filter(pl.col("id_del_proceso").is_in(cali.unique().implode()))
    assert processes.get_column("id_del_proceso").n_unique() == expected["unique_id"]
    assert processes.height == expected["rows"]
    assert ours.height == expected["filas_cali"]
    assert ours.get_column("precio_base").sum() == expected["cali_precio_base"]
    assert ours.get_column("valor_adjudicacion").sum() == expected["cali_valor_adjudicado"]
    assert dict(ours.group_by("modalidad_contratacion").len().rows()) == expected["cali_por_modalidad"]
    assert len(rejects) == 0


def test_processes_of_the_loan_know_their_contracts(loan, control):
    processes = table(loan, "procesos_secop")

    with_contract = set(processes.filter(pl.col("tiene_contrato")).get_column("referencia_normalizada").to_list())

    assert processes.height == control["secop"]["procesos_cali"]["dev_rows"]
    assert "4151.010.32.1.0575-2025" in with_contract
    assert "4173.010.32.1.839-2025" not in with_contract


def test_the_loan_tables_hold_the_whole_index(loan, control):
    expected = control["emprestito/indice"]
    index = table(loan, "emp_contratos_index")
    said = index.filter(pl.col("referencia_contrato").is_not_null())
    process = table(loan, "emp_procesos").filter(pl.col("referencia_proceso") == "4151.010.32.1.0575-2025")

    projects = table(loan, "emp_proyectos")

    assert said.get_column("filas_indice").sum() == expected["referencias_contrato"]
    assert set(index.get_column("banco")) == {"Bancolombia", "Davivienda", "BBVA", "Banco de Occidente", "IFC"}
    assert projects.height == index.get_column("bp").drop_nulls().n_unique()
    assert process.select("n_contratos", "valor_contratado").row(0) == (3, Decimal("30316138369.00"))


def test_without_the_catalogue_the_loan_goes_on_and_says_so(loan):
    _home, outputs = loan

    said = [text for output in outputs for text in output["warnings"] if "transform_catalogo_bpin" in text]

    assert len(said) == 2
    assert set(table(loan, "emp_proyectos").get_column("motivo_sin_bpin")) == {"falta el catálogo BP-BPIN"}


def test_without_any_snapshot_the_message_names_the_command(tmp_path):
    environment = pytest.MonkeyPatch()
    environment.setenv("ETL_SOURCE_FOLDER", str(DATA))

    with pytest.raises(MissingInput) as caught:
        data_transformation_contratos_secop.main(source="files", home=str(tmp_path))

    environment.undo()
    assert "etl run --tasks extract_contratos_emprestito" in str(caught.value)
