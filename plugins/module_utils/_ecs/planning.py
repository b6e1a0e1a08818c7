# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout has to do: the options against what there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core import (
    AnsibleAWSError,
    SlipwayModule,
    from_tag_list,
    to_tag_list,
    wanted_tags,
)
from ..planned import is_planned
from . import api
from .comparison import Change, canonical_field, canonical_task_definition, structure_changes
from .progress import Progress
from .transformations import (
    options_of,
    overlay,
    registrable,
    revision_name,
    snake_name,
    to_api,
    with_container_changes,
)
from .validation import listed, placeholders, problems_of_service, problems_of_task_definition, runs_on_fargate
from .verdict import (
    STAGES,
    controller_of,
    has_failed,
    is_rolling_out,
    primary_deployment,
)
from .waiters import Watcher

# Tags of ours: what they say cannot be kept elsewhere, because a run remembers nothing.
OWN_TAGS = "slipway:"
SERVICE_TAG = "slipway:service"
IRREVERSIBLE_TAG = "slipway:irreversible"
ROLLED_BACK_TAG = "slipway:rolled-back"

# Members of CreateService that UpdateService does not have, or that are not options of the service itself.
_NOT_FIELDS = frozenset(
    {"cluster", "serviceName", "taskDefinition", "clientToken", "role", "tags", "launchType", "schedulingStrategy"}
)
_FIXED = ("launchType", "schedulingStrategy")
# What a service has only in its primary deployment, and only in its revision.
_IN_DEPLOYMENT = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
_IN_REVISION = ("gatewayConnectors", "monitoring")
# The fields of which ECS's documentation says that a change starts a deployment.
STARTS_DEPLOYMENT = frozenset(
    {
        "taskDefinition",
        "gatewayConnectors",
        "loadBalancers",
        "monitoring",
        "networkConfiguration",
        "platformVersion",
        "serviceConnectConfiguration",
        "serviceRegistries",
        "volumeConfigurations",
        "vpcLatticeConfigurations",
    }
)


@dataclass
class Found:
    """What there is."""

    service: dict[str, Any] | None = None
    definition: dict[str, Any] | None = None
    definition_tags: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Plan:
    """What has to be done."""

    definition: dict[str, Any] | None = None
    definition_arn: str = ""
    register: bool = False
    definition_tags: dict[str, str] | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] | None = None
    force: bool = False
    changes: list[Change] = field(default_factory=list)

    @property
    def starts_deployment(self) -> bool:
        return self.force or any(change.starts_deployment for change in self.changes)

    @property
    def updates_service(self) -> bool:
        return bool(self.fields) or self.force


class AnotherController(Exception):
    """The deployments of the service are made by another controller than this code is for."""

    def __init__(self, service: dict[str, Any]) -> None:
        super().__init__(controller_of(service))
        self.service = service
        self.controller = controller_of(service)


class Planner:
    """What the options say, what there is, and what has to be done."""

    # The controller that the code is for; without one, for a service that shall get another.
    controller = "ECS"
    starts_deployment = STARTS_DEPLOYMENT

    def __init__(self, module: SlipwayModule) -> None:
        self.module = module
        self.options: dict[str, Any] = module.params
        self.check = bool(module.check_mode)
        self.client = module.client("ecs")
        model = self.client.meta.service_model
        self.create_shape = model.operation_model("CreateService").input_shape
        self.register_shape = model.operation_model("RegisterTaskDefinition").input_shape
        self.service_shape = model.shape_for("Service")
        self.definition_shape = model.shape_for("TaskDefinition")
        self.deployment_shape = model.shape_for("ServiceDeployment")
        self.cluster: str = self.options["cluster"]
        self.name: str = self.options["name"]
        self.progress = Progress(self.name, self.options["progress_file"])
        self.watcher = Watcher(self.client, self.cluster, self.name, self.options["wait_timeout"], self.progress)
        self.actions: list[dict[str, Any]] = []
        self.waited_for_other = False
        # The service, when it has just been described.
        self.seen: dict[str, Any] | None = None

    # What the options say

    def wanted_definition(self) -> dict[str, Any] | None:
        options = self.options["task_definition"]
        if options is None:
            return None
        wanted = {name: to_api(member, options.get(snake_name(name))) for name, member in self._members()}
        wanted = {name: value for name, value in wanted.items() if value not in (None, "")}
        wanted.setdefault("family", self.name)
        return wanted

    def _members(self) -> list[tuple[str, Any]]:
        return [(name, member) for name, member in self.register_shape.members.items() if name != "tags"]

    def given_fields(self) -> dict[str, Any]:
        return options_of(self.create_shape, self.options, _NOT_FIELDS)

    def refuse_problems(self, problems: Any) -> None:
        found = listed(problems)
        if found:
            raise AnsibleAWSError(message=found)

    def check_options(self) -> None:
        """What can be refused before any call."""
        definition = self.wanted_definition()
        fields = {**self.given_fields(), **self.fixed_fields(), "serviceName": self.name}
        problems = list(problems_of_service(fields, definition, complete=False))
        if definition is not None:
            problems += problems_of_task_definition(definition, fargate=runs_on_fargate(fields))
        if not self.check:
            given = {name: value for name, value in self.options.items() if name in ("cluster", "containers")}
            problems += placeholders({**given, "task_definition": definition or {}, **fields})
        keep = self.options.get("keep_revisions")
        if keep is not None and keep < 1:
            problems.append(f"keep_revisions: {keep} keeps nothing to run; allowed is 1 and more.")
        self.refuse_problems(problems)

    def fixed_fields(self) -> dict[str, Any]:
        return {name: value for name in _FIXED if (value := self.options[snake_name(name)]) is not None}

    # What there is

    def find(self) -> Found:
        if is_planned(self.cluster):
            return Found()
        try:
            service = self.seen or api.describe_service(self.client, self.cluster, self.name)
            self.seen = None
        except api.ClusterMissing:
            if self.check or self.options["state"] == "absent":
                return Found()
            raise AnsibleAWSError(
                message=f"cluster: there is no ECS cluster {self.cluster}. Create it first (slipway.aws.ecs_cluster)."
            ) from None
        if service is None:
            return Found()
        if self.controller not in ("", controller_of(service)) and self.options["state"] != "absent":
            raise AnotherController(service)
        return self.found(service)

    def found(self, service: dict[str, Any]) -> Found:
        definition, tags = None, []
        if service.get("taskDefinition"):
            definition, tags = api.describe_task_definition(self.client, service["taskDefinition"])
        primary = primary_deployment(service)
        fields = {name: service.get(name) for name in self.create_shape.members if name in self.service_shape.members}
        fields |= {name: primary.get(name) for name in _IN_DEPLOYMENT}
        if any(self.options[snake_name(name)] is not None for name in _IN_REVISION):
            fields |= self._in_revision(service)
        return Found(service, definition, from_tag_list(tags), fields, from_tag_list(service.get("tags")))

    def _in_revision(self, service: Mapping[str, Any]) -> dict[str, Any]:
        arns = [item["arn"] for item in service.get("currentServiceRevisions") or []][:1]
        try:
            revisions = api.describe_service_revisions(self.client, arns) if arns else {}
        except api.NoServiceDeployments:
            revisions = {}
        revision = next(iter(revisions.values()), {})
        return {name: revision.get(name) for name in _IN_REVISION}

    # What has to be done

    def plan(self, found: Found) -> Plan:
        plan = Plan()
        self._plan_definition(found, plan)
        fields = {**self.given_fields()}
        if found.service is None:
            plan.fields = {**fields, **self.fixed_fields()}
            self._complete_new_service(plan)
        else:
            self._refuse_fixed(found)
            self._plan_fields(found, fields, plan)
        kept = {name: value for name, value in found.fields.items() if name != "desiredCount"}
        whole = {**kept, **plan.fields, "serviceName": self.name}
        problems = list(problems_of_service(whole, plan.definition or found.definition))
        problems += self._problems_of_wait()
        if plan.register and plan.definition is not None:
            problems += problems_of_task_definition(plan.definition, fargate=runs_on_fargate(whole))
        self.refuse_problems(problems)
        self._plan_tags(found, plan)
        self._plan_force(found, plan)
        return plan

    def _problems_of_wait(self) -> list[str]:
        """CodeDeploy's lifecycle events are no stages of a deployment that ECS makes."""
        until = self.options.get("wait_until", "stable")
        if until in ("stable", "paused", *STAGES):
            return []
        known = ", ".join(("stable", "paused", *STAGES[1:]))
        return [f"wait_until: {until} is an event of CodeDeploy, but ECS makes the deployments; allowed are {known}."]

    def _complete_new_service(self, plan: Plan) -> None:
        if plan.definition is None and not plan.definition_arn:
            raise AnsibleAWSError(
                message=f"task_definition: not given, and there is no service {self.name} in the cluster "
                f"{self.cluster} whose own could be kept. Give task_definition or task_definition_arn."
            )
        if plan.fields.get("schedulingStrategy") != "DAEMON":
            plan.fields.setdefault("desiredCount", self.options["initial_desired_count"])
        for name, value in plan.fields.items():
            plan.changes += structure_changes(None, canonical_field(name, value), name, starts_deployment=True)

    def _plan_definition(self, found: Found, plan: Plan) -> None:
        reference = self.options["task_definition_arn"]
        if reference:
            self._plan_reference(found, reference, plan)
            return
        wanted = self.wanted_definition()
        if self.options["containers"]:
            wanted = self._changed_containers(found)
        if wanted is None:
            return
        before = canonical_task_definition(self._current_request(found)) if found.definition else None
        after = canonical_task_definition(wanted)
        changes = structure_changes(before, after, "taskDefinition", starts_deployment=True)
        active = (found.definition or {}).get("status", "ACTIVE") == "ACTIVE"
        plan.definition = wanted
        plan.register = bool(changes) or not active
        plan.changes += changes
        if plan.register and not changes:
            plan.changes.append(Change("task_definition.status", "INACTIVE", "ACTIVE", True))
        if not plan.register and found.definition is not None:
            plan.definition_arn = found.definition["taskDefinitionArn"]

    def _plan_reference(self, found: Found, reference: str, plan: Plan) -> None:
        current = (found.service or {}).get("taskDefinition", "")
        wanted = revision_name(reference)
        if ":" not in wanted and not is_planned(reference):
            raise AnsibleAWSError(
                message=f"task_definition_arn: {reference!r} names no revision; allowed are an ARN and family:revision."
            )
        plan.definition_arn = reference
        if revision_name(current) == wanted:
            plan.definition_arn, plan.definition = current, found.definition
        else:
            plan.changes.append(Change("task_definition", revision_name(current) or None, wanted, True))

    def _changed_containers(self, found: Found) -> dict[str, Any]:
        if found.definition is None:
            raise AnsibleAWSError(
                message=f"containers: there is no service {self.name} in the cluster {self.cluster} to change. "
                "Give task_definition to create it."
            )
        wanted = self._current_request(found)
        try:
            containers = with_container_changes(wanted["containerDefinitions"], self.options["containers"])
        except ValueError as error:
            raise AnsibleAWSError(message=str(error)) from None
        return {**wanted, "containerDefinitions": containers}

    def _current_request(self, found: Found) -> dict[str, Any]:
        return registrable(self.register_shape, found.definition or {})

    def _refuse_fixed(self, found: Found) -> None:
        for name, value in self.fixed_fields().items():
            current = (found.service or {}).get(name)
            moved = name == "launchType" and found.fields.get("capacityProviderStrategy")
            if (current is not None and current != value) or moved:
                raise AnsibleAWSError(
                    message=f"{snake_name(name)}: ECS cannot change it on an existing service "
                    f"({current or 'capacity providers'} → {value}). Keep the value, or delete the service first."
                )

    def _plan_fields(self, found: Found, given: dict[str, Any], plan: Plan) -> None:
        for name, value in given.items():
            current = found.fields.get(name)
            wanted = self._wanted_field(name, current, value)
            before, after = canonical_field(name, current), canonical_field(name, wanted)
            if before != after:
                plan.fields[name] = wanted
                starts = name in self.starts_deployment
                plan.changes += structure_changes(before, after, name, starts_deployment=starts)

    def _wanted_field(self, name: str, current: Any, value: Any) -> Any:
        """A field of the service as it shall be: what is given laid over what there is."""
        wanted = overlay(self.create_shape.members[name], current, value)
        if name == "deploymentConfiguration":
            return of_strategy(wanted, value)
        if name == "serviceConnectConfiguration" and not wanted.get("enabled"):
            return {"enabled": False}
        return wanted

    def _plan_tags(self, found: Found, plan: Plan) -> None:
        purge = self.options["purge_tags"]
        plan.tags = wanted_tags(without_marks(found.tags), self.options["tags"], purge=purge)
        if plan.tags is not None and found.service is not None:
            before = without_marks(found.tags)
            plan.changes += structure_changes(before, plan.tags, "tags", starts_deployment=False)
            if plan.tags == before:
                plan.tags = None
        stated = (self.options["task_definition"] or {}).get("tags")
        current = without_marks(found.definition_tags)
        wanted = wanted_tags(current, stated, purge=purge)
        if plan.register:
            plan.definition_tags = current if wanted is None else wanted
        elif wanted is not None and wanted != current and found.definition is not None:
            plan.definition_tags = wanted
            plan.changes += structure_changes(current, wanted, "tags", "task_definition.tags", starts_deployment=False)

    def _plan_force(self, found: Found, plan: Plan) -> None:
        if found.service is None or plan.starts_deployment:
            return
        if has_failed(found.service):
            plan.force = True
            plan.changes.append(Change("deployment", "FAILED", "a new one", True))
        elif self.options["pin_digest"] and (moved := self._moved_images(found)):
            plan.force = True
            plan.changes += moved
        elif self.options["force_new_deployment"] and not self._counts_as_forced(found):
            plan.force = True
            plan.changes.append(Change("force_new_deployment", None, True, True))

    def _counts_as_forced(self, found: Found) -> bool:
        """Whether the deployment that is under way is the one that was asked for: a killed run has started it."""
        resume = self.options["on_running_deployment"] == "resume" and not self.waited_for_other
        return resume and is_rolling_out(found.service or {})

    def _moved_images(self, found: Found) -> list[Change]:
        """Images whose tag points at another digest than the one that runs."""
        arns = [item["arn"] for item in (found.service or {}).get("currentServiceRevisions") or []][:1]
        try:
            revisions = api.describe_service_revisions(self.client, arns) if arns else {}
        except api.NoServiceDeployments:
            return []
        changes = []
        for revision in revisions.values():
            for image in revision.get("containerImages") or []:
                running = image.get("imageDigest")
                digest = api.image_digest(self.module.client, image.get("image", ""))
                if running and digest and running != digest:
                    name = image.get("containerName", "")
                    changes.append(Change(f"task_definition.images.{name}.digest", running, digest, True))
        return changes


def without_marks(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags without our own marks."""
    return {key: value for key, value in tags.items() if not key.startswith(OWN_TAGS)}


def tag_pairs(tags: Mapping[str, Any]) -> list[dict[str, str]]:
    return to_tag_list(tags, key="key", value="value")


def of_strategy(wanted: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A deployment configuration without what only another strategy knows, unless the task itself says it."""
    strategy = wanted.get("strategy") or "ROLLING"
    foreign = {
        "linearConfiguration": strategy != "LINEAR",
        "canaryConfiguration": strategy != "CANARY",
        "lifecycleHooks": strategy == "ROLLING",
        "earlySuccessCriteria": strategy != "ROLLING",
    }
    return {name: value for name, value in wanted.items() if name in given or not foreign.get(name, False)}
