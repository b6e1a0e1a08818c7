# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(redis_acl_user): a user of Redis has the old and the new password until the last consumer has the new one."""

from __future__ import annotations

from typing import Any

from . import redis_server as server
from .logins import OPTIONS, Login, Target, Tls, as_admin, login_of, problems_of, target_of, with_new_password
from .strategy import RotationError, Strategy, strategy

PORT = 6379
LENGTH = 64
DEFAULT_USER = "default"


def rules_to_allow(passwords: set[str], wanted: str) -> list[str]:
    """What makes a password valid, besides those that are."""
    return [] if server.digest(wanted) in passwords else [f"#{server.digest(wanted)}"]


def rules_to_end(passwords: set[str], ended: str, kept: str) -> list[str]:
    """What ends one password and leaves the others; nothing when it is the one to keep."""
    digest = server.digest(ended)
    gone = [f"!{digest}"] if digest in passwords and digest != server.digest(kept) else []
    return [*rules_to_allow(passwords, kept), *gone]


@strategy("redis_acl_user")
class AclUser(Strategy):
    """Passwords live in the node that is named by host: a replica has users of its own."""

    takes = OPTIONS | {"username", "admin_secret"}
    two_valid = True
    retires = True

    def problems(self) -> list[str]:
        return [*server.library_problems(), *problems_of(self.options)]

    def create(self, current: str) -> str:
        self._login(current, "create")
        self._target(current, "create")
        return with_new_password(current, self.options, alphabet="alphanumeric", length=LENGTH)

    def set(self, current: str, pending: str) -> None:
        login = self._login(pending, "set")
        with self._changer([current, pending], "set") as client:
            user = self._user(client, login.username, "set")
            self._change(client, login.username, rules_to_allow(user["passwords"], login.password), "set")

    def test(self, value: str) -> None:
        self._connected(value, self._login(value, "test"), "test").close()

    def test_admin(self, current: str) -> None:
        if self.options.get("admin_secret"):
            self._admin(current, "admin_secret").close()

    def undo(self, current: str, pending: str) -> None:
        """Have the old password valid. The new one is ended by C(retire), when nobody has it."""
        login = self._login(current, "undo")
        with self._changer([current, pending], "undo") as client:
            user = self._user(client, login.username, "undo")
            self._change(client, login.username, rules_to_allow(user["passwords"], login.password), "undo")

    def retire(self, previous: str, current: str) -> None:
        login = self._login(current, "retire")
        old = self._login(previous, "retire")
        with self._changer([current], "retire") as client:
            user = self._user(client, login.username, "retire")
            rules = rules_to_end(user["passwords"], old.password, login.password)
            self._change(client, login.username, rules, "retire")

    def _login(self, value: str, step: str) -> Login:
        return login_of(value, {"username": DEFAULT_USER, **_given(self.options)}, step)

    def _target(self, value: str, step: str) -> Target:
        return target_of(value, self.options, step, port=PORT)

    def _connected(self, value: str, login: Login, step: str) -> Any:
        target = self._target(value, step)
        return server.connect(target, login, Tls.of(self.options), step, self.context.sleep)

    def _changer(self, values: list[str], step: str) -> Any:
        """A client that may change users: the one named for it, else the user itself by the first value that works."""
        if self.options.get("admin_secret"):
            return self._admin(values[0], step)
        for value in values[:-1]:
            try:
                return self._connected(value, self._login(value, step), step)
            except RotationError:
                continue
        return self._connected(values[-1], self._login(values[-1], step), step)

    def _admin(self, value: str, step: str) -> Any:
        secret = self.options["admin_secret"]
        with as_admin(secret):
            return self._connected(value, login_of(self.context.read_secret(secret), {}, step), step)

    def _user(self, client: Any, username: str, step: str) -> dict[str, Any]:
        user = server.user_of(client, username, step)
        if user is None:
            raise RotationError(
                step, f"Redis has no user {username}", "Make the user with the rights that it needs; then run again."
            )
        if "nopass" in user["flags"]:
            raise RotationError(
                step,
                f"the user {username} needs no password (nopass), so that none can be rotated",
                f"ACL SETUSER {username} resetpass, and give it the password of the secret.",
            )
        return user

    def _change(self, client: Any, username: str, rules: list[str], step: str) -> None:
        if not rules:
            return
        forgotten = server.change(client, username, rules, step)
        if forgotten:
            self.context.say(f"Redis keeps the change in memory only, a restart forgets it: {forgotten}")


def _given(options: Any) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None}
