# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's things in the shapes of the API."""

from __future__ import annotations

from datetime import UTC, datetime

from .model import Cluster, Container, Deployment, Json, Service, ServiceDeployment, ServiceRevision, Task
from .rollouts import PLATFORM_VERSION, Rollouts
from .tasks import Tasks, override_of


def when(seconds: float | None) -> datetime | None:
    """A time as the API's serialiser wants it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)


def compact(values: Json) -> Json:
    """Without what is not there."""
    return {name: value for name, value in values.items() if value is not None}


def cluster_view(cluster: Cluster, tasks: Tasks, active_services: int, instances: int, include: list[str]) -> Json:
    running = sum(1 for task in tasks.of_cluster(cluster) if task.last_status == "RUNNING")
    pending = sum(
        1 for task in tasks.of_cluster(cluster) if task.last_status in ("PROVISIONING", "PENDING", "ACTIVATING")
    )
    statistics: list[Json] = []
    if "STATISTICS" in include:
        ec2 = [task for task in tasks.of_cluster(cluster) if task.launch_type == "EC2"]
        fargate = [task for task in tasks.of_cluster(cluster) if task.launch_type == "FARGATE"]
        for name, some in (("EC2", ec2), ("Fargate", fargate)):
            statistics += [
                {"name": f"running{name}TasksCount", "value": str(sum(1 for t in some if t.last_status == "RUNNING"))},
                {
                    "name": f"pending{name}TasksCount",
                    "value": str(sum(1 for t in some if t.live and t.last_status != "RUNNING")),
                },
            ]
    return compact(
        {
            "clusterArn": cluster.arn,
            "clusterName": cluster.name,
            "configuration": cluster.configuration if "CONFIGURATIONS" in include else None,
            "status": cluster.status,
            "registeredContainerInstancesCount": instances,
            "runningTasksCount": running,
            "pendingTasksCount": pending,
            "activeServicesCount": active_services,
            "statistics": statistics,
            "tags": cluster.tags if "TAGS" in include else [],
            "settings": cluster.settings if "SETTINGS" in include else [],
            "capacityProviders": cluster.capacity_providers,
            "defaultCapacityProviderStrategy": cluster.default_strategy,
            "serviceConnectDefaults": cluster.service_connect_defaults,
        }
    )


def _container_view(task: Task, container: Container) -> Json:
    override = override_of(task.overrides, container.name)
    definition = container.definition
    interfaces: list[Json] = []
    if task.interface is not None and task.attachment_status != "PRECREATED":
        interfaces = [{"attachmentId": task.attachment_id, "privateIpv4Address": task.interface.private_ip}]
    memory = override.get("memory", definition.get("memory"))
    reservation = override.get("memoryReservation", definition.get("memoryReservation"))
    agents = None
    if task.enable_execute_command and task.started_at is not None:
        agents = [
            {
                "name": "ExecuteCommandAgent",
                "lastStatus": "RUNNING" if container.last_status == "RUNNING" else "STOPPED",
                "lastStartedAt": when(task.started_at),
            }
        ]
    bindings: list[Json] = []
    if task.interface is None and container.last_status == "RUNNING":
        bindings = [
            {
                "bindIP": "0.0.0.0",
                "containerPort": mapping["containerPort"],
                "hostPort": mapping.get("hostPort") or 32768 + index,
                "protocol": mapping["protocol"],
            }
            for index, mapping in enumerate(definition["portMappings"])
        ]
    return compact(
        {
            "containerArn": container.arn,
            "taskArn": task.arn,
            "name": container.name,
            "image": container.image,
            "imageDigest": container.image_digest,
            "runtimeId": container.runtime_id if task.pull_stopped_at is not None else None,
            "lastStatus": container.last_status,
            "exitCode": container.exit_code,
            "reason": container.reason,
            "networkBindings": bindings,
            "networkInterfaces": interfaces,
            "healthStatus": container.health,
            "managedAgents": agents,
            "cpu": str(override.get("cpu", definition.get("cpu", 0))),
            "memory": None if memory is None else str(memory),
            "memoryReservation": None if reservation is None else str(reservation),
        }
    )


def task_view(task: Task, include: list[str]) -> Json:
    attachments: list[Json] = []
    if task.interface is not None:
        details = [
            ("subnetId", task.interface.subnet_id),
            ("networkInterfaceId", task.interface.id),
            ("macAddress", task.interface.mac_address),
            ("privateDnsName", task.interface.private_dns_name),
            ("privateIPv4Address", task.interface.private_ip),
        ]
        attachments = [
            {
                "id": task.attachment_id,
                "type": "ElasticNetworkInterface",
                "status": task.attachment_status,
                "details": [{"name": name, "value": value} for name, value in details if value],
            }
        ]
    body = task.definition.body
    architecture = (body.get("runtimePlatform") or {}).get("cpuArchitecture", "X86_64").lower()
    overrides = {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **task.overrides}
    if not task.overrides.get("containerOverrides"):
        overrides["containerOverrides"] = [{"name": container.name} for container in task.containers]
    storage = task.overrides.get("ephemeralStorage") or body.get("ephemeralStorage")
    if storage is None and task.launch_type == "FARGATE":
        storage = {"sizeInGiB": 20}
    return compact(
        {
            "attachments": attachments,
            "attributes": [{"name": "ecs.cpu-architecture", "value": architecture}],
            "availabilityZone": task.availability_zone,
            "capacityProviderName": task.capacity_provider,
            "clusterArn": task.cluster.arn,
            "connectivity": "CONNECTED" if task.connectivity_at is not None else None,
            "connectivityAt": when(task.connectivity_at),
            "containerInstanceArn": task.container_instance,
            "containers": [_container_view(task, container) for container in task.containers],
            "cpu": task.overrides.get("cpu") or body.get("cpu"),
            "createdAt": when(task.created_at),
            "desiredStatus": task.desired_status,
            "enableExecuteCommand": task.enable_execute_command,
            "executionStoppedAt": when(task.execution_stopped_at),
            "group": task.group,
            "healthStatus": task.health,
            "inferenceAccelerators": [],
            "lastStatus": task.last_status,
            "launchType": task.launch_type,
            "memory": task.overrides.get("memory") or body.get("memory"),
            "overrides": overrides,
            "platformVersion": task.platform_version,
            "platformFamily": task.platform_family,
            "pullStartedAt": when(task.pull_started_at),
            "pullStoppedAt": when(task.pull_stopped_at),
            "startedAt": when(task.started_at),
            "startedBy": task.started_by or None,
            "stopCode": task.stop_code,
            "stoppedAt": when(task.stopped_at),
            "stoppedReason": task.stopped_reason,
            "stoppingAt": when(task.stopping_at),
            "tags": task.tags if "TAGS" in include else [],
            "taskArn": task.arn,
            "taskDefinitionArn": task.definition.arn,
            "version": task.version,
            "ephemeralStorage": storage,
            "fargateEphemeralStorage": storage if task.launch_type == "FARGATE" else None,
        }
    )


def _platform(configuration: Json) -> Json:
    fargate = configuration.get("launchType") == "FARGATE" or any(
        item["capacityProvider"] in ("FARGATE", "FARGATE_SPOT")
        for item in configuration.get("capacityProviderStrategy") or []
    )
    return {"platformVersion": PLATFORM_VERSION, "platformFamily": "Linux"} if fargate else {}


def deployment_view(service: Service, deployment: Deployment, rollouts: Rollouts) -> Json:
    running, pending = rollouts.task_counts(deployment)
    configuration = deployment.revision.configuration
    return compact(
        {
            "id": deployment.id,
            "status": deployment.status,
            "taskDefinition": deployment.revision.definition.arn,
            "desiredCount": rollouts.requested(service, deployment),
            "pendingCount": pending,
            "runningCount": running,
            "failedTasks": deployment.failed_tasks,
            "createdAt": when(deployment.created_at),
            "updatedAt": when(deployment.updated_at),
            "capacityProviderStrategy": configuration.get("capacityProviderStrategy") or None,
            "launchType": configuration.get("launchType"),
            **_platform(configuration),
            "networkConfiguration": configuration.get("networkConfiguration"),
            "rolloutState": deployment.rollout_state,
            "rolloutStateReason": deployment.rollout_reason,
            "serviceConnectConfiguration": configuration.get("serviceConnectConfiguration"),
            "volumeConfigurations": configuration.get("volumeConfigurations") or None,
            "vpcLatticeConfigurations": configuration.get("vpcLatticeConfigurations") or None,
        }
    )


def task_set_view(service: Service, task_set: Deployment, rollouts: Rollouts) -> Json:
    """A task set, which stands where other services have a deployment."""
    running, pending = rollouts.task_counts(task_set)
    configuration = task_set.revision.configuration
    wanted = rollouts.requested(service, task_set)
    steady = rollouts.is_healthy(task_set, wanted)
    fargate = bool(_platform(configuration))
    return compact(
        {
            "id": task_set.id,
            "taskSetArn": (f"{service.arn.replace(':service/', ':task-set/', 1)}/{task_set.id}"),
            "serviceArn": service.arn,
            "clusterArn": service.cluster.arn,
            "startedBy": "CODE_DEPLOY" if task_set.external_id else None,
            "externalId": task_set.external_id or None,
            "status": task_set.status if task_set.scale_percent else "DRAINING",
            "taskDefinition": task_set.revision.definition.arn,
            "computedDesiredCount": wanted,
            "pendingCount": pending,
            "runningCount": running,
            "createdAt": when(task_set.created_at),
            "updatedAt": when(task_set.updated_at),
            "launchType": configuration.get("launchType"),
            "capacityProviderStrategy": configuration.get("capacityProviderStrategy") or None,
            "platformVersion": configuration.get("platformVersion") if fargate else None,
            "platformFamily": "Linux" if fargate else None,
            "networkConfiguration": configuration.get("networkConfiguration"),
            "loadBalancers": task_set.revision.load_balancers,
            "serviceRegistries": configuration.get("serviceRegistries") or [],
            "scale": {"value": float(task_set.scale_percent), "unit": "PERCENT"},
            "stabilityStatus": "STEADY_STATE" if steady else "STABILIZING",
            "stabilityStatusAt": when(rollouts.now),
            "tags": [],
        }
    )


def ingress_paths(service: Service) -> list[Json]:
    """Where an Express service is reached."""
    return [{"accessType": "PUBLIC", "endpoint": f"https://{service.fields['endpoint']}"}]


def resource_management(service: Service) -> str:
    """Whether ECS manages what is around the service, as it does in Express Mode."""
    return "ECS" if "express" in service.fields else "CUSTOMER"


def service_view(service: Service, rollouts: Rollouts, role_arn: str, include: list[str]) -> Json:
    tasks = rollouts.tasks.of_service(service)
    current = service.current
    fields = service.fields
    configuration = {name: fields.get(name) for name in ("launchType", "capacityProviderStrategy")}
    return compact(
        {
            "serviceArn": service.arn,
            "serviceName": service.name,
            "clusterArn": service.cluster.arn,
            "loadBalancers": fields["loadBalancers"],
            "serviceRegistries": fields["serviceRegistries"],
            "status": service.status,
            "desiredCount": rollouts.desired(service),
            "runningCount": sum(1 for task in tasks if task.last_status == "RUNNING"),
            "pendingCount": sum(
                1 for task in tasks if task.live and task.last_status in ("PROVISIONING", "PENDING", "ACTIVATING")
            ),
            "launchType": fields.get("launchType"),
            "capacityProviderStrategy": fields.get("capacityProviderStrategy") or None,
            **_platform(configuration),
            "platformVersion": fields.get("platformVersion"),
            "taskDefinition": service.definition.arn,
            "deploymentConfiguration": fields["deploymentConfiguration"],
            "deployments": [
                deployment_view(service, item, rollouts) for item in service.deployments if service.controller == "ECS"
            ],
            "taskSets": [
                task_set_view(service, item, rollouts) for item in service.deployments if service.controller != "ECS"
            ],
            "roleArn": role_arn if fields["loadBalancers"] else None,
            "events": [{**event, "createdAt": when(event["createdAt"])} for event in service.events],
            "createdAt": when(service.created_at),
            "currentServiceDeployment": current.arn if current else None,
            "currentServiceRevisions": [
                {"arn": deployment.revision.arn, **rollouts.revision_counts(service, deployment.revision)}
                for deployment in service.deployments
                if service.controller == "ECS"
            ],
            "placementConstraints": fields["placementConstraints"],
            "placementStrategy": fields["placementStrategy"],
            "networkConfiguration": fields.get("networkConfiguration"),
            "healthCheckGracePeriodSeconds": fields.get("healthCheckGracePeriodSeconds"),
            "schedulingStrategy": fields["schedulingStrategy"],
            "deploymentController": fields["deploymentController"],
            "tags": service.tags if "TAGS" in include else None,
            "createdBy": service.created_by,
            "enableECSManagedTags": fields["enableECSManagedTags"],
            "propagateTags": fields["propagateTags"],
            "enableExecuteCommand": fields["enableExecuteCommand"],
            "availabilityZoneRebalancing": fields["availabilityZoneRebalancing"],
            "resourceManagementType": resource_management(service),
        }
    )


def service_deployment_view(service: Service, deployment: ServiceDeployment, rollouts: Rollouts) -> Json:
    counts = rollouts.counts(service, deployment)
    options = deployment.configuration
    shifting = options.get("strategy", "ROLLING") != "ROLLING"

    def summary(revision: ServiceRevision, production: float, test: float) -> Json:
        weights = {"requestedProductionTrafficWeight": production, "requestedTestTrafficWeight": test}
        return {"arn": revision.arn, **counts[revision.arn], **(weights if shifting else {})}

    return compact(
        {
            "serviceDeploymentArn": deployment.arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster.arn,
            "createdAt": when(deployment.created_at),
            "startedAt": when(deployment.started_at),
            "finishedAt": when(deployment.finished_at),
            "stoppedAt": when(deployment.stopped_at),
            "updatedAt": when(deployment.updated_at),
            "sourceServiceRevisions": [
                summary(revision, 100 - deployment.production_weight if index == 0 else 0, 0)
                for index, revision in enumerate(deployment.sources)
            ],
            "targetServiceRevision": summary(deployment.target, deployment.production_weight, deployment.test_weight),
            "status": deployment.status,
            "statusReason": deployment.status_reason,
            "lifecycleStage": deployment.stage if deployment.ongoing else None,
            "lifecycleHookDetails": [
                compact(
                    {
                        "hookId": hook.id,
                        "targetType": hook.target_type,
                        "targetArn": hook.target_arn,
                        "status": hook.status,
                        "expiresAt": when(hook.expires_at),
                        "timeoutAction": hook.timeout_action,
                    }
                )
                for hook in deployment.hooks
            ]
            or None,
            "deploymentConfiguration": options,
            "rollback": {**deployment.rollback, "startedAt": when(deployment.rollback["startedAt"])}
            if deployment.rollback
            else None,
            "deploymentCircuitBreaker": {
                "status": deployment.breaker_status,
                "failureCount": deployment.failure_count,
                "threshold": deployment.threshold,
            },
            "alarms": compact(
                {
                    "status": deployment.alarms_status,
                    "alarmNames": (options.get("alarms") or {}).get("alarmNames"),
                    "triggeredAlarmNames": deployment.triggered_alarms or None,
                }
            ),
        }
    )


def service_deployment_brief(service: Service, deployment: ServiceDeployment) -> Json:
    return compact(
        {
            "serviceDeploymentArn": deployment.arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster.arn,
            "startedAt": when(deployment.started_at),
            "createdAt": when(deployment.created_at),
            "finishedAt": when(deployment.finished_at),
            "targetServiceRevisionArn": deployment.target.arn,
            "status": deployment.status,
            "statusReason": deployment.status_reason,
        }
    )


def service_revision_view(service: Service, revision: ServiceRevision) -> Json:
    configuration = revision.configuration
    return compact(
        {
            "serviceRevisionArn": revision.arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster.arn,
            "taskDefinition": revision.definition.arn,
            "capacityProviderStrategy": configuration.get("capacityProviderStrategy") or None,
            "launchType": configuration.get("launchType"),
            **_platform(configuration),
            "loadBalancers": configuration.get("loadBalancers") or None,
            "serviceRegistries": configuration.get("serviceRegistries") or None,
            "networkConfiguration": configuration.get("networkConfiguration"),
            "containerImages": revision.images,
            "guardDutyEnabled": False,
            "serviceConnectConfiguration": configuration.get("serviceConnectConfiguration"),
            "volumeConfigurations": configuration.get("volumeConfigurations") or None,
            "vpcLatticeConfigurations": configuration.get("vpcLatticeConfigurations") or None,
            "gatewayConnectors": configuration.get("gatewayConnectors") or None,
            "monitoring": configuration.get("monitoring"),
            "createdAt": when(revision.created_at),
            "ecsManagedResources": {"ingressPaths": ingress_paths(service)} if "express" in configuration else None,
            "resolvedConfiguration": {
                "loadBalancers": [
                    compact(
                        {
                            "targetGroupArn": balancer["targetGroupArn"],
                            "productionListenerRule": (balancer.get("advancedConfiguration") or {}).get(
                                "productionListenerRule"
                            ),
                        }
                    )
                    for balancer in revision.load_balancers
                ]
            },
        }
    )
