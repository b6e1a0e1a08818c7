# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of Redis: changed over time, with up to two passwords.

AWS: a user has one or two passwords of 16 to 128 characters; ModifyUser replaces the passwords, the access string or
the way to authenticate, and makes the status ``modifying`` until it is ``active`` again; a user that is not active is
not modified (InvalidUserState); an unknown one is UserNotFound (ElastiCache API reference, CreateUser and ModifyUser).
moto 5.2.5: has no ModifyUser, and takes any number of passwords of any length.
Can go when moto modifies users.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.exceptions import UserNotFound
from moto.elasticache.models import ElastiCacheBackend, User, elasticache_backends
from moto.elasticache.responses import ElastiCacheResponse

from ..clock import Clock
from ._servers import SERVERS, Server, hashes
from .attached_servers import SYNC
from .elasticache_parameter_groups import error

TAKES = 20


def _check_passwords(passwords: list[str]) -> None:
    if len(passwords) > 2:
        raise error("InvalidParameterValue", "A user can have at most two passwords.")
    if any(not 16 <= len(password) <= 128 for password in passwords):
        raise error("InvalidParameterValue", "Passwords length must be between 16-128 characters.")


def _really_set(user: User, account_id: str) -> None:
    server = SERVERS.of("user", user.id, account_id, user.region)
    if server is not None:
        passwords = ["nopass"] if user.no_password_required else hashes(user.passwords)
        server.set_acl(user.name, "reset", *user.access_string.split(), *passwords)


def _find(backend: ElastiCacheBackend, name: str) -> User:
    user = backend.users.get((name or "").lower()) or backend.users.get(name)
    if user is None:
        raise UserNotFound(name)
    return user


def _sync(server: Server) -> None:
    user = elasticache_backends[server.key.account][server.key.region].users.get(server.key.name)
    if user is not None:
        _really_set(user, server.key.account)


def apply(clock: Clock) -> None:
    create = ElastiCacheBackend.create_user

    def create_user(self: ElastiCacheBackend, user_id: str, *args: Any, **kwargs: Any) -> User:
        _check_passwords(kwargs.get("passwords") or [])
        user = create(self, user_id.lower(), *args, **kwargs)
        _really_set(user, self.account_id)
        return user

    def modify_user(self: ElastiCacheResponse) -> ActionResult:
        request = self._get_params()
        backend = self.elasticache_backend
        user = _find(backend, request.get("UserId"))
        if user.status != "active":
            raise error("InvalidUserState", f"User {user.id} is not in active state.")
        mode = request.get("AuthenticationMode") or {}
        kind = mode.get("Type") or ("no-password-required" if self._get_bool_param("NoPasswordRequired") else None)
        passwords = [str(password) for password in (mode.get("Passwords") or request.get("Passwords") or [])]
        if passwords and kind in ("no-password-required", "iam"):
            raise error(
                "InvalidParameterCombination", f"Password field is not allowed with authentication type: {kind}"
            )
        if kind == "password" and not passwords:
            raise error(
                "InvalidParameterCombination",
                "A user with Authentication Mode: password, must have at least one password",
            )
        _check_passwords(passwords)
        user.status = "modifying"

        def applied() -> None:
            if backend.users.get(user.id) is not user:
                return
            if passwords:
                user.passwords, user.no_password_required, user.authentication_type = passwords, False, "password"
            elif kind is not None:
                user.passwords, user.authentication_type = [], kind
                user.no_password_required = kind == "no-password-required"
            if request.get("AccessString"):
                user.access_string = request["AccessString"]
            if request.get("AppendAccessString"):
                user.access_string += " " + request["AppendAccessString"]
            _really_set(user, backend.account_id)
            user.status = "active"

        clock.after(TAKES, applied)
        return ActionResult(user)

    ElastiCacheBackend.create_user = create_user  # type: ignore[method-assign]
    ElastiCacheResponse.modify_user = modify_user
    SYNC["user"] = _sync
