"""What another try cannot mend is tried once."""

import json

import pytest

from tests.integration.going_on_subjects import Home


@pytest.mark.parametrize(
    ("surroundings", "said"),
    [({"ETL_GATE": "quizás"}, "ETL_GATE"), ({}, "etl run --tasks transform_procesos_secop")],
)
def test_wrong_settings_and_missing_inputs_are_not_tried_again(tmp_path, surroundings, said):
    home = Home(tmp_path)
    task = {
        "task_id": "load",
        "module_path": "load_app.data_loading",
        "function_name": "main",
        "retry_count": 2,
        "retry_delay": 0.1,
        "no_retry_on": ["Unmendable"],
    }
    (tmp_path / "config.json").write_text(json.dumps({"tasks": [task]}), encoding="utf-8")

    ran = home.etl("run", "--all", **surroundings)

    result = home.report()["results"]["load"]
    assert ran.returncode == 1
    assert said in result["error"]
    assert len(result["attempts"]) == 1
