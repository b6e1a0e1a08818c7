# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Express Mode: a service whose task definition, load balancer and scaling ECS keeps itself.

Its deployments are those of any service, so they are followed, judged and reported as all others are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..core import AnsibleAWSError, SlipwayModule, aws_call, from_tag_list, tag_changes, wanted_tags
from ..planned import is_planned, planned_arn
from . import api
from .checkpoint import own_revision
from .comparison import Change, canonical, structure_changes, units
from .outcome import Judge, plan_diff
from .planning import Plan, tag_pairs, without_marks
from .transformations import from_api, options_of, overlay, snake_name
from .validation import listed, placeholders
from .verdict import Verdict, has_failed, is_rolling_out, primary_deployment, revision_number, target_of
from .waiters import SHOWS_UP_WITHIN, Followed

# Members of the create request that an update cannot change, or that are changed by calls of their own.
_NOT_SETTINGS = frozenset({"cluster", "serviceName", "infrastructureRoleArn", "tags"})
# What a task definition of the user's own says itself.
IN_DEFINITION = ("primary_container", "execution_role_arn", "task_role_arn", "cpu", "memory", "cpu_architecture")
_GONE = ["ResourceNotFoundException", "ServiceNotFoundException", "ClusterNotFoundException"]


@aws_call("describe the ECS Express service {arn}", missing=_GONE)
def describe_express(client: Any, arn: str) -> dict[str, Any] | None:
    """The service as Express Mode tells it, or None."""
    return client.describe_express_gateway_service(serviceArn=arn)["service"]


@aws_call("create the ECS Express service {name}")
def create_express(client: Any, name: str, request: dict[str, Any]) -> dict[str, Any]:
    return client.create_express_gateway_service(**request)["service"]


@aws_call("update the ECS Express service {name}")
def update_express(client: Any, name: str, request: dict[str, Any]) -> dict[str, Any]:
    return client.update_express_gateway_service(**request)["service"]


@aws_call("delete the ECS Express service {arn}", missing=[*_GONE, "ServiceNotActiveException"])
def delete_express(client: Any, arn: str) -> None:
    client.delete_express_gateway_service(serviceArn=arn)


@dataclass
class FoundExpress:
    """What there is: the service as ECS and as Express Mode tell it, and the configuration that is its own now."""

    service: dict[str, Any] | None = None
    express: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def configuration_of(express: Mapping[str, Any], revision: str) -> dict[str, Any]:
    """The configuration of a service revision among the active ones; without that revision the newest."""
    active = express.get("activeConfigurations") or []
    own = next((item for item in active if revision and item.get("serviceRevisionArn") == revision), None)
    return own or max(active, key=lambda item: str(item.get("createdAt") or ""), default={})


def normal(name: str, value: Any) -> Any:
    """A setting in the form in which two are compared, ECS's defaults left out."""
    if name in ("cpu", "memory") and value not in (None, ""):
        value = units(value)
    seen = canonical({name: value}, "express")
    return seen.get(name)


def setting_changes(
    shape: Any, current: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Change]]:
    """The settings to send, each whole, and what they change. What is not given stays, inside a structure too."""
    send: dict[str, Any] = {}
    changes: list[Change] = []
    for name, value in given.items():
        after = overlay(shape.members[name], current.get(name), value)
        found = structure_changes(normal(name, current.get(name)), normal(name, after), name, starts_deployment=True)
        if found:
            send[name] = after
            changes += found
    return send, changes


def problems_of_express(options: Mapping[str, Any], shape: Any) -> list[str]:
    """What can be refused before any call."""
    found = []
    own = options["task_definition_arn"]
    if own:
        if not own.startswith("arn:"):
            found.append(f"task_definition_arn: {own!r} is no ARN; ECS tells the ARN with the revision.")
        found += [
            f"{name}: the task definition of task_definition_arn says this itself; leave one of the two out."
            for name in IN_DEFINITION
            if options[name] is not None
        ]
    known = {snake_name(name) for name in shape.members}
    found += [
        f"{name}: the installed botocore does not know this yet; install a newer one."
        for name in (*IN_DEFINITION, "task_definition_arn")
        if options[name] is not None and name not in known
    ]
    path = options["health_check_path"]
    if path and not path.startswith("/"):
        found.append(f"health_check_path: {path!r} does not begin with a slash.")
    scaling = options["scaling_target"] or {}
    lowest, highest = scaling.get("min_task_count"), scaling.get("max_task_count")
    if lowest is not None and highest is not None and lowest > highest:
        found.append(f"scaling_target: min_task_count {lowest} is more than max_task_count {highest}.")
    return found


class Express(Judge):
    """One run of the module."""

    def __init__(self, module: SlipwayModule) -> None:
        super().__init__(module)
        self.options = {**module.params, "wait_until": "stable"}
        model = self.client.meta.service_model
        if "CreateExpressGatewayService" not in model.operation_names:
            raise AnsibleAWSError(message="The installed botocore does not know Express Mode: install a newer one.")
        self.express_shape = model.operation_model("CreateExpressGatewayService").input_shape
        self.express_view = model.shape_for("ECSExpressGatewayService")
        self.found_express = FoundExpress()

    # What there is and what has to be done

    def look(self) -> FoundExpress:
        """One read when there is no service, two when there is one: only ECS tells whether its deployment failed."""
        if is_planned(self.cluster):
            return FoundExpress()
        try:
            service = api.describe_service(self.client, self.cluster, self.name)
        except api.ClusterMissing:
            if self.check or self.options["state"] == "absent":
                return FoundExpress()
            raise AnsibleAWSError(
                message=f"cluster: there is no ECS cluster {self.cluster}. Create it first (slipway.aws.ecs_cluster)."
            ) from None
        if service is None:
            return FoundExpress()
        if service.get("resourceManagementType") == "CUSTOMER":
            raise AnsibleAWSError(
                message=f"name: the service {self.name} in the cluster {self.cluster} is not an Express service. "
                "Choose another name, or manage it with slipway.aws.ecs_service_rollout."
            )
        return self._seen(service)

    def _seen(self, service: dict[str, Any]) -> FoundExpress:
        express = describe_express(self.client, service["serviceArn"]) or {}
        own = configuration_of(express, own_revision(service))
        return FoundExpress(service, express, own, from_tag_list(service.get("tags")))

    def settings(self) -> dict[str, Any]:
        given = options_of(self.express_shape, self.options, _NOT_SETTINGS)
        return {name: units(value) if name in ("cpu", "memory") else value for name, value in given.items()}

    def check_express(self) -> None:
        problems = problems_of_express(self.options, self.express_shape)
        if not self.check:
            problems += placeholders({**self.settings(), "cluster": self.cluster})
        found = listed(problems)
        if found:
            raise AnsibleAWSError(message=found)

    def plan_express(self, found: FoundExpress) -> Plan:
        plan = Plan()
        given = self.settings()
        role = self.options["infrastructure_role_arn"]
        if found.service is None:
            self._refuse_incomplete(given)
            plan.fields = given
            plan.changes.append(Change("service", None, self.name, True))
            _send, changes = setting_changes(self.express_shape, {}, given)
            plan.changes += changes
            plan.tags = wanted_tags({}, self.options["tags"], purge=True)
            plan.changes += tag_differences({}, plan.tags)
            return plan
        own_role = found.express.get("infrastructureRoleArn")
        if role and own_role and role != own_role:
            raise AnsibleAWSError(
                message=f"infrastructure_role_arn: ECS cannot change it on the existing service {self.name} "
                f"({own_role} → {role}). Keep the value, or delete the service first and let it be created again."
            )
        plan.fields, plan.changes = setting_changes(self.express_shape, found.configuration, given)
        if not plan.fields and has_failed(found.service):
            # ECS has left a deployment behind that failed: nothing differs, and yet nothing runs as asked.
            plan.force = True
            plan.fields = {name: overlay_of(self.express_shape, name, found, value) for name, value in given.items()}
            plan.changes.append(Change("deployment", "FAILED", "started again", True))
        plan.tags = wanted_tags(found.tags, self.options["tags"], purge=self.options["purge_tags"])
        plan.changes += tag_differences(found.tags, plan.tags)
        return plan

    def _refuse_incomplete(self, given: Mapping[str, Any]) -> None:
        missing = [] if self.options["infrastructure_role_arn"] else ["infrastructure_role_arn"]
        if "taskDefinitionArn" not in given:
            missing += [] if "primaryContainer" in given else ["primary_container (or task_definition_arn)"]
            missing += [] if "executionRoleArn" in given else ["execution_role_arn"]
        if "primaryContainer" in given and not given["primaryContainer"].get("image"):
            missing.append("primary_container.image")
        if missing:
            raise AnsibleAWSError(message=f"{', '.join(missing)}: needed to create the Express service {self.name}.")

    # What is done

    def present(self) -> dict[str, Any]:
        self.check_express()
        found = self.look()
        if found.service is not None and found.service.get("status") == "DRAINING":
            found = self._gone_express()
        if found.service is not None and is_rolling_out(found.service):
            found = self._meet_express(found)
        plan = self.plan_express(found)
        self.found_express = found
        if self.check:
            return self._predicted(found, plan)
        return self._apply_express(found, plan)

    def _gone_express(self) -> FoundExpress:
        if not self.check:
            gone, _service = self.watcher.until_service(
                lambda service: service is None, lambda _service: "waits for the old service to drain"
            )
            if not gone:
                raise AnsibleAWSError(message=f"The service {self.name} is still being deleted after wait_timeout.")
        return FoundExpress()

    def _meet_express(self, found: FoundExpress) -> FoundExpress:
        """A deployment is under way: join it, wait for its end, fail, or replace it."""
        service = found.service or {}
        policy = self.options["on_running_deployment"]
        arn = service.get("currentServiceDeployment") or ""
        if policy == "fail":
            raise AnsibleAWSError(
                message=f"A deployment of the service {self.name} is running "
                f"({arn or primary_deployment(service).get('id')}), and on_running_deployment is fail. "
                "Nothing was changed."
            )
        if self.check:
            return found
        if policy != "wait":
            joined = self._joined(found, arn)
            if joined is not None:
                return joined
        if policy == "supersede" and self.plan_express(found).starts_deployment:
            return found
        self.watcher.until_idle(arn)
        return self.look()

    def _joined(self, found: FoundExpress, arn: str) -> FoundExpress | None:
        """The service as the running deployment makes it, where that is what the task asks for.

        While ECS rolls it back, the service itself has its old configuration again: the same change must not be tried
        once more, and a rollback to what is asked for is no failure of this run.
        """
        try:
            described = (api.describe_service_deployment(self.client, arn) if arn else None) or {}
        except api.NoServiceDeployments:
            described = {}
        target = target_of(described) or own_revision(found.service or {})
        active = found.express.get("activeConfigurations") or []
        own = next((item for item in active if item.get("serviceRevisionArn") == target), None)
        if own is None or setting_changes(self.express_shape, own, self.settings())[0]:
            return None
        return replace(found, configuration=own)

    def _apply_express(self, found: FoundExpress, plan: Plan) -> dict[str, Any]:
        before = found.configuration.get("serviceRevisionArn", "")
        if found.service is None:
            try:
                created = self._create_express(plan)
            except AnsibleAWSError as error:
                return self._go_on_with_hidden(plan, error)
            target = configuration_of(created, "")
            found = FoundExpress({"serviceArn": created["serviceArn"]}, created, target, plan.tags or {})
        else:
            target = self._update_express(found, plan) if plan.fields else found.configuration
            self._tag(found, plan)
        self.found_express = found
        revision = target.get("serviceRevisionArn", "")
        started = bool(plan.fields) and (not revision or revision != before)
        if plan.force and not started:
            raise AnsibleAWSError(
                message=f"{self.name}: its last deployment failed, and ECS starts no other one of the same "
                "configuration. Change what made it fail, or delete the service and run again."
            )
        running = found.service is not None and is_rolling_out(found.service)
        if not started and not running:
            return self.result(plan, found.service or {}, {})
        return self._follow(found, plan, target, resumed=not started)

    def _follow(self, found: FoundExpress, plan: Plan, target: Mapping[str, Any], *, resumed: bool) -> dict[str, Any]:
        revision, definition = target.get("serviceRevisionArn", ""), target.get("taskDefinitionArn", "")
        # A deployment's id and its service revision share their number.
        entry = {"id": f"ecs-svc/{revision_number(revision)}", "createdAt": target.get("createdAt")}
        if not revision:
            _seen, service = self.watcher.until_service(
                lambda seen: bool(primary_deployment(seen or {})), lambda _seen: "waits to see the deployment"
            )
            entry = dict(primary_deployment(service or {}))
            revision, definition = own_revision(service or {}), (service or {}).get("taskDefinition", "")
        followed = Followed(entry.get("id", ""), definition, target=revision, resumed=resumed)
        if not self.options["wait"]:
            return self.result(plan, found.service or {}, self._told(followed, Verdict("not_awaited", "")))
        followed.arn = (found.service or {}).get("currentServiceDeployment", "") if resumed else ""
        if not followed.arn:
            self.watcher.find(followed, entry)
        verdict = self.watcher.follow(followed)
        told = self._told(followed, verdict)
        if not verdict.reached or verdict.failed:
            service = api.describe_service(self.client, self.cluster, self.name) or {}
            self.found_express = self._seen(service) if service else FoundExpress()
            raise self._failure(plan, service, followed, verdict, told)
        self.found_express = self._settled(found, followed)
        return self.result(plan, self.found_express.service or {}, told)

    def _settled(self, found: FoundExpress, followed: Followed) -> FoundExpress:
        """The service once a read shows the revision that has come out: a read may lag behind it."""
        seen = found
        for _pauses in self.watcher.looks(SHOWS_UP_WITHIN):
            express = describe_express(self.client, (found.service or {})["serviceArn"]) or {}
            own = configuration_of(express, followed.target)
            seen = FoundExpress(found.service, express, own, found.tags)
            current = express.get("currentDeployment")
            if own.get("serviceRevisionArn") == followed.target and current in (None, "", followed.arn):
                break
        return seen

    def _create_express(self, plan: Plan) -> dict[str, Any]:
        request = {
            "cluster": self.cluster,
            "serviceName": self.name,
            "infrastructureRoleArn": self.options["infrastructure_role_arn"],
            **plan.fields,
        }
        if plan.tags:
            request["tags"] = tag_pairs(plan.tags)
        created = create_express(self.client, self.name, request)
        self.actions.append({"action": "create", "name": self.name})
        return created

    def _go_on_with_hidden(self, plan: Plan, error: AnsibleAWSError) -> dict[str, Any]:
        """A killed run has created the service, and reads lag so far behind that it did not show: go on with it."""
        if "not idempotent" not in str(error):
            raise error
        seen, service = self.watcher.until_service(
            lambda seen: seen is not None, lambda _seen: "waits to see the service"
        )
        if not seen or service is None:
            raise error
        found = self._seen(service)
        return self._apply_express(found, self.plan_express(found))

    def _update_express(self, found: FoundExpress, plan: Plan) -> dict[str, Any]:
        arn = (found.service or {})["serviceArn"]
        updated = update_express(self.client, self.name, {"serviceArn": arn, **plan.fields})
        self.actions.append(self._update_action(plan))
        target: dict[str, Any] = updated.get("targetConfiguration") or {}
        return target

    def _update_action(self, plan: Plan) -> dict[str, Any]:
        return {"action": "update", "name": self.name, "fields": sorted(snake_name(name) for name in plan.fields)}

    def _tag(self, found: FoundExpress, plan: Plan) -> None:
        if plan.tags is None:
            return
        to_set, to_remove = tag_changes(found.tags, plan.tags)
        arn = (found.service or {})["serviceArn"]
        if to_set and not self.check:
            api.tag_resource(self.client, arn, tag_pairs(to_set))
        if to_remove and not self.check:
            api.untag_resource(self.client, arn, to_remove)
        if to_set or to_remove:
            self.actions.append({"action": "tag", "name": self.name, "fields": sorted([*to_set, *to_remove])})
            found.tags = plan.tags

    def _predicted(self, found: FoundExpress, plan: Plan) -> dict[str, Any]:
        if found.service is None:
            self.actions.append({"action": "create", "name": self.name})
            region = self.module.region or ""
            name = self.cluster.rpartition("/")[2]
            arn = planned_arn("ecs", f"service/{name}/{self.name}", region=region)
            express = {
                "cluster": name,
                "serviceName": self.name,
                "serviceArn": arn,
                "infrastructureRoleArn": self.options["infrastructure_role_arn"],
                "status": {"statusCode": "PLANNED"},
            }
            self.found_express = FoundExpress({"serviceArn": arn}, express, dict(plan.fields), plan.tags or {})
            return self.result(plan, {}, {})
        if plan.fields:
            self.actions.append(self._update_action(plan))
        self._tag(found, plan)
        found.configuration = {**found.configuration, **plan.fields}
        return self.result(plan, found.service, {})

    # Taking it down

    def absent(self) -> dict[str, Any]:
        found = self.look()
        plan = Plan()
        if found.service is not None and found.service.get("status") != "DRAINING":
            plan.changes.append(Change("service", self.name, None, False))
            self.actions.append({"action": "delete", "name": self.name})
        if found.service is not None and not self.check:
            self._delete_express(found.service)
        self.found_express = FoundExpress()
        return self.result(plan, {}, {})

    def _delete_express(self, service: Mapping[str, Any]) -> None:
        tasks = api.list_task_arns(self.client, self.cluster, self.name) if self.options["wait"] else []
        if service.get("status") != "DRAINING":
            delete_express(self.client, service["serviceArn"])
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

    # What it says

    def result(self, plan: Plan, service: dict[str, Any], rollout: dict[str, Any]) -> dict[str, Any]:
        found = self.found_express
        shown = {name: value for name, value in found.express.items() if name not in ("activeConfigurations", "tags")}
        described = from_api(self.express_view, shown) or {}
        configuration = from_api(self.express_view.members["activeConfigurations"].member, found.configuration)
        if described:
            described |= {
                "status": (described.get("status") or {}).get("status_code", ""),
                "status_reason": (described.get("status") or {}).get("status_reason", ""),
                "configuration": configuration,
                "tags": without_marks(found.tags),
            }
        return {
            "changed": bool(plan.changes or self.actions),
            "service": described,
            "endpoints": (configuration or {}).get("ingress_paths") or [] if described else [],
            "changes": [change.as_result() for change in plan.changes],
            "will_start_deployment": plan.starts_deployment,
            "actions": self.actions,
            "rollout": rollout,
            "diff": plan_diff(plan),
        }


def overlay_of(shape: Any, name: str, found: FoundExpress, value: Any) -> Any:
    return overlay(shape.members[name], found.configuration.get(name), value)


def tag_differences(current: Mapping[str, str], wanted: Mapping[str, str] | None) -> list[Change]:
    """The tags that change: they start no deployment."""
    if wanted is None:
        return []
    names = sorted(current.keys() | wanted.keys())
    return [
        Change(f"tags.{name}", current.get(name), wanted.get(name), False)
        for name in names
        if current.get(name) != wanted.get(name)
    ]


def express_service(module: SlipwayModule) -> dict[str, Any]:
    """What the module does."""
    run = Express(module)
    return run.absent() if module.params["state"] == "absent" else run.present()
