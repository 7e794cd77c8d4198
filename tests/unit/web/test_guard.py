"""What the gate makes of a request's headers."""

import pytest

from orchestrator.web.guard import _language, _name_of


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST:80", "localhost"),
        ("127.0.0.1:8001", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[::1]:8001", "[::1]"),
        ("localhost.evil.example:1", "localhost.evil.example"),
        ("evil@localhost", "evil@localhost"),
        ("", ""),
    ],
)
def test_a_host_is_known_by_its_name_without_the_port(host, name):
    assert _name_of(host) == name


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, None),
        ("", None),
        ("*", None),
        ("es-CO,es;q=0.9,en;q=0.8", "es"),
        ("de-DE, en-GB;q=0.5", "en"),
        (",;q=,,", None),
    ],
)
def test_the_first_language_that_we_speak_is_taken(header, language):
    assert _language(header) == language
