"""Places for live views: who has hung up makes room, those who look keep theirs, and event streams have their own."""

import asyncio

import pytest

from orchestrator.web import news as news_module
from orchestrator.web.news import News
from orchestrator.web.ui import live as live_module
from orchestrator.web.ui.live import Live, View


class NoHouse:
    """Nothing is read from it in these tests."""


def view(key):
    return View(key=key, render=lambda: key, wanted=lambda _placed: True, new_executions=True)


async def may_hear():
    return True


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setattr(live_module, "MOST_VIEWS", 3)
    return Live(news=News(house=NoHouse()))


def test_views_that_nobody_looks_at_any_more_make_room_the_oldest_first(live):
    async def look():
        streams = {key: live.stream(view(key), may_hear) for key in "abc"}
        streams["b"]._leave()  # its reader has gone
        streams["c"]._leave()
        fourth = live.stream(view("d"), may_hear)
        shown = list(live._shown)
        await asyncio.sleep(0.05)
        return fourth, shown, list(live._shown)

    fourth, shown, later = asyncio.run(look())

    assert fourth is not None
    assert shown == ["a", "c", "d"]
    assert later == shown


def test_views_that_are_looked_at_keep_their_places(live):
    async def look():
        kept = [live.stream(view(key), may_hear) for key in "abc"]
        return kept, live.stream(view("d"), may_hear), live.stream(view("a"), may_hear)

    kept, fourth, again = asyncio.run(look())

    assert all(one is not None for one in kept)
    assert fourth is None
    assert again is not None


def test_views_take_no_places_from_streams_of_events(live, monkeypatch):
    monkeypatch.setattr(news_module, "MOST_LISTENERS", 1)

    async def look():
        for key in "abc":
            live.stream(view(key), may_hear)
        first = live.news.listen(lambda _placed: True, 0)
        second = live.news.listen(lambda _placed: True, 0)
        return first, second, live.news.listening

    first, second, listening = asyncio.run(look())

    assert first is not None
    assert second is None
    assert listening == 1


def test_a_view_is_rendered_again_when_something_rings_for_more_than_events(live):
    rendered = []

    def render():
        rendered.append(1)
        return str(len(rendered))

    async def look():
        live.news._loop = asyncio.get_running_loop()
        live.stream(View(key="a", render=render, wanted=lambda _placed: False, new_executions=True), may_hear)
        await asyncio.sleep(live_module.BREATH + 0.2)
        before = len(rendered)
        live.news.ring()
        await asyncio.sleep(0.3)
        return before

    before = asyncio.run(look())

    assert (before, len(rendered)) == (1, 2)
