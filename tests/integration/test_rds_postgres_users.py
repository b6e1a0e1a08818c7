# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of applications in a real PostgreSQL behind an instance of RDS, made by a master user who is no superuser."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from ansible_collections.slipway.aws.plugins.module_utils._rotation import postgres_server
from psycopg import sql
from real_servers.postgres import Postgres

from .ecs import control
from .harness import Aws, ModuleFailed

MODULE = "rds_postgres_users"


class Stage:
    """An instance with a master user, and the secret of an application's user that nobody has made."""

    def __init__(self, aws: Aws, postgres: Postgres) -> None:
        self.aws, self.postgres = aws, postgres
        self.name = f"u{secrets.token_hex(4)}"
        self.master, self.user, self.database = self.name, f"{self.name}_app", f"{self.name}_db"
        self.passwords = {user: f"marker{secrets.token_hex(16)}" for user in (self.master, self.user)}
        admin = {"user": postgres.superuser, "password": postgres.superuser_password, "ca_file": postgres.ca_file}
        place = {"host": postgres.host, "port": postgres.port, "account": aws.account_id, "region": aws.region}
        control(aws, "servers", db_instance=self.name, admin=admin, **place)
        rds = aws.client("rds")
        rds.create_db_instance(
            DBInstanceIdentifier=self.name,
            DBInstanceClass="db.t3.medium",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername=self.master,
            MasterUserPassword=self.passwords[self.master],
            Tags=[{"Key": "Project", "Value": "uex"}],
        )
        rds.get_waiter("db_instance_available").wait(
            DBInstanceIdentifier=self.name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 200}
        )
        self.client = aws.client("secretsmanager")
        for user in (self.master, self.user):
            self.client.create_secret(Name=f"uex/{user}", SecretString=self.value(user))

    def value(self, user: str) -> str:
        password = self.passwords[user.removesuffix("_clone")]
        return json.dumps({"username": user, "password": password, "dbname": self.database})

    def args(self, **more: Any) -> dict[str, Any]:
        user = {"name": self.user, "secret": f"uex/{self.user}", "database": self.database}
        return {
            "db_instance_identifier": self.name,
            "admin_secret": f"uex/{self.master}",
            "users": [user],
            "ca_file": self.postgres.ca_file,
            **more,
        }

    def make(self, *, check: bool = False, **more: Any) -> list[tuple[str, str]]:
        result = self.aws.run_module(MODULE, self.args(**more), check=check)
        actions = [(action["action"], action["name"]) for action in result["actions"]]
        assert result["changed"] is bool(actions)
        assert not any(password in json.dumps(result) for password in self.passwords.values())
        return actions

    def works(self, user: str = "") -> bool:
        user = user or self.user
        return self.postgres.accepts(user, self.passwords[user.removesuffix("_clone")])

    def as_user(self, statement: str, user: str = "") -> list[Any]:
        user = user or self.user
        password = self.passwords[user.removesuffix("_clone")]
        with self.postgres.connect(user, password, self.database) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def remove(self) -> None:
        control(self.aws, "servers", "DELETE")
        self.postgres.run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.database)))
        self.postgres.drop(f"{self.user}_clone", self.user, self.master)


@pytest.fixture
def stage(aws: Aws, postgres: Postgres) -> Iterator[Stage]:
    stage = Stage(aws, postgres)
    yield stage
    stage.remove()


def everything(stage: Stage) -> list[tuple[str, str]]:
    return [("make_user", stage.user), ("make_database", stage.database), ("remember", stage.name)]


def test_makes_a_user_with_its_database_once_and_remembers(stage: Stage) -> None:
    assert stage.make(check=True) == everything(stage)
    assert not stage.works()
    assert stage.make() == everything(stage)
    assert stage.works()
    stage.as_user("CREATE TABLE orders (id int)")

    stage.aws.mark()
    assert stage.make() == []
    assert stage.aws.calls() == ["rds:DescribeDBInstances"], "what was made is not looked at again"
    assert stage.make(verify=True) == []
    assert stage.aws.mutations() == []

    log = stage.postgres.log.read_text(errors="replace")
    assert f'CREATE ROLE "{stage.user}" LOGIN PASSWORD' in log
    assert not any(password in log for password in stage.passwords.values())


def test_the_first_database_of_the_instance_is_handed_over(stage: Stage) -> None:
    """RDS makes it, and it is the master user's."""
    with stage.postgres.connect(stage.master, stage.passwords[stage.master]) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(stage.database)))
    wanted = [("make_user", stage.user), ("give_database", stage.database), ("remember", stage.name)]
    assert stage.make(check=True) == wanted
    assert stage.make() == wanted
    stage.as_user("CREATE TABLE orders (id int)")
    with stage.postgres.connect(stage.master, stage.passwords[stage.master], stage.database) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)


def test_a_user_that_was_made_takes_turns_with_a_second_one_and_the_master_changes_its_password(stage: Stage) -> None:
    """What it is for: both rotate, and what the application has made stays open to it."""
    stage.make()
    stage.as_user("CREATE TABLE orders (id int)")
    place = {"host": stage.postgres.host, "port": stage.postgres.port, "ca_file": stage.postgres.ca_file}
    entries = [
        {
            "name": f"uex/{stage.user}",
            "strategy": "postgres_alternating_users",
            "admin_secret": f"uex/{stage.master}",
            **place,
        },
        {"name": f"uex/{stage.master}", "strategy": "rds_master_user", "db_instance_identifier": stage.name},
    ]
    for entry in entries:
        task = {"state": "rotated", "token": "SEC-1", "secrets": [{**entry, "rotate": "now"}]}
        assert stage.aws.run_module("secretsmanager_rotation", task)["changed"]
    current = json.loads(stage.client.get_secret_value(SecretId=f"uex/{stage.user}")["SecretString"])
    assert current["username"] == f"{stage.user}_clone"
    with stage.postgres.connect(current["username"], current["password"], stage.database) as connection:
        connection.execute("INSERT INTO orders VALUES (1)")
    assert stage.works()
    assert not stage.works(stage.master)
    # The master's new password opens it, and all is as it was.
    assert stage.make(verify=True) == []


def test_mends_what_an_older_copy_of_the_server_has(stage: Stage) -> None:
    """The password of another day, and no second user yet, as after a restore; and a version that is the second's."""
    stage.make()
    with stage.postgres.connect(stage.master, stage.passwords[stage.master]) as connection:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD 'of-another-day'").format(sql.Identifier(stage.user)))
    assert stage.make() == [], "the tags say that it was made"
    assert stage.make(verify=True, check=True) == [("set_password", stage.user)]
    assert stage.make(verify=True) == [("set_password", stage.user)]
    assert stage.works()

    twin = f"{stage.user}_clone"
    stage.client.put_secret_value(SecretId=f"uex/{stage.user}", SecretString=stage.value(twin))
    assert stage.make(verify=True) == [("make_user", twin)]
    assert stage.works(twin)
    assert stage.as_user("SELECT current_user", twin) == [(stage.user,)]

    rds = stage.aws.client("rds")
    arn = rds.describe_db_instances(DBInstanceIdentifier=stage.name)["DBInstances"][0]["DBInstanceArn"]
    rds.add_tags_to_resource(
        ResourceName=arn, Tags=[{"Key": f"slipway:user:{stage.user}", "Value": "another instance"}]
    )
    assert stage.make() == [("remember", stage.name)]


def test_a_server_that_cannot_be_reached_is_told_of_or_reported(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    closed: dict[str, Any] = {"port": 1}
    # It is asked again after pauses, as a server is that starts.
    monkeypatch.setattr(postgres_server, "_PAUSES", (0.01,))
    with pytest.raises(ModuleFailed, match=rf"{stage.user} are still to be made.*Run again where .*PGHOSTADDR"):
        stage.make(**closed)
    result = stage.aws.run_module(MODULE, stage.args(unreachable="report", **closed))
    assert (result["changed"], result["left_out"]) == (False, [stage.user])
    assert "still to be made" in capfd.readouterr().err
    assert stage.make() == everything(stage), "a later run makes them"


def test_what_the_server_refuses_is_no_report(stage: Stage) -> None:
    """A certificate that is not trusted, and a password that is wrong, are nothing to go on with."""
    stranger = str(stage.postgres.certificates.stranger)
    with pytest.raises(ModuleFailed, match=r"certificate verify failed.*Give ca_file"):
        stage.make(ca_file=stranger, unreachable="report")
    stage.client.put_secret_value(
        SecretId=f"uex/{stage.master}",
        SecretString=json.dumps({"username": stage.master, "password": "wrong-password"}),
    )
    with pytest.raises(ModuleFailed, match="password authentication failed"):
        stage.make(unreachable="report")


def test_says_what_is_missing(stage: Stage) -> None:
    with pytest.raises(ModuleFailed, match="There is no DB instance other"):
        stage.make(db_instance_identifier="other")
    planned = stage.make(check=True, db_instance_identifier="other")
    assert planned == [("make_user", stage.user), ("give_database", stage.database)]
    users = [{"name": stage.user, "secret": "uex/none", "database": stage.database}]
    with pytest.raises(ModuleFailed, match="read the current version of the secret uex/none"):
        stage.make(users=users)
    assert stage.make(check=True, users=users) == everything(stage)
    with pytest.raises(ModuleFailed, match=f"{stage.user} stands twice"):
        stage.make(users=users * 2)
    with pytest.raises(psycopg.OperationalError):
        stage.as_user("SELECT 1")
