# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers in the place of simulated ones: passwords change there when the simulated AWS applies them."""

from __future__ import annotations

import json
import time
import urllib.error
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from harness import Server
from test_secretsmanager_rotation import NAME, Rotation

Clients = Callable[..., Any]
FIRST, SECOND, THIRD = ("first-long-token", "second-long-token", "third-long-token")


def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens without any request."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


@pytest.fixture
def master(postgres: Any) -> Any:
    name = f"uex_{uuid.uuid4().hex[:8]}"
    yield name
    postgres.drop(name)


def attach_postgres(server: Server, postgres: Any) -> None:
    admin = {"user": postgres.superuser, "password": postgres.superuser_password, "ca_file": postgres.ca_file}
    body = {"db_instance": "main", "host": postgres.host, "port": postgres.port, "admin": admin}
    assert postgres.superuser_password not in json.dumps(server.control("servers", body))
    assert postgres.superuser_password not in json.dumps(server.control("servers", method="GET"))


def create_instance(rds: Any, master: str, **options: Any) -> dict[str, Any]:
    return rds.create_db_instance(
        DBInstanceIdentifier="main",
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername=master,
        **options,
    )["DBInstance"]


def test_a_database_takes_the_master_password(server: Server, aws: Clients, postgres: Any, master: str) -> None:
    rds = aws("rds")
    create_instance(rds, master, MasterUserPassword="the-first-one")
    attach_postgres(server, postgres)
    instance = rds.describe_db_instances()["DBInstances"][0]
    assert (instance["Endpoint"]["Address"], instance["Endpoint"]["Port"]) == (postgres.host, postgres.port)
    assert postgres.accepts(master, "the-first-one")
    server.control("ecs/clock", {"paused": True})
    rds.modify_db_instance(DBInstanceIdentifier="main", MasterUserPassword="the-second-one")
    server.control("ecs/clock", {"advance": 34})
    assert postgres.accepts(master, "the-first-one")
    server.control("ecs/clock", {"paused": False})
    # No request comes, and it happens all the same.
    until(lambda: postgres.accepts(master, "the-second-one"))
    assert not postgres.accepts(master, "the-first-one")
    assert "the-second-one" not in postgres.log.read_text(encoding="utf-8", errors="replace")


def test_a_managed_password_is_the_databases(server: Server, aws: Clients, postgres: Any, master: str) -> None:
    attach_postgres(server, postgres)
    rds, secrets = aws("rds"), aws("secretsmanager")
    secret = create_instance(rds, master, ManageMasterUserPassword=True)["MasterUserSecret"]["SecretArn"]

    def password(stage: str = "AWSCURRENT") -> str:
        value = secrets.get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"]
        return json.loads(value)["password"]

    first = password()
    assert postgres.accepts(master, first)
    rds.modify_db_instance(DBInstanceIdentifier="main", RotateMasterUserPassword=True, ApplyImmediately=True)
    until(lambda: password() != first)
    assert postgres.accepts(master, password())
    assert not postgres.accepts(master, first)


def test_a_rotation_function_changes_the_database(server: Server, postgres: Any, master: str) -> None:
    attach_postgres(server, postgres)
    rotation = Rotation(server)
    value = {"username": master, "password": FIRST, "host": postgres.host, "port": postgres.port}
    rotation.secrets.put_secret_value(SecretId=NAME, SecretString=json.dumps(value))
    postgres.master(master, FIRST)
    # The test step really logs in: the server does not take what was not set there.
    rotation.tell(seconds={"testSecret": 10}, times=1)
    new = rotation.start()
    rotation.advance(5)
    assert postgres.accepts(master, rotation.password("AWSPENDING"))
    postgres.run(f"ALTER ROLE {master} PASSWORD 'something else'")
    rotation.advance(20)
    assert rotation.steps()[-1] == ("testSecret", "failed", new)
    assert rotation.rotate(ClientRequestToken=new)["VersionId"] == new
    rotation.advance(8)
    assert rotation.steps()[-1] == ("finishSecret", "succeeded", new)
    assert postgres.accepts(master, rotation.password())
    assert not postgres.accepts(master, FIRST)


def test_a_cache_takes_the_auth_tokens(server: Server, aws: Clients, redis_server: Any) -> None:
    cache = aws("elasticache")
    cache.create_replication_group(
        ReplicationGroupId="redis",
        ReplicationGroupDescription="x",
        Engine="redis",
        CacheNodeType="cache.t3.micro",
        TransitEncryptionEnabled=True,
        AuthToken=FIRST,
    )
    admin = {"user": redis_server.admin, "password": redis_server.admin_password, "ca_file": redis_server.ca_file}
    place = {"host": redis_server.host, "port": redis_server.port, "admin": admin}
    server.control("servers", {"replication_group": "redis", **place})
    group = cache.describe_replication_groups()["ReplicationGroups"][0]
    assert group["NodeGroups"][0]["PrimaryEndpoint"] == {"Address": redis_server.host, "Port": redis_server.port}

    def accepted() -> list[str]:
        return [token for token in (FIRST, SECOND, THIRD) if redis_server.accepts(None, token)]

    def modify(token: str, strategy: str) -> None:
        cache.modify_replication_group(
            ReplicationGroupId="redis", AuthToken=token, AuthTokenUpdateStrategy=strategy, ApplyImmediately=True
        )

    try:
        assert accepted() == [FIRST]
        server.control("ecs/clock", {"paused": True})
        modify(SECOND, "ROTATE")
        assert accepted() == [FIRST]
        server.control("ecs/clock", {"advance": 61})
        assert accepted() == [FIRST, SECOND]
        modify(THIRD, "ROTATE")
        server.control("ecs/clock", {"advance": 61})
        assert accepted() == [SECOND, THIRD]
        modify(THIRD, "SET")
        assert accepted() == [SECOND, THIRD]
        server.control("ecs/clock", {"paused": False})
        until(lambda: accepted() == [THIRD])
        # A user of the same server.
        cache.create_user(UserId="app", UserName="app", Engine="redis", AccessString="on ~* +@all", Passwords=[FIRST])
        server.control("servers", {"user": "app", **place})
        assert redis_server.accepts("app", FIRST)
        cache.modify_user(UserId="app", Passwords=[SECOND, THIRD])
        until(lambda: not redis_server.accepts("app", FIRST))
        assert redis_server.accepts("app", SECOND)
        assert redis_server.accepts("app", THIRD)
    finally:
        redis_server.run("ACL", "SETUSER", "default", "on", "nopass")
        redis_server.run("ACL", "DELUSER", "app")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"host": "localhost", "port": 1}, "A server needs one of"),
        ({"db_instance": "main", "host": "localhost", "port": 1}, "administered with a user and a password"),
        ({"user": "app", "host": "localhost", "port": 1, "admin": {"pw": "x"}}, "admin has a user"),
    ],
)
def test_a_server_that_cannot_be_attached(server: Server, told: dict[str, Any], said: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400") as caught:
        server.control("servers", told)
    assert said in json.loads(caught.value.read())["error"]
    assert server.control("servers", method="GET")["servers"] == []


def test_a_server_that_does_not_answer_is_not_attached(server: Server, aws: Clients) -> None:
    create_instance(aws("rds"), "uex", MasterUserPassword="the-first-one")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        server.control(
            "servers",
            {"db_instance": "main", "host": "localhost", "port": 1, "admin": {"user": "x", "password": "y"}},
        )
    assert server.control("servers", method="GET")["servers"] == []
