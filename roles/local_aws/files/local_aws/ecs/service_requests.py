# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ECS asks of a service before it makes or changes one."""

from __future__ import annotations

import re

from .errors import EcsError, invalid_parameter
from .model import Cluster, Json, TaskDefinition
from .world import World

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
STRATEGIES = ("ROLLING", "BLUE_GREEN", "LINEAR", "CANARY")
PLATFORM_VERSIONS = ("LATEST", "1.4.0", "1.3.0")
HOOK_STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
)
NO_PAUSE_AT = ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
#: What a service revision is made of: a change to one of these starts a deployment.
REVISION_FIELDS = (
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "gatewayConnectors",
    "monitoring",
)
#: Of those, what the API's documentation says to start a deployment.
DEPLOYING_FIELDS = tuple(name for name in REVISION_FIELDS if name not in ("launchType", "capacityProviderStrategy"))


def deployment_configuration(given: Json | None, scheduling: str, current: Json | None = None) -> Json:
    """The deployment configuration with AWS's defaults and what is already set."""
    defaults: Json = {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": 100 if scheduling == "DAEMON" else 200,
        "minimumHealthyPercent": 0 if scheduling == "DAEMON" else 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
    result = {**defaults, **(current or {}), **(given or {})}
    _check_deployment_configuration(result)
    if result["strategy"] != "LINEAR":
        result.pop("linearConfiguration", None)
    else:
        result["linearConfiguration"] = {
            "stepPercent": 10.0,
            "stepBakeTimeInMinutes": 6,
            **(result.get("linearConfiguration") or {}),
        }
    if result["strategy"] != "CANARY":
        result.pop("canaryConfiguration", None)
    else:
        result["canaryConfiguration"] = {
            "canaryPercent": 5.0,
            "canaryBakeTimeInMinutes": 10,
            **(result.get("canaryConfiguration") or {}),
        }
    return result


def _check_deployment_configuration(options: Json) -> None:
    strategy = options["strategy"]
    if strategy not in STRATEGIES:
        raise invalid_parameter(f"Invalid deployment strategy: {strategy}.")
    highest, lowest = options["maximumPercent"], options["minimumHealthyPercent"]
    if highest < 0 or lowest < 0:
        raise invalid_parameter("maximumPercent and minimumHealthyPercent must not be negative.")
    if strategy == "ROLLING" and highest <= 100 and lowest >= 100:
        raise invalid_parameter(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments."
        )
    if not 0 <= (options.get("bakeTimeInMinutes") or 0) <= 1440:
        raise invalid_parameter("bakeTimeInMinutes must be between 0 and 1440.")
    for name, owner in (("linearConfiguration", "LINEAR"), ("canaryConfiguration", "CANARY")):
        if options.get(name) and strategy != owner:
            raise invalid_parameter(f"{name} is only valid when the deployment strategy is {owner}.")
    linear = options.get("linearConfiguration") or {}
    if not 3.0 <= linear.get("stepPercent", 10.0) <= 100.0:
        raise invalid_parameter("stepPercent must be between 3.0 and 100.0.")
    canary = options.get("canaryConfiguration") or {}
    if not 0.1 <= canary.get("canaryPercent", 5.0) <= 100.0:
        raise invalid_parameter("canaryPercent must be between 0.1 and 100.0.")
    early = options.get("earlySuccessCriteria") or {}
    if early.get("enable"):
        if strategy != "ROLLING":
            raise invalid_parameter("earlySuccessCriteria is only valid when the deployment strategy is ROLLING.")
        if not lowest <= early.get("healthyPercent", 100) <= 100:
            raise invalid_parameter("healthyPercent must be between minimumHealthyPercent and 100.")
    threshold = (options.get("deploymentCircuitBreaker") or {}).get("thresholdConfiguration") or {}
    if threshold and threshold["value"] < 1:
        raise invalid_parameter("The threshold value of the deployment circuit breaker must be at least 1.")
    hooks = options.get("lifecycleHooks") or []
    if hooks and strategy == "ROLLING":
        raise invalid_parameter("Lifecycle hooks are not supported with the ROLLING deployment strategy.")
    for hook in hooks:
        _check_hook(hook)


def _check_hook(hook: Json) -> None:
    stages = hook.get("lifecycleStages") or []
    if not stages:
        raise invalid_parameter("lifecycleStages must be specified for a deployment lifecycle hook.")
    unknown = [stage for stage in stages if stage not in HOOK_STAGES]
    if unknown:
        raise invalid_parameter(f"Invalid lifecycle stage: {unknown[0]}.")
    if hook.get("targetType", "AWS_LAMBDA") == "PAUSE":
        forbidden = [stage for stage in stages if stage in NO_PAUSE_AT]
        if forbidden:
            raise invalid_parameter(f"PAUSE hooks cannot be configured at the {forbidden[0]} stage.")
    elif not hook.get("hookTargetArn") or not hook.get("roleArn"):
        raise invalid_parameter("hookTargetArn and roleArn must be specified for an AWS_LAMBDA lifecycle hook.")
    minutes = (hook.get("timeoutConfiguration") or {}).get("timeoutInMinutes", 1440)
    if not 1 <= minutes <= 20160:
        raise invalid_parameter("timeoutInMinutes must be between 1 and 20160.")


def check_simulated(request: Json) -> None:
    """Say clearly what the engine cannot play."""
    controller = (request.get("deploymentController") or {}).get("type", "ECS")
    if controller == "EXTERNAL":
        raise EcsError(
            "UnsupportedFeatureException", "The local AWS does not simulate the EXTERNAL deployment controller."
        )
    if request.get("launchType") in ("EXTERNAL", "MANAGED_INSTANCES"):
        raise EcsError(
            "UnsupportedFeatureException", f"The local AWS does not simulate the launch type {request['launchType']}."
        )
    if any(balancer.get("loadBalancerName") for balancer in request.get("loadBalancers") or []):
        raise EcsError("UnsupportedFeatureException", "The local AWS does not simulate Classic Load Balancers.")


def check_for_code_deploy(fields: Json) -> None:
    """What a service whose deployments CodeDeploy controls must have, and must not."""
    if len(fields["loadBalancers"]) != 1:
        raise invalid_parameter(
            "Exactly one target group must be specified for services with a CODE_DEPLOY deployment controller."
        )
    options = fields["deploymentConfiguration"]
    if (options.get("deploymentCircuitBreaker") or {}).get("enable"):
        raise invalid_parameter("Deployment circuit breaker feature can only be used with ECS deployment controller.")
    if (options.get("alarms") or {}).get("enable") or options["strategy"] != "ROLLING":
        raise invalid_parameter(
            "Deployment alarms and strategies can only be used with services that use the ECS deployment controller."
        )
    for name in ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"):
        if fields.get(name):
            raise invalid_parameter(f"{name} is not supported with a CODE_DEPLOY deployment controller.")


#: What only a deployment of CodeDeploy can change, in the words of the refusal.
CODE_DEPLOYS = {
    "taskDefinition": "Unable to update task definition",
    "networkConfiguration": "Unable to update network parameters",
    "platformVersion": "Unable to update platform version",
    "loadBalancers": "Unable to update load balancers",
    "serviceRegistries": "Unable to update service registries",
    "capacityProviderStrategy": "Unable to update capacity provider strategy",
    "forceNewDeployment": "Cannot force a new deployment",
}


def check_code_deploy_update(request: Json) -> None:
    for name, words in CODE_DEPLOYS.items():
        if request.get(name):
            raise invalid_parameter(
                f"{words} on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new "
                "deployment."
            )


def network_configuration(given: Json | None) -> Json | None:
    """The network configuration with AWS's defaults."""
    if not given or not given.get("awsvpcConfiguration"):
        return None
    network = given["awsvpcConfiguration"]
    return {
        "awsvpcConfiguration": {
            "subnets": list(network.get("subnets") or []),
            "securityGroups": list(network.get("securityGroups") or []),
            "assignPublicIp": network.get("assignPublicIp", "DISABLED"),
        }
    }


def check_network(definition: TaskDefinition, network: Json | None, world: World) -> None:
    if definition.network_mode == "awsvpc":
        if network is None:
            raise invalid_parameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
        wanted = network["awsvpcConfiguration"]
        if not wanted["subnets"]:
            raise invalid_parameter("subnets can not be empty.")
        if len(wanted["subnets"]) > 16:
            raise invalid_parameter("subnets can have at most 16 items.")
        if len(wanted["securityGroups"]) > 5:
            raise invalid_parameter("securityGroups can have at most 5 items.")
        wrong = world.check_network(wanted["subnets"], wanted["securityGroups"])
        if wrong:
            raise invalid_parameter(wrong)
    elif network is not None:
        raise invalid_parameter("Network Configuration is not valid for the given networkMode of this task definition.")


def check_placement(fields: Json, definition: TaskDefinition, cluster: Cluster) -> None:
    """Launch type, capacity providers and platform against the task definition and the cluster."""
    launch_type, strategy = fields.get("launchType"), fields.get("capacityProviderStrategy") or []
    if launch_type and launch_type not in definition.body["compatibilities"]:
        raise invalid_parameter(f"Task definition does not support launch_type {launch_type}.")
    for item in strategy:
        if item["capacityProvider"] not in cluster.capacity_providers:
            raise invalid_parameter(
                "The specified capacity provider strategy contains a capacity provider that is not associated with "
                "the cluster. Associate the capacity provider with the cluster and try again."
            )
    if strategy and all(item.get("weight", 0) == 0 and item.get("base", 0) == 0 for item in strategy):
        raise invalid_parameter("At least one capacity provider in the strategy must have a weight greater than 0.")
    providers = {item["capacityProvider"] for item in strategy}
    fargate = providers & {"FARGATE", "FARGATE_SPOT"}
    if fargate and providers - fargate:
        raise invalid_parameter(
            "Fargate capacity providers cannot be used with other capacity providers in one strategy."
        )
    if fargate and "FARGATE" not in definition.body["compatibilities"]:
        raise invalid_parameter("Task definition does not support launch_type FARGATE.")
    version = fields.get("platformVersion")
    if version is not None and version not in PLATFORM_VERSIONS:
        raise EcsError("PlatformUnknownException", "The specified platform does not exist.")


def check_load_balancers(fields: Json, definition: TaskDefinition, world: World, *, spare_group: bool = False) -> None:
    balancers = fields.get("loadBalancers") or []
    containers = {container["name"]: container for container in definition.containers}
    for balancer in balancers:
        name, port = balancer.get("containerName"), balancer.get("containerPort")
        if name not in containers:
            raise invalid_parameter(f"The container {name} does not exist in the task definition.")
        if port not in [mapping.get("containerPort") for mapping in containers[name]["portMappings"]]:
            raise invalid_parameter(f"The container {name} did not have a container port {port} defined.")
        advanced = balancer.get("advancedConfiguration") or {}
        for arn in (balancer.get("targetGroupArn"), advanced.get("alternateTargetGroupArn")):
            if arn is None:
                continue
            group = world.target_group(arn)
            if group is None:
                raise invalid_parameter(f"The target group {arn} does not exist.")
            if definition.network_mode == "awsvpc" and group.target_type != "ip":
                raise invalid_parameter(
                    f"The provided target group {arn} has target type {group.target_type}, which is incompatible with "
                    "the awsvpc network mode specified in the task definition."
                )
            if not group.in_use and arn == balancer.get("targetGroupArn") and not spare_group:
                raise invalid_parameter(
                    f"The target group with targetGroupArn {arn} does not have an associated load balancer."
                )
        if fields["deploymentConfiguration"]["strategy"] != "ROLLING" and not (
            advanced.get("alternateTargetGroupArn") and advanced.get("productionListenerRule")
        ):
            raise invalid_parameter(
                "advancedConfiguration with alternateTargetGroupArn and productionListenerRule must be specified for "
                f"the {fields['deploymentConfiguration']['strategy']} deployment strategy."
            )
    checked = any(container.get("healthCheck") for container in definition.containers)
    if fields.get("healthCheckGracePeriodSeconds") and not balancers and not checked:
        raise invalid_parameter("Health check grace period is only valid for services configured to use load balancers")
