"""SECOP read in parts and in a hurry gives what it gives read at once and one cell after the other."""

import random
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from etl_kit.datasets import CONTRATO_BPIN, CONTRATOS_SECOP, PROCESOS_SECOP
from etl_kit.dates import read_dates
from etl_kit.money import Spelling, read_money
from etl_kit.numbers import flag_expr, read_whole
from etl_kit.places import Places
from etl_kit.references import normalise_reference, organismo_of
from etl_kit.rejects import Rejects
from etl_kit.settings import Source
from etl_kit.snapshots import Snapshot, line_of, write_snapshot
from etl_kit.text import text_column
from transformation_app import (
    data_transformation_contratos_secop,
    data_transformation_procesos_secop,
    scattered,
    secop_columns,
)
from transformation_app.data_transformation_contratos_secop import KEY, ContractParts
from transformation_app.scattered import Scattered
from transformation_app.secop_cells import COUNT, DAY, FLAG, PESOS, TEXT, read_cells, references_of
from transformation_app.secop_columns import CONTRACTS, PROCESSES, text_frame, text_frame_of_lines
from transformation_app.secop_processes import clean_processes

NOW = datetime(2025, 9, 22, 13, tzinfo=UTC)
CUT = date(2025, 9, 22)
CELLS = st.one_of(
    st.none(),
    st.sampled_from(
        [
            *("", " ", "0", "-", "No Definido", "  no  aplica ", "ND", "N/A", "Ｎo d", "NaN", "Si", "sí", "No", "NO"),
            *("1250.75", "1.250", "1.250.000,50", "-3", "(7)", "$ 12", "12 COP", "12.345", "007", "4.0", "1,5", "mil"),
            *("99999999999999999999", "0.1", "12.3", "1.", ".5", "12-", "1e3", "３", " 15 ", "\u00a07"),
            *("2025-01-31T00:00:00.000", "31/12/2024", "2025-02-30", "45000", "2024", "ayer", "2025-1-1"),
            *("Sin Descripción", "sin descripcion", "Ñandú", "obra", "0577", "Nadie"),
        ]
    ),
    st.text(max_size=8),
)
REFERENCES = st.one_of(
    st.none(),
    st.sampled_from(
        [
            *("4151.010.26.1.0887-2025", "4151.010.32.1.0577- 2025", "4131.010.26.1.2024", "4151.010.26.0887-2025"),
            *("No. 4151.010.26.1.1-2025", "4151 . 010.26.1.5 DE 2025", "4151.010.26.1.7 (Manifestación)", "OC 150273"),
            *(
                "4151.010.26.1.0887–2025",
                "4151.010.26.1.0887.2025",
                "no aplica",
                "",
                "４１５１.010.26.1.5-2025",
                "41.1",
            ),
        ]
    ),
    st.from_regex(r"[0-9]{4}([ .\-][0-9]{1,3}){1,6}[.\- ]+[0-9]{1,6}([\-. ]| DE )20[0-5][0-9]", fullmatch=True),
)
UNHURRIED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
quickly = settings(max_examples=25, **UNHURRIED)
a_few = settings(max_examples=2, **UNHURRIED)


def cells_frame(cells: list[str | None], names: list[str]) -> pl.DataFrame:
    content = dict.fromkeys(names, cells)
    schema = {"fila": pl.Int64, "fuente": pl.String, **dict.fromkeys(names, pl.String)}
    return pl.DataFrame({"fila": range(1, len(cells) + 1), "fuente": ["s"] * len(cells), **content}, schema=schema)


def refused(rejects: Rejects) -> set[tuple[object, ...]]:
    return {
        (fila, columna, motivo) for fila, columna, motivo in rejects.frame().select("fila", "columna", "motivo").rows()
    }


@quickly
@given(st.lists(CELLS, max_size=12), st.integers(1, 4))
def test_cells_mean_in_a_hurry_what_they_mean_elsewhere(cells, times):
    frame = cells_frame(cells * times, ["texto", "dinero", "dia", "cuenta", "si_no"])
    plain, quick = Rejects(dataset="d"), Rejects(dataset="d")
    texts = frame.with_columns(
        text_column("texto"),
        *(text_column(name, zero_is_null=False) for name in ("dinero", "cuenta")),
        flag_expr(pl.col("si_no")).alias("si_no"),
    )
    expected = read_money(texts, ["dinero"], rejects=plain, spelling=Spelling.MACHINE)
    expected = read_whole(read_dates(expected, ["dia"], rejects=plain), ["cuenta"], rejects=plain)

    kinds = {"texto": TEXT, "dinero": PESOS, "dia": DAY, "cuenta": COUNT, "si_no": FLAG}
    read = read_cells(frame, kinds, rejects=quick)

    assert_frame_equal(read, expected)
    assert refused(quick) == refused(plain)


@quickly
@given(st.lists(REFERENCES, max_size=12))
def test_references_are_read_in_a_hurry_as_one_by_one(texts):
    column = pl.Series("referencia", texts, dtype=pl.String)

    read = {text: rest for text, *rest in references_of(column).rows()}

    assert read == {text: [organismo_of(text), normalise_reference(text)] for text in texts}


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"id_contrato": "1", "urlproceso": {"url": "https://a.example/1"}}, {"ID Contrato": "2", "es_pyme": None}],
        [{"id_contrato": "1", "urlproceso": "{'url': 'https://a.example/1'}"}, {"valor_del_contrato": '": 5'}],
        [{"id_contrato": "1", "dias_adicionados": 5, "valor_pagado": 1.5}, {"id_contrato": "2", "es_pyme": True}],
        [{"id_contrato": {"url": "x"}}, {"id_contrato": "2", ":id": "row-1", ":updated_at": "2025-01-01"}],
        [{}, {"otra": "cosa"}],
    ],
)
def test_lines_of_a_snapshot_are_the_same_rows(rows):
    expected = text_frame(rows, CONTRACTS, fuente="s", first=8)

    frame = text_frame_of_lines([line_of(row) for row in rows], CONTRACTS, fuente="s", first=8)

    assert_frame_equal(frame, expected)


def test_a_row_takes_its_value_from_whichever_spelling_of_the_column_it_has():
    rows = [{"codigo_bpin": "1"}, {"c_digo_bpin": "2"}, {"c_digo_bpin": None, "Código BPIN": "3"}]

    both = text_frame(rows, CONTRACTS, fuente="s")
    apart = pl.concat(text_frame([row], CONTRACTS, fuente="s", first=n) for n, row in enumerate(rows, 1))

    assert both.get_column("bpin_publicado").to_list() == ["1", "2", "3"]
    assert_frame_equal(apart, both)


def contract(number: int, chance: random.Random) -> dict[str, object]:
    row: dict[str, object] = {
        "id_contrato": f" CO1.PCCNTR.{number} " if chance.random() < 0.2 else f"CO1.PCCNTR.{number}",
        "referencia_del_contrato": chance.choice(["4151.010.26.1.0887-2025", "4152.010.26.1.1 - 2025", "OC 1", None]),
        "ultima_actualizacion": chance.choice([None, "2025-01-31T00:00:00.000", "2025-02-28T00:00:00.000"]),
        "valor_del_contrato": chance.choice(["1000", "7.5", "mil", None]),
        "recursos_de_credito": chance.choice(["0", "1000"]),
        "estado_bpin": chance.choice(["Válido", "No Válido"]),
        "c_digo_bpin": chance.choice(["2024760010333", "2024760010334", "x"]),
        "urlproceso": {"url": f"https://secop.example/{number}"},
    }
    return {name: value for name, value in row.items() if value is not None}


def contracts(seed: int) -> list[dict[str, object]]:
    chance = random.Random(seed)
    rows = [contract(chance.randrange(12), chance) for _ in range(40)]
    return [*rows, {"valor_del_contrato": "sin id"}, {"id_contrato": "No Definido"}]


INDEX = [
    {
        "banco": "DAVIVIENDA",
        "bp": "26005375",
        "referencia_proceso": ["4151.010.32.1.0575-2025"],
        "referencia_contrato": ["4151.010.26.1.0887-2025"],
    }
]
CATALOGUE = pl.DataFrame([("BP26005375", "2024760010333", "P")], schema=["bp", "bpin", "nombre_proyecto"], orient="row")


def parts_of(rows: list[dict[str, object]], room: Path, *, size: int, hold: int) -> tuple[object, ...]:
    """Both tables, refusals and warnings from `rows` received `size` at a time."""
    index = Snapshot(about={}, rows=INDEX, path=room / "indice" / "2025-09-22.json.gz")
    transform = ContractParts(index=index, catalogue=CATALOGUE, cut=CUT, run_id="r", now=NOW)
    lines = Scattered(room, key=KEY, hold=hold, files=3)
    for first in range(0, len(rows), size):
        lines.add(text_frame(rows[first : first + size], CONTRACTS, fuente="s", first=first + 1))
    made = [transform.frames(part) for part in lines.parts()]
    tables = [each.conform(pl.concat(frames[each] for frames in made)) for each in (CONTRATOS_SECOP, CONTRATO_BPIN)]
    return tables, transform.rejects.frame(), transform.warnings()


@a_few
@given(st.integers(0, 1000), st.integers(1, 45), st.integers(1, 60))
def test_parts_of_contracts_give_what_all_of_them_give_at_once(tmp_path_factory, seed, size, hold):
    rows = contracts(seed)
    tables, rejected, warnings = parts_of(rows, tmp_path_factory.mktemp("una"), size=100, hold=100)

    in_parts = parts_of(rows, tmp_path_factory.mktemp("partes"), size=size, hold=hold)

    for one, other in zip(in_parts[0], tables, strict=True):
        assert_frame_equal(one, other)
    assert_frame_equal(in_parts[1], rejected)
    assert in_parts[2] == warnings


@a_few
@given(st.integers(0, 1000), st.integers(1, 45))
def test_the_order_of_the_rows_is_no_matter(tmp_path_factory, seed, size):
    rows = contracts(seed)
    tables, _rejected, warnings = parts_of(rows, tmp_path_factory.mktemp("una"), size=100, hold=100)
    random.Random(seed + 1).shuffle(rows)

    shuffled, _rejected, said = parts_of(rows, tmp_path_factory.mktemp("otra"), size=size, hold=20)

    for one, other in zip(shuffled, tables, strict=True):
        assert_frame_equal(one, other)
    assert said == warnings


def process(number: int, chance: random.Random) -> dict[str, object]:
    row = {
        "id_del_proceso": f"CO1.REQ.{number}",
        "id_adjudicacion": chance.choice([None, "CO1.AWD.1", "CO1.AWD.2"]),
        "nit_del_proveedor_adjudicado": chance.choice([None, "900"]),
        "id_del_portafolio": f"CO1.BDOS.{number}",
        "referencia_del_proceso": chance.choice(["4151.010.32.1.0575-2025 (Presentación)", "XX"]),
        "precio_base": chance.choice(["10", "diez"]),
        "fecha_de_ultima_publicaci": chance.choice([None, "2025-01-31T00:00:00.000"]),
    }
    return {name: value for name, value in row.items() if value is not None}


@a_few
@given(st.integers(0, 1000), st.integers(1, 45))
def test_parts_of_processes_give_what_all_of_them_give_at_once(tmp_path_factory, seed, size):
    chance = random.Random(seed)
    rows = [process(chance.randrange(9), chance) for _ in range(40)]
    whole, in_parts = Rejects(dataset="p"), Rejects(dataset="p")
    expected = clean_processes(text_frame(rows, PROCESSES, fuente="s"), cut=CUT, rejects=whole)

    lines = Scattered(tmp_path_factory.mktemp("p"), key=data_transformation_procesos_secop.KEY, hold=5, files=2)
    for first in range(0, len(rows), size):
        lines.add(text_frame(rows[first : first + size], PROCESSES, fuente="s", first=first + 1))
    parts = [clean_processes(part, cut=CUT, rejects=in_parts) for part in lines.parts()]

    key = list(PROCESOS_SECOP.key)
    said = pl.concat(parts).drop("fila").sort(key)
    assert_frame_equal(said, expected.drop("fila").sort(key))
    assert refused(in_parts) == refused(whole)


def test_no_key_stands_in_two_parts_and_no_row_is_lost(tmp_path):
    rows = pl.DataFrame({"clave": [f"k{number % 50}" for number in range(1000)], "fila": range(1000)})
    lines = Scattered(tmp_path, key=pl.col("clave"), hold=100, files=8)
    for piece in rows.iter_slices(30):
        lines.add(piece)

    parts = list(lines.parts())

    seen = [set(part.get_column("clave")) for part in parts]
    assert sum(map(len, seen)) == len(set().union(*seen)) == 50
    assert pl.concat(parts).sort("fila").equals(rows)
    assert len(parts) > 3
    assert list(tmp_path.iterdir()) == []


class Told:
    def __init__(self) -> None:
        self.words: list[tuple[float, float | None]] = []

    def progress(self, done: float, total: float | None = None) -> None:
        self.words.append((done, total))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Snapshots of 42 contracts and 30 processes, and parts so small that nothing fits into memory."""
    monkeypatch.setenv("ETL_LANG", "en")
    monkeypatch.setattr(secop_columns, "ROWS_OF_A_FRAME", 9)
    monkeypatch.setattr(scattered.Scattered.__init__, "__kwdefaults__", {"hold": 10, "files": 3})
    raw = Places(home=tmp_path, source=Source.DEMO).raw
    rows = contracts(1)
    write_snapshot(raw("contratos_emprestito"), rows=rows, about={"rows": len(rows)}, day=CUT)
    chance = random.Random(2)
    awards = [process(chance.randrange(9), chance) for _ in range(30)]
    write_snapshot(raw("procesos_emprestito"), rows=awards, about={"rows": len(awards)}, day=CUT)
    return tmp_path


def test_the_task_tells_its_progress_and_its_pace(home):
    told = Told()

    outcome = data_transformation_contratos_secop.main(source="demo", home=str(home), etl_context=told)

    assert told.words[0] == (9, 84)
    assert told.words[-1] == (84, 84)
    assert outcome["rows_received"] == 42
    assert outcome["rows_per_second"] > 0
    assert outcome["rows"] == {"contratos_secop": 12, "contrato_bpin": outcome["rows"]["contrato_bpin"]}


def test_the_file_is_written_part_by_part_and_nothing_is_left_beside_it(home):
    places = Places(home=home, source=Source.DEMO)

    outcome = data_transformation_procesos_secop.main(source="demo", home=str(home))

    frame = pl.read_parquet(places.transformed("procesos_secop"))
    assert frame.height == outcome["rows"]["procesos_secop"]
    assert PROCESOS_SECOP.conform(frame).get_column("tiene_contrato").null_count() == 0
    assert sorted(path.name for path in places.transformed("x").parent.iterdir()) == [
        "procesos_secop.parquet",
        "rejected",
    ]


def test_a_part_that_cannot_be_made_leaves_the_earlier_file(home, monkeypatch):
    place = Places(home=home, source=Source.DEMO).transformed("contratos_secop")
    data_transformation_contratos_secop.main(source="demo", home=str(home))
    before = place.read_bytes()
    made = []

    def fails_later(self, part, frames=ContractParts.frames):
        made.append(part)
        if len(made) > 2:
            raise OSError("disk full")
        return frames(self, part)

    monkeypatch.setattr(ContractParts, "frames", fails_later)

    with pytest.raises(OSError, match="disk full"):
        data_transformation_contratos_secop.main(source="demo", home=str(home))

    assert place.read_bytes() == before
    assert not list(place.parent.glob(".*"))
