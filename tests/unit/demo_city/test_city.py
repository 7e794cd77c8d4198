"""The made-up city keeps the identities of the real files and holds their traps."""

import csv
import io
import json
import zipfile
from collections import Counter
from itertools import pairwise

import pytest

from demo_city.budget_files import SHIFTED_LABELS
from demo_city.budget_layout import MONEY_HEADERS
from demo_city.city import build_city
from demo_city.people import ID_MARKER, MARKERS, NAME_MARKERS
from etl_kit.references import normalise_reference

SEED = 7


@pytest.fixture(scope="module")
def city():
    return build_city(seed=SEED, scale=1)


def money(text):
    bare = text.strip()
    if bare == "-":
        return 0
    if bare.startswith("("):
        bare = "-" + bare.strip("()")
    return int(bare.replace(".", ""))


def budget(city, name):
    """Rows of a CSV: dicts by stripped header; the first of colliding headers wins; money as whole pesos."""
    text = city.files[f"ejecucion_presupuestal/{name}"].decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    names = [cell.strip() for cell in header]
    assert all(len(row) == len(names) for row in rows)
    records = [dict(zip(reversed(names), reversed(row), strict=True)) for row in rows]
    return [record | {column: money(record[column]) for column in MONEY_HEADERS} for record in records]


def csv_names(city):
    return [path.split("/")[1] for path in city.files if path.endswith(".csv")]


def rows_of(city, path):
    return json.loads(city.files[path])


def test_every_budget_row_keeps_the_identities(city):
    for name in csv_names(city):
        for row in budget(city, name):
            movements = [row[column] for column in MONEY_HEADERS[:7]]
            assert row["PPTO. MODIFICADO"] == sum(movements)
            assert row["EJECUCION"] == row["TOTAL ACUMULADO RPC"]
            assert row["SALDOS CDP"] == row["TOTAL ACUMULADO CDP"] - row["TOTAL ACUMULADO RPC"]
            assert row["PPTO. DISPONIBLE"] == row["PPTO. MODIFICADO"] - row["TOTAL ACUMULADO CDP"]
            chain = [row[c] for c in ("TOTAL ACUMULADO CDP", "TOTAL ACUMULADO RPC", "TOTAL ACUMUL OBLIGAC", "PAGOS")]
            assert chain == sorted(chain, reverse=True)
            assert row["PPTO. DISPONIBLE"] >= 0
            assert row["REDUCCIONES"] <= 0
            assert row["CONTRACREDITOS"] <= 0


def test_contracredits_and_credits_cancel_out_within_each_month(city):
    for name in csv_names(city):
        rows = budget(city, name)
        assert sum(row["CONTRACREDITOS"] + row["CREDITOS"] for row in rows) == 0


def test_a_line_never_loses_commitments_from_one_month_to_the_next(city):
    months = ["ENERO", "FEBRERO", "MARZO", "ABRIL", "MAYO"]
    key = ("BP", "Programa Presupuestal", "Pospre", "Fondo", "VIGENCIA")
    tables = [{tuple(row[k] for k in key): row for row in budget(city, f"EJECUCION_{m}_2025.csv")} for m in months]

    for earlier, later in pairwise(tables):
        assert set(earlier) <= set(later)
        assert all(
            row["PAGOS"] <= later[k]["PAGOS"] and row["EJECUCION"] <= later[k]["EJECUCION"]
            for k, row in earlier.items()
        )


def test_balances_and_the_loan_enter_in_may_and_not_before(city):
    months = ["ENERO", "FEBRERO", "MARZO", "ABRIL", "MAYO"]
    tables = {month: budget(city, f"EJECUCION_{month}_2025.csv") for month in months}

    balances = {month: sum(row["VIGENCIA"] == "Balance" for row in rows) for month, rows in tables.items()}
    loan = {month: sum("crédito" in row.get("Nombre Fondo", "") for row in rows) for month, rows in tables.items()}

    assert [month for month in months if balances[month]] == ["MAYO"]
    assert [month for month in months if loan[month]] == ["MAYO"]


def test_only_marked_rows_break_the_rule_that_reserves_have_no_initial_budget(city):
    marked = city.traps["EJECUCION_FEBRERO_2024.csv"]["vigencia_corrida"]

    broken = [
        place
        for place, row in enumerate(budget(city, "EJECUCION_FEBRERO_2024.csv"))
        if row["VIGENCIA"].startswith("Reserva") and row["PPTO INICIAL"] > 0
    ]

    assert broken == marked
    assert len(marked) == SHIFTED_LABELS


def test_the_headers_change_as_they_did_in_the_original(city):
    headers = {}
    for name in csv_names(city):
        first = city.files[f"ejecucion_presupuestal/{name}"].decode("utf-8-sig").splitlines()[0]
        headers[name] = first.split(";")

    counts = {name: len(header) for name, header in headers.items()}
    assert counts == {
        "EJECUCION_FEBRERO_2024.csv": 45,
        "EJECUCION_ENERO_2025.csv": 39,
        "EJECUCION_FEBRERO_2025.csv": 39,
        "EJECUCION_MARZO_2025.csv": 39,
        "EJECUCION_ABRIL_2025.csv": 39,
        "EJECUCION_MAYO_2025.csv": 41,
    }
    assert all(cell.startswith(" ") for cell in headers["EJECUCION_ENERO_2025.csv"])
    assert headers["EJECUCION_FEBRERO_2024.csv"].count("Programa") == 2
    assert "PROGRAMA" in headers["EJECUCION_FEBRERO_2024.csv"]


def test_the_money_is_written_in_every_way_the_original_has(city):
    april = city.files["ejecucion_presupuestal/EJECUCION_ABRIL_2025.csv"].decode()
    march = city.files["ejecucion_presupuestal/EJECUCION_MARZO_2025.csv"].decode()

    fields = [field for line in april.splitlines() for field in line.split(";")]
    assert " -   " in fields
    assert any(field.startswith("-") and "." in field for field in fields)
    assert any(field.startswith("-") and field[1:].isdigit() for field in fields)
    assert ";(" in march


def test_some_fields_hold_line_breaks_and_some_bpins_have_15_digits(city):
    rows = [row for name in csv_names(city) for row in budget(city, name)]

    assert any("\n" in row.get("Nombre Actividad", "") for row in rows)
    assert Counter(len(row["BPIN"]) for row in rows).keys() == {13, 15}


def test_the_natural_key_repeats_only_where_it_is_marked(city):
    key = (
        "Centro Gestor",
        "BP",
        "Pospre 1",
        "Fondo 1",
        "Area Funcional",
        "Origen",
        "COMUNA",
        "VIGENCIA",
        "Nombre de la actividad",
        "RUBRO",
    )
    rows = budget(city, "EJECUCION_FEBRERO_2024.csv")

    seen = Counter(tuple(row[column] for column in key) for row in rows)

    assert sum(count - 1 for count in seen.values()) == len(city.traps["EJECUCION_FEBRERO_2024.csv"]["llave_repetida"])


def test_one_month_is_there_twice_and_the_workbook_is_the_shorter_one(city):
    (path,) = [path for path in city.files if path.startswith("ejecucion_presupuestal/") and path.endswith(".xlsx")]
    with zipfile.ZipFile(io.BytesIO(city.files[path])) as package:
        listing = package.read("xl/workbook.xml").decode()
        position = listing.split("<sheet ")[1:].index(
            next(s for s in listing.split("<sheet ")[1:] if "DEFINITIVO" in s)
        )
        rows = package.read(f"xl/worksheets/sheet{position + 1}.xml").count(b"<row ")

    assert "Abril" in path
    assert position > 0  # not the first sheet
    assert 'name="AVANCE GENERAL"' in listing
    assert rows > 100


def test_every_invented_person_bears_the_markers(city):
    for row in rows_of(city, "secop/contratos_jbjy-vk9h.json"):
        name = row["nombre_representante_legal"]
        assert all(marker in name.upper() for marker in NAME_MARKERS)
        assert row["identificaci_n_representante_legal"].startswith(ID_MARKER)


def test_every_marker_occurs_in_the_sources_that_are_extracted(city):
    index = city.files["emprestito/indice_procesos_emprestito.json"].decode().upper()
    contracts = city.files["secop/contratos_jbjy-vk9h.json"].decode().upper()

    assert all(marker.upper() in index + contracts for marker in MARKERS)
    assert NAME_MARKERS[0] in city.files["secop/procesos_p6dx-8zbt.json"].decode().upper()


def test_the_budget_holds_no_marker_by_chance(city):
    for name in csv_names(city):
        text = city.files[f"ejecucion_presupuestal/{name}"].decode().upper()
        assert not any(marker.upper() in text for marker in MARKERS)


def test_a_contract_of_the_index_has_namesakes_of_other_years_and_of_another_entity(city):
    index = rows_of(city, "emprestito/indice_procesos_emprestito.json")
    wanted = normalise_reference(index[0]["referencia_contrato"][0])
    stem = wanted.rsplit("-", 1)[0]

    same_number = [
        (normalise_reference(row["referencia_del_contrato"]), row["nit_entidad"])
        for row in rows_of(city, "secop/contratos_jbjy-vk9h.json")
        if row["referencia_del_contrato"].startswith(stem)
    ]

    assert {stem, f"{stem}-2022", f"{stem}-2023", f"{stem}-2024"} <= {reference for reference, _ in same_number}
    assert len({nit for reference, nit in same_number if reference == wanted}) == 2


def test_the_funding_of_a_contract_adds_up_to_its_value(city):
    cents = lambda text: round(float(text) * 100)  # noqa: E731
    sources = ("recursos_propios_alcald_as_gobernaciones_y_resguardos_ind_genas_", "recursos_de_credito")

    for row in rows_of(city, "secop/contratos_jbjy-vk9h.json"):
        assert sum(cents(row[source]) for source in sources) == cents(row["valor_del_contrato"])
        assert cents(row["valor_pagado"]) <= cents(row["valor_facturado"]) <= cents(row["valor_del_contrato"])


def test_a_process_in_lots_repeats_its_id_with_other_awards(city):
    rows = rows_of(city, "secop/procesos_p6dx-8zbt.json")

    ids = Counter(row["id_del_proceso"] for row in rows)
    keys = {(row["id_del_proceso"], row["id_adjudicacion"], row["nit_del_proveedor_adjudicado"]) for row in rows}

    assert max(ids.values()) == 3
    assert len(keys) == len(rows)


def test_nulls_are_left_out_and_addresses_are_objects(city):
    rows = rows_of(city, "secop/contratos_jbjy-vk9h.json")

    assert all(value is not None for row in rows for value in row.values())
    assert all(list(row["urlproceso"]) == ["url"] for row in rows)
    assert len({frozenset(row) for row in rows}) > 1


def test_another_seed_gives_another_city():
    one, other = (build_city(seed=seed, scale=0.2) for seed in (1, 2))

    assert one.files["secop/contratos_jbjy-vk9h.json"] != other.files["secop/contratos_jbjy-vk9h.json"]
    assert one.files.keys() == other.files.keys()


def test_a_larger_scale_gives_more_rows(city):
    small = build_city(seed=SEED, scale=0.2)

    sizes = [len(rows_of(each, "secop/contratos_jbjy-vk9h.json")) for each in (small, city)]

    assert sizes[1] > 3 * sizes[0]
