# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(postgres_single_user) and C(postgres_alternating_users): the four steps over a real connection to PostgreSQL."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from . import postgres_server as server
from .logins import (
    OPTIONS,
    Login,
    Target,
    Tls,
    as_admin,
    fields_of,
    login_of,
    problems_of,
    target_of,
    with_new_password,
)
from .strategy import RotationError, Strategy, strategy

PORT = 5432
DATABASE = "postgres"
LENGTH = 40
CLONE = "_clone"


def users_of(options: Mapping[str, Any], username: str) -> tuple[str, str]:
    """The two users that take turns: as the options name them, else one is named like the other and C(_clone)."""
    first = options.get("username") or username.removesuffix(CLONE)
    return first, options.get("clone_username") or first + CLONE


class Postgres(Strategy):
    """What both strategies have in common."""

    takes = OPTIONS | {"database", "username", "admin_secret"}

    def problems(self) -> list[str]:
        return [*server.library_problems(), *problems_of(self.options)]

    def create(self, current: str) -> str:
        return self._renewed(current, "")

    def _renewed(self, current: str, username: str) -> str:
        login_of(current, self.options, "create")
        self._target(current, "create")
        return with_new_password(current, self.options, alphabet="alphanumeric", length=LENGTH, username=username)

    def test(self, value: str) -> None:
        with self._connected(value, login_of(value, self.options, "test"), "test") as connection, server.told("test"):
            connection.execute("SELECT 1")

    def test_admin(self, current: str) -> None:
        connection = self._admin(current, "admin_secret")
        if connection is not None:
            connection.close()

    def _target(self, value: str, step: str) -> Target:
        return target_of(value, self.options, step, port=PORT, database=DATABASE)

    def _connected(self, value: str, login: Login, step: str) -> Any:
        target = self._target(value, step)
        return server.connect(target, login, Tls.of(self.options), step, self.context.sleep)

    def _admin(self, value: str, step: str) -> Any:
        """A connection of the user that may change others; None when none is named."""
        secret = self.options.get("admin_secret")
        if not secret:
            return None
        with as_admin(secret):
            # Not the options: their username is the one that is rotated.
            return self._connected(value, login_of(self.context.read_secret(secret), {}, step), step)

    def _works(self, value: str) -> RotationError | None:
        """Why a value cannot be used to log in; None when it can."""
        try:
            self.test(value)
        except RotationError as error:
            return error
        return None


@strategy("postgres_single_user")
class SingleUser(Postgres):
    """One user, one password: the old one is dead as soon as the new one is set.

    The statement that sets it waits in an open transaction until AWSCURRENT has moved; then it is committed. Only
    between these two does AWSCURRENT not work; the old password, which everybody who runs has, works until the commit.
    """

    switches = True

    # The session of the step `set`, until the new password is known to work: it could still take it back when nobody
    # can log in.
    _open: Any = None

    def set(self, current: str, pending: str) -> None:
        login = login_of(pending, self.options, "set")
        connection = self._admin(pending, "set")
        if connection is None:
            refused = self._works(current)
            if refused and not self._works(pending):
                return  # A run that was killed has set it.
            if refused:
                raise RotationError("set", refused.cause, refused.advice or _NOBODY)
            connection = self._connected(current, login_of(current, self.options, "set"), "set")
        self._keep(connection)
        with server.told("set"):
            connection.autocommit = False
            server.set_password(connection, login)
            barred = server.barred(connection, login.username)
        if barred:
            raise RotationError("set", barred, "Nobody could log in with the new password either; change that first.")

    def switch(self, current: str, pending: str) -> None:
        if self._open is None:
            return
        try:
            with server.told("switch"):
                self._open.commit()
                self._open.autocommit = True
        except RotationError:
            # The answer may have been lost, and not the commit.
            if self._works(pending):
                raise

    def release(self) -> None:
        self._keep(None)

    def test(self, value: str) -> None:
        super().test(value)
        self._keep(None)

    def undo(self, current: str, pending: str) -> None:
        refused = self._works(current)
        if refused is None:
            return
        connection, self._open = self._open, None
        if connection is not None and not connection.closed:
            # One that turns out to be lost is replaced.
            with contextlib.suppress(RotationError), server.told("undo"):
                connection.rollback()
                connection.autocommit = True
        if connection is None or connection.broken or connection.closed:
            connection = self._admin(current, "undo")
        if connection is None:
            try:
                connection = self._connected(pending, login_of(pending, self.options, "undo"), "undo")
            except RotationError:
                raise RotationError("undo", refused.cause, _NOBODY) from None
        with connection, server.told("undo"):
            server.set_password(connection, login_of(current, self.options, "undo"))

    def _keep(self, connection: Any) -> None:
        if self._open is not None:
            self._open.close()
        self._open = connection


_NOBODY = (
    "Neither the current nor the pending password opens the database, and there is no admin_secret to set one with: "
    "give admin_secret, or set the password of AWSCURRENT by hand."
)


@strategy("postgres_alternating_users")
class AlternatingUsers(Postgres):
    """Two users with the same rights take turns: whoever still uses the old one is not disturbed.

    The old one stays valid until it has its next turn.
    """

    takes = Postgres.takes | {"clone_username"}
    needs = frozenset({"admin_secret"})
    two_valid = True

    def problems(self) -> list[str]:
        found = super().problems()
        if self.options.get("clone_username") and not self.options.get("username"):
            found.append("clone_username: name the first user too, with username.")
        return found

    def create(self, current: str) -> str:
        turn = self._turn(login_of(current, self.options, "create"), "create")
        if len(turn.encode()) > server.LONGEST_NAME:
            raise RotationError(
                "create",
                f"the name {turn} is longer than the {server.LONGEST_NAME} bytes that PostgreSQL keeps",
                "Give username and clone_username.",
            )
        if fields_of(current) is None:
            raise RotationError(
                "create", "the secret is no JSON object, so it cannot say which user has its turn", "Make it one."
            )
        return self._renewed(current, turn)

    def set(self, current: str, pending: str) -> None:
        before, login = (login_of(value, self.options, "set") for value in (current, pending))
        first, turn = users_of(self.options, before.username)[0], self._turn(before, "set")
        if login.username != turn:
            raise RotationError(
                "set",
                f"the pending version is for the user {login.username}, but it is the turn of {turn}",
                "Run again with state=rotated, which finishes or discards what is pending.",
            )
        with self._admin(pending, "set") as connection, server.told("set"), connection.transaction():
            if not server.exists(connection, first):
                raise RotationError("set", f"there is no user {first} to make {turn} like", "Check the secret.")
            if turn != first and not server.exists(connection, turn):
                self.context.say(f"making the user {turn} with the rights of {first}")
                server.make_twin(connection, first, login)
            else:
                server.set_password(connection, login)
            if turn != first:
                self._align(connection, first, turn)

    def _align(self, connection: Any, first: str, twin: str) -> None:
        if not server.is_member(connection, twin, first):
            raise RotationError(
                "set",
                f"the user {twin} is there, but is no member of {first}",
                f"If it is meant to stand in for {first}: GRANT {first} TO {twin}. If not: give clone_username.",
            )
        for name in server.copy_settings(connection, first, twin):
            self.context.say(f"only a superuser may set {name} for {twin} as it is for {first}")

    def undo(self, current: str, pending: str) -> None:
        """The user whose turn it was is nobody's now; the other one has not been touched. But look."""
        refused = self._works(current)
        if refused is None:
            return
        with self._admin(current, "undo") as connection, server.told("undo"):
            server.set_password(connection, login_of(current, self.options, "undo"))

    def _turn(self, login: Login, step: str) -> str:
        """The user that is not the current one."""
        users = users_of(self.options, login.username)
        if login.username not in users:
            raise RotationError(
                step,
                f"the secret is for the user {login.username}, but those who take turns are {' and '.join(users)}",
                "Check username and clone_username.",
            )
        return users[1] if login.username == users[0] else users[0]
