import decimal

import pytest

from orchestrator.executors.progress import Progress


class Heard:
    """Takes what a Progress tells and logs, under a clock that is turned by hand."""

    def __init__(self):
        self.now = 100.0
        self.told, self.logged = [], []
        self.progress = Progress(lambda *word: self.told.append(word), self.logged.append, clock=lambda: self.now)


def test_of_a_thousand_words_in_a_second_ten_are_told_the_last_always_and_one_is_logged():
    heard = Heard()

    for number in range(1000):
        heard.now = 100.0 + number / 1000
        heard.progress.say(number, 1000)
    heard.progress.settle()

    assert 10 <= len(heard.told) <= 12
    assert heard.told[0] == (0, 1000)
    assert heard.told[-1] == (999, 1000)
    assert heard.logged == ["progress: 0 of 1000"]


def test_what_was_told_is_not_told_again_at_the_end():
    heard = Heard()

    heard.progress.say(1)
    heard.progress.settle()
    heard.progress.settle()

    assert heard.told == [(1, None)]


def test_every_second_a_line_is_logged():
    heard = Heard()

    for second in range(3):
        heard.now = 100.0 + second
        heard.progress.say(second, 2.5)

    assert heard.logged == ["progress: 0 of 2.5", "progress: 1 of 2.5", "progress: 2 of 2.5"]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "5", b"5", True, 10**400, 1j, [1], None])
def test_what_is_no_finite_number_is_refused_by_name(bad):
    heard = Heard()

    with pytest.raises(ValueError, match="`done` must be a finite number"):
        heard.progress.say(bad, 10)

    assert heard.told == []


def test_a_total_that_is_no_number_is_refused_by_name():
    heard = Heard()

    with pytest.raises(ValueError, match="`total` must be a finite number"):
        heard.progress.say(1, "many")

    assert heard.logged == []


def test_whatever_can_be_a_float_is_a_number():
    heard = Heard()

    heard.progress.say(decimal.Decimal("1.5"), 3)

    assert heard.told == [(1.5, 3.0)]
