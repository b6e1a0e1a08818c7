# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of users of real servers, and their rotation by the module: what several test files need."""

from __future__ import annotations

import json
import secrets
from typing import Any

from psycopg import sql
from real_servers.postgres import Postgres
from real_servers.redis import Redis

from .ecs import control
from .harness import Aws

MODULE = "secretsmanager_rotation"


class Rotated:
    """A secret of a user that can log in, and the module's options for it."""

    strategy = ""
    kind = ""
    #: The staging labels of which one holds a value that works, at every moment of a rotation, and the number of points
    #: at which a run can be cut off so that it is not AWSCURRENT; None where nobody can tell.
    works_with: tuple[str, ...] = ("AWSCURRENT",)
    windows: int | None = 0

    def __init__(self, aws: Aws, server: Any) -> None:
        self.aws, self.server = aws, server
        self.client = aws.client("secretsmanager")
        self.name = f"uex/{self.strategy}"
        self.admin = f"{self.name}/admin"
        self.user = f"u{secrets.token_hex(4)}"
        # Long and of no other use: what is searched for everywhere.
        self.markers = [f"marker{secrets.token_hex(16)}" for _number in range(2)]

    def make_secrets(self, value: str, admin: dict[str, str] | None = None) -> None:
        self.client.create_secret(Name=self.name, SecretString=value)
        if admin is not None:
            self.client.create_secret(Name=self.admin, SecretString=json.dumps(admin))

    @property
    def place(self) -> dict[str, Any]:
        return {"host": self.server.host, "port": self.server.port, "ca_file": self.server.ca_file}

    @property
    def watched(self) -> dict[str, Any]:
        """What a watcher has to be told."""
        plain = {"plain_port": self.server.plain_port} if self.kind == "redis" else {"database": "postgres"}
        return {**self.place, **plain, "kind": self.kind}

    def options(self) -> dict[str, Any]:
        """What the strategy has to be told."""
        return self.place

    def args(self, token: str, **more: Any) -> dict[str, Any]:
        """The module's arguments for a rotation."""
        entry = {"name": self.name, "strategy": self.strategy, "rotate": "now", **self.options()}
        return {"state": "rotated", "token": token, "secrets": [{**entry, **more.pop("secret", {})}], **more}

    def rotate(self, token: str, **more: Any) -> dict[str, Any]:
        return self.aws.run_module(MODULE, self.args(token, **more))

    def value(self, stage: str = "AWSCURRENT") -> str:
        return self.client.get_secret_value(SecretId=self.name, VersionStage=stage)["SecretString"]

    def login(self, value: str) -> tuple[str | None, str]:
        fields = json.loads(value)
        return fields["username"], fields["password"]

    def works(self, value: str) -> bool:
        return self.server.accepts(*self.login(value))

    def versions(self, name: str = "") -> dict[str, list[str]]:
        """Labels of every version that there is, also of those without any."""
        asked = {"SecretId": name or self.name, "IncludeDeprecated": True, "MaxResults": 100}
        pages = self.client.list_secret_version_ids(**asked)
        return {version["VersionId"]: sorted(version["VersionStages"]) for version in pages["Versions"]}

    def values(self) -> list[str]:
        """The values of every version that can still be read."""
        return [
            self.client.get_secret_value(SecretId=self.name, VersionId=version)["SecretString"]
            for version in self.versions()
        ]

    def remove(self) -> None:
        """Take away from the server what was made there."""


class OfPostgres(Rotated):
    kind = "postgres"

    def __init__(self, aws: Aws, server: Postgres) -> None:
        super().__init__(aws, server)
        password, master_password = self.markers
        self.master = f"{self.user}_master"
        server.master(self.master, master_password)
        with server.connect(self.master, master_password) as connection:
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(self.user), server.verifier(self.user, password)))
        value = {"username": self.user, "password": password, "dbname": "postgres"}
        self.make_secrets(json.dumps(value), {"username": self.master, "password": master_password})

    def remove(self) -> None:
        self.server.drop(f"{self.user}_clone", self.user, self.master)


class SingleUser(OfPostgres):
    strategy = "postgres_single_user"
    # There is one password: AWSCURRENT moves, and the next thing that happens is the commit that makes it valid. In
    # this order, one of the two works also for who tries while that happens.
    works_with = ("AWSPREVIOUS", "AWSCURRENT")
    windows = 1


class AlternatingUsers(OfPostgres):
    strategy = "postgres_alternating_users"

    def options(self) -> dict[str, Any]:
        return {**self.place, "admin_secret": self.admin}


class MasterUser(OfPostgres):
    """The master user of an instance of RDS, whose password RDS sets at the server."""

    strategy = "rds_master_user"
    # There is one password, which RDS changes when it likes; AWSCURRENT moves when it says that it has.
    works_with = ("AWSCURRENT", "AWSPENDING")
    windows = None

    def __init__(self, aws: Aws, server: Postgres) -> None:
        super().__init__(aws, server)
        rds = aws.client("rds")
        rds.create_db_instance(
            DBInstanceIdentifier=self.user,
            DBInstanceClass="db.t3.medium",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername=self.user,
            MasterUserPassword=self.markers[0],
        )
        waiter = rds.get_waiter("db_instance_available")
        waiter.wait(DBInstanceIdentifier=self.user, WaiterConfig={"Delay": 0.1, "MaxAttempts": 200})
        admin = {"user": server.superuser, "password": server.superuser_password, "ca_file": server.ca_file}
        place = {"host": server.host, "port": server.port, "account": aws.account_id, "region": aws.region}
        control(aws, "servers", db_instance=self.user, admin=admin, **place)

    def options(self) -> dict[str, Any]:
        return {**self.place, "db_instance_identifier": self.user, "test_with": "postgres_single_user"}

    def remove(self) -> None:
        control(self.aws, "servers", "DELETE")
        super().remove()


class AclUser(Rotated):
    strategy = "redis_acl_user"
    kind = "redis"

    def __init__(self, aws: Aws, server: Redis) -> None:
        super().__init__(aws, server)
        password = self.markers[0]
        server.run("ACL", "SETUSER", self.user, "reset", "on", f">{password}", "~*", "+@all")
        self.markers[1] = server.admin_password
        value = json.dumps({"username": self.user, "password": password})
        self.make_secrets(value, {"username": server.admin, "password": server.admin_password})

    def options(self) -> dict[str, Any]:
        return {**self.place, "admin_secret": self.admin}

    def remove(self) -> None:
        self.server.run("ACL", "DELUSER", self.user)


class AuthToken(Rotated):
    strategy = "redis_auth"
    kind = "redis"

    def __init__(self, aws: Aws, server: Redis) -> None:
        super().__init__(aws, server)
        self.group = f"g{self.user}"
        self.make_secrets(self.markers[0])
        elasticache = aws.client("elasticache")
        elasticache.create_replication_group(
            ReplicationGroupId=self.group,
            ReplicationGroupDescription="x",
            Engine="redis",
            CacheNodeType="cache.t3.micro",
            TransitEncryptionEnabled=True,
            AuthToken=self.markers[0],
        )
        waiter = elasticache.get_waiter("replication_group_available")
        waiter.wait(ReplicationGroupId=self.group, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
        admin = {"user": server.admin, "password": server.admin_password, "ca_file": server.ca_file}
        place = {"host": server.host, "port": server.port, "account": aws.account_id, "region": aws.region}
        control(aws, "servers", replication_group=self.group, admin=admin, **place)

    def options(self) -> dict[str, Any]:
        return {**self.place, "replication_group_id": self.group}

    def login(self, value: str) -> tuple[str | None, str]:
        return None, value

    def remove(self) -> None:
        control(self.aws, "servers", "DELETE")
        self.server.run("ACL", "SETUSER", "default", "on", "resetpass", "nopass", "~*", "&*", "+@all")


class Pair:
    """A user of an application, and the user that changes its password and then, before that, its own."""

    def __init__(self, aws: Aws, postgres: Postgres) -> None:
        self.aws = aws
        self.app = AlternatingUsers(aws, postgres)
        self.master = self.app.admin

    def args(self, token: str, master: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """The application's secret first, so that the order is not the list's."""
        args = self.app.args(token, **more)
        entry = {"name": self.master, "strategy": "postgres_single_user", "rotate": "now", "database": "postgres"}
        return {**args, "secrets": [*args["secrets"], {**entry, **self.app.place, **(master or {})}]}

    def rotate(self, **more: Any) -> dict[str, Any]:
        return self.aws.run_module(MODULE, self.args("one", **more))

    def current(self, name: str) -> dict[str, str]:
        return json.loads(self.app.client.get_secret_value(SecretId=name)["SecretString"])

    def versions(self) -> dict[str, dict[str, list[str]]]:
        return {name: self.app.versions(name) for name in (self.app.name, self.master)}

    def works(self) -> bool:
        master = self.current(self.master)
        return self.app.server.accepts(master["username"], master["password"])

    def spoil(self, **fields: str) -> None:
        """Change the master's secret, and not the server."""
        value = json.dumps({**self.current(self.master), **fields})
        self.app.client.put_secret_value(SecretId=self.master, SecretString=value)


#: Those whose steps this collection does itself.
STRATEGIES: tuple[type[Rotated], ...] = (SingleUser, AlternatingUsers, AclUser, AuthToken)
