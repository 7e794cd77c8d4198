"""Departments, banks, project keys, texts and headers: how names and keys are recognised."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_kit.banks import bank_of
from etl_kit.numbers import flag_expr, read_whole
from etl_kit.organismos import ORGANISMOS, organismo_by_code, organismo_by_name, organismo_name
from etl_kit.projects import bp_expr, bpin_expr, normalise_bp, normalise_bpin
from etl_kit.rejects import Rejects
from etl_kit.text import normalise_header, or_none, plain_column, plain_key, source_key, strip_accents, text_column

WORDS = st.text(alphabet="ÁÉÍÓÚñÑüabcXYZ 0-/.\t\nº", max_size=20)
KEYS = st.one_of(
    st.from_regex(r"(BP|bp)?-?\d{7,9}", fullmatch=True), st.from_regex(r" ?\d{12,16}", fullmatch=True), WORDS
)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Planeación Municipal", "4132"),
        ("Departamento Administrativo de Control Disciplinario Interno de Instrucción", "4124"),
        ("Departamento Administrativo de Control Disciplinario Interno de Juzgamiento", "4125"),
        ("Departamento Administrativo de Gestión del Medio Ambiente - DAGMA", "4133"),
        ("Secretaría de Salud", "4145"),
        ("SECRETARIA DE VIVIENDA SOCIAL Y HABITAT", "4147"),
        ("Proteccion Animal", "4183"),
        ("Desarrollo Terriotiral", "4173"),
        ("cultura", "4148"),
        ("DATIC", "4134"),
        ("SANTIAGO DE CALI DISTRITO ESPECIAL - SECRETARIA DE INFRAESTRUCTURA", "4151"),
    ],
)
def test_a_department_is_known_by_all_its_names(name, code):
    organismo = organismo_by_name(name)

    assert organismo.code == code


def test_each_department_is_found_by_its_code_and_by_its_canonical_name():
    found = [(organismo_by_code(each.code), organismo_by_name(each.name)) for each in ORGANISMOS]

    assert found == [(each, each) for each in ORGANISMOS]
    assert len(ORGANISMOS) == 28


def test_an_unknown_department_is_none_and_not_the_most_similar():
    unknown = [organismo_by_code("5103"), organismo_by_name("Secretaría de Infraestructuras"), organismo_name(None)]

    assert unknown == [None, None, None]


def test_a_code_may_come_as_a_number():
    codes = [organismo_by_code(4112), organismo_by_code("4112.0")]

    assert [each.name for each in codes] == ["Secretaría de Gobierno"] * 2


@pytest.mark.parametrize("text", ["DAVIVIENDA", "Davivienda", "Banco DAVIVIENDA"])
def test_spellings_of_a_bank_are_one_bank(text):
    bank = bank_of(text)

    assert (bank.name, bank.line) == ("Davivienda", "Davivienda")


@pytest.mark.parametrize("text", ["DAVIVIENDA-Otro Si", "Davivienda/Otro Sí"])
def test_an_amendment_is_a_line_of_the_same_bank(text):
    bank = bank_of(text)

    assert (bank.name, bank.line) == ("Davivienda", "Davivienda - Otro Sí")


def test_an_unknown_bank_is_none():
    banks = [bank_of("Banco Imaginario"), bank_of(None)]

    assert banks == [None, None]


@pytest.mark.parametrize(
    ("text", "bp"), [("26005432", "BP26005432"), ("BP-26005432", "BP26005432"), (" bp26005432 ", "BP26005432")]
)
def test_a_bp_gets_its_prefix(text, bp):
    read = normalise_bp(text)

    assert read == bp


@pytest.mark.parametrize("value", ["BP260054321020405", "2600543", "", None])
def test_an_activity_code_is_no_bp(value):
    read = normalise_bp(value)

    assert read is None


@pytest.mark.parametrize("value", ["2024760010333", 2024760010333, "202400000006267", " 2024760010333 "])
def test_a_bpin_of_thirteen_or_fifteen_digits_stays_text(value):
    read = normalise_bpin(value)

    assert read == str(value).strip()


@pytest.mark.parametrize(
    "value", [2024760010333.0, "2024760010333.0", "2.02476E+12", "2147483648", "No Definido", True, None]
)
def test_a_float_is_no_bpin(value):
    read = normalise_bpin(value)

    assert read is None


@given(text=KEYS)
def test_the_expressions_for_keys_agree_with_the_functions(text):
    frame = pl.DataFrame({"k": [text]})

    bp, bpin = frame.select(bp_expr(pl.col("k")).alias("bp"), bpin_expr(pl.col("k")).alias("bpin")).row(0)

    assert (bp, bpin) == (normalise_bp(text), normalise_bpin(text))


@given(text=WORDS)
def test_the_expressions_for_text_agree_with_the_functions(text):
    frame = pl.DataFrame({"t": [text]})

    said, plain = frame.select(text_column("t").alias("said"), plain_column(pl.col("t")).alias("plain")).row(0)

    assert (said, plain) == (or_none(text), plain_key(text))


@pytest.mark.parametrize(
    "text", ["No Definido", "No definido", "No Defenido", "ND", "No D", "Sin Descripcion", "0", " "]
)
def test_the_publisher_s_words_for_nothing_are_null(text):
    said = or_none(text)

    assert said is None


def test_a_zero_is_a_count_where_counts_are_read():
    frame = pl.DataFrame({"n": ["0", "No D"]})

    counts = frame.select(text_column("n", zero_is_null=False)).get_column("n").to_list()

    assert counts == ["0", None]


def test_colliding_headers_stay_apart():
    header = normalise_header([" Pospre 1 ", "Pospre 1", "Programa", "PROGRAMA", "Programa", "", None, "\ufeffRUBRO"])

    assert header == ["Pospre 1", "Pospre 1.1", "Programa", "PROGRAMA", "Programa.1", "columna_6", "columna_7", "RUBRO"]


def test_accents_go_and_letters_stay():
    bare = strip_accents("Línea Estratégica Ñ")

    assert bare == "Linea Estrategica N"


def test_whole_numbers_are_read_and_others_refused():
    rejects = Rejects(dataset="d")
    frame = pl.DataFrame({"fila": [1, 2, 3, 4], "fuente": "f", "n": ["60", "4.0", "4.5", None]})

    read = read_whole(frame, ["n"], rejects=rejects)

    assert read.get_column("n").to_list() == [60, 4, None, None]
    assert rejects.frame().get_column("valor_crudo").to_list() == ["4.5"]


def test_only_yes_and_no_are_flags():
    frame = pl.DataFrame({"f": ["Si", "sí", "NO", "1", None]})

    flags = frame.select(flag_expr(pl.col("f")).alias("f")).get_column("f").to_list()

    assert flags == [True, True, False, None, None]


def test_a_publisher_s_name_is_compared_without_accents_and_blanks():
    keys = [source_key("Fecha de Publicación del Proceso"), source_key("recursos_ind_genas_")]

    assert keys == ["fecha_de_publicacion_del_proceso", "recursos_ind_genas"]
