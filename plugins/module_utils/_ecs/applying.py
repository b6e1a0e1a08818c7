# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a service be as planned, whatever deployment is under way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core import (
    AnsibleAWSError,
    from_tag_list,
    tag_changes,
)
from . import api
from .comparison import canonical_task_definition
from .outcome import Judge
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
from .preflight import verify
from .transformations import (
    cluster_name,
    registrable,
    revision_name,
    snake_name,
)
from .verdict import (
    is_rolling_out,
    primary_deployment,
    target_of,
)
from .waiters import Followed


class Applier(Judge):
    """Brings a service and its task definition to what is asked for."""

    # What is done

    def present(self) -> dict[str, Any]:
        self.check_options()
        found = self.find()
        if found.service is not None and found.service.get("status") == "DRAINING":
            found = self._gone(found)
        plan = self.plan(found)
        if found.service is not None and self.under_way(found.service, plan):
            followed = self._meet_running(found, plan)
            if followed is not None:
                return self.judge(found, plan, followed)
            if self.waited_for_other:
                found = self.find()
                plan = self.plan(found)
        if plan.changes and self.options["verify"]:
            self._verify(found, plan)
        if self.check:
            return self.predicted(found, plan)
        return self._apply(found, plan)

    def under_way(self, service: Mapping[str, Any], plan: Plan | None = None) -> bool:
        """Whether a deployment is under way that the plan, where there is one already, must reckon with."""
        return is_rolling_out(service)

    def _gone(self, found: Found) -> Found:
        """A service that is being deleted must be gone before its name can be used again."""
        if not self.check:
            gone, _service = self.watcher.until_service(
                lambda service: service is None, lambda _service: "waits for the old service to drain"
            )
            if not gone:
                raise AnsibleAWSError(message=f"The service {self.name} is still being deleted after wait_timeout.")
        return Found(definition=found.definition, definition_tags=found.definition_tags)

    def _verify(self, found: Found, plan: Plan) -> None:
        self.refuse_problems(self._problems_of_surroundings(found, plan))

    def _problems_of_surroundings(self, found: Found, plan: Plan) -> list[str]:
        fields = {**found.fields, **plan.fields}
        return verify(self.module.client, plan.definition or found.definition or {}, fields)

    def _meet_running(self, found: Found, plan: Plan) -> Followed | None:
        """What to do about a deployment that is under way: attach to it, wait for its end, fail, or replace it."""
        service = found.service or {}
        policy = self.options["on_running_deployment"]
        if policy == "fail":
            raise AnsibleAWSError(
                message=f"A deployment of the service {self.name} is running "
                f"({service.get('currentServiceDeployment') or primary_deployment(service).get('id')}), and "
                "on_running_deployment is fail. Nothing was changed."
            )
        if self.check:
            return None
        if policy == "wait":
            self._wait_for_other(service)
            return None
        if not plan.starts_deployment:
            return None
        if policy == "resume":
            followed = self._running_target(found, plan)
            if followed is not None:
                return followed
            self._wait_for_other(service)
        return None

    def _wait_for_other(self, service: Mapping[str, Any]) -> None:
        self.watcher.until_idle(service.get("currentServiceDeployment") or "")
        self.waited_for_other = True

    def _running_target(self, found: Found, plan: Plan) -> Followed | None:
        """The running deployment, when its target is what the task asks for although the service says otherwise.

        That is so while ECS rolls it back: the service already has its old task definition again.
        """
        arn = (found.service or {}).get("currentServiceDeployment")
        only_definition = plan.register and not (plan.fields.keys() & STARTS_DEPLOYMENT)
        if not arn or not only_definition or plan.definition is None:
            return None
        try:
            described = api.describe_service_deployment(self.client, arn) or {}
            target = target_of(described)
            revision = api.describe_service_revisions(self.client, [target]).get(target, {}) if target else {}
        except api.NoServiceDeployments:
            return None
        if not revision.get("taskDefinition"):
            return None
        definition, _tags = api.describe_task_definition(self.client, revision["taskDefinition"])
        same = canonical_task_definition(registrable(self.register_shape, definition))
        if same != canonical_task_definition(plan.definition):
            return None
        return Followed("", revision["taskDefinition"], arn, target, resumed=True)

    def _apply(self, found: Found, plan: Plan) -> dict[str, Any]:
        if plan.register:
            self._register(plan)
        service = found.service
        before = primary_deployment(service or {}).get("id", "")
        if service is None:
            try:
                service = self._create(plan)
            except AnsibleAWSError as error:
                return self._apply_to_hidden(plan, error)
        else:
            self._mark(service, found, plan)
            if plan.starts_deployment and ROLLED_BACK_TAG in found.tags:
                api.untag_resource(self.client, service["serviceArn"], [ROLLED_BACK_TAG])
            if plan.updates_service or plan.register or plan.definition_arn not in ("", service.get("taskDefinition")):
                service = self._update(service, plan)
            service = self._apply_tags(found, plan, service)
        if not plan.register:
            self._apply_definition_tags(found, plan)
        return self._attach(found, plan, service, before)

    def _apply_to_hidden(self, plan: Plan, error: AnsibleAWSError) -> dict[str, Any]:
        """A killed run has created the service, and reads lag so far behind that it did not show: go on with it."""
        if "not idempotent" not in str(error):
            raise error
        seen, service = self.watcher.until_service(
            lambda seen: seen is not None, lambda _seen: "waits to see the service"
        )
        if not seen or service is None:
            raise error
        found = self.found(service)
        return self._apply(found, self.plan(found))

    def _register(self, plan: Plan) -> None:
        """Register the revision, unless the family's latest is the same: a killed run has registered it."""
        definition = plan.definition or {}
        family = definition["family"]
        latest = api.latest_task_definition(self.client, family)
        if latest is not None:
            request = registrable(self.register_shape, latest[0])
            same = canonical_task_definition(request) == canonical_task_definition(definition)
            if same and without_marks(from_tag_list(latest[1])) == (plan.definition_tags or {}):
                plan.definition_arn = latest[0]["taskDefinitionArn"]
                return
        tags = {**(plan.definition_tags or {}), SERVICE_TAG: self._own_name()}
        request = {**{k: v for k, v in definition.items() if k != "tags"}, "tags": tag_pairs(tags)}
        registered = api.register_task_definition(self.client, family, request)
        plan.definition_arn = registered["taskDefinitionArn"]
        self.actions.append({"action": "register", "name": revision_name(plan.definition_arn)})

    def _own_name(self) -> str:
        return f"{cluster_name(self.cluster)}/{self.name}"

    def _create(self, plan: Plan) -> dict[str, Any]:
        tags = dict(plan.tags or {})
        if not self.options["reversible"]:
            tags[IRREVERSIBLE_TAG] = revision_name(plan.definition_arn)
        request = {
            "cluster": self.cluster,
            "serviceName": self.name,
            "taskDefinition": plan.definition_arn,
            **plan.fields,
        }
        if tags:
            request["tags"] = tag_pairs(tags)
        service = api.create_service(self.client, self.name, request)
        self.actions.append({"action": "create", "name": self.name})
        return service

    def _mark(self, service: Mapping[str, Any], found: Found, plan: Plan) -> None:
        """Say before the deployment starts that it cannot be taken back: afterwards might be too late."""
        if self.options["reversible"] or not plan.starts_deployment:
            return
        revision = revision_name(plan.definition_arn or service.get("taskDefinition", ""))
        if found.tags.get(IRREVERSIBLE_TAG) != revision:
            api.tag_resource(self.client, service["serviceArn"], tag_pairs({IRREVERSIBLE_TAG: revision}))

    def _update(self, service: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
        request: dict[str, Any] = {"cluster": self.cluster, "service": self.name, **plan.fields}
        if plan.definition_arn not in ("", service.get("taskDefinition")):
            request["taskDefinition"] = plan.definition_arn
        if plan.force:
            request["forceNewDeployment"] = True
        updated = api.update_service(self.client, self.name, request)
        fields = sorted(snake_name(name) for name in request if name not in ("cluster", "service"))
        self.actions.append({"action": "update", "name": self.name, "fields": fields})
        return updated

    def _apply_tags(self, found: Found, plan: Plan, service: dict[str, Any]) -> dict[str, Any]:
        if plan.tags is None:
            return service
        self._set_tags(service["serviceArn"], without_marks(found.tags), plan.tags)
        return {**service, "tags": tag_pairs(plan.tags)}

    def _apply_definition_tags(self, found: Found, plan: Plan) -> None:
        if plan.definition_tags is not None and found.definition is not None:
            self._set_tags(
                found.definition["taskDefinitionArn"], without_marks(found.definition_tags), plan.definition_tags
            )

    def _set_tags(self, arn: str, current: dict[str, str], wanted: dict[str, str]) -> None:
        to_set, to_remove = tag_changes(current, wanted)
        if to_set:
            api.tag_resource(self.client, arn, tag_pairs(to_set))
        if to_remove:
            api.untag_resource(self.client, arn, to_remove)
        if to_set or to_remove:
            self.actions.append({"action": "tag", "name": arn, "fields": sorted([*to_set, *to_remove])})
