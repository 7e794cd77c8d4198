"""What the loan takes of a country's contracts and processes."""

from pathlib import Path

import polars as pl

from etl_kit.snapshots import Snapshot
from transformation_app.loan_secop import loan_contracts_in, loan_processes_in


def test_of_a_country_the_loan_takes_its_own_rows():
    path = Path("raw") / "x" / "2025-09-22.json.gz"
    lines = pl.DataFrame(
        {
            "referencia_proceso_normalizada": ["4151.010.32.1.0575-2025"],
            "referencia_contrato_normalizada": ["4151.010.26.1.0887-2025"],
        }
    )
    ours = {"id_del_proceso": "R1", "id_del_portafolio": "B1", "referencia_del_proceso": "4151.010.32.1.0575 - 2025"}
    other = {"id_del_proceso": "R2", "id_del_portafolio": "B2", "referencia_del_proceso": "4151.010.32.1.9-2025"}
    signed = [
        {"id_contrato": "C1", "referencia_del_contrato": "4151.010.26.1.0887- 2025"},
        {"id_contrato": "C2", "referencia_del_contrato": "XX", "proceso_de_compra": "B1"},
        {"id_contrato": "C3", "referencia_del_contrato": None, "proceso_de_compra": "B2"},
    ]

    processes = loan_processes_in(Snapshot(about={}, rows=[ours, other], path=path), lines)
    found = loan_contracts_in(Snapshot(about={}, rows=signed, path=path), lines, processes=processes)

    assert processes.get_column("id_del_proceso").to_list() == ["R1"]
    assert sorted(found.get_column("id_contrato")) == ["C1", "C2"]
