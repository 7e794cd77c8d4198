"""Which contracts are extracted, whether all is read anew, and what snapshots may take on disk."""

import pytest

from etl_kit.errors import SettingsError
from etl_kit.settings import Contracts, read_settings


def test_unless_somebody_says_so_the_loan_is_extracted_and_what_changed_is_enough():
    chosen = read_settings(environ={})

    assert (chosen.contracts, chosen.full, chosen.raw_limit_mb) == (Contracts.LOAN, False, 2_000)


def test_all_three_come_from_the_environment():
    chosen = read_settings(environ={"ETL_CONTRACTS": "Country", "ETL_FULL": "1", "ETL_RAW_LIMIT_MB": "500"})

    assert (chosen.contracts, chosen.full, chosen.raw_limit_mb) == (Contracts.COUNTRY, True, 500)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ETL_CONTRACTS", "planet"), ("ETL_FULL", "maybe"), ("ETL_RAW_LIMIT_MB", "0"), ("ETL_RAW_LIMIT_MB", "1.5 GB")],
)
def test_a_value_that_means_nothing_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=name):
        read_settings(environ={name: value})
