# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkpoints: what a service ran before a deployment of several services began, to bring exactly that back.

A run remembers nothing when it is killed, so the checkpoint is a tag of the service. It is set before the first
deployment starts and stays until it is released, through all deployments that a killed run and its successors start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core import AnsibleAWSError
from . import api
from .comparison import Change
from .planning import ROLLED_BACK_TAG, Found, Plan, tag_pairs
from .rollback import configuration
from .rollout import Rollout
from .transformations import revision_name
from .verdict import has_failed, primary_deployment, revision_number, target_of

CHECKPOINT_TAG = "slipway:checkpoint"
# There was nothing that had come out with success.
NOTHING = "none"


def own_revision(service: Mapping[str, Any]) -> str:
    """The ARN of the service revision of the primary deployment, or an empty string where ECS does not tell."""
    arns = [item["arn"] for item in service.get("currentServiceRevisions") or []]
    number = revision_number(primary_deployment(service).get("id", ""))
    same = [arn for arn in arns if revision_number(arn) == number]
    return next(iter(same or (arns if len(arns) == 1 else [])), "")


def sibling(arn: str, number: str) -> str:
    """The ARN of another revision of the same service or task definition."""
    return f"{arn.rpartition('/')[0]}/{number}"


class Checkpointed(Rollout):
    """A rollout that can remember what there was before it."""

    checkpoint = ""

    def find(self) -> Found:
        found = super().find()
        self.checkpoint = found.tags.get(CHECKPOINT_TAG, "")
        return found

    def result(self, plan: Plan, service: dict[str, Any], rollout: dict[str, Any]) -> dict[str, Any]:
        return {**super().result(plan, service, rollout), "checkpoint": self.checkpoint}

    # Remember

    def _mark(self, service: Mapping[str, Any], found: Found, plan: Plan) -> None:
        super()._mark(service, found, plan)
        if not plan.starts_deployment:
            return
        if not self.options["checkpoint"]:
            # This deployment belongs to no group of deployments: an old checkpoint would lead behind it.
            self._forget(service)
        elif not self.checkpoint:
            self.checkpoint = self._here(service)
            api.tag_resource(self.client, service["serviceArn"], tag_pairs({CHECKPOINT_TAG: self.checkpoint}))

    def _here(self, service: Mapping[str, Any]) -> str:
        """What to come back to: a service revision's number; without service revisions C(family:revision)."""
        arn = own_revision(service)
        if not arn:
            return revision_name(service.get("taskDefinition", "")) or NOTHING
        if not has_failed(service):
            return revision_number(arn)
        listed = api.list_service_deployments(self.client, self.cluster, self.name, status=["SUCCESSFUL"])
        return next((revision_number(target_of(item)) for item in listed), NOTHING)

    # Go back

    def rolled_back(self) -> dict[str, Any]:
        if self.options["rollback_to"] == "checkpoint":
            return self._restored()
        result = super().rolled_back()
        if not self.check:
            self._forget(result["service"] and {"serviceArn": result["service"]["service_arn"]})
        return {**result, "checkpoint": self.checkpoint}

    def _restored(self) -> dict[str, Any]:
        found = self.find()
        service = found.service or {}
        if not self.checkpoint:
            return self.result(Plan(), service, {})
        result: dict[str, Any] = {}
        begun = found.tags.get(ROLLED_BACK_TAG) == revision_name(service.get("taskDefinition", ""))
        if begun:
            # A killed run has begun to go back.
            result = self._attach(found, Plan(), service, primary_deployment(service).get("id", ""))
        elif self.under_way(service):
            result = self._roll_back_running(found)
            if not self.check:
                found = self.find()
        target = None if begun else self._checkpoint_target(found.service or {})
        if target is not None:
            result = self._go_back(found, target)
        result = result or self.result(Plan(), service, {})
        if not self.check:
            self._forget(service)
        return {**result, "checkpoint": self.checkpoint}

    def _go_back(self, found: Found, target: Mapping[str, Any]) -> dict[str, Any]:
        service = found.service or {}
        self._refuse_irreversible(found, revision_name(target["taskDefinition"]))
        plan = self._plan_rollback(found, target)
        if self.check:
            return self.predicted(found, plan)
        if plan.register:
            self._register(plan)
        mark = {ROLLED_BACK_TAG: revision_name(plan.definition_arn)}
        api.tag_resource(self.client, service["serviceArn"], tag_pairs(mark))
        before = primary_deployment(service).get("id", "")
        return self._attach(found, plan, self._update(service, plan), before)

    def _checkpoint_target(self, service: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The service revision to go back to, or None where the service runs what it ran then."""
        mark, current = self.checkpoint, service.get("taskDefinition", "")
        if mark == NOTHING:
            raise AnsibleAWSError(
                message=f"rollback_to: before the deployment {self.name} ran nothing that had come out with success."
            )
        if not mark.isdigit():
            return None if revision_name(current) == mark else {"taskDefinition": sibling(current, mark)}
        own = own_revision(service)
        wanted = sibling(own or service["serviceArn"].replace(":service/", ":service-revision/") + "/", mark)
        arns = list(dict.fromkeys(arn for arn in (own, wanted) if arn))
        try:
            revisions = api.describe_service_revisions(self.client, arns)
        except api.NoServiceDeployments as error:
            raise AnsibleAWSError(
                message=f"rollback_to: the endpoint does not tell what {self.name} ran before ({error}). "
                "Roll back with task_definition_arn."
            ) from error
        target = revisions.get(wanted)
        if target is None:
            raise AnsibleAWSError(
                message=f"rollback_to: ECS does not know the service revision {mark} of {self.name} any more. "
                "Roll back with rollback_to=last_successful, or with task_definition_arn."
            )
        return None if configuration(revisions.get(own, {})) == configuration(target) else target

    # Forget

    def released(self) -> dict[str, Any]:
        found = self._existing()
        plan = Plan()
        if self.checkpoint:
            plan.changes.append(Change("checkpoint", self.checkpoint, None, False))
            self.actions.append({"action": "release", "name": self.name})
            if not self.check:
                self._forget(found.service or {})
        return self.result(plan, found.service or {}, {})

    def _forget(self, service: Mapping[str, Any]) -> None:
        if self.checkpoint and service:
            api.untag_resource(self.client, service["serviceArn"], [CHECKPOINT_TAG])
        self.checkpoint = ""
