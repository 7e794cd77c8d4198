"""The local stand-in for the portal, asked over real HTTP."""

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from demo_city.faults import Faults, LyingCount, Nonsense, Refusal, Stall, TokenNeeded, Truncation
from demo_city.soda_server import BUDGET_PAGE, serve_folder
from etl_kit.errors import UnreadableInput

CONTRACTS = "/resource/jbjy-vk9h.json"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secop").mkdir()
    rows = [{"id_contrato": f"C{number:03d}", "valor": str(number)} for number in range(60)]
    (tmp_path / "secop" / "contratos_jbjy-vk9h.json").write_text(json.dumps(rows))
    (tmp_path / "ejecucion_presupuestal").mkdir()
    (tmp_path / "ejecucion_presupuestal" / "4. Abril 2025.csv").write_bytes(b"\xef\xbb\xbfcontenido")
    return tmp_path


def get(url, path=CONTRACTS, timeout=5.0, **asked):
    with httpx2.Client(trust_env=False, timeout=timeout) as client:
        return client.get(f"{url}{path}", **asked)


def test_a_query_is_answered_as_the_portal_would(folder):
    asked = {"$where": "valor >= 50 AND id_contrato LIKE 'C05%'", "$order": "valor DESC", "$limit": "2", "$offset": "1"}

    with serve_folder(folder) as url:
        answer = get(url, params=asked)

    assert answer.status_code == 200
    assert answer.json() == [{"id_contrato": "C058", "valor": "58"}, {"id_contrato": "C057", "valor": "57"}]


def test_a_bad_query_gets_status_400_and_a_code(folder):
    with serve_folder(folder) as url:
        answer = get(url, params={"$where": "valor = "})

    assert answer.status_code == 400
    assert answer.json()["code"] == "query.compiler.malformed"
    assert answer.json()["error"] is True


def test_an_unknown_dataset_gets_status_404(folder):
    with serve_folder(folder) as url:
        answers = [get(url, "/resource/aaaa-aaaa.json"), get(url, "/resource/p6dx-8zbt.json")]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_an_address_that_is_too_long_is_refused(folder):
    with serve_folder(folder) as url:
        answer = get(url, params={"$where": "id_contrato = '" + "x" * 9000 + "'"})

    assert answer.status_code == 414


def test_several_clients_are_served_at_once(folder):
    with serve_folder(folder) as url, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: get(url, params={"valor": str(number)}).json(), range(24)))

    assert [answer[0]["id_contrato"] for answer in answers] == [f"C{number:03d}" for number in range(24)]


def test_the_page_links_to_the_files_and_an_unchanged_one_is_not_sent_again(folder):
    with serve_folder(folder) as url:
        page = get(url, BUDGET_PAGE).text
        path = re.search(r'href="(/documentos/[^"]+)"', page)[1]
        first = get(url, path)
        again = get(url, path, headers={"If-None-Match": first.headers["ETag"]})

    assert "Vigencia 2025" in page
    assert first.content == b"\xef\xbb\xbfcontenido"
    assert "Last-Modified" in first.headers
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/documentos/..%2fsecop%2fcontratos_jbjy-vk9h.json", "/documentos/", "/documentos/no.csv"]
)
def test_nothing_but_the_listed_files_is_given_out(folder, path):
    with serve_folder(folder) as url:
        answer = get(url, path)

    assert answer.status_code == 404


def test_a_file_that_holds_no_rows_is_refused_by_name_at_the_start(folder):
    (folder / "secop" / "contratos_jbjy-vk9h.json").write_text('{"error": true}')

    with pytest.raises(UnreadableInput, match="contratos_jbjy-vk9h"), serve_folder(folder):
        pass


def test_a_damaged_file_of_another_dataset_does_no_harm(folder):
    (folder / "secop" / "procesos_p6dx-8zbt.json").write_text("<html>")

    with serve_folder(folder, datasets=["jbjy-vk9h"]) as url:
        answer = get(url, params={"$select": "count(*)"})

    assert answer.json() == [{"count": "60"}]


def test_a_fault_strikes_as_often_as_it_is_told_to(folder):
    faults = Faults(Refusal(status=429, retry_after="3", times=2), Refusal(status=503, part="valor"))

    with serve_folder(folder, faults=faults) as url:
        answers = [get(url, params={"$where": "valor=1"}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [429, 429, 503, 200]
    assert answers[0].headers["Retry-After"] == "3"
    assert len(faults.requests) == 4


def test_a_body_can_be_cut_short(folder):
    with serve_folder(folder, faults=Faults(Truncation())) as url, pytest.raises(httpx2.RemoteProtocolError):
        get(url)


def test_a_page_of_maintenance_can_come_in_place_of_data(folder):
    with serve_folder(folder, faults=Faults(Nonsense())) as url:
        answer = get(url)

    assert answer.status_code == 200
    assert answer.text.startswith("<html>")


def test_a_count_can_lie(folder):
    with serve_folder(folder, faults=Faults(LyingCount(by=-2))) as url:
        answers = [get(url, params={"$select": "count(*)"}).json() for _ in range(2)]

    assert answers == [[{"count": "58"}], [{"count": "60"}]]


def test_a_token_can_be_needed(folder):
    with serve_folder(folder, faults=Faults(TokenNeeded(token="abc"))) as url:
        answers = [get(url), get(url, headers={"X-App-Token": "no"}), get(url, headers={"X-App-Token": "abc"})]

    assert [answer.status_code for answer in answers] == [403, 403, 200]


def comes_back_to(before):
    """Whether the number of threads falls to `before` within 5 s."""
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    return threading.active_count() == before


def test_the_server_stops_at_once_even_while_it_stalls(folder):
    before = threading.active_count()
    started = time.monotonic()

    with serve_folder(folder, faults=Faults(Stall(seconds=60))) as url, pytest.raises(httpx2.ReadTimeout):
        get(url, timeout=0.2)

    assert time.monotonic() - started < 5
    assert comes_back_to(before)


def test_after_the_end_nothing_listens_and_no_thread_is_left_though_a_client_stays_connected(folder):
    before = threading.active_count()

    with httpx2.Client(trust_env=False) as client:
        with serve_folder(folder) as url:
            client.get(f"{url}{CONTRACTS}")
            inside = threading.active_count()
        ended = comes_back_to(before)

    with pytest.raises(httpx2.ConnectError):
        get(url)
    assert inside > before
    assert ended
