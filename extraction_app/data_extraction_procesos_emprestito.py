"""Task extract_procesos_emprestito: SECOP II processes, those that the loan's index names or all (ETL_CONTRACTS)."""

from typing import Any, Final

from etl_kit.settings import Contracts, read_settings
from extraction_app.http_source import now_in_utc, open_http
from extraction_app.loan_extraction import Universe, extract_loan
from extraction_app.soda import SodaClient
from extraction_app.sources import open_source
from extraction_app.whole_extraction import PAGE_OF_MANY, extract_whole

PROCESSES: Final = Universe(
    name="procesos_emprestito",
    dataset="p6dx-8zbt",
    column="referencia_del_proceso",
    index_column="referencia_proceso",
    key="id_del_proceso",
)
"""SECOP II - Procesos de Contratación, on datos.gov.co."""


def main(
    *, home: str | None = None, source: str | None = None, etl_context: Any = None, **settings: Any
) -> dict[str, object]:
    """Fetch processes and leave them as today's snapshot, without personal data; safe to repeat.

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
    source_of_rows = open_source(chosen, dataset=PROCESSES.dataset)
    with source_of_rows as opened, open_http(local=opened.local, token=opened.token) as http:
        if chosen.contracts is not Contracts.LOAN:
            many = SodaClient(http=http, base_url=opened.soda_url, page_size=PAGE_OF_MANY)
            progress = etl_context.progress if etl_context is not None else None
            return extract_whole(chosen, PROCESSES, many, now=now_in_utc(), progress=progress)
        return extract_loan(chosen, PROCESSES, SodaClient(http=http, base_url=opened.soda_url), now=now_in_utc())
