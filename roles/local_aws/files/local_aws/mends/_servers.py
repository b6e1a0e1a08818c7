# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers in the place of simulated databases and caches: passwords are changed there when AWS would change them.

Whoever attaches a server says where it is and how to administer it. psycopg and redis are needed only then. Passwords
go to the server as verifiers and hashes, so that they stand in none of its logs.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ..clock import Clock

log = logging.getLogger("local_aws")

#: What a server can be attached to, by the name of the request's parameter.
KINDS = ("db_instance", "replication_group", "user")
LOOK_EVERY_SECONDS = 0.02


class ServerError(Exception):
    """A server cannot be attached; the message says why."""


@dataclass(frozen=True)
class Key:
    """What a server is attached to."""

    kind: str
    name: str
    account: str
    region: str


@dataclass
class Server:
    """Where a server is, and how to administer it."""

    key: Key
    host: str
    port: int
    admin: dict[str, Any] = field(default_factory=dict, repr=False)

    def describe(self) -> dict[str, Any]:
        return {**vars(self.key), "host": self.host, "port": self.port}

    @property
    def endpoint(self) -> dict[str, Any]:
        return {"Address": self.host, "Port": self.port}

    # PostgreSQL

    def _postgres(self, user: str, password: str) -> Any:
        try:
            import psycopg
        except ImportError as error:
            raise ServerError("A PostgreSQL is attached only with the Python package psycopg.") from error
        tls = {"sslmode": "verify-full", "sslrootcert": self.admin["ca_file"]} if self.admin.get("ca_file") else {}
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=user,
            password=password,
            dbname=self.admin.get("dbname", "postgres"),
            connect_timeout=10,
            autocommit=True,
            **tls,
        )

    def set_role(self, name: str, password: str) -> None:
        """Give a role a password; a role that is not there is made as RDS makes its master user."""
        with self._postgres(self.admin["user"], self.admin["password"]) as connection:
            from psycopg import sql

            verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
            statement = "ALTER ROLE {} PASSWORD {}" if known else "CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}"
            connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(verifier)))

    def try_role(self, name: str, password: str) -> None:
        """Log in; raises when the server does not let."""
        self._postgres(name, password).close()

    # Redis

    def _redis(self, user: str | None, password: str | None, admin: bool = True) -> Any:
        try:
            import redis
        except ImportError as error:
            raise ServerError("A Redis is attached only with the Python package redis.") from error
        ca_file = self.admin.get("ca_file")
        return redis.Redis(
            host=self.host,
            port=int(self.admin.get("port", self.port)) if admin else self.port,
            username=user,
            password=password,
            socket_timeout=10,
            **({"ssl": True, "ssl_ca_certs": ca_file} if ca_file and (not admin or "port" not in self.admin) else {}),
        )

    def set_acl(self, user: str, *rules: str) -> None:
        """ACL SETUSER, all rules at once."""
        with self._redis(self.admin.get("user"), self.admin.get("password")) as client:
            client.execute_command("ACL", "SETUSER", user, *rules)

    def try_acl(self, user: str | None, password: str) -> None:
        """Log in; raises when the server does not let."""
        with self._redis(user, password, admin=False) as client:
            client.ping()


def hashes(passwords: list[str]) -> list[str]:
    """Passwords as rules of ACL SETUSER that do not show them."""
    return [f"#{hashlib.sha256(password.encode()).hexdigest()}" for password in passwords]


class Servers:
    """The attached servers. While there are any, what is due happens at its time, not with the next request."""

    def __init__(self) -> None:
        self._known: dict[Key, Server] = {}
        self._watch: threading.Thread | None = None

    def of(self, kind: str, name: str, account: str, region: str) -> Server | None:
        return self._known.get(Key(kind, name.lower(), account, region))

    def at(self, fields: dict[str, Any]) -> Server | None:
        """The server that a secret's fields lead to."""
        for server in self._known.values():
            named = server.key.kind == "db_instance" and fields.get("dbInstanceIdentifier") == server.key.name
            if named or (fields.get("host"), str(fields.get("port"))) == (server.host, str(server.port)):
                return server
        return None

    def attach(self, told: dict[str, Any], clock: Clock) -> Server:
        kind = next((name for name in KINDS if told.get(name)), None)
        if kind is None or not isinstance(told.get("host"), str) or not isinstance(told.get("port"), int):
            raise ServerError(f"A server needs one of {list(KINDS)}, a host and a port.")
        admin = told.get("admin") or {}
        if not isinstance(admin, dict) or set(admin) - {"user", "password", "port", "ca_file", "dbname"}:
            raise ServerError("admin has a user, a password and, where they are needed, port, ca_file and dbname.")
        if kind == "db_instance" and not {"user", "password"} <= set(admin):
            raise ServerError("A PostgreSQL is administered with a user and a password.")
        account = str(told.get("account") or os.environ["LOCAL_AWS_ACCOUNT_ID"])
        key = Key(kind, str(told[kind]).lower(), account, str(told.get("region") or "us-east-1"))
        self._known[key] = Server(key, told["host"], told["port"], admin)
        if self._watch is None or not self._watch.is_alive():
            self._watch = threading.Thread(target=self._run_due, args=(clock,), name="attached-servers", daemon=True)
            self._watch.start()
        return self._known[key]

    def _run_due(self, clock: Clock) -> None:
        while self._known:
            with clock.lock:
                try:
                    clock.run_due()
                except Exception as error:
                    log.exception("What was due has failed")
                    clock.failure = error
            time.sleep(LOOK_EVERY_SECONDS)

    def detach(self, name: str | None = None) -> None:
        self._known = {key: server for key, server in self._known.items() if name is not None and key.name != name}

    def describe(self) -> list[dict[str, Any]]:
        return [server.describe() for server in self._known.values()]


SERVERS = Servers()
