# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of a service that a task can ask for: present, absent, rolled back, approved, rejected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core import (
    AnsibleAWSError,
    chunks,
    from_tag_list,
    in_parallel,
)
from ..planned import is_planned
from . import api
from .applying import Applier
from .comparison import Change, canonical_field, structure_changes
from .outcome import plan_diff
from .planning import (
    IRREVERSIBLE_TAG,
    ROLLED_BACK_TAG,
    SERVICE_TAG,
    STARTS_DEPLOYMENT,
    Found,
    Plan,
    tag_pairs,
    without_marks,
)
from .rollback import REVISION_FIELDS, digests_to_pin, earlier_targets, last_different, with_images
from .transformations import (
    registrable,
    revision_name,
    revision_of,
)
from .verdict import (
    Verdict,
    irreversible,
    primary_deployment,
    target_of,
    waiting_hooks,
)
from .waiters import Followed


class Rollout(Applier):
    """One run of the module."""

    # As asked for, and without what is too old

    def converged(self) -> dict[str, Any]:
        return self._pruned(self.present())

    def _pruned(self, result: dict[str, Any]) -> dict[str, Any]:
        """Deregister old revisions once the service runs as asked: those of a failed deployment may still be needed."""
        keep = self.options["keep_revisions"]
        running = (result["service"] or {}).get("task_definition") or ""
        unsure = result["will_start_deployment"] and not self.options["wait"] and not self.check
        if keep is None or not running or unsure:
            return result
        family = result["task_definition"].get("family") or self.name
        registered = {action["name"] for action in self.actions if action["action"] == "register"}
        keep_now = keep - len(registered) if self.check else keep
        newest_first = sorted(api.list_revisions(self.client, family), key=revision_of, reverse=True)
        doomed = self._own([arn for arn in newest_first[max(keep_now, 0) :] if arn != running])
        if not self.check:
            in_parallel({arn: lambda arn=arn: api.deregister_task_definition(self.client, arn) for arn in doomed})
        self.actions += [{"action": "deregister", "name": revision_name(arn)} for arn in doomed]
        changes = [Change(f"task_definition.{revision_name(arn)}", "ACTIVE", "INACTIVE", False) for arn in doomed]
        diff = result["diff"]
        return {
            **result,
            "changed": result["changed"] or bool(doomed),
            "changes": [*result["changes"], *(change.as_result() for change in changes)],
            "diff": {
                **diff,
                "before": {**diff["before"], **{change.field: change.before for change in changes}},
                "after": {**diff["after"], **{change.field: change.after for change in changes}},
            },
        }

    # Going back, and answering hooks

    def rolled_back(self) -> dict[str, Any]:
        found = self._existing()
        service = found.service or {}
        running = self.under_way(service)
        if found.tags.get(ROLLED_BACK_TAG) == revision_name(service.get("taskDefinition", "")):
            # This task has brought the service back already, or a killed run of it has begun to.
            plan = Plan()
            return self._attach(found, plan, service, primary_deployment(service).get("id", ""))
        if running:
            return self._roll_back_running(found)
        target = self._rollback_target(service)
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

    def _existing(self) -> Found:
        found = self.find()
        if found.service is None:
            raise AnsibleAWSError(
                message=f"name: there is no service {self.name} in the cluster {self.cluster}; "
                f"state {self.options['state']} needs one."
            )
        return found

    def _refuse_irreversible(self, found: Found, target: str) -> None:
        mark = found.tags.get(IRREVERSIBLE_TAG, "")
        current = revision_name((found.service or {}).get("taskDefinition", ""))
        if irreversible(mark, current, target) and not self.options["force_rollback"]:
            raise AnsibleAWSError(
                message=f"state: {self.name} cannot be rolled back from {current} to {target}: the deployment of "
                f"{mark} is marked as not reversible, as after a migration. Set force_rollback if you know that it can."
            )

    def _roll_back_running(self, found: Found) -> dict[str, Any]:
        service = found.service or {}
        arn = service.get("currentServiceDeployment")
        described = (api.describe_service_deployment(self.client, arn) if arn else None) or {}
        if not arn or not described:
            raise AnsibleAWSError(
                message=f"state: the running deployment of {self.name} cannot be rolled back: "
                "the endpoint tells of no service deployment."
            )
        mark = found.tags.get(IRREVERSIBLE_TAG)
        if mark and mark == revision_name(service.get("taskDefinition", "")):
            self._refuse_irreversible(found, "")
        plan = Plan()
        if described.get("status") in ("PENDING", "IN_PROGRESS"):
            plan.changes.append(Change("deployment", described["status"], "rolled back", False))
            self.actions.append({"action": "roll_back", "name": arn})
            if not self.check:
                api.stop_service_deployment(self.client, arn)
        if self.check:
            return self.result(plan, service, {})
        return self._follow_rollback(found, plan, arn, described)

    def _follow_rollback(self, found: Found, plan: Plan, arn: str, described: Mapping[str, Any]) -> dict[str, Any]:
        service = found.service or {}
        followed = Followed("", service.get("taskDefinition", ""), arn, target_of(described), resumed=True)
        if not self.options["wait"]:
            return self.result(plan, service, self._told(followed, Verdict("not_awaited", "")))
        return self.judge(found, plan, followed, rollback_wanted=True)

    def _rollback_target(self, service: Mapping[str, Any]) -> Mapping[str, Any]:
        """The last service revision that was successful before the current one and differs from it."""
        current = primary_deployment(service).get("id", "")
        try:
            listed = api.list_service_deployments(self.client, self.cluster, self.name, status=["SUCCESSFUL"])
            candidates = earlier_targets(listed, current)[:19]
            own = [item["arn"] for item in service.get("currentServiceRevisions") or []]
            arns = list(dict.fromkeys([*own, *candidates]))
            revisions = api.describe_service_revisions(self.client, arns) if candidates else {}
        except api.NoServiceDeployments as error:
            raise AnsibleAWSError(
                message=f"state: the endpoint does not tell which revisions of {self.name} were successful ({error}). "
                "Roll back with task_definition_arn."
            ) from error
        target = last_different(candidates, revisions, current)
        if target is None:
            raise AnsibleAWSError(
                message=f"state: there is no earlier service revision of {self.name} that a deployment brought out "
                "with success and that differs from the current one."
            )
        return target

    def _plan_rollback(self, found: Found, target: Mapping[str, Any]) -> Plan:
        definition, tags = api.describe_task_definition(self.client, target["taskDefinition"])
        tagged = [image.get("image", "") for image in target.get("containerImages") or []]
        now = {image: api.image_digest(self.module.client, image) for image in tagged}
        pinned = digests_to_pin(target, now)
        plan = Plan(definition=with_images(registrable(self.register_shape, definition), pinned))
        plan.definition_arn = "" if pinned else target["taskDefinition"]
        if pinned or definition.get("status") != "ACTIVE":
            plan.register, plan.definition_arn = True, ""
            plan.definition_tags = without_marks(from_tag_list(tags))
        current = revision_name((found.service or {}).get("taskDefinition", ""))
        plan.changes.append(Change("task_definition", current, revision_name(target["taskDefinition"]), True))
        plan.changes += [
            Change(f"task_definition.container_definitions.{name}.image", None, image, True)
            for name, image in pinned.items()
        ]
        for name in REVISION_FIELDS:
            before, after = canonical_field(name, found.fields.get(name)), canonical_field(name, target.get(name))
            if before != after and target.get(name) is not None:
                plan.fields[name] = target[name]
                starts = name in STARTS_DEPLOYMENT
                plan.changes += structure_changes(before, after, name, starts_deployment=starts)
        same_definition = plan.definition_arn == (found.service or {}).get("taskDefinition")
        plan.force = same_definition and not plan.fields.keys() & STARTS_DEPLOYMENT
        return plan

    def answered(self, action: str) -> dict[str, Any]:
        """Approve (CONTINUE) or reject (ROLLBACK) what PAUSE hooks hold."""
        found = self._existing()
        service = found.service or {}
        plan = Plan()
        arn = service.get("currentServiceDeployment")
        described = (api.describe_service_deployment(self.client, arn) if arn else None) or {}
        for hook in waiting_hooks(described):
            word = "approved" if action == "CONTINUE" else "rejected"
            plan.changes.append(Change(f"hooks.{hook['hookId']}", "AWAITING_ACTION", word, False))
            self.actions.append({"action": word, "name": hook["hookId"]})
            if not self.check:
                api.continue_service_deployment(self.client, arn, hook["hookId"], action)
        rejecting = action == "ROLLBACK"
        rolling_back = described.get("status") not in (None, "PENDING", "IN_PROGRESS")
        if self.check or not arn or (rejecting and not self.actions and not rolling_back):
            return self.result(plan, service, {})
        if rejecting:
            return self._follow_rollback(found, plan, arn, described)
        return self._attach(found, plan, service, primary_deployment(service).get("id", ""))

    # Taking it down

    def absent(self) -> dict[str, Any]:
        found = self.find()
        service = found.service
        family = (self.options["task_definition"] or {}).get("family")
        family = family or (found.definition or {}).get("family") or self.name
        gone = not self.options["deregister"] or is_planned(self.cluster)
        revisions = [] if gone else self._own_revisions(family, "ACTIVE")
        # A run that was cut off may have deregistered what it did not delete any more.
        doomed = revisions + ([] if gone else self._own_revisions(family, "INACTIVE"))
        plan = Plan()
        if service is not None and service.get("status") != "DRAINING":
            plan.changes.append(Change("state", "present", "absent", False))
        plan.changes += [Change(f"task_definition.{revision_name(arn)}", "present", None, False) for arn in doomed]
        if service is not None:
            self.actions.append({"action": "delete", "name": self.name})
        self.actions += [{"action": "deregister", "name": revision_name(arn)} for arn in revisions]
        self.actions += [{"action": "delete", "name": revision_name(arn)} for arn in doomed]
        if not self.check:
            if service is not None:
                self._delete(service)
            in_parallel({arn: lambda arn=arn: api.deregister_task_definition(self.client, arn) for arn in revisions})
            for arns in chunks(doomed, 10):
                api.delete_task_definitions(self.client, arns)
        return {
            "changed": bool(self.actions),
            "service": {},
            "task_definition": {},
            "images": {},
            "changes": [change.as_result() for change in plan.changes],
            "will_start_deployment": False,
            "actions": self.actions,
            "diff": plan_diff(plan),
        }

    def _own_revisions(self, family: str, status: str) -> list[str]:
        """The revisions that this module registered for this service: others' are left alone."""
        return self._own(api.list_revisions(self.client, family, status))

    def _own(self, arns: list[str]) -> list[str]:
        described = in_parallel({arn: lambda arn=arn: api.describe_task_definition(self.client, arn) for arn in arns})
        own = self._own_name()
        return [arn for arn in arns if from_tag_list(described[arn][1]).get(SERVICE_TAG) == own]

    def _delete(self, service: Mapping[str, Any]) -> None:
        tasks = api.list_task_arns(self.client, self.cluster, self.name)
        if service.get("status") != "DRAINING":
            api.delete_service(self.client, self.cluster, self.name)
        if not self.options["wait"]:
            return
        gone, last = self.watcher.until_service(
            lambda seen: seen is None,
            lambda seen: f"drains, {(seen or {}).get('runningCount', 0)} tasks run" if seen else "is deleted",
        )
        if not gone:
            raise AnsibleAWSError(
                message=f"The service {self.name} is still draining after wait_timeout "
                f"({(last or {}).get('runningCount')} tasks run). It goes on: run again to go on waiting."
            )
        self.watcher.until_tasks_stopped(tasks)
