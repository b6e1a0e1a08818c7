# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of applications in a PostgreSQL of RDS: what an instance's tags say of them, and the statements that make them.

Passwords go to the server as verifiers, which C(postgres_server) makes on this side.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.tags import OWN
from .._rotation import postgres_server as server
from .._rotation import strategy
from .._rotation.logins import Login, Target, Tls, login_of
from .._rotation.strategy import AGAIN, RotationError

# The module's, too.
library_problems = server.library_problems
Hidden = strategy.Hidden

# The database that every PostgreSQL has, and in which nobody has anything.
MAINTENANCE = "postgres"

# What a server, or TLS, answers. Without any of it nobody was reached.
_ANSWERS = ("fatal", "certificate", "ssl", "does not match host name", "authentication")


def tag_of(user: Mapping[str, Any]) -> str:
    """The key of an instance's tag that says that a user was made."""
    return f"{OWN}user:{user['name']}"


def mark_of(user: Mapping[str, Any], resource_id: str) -> str:
    """The value of that tag: another instance, database or secret is another user to make."""
    parts = [resource_id, user["name"], user.get("database") or "", user["secret"]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def due(users: Iterable[Mapping[str, Any]], tags: Mapping[str, str], resource_id: str) -> list[dict[str, Any]]:
    """The users that nobody has made yet, as far as the instance's tags tell."""
    return [dict(user) for user in users if tags.get(tag_of(user)) != mark_of(user, resource_id)]


def is_unreachable(cause: str) -> bool:
    """Whether a failed connection means that this machine cannot reach the server at all."""
    return not any(answer in cause.lower() for answer in _ANSWERS)


def problems(users: Iterable[Mapping[str, Any]]) -> list[str]:
    """What cannot be right, as sentences."""
    found, seen = [], set()
    for user in users:
        name = user["name"]
        if not name or len(name.encode()) > server.LONGEST_NAME:
            found.append(f"the name {name!r} must have 1 to {server.LONGEST_NAME} bytes.")
        if name in seen:
            found.append(f"{name} stands twice.")
        seen.add(name)
    return found


def administered(value: str, host: str, port: int, options: Mapping[str, Any], *, check: bool) -> Database:
    """The server, with the user that a secret's value is of."""
    tls = Tls(options["tls"], options["ca_file"] or "")
    return Database(Target(host, port, MAINTENANCE), login_of(value, {}, "read the secret"), tls, check)


def sentence(error: RotationError) -> str:
    """What went wrong and what to do next, as the end of a sentence."""
    return f"{error.cause.rstrip('.')}. {error.advice or AGAIN}"


@dataclass
class Database:
    """The server, as somebody who may make users."""

    target: Target
    admin: Login
    tls: Tls
    check: bool
    sleep: Callable[[float], None] = time.sleep
    actions: list[dict[str, Any]] = field(default_factory=list)

    def connect(self) -> Any:
        return server.connect(self.target, self.admin, self.tls, "connect", self.sleep)

    def bring(self, connection: Any, user: Mapping[str, Any], value: str | None) -> None:
        """Make one user what it shall be. In check mode there may be no value yet."""
        name, database = user["name"], user.get("database") or ""
        login = Login(name, "") if value is None else login_of(value, {"username": name}, "read the secret")
        with server.told("make the user"), connection.transaction():
            if not server.exists(connection, name):
                self._do("make_user", name, lambda: make(connection, login if login.username == name else None, name))
            if login.username != name and not server.exists(connection, login.username):
                # The secret is with the second of two users that take turns, and the server is an older copy.
                self._do("make_user", login.username, lambda: server.make_twin(connection, name, login))
        owner = owner_of(connection, database) if database else name
        if owner is None:
            self._do("make_database", database, lambda: make_database(connection, database, name))
        elif owner != name:
            self._do("give_database", database, lambda: give_database(connection, database, name))
        made = any(action["name"] == login.username for action in self.actions if action["action"] == "make_user")
        if not made and (value is None or not self._opens(login, database if owner else "")):
            with server.told("set the password"):
                self._do("set_password", login.username, lambda: server.set_password(connection, login))

    def _opens(self, login: Login, database: str) -> bool:
        target = Target(self.target.host, self.target.port, database or MAINTENANCE)
        try:
            server.connect(target, login, self.tls, "log in", self.sleep).close()
        except RotationError as error:
            if "authentication failed" not in error.cause:
                raise
            return False
        return True

    def _do(self, action: str, name: str, work: Callable[[], None]) -> None:
        if not self.check:
            work()
        self.actions.append({"action": action, "name": name})


def make(connection: Any, login: Login | None, name: str) -> None:
    """Make a user, that can log in once it has a password, and whose things the caller may give it."""
    from psycopg import sql

    role = sql.Identifier(name)
    password = sql.SQL(" PASSWORD {}").format(sql.Literal(server.verifier(connection, login))) if login else sql.SQL("")
    connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role) + password)
    join(connection, name)


def join(connection: Any, name: str) -> None:
    """Let the caller act as a user, without which it cannot give it a database."""
    from psycopg import sql

    # Since 16 who makes a role may administer it, but not act as it.
    how = "SET" if connection.info.server_version >= 160000 else "MEMBER"
    row = connection.execute("SELECT pg_catalog.pg_has_role(current_user, %s, %s)", [name, how]).fetchone()
    if not row[0]:
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(name)))


def owner_of(connection: Any, database: str) -> str | None:
    """Who owns a database; None when there is none."""
    row = connection.execute(
        "SELECT pg_catalog.pg_get_userbyid(datdba) FROM pg_catalog.pg_database WHERE datname = %s", [database]
    ).fetchone()
    return row[0] if row else None


def make_database(connection: Any, database: str, owner: str) -> None:
    from psycopg import sql

    with server.told("make the database"):
        join(connection, owner)
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(owner))
        )


def give_database(connection: Any, database: str, owner: str) -> None:
    from psycopg import sql

    with server.told("give the database to its user"):
        join(connection, owner)
        connection.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(database), sql.Identifier(owner))
        )
