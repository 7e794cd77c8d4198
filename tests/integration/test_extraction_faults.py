"""What a portal can do to an extraction, over real loopback HTTP."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from demo_city.faults import Faults, LyingCount, Nonsense, Refusal, Stall, TokenNeeded, Truncation
from demo_city.soda_server import serve_folder
from etl_kit.settings import read_settings
from extraction_app import data_extraction_contratos_emprestito as contracts
from extraction_app import data_extraction_indice_emprestito as index
from extraction_app.http_source import Patience, open_http
from extraction_app.loan_extraction import LoanIncomplete, extract_loan
from extraction_app.retries import NoAnswer, Overloaded, Refused, SourceTrouble
from extraction_app.soda import CountMismatch, SodaClient
from tests.integration.extraction_subjects import DAY, FAST, from_files, unsealed

pytestmark = pytest.mark.usefixtures("no_settings_from_outside")


@pytest.fixture
def loan(tmp_path, city):
    """A function that extracts the loan's contracts from a server with the given faults."""
    saved = from_files(tmp_path, unsealed(city, tmp_path / "saved"))
    settings = read_settings(**saved, environ={})
    index.main(**saved)

    def extract(*faults, record=None, token=None, policy=FAST, patience=None, page_size=50):
        record = record or Faults(*faults)
        with (
            serve_folder(city, faults=record) as url,
            open_http(local=True, token=token, policy=policy, patience=patience) as http,
        ):
            client = SodaClient(http=http, base_url=url, page_size=page_size)
            return extract_loan(settings, contracts.CONTRACTS, client, now=DAY), record.requests

    return extract


def in_a_moment():
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


@pytest.mark.parametrize(
    "faults",
    [
        [Refusal(status=429, retry_after="0", times=2)],
        [Refusal(status=429, retry_after=in_a_moment())],
        [Refusal(status=500), Refusal(status=502), Refusal(status=503, part="$where=:id >")],
        [Truncation(part="$limit")],
        [Truncation(part="count", times=2)],
        [Nonsense(part="$limit", times=2)],
        [Stall(seconds=30, part="$limit")],
        [LyingCount(by=3)],
        [LyingCount(by=-1)],
    ],
    ids=lambda faults: "+".join(type(fault).__name__ for fault in faults),
)
def test_a_passing_fault_changes_nothing_in_the_result(loan, faults):
    expected, undisturbed = loan()

    output, requests = loan(*faults, patience=Patience(read=0.5))

    assert output == expected
    assert len(requests) > len(undisturbed)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Refusal(status=429, times=None), Overloaded),
        (Refusal(status=429, retry_after="7200", times=None), Overloaded),
        (Refusal(status=503, times=None), Overloaded),
        (Refusal(status=400, times=None), Refused),
        (Truncation(times=None), NoAnswer),
        (Nonsense(times=None), NoAnswer),
        (Stall(seconds=30, times=None), NoAnswer),
        (LyingCount(by=1, times=None), CountMismatch),
        (TokenNeeded(token="abc"), Refused),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_lasting_fault_fails_the_task_and_is_not_taken_for_no_rows(loan, tmp_path, fault, cause):
    with pytest.raises(LoanIncomplete) as failure:
        loan(fault, patience=Patience(read=0.2))

    assert isinstance(failure.value.__cause__, cause)
    assert failure.value.found == ()
    assert failure.value.not_found == ()
    assert failure.value.failed
    assert failure.value.failed[0] in str(failure.value)
    assert not (tmp_path / "home/data/raw/files/contratos_emprestito").exists()


def test_when_a_part_fails_the_lists_tell_what_was_found_and_nothing_is_written(tmp_path, files, loan):
    whole, _ = loan()
    folder = tmp_path / "home/data/raw/files/contratos_emprestito"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    many = [f"4199.010.26.1.{number:04d}-2025" for number in range(60)]
    path = files / "emprestito" / "indice_procesos_emprestito.json"
    rows = json.loads(path.read_text())
    path.write_text(json.dumps([*rows, {"referencia_contrato": many}]))
    index.main(**from_files(tmp_path, files))

    with pytest.raises(LoanIncomplete) as failure:
        loan(Refusal(status=500, part="4199%0059%", times=None))

    assert set(failure.value.found) <= set(whole["found"])
    assert failure.value.found
    assert many[-1] in failure.value.failed
    assert not set(failure.value.failed) & {*failure.value.found, *failure.value.not_found}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_portal_that_is_down_is_not_asked_for_every_batch(loan, tmp_path, files):
    path = files / "emprestito" / "indice_procesos_emprestito.json"
    many = [f"4199.010.26.1.{number:04d}-2025" for number in range(300)]
    path.write_text(json.dumps([{"referencia_contrato": many}]))
    index.main(**from_files(tmp_path, files))
    record = Faults(Refusal(status=503, times=None))

    with pytest.raises(LoanIncomplete) as failure:
        loan(record=record)

    assert sorted(failure.value.failed) == many
    assert len(record.requests) == 2 * FAST.attempts


def test_the_token_opens_the_door_and_appears_nowhere(loan, caplog):
    secret = "s3cr3t-t0k3n"

    with caplog.at_level("DEBUG"):
        output, _ = loan(TokenNeeded(token=secret), token=secret)
        with pytest.raises(LoanIncomplete) as failure:
            loan(TokenNeeded(token="another"), token=secret)

    assert output["status"] == "success"
    shown = [str(failure.value), repr(failure.value.__cause__), caplog.text, json.dumps(output)]
    assert not any(secret in text for text in shown)


def test_nothing_listening_is_a_failure_with_an_address(tmp_path, city):
    with serve_folder(city) as url:
        pass

    with open_http(local=True, policy=FAST) as http, pytest.raises(SourceTrouble, match=r"127\.0\.0\.1"):
        SodaClient(http=http, base_url=url).count("jbjy-vk9h", "valor_del_contrato > 0")
