"""Which token opens what."""

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.core.errors import UsageError
from orchestrator.core.storing import Token
from orchestrator.core.tasks import Registry
from orchestrator.operations.parts import Parts
from orchestrator.operations.tokens import Role, bearer_of, create_token, hash_of, revoke_token, tokens
from orchestrator.stores.memory import MemoryStore

NOW = datetime(2025, 4, 1, tzinfo=UTC)


def kept(text="t", **facts):
    return Token(**{"name": "n", "role": "run", "sha256": hash_of(text), "created_at": NOW, **facts})


def parts():
    return Parts(Registry(), store=MemoryStore())


def test_a_token_in_use_opens_what_its_role_holds():
    bearer = bearer_of("t", [kept("other"), kept()], [], NOW)

    assert bearer is not None
    assert (bearer.name, bearer.role) == ("n", Role.RUN)


@pytest.mark.parametrize("facts", [{"revoked_at": NOW}, {"expires_at": NOW}, {"sha256": hash_of("u")}])
def test_a_revoked_an_expired_and_another_token_open_nothing(facts):
    assert bearer_of("t", [kept(**facts)], [], NOW) is None


def test_the_servers_own_token_opens_everything():
    bearer = bearer_of("own", [kept()], [hash_of("own")], NOW)

    assert bearer is not None
    assert bearer.role is Role.ADMIN


def test_a_token_is_shown_once_and_only_its_hash_is_kept():
    house = parts()

    text = create_token(house, "lectora", "read", valid_for=timedelta(days=1))

    (stored,) = tokens(house)
    assert len(text) > 40
    assert text not in repr(stored)
    assert stored.sha256 == hash_of(text)
    assert bearer_of(text, tokens(house), [], stored.created_at) is not None
    assert bearer_of(text, tokens(house), [], stored.created_at + timedelta(days=2)) is None


def test_a_name_may_be_used_again_once_its_token_is_revoked():
    house = parts()
    first = create_token(house, "n", "read")
    revoke_token(house, "n")

    second = create_token(house, "n", "admin")

    now = datetime.now(UTC)
    assert bearer_of(first, tokens(house), [], now) is None
    assert bearer_of(second, tokens(house), [], now) is not None


@pytest.mark.parametrize(("name", "role"), [("", "read"), ("a b", "read"), ("x" * 65, "read"), ("a", "root")])
def test_a_name_or_a_role_that_cannot_be_is_refused(name, role):
    with pytest.raises(UsageError):
        create_token(parts(), name, role)
