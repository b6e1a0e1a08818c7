# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CodeDeploy's applications and deployment groups for ECS services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ._ecs.comparison import canonical
from ._ecs.options import AUTO_ROLLBACK, STOPPING_ALARMS, Spec
from ._ecs.transformations import from_api, options_of, overlay, snake_name
from .core import (
    AnsibleAWSError,
    Resource,
    SlipwayModule,
    State,
    aws_call,
    chunks,
    from_tag_list,
    given,
    in_parallel,
    merged,
    reconcile,
    tag_changes,
    to_tag_list,
    wanted_tags,
)

_ROUTE = {"type": "dict", "options": {"listener_arns": {"type": "list", "elements": "str", "required": True}}}

# The members of CreateDeploymentGroup that concern ECS, in snake case.
DEPLOYMENT_GROUP: Spec = {
    "application_name": {"type": "str", "required": True},
    "deployment_group_name": {"type": "str", "required": True},
    "service_role_arn": {"type": "str"},
    "deployment_config_name": {"type": "str"},
    "ecs_services": {
        "type": "list",
        "elements": "dict",
        "options": {
            "service_name": {"type": "str", "required": True},
            "cluster_name": {"type": "str", "required": True},
        },
    },
    "load_balancer_info": {
        "type": "dict",
        "options": {
            "target_group_pair_info_list": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "target_groups": {
                        "type": "list",
                        "elements": "dict",
                        "required": True,
                        "options": {"name": {"type": "str", "required": True}},
                    },
                    "prod_traffic_route": {**_ROUTE, "required": True},
                    "test_traffic_route": _ROUTE,
                },
            },
        },
    },
    "blue_green_deployment_configuration": {
        "type": "dict",
        "options": {
            "terminate_blue_instances_on_deployment_success": {
                "type": "dict",
                "options": {
                    "action": {"type": "str", "choices": ["TERMINATE", "KEEP_ALIVE"]},
                    "termination_wait_time_in_minutes": {"type": "int"},
                },
            },
            "deployment_ready_option": {
                "type": "dict",
                "options": {
                    "action_on_timeout": {"type": "str", "choices": ["CONTINUE_DEPLOYMENT", "STOP_DEPLOYMENT"]},
                    "wait_time_in_minutes": {"type": "int"},
                },
            },
        },
    },
    "auto_rollback_configuration": AUTO_ROLLBACK,
    "alarm_configuration": STOPPING_ALARMS,
    "trigger_configurations": {
        "type": "list",
        "elements": "dict",
        "options": {
            "trigger_name": {"type": "str", "required": True},
            "trigger_target_arn": {"type": "str", "required": True},
            "trigger_events": {"type": "list", "elements": "str", "required": True},
        },
    },
    "tags": {"type": "dict"},
}
_NAMES = ("application_name", "deployment_group_name")
_NEEDED = ("service_role_arn", "ecs_services", "load_balancer_info")
# What ECS deployment groups are, whatever a task says, and what a new one is when the task says nothing.
_STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
_NEW = {
    "terminate_blue_instances_on_deployment_success": {"action": "TERMINATE", "termination_wait_time_in_minutes": 0},
    "deployment_ready_option": {"action_on_timeout": "CONTINUE_DEPLOYMENT"},
}
_NO_APPLICATION = "ApplicationDoesNotExistException"


@aws_call("describe the deployment groups of the CodeDeploy application {application}", missing=[_NO_APPLICATION])
def _describe(client: Any, application: str, names: list[str]) -> list[dict[str, Any]] | None:
    """The groups that there are, or None without the application."""
    found: list[dict[str, Any]] = []
    for some in chunks(names, 100):
        answer = client.batch_get_deployment_groups(applicationName=application, deploymentGroupNames=some)
        found += answer.get("deploymentGroupsInfo") or []
    return found


@aws_call(
    "list the deployment groups of the CodeDeploy application {application}", missing=[_NO_APPLICATION], default=[]
)
def _list(client: Any, application: str) -> list[str]:
    pages = client.get_paginator("list_deployment_groups").paginate(applicationName=application)
    return [name for page in pages for name in page.get("deploymentGroups") or []]


@aws_call("list the tags of {arn}")
def _tags(client: Any, arn: str) -> dict[str, str]:
    return from_tag_list(client.list_tags_for_resource(ResourceArn=arn)["Tags"])


# One that is there already: another group of the same application is made at the same time.
@aws_call("create the CodeDeploy application {application}", missing=["ApplicationAlreadyExistsException"])
def _create_application(client: Any, application: str) -> None:
    client.create_application(applicationName=application, computePlatform="ECS")


@aws_call("describe services of the ECS cluster {cluster}", missing=["ClusterNotFoundException"], default=[])
def _services(client: Any, cluster: str, names: list[str]) -> list[str]:
    """The names of those services that exist."""
    found = [
        service
        for some in chunks(names, 10)
        for service in client.describe_services(cluster=cluster, services=some)["services"]
    ]
    return [service["serviceName"] for service in found if service["status"] == "ACTIVE"]


@aws_call("create the CodeDeploy deployment group {name}")
def _create(client: Any, name: str, request: dict[str, Any]) -> str:
    return client.create_deployment_group(**request)["deploymentGroupId"]


@aws_call("change the CodeDeploy deployment group {name}")
def _update(client: Any, name: str, request: dict[str, Any]) -> None:
    client.update_deployment_group(**request)


@aws_call("delete the CodeDeploy deployment group {application}/{group}", missing=[_NO_APPLICATION])
def _delete(client: Any, application: str, group: str) -> None:
    client.delete_deployment_group(applicationName=application, deploymentGroupName=group)


@aws_call("delete the CodeDeploy application {application}", missing=[_NO_APPLICATION])
def _delete_application(client: Any, application: str) -> None:
    client.delete_application(applicationName=application)


@aws_call("tag {arn}")
def _set_tags(client: Any, arn: str, to_set: dict[str, str], to_remove: list[str]) -> None:
    if to_set:
        client.tag_resource(ResourceArn=arn, Tags=to_tag_list(to_set))
    if to_remove:
        client.untag_resource(ResourceArn=arn, TagKeys=to_remove)


def _arn(region: str, role_arn: str, application: str, group: str) -> str:
    """The ARN of a deployment group, which no call tells: its role is in the same partition and account."""
    parts = role_arn.split(":")
    return f"arn:{parts[1]}:codedeploy:{region}:{parts[4]}:deploymentgroup:{application}/{group}"


class DeploymentGroup(Resource):
    """The deployment groups that a task names, by C(application/group)."""

    kind = "CodeDeploy deployment group"

    def __init__(self, client: Any, groups: Iterable[Mapping[str, Any]], *, purge_tags: bool) -> None:
        self.client = client
        self.groups = list(groups)
        self.purge_tags = purge_tags
        self.applications: dict[str, bool] = {}
        # What C(describe) has told before anybody asked for it.
        self.seen: dict[str, State] | None = None
        model = client.meta.service_model
        self.create_shape = model.operation_model("CreateDeploymentGroup").input_shape
        self.info_shape = model.shape_for("DeploymentGroupInfo")

    def describe(self) -> dict[str, State]:
        seen, self.seen = self.seen, None
        return self._look() if seen is None else seen

    def _look(self) -> dict[str, State]:
        names: dict[str, list[str]] = {}
        for group in self.groups:
            names.setdefault(group["application_name"], []).append(group["deployment_group_name"])
        found = in_parallel(
            {application: lambda app=application: _describe(self.client, app, names[app]) for application in names}
        )
        self.applications = {application: infos is not None for application, infos in found.items()}
        states = {
            f"{info['applicationName']}/{info['deploymentGroupName']}": self._state(info)
            for infos in found.values()
            for info in infos or []
        }
        tagged = {name_of(group) for group in self.groups if group.get("tags") is not None}
        tags = in_parallel(
            {name: lambda name=name: _tags(self.client, states[name]["arn"]) for name in tagged & states.keys()}
        )
        for name, found_tags in tags.items():
            states[name]["tags"] = found_tags
        return states

    def _state(self, info: Mapping[str, Any]) -> State:
        if info.get("computePlatform", "ECS") != "ECS":
            raise AnsibleAWSError(
                message=f"application_name: {info['applicationName']} is an application for {info['computePlatform']}, "
                "not for ECS. Name another one."
            )
        told = from_api(self.info_shape, info)
        state = {name: told[name] for name in DEPLOYMENT_GROUP if told.get(name) is not None}
        region = self.client.meta.region_name
        state["arn"] = _arn(region, info["serviceRoleArn"], info["applicationName"], info["deploymentGroupName"])
        return {**state, "deployment_group_id": info.get("deploymentGroupId", "")}

    def _overlaid(self, name: str, current: Any, value: Any) -> Any:
        """An option laid over what there is, in snake case."""
        member = next(item for item in self.create_shape.members if snake_name(item) == name)
        shape = self.create_shape.members[member]
        both = [options_of(self.create_shape, {name: item}).get(member) for item in (current, value)]
        return from_api(shape, overlay(shape, *both))

    def differences(self, name: str, current: State, wanted: State) -> State:
        found: State = {}
        for option, value in given(wanted).items():
            if option in _NAMES:
                continue
            if option == "tags":
                tags = wanted_tags(current.get("tags") or {}, value, purge=self.purge_tags)
                if tags != (current.get("tags") or {}):
                    found["tags"] = tags
                continue
            whole = self._overlaid(option, current.get(option), value)
            if canonical(current.get(option), option) != canonical(whole, option):
                found[option] = whole
        return found

    def _request(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return options_of(self.create_shape, {name: value for name, value in options.items() if name != "tags"})

    def create(self, name: str, wanted: State) -> State:
        if not self.applications.get(wanted["application_name"]):
            _create_application(self.client, wanted["application_name"])
        state = self.planned(name, wanted)
        request = {**self._request(state), "deploymentStyle": _STYLE}
        if wanted.get("tags"):
            request["tags"] = to_tag_list(wanted["tags"])
        identifier = _create(self.client, name, request)
        arn = _arn(self.client.meta.region_name, wanted["service_role_arn"], *(wanted[option] for option in _NAMES))
        return {**state, "deployment_group_id": identifier, "arn": arn}

    def planned(self, name: str, wanted: State) -> State:
        settings = {**_NEW, **given(wanted.get("blue_green_deployment_configuration") or {})}
        return merged(merged({}, wanted), {"blue_green_deployment_configuration": settings})

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        settings = {option: value for option, value in changes.items() if option != "tags"}
        if settings:
            group = {"applicationName": current["application_name"]}
            group["currentDeploymentGroupName"] = current["deployment_group_name"]
            _update(self.client, name, {**group, **self._request(settings)})
        if "tags" in changes:
            _set_tags(self.client, current["arn"], *tag_changes(current.get("tags") or {}, changes["tags"]))
        return merged(current, changes)

    def delete(self, name: str, current: State) -> None:
        _delete(self.client, current["application_name"], current["deployment_group_name"])


def name_of(group: Mapping[str, Any]) -> str:
    return f"{group['application_name']}/{group['deployment_group_name']}"


def problems(groups: Iterable[Mapping[str, Any]], existing: Iterable[str]) -> list[str]:
    """What is wrong with groups that do not exist yet, or with any."""
    known, found, seen = set(existing), [], set()
    for group in groups:
        name = name_of(group)
        if name in seen:
            found.append(f"deployment_groups: {name} stands twice; each may stand once.")
        seen.add(name)
        lacking = [option for option in _NEEDED if not group.get(option)]
        if name not in known and lacking:
            found.append(f"deployment_groups: {name} does not exist yet, and lacks {', '.join(lacking)}.")
        if len(group.get("ecs_services") or [None]) != 1:
            found.append(f"deployment_groups: {name} names several ecs_services; a deployment group has one.")
    return found


class Checked(DeploymentGroup):
    """The groups of a task that wants them: what is wrong with it is told before anything changes."""

    def without_service(self, ecs: Any) -> set[str]:
        """The groups that do not exist and whose service does not either: CodeDeploy refuses to make them."""
        self.seen = self.describe()
        clusters: dict[str, dict[str, str]] = {}
        for group in self.groups:
            if name_of(group) not in self.seen:
                (service,) = group["ecs_services"]
                clusters.setdefault(service["cluster_name"], {})[name_of(group)] = service["service_name"]
        known = in_parallel(
            {
                cluster: lambda cluster=cluster: _services(ecs, cluster, list(clusters[cluster].values()))
                for cluster in clusters
            }
        )
        return {
            name for cluster, new in clusters.items() for name, service in new.items() if service not in known[cluster]
        }

    def _look(self) -> dict[str, State]:
        states = super()._look()
        found = problems(self.groups, states)
        if found:
            raise AnsibleAWSError(message=" ".join(found))
        return states


def deployment_groups(module: SlipwayModule) -> dict[str, Any]:
    """What the module does."""
    options = module.params
    groups, present = options["deployment_groups"], options["state"] == "present"
    kind = Checked if present else DeploymentGroup
    resource = kind(module.client("codedeploy"), groups, purge_tags=options["purge_tags"])
    wanted = {name_of(group): given(group) if present else None for group in groups}
    deferred: set[str] = set()
    if isinstance(resource, Checked) and options["defer"]:
        deferred = resource.without_service(module.client("ecs"))
    wanted = {name: group for name, group in wanted.items() if name not in deferred}
    outcome = reconcile(resource, wanted, check_mode=module.check_mode)
    result = outcome.as_result(
        deployment_groups={name: outcome.items[name] for name in wanted if name in outcome.items},
        deferred=sorted(deferred),
    )
    return result if present else _without_empty_applications(module, resource, result, set(wanted))


def _without_empty_applications(
    module: SlipwayModule, resource: DeploymentGroup, result: dict[str, Any], doomed: set[str]
) -> dict[str, Any]:
    """Delete the applications whose last deployment group goes, or has gone in a run that was cut off."""
    client = resource.client
    there = [application for application, exists in resource.applications.items() if exists]
    listed = in_parallel({application: lambda app=application: _list(client, app) for application in there})
    for application, names in listed.items():
        if {f"{application}/{name}" for name in names} - doomed:
            continue
        if not module.check_mode:
            _delete_application(client, application)
        result["actions"].append({"action": "delete", "name": application, "fields": []})
        result["changed"] = True
        result["diff"]["before"][application] = {"application_name": application}
        result["diff"]["after"][application] = {}
    return result
