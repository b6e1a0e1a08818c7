# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Express Mode: services whose task definition, target groups and scaling ECS makes and keeps itself.

An Express service is a service of the engine with a canary deployment, as AWS rolls them out; what its caller has said
is a part of each revision, so that a rollback brings it back too. Of the managed resources there are the task
definition, the log group and the target groups; the endpoint is a name that nothing serves.
"""

from __future__ import annotations

import copy
import secrets
from typing import TYPE_CHECKING

from . import service_requests as requests
from .errors import EcsError, invalid_parameter, service_not_active, service_not_found
from .model import Json, Service, ServiceRevision, TaskDefinition
from .views import compact, ingress_paths, when

if TYPE_CHECKING:
    from .api import Ecs

CONTAINER = "Main"
#: What the caller of an update may say; what is not said stays.
SETTINGS = (
    "executionRoleArn",
    "taskRoleArn",
    "cpu",
    "memory",
    "cpuArchitecture",
    "networkConfiguration",
    "healthCheckPath",
    "primaryContainer",
    "scalingTarget",
    "taskDefinitionArn",
)
#: What a task definition of the caller's own says itself.
IN_DEFINITION = ("primaryContainer", "executionRoleArn", "taskRoleArn", "cpu", "memory", "cpuArchitecture")
METRICS = ("AVERAGE_CPU", "AVERAGE_MEMORY", "REQUEST_COUNT_PER_TARGET")
#: How AWS rolls Express services out: 5 % of the traffic for three minutes, then all of it for three minutes more.
DEPLOYMENT = {
    "strategy": "CANARY",
    "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 3},
    "bakeTimeInMinutes": 3,
    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
}
#: How often a deleted service is looked at until its target groups can go.
CLEAN_UP = 5.0


def create(ecs: Ecs, request: Json) -> Json:
    """CreateExpressGatewayService."""
    cluster = ecs._active_cluster(request.get("cluster"))
    name = request.get("serviceName") or f"express-{secrets.token_hex(4)}"
    if not requests.NAME.fullmatch(name):
        raise invalid_parameter("Invalid service name.")
    if not request.get("infrastructureRoleArn"):
        raise invalid_parameter("infrastructureRoleArn must be specified.")
    existing = ecs.services.get((cluster.name, name))
    if existing is not None and existing.status == "DRAINING":
        raise invalid_parameter("Unable to Start a service that is still Draining.")
    if existing is not None and existing.status == "ACTIVE":
        if existing.request == request:
            return {"service": view(ecs, existing, ["TAGS"])}
        raise invalid_parameter("Creation of service was not idempotent.")
    path = f"{cluster.name}/{name}"
    settings = _settings(ecs, path, _defaults(ecs, path), request)
    definition = _definition(ecs, path, settings)
    network = _network(settings)
    requests.check_network(definition, network, ecs.world)
    groups = [
        ecs.world.make_target_group(
            f"ecs-gateway-tg-{secrets.token_hex(6)}", settings["networkConfiguration"]["subnets"][0]
        )
        for _color in ("blue", "green")
    ]
    fields = ecs._new_fields(
        {
            "launchType": "FARGATE",
            "networkConfiguration": network,
            "deploymentConfiguration": copy.deepcopy(DEPLOYMENT),
            "loadBalancers": [
                {
                    "targetGroupArn": groups[0],
                    "containerName": CONTAINER,
                    "containerPort": _port(definition),
                    "advancedConfiguration": {
                        "alternateTargetGroupArn": groups[1],
                        "roleArn": request["infrastructureRoleArn"],
                    },
                }
            ],
        },
        cluster,
    )
    ecs._keep_stale(cluster, name)
    service = Service(
        name=name,
        arn=f"{ecs.arn_prefix}:service/{path}",
        cluster=cluster,
        created_at=ecs.now,
        created_by=ecs.caller,
        fields={
            **fields,
            "express": settings,
            "infrastructureRoleArn": request["infrastructureRoleArn"],
            "endpoint": f"{name}-{secrets.token_hex(4)}.ecs.{ecs.region}.on.aws",
            "updatedAt": ecs.now,
        },
        tags=copy.deepcopy(request.get("tags") or []),
        desired_count=settings["scalingTarget"]["minTaskCount"],
        definition=definition,
        request=copy.deepcopy(request),
    )
    ecs.services[cluster.name, name] = service
    ecs.rollouts.deploy(service, {**ecs._revision_fields(service), "express": settings})
    return {"service": view(ecs, service, ["TAGS"])}


def update(ecs: Ecs, request: Json) -> Json:
    """UpdateExpressGatewayService: always a new service revision and a deployment of it."""
    service = _service(ecs, request["serviceArn"], service_not_found())
    if service.status != "ACTIVE":
        raise service_not_active()
    path = f"{service.cluster.name}/{service.name}"
    settings = _settings(ecs, path, service.fields["express"], request)
    definition = _definition(ecs, path, settings)
    network = _network(settings)
    requests.check_network(definition, network, ecs.world)
    ecs._keep_stale(service.cluster, service.name)
    balancers = [{**item, "containerPort": _port(definition)} for item in service.fields["loadBalancers"]]
    service.fields = {
        **service.fields,
        "express": settings,
        "networkConfiguration": network,
        "loadBalancers": balancers,
        "updatedAt": ecs.now,
    }
    service.definition = definition
    scaling = settings["scalingTarget"]
    service.desired_count = min(max(service.desired_count, scaling["minTaskCount"]), scaling["maxTaskCount"])
    started = ecs.rollouts.deploy(service, {**ecs._revision_fields(service), "express": settings})
    return {
        "service": {
            "serviceArn": service.arn,
            "cluster": service.cluster.name,
            "serviceName": service.name,
            "status": {"statusCode": service.status},
            "targetConfiguration": _configuration(service, started.target),
            "createdAt": when(service.created_at),
            "updatedAt": when(ecs.now),
        }
    }


def describe(ecs: Ecs, request: Json) -> Json:
    """DescribeExpressGatewayService."""
    missing = EcsError("ResourceNotFoundException", "Service not found.")
    service = _service(ecs, request["serviceArn"], missing)
    stale = ecs._stale_of(service)
    if stale is None:
        return {"service": view(ecs, service, request.get("include") or [])}
    if stale.express is None:
        raise missing
    hidden = () if "TAGS" in (request.get("include") or []) else ("tags",)
    return {"service": {key: value for key, value in stale.express.items() if key not in hidden}}


def delete(ecs: Ecs, request: Json) -> Json:
    """DeleteExpressGatewayService."""
    service = _service(ecs, request["serviceArn"], service_not_found())
    if service.status != "ACTIVE":
        raise service_not_active()
    ecs._keep_stale(service.cluster, service.name)
    service.fields["updatedAt"] = ecs.now
    ecs.rollouts.close(service)

    def clean_up() -> None:
        if service.status == "INACTIVE":
            for group in _groups(service):
                ecs.world.remove_target_group(group)
        else:
            ecs.timeline.after(CLEAN_UP, clean_up)

    clean_up()
    return {"service": view(ecs, service, [])}


def view(ecs: Ecs, service: Service, include: list[str]) -> Json:
    """The service as ECSExpressGatewayService: the revisions that have tasks, the primary one first."""
    current = service.current
    return compact(
        {
            "cluster": service.cluster.name,
            "serviceName": service.name,
            "serviceArn": service.arn,
            "infrastructureRoleArn": service.fields["infrastructureRoleArn"],
            "status": {"statusCode": service.status},
            "currentDeployment": current.arn if current else None,
            "activeConfigurations": [_configuration(service, item.revision) for item in service.deployments],
            "tags": service.tags if "TAGS" in include else None,
            "createdAt": when(service.created_at),
            "updatedAt": when(service.fields["updatedAt"]),
        }
    )


def _configuration(service: Service, revision: ServiceRevision) -> Json:
    settings = revision.configuration["express"]
    body = revision.definition.body
    told = {name: value for name, value in settings.items() if name in SETTINGS}
    if settings.get("taskDefinitionArn"):
        told |= {
            "executionRoleArn": body.get("executionRoleArn"),
            "taskRoleArn": body.get("taskRoleArn"),
            "cpu": body.get("cpu"),
            "memory": body.get("memory"),
            "cpuArchitecture": (body.get("runtimePlatform") or {}).get("cpuArchitecture"),
        }
    return compact(
        {
            **told,
            "serviceRevisionArn": revision.arn,
            "taskDefinitionArn": revision.definition.arn,
            "ingressPaths": ingress_paths(service),
            "createdAt": when(revision.created_at),
        }
    )


def _service(ecs: Ecs, arn: str, missing: EcsError) -> Service:
    service = next((item for item in ecs.services.values() if item.arn == arn), None)
    if service is None:
        raise missing
    if "express" not in service.fields:
        raise invalid_parameter("The referenced service is not an Express service.")
    return service


def _defaults(ecs: Ecs, path: str) -> Json:
    """What the API's documentation says of what is left out."""
    return {
        "cpu": "256",
        "memory": "512",
        "cpuArchitecture": "X86_64",
        "healthCheckPath": "/ping",
        "networkConfiguration": {"subnets": ecs.world.default_subnets(), "securityGroups": []},
        "scalingTarget": {
            "minTaskCount": 1,
            "maxTaskCount": 20,
            "autoScalingMetric": "AVERAGE_CPU",
            "autoScalingTargetValue": 60,
        },
    }


def _settings(ecs: Ecs, path: str, current: Json, request: Json) -> Json:
    """What holds after a request: structures as a whole, with the documentation's defaults for what they leave out."""
    given = {name: copy.deepcopy(request[name]) for name in SETTINGS if request.get(name) is not None}
    settings = {**current, **given}
    if "taskDefinitionArn" in given:
        clash = [name for name in IN_DEFINITION if name in given]
        if clash:
            raise invalid_parameter(f"{clash[0]} cannot be specified together with taskDefinitionArn.")
        settings = {name: value for name, value in settings.items() if name not in IN_DEFINITION}
    elif any(name in given for name in IN_DEFINITION):
        settings.pop("taskDefinitionArn", None)
        settings = {**_defaults(ecs, path), **settings}
    if not settings.get("taskDefinitionArn"):
        if not (settings.get("primaryContainer") or {}).get("image"):
            raise invalid_parameter("primaryContainer with an image must be specified.")
        if not settings.get("executionRoleArn"):
            raise invalid_parameter("executionRoleArn must be specified.")
        settings["primaryContainer"] = _container(ecs, path, settings["primaryContainer"])
    if not settings["healthCheckPath"].startswith("/"):
        raise invalid_parameter("healthCheckPath must start with a forward slash.")
    network = settings["networkConfiguration"]
    settings["networkConfiguration"] = {
        "subnets": network.get("subnets") or ecs.world.default_subnets(),
        "securityGroups": network.get("securityGroups") or [],
    }
    if not settings["networkConfiguration"]["subnets"]:
        raise invalid_parameter("No default VPC was found. Specify networkConfiguration with subnets.")
    settings["scalingTarget"] = {**_defaults(ecs, path)["scalingTarget"], **settings["scalingTarget"]}
    scaling = settings["scalingTarget"]
    if not 1 <= scaling["minTaskCount"] <= scaling["maxTaskCount"]:
        raise invalid_parameter("minTaskCount must be at least 1 and at most maxTaskCount.")
    if scaling["autoScalingMetric"] not in METRICS:
        raise invalid_parameter(f"Invalid scaling metric: {scaling['autoScalingMetric']}.")
    return settings


def _container(ecs: Ecs, path: str, given: Json) -> Json:
    """The container with what ECS fills in; the log group that it makes is there before the first task."""
    group = f"/aws/ecs/{path.replace('/', '-')}"
    container = {"containerPort": 80, "environment": [], "secrets": [], "command": [], **given}
    container.setdefault("awsLogsConfiguration", {"logGroup": group, "logStreamPrefix": "ecs"})
    if container["awsLogsConfiguration"]["logGroup"] == group:
        ecs.world.make_log_group(group)
    return container


def _definition(ecs: Ecs, path: str, settings: Json) -> TaskDefinition:
    """The caller's task definition, or a revision of the one that ECS manages."""
    if settings.get("taskDefinitionArn"):
        definition = ecs.definitions.usable(settings["taskDefinitionArn"])
        main = next((item for item in definition.containers if item["name"] == CONTAINER), None)
        if main is None or len(main["portMappings"]) != 1 or not main["portMappings"][0].get("name"):
            raise invalid_parameter(
                f"The task definition must have a container named {CONTAINER} with a single named TCP port mapping."
            )
        if "FARGATE" not in definition.body["compatibilities"]:
            raise invalid_parameter("The task definition must be compatible with FARGATE.")
        return definition
    container = settings["primaryContainer"]
    logs = container["awsLogsConfiguration"]
    body = {
        "family": path.replace("/", "-"),
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": settings["cpu"],
        "memory": settings["memory"],
        "executionRoleArn": settings["executionRoleArn"],
        "taskRoleArn": settings.get("taskRoleArn"),
        "runtimePlatform": {"cpuArchitecture": settings["cpuArchitecture"], "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [
            compact(
                {
                    "name": CONTAINER,
                    "image": container["image"],
                    "portMappings": [{"name": "main", "containerPort": container["containerPort"], "protocol": "tcp"}],
                    "environment": container["environment"],
                    "secrets": container["secrets"],
                    "command": container["command"] or None,
                    "repositoryCredentials": container.get("repositoryCredentials"),
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {
                            "awslogs-group": logs["logGroup"],
                            "awslogs-region": ecs.region,
                            "awslogs-stream-prefix": logs["logStreamPrefix"],
                        },
                    },
                }
            )
        ],
    }
    return ecs.definitions.register(compact(body), when(ecs.now))


def _network(settings: Json) -> Json | None:
    return requests.network_configuration(
        {"awsvpcConfiguration": {**settings["networkConfiguration"], "assignPublicIp": "ENABLED"}}
    )


def _port(definition: TaskDefinition) -> int:
    main = next(item for item in definition.containers if item["name"] == CONTAINER)
    return int(main["portMappings"][0]["containerPort"])


def _groups(service: Service) -> list[str]:
    found = []
    for balancer in service.fields["loadBalancers"]:
        found += [balancer["targetGroupArn"], balancer["advancedConfiguration"]["alternateTargetGroupArn"]]
    return found
