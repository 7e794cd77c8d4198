"""The folder of the state is for its owner alone (S8)."""

import os

import pytest

from tests.integration.going_on_subjects import Home, chain

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720, 0o702])
def test_a_state_folder_that_others_may_write_into_is_not_used(tmp_path, mode):
    home = Home(tmp_path, *chain("a"))
    folder = tmp_path / ".orchestrator"
    folder.mkdir()
    folder.chmod(mode)

    refused = home.etl("run", "--all")
    folder.chmod(0o755)
    accepted = home.etl("run", "--all")

    assert refused.returncode == 5
    assert "chmod go-w" in refused.stderr
    assert home.started == ["a"]
    assert accepted.returncode == 0


@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="only root can give a folder away")
def test_a_state_folder_of_another_user_is_not_used(tmp_path):
    home = Home(tmp_path, *chain("a"))
    folder = tmp_path / ".orchestrator"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, -1)

    refused = home.etl("run", "--all")

    assert refused.returncode == 5
    assert "belongs to another user" in refused.stderr
    assert home.started == []
