import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.errors import UsageError
from orchestrator.core.parameters import bind_parameters, fill_templates, fits, names_used, parse_parameter
from orchestrator.core.tasks import ParameterType, Workflow, WorkflowParameter

FACTS = {"params.year": 2025, "params.flags": {"dry": True}, "env.CITY": "Cali", "execution.id": "20250401_120000"}


def declared(kind: str, **fields) -> WorkflowParameter:
    return WorkflowParameter(name="x", type=ParameterType(kind), **fields)


def workflow_with(**parameters: WorkflowParameter) -> Workflow:
    return Workflow(workflow_id="w", parameters=parameters)


# --- types -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("string", "2025", "2025"),
        ("string", "", ""),
        ("integer", "2025", 2025),
        ("integer", " -7 ", -7),
        ("integer", 0, 0),
        ("number", "2.5", 2.5),
        ("number", "3", 3),
        ("number", 2.5, 2.5),
        ("boolean", "true", True),
        ("boolean", "NO", False),
        ("boolean", "sí", True),
        ("boolean", False, False),
        ("date", "2025-04-01", "2025-04-01"),
    ],
)
def test_a_value_is_read_as_the_declared_type(kind, given, value):
    parsed = parse_parameter(declared(kind), given)

    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("string", 5),
        ("string", None),
        ("integer", "2.5"),
        ("integer", "dos"),
        ("integer", 2.5),
        ("integer", True),
        ("integer", "9" * 400),
        ("number", "1e5"),
        ("number", "nan"),
        ("number", False),
        ("boolean", "maybe"),
        ("boolean", 1),
        ("date", "2025-02-30"),
        ("date", "01/04/2025"),
        ("date", 20250401),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_name_type_and_value(kind, given):
    with pytest.raises(UsageError, match=f"parameter 'x' must be of type {kind}, not"):
        parse_parameter(declared(kind), given)


@pytest.mark.parametrize(
    ("kind", "value", "as_it_is"),
    [("integer", 5, True), ("integer", "5", False), ("date", "2025-04-01", True), ("string", "a", True)],
)
def test_a_default_must_be_of_its_type_without_any_reading(kind, value, as_it_is):
    answer = fits(ParameterType(kind), value)

    assert answer is as_it_is


# --- binding ---------------------------------------------------------------------------------------------------------


def test_what_is_given_counts_and_defaults_fill_the_rest():
    workflow = workflow_with(year=declared("integer", default=2024), month=declared("integer", default=None))

    bound = bind_parameters(workflow, {"year": "2025"})

    assert bound == {"year": 2025, "month": None}


def test_a_parameter_that_the_workflow_does_not_declare_is_refused_with_those_it_does():
    with pytest.raises(UsageError, match="workflow 'w' has no parameter 'yaer'; it declares: year"):
        bind_parameters(workflow_with(year=declared("integer", default=1)), {"yaer": "2025"})


def test_a_required_parameter_that_is_missing_is_refused_with_the_way_to_give_it():
    with pytest.raises(UsageError, match="needs parameter 'year': --param year=VALUE"):
        bind_parameters(workflow_with(year=declared("integer", required=True)), {})


# --- templates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${params.year}", 2025),
        ("${ params.year }", 2025),
        ("${params.flags}", {"dry": True}),
        ("y=${params.year}", "y=2025"),
        ("${env.CITY}/${params.year}", "Cali/2025"),
        ("$${params.year}", "${params.year}"),
        ("a $${ b ${env.CITY}", "a ${ b Cali"),
        ("$5 and {x} and ${open", "$5 and {x} and ${open"),
        ("", ""),
    ],
)
def test_a_template_that_stands_alone_keeps_its_type_and_inside_a_text_becomes_text(text, filled):
    value = fill_templates(text, FACTS)

    assert value == filled
    assert type(value) is type(filled)


def test_templates_are_filled_at_any_depth_and_keys_are_left_alone():
    value = {"${params.year}": ["${params.year}", {"deep": "${env.CITY}"}, 7, None, True]}

    filled = fill_templates(value, FACTS)

    assert filled == {"${params.year}": [2025, {"deep": "Cali"}, 7, None, True]}


def test_what_a_template_brings_in_is_never_filled_again():
    filled = fill_templates("${params.x}", {"params.x": "${env.SECRET}", "env.SECRET": "boo"})

    assert filled == "${env.SECRET}"


@pytest.mark.parametrize("text", ["${params.yaer}", "${}", "a ${tasks.x.output} b"])
def test_a_name_without_a_value_is_refused_with_the_known_ones_but_never_the_environment(text):
    with pytest.raises(
        UsageError, match=r"has no value here; known: execution\.id, params\.flags, params\.year"
    ) as caught:
        fill_templates(text, FACTS)

    assert "CITY" not in str(caught.value)


def test_names_are_found_wherever_they_are_used_and_escaped_ones_are_not():
    names = names_used({"a": ["${params.x}", "-${ env.Y }-"], "b": "$${no}", "c": 3})

    assert names == {"params.x", "env.Y"}


@given(st.text())
def test_an_escaped_text_comes_out_as_it_went_in(text):
    escaped = text.replace("${", "$${")

    filled = fill_templates(escaped, {})

    assert filled == text
