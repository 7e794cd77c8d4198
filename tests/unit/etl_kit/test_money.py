from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_kit.money import MONEY, REFUSED, Spelling, money_expr, money_refused, parse_money, ratio_expr, read_money
from etl_kit.rejects import Rejects

AMOUNTS = st.integers(min_value=-(10**15), max_value=10**15).map(lambda cents: Decimal(cents) / 100)
WHOLE_PESOS = st.integers(min_value=-(10**13), max_value=10**13)
SPELLINGS = st.sampled_from(Spelling)
NOISE = st.text(alphabet="0123456789.,-−$()COP cop\u00a0abc", max_size=14)


def grouped(pesos: int, *, point: str) -> str:
    return f"{abs(pesos):,}".replace(",", point)


def signed(text: str, style: str, *, negative: bool) -> str:
    if not negative:
        return text
    return {"minus": f"-{text}", "typographic": f"−{text}", "after": f"{text}-", "parentheses": f"({text})"}[style]


def dressed(text: str, dress: str) -> str:
    return {
        "bare": text,
        "padded": f" {text}   ",
        "dollar": f"$ {text}",
        "cop": f"COP {text}",
        "nbsp": f"\u00a0${text}",
    }[dress]


def vectorised(text: str | None, spelling: Spelling) -> tuple[Decimal | None, bool]:
    frame = pl.DataFrame({"text": [text]}, schema={"text": pl.String})
    read = frame.select(
        money_expr(pl.col("text"), spelling=spelling),
        money_refused(pl.col("text"), spelling=spelling).alias("refused"),
    )
    return read.row(0)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, Decimal]:
    """A text as people write money, and the amount it means."""
    pesos = draw(WHOLE_PESOS)
    cents = draw(st.one_of(st.none(), st.integers(0, 99)))
    american = draw(st.booleans()) and cents is not None and abs(pesos) >= 1000  # else the marks would be unclear
    point, comma = (",", ".") if american else (".", ",")
    text = grouped(pesos, point=point) if cents is None else f"{grouped(pesos, point=point)}{comma}{cents:02d}"
    style = draw(st.sampled_from(["minus", "typographic", "after", "parentheses"]))
    dress = draw(st.sampled_from(["bare", "padded", "dollar", "cop", "nbsp"]))
    amount = Decimal(abs(pesos)) + Decimal(cents or 0) / 100
    return dressed(signed(text, style, negative=pesos < 0), dress), -amount if pesos < 0 else amount


@given(text_and_amount=written())
def test_whatever_a_person_writes_is_read_back_to_the_cent(text_and_amount):
    text, amount = text_and_amount

    read = parse_money(text)

    assert read.problem is None
    assert read.pesos == amount


@given(text_and_amount=written())
def test_the_expression_reads_it_back_to_the_cent_too(text_and_amount):
    text, amount = text_and_amount

    read = vectorised(text, Spelling.COLOMBIAN)

    assert read == (amount, False)


@given(amount=AMOUNTS)
def test_a_machine_s_decimal_point_is_never_a_thousands_mark(amount):
    text = f"{amount:.2f}"

    read = parse_money(text, spelling=Spelling.MACHINE).pesos, vectorised(text, Spelling.MACHINE)

    assert read == (amount, (amount, False))


@given(text=NOISE, spelling=SPELLINGS)
def test_the_expression_reads_and_refuses_exactly_what_the_parser_does(text, spelling):
    parsed = parse_money(text, spelling=spelling)

    pesos, refused = vectorised(text, spelling)

    assert pesos == parsed.pesos
    assert refused == (parsed.problem is not None)


@given(text=NOISE, spelling=SPELLINGS)
def test_a_text_is_read_or_blank_or_refused_and_nothing_else(text, spelling):
    parsed = parse_money(text, spelling=spelling)

    blank = not text.lower().replace("cop", "").replace("$", "").strip()

    assert (parsed.pesos is None) == (blank or parsed.problem is not None)
    assert not (blank and parsed.problem)


@pytest.mark.parametrize(
    ("text", "pesos"),
    [
        (" 44.893.000 ", "44893000"),
        (" -   ", "0"),
        ("$ -", "0"),
        ("-42.131.250 ", "-42131250"),
        ("-235260025", "-235260025"),
        ("(1.000)", "-1000"),
        ("1.250.000,00", "1250000"),
        ("1,250,000.50", "1250000.50"),
        ("$ 91.233.179,26", "91233179.26"),
        ("12,5", "12.5"),
        ("0", "0"),
    ],
)
def test_spellings_seen_in_the_files_are_read(text, pesos):
    read = parse_money(text)

    assert read.pesos == Decimal(pesos)


@pytest.mark.parametrize(
    "text",
    [
        "123.45",
        "1.25.000",
        "12,345",
        "1 234",
        "1.234,567",
        "12.34,5",
        "(5",
        "-(5)",
        "--5",
        "1e5",
        "cinco",
        "()",
        "0.123",
    ],
)
def test_what_digits_alone_would_make_a_wrong_number_is_refused(text):
    read = parse_money(text)

    assert read.pesos is None
    assert read.problem == REFUSED


@pytest.mark.parametrize("text", [None, "", "   ", "\u00a0", "$", "COP"])
def test_a_blank_is_null_and_never_zero(text):
    read = parse_money(text)

    assert read.pesos is None
    assert read.problem is None


def test_a_machine_s_number_that_could_be_thousands_is_refused():
    read = parse_money("1.234", spelling=Spelling.MACHINE)

    assert read.problem == REFUSED


@pytest.mark.parametrize("number", [7, 7.25, Decimal("7.25"), 44893000.0])
def test_numbers_pass(number):
    read = parse_money(number)

    assert read.pesos == Decimal(str(number))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**18, True])
def test_what_is_no_amount_of_money_is_refused_even_as_a_number(number):
    read = parse_money(number)

    assert read.problem == REFUSED


def test_refused_cells_become_null_and_are_kept_with_their_place():
    rejects = Rejects(dataset="contratos")
    frame = pl.DataFrame(
        {"fila": [2, 3, 4], "fuente": "a.csv", "valor": ["1.000", "mil", None]},
        schema_overrides={"valor": pl.String},
    )

    read = read_money(frame, ["valor"], rejects=rejects)

    assert read.get_column("valor").to_list() == [Decimal(1000), None, None]
    assert rejects.frame().rows() == [("contratos", 3, "valor", "mil", REFUSED, "a.csv")]


@given(part=WHOLE_PESOS, whole=WHOLE_PESOS.filter(bool))
def test_a_share_is_exact_to_the_sixth_decimal(part, whole):
    frame = pl.DataFrame({"part": [Decimal(part)], "whole": [Decimal(whole)]}, schema={"part": MONEY, "whole": MONEY})
    size, sign = abs(part) * 1_000_000, -1 if (part < 0) != (whole < 0) else 1
    millionths = sign * ((2 * size + abs(whole)) // (2 * abs(whole)))

    [share] = frame.select(ratio_expr("part", "whole")).row(0)

    fits = abs(millionths) < 10**12
    assert share == (Decimal(millionths) / 1_000_000 if fits else None)


@pytest.mark.parametrize(("part", "whole"), [(5, 0), (None, 5), (5, None), (0, 0)])
def test_a_share_of_nothing_or_of_the_unknown_is_null(part, whole):
    frame = pl.DataFrame({"part": [part], "whole": [whole]}, schema={"part": MONEY, "whole": MONEY})

    [share] = frame.select(ratio_expr("part", "whole")).row(0)

    assert share is None
