# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The auth tokens of a replication group: up to two, changed by strategies, over time.

AWS: ROTATE adds a token and keeps the previous one; of two tokens it drops the older; without a token before, one may
still connect without. SET leaves the token given as the only one, and is allowed only after ROTATE (two tokens, or one
that is optional). DELETE is allowed only together with user groups. A token has 16 to 128 letters, digits or one of
``!&#$^<>-``, and needs encryption in transit (ElastiCache user guide, Authenticating with AUTH; API reference,
ModifyReplicationGroup). While a change is applied, the group is ``modifying`` and PendingModifiedValues has
AuthTokenStatus.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ._servers import hashes
from .elasticache_parameter_groups import error

CHARACTERS = set(string.ascii_letters + string.digits + "!&#$^<>-")
STRATEGIES = ("ROTATE", "SET", "DELETE")


@dataclass(frozen=True)
class AuthTokens:
    """What one may log in with; the newest token last."""

    tokens: tuple[str, ...] = field(default=(), repr=False)
    #: One may connect without a token too.
    optional: bool = True

    @property
    def enabled(self) -> bool:
        return bool(self.tokens)

    @property
    def rules(self) -> list[str]:
        """The same as rules of Redis for its default user."""
        return ["on", "nopass"] if self.optional else ["on", "resetpass", *hashes(list(self.tokens))]

    def rotated(self, token: str) -> AuthTokens:
        kept = [known for known in self.tokens if known != token][-1:]
        return replace(self, tokens=(*kept, token))

    def set(self, token: str, after_rbac: bool = False) -> AuthTokens:
        if len(self.tokens) != 2 and not (self.enabled and self.optional) and not after_rbac:
            raise error(
                "InvalidParameterCombination",
                "The SET strategy can only be used with a cluster that has 2 AUTH tokens or 1 optional AUTH token "
                "from using a ROTATE strategy before.",
            )
        return AuthTokens((token,), optional=False)


def check_token(token: Any) -> None:
    """Refuse what is no auth token."""
    if not isinstance(token, str) or not 16 <= len(token) <= 128 or not set(token) <= CHARACTERS:
        raise error(
            "InvalidParameterValue",
            "Invalid AuthToken provided. It must have 16 to 128 characters: letters, digits, or one of !&#$^<>-",
        )


def change(request: dict[str, Any], tokens: AuthTokens, encrypted: bool, user_groups: bool) -> ChangeOfTokens | None:
    """What a ModifyReplicationGroup asks for; None when it leaves the tokens alone."""
    token, strategy = request.get("AuthToken"), request.get("AuthTokenUpdateStrategy")
    if token is None and strategy is None:
        return None
    if not encrypted:
        raise error(
            "InvalidParameterCombination",
            "The AUTH token modification is only supported when encryption-in-transit is enabled.",
        )
    strategy = strategy or "ROTATE"
    if strategy not in STRATEGIES:
        raise error("InvalidParameterValue", f"Invalid AuthTokenUpdateStrategy: {strategy}")
    if strategy == "DELETE":
        if not user_groups:
            raise error("InvalidParameterCombination", "The AUTH token is deleted only together with user groups.")
        return ChangeOfTokens("SETTING", lambda known: AuthTokens())
    check_token(token)
    if strategy == "ROTATE":
        return ChangeOfTokens("ROTATING", lambda known: known.rotated(str(token)))
    after_rbac = bool(request.get("UserGroupIdsToRemove")) or str(request.get("RemoveUserGroups")).lower() == "true"
    # Refused with the request, not when it is applied.
    tokens.set(str(token), after_rbac)
    return ChangeOfTokens("SETTING", lambda known: known.set(str(token), after_rbac))


@dataclass(frozen=True)
class ChangeOfTokens:
    """A change that is to be applied."""

    status: str
    apply: Callable[[AuthTokens], AuthTokens]
