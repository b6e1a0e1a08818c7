# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CodeDeploy's applications and deployment groups can be changed and deleted, and tell all that they were given.

AWS: UpdateDeploymentGroup changes what it names and leaves the rest; DeleteDeploymentGroup and DeleteApplication exist
and do not mind what is gone already; BatchGetDeploymentGroups answers for those that exist and tells in errorMessage
which do not; DeploymentGroupInfo has the alarms; the default deployment configuration of an ECS group is
CodeDeployDefault.ECSAllAtOnce (CodeDeploy API reference).
moto 5.2.5: has none of these operations, and neither alarms nor the default for ECS.
Can go when moto has them.
"""

from __future__ import annotations

from typing import Any

from moto.codedeploy import responses
from moto.codedeploy.exceptions import DeploymentGroupAlreadyExistsException
from moto.codedeploy.models import CodeDeployBackend, DeploymentGroup
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult

from ..clock import Clock

#: Options of a deployment group, by the attributes in which moto keeps them.
OPTIONS = {
    "deploymentConfigName": "deployment_config_name",
    "ec2TagFilters": "ec2_tag_filters",
    "onPremisesInstanceTagFilters": "on_premises_instance_tag_filters",
    "autoScalingGroups": "auto_scaling_groups",
    "serviceRoleArn": "service_role_arn",
    "triggerConfigurations": "trigger_configurations",
    "alarmConfiguration": "alarm_configuration",
    "autoRollbackConfiguration": "auto_rollback_configuration",
    "outdatedInstancesStrategy": "outdated_instances_strategy",
    "deploymentStyle": "deployment_style",
    "blueGreenDeploymentConfiguration": "blue_green_deployment_configuration",
    "loadBalancerInfo": "load_balancer_info",
    "ec2TagSet": "ec2_tag_set",
    "ecsServices": "ecs_services",
    "onPremisesTagSet": "on_premises_tag_set",
    "terminationHookEnabled": "termination_hook_enabled",
}

_original_info = responses._deployment_group_info
_original_create = CodeDeployBackend.create_deployment_group


def info(group: DeploymentGroup) -> dict[str, Any]:
    """A deployment group as the API tells it."""
    told = {name: value for name, value in _original_info(group).items() if value not in ({}, None)}
    told["alarmConfiguration"] = group.alarm_configuration or {"enabled": False, "alarms": []}
    told["autoRollbackConfiguration"] = group.auto_rollback_configuration or {"enabled": False}
    return told


def create_deployment_group(self: CodeDeployBackend, application_name: str, **options: Any) -> str:
    application = self.applications.get(application_name)
    if application is not None and application.compute_platform == "ECS" and not options["deployment_config_name"]:
        options["deployment_config_name"] = "CodeDeployDefault.ECSAllAtOnce"
    return _original_create(self, application_name, **options)


def update_deployment_group(self: CodeDeployResponse) -> ActionResult:
    backend, application = self.codedeploy_backend, self._get_param("applicationName")
    name = self._get_param("currentDeploymentGroupName")
    group = backend.get_deployment_group(application, name)
    new_name = self._get_param("newDeploymentGroupName") or name
    groups = backend.deployment_groups[application]
    if new_name != name and new_name in groups:
        raise DeploymentGroupAlreadyExistsException(f"Deployment group {new_name} already exists.")
    for option, attribute in OPTIONS.items():
        value = self._get_param(option)
        if value is not None:
            setattr(group, attribute, value)
    group.deployment_group_name = new_name
    groups[new_name] = groups.pop(name)
    return ActionResult({"hooksNotCleanedUp": []})


def delete_deployment_group(self: CodeDeployResponse) -> ActionResult:
    backend, application = self.codedeploy_backend, self._get_param("applicationName")
    name = self._get_param("deploymentGroupName")
    backend.get_application(application)
    if backend.deployment_groups.get(application, {}).pop(name, None) is not None:
        backend.tagger.delete_all_tags_for_resource(backend._deployment_group_arn(application, name))
    return ActionResult({"hooksNotCleanedUp": []})


def delete_application(self: CodeDeployResponse) -> EmptyResult:
    backend, application = self.codedeploy_backend, self._get_param("applicationName")
    backend.applications.pop(application, None)
    for name in backend.deployment_groups.pop(application, {}):
        backend.tagger.delete_all_tags_for_resource(backend._deployment_group_arn(application, name))
    backend.tagger.delete_all_tags_for_resource(backend._application_arn(application))
    return EmptyResult()


def batch_get_deployment_groups(self: CodeDeployResponse) -> ActionResult:
    backend, application = self.codedeploy_backend, self._get_param("applicationName")
    backend.get_application(application)
    names = self._get_param("deploymentGroupNames")
    known = backend.deployment_groups.get(application, {})
    missing = [name for name in names if name not in known]
    return ActionResult(
        {
            "deploymentGroupsInfo": [responses._deployment_group_info(known[name]) for name in names if name in known],
            "errorMessage": f"The following deployment groups do not exist: {', '.join(missing)}" if missing else None,
        }
    )


def apply(clock: Clock) -> None:
    responses._deployment_group_info = info
    CodeDeployBackend.create_deployment_group = create_deployment_group  # type: ignore[method-assign]
    for method in (
        update_deployment_group,
        delete_deployment_group,
        delete_application,
        batch_get_deployment_groups,
    ):
        setattr(CodeDeployResponse, method.__name__, method)
