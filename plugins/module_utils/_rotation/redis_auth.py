# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(redis_auth): the AUTH token of an ElastiCache group, through the API, for groups that the controller cannot reach.

ElastiCache keeps the two latest tokens. ROTATE adds one and drops the oldest; SET leaves only the latest. So whatever
must stay valid has to be one of the latest two whenever ROTATE is sent, and ROTATE is not sent twice for one token.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .._elasticache import api as elasticache
from ..core import AnsibleAWSError, wait_until
from . import api, redis_server
from .logins import OPTIONS, Login, Tls, password_of, problems_of, target_of, with_new_password
from .strategy import RotationError, Strategy, strategy
from .versions import PENDING, Versions

PORT = 6379
LENGTH = 64
SHORTEST, LONGEST = 16, 128
# What ElastiCache answers to SET when there are not two tokens.
_NOTHING_TO_SET = "SET strategy can only be used"


def is_settled(group: dict[str, Any]) -> bool:
    """Whether no change of the token is under way."""
    waiting = (group.get("PendingModifiedValues") or {}).get("AuthTokenStatus")
    return group.get("Status") == "available" and not waiting


def changed_since(group: dict[str, Any], made: datetime | None) -> bool:
    """Whether the token was changed after a version of the secret was made."""
    changed = group.get("AuthTokenLastModifiedDate")
    if made is None or changed is None:
        return False
    return _in_utc(changed) >= _in_utc(made)


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@strategy("redis_auth")
class Auth(Strategy):
    """The old token and the new one are valid until the last consumer has the new one."""

    takes = OPTIONS | {"replication_group_id"}
    needs = frozenset({"replication_group_id"})
    two_valid = True
    retires = True

    def problems(self) -> list[str]:
        found = problems_of(self.options)
        if self.options.get("host"):
            found += redis_server.library_problems()
        for recipe in self.options.get("generate") or []:
            if not SHORTEST <= recipe["length"] <= LONGEST:
                found.append(f"generate: an AUTH token has {SHORTEST} to {LONGEST} characters, not {recipe['length']}.")
        return found

    @property
    def group_id(self) -> str:
        return self.options["replication_group_id"]

    def create(self, current: str) -> str:
        return with_new_password(current, self.options, alphabet="alphanumeric", length=LENGTH)

    def set(self, current: str, pending: str) -> None:
        group = self._settled("set")
        if not changed_since(group, self._pending_made()):
            self._modify(password_of(pending, "set"), "ROTATE", "set")

    def test(self, value: str) -> None:
        """Log in, if the controller can; else see that ElastiCache has taken the token."""
        group = self._settled("test")
        if not group.get("AuthTokenEnabled"):
            raise RotationError(
                "test",
                f"the replication group {self.group_id} asks for no AUTH token",
                "Give the group one, with transit encryption; or take the strategy from the secret.",
            )
        if self.options.get("host"):
            login = Login("", password_of(value, "test"))
            target = target_of(value, self.options, "test", port=PORT)
            redis_server.connect(target, login, Tls.of(self.options), "test", self.context.sleep).close()

    def undo(self, current: str, pending: str) -> None:
        """Make the old token the latest, so that the next ROTATE does not drop it. Both are valid then."""
        group = self._settled("undo")
        made = self._pending_made()
        if made is None or changed_since(group, made):
            self._modify(password_of(current, "undo"), "ROTATE", "undo")

    def retire(self, previous: str, current: str) -> None:
        self._settled("retire")
        try:
            self._modify(password_of(current, "retire"), "SET", "retire")
        except RotationError as error:
            # One token is left: a run that was killed has sent SET.
            if _NOTHING_TO_SET not in error.cause:
                raise

    def _pending_made(self) -> datetime | None:
        """When the version that waits was made; None when none waits."""
        client = self.context.client("secretsmanager")
        secret_id = self.entry["ARN"]
        entry = api.describe(client, secret_id) or {}
        pending = Versions.of(entry).holder(PENDING)
        return api.version_dates(client, secret_id).get(pending) if pending else None

    def _modify(self, token: str, how: str, step: str) -> None:
        self.context.say(f"the replication group {self.group_id}: {how} of the AUTH token")
        arguments = {"AuthToken": token, "AuthTokenUpdateStrategy": how, "ApplyImmediately": True}
        try:
            elasticache.modify_replication_group(self.context.client("elasticache"), self.group_id, arguments)
        except AnsibleAWSError as error:
            raise RotationError(step, str(error)) from None
        self._settled(step)

    def _settled(self, step: str) -> dict[str, Any]:
        """The group, once no change of it is under way."""
        try:
            return wait_until(
                self._described,
                is_settled,
                timeout=self.context.wait_timeout,
                waiting_for=lambda seen: f"the replication group {self.group_id} is {seen['Status']}",
                first=0.1,
                clock=self.context.clock,
                sleep=self.context.sleep,
            )
        except AnsibleAWSError as error:
            raise RotationError(step, str(error)) from None

    def _described(self) -> dict[str, Any]:
        group = elasticache.replication_group(self.context.client("elasticache"), self.group_id)
        if group is None:
            raise RotationError(
                "describe", f"there is no replication group {self.group_id}", "Check replication_group_id."
            )
        return group
