import pytest

from orchestrator.executors.calling import Target, fit_arguments
from orchestrator.executors.lookup import Refused
from orchestrator.executors.progress import Progress, silence


def arguments_of(function, target):
    return fit_arguments(function, target, Progress(silence, print))


def target_with(**parameters):
    return Target(
        module_path="m",
        function_name="main",
        parameters=parameters,
        search_path=(),
        allowed_modules=(),
        execution_id="20260101_000000",
        task_id="load",
        index=2,
        number=3,
    )


def test_parameters_are_passed_as_they_are():
    def main(*, source, target="x"): ...

    assert arguments_of(main, target_with(source="s")) == {"source": "s"}


def test_what_does_not_fit_is_named_all_at_once():
    def main(*, source, target, year=2025): ...

    with pytest.raises(Refused) as caught:
        arguments_of(main, target_with(sorce="s", yaer=1))

    outcome = caught.value.outcome
    assert outcome.error_type == "signature_error"
    assert "missing: source, target" in outcome.message
    assert "unknown: sorce, yaer" in outcome.message
    assert "main(*, source, target, year=2025)" in outcome.message


def test_a_positional_only_parameter_cannot_be_given_by_name():
    def main(source, /): ...

    with pytest.raises(Refused):
        arguments_of(main, target_with(source="s"))


def test_the_context_is_given_to_those_who_ask_and_names_the_attempt():
    def main(*, etl_context): ...

    context = arguments_of(main, target_with())["etl_context"]

    assert (context.execution_id, context.task_id, context.attempt) == ("20260101_000000", "load", 3)
    assert context.attempt_key == "20260101_000000/load[2]/3"


def test_a_function_that_takes_anything_is_not_given_a_context_it_did_not_name():
    def main(**anything): ...

    assert arguments_of(main, target_with(a=1)) == {"a": 1}


def test_a_function_without_a_readable_signature_is_left_to_the_call():
    assert arguments_of(dict, target_with(a=1)) == {"a": 1}
