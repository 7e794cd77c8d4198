"""Task extract_contratos_emprestito: SECOP II contracts, those that the loan's index names or all (ETL_CONTRACTS)."""

from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from etl_kit.references import normalise_reference
from etl_kit.settings import Contracts, read_settings
from etl_kit.translation import _
from extraction_app.http_source import now_in_utc, open_http
from extraction_app.loan_extraction import Universe, extract_loan, some_of
from extraction_app.loan_references import Wanted, credit_condition
from extraction_app.retries import SourceTrouble
from extraction_app.soda import Row, SodaClient
from extraction_app.sources import open_source
from extraction_app.whole_extraction import PAGE_OF_MANY, extract_whole

CONTRACTS: Final = Universe(
    name="contratos_emprestito",
    dataset="jbjy-vk9h",
    column="referencia_del_contrato",
    index_column="referencia_contrato",
    key="id_contrato",
)
"""SECOP II - Contratos Electrónicos, on datos.gov.co."""


def main(
    *, home: str | None = None, source: str | None = None, etl_context: Any = None, **settings: Any
) -> dict[str, object]:
    """Fetch contracts and leave them as today's snapshot, without personal data; safe to repeat.

    Of the loan's contracts (`ETL_CONTRACTS=loan`), those paid from credit that the index does not name are reported as
    a warning and not loaded: the index is the authority, the flag a check on it.

    Args:
        home: see `etl_kit.settings`; so are all `settings`.
        source: demo, portal or files.
        etl_context: is told the progress, if there is one.
        settings: other fields of `EtlSettings`.

    Raises:
        MissingInput: the loan's are wanted and the index has not been extracted.
        LoanIncomplete: a request for the loan's failed after all attempts.
        SourceTrouble: a request for all failed after all attempts.
    """
    chosen = read_settings(home=home, source=source, **settings)
    source_of_rows = open_source(chosen, dataset=CONTRACTS.dataset)
    with source_of_rows as opened, open_http(local=opened.local, token=opened.token) as http:
        if chosen.contracts is not Contracts.LOAN:
            many = SodaClient(http=http, base_url=opened.soda_url, page_size=PAGE_OF_MANY)
            progress = etl_context.progress if etl_context is not None else None
            return extract_whole(chosen, CONTRACTS, many, now=now_in_utc(), progress=progress)
        client = SodaClient(http=http, base_url=opened.soda_url)
        return extract_loan(chosen, CONTRACTS, client, now=now_in_utc(), cross_check=partial(credit_warnings, client))


def credit_warnings(client: SodaClient, wanted: Wanted) -> list[str]:
    """What the portal pays from credit and the index does not name; or that the portal could not be asked."""
    try:
        reading = client.read_all(CONTRACTS.dataset, credit_condition())
    except SourceTrouble as trouble:
        return [_("the cross-check of contracts paid from credit could not be made: {cause}").format(cause=trouble)]
    unnamed = unnamed_credit(reading.rows, wanted.references)
    if not unnamed:
        return []
    return [
        _("{count} contracts are paid from credit and not named in the loan's index; not loaded: {examples}").format(
            count=len(unnamed), examples=some_of(unnamed)
        )
    ]


def unnamed_credit(rows: Iterable[Row], references: Iterable[str]) -> list[str]:
    """The contracts among `rows` that no reference names, as `reference (id)`, sorted; rows are paid from credit."""
    named = set(references)
    return sorted(
        {
            f"{row.get(CONTRACTS.column)} ({row.get(CONTRACTS.key)})"
            for row in rows
            if normalise_reference(row.get(CONTRACTS.column)) not in named
        }
    )
