# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation of users of a real Redis, and of the AUTH token of a group that a real Redis stands in for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._rotation.redis_acl_user import AclUser
from ansible_collections.slipway.aws.plugins.module_utils._rotation.redis_auth import Auth
from ansible_collections.slipway.aws.plugins.module_utils._rotation.strategy import Context, RotationError
from real_servers.redis import Redis

from .ecs import control
from .harness import Aws

APP, FIRST = "app", "the-first-password-of-the-app"
GROUP, SECRET, TOKEN = "uex-redis", "uex/redis", "the-first-token-of-the-group"


@pytest.fixture
def cache(redis_server: Redis) -> Iterator[Redis]:
    """A Redis with a user, and nothing left of it for the next test."""
    redis_server.run("ACL", "SETUSER", APP, "reset", "on", f">{FIRST}", "~*", "+@read", "+ping")
    yield redis_server
    redis_server.run("ACL", "DELUSER", APP)
    redis_server.run("ACL", "SETUSER", "default", "on", "resetpass", "nopass", "~*", "&*", "+@all")


def value(cache: Redis, **fields: Any) -> str:
    return json.dumps({"username": APP, "password": FIRST, "host": cache.host, "port": cache.port, **fields})


def user(cache: Redis, secret: str, **options: Any) -> AclUser:
    """The strategy for the user, with what the engine gives it."""
    admin = json.dumps({"username": cache.admin, "password": cache.admin_password})
    context = Context(
        client=lambda *_args, **_kwargs: pytest.fail("no call of AWS is needed"),
        read_secret={"admin": admin, "itself": secret}.__getitem__,
        say=lambda _line: None,
        sleep=lambda _seconds: None,
    )
    strategy = AclUser({"ca_file": cache.ca_file, "admin_secret": "admin", **options}, context)
    assert strategy.problems() == []
    return strategy


def passwords(cache: Redis, *values: str) -> list[bool]:
    fields = [json.loads(secret) for secret in values]
    return [cache.accepts(found["username"], found["password"]) for found in fields]


def test_both_passwords_of_a_user_are_valid_until_the_old_one_is_retired(cache: Redis) -> None:
    first = value(cache, url=f"rediss://{APP}:{FIRST}@{cache.host}:{cache.port}/0")
    strategy = user(cache, first)
    second = strategy.create(first)
    strategy.set(first, second)
    strategy.set(first, second)
    strategy.test(second)
    assert passwords(cache, first, second) == [True, True]
    strategy.retire(first, second)
    strategy.retire(first, second)
    assert passwords(cache, first, second) == [False, True]
    fields = json.loads(second)
    assert fields["url"] == f"rediss://{APP}:{fields['password']}@{cache.host}:{cache.port}/0"
    # The rest of the user is as it was.
    assert "+@read" in dict(cache.run("ACL", "GETUSER", APP))["commands"]


def test_a_user_is_put_back(cache: Redis) -> None:
    first = value(cache)
    strategy = user(cache, first)
    second = strategy.create(first)
    strategy.set(first, second)
    strategy.undo(first, second)
    # Somebody may have the second one; the engine retires it when nobody has.
    assert passwords(cache, first, second) == [True, True]
    strategy.retire(first, second)
    strategy.undo(first, second)
    assert passwords(cache, first, second) == [True, True]


def test_a_user_that_may_changes_itself(cache: Redis) -> None:
    cache.run("ACL", "SETUSER", APP, "+acl")
    first = value(cache)
    strategy = user(cache, first, admin_secret=None)
    second = strategy.create(first)
    strategy.set(first, second)
    strategy.retire(first, second)
    strategy.undo(first, second)
    assert passwords(cache, first, second) == [True, True]


def test_other_passwords_of_a_user_are_left_alone(cache: Redis) -> None:
    cache.run("ACL", "SETUSER", APP, ">of-somebody-else")
    first = value(cache)
    strategy = user(cache, first)
    second = strategy.create(first)
    strategy.set(first, second)
    strategy.retire(first, second)
    assert cache.accepts(APP, "of-somebody-else")


def test_a_secret_that_is_only_a_password(cache: Redis) -> None:
    strategy = user(cache, FIRST, username=APP, host=cache.host, port=cache.port)
    second = strategy.create(FIRST)
    strategy.set(FIRST, second)
    strategy.test(second)
    strategy.retire(FIRST, second)
    assert [cache.accepts(APP, FIRST), cache.accepts(APP, second)] == [False, True]


@pytest.mark.parametrize(
    ("options", "fields", "cause"),
    [
        ({"ca_file": None}, {}, "CERTIFICATE_VERIFY_FAILED"),
        ({"host": "127.0.0.1"}, {}, "CERTIFICATE_VERIFY_FAILED"),
        ({"tls": "off", "ca_file": None}, {}, "onnection"),
        ({"port": 1}, {}, "refused"),
        ({}, {"username": "nobody"}, "no user nobody"),
        ({"admin_secret": None}, {"password": "wrong"}, "invalid username-password"),
        ({"admin_secret": None}, {}, "permissions to run the 'acl"),
        ({"admin_secret": "itself"}, {}, "permissions to run the 'acl"),
    ],
)
def test_what_is_in_the_way_is_said(cache: Redis, options: Any, fields: Any, cause: str) -> None:
    first = value(cache, **fields)
    strategy = user(cache, first, **options)
    with pytest.raises(RotationError) as failure:
        strategy.set(first, strategy.create(first))
    assert cause in failure.value.cause


def test_a_user_without_password_has_none_to_rotate(cache: Redis) -> None:
    cache.run("ACL", "SETUSER", APP, "nopass")
    first = value(cache)
    strategy = user(cache, first)
    with pytest.raises(RotationError, match="nopass"):
        strategy.set(first, strategy.create(first))


def test_no_password_is_in_what_redis_writes_down(cache: Redis) -> None:
    first = value(cache)
    strategy = user(cache, first)
    second = strategy.create(first)
    strategy.set(first, second)
    strategy.test(second)
    strategy.retire(first, second)
    written = [cache.log.read_text(encoding="utf-8"), repr(cache.run("SLOWLOG", "GET", "-1"))]
    assert "SETUSER" in written[1]
    assert [text for text in written if json.loads(second)["password"] in text or FIRST in text] == []


class Group:
    """A replication group with an AUTH token in a secret, and a strategy for it."""

    def __init__(self, aws: Aws, cache: Redis) -> None:
        self.aws, self.cache = aws, cache
        self.secrets, self.api = aws.client("secretsmanager"), aws.client("elasticache")
        self.arn = self.secrets.create_secret(Name=SECRET, SecretString=TOKEN)["ARN"]
        self.api.create_replication_group(
            ReplicationGroupId=GROUP,
            ReplicationGroupDescription="x",
            Engine="redis",
            CacheNodeType="cache.t3.micro",
            TransitEncryptionEnabled=True,
            AuthToken=TOKEN,
        )
        admin = {"user": cache.admin, "password": cache.admin_password, "ca_file": cache.ca_file}
        place = {"host": cache.host, "port": cache.port, "account": aws.account_id, "region": aws.region}
        control(aws, "servers", replication_group=GROUP, admin=admin, **place)
        self.api.get_waiter("replication_group_available").wait(
            ReplicationGroupId=GROUP, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
        )

    def options(self) -> dict[str, Any]:
        """Where the controller can log in too."""
        return {"host": self.cache.host, "port": self.cache.port, "ca_file": self.cache.ca_file}

    def strategy(self, **options: Any) -> Auth:
        context = Context(
            client=lambda service, **_where: self.aws.client(service),
            read_secret=lambda _name: pytest.fail("no other secret is needed"),
            say=lambda _line: None,
        )
        strategy = Auth({"replication_group_id": GROUP, **options}, context)
        strategy.entry = {"ARN": self.arn}
        assert strategy.problems() == []
        return strategy

    def pend(self, pending: str) -> None:
        self.secrets.put_secret_value(SecretId=SECRET, SecretString=pending, VersionStages=["AWSPENDING"])

    def accepted(self, *tokens: str) -> list[bool]:
        return [self.cache.accepts(None, token) for token in tokens]

    def sent(self) -> int:
        return self.aws.calls().count("elasticache:ModifyReplicationGroup")


@pytest.fixture
def group(aws: Aws, cache: Redis) -> Iterator[Group]:
    yield Group(aws, cache)
    control(aws, "servers", "DELETE")


def test_two_tokens_are_valid_until_the_old_one_is_retired(group: Group) -> None:
    strategy = group.strategy(**group.options())
    second = strategy.create(TOKEN)
    assert len(second) == 64
    group.pend(second)
    strategy.set(TOKEN, second)
    strategy.test(second)
    assert group.accepted(TOKEN, second) == [True, True]
    strategy.retire(TOKEN, second)
    assert group.accepted(TOKEN, second) == [False, True]


def test_a_killed_run_sends_no_token_twice(group: Group) -> None:
    """A second ROTATE could drop the token that is in use."""
    second = group.strategy().create(TOKEN)
    group.pend(second)
    for _run in range(2):
        strategy = group.strategy()
        strategy.set(TOKEN, second)
        strategy.test(second)
        assert group.accepted(TOKEN, second) == [True, True]
    assert group.sent() == 1
    for _run in range(2):
        group.strategy().retire(TOKEN, second)
        assert group.accepted(TOKEN, second) == [False, True]


def test_a_token_is_put_back_and_stays_when_the_next_one_comes(group: Group) -> None:
    strategy = group.strategy()
    second, third = strategy.create(TOKEN), strategy.create(TOKEN)
    group.pend(second)
    strategy.undo(TOKEN, second)
    assert group.sent() == 0
    strategy.set(TOKEN, second)
    strategy.undo(TOKEN, second)
    assert group.accepted(TOKEN, second) == [True, True]
    strategy.retire(second, TOKEN)
    assert group.accepted(TOKEN, second) == [True, False]
    group.pend(third)
    strategy.set(TOKEN, third)
    assert group.accepted(TOKEN, third) == [True, True]


def test_what_elasticache_refuses_is_said_in_its_words(group: Group) -> None:
    strategy = group.strategy(generate=[{"length": 32, "characters": "/@"}])
    pending = strategy.create(TOKEN)
    group.pend(pending)
    with pytest.raises(RotationError, match="Invalid AuthToken provided"):
        strategy.set(TOKEN, pending)
    with pytest.raises(RotationError, match="there is no replication group nowhere"):
        group.strategy(replication_group_id="nowhere").set(TOKEN, pending)
    too_short = Auth({"replication_group_id": GROUP, "generate": [{"length": 12}]}, strategy.context)
    assert "16 to 128" in too_short.problems()[0]


def test_a_token_that_does_not_log_in_is_found(group: Group) -> None:
    with pytest.raises(RotationError, match="invalid username-password") as failure:
        group.strategy(**group.options()).test("not-the-token-of-the-group")
    assert failure.value.step == "test"
