# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(rds_master_user): the master user's password through the RDS API, for databases that the controller cannot reach.

Where RDS manages the password, it is told to rotate it; else the pending password is given to ModifyDBInstance.
"""

from __future__ import annotations

from typing import Any

from .._rds import api as rds
from ..core import AnsibleAWSError, error_code, from_tag_list, to_tag_list, wait_until
from .logins import password_of, with_new_password
from .strategy import ByAws, Memory, RotationError, Seen, strategy

_LENGTH = 40
# The tag that says which rotation an instance was told to do, for a secret that takes no labels of ours.
TAG = "slipway:rotation"


@strategy("rds_master_user")
class RdsMasterUser(ByAws):
    """The same instance of this class serves both kinds; the secret's owner tells which one it is."""

    takes = frozenset({"db_instance_identifier", "generate", "test_with"})
    needs = frozenset({"db_instance_identifier"})

    @property
    def by_aws(self) -> bool:
        return self.entry.get("OwningService") == "rds"

    @property
    def labels(self) -> bool:  # type: ignore[override]
        return not self.by_aws

    @property
    def identifier(self) -> str:
        return self.options["db_instance_identifier"]

    # The password is ours

    def create(self, current: str) -> str:
        return with_new_password(current, self.options, alphabet="database", length=_LENGTH)

    def set(self, current: str, pending: str) -> None:
        self._change(password_of(pending, "set"), "set")

    def undo(self, current: str, pending: str) -> None:
        self._change(password_of(current, "undo"), "undo")

    def _change(self, password: str, step: str) -> None:
        self._wait(step)
        try:
            rds.modify_instance(
                self.context.client("rds"),
                self.identifier,
                {"DBInstanceIdentifier": self.identifier, "MasterUserPassword": password, "ApplyImmediately": True},
            )
        except AnsibleAWSError as error:
            raise RotationError(step, str(error)) from None
        self._wait(step)

    def _described(self) -> dict[str, Any]:
        found = rds.instances(self.context.client("rds"), [self.identifier]).get(self.identifier)
        if found is None:
            raise RotationError(
                "describe", f"there is no DB instance {self.identifier}", "Check db_instance_identifier."
            )
        return found

    def _wait(self, step: str) -> None:
        """Until RDS has applied the password: it does so after the answer."""
        try:
            wait_until(
                self._told,
                is_settled,
                timeout=self.context.wait_timeout,
                waiting_for=lambda seen: f"the DB instance {self.identifier} is {seen['DBInstanceStatus']}",
                first=0.1,
                # From the moment that RDS has applied it until AWSCURRENT moves, AWSCURRENT does not work.
                longest=2,
                clock=self.context.clock,
                sleep=self.context.sleep,
            )
        except AnsibleAWSError as error:
            raise RotationError(step, str(error)) from None

    def _told(self) -> dict[str, Any]:
        seen = self._described()
        self.context.say(f"the DB instance {self.identifier} is {seen['DBInstanceStatus']}")
        return seen

    # The password is RDS's

    def look(self) -> Seen:
        seen = self._described()
        status = (seen.get("MasterUserSecret") or {}).get("SecretStatus", "")
        if status == "impaired":
            raise RotationError(
                "rotate",
                f"RDS says that the secret of {self.identifier} is impaired",
                "RDS or the KMS key cannot use the secret: check the key's policy and the secret's.",
            )
        busy = status in ("creating", "rotating") or seen["DBInstanceStatus"] == "resetting-master-credentials"
        return Seen(busy, f"RDS: the secret of {self.identifier} is {status or 'unknown'}")

    def remembered(self) -> Memory:
        """The rotation that this instance was told to do last, as its tag says."""
        token, _colon, rest = from_tag_list(self._described().get("TagList")).get(TAG, "").partition("/")
        before, _colon, state = rest.partition("/")
        return Memory(token, before, state != "open")

    def begin(self, token: str) -> None:
        client = self.context.client("rds")
        arguments = {
            "DBInstanceIdentifier": self.identifier,
            "RotateMasterUserPassword": True,
            "ApplyImmediately": True,
        }
        try:
            rds.modify_instance(client, self.identifier, arguments)
        except AnsibleAWSError as error:
            if error.exception is None or error_code(error.exception) != "InvalidDBInstanceState":
                raise

    def remember(self, memory: Memory) -> None:
        arn = self._described()["DBInstanceArn"]
        text = "/".join((memory.token, memory.before, "over" if memory.over else "open"))
        rds.tag(self.context.client("rds"), arn, to_tag_list({TAG: text}))


def is_settled(instance: dict[str, Any]) -> bool:
    """Whether no password is about to be applied."""
    waiting = (instance.get("PendingModifiedValues") or {}).get("MasterUserPassword")
    return instance["DBInstanceStatus"] == "available" and not waiting
