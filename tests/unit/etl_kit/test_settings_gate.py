"""ETL_GATE: whether critical rules stop a publication."""

import pytest

from etl_kit.errors import SettingsError
from etl_kit.settings import read_settings


@pytest.mark.parametrize(("said", "asked"), [("1", True), ("true", True), ("0", False), ("False", False), ("", False)])
def test_the_gate_is_asked_where_somebody_says_so(said, asked):
    assert read_settings(environ={"ETL_GATE": said}).gate is asked


def test_another_word_is_refused_with_those_that_are_known():
    with pytest.raises(SettingsError, match="ETL_GATE"):
        read_settings(environ={"ETL_GATE": "quizás"})
