"""Links on a page of the city."""

import pytest

from extraction_app.budget_links import links_of_page, safe_name

ADDRESS = "https://ciudad.example/planeacion/publicacion"


def found(page):
    return [(link.url, link.name, link.text, link.heading) for link in links_of_page(page, ADDRESS)]


def test_links_come_with_their_text_and_the_heading_above():
    page = (
        '<div id="accordionDocumentos"><button class="accordion-button">Vigencia <b>2025</b></button>'
        '<a href="/loader.php/4.%20Ejecuci%C3%B3n%20Abril.xlsx?dl=1#x"> Abril\n definitivo </a></div>'
    )

    links = found(page)

    assert links == [
        (
            "https://ciudad.example/loader.php/4.%20Ejecuci%C3%B3n%20Abril.xlsx?dl=1",
            "4. Ejecución Abril.xlsx",
            "Abril definitivo",
            "Vigencia 2025",
        )
    ]


@pytest.mark.parametrize(
    "href",
    ["mailto:a@b", "javascript:alert(1)", "ftp://x/a.xlsx", "file:///etc/a.csv", "#", "", "a.pdf", "http://[/a.csv"],
)
def test_other_links_are_left_alone(href):
    assert found(f'<a href="{href}">x</a><a>y</a>') == []


def test_an_address_counts_once_and_the_order_of_the_page_stays():
    page = '<a href="b.csv">b</a><a href="a.csv">a</a><a href="b.csv">again</a>'

    links = found(page)

    assert [(name, text) for _, name, text, _ in links] == [("b.csv", "b"), ("a.csv", "a")]


def test_a_page_that_never_closes_its_links_is_read_all_the_same():
    links = found('<a href="a.csv">a<a href="b.csv">b')

    assert [name for _, name, _, _ in links] == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../etc/passwd.csv", "_.._etc_passwd.csv"),
        ("a\x00b\n.csv", "a_b_.csv"),
        ('C:\\x"y.csv', "C__x_y.csv"),
        (".oculto.csv", "oculto.csv"),
        ("", "archivo"),
    ],
)
def test_a_name_leads_nowhere_but_to_a_file(text, name):
    assert safe_name(text) == name


def test_a_long_name_keeps_its_kind():
    name = safe_name("x" * 400 + ".xlsx")

    assert len(name) == 150
    assert name.endswith(".xlsx")
