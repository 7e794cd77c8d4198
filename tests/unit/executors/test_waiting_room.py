import pytest

from orchestrator.core.identity import AttemptKey, TaskRunKey
from orchestrator.core.ports import Call
from orchestrator.executors.waiting_room import WaitingRoom


def call_number(number):
    key = AttemptKey(run=TaskRunKey(execution_id="20260101_000000", task_id="t"), number=number)
    return Call(attempt=key, module_path="m", function_name="f")


@pytest.fixture
def begun():
    return []


@pytest.fixture
def room(begun):
    return WaitingRoom(2, lambda call: begun.append(call.attempt.number))


def test_calls_begin_in_turn_and_never_more_than_there_is_room(room, begun):
    for number in range(1, 5):
        room.enter(call_number(number))
    before = list(begun)

    room.leave(call_number(1).attempt)

    assert before == [1, 2]
    assert begun == [1, 2, 3]


def test_a_call_may_be_withdrawn_until_it_begins(room, begun):
    for number in range(1, 4):
        room.enter(call_number(number))

    withdrawn = [room.withdraw(call_number(number).attempt) for number in (1, 3, 3, 9)]
    room.leave(call_number(1).attempt)

    assert withdrawn == [False, True, False, False]
    assert begun == [1, 2]


def test_the_room_can_be_emptied_of_those_that_wait(room, begun):
    for number in range(1, 5):
        room.enter(call_number(number))

    waiting = room.empty()
    room.leave(call_number(1).attempt)

    assert [attempt.number for attempt in waiting] == [3, 4]
    assert begun == [1, 2]


def test_an_attempt_enters_once(room):
    room.enter(call_number(1))

    with pytest.raises(ValueError, match="under way"):
        room.enter(call_number(1))


def test_a_call_that_ends_while_it_begins_makes_room_for_the_next():
    begun = []

    def begin(call):
        begun.append(call.attempt.number)
        if call.attempt.number == 1:
            room.leave(call.attempt)

    room = WaitingRoom(1, begin)
    room.enter(call_number(1))
    room.enter(call_number(2))

    assert begun == [1, 2]
