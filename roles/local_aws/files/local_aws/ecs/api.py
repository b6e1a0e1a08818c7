# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ECS API of one account and region: an operation's name and its input, to its output."""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..timeline import Timeline
from . import express
from . import service_requests as requests
from .codedeploy import CodeDeploy
from .errors import (
    EcsError,
    client_error,
    cluster_inactive,
    cluster_not_found,
    deployment_not_found,
    invalid_parameter,
    service_not_active,
    service_not_found,
)
from .faults import Faults
from .model import Cluster, Json, Service, ServiceDeployment, ServiceRevision, Task, TaskDefinition, Timing
from .rollouts import FARGATE_CAPACITY, PLATFORM_VERSION, Rollouts, threshold_of
from .scenarios import Scenarios
from .task_definitions import TaskDefinitions
from .tasks import Launch, Tasks
from .views import (
    cluster_view,
    resource_management,
    service_deployment_brief,
    service_deployment_view,
    service_revision_view,
    service_view,
    task_view,
    when,
)
from .world import World

FARGATE_PROVIDERS = ("FARGATE", "FARGATE_SPOT")
INSIGHTS = ("enabled", "disabled", "enhanced")
DELETED_DEFINITIONS_KEPT = 60
ARN = re.compile(r"arn:[^:]+:ecs:[^:]*:[^:]*:(?P<kind>[a-z-]+)/(?P<path>.+)")
CLUSTER_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


def page(items: list[Any], request: Json, name: str, default: int = 100) -> Json:
    """A page of a list, with the token of the next one."""
    size = request.get("maxResults") or default
    if not 1 <= size <= 100:
        raise invalid_parameter(f"maxResults must be between 1 and 100, not {size}.")
    start = 0
    if request.get("nextToken"):
        try:
            start = int(base64.urlsafe_b64decode(request["nextToken"]).decode())
        except ValueError:
            raise invalid_parameter("Invalid token.") from None
    result: Json = {name: items[start : start + size]}
    if start + size < len(items):
        result["nextToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return result


@dataclass(frozen=True)
class Stale:
    """What reads of a service still tell for a while after a change."""

    until: float
    view: Json | None
    deployments: int
    express: Json | None = None


class Ecs:
    """ECS in an account and region."""

    def __init__(
        self,
        account_id: str,
        region: str,
        world: World,
        now: float,
        timing: Timing | None = None,
        scenarios: Scenarios | None = None,
        faults: Faults | None = None,
        partition: str = "aws",
    ) -> None:
        self.account_id = account_id
        self.world = world
        self.timing = timing or Timing()
        self.scenarios = scenarios or Scenarios()
        self.faults = faults or Faults()
        self.timeline = Timeline(now)
        self.arn_prefix = f"arn:{partition}:ecs:{region}:{account_id}"
        self.caller = f"arn:{partition}:iam::{account_id}:root"
        self.role_arn = (
            f"arn:{partition}:iam::{account_id}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
        )
        self.region = region
        self.clusters: dict[str, Cluster] = {}
        self.services: dict[tuple[str, str], Service] = {}
        self.definitions = TaskDefinitions(self.arn_prefix, self.caller)
        self.tasks = Tasks(self.timeline, world, self.timing, self.scenarios, self.arn_prefix)
        self.rollouts = Rollouts(self.timeline, self.tasks, world, self.timing, self.arn_prefix)
        self.codedeploy = CodeDeploy(self)
        self.account_settings: dict[str, str] = {}
        self._stale: dict[tuple[str, str], Stale] = {}
        self._run_tokens: dict[str, tuple[Json, list[str]]] = {}

    @property
    def now(self) -> float:
        return self.timeline.now

    def advance(self, to: float) -> None:
        """Let happen what happens until then."""
        self.timeline.advance(to)

    def call(self, operation: str, request: Json) -> Json:
        """Answer an operation. Raises EcsError."""
        return copy.deepcopy(OPERATIONS[operation](self, request))

    # Clusters

    def _cluster(self, reference: str | None) -> Cluster:
        cluster = self.clusters.get((reference or "default").rpartition("/")[2])
        if cluster is None:
            raise cluster_not_found()
        return cluster

    def _active_cluster(self, reference: str | None) -> Cluster:
        cluster = self._cluster(reference)
        if cluster.status != "ACTIVE":
            raise cluster_inactive()
        return cluster

    def _view_cluster(self, cluster: Cluster, include: list[str]) -> Json:
        services = sum(1 for s in self.services.values() if s.cluster is cluster and s.status == "ACTIVE")
        return cluster_view(cluster, self.tasks, services, len(self.world.container_instances(cluster.name)), include)

    def create_cluster(self, request: Json) -> Json:
        name = request.get("clusterName") or "default"
        if not CLUSTER_NAME.fullmatch(name):
            raise invalid_parameter("Identifier was unexpected length or contains invalid characters.")
        known = self.clusters.get(name)
        if known is None or known.status != "ACTIVE":
            known = Cluster(
                name=name,
                arn=f"{self.arn_prefix}:cluster/{name}",
                settings=[{"name": "containerInsights", "value": self._default_insights()}],
                capacity_providers=[],
                default_strategy=[],
                tags=copy.deepcopy(request.get("tags") or []),
            )
            self._put_settings(known, request.get("settings"))
            self._put_providers(
                known, request.get("capacityProviders") or [], request.get("defaultCapacityProviderStrategy") or []
            )
            known.configuration = request.get("configuration")
            known.service_connect_defaults = _service_connect_defaults(request.get("serviceConnectDefaults"))
            self.clusters[name] = known
        return {"cluster": self._view_cluster(known, ["TAGS", "SETTINGS", "CONFIGURATIONS"])}

    def _default_insights(self) -> str:
        return self.account_settings.get("containerInsights", "disabled")

    @staticmethod
    def _put_settings(cluster: Cluster, given: list[Json] | None) -> None:
        for setting in given or []:
            if setting.get("name") != "containerInsights" or setting.get("value") not in INSIGHTS:
                raise invalid_parameter(f"Invalid cluster setting: {setting.get('name')}={setting.get('value')}.")
            cluster.settings = [dict(setting)]

    def _put_providers(self, cluster: Cluster, providers: list[str], strategy: list[Json]) -> None:
        for item in strategy:
            if item["capacityProvider"] not in providers:
                raise invalid_parameter(
                    "The specified capacity provider strategy contains a capacity provider that is not associated "
                    "with the cluster. Associate the capacity provider with the cluster and try again."
                )
        cluster.capacity_providers = list(providers)
        cluster.default_strategy = [{"weight": 0, "base": 0, **item} for item in strategy]

    def describe_clusters(self, request: Json) -> Json:
        found, failures = [], []
        for reference in request.get("clusters") or ["default"]:
            name = reference.rpartition("/")[2]
            cluster = self.clusters.get(name)
            if cluster is None:
                failures.append({"arn": f"{self.arn_prefix}:cluster/{name}", "reason": "MISSING"})
            else:
                found.append(self._view_cluster(cluster, request.get("include") or []))
        return {"clusters": found, "failures": failures}

    def list_clusters(self, request: Json) -> Json:
        arns = sorted(cluster.arn for cluster in self.clusters.values() if cluster.status == "ACTIVE")
        return page(arns, request, "clusterArns")

    def update_cluster(self, request: Json) -> Json:
        cluster = self._active_cluster(request["cluster"])
        self._put_settings(cluster, request.get("settings"))
        if request.get("configuration") is not None:
            cluster.configuration = request["configuration"]
        if request.get("serviceConnectDefaults") is not None:
            cluster.service_connect_defaults = _service_connect_defaults(request["serviceConnectDefaults"])
        return {"cluster": self._view_cluster(cluster, ["SETTINGS", "CONFIGURATIONS", "TAGS"])}

    def update_cluster_settings(self, request: Json) -> Json:
        cluster = self._active_cluster(request["cluster"])
        self._put_settings(cluster, request.get("settings"))
        return {"cluster": self._view_cluster(cluster, ["SETTINGS", "TAGS"])}

    def put_cluster_capacity_providers(self, request: Json) -> Json:
        cluster = self._active_cluster(request["cluster"])
        self._put_providers(cluster, request["capacityProviders"], request["defaultCapacityProviderStrategy"])
        return {"cluster": self._view_cluster(cluster, ["SETTINGS", "TAGS"])}

    def delete_cluster(self, request: Json) -> Json:
        cluster = self._cluster(request["cluster"])
        if any(s.cluster is cluster and s.status in ("ACTIVE", "DRAINING") for s in self.services.values()):
            raise EcsError(
                "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
            )
        if self.world.container_instances(cluster.name):
            raise EcsError(
                "ClusterContainsContainerInstancesException",
                "The Cluster cannot be deleted while Container Instances are active or draining.",
            )
        if any(task.last_status != "STOPPED" for task in self.tasks.of_cluster(cluster)):
            raise EcsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        cluster.status = "INACTIVE"
        view = self._view_cluster(cluster, ["SETTINGS", "TAGS"])
        cluster.tags = []
        return {"cluster": view}

    # Task definitions

    def register_task_definition(self, request: Json) -> Json:
        definition = self.definitions.register(request, when(self.now))
        result: Json = {"taskDefinition": definition.body}
        if definition.tags:
            result["tags"] = definition.tags
        return result

    def describe_task_definition(self, request: Json) -> Json:
        definition = self.definitions.describe(request["taskDefinition"])
        result: Json = {"taskDefinition": definition.body}
        if "TAGS" in (request.get("include") or []):
            result["tags"] = definition.tags
        return result

    def deregister_task_definition(self, request: Json) -> Json:
        return {"taskDefinition": self.definitions.deregister(request["taskDefinition"], when(self.now)).body}

    def delete_task_definitions(self, request: Json) -> Json:
        references = request.get("taskDefinitions") or []
        if not references:
            raise invalid_parameter("size of TaskDefinition references list must be greater than 0")
        if len(references) > 10:
            raise invalid_parameter("Size of TaskDefinition references list cannot exceed 10")
        deleted, failures = [], []
        for reference in references:
            try:
                definition = self.definitions.request_deletion(reference, when(self.now))
            except EcsError as error:
                failures.append({"arn": reference, "reason": error.message})
                continue
            deleted.append(definition.body)
            self._delete_when_unused(definition)
        return {"taskDefinitions": deleted, "failures": failures}

    def _delete_when_unused(self, definition: TaskDefinition) -> None:
        """AWS keeps a deleted task definition while tasks or services refer to it."""

        def attempt() -> None:
            used = any(task.definition is definition and task.live for task in self.tasks.by_id.values()) or any(
                service.definition is definition and service.status == "ACTIVE" for service in self.services.values()
            )
            if used:
                self.timeline.after(DELETED_DEFINITIONS_KEPT, attempt)
            else:
                self.definitions.forget(definition)

        self.timeline.after(DELETED_DEFINITIONS_KEPT, attempt)

    def list_task_definitions(self, request: Json) -> Json:
        found = self.definitions.matching(request.get("familyPrefix"), request.get("status") or "ACTIVE")
        if request.get("sort") == "DESC":
            found.reverse()
        return page([definition.arn for definition in found], request, "taskDefinitionArns")

    def list_task_definition_families(self, request: Json) -> Json:
        found = self.definitions.families(request.get("familyPrefix"), request.get("status") or "ACTIVE")
        return page(found, request, "families")

    # Services

    def _find_service(self, cluster: Cluster, reference: str) -> Service | None:
        service = self.services.get((cluster.name, reference.rpartition("/")[2]))
        if service is not None and reference.startswith("arn:") and reference != service.arn:
            return None
        return service

    def _service(self, cluster: Cluster, reference: str) -> Service:
        service = self._find_service(cluster, reference)
        if service is None:
            raise service_not_found()
        return service

    def _view_service(self, service: Service, include: list[str]) -> Json:
        return service_view(service, self.rollouts, self.role_arn, include)

    def create_service(self, request: Json) -> Json:
        requests.check_simulated(request)
        cluster = self._active_cluster(request.get("cluster"))
        name = request.get("serviceName") or ""
        if not requests.NAME.fullmatch(name):
            raise invalid_parameter("Invalid service name.")
        existing = self.services.get((cluster.name, name))
        if existing is not None and existing.status == "DRAINING":
            raise invalid_parameter("Unable to Start a service that is still Draining.")
        if existing is not None and existing.status == "ACTIVE":
            if existing.request == request:
                return {"service": self._view_service(existing, ["TAGS"])}
            raise invalid_parameter("Creation of service was not idempotent.")
        if not request.get("taskDefinition"):
            raise invalid_parameter("TaskDefinition can not be blank.")
        definition = self.definitions.usable(request["taskDefinition"])
        fields = self._new_fields(request, cluster)
        self._check(fields, definition, cluster)
        self._keep_stale(cluster, name)
        service = Service(
            name=name,
            arn=f"{self.arn_prefix}:service/{cluster.name}/{name}",
            cluster=cluster,
            created_at=self.now,
            created_by=self.caller,
            fields=fields,
            tags=copy.deepcopy(request.get("tags") or []),
            desired_count=self._desired_count(request, fields["schedulingStrategy"]),
            definition=definition,
            request=copy.deepcopy(request),
        )
        self.services[cluster.name, name] = service
        if service.controller == "ECS":
            self.rollouts.deploy(service, self._revision_fields(service))
        else:
            configuration = self._revision_fields(service)
            revision = self.rollouts.new_revision(service, definition, configuration, fields["loadBalancers"])
            self.rollouts.add_task_set(service, revision)
        return {"service": self._view_service(service, ["TAGS"])}

    @staticmethod
    def _desired_count(request: Json, scheduling: str) -> int:
        count = request.get("desiredCount")
        if scheduling == "DAEMON":
            return 0
        if count is None:
            raise invalid_parameter("desiredCount must be specified for the REPLICA scheduling strategy.")
        if count < 0:
            raise invalid_parameter("desiredCount must not be negative.")
        return int(count)

    @staticmethod
    def _new_fields(request: Json, cluster: Cluster) -> Json:
        launch_type = request.get("launchType")
        strategy = request.get("capacityProviderStrategy") or []
        if launch_type and strategy:
            raise invalid_parameter(
                "Specifying both a launch type and capacity provider strategy is not supported. "
                "Remove one and try again."
            )
        if not launch_type and not strategy:
            strategy = cluster.default_strategy
            launch_type = None if strategy else "EC2"
        scheduling = request.get("schedulingStrategy") or "REPLICA"
        balancers = copy.deepcopy(request.get("loadBalancers") or [])
        fargate = launch_type == "FARGATE" or any(i["capacityProvider"] in FARGATE_PROVIDERS for i in strategy)
        fields: Json = {
            "launchType": launch_type,
            "capacityProviderStrategy": [{"weight": 0, "base": 0, **item} for item in strategy],
            "platformVersion": request.get("platformVersion") or ("LATEST" if fargate else None),
            "loadBalancers": balancers,
            "serviceRegistries": copy.deepcopy(request.get("serviceRegistries") or []),
            "networkConfiguration": requests.network_configuration(request.get("networkConfiguration")),
            "serviceConnectConfiguration": request.get("serviceConnectConfiguration"),
            "volumeConfigurations": request.get("volumeConfigurations") or [],
            "vpcLatticeConfigurations": request.get("vpcLatticeConfigurations") or [],
            "gatewayConnectors": request.get("gatewayConnectors") or [],
            "monitoring": request.get("monitoring"),
            "deploymentConfiguration": requests.deployment_configuration(
                request.get("deploymentConfiguration"), scheduling
            ),
            "placementConstraints": request.get("placementConstraints") or [],
            "placementStrategy": request.get("placementStrategy") or [],
            "healthCheckGracePeriodSeconds": request.get("healthCheckGracePeriodSeconds"),
            "schedulingStrategy": scheduling,
            "deploymentController": {"type": (request.get("deploymentController") or {}).get("type") or "ECS"},
            "enableECSManagedTags": bool(request.get("enableECSManagedTags")),
            "propagateTags": request.get("propagateTags") or "NONE",
            "enableExecuteCommand": bool(request.get("enableExecuteCommand")),
            "availabilityZoneRebalancing": request.get("availabilityZoneRebalancing") or "ENABLED",
        }
        if balancers and fields["healthCheckGracePeriodSeconds"] is None:
            fields["healthCheckGracePeriodSeconds"] = 0
        return fields

    def _check(self, fields: Json, definition: TaskDefinition, cluster: Cluster, *, spare_group: bool = False) -> None:
        if fields["deploymentController"]["type"] == "CODE_DEPLOY":
            requests.check_for_code_deploy(fields)
        requests.check_placement(fields, definition, cluster)
        requests.check_network(definition, fields["networkConfiguration"], self.world)
        requests.check_load_balancers(fields, definition, self.world, spare_group=spare_group)

    @staticmethod
    def _revision_fields(service: Service) -> Json:
        return {name: copy.deepcopy(service.fields.get(name)) for name in requests.REVISION_FIELDS}

    def update_service(self, request: Json) -> Json:
        requests.check_simulated(request)
        cluster = self._active_cluster(request.get("cluster"))
        service = self._service(cluster, request["service"])
        if service.status != "ACTIVE":
            raise service_not_active()
        moves_to = (request.get("deploymentController") or {}).get("type", service.controller)
        if moves_to != service.controller and moves_to != "ECS":
            raise EcsError(
                "UnsupportedFeatureException", f"The local AWS does not simulate a change of a service to {moves_to}."
            )
        if moves_to == "CODE_DEPLOY":
            requests.check_code_deploy_update(request)
        count = request.get("desiredCount")
        if count is not None and count < 0:
            raise invalid_parameter("desiredCount must not be negative.")
        definition = service.definition
        if request.get("taskDefinition"):
            definition = self.definitions.usable(request["taskDefinition"])
        fields = self._changed_fields(service, request)
        deploys = (
            bool(request.get("forceNewDeployment"))
            or definition is not service.definition
            or any(fields[name] != service.fields[name] for name in requests.DEPLOYING_FIELDS)
        )
        self._keep_stale(cluster, service.name)
        if deploys or fields != service.fields:
            self._check(fields, definition, cluster)
        service.fields = fields
        service.definition = definition
        if count is not None and count != service.desired_count:
            service.desired_count = count
            service.steady = False
        if deploys:
            self.rollouts.deploy(service, self._revision_fields(service))
        elif fields["deploymentConfiguration"].get("deploymentCircuitBreaker", {}).get("enable") and service.current:
            service.current.threshold = threshold_of(fields["deploymentConfiguration"], service.desired_count)
        self.rollouts.wake(service)
        return {"service": self._view_service(service, ["TAGS"])}

    @staticmethod
    def _changed_fields(service: Service, request: Json) -> Json:
        fields = dict(service.fields)
        if request.get("deploymentController"):
            fields["deploymentController"] = dict(request["deploymentController"])
        if request.get("networkConfiguration"):
            fields["networkConfiguration"] = requests.network_configuration(request["networkConfiguration"])
        if request.get("deploymentConfiguration"):
            fields["deploymentConfiguration"] = requests.deployment_configuration(
                request["deploymentConfiguration"],
                fields["schedulingStrategy"],
                _without_other_strategy(fields["deploymentConfiguration"], request["deploymentConfiguration"]),
            )
        if request.get("capacityProviderStrategy") is not None:
            fields["capacityProviderStrategy"] = [
                {"weight": 0, "base": 0, **item} for item in request["capacityProviderStrategy"]
            ]
            if fields["capacityProviderStrategy"]:
                fields["launchType"] = None
        for name in (
            "availabilityZoneRebalancing",
            "enableECSManagedTags",
            "enableExecuteCommand",
            "healthCheckGracePeriodSeconds",
            "loadBalancers",
            "placementConstraints",
            "placementStrategy",
            "platformVersion",
            "propagateTags",
            "serviceConnectConfiguration",
            "serviceRegistries",
            "volumeConfigurations",
            "vpcLatticeConfigurations",
            "gatewayConnectors",
            "monitoring",
        ):
            if request.get(name) is not None:
                fields[name] = copy.deepcopy(request[name])
        if fields["loadBalancers"] and fields["healthCheckGracePeriodSeconds"] is None:
            fields["healthCheckGracePeriodSeconds"] = 0
        return fields

    def delete_service(self, request: Json) -> Json:
        cluster = self._cluster(request.get("cluster"))
        service = self._service(cluster, request["service"])
        if service.status == "INACTIVE":
            raise service_not_found()
        if (
            service.status == "ACTIVE"
            and service.desired_count > 0
            and not request.get("force")
            and service.fields["schedulingStrategy"] == "REPLICA"
        ):
            raise invalid_parameter("The service cannot be stopped while it is scaled above 0.")
        if service.status == "ACTIVE":
            self._keep_stale(cluster, service.name)
            self.rollouts.close(service)
        view = self._view_service(service, ["TAGS"])
        return {"service": view}

    def describe_services(self, request: Json) -> Json:
        cluster = self._cluster(request.get("cluster"))
        references = request.get("services") or []
        if not references:
            raise invalid_parameter("Services cannot be empty.")
        if len(references) > 10:
            raise invalid_parameter("Services can have at most 10 items.")
        found, failures = [], []
        for reference in references:
            service = self._find_service(cluster, reference)
            stale = self._stale_of(service)
            if service is None or (stale is not None and stale.view is None):
                arn = reference if "/" in reference else f"{self.arn_prefix}:service/{cluster.name}/{reference}"
                failures.append({"arn": arn, "reason": "MISSING"})
            elif stale is not None and stale.view is not None:
                hidden = () if "TAGS" in (request.get("include") or []) else ("tags",)
                found.append({key: value for key, value in stale.view.items() if key not in hidden})
            else:
                found.append(self._view_service(service, request.get("include") or []))
        return {"services": found, "failures": failures}

    def _keep_stale(self, cluster: Cluster, name: str) -> None:
        """Before a change: have the reads lag behind it, when a test wants it so."""
        lag = self.faults.lag(self.account_id)
        if not lag:
            return
        service = self.services.get((cluster.name, name))
        known = service is not None and service.status != "INACTIVE"
        view = copy.deepcopy(self._view_service(service, ["TAGS"])) if service is not None and known else None
        deployments = len(service.service_deployments) if service is not None and known else 0
        told = None
        if service is not None and known and "express" in service.fields:
            told = copy.deepcopy(express.view(self, service, ["TAGS"]))
        self._stale[cluster.name, name] = Stale(self.now + lag, view, deployments, told)

    def _stale_of(self, service: Service | None) -> Stale | None:
        stale = None if service is None else self._stale.get((service.cluster.name, service.name))
        return stale if stale is not None and self.now < stale.until else None

    def _known_deployments(self, service: Service) -> list[ServiceDeployment]:
        stale = self._stale_of(service)
        # AWS deletes the deployments of a service with it.
        known = service.service_deployments if service.status != "INACTIVE" else []
        return known if stale is None else known[: stale.deployments]

    def list_services(self, request: Json) -> Json:
        cluster = self._cluster(request.get("cluster"))
        found = [
            service.arn
            for service in self.services.values()
            if service.cluster is cluster
            and service.status == "ACTIVE"
            and request.get("launchType") in (None, service.fields["launchType"])
            and request.get("schedulingStrategy") in (None, service.fields["schedulingStrategy"])
            and request.get("resourceManagementType") in (None, resource_management(service))
        ]
        return page(sorted(found), request, "serviceArns", default=10)

    # Service deployments and revisions

    def _by_deployment(self, arn: str) -> tuple[Service, ServiceDeployment] | None:
        for service in self.services.values():
            for deployment in self._known_deployments(service):
                if deployment.arn == arn:
                    return service, deployment
        return None

    def list_service_deployments(self, request: Json) -> Json:
        cluster = self._cluster(request.get("cluster"))
        service = self._service(cluster, request["service"])
        created = request.get("createdAt") or {}
        after, before = _seconds(created.get("after")), _seconds(created.get("before"))
        found = [
            service_deployment_brief(service, deployment)
            for deployment in reversed(self._known_deployments(service))
            if (not request.get("status") or deployment.status in request["status"])
            and (after is None or deployment.created_at >= after)
            and (before is None or deployment.created_at <= before)
        ]
        return page(found, request, "serviceDeployments", default=20)

    def describe_service_deployments(self, request: Json) -> Json:
        arns = request.get("serviceDeploymentArns") or []
        if not 1 <= len(arns) <= 20:
            raise invalid_parameter("serviceDeploymentArns must have between 1 and 20 items.")
        found, failures = [], []
        for arn in arns:
            known = self._by_deployment(arn)
            if known is None:
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                found.append(service_deployment_view(*known, self.rollouts))
        return {"serviceDeployments": found, "failures": failures}

    def describe_service_revisions(self, request: Json) -> Json:
        arns = request.get("serviceRevisionArns") or []
        if not 1 <= len(arns) <= 20:
            raise invalid_parameter("serviceRevisionArns must have between 1 and 20 items.")
        known: dict[str, tuple[Service, ServiceRevision]] = {
            arn: (service, revision)
            for service in self.services.values()
            for arn, revision in service.revisions.items()
        }
        return {
            "serviceRevisions": [service_revision_view(*known[arn]) for arn in arns if arn in known],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known],
        }

    def stop_service_deployment(self, request: Json) -> Json:
        arn = request["serviceDeploymentArn"]
        known = self._by_deployment(arn)
        if known is None:
            raise deployment_not_found(arn)
        if (request.get("stopType") or "ROLLBACK") != "ROLLBACK":
            raise invalid_parameter(f"Invalid stop type: {request['stopType']}. The valid value is ROLLBACK.")
        service, deployment = known
        if not deployment.ongoing:
            raise EcsError(
                "ConflictException",
                f"The service deployment {arn} is in the {deployment.status} state and cannot be stopped.",
            )
        self.rollouts.stop_deployment(service, deployment)
        return {"serviceDeploymentArn": arn}

    def continue_service_deployment(self, request: Json) -> Json:
        arn = request["serviceDeploymentArn"]
        known = self._by_deployment(arn)
        if known is None:
            raise deployment_not_found(arn)
        service, deployment = known
        hook = next((hook for hook in deployment.hooks if hook.id == request["hookId"]), None)
        if hook is None or hook.target_type != "PAUSE":
            raise invalid_parameter(f"The service deployment has no PAUSE hook {request['hookId']}.")
        if hook.status != "AWAITING_ACTION" or not deployment.ongoing:
            raise invalid_parameter(f"The hook {hook.id} is not awaiting an action; its status is {hook.status}.")
        self.rollouts.continue_deployment(service, deployment, hook, request.get("action", "CONTINUE") == "CONTINUE")
        return {"serviceDeploymentArn": arn}

    # Tasks

    def run_task(self, request: Json) -> Json:
        cluster = self._active_cluster(request.get("cluster"))
        token = request.get("clientToken")
        if token and token in self._run_tokens:
            told, ids = self._run_tokens[token]
            if told != request:
                raise EcsError("ConflictException", "The clientToken was used with other parameters.")
            return {"tasks": [task_view(self.tasks.by_id[i], ["TAGS"]) for i in ids if i in self.tasks.by_id]}
        definition = self.definitions.usable(request["taskDefinition"])
        count = request.get("count") or 1
        if not 1 <= count <= 10:
            raise invalid_parameter("count must be between 1 and 10.")
        launch = self._launch_of(request, cluster, definition)
        tasks: list[Task] = []
        failures: list[Json] = []
        for _number in range(count):
            behaviour = self.tasks.behaviour_for(launch)
            if launch.launch_type == "EC2":
                instances = self.world.container_instances(cluster.name)
                if not instances:
                    failures.append({"arn": f"{self.arn_prefix}:cluster/{cluster.name}", "reason": "INACTIVE"})
                    continue
                launch.container_instance = instances[len(tasks) % len(instances)].arn
            if behaviour.no_capacity:
                failures.append({"reason": FARGATE_CAPACITY if launch.launch_type == "FARGATE" else "RESOURCE:CPU"})
                continue
            try:
                tasks.append(self.tasks.launch(launch, behaviour))
            except ValueError as error:
                failures.append({"reason": str(error)})
        if token:
            self._run_tokens[token] = (copy.deepcopy(request), [task.id for task in tasks])
        return {"tasks": [task_view(task, ["TAGS"]) for task in tasks], "failures": failures}

    def _launch_of(self, request: Json, cluster: Cluster, definition: TaskDefinition) -> Launch:
        launch_type, strategy = request.get("launchType"), request.get("capacityProviderStrategy") or []
        if launch_type in ("EXTERNAL", "MANAGED_INSTANCES"):
            raise EcsError(
                "UnsupportedFeatureException", f"The local AWS does not simulate the launch type {launch_type}."
            )
        if launch_type and strategy:
            raise invalid_parameter(
                "Specifying both a launch type and capacity provider strategy is not supported. "
                "Remove one and try again."
            )
        if not launch_type and not strategy:
            strategy = cluster.default_strategy
        fields = {
            "launchType": launch_type,
            "capacityProviderStrategy": strategy,
            "platformVersion": request.get("platformVersion"),
        }
        requests.check_placement(fields, definition, cluster)
        network = requests.network_configuration(request.get("networkConfiguration"))
        requests.check_network(definition, network, self.world)
        provider = strategy[0]["capacityProvider"] if strategy else None
        names = [container["name"] for container in definition.containers]
        overrides = copy.deepcopy(request.get("overrides") or {})
        for override in overrides.get("containerOverrides") or []:
            if override.get("name") not in names:
                raise invalid_parameter(
                    f"Override for container named {override.get('name')} is not a container in the TaskDefinition."
                )
        tags = copy.deepcopy(request.get("tags") or [])
        if request.get("propagateTags") == "TASK_DEFINITION":
            tags += [tag for tag in definition.tags if tag["key"] not in {given["key"] for given in tags}]
        if request.get("enableECSManagedTags"):
            tags.append({"key": "aws:ecs:clusterName", "value": cluster.name})
        return Launch(
            cluster=cluster,
            definition=definition,
            group=request.get("group") or f"family:{definition.family}",
            started_by=request.get("startedBy") or "",
            launch_type=launch_type or ("FARGATE" if provider in FARGATE_PROVIDERS else "EC2"),
            network=network,
            overrides=overrides,
            tags=tags,
            capacity_provider=provider,
            platform_version=PLATFORM_VERSION,
            enable_execute_command=bool(request.get("enableExecuteCommand")),
        )

    def start_task(self, request: Json) -> Json:
        cluster = self._active_cluster(request.get("cluster"))
        definition = self.definitions.usable(request["taskDefinition"])
        wanted = request.get("containerInstances") or []
        if not wanted:
            raise client_error("Container Instances cannot be empty.")
        instances = {item.arn.rpartition("/")[2]: item for item in self.world.container_instances(cluster.name)}
        launch = self._launch_of({**request, "launchType": "EC2"}, cluster, definition)
        tasks, failures = [], []
        for reference in wanted:
            instance = instances.get(reference.rpartition("/")[2])
            if instance is None:
                failures.append({"arn": reference, "reason": "MISSING"})
                continue
            launch.container_instance = instance.arn
            tasks.append(task_view(self.tasks.launch(launch, self.tasks.behaviour_for(launch)), ["TAGS"]))
        return {"tasks": tasks, "failures": failures}

    def _task(self, cluster: Cluster, reference: str) -> Task | None:
        task = self.tasks.by_id.get(reference.rpartition("/")[2])
        return task if task is not None and task.cluster is cluster else None

    def describe_tasks(self, request: Json) -> Json:
        cluster = self._cluster(request.get("cluster"))
        references = request.get("tasks") or []
        if not references:
            raise invalid_parameter("Tasks cannot be empty.")
        if len(references) > 100:
            raise invalid_parameter("Tasks can have at most 100 items.")
        found, failures = [], []
        for reference in references:
            task = self._task(cluster, reference)
            if task is None:
                arn = reference if "/" in reference else f"{self.arn_prefix}:task/{cluster.name}/{reference}"
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                found.append(task_view(task, request.get("include") or []))
        return {"tasks": found, "failures": failures}

    def list_tasks(self, request: Json) -> Json:
        cluster = self._cluster(request.get("cluster"))
        if request.get("daemonName"):
            raise EcsError("UnsupportedFeatureException", "The local AWS does not simulate daemons.")
        service_name = request.get("serviceName")
        if service_name:
            service_name = self._service(cluster, service_name).name
        desired = request.get("desiredStatus") or "RUNNING"
        instance = request.get("containerInstance")
        found = [
            task.arn
            for task in self.tasks.of_cluster(cluster)
            if task.desired_status == desired
            and (not service_name or (task.service is not None and task.service.name == service_name))
            and request.get("family") in (None, task.definition.family)
            and request.get("startedBy") in (None, task.started_by)
            and request.get("launchType") in (None, task.launch_type)
            and (not instance or (task.container_instance or "").rpartition("/")[2] == instance.rpartition("/")[2])
        ]
        return page(found, request, "taskArns")

    def stop_task(self, request: Json) -> Json:
        cluster = self._cluster(request.get("cluster"))
        task = self._task(cluster, request["task"])
        if task is None:
            raise invalid_parameter("The referenced task was not found.")
        self.tasks.stop(task, "UserInitiated", request.get("reason") or "Task stopped by user")
        return {"task": task_view(task, ["TAGS"])}

    # Tags

    def _tagged(self, arn: str) -> Cluster | Service | Task | TaskDefinition:
        found = ARN.fullmatch(arn)
        if found is None:
            raise invalid_parameter("Invalid identifier: Identifier is for an unknown resource type.")
        kind, path = found["kind"], found["path"]
        name = path.rpartition("/")[2]
        thing: Cluster | Service | Task | TaskDefinition | None
        if kind == "cluster":
            thing = self.clusters.get(name)
        elif kind == "service":
            thing = next((service for service in self.services.values() if service.arn == arn), None)
        elif kind == "task":
            thing = self.tasks.by_id.get(name)
        elif kind == "task-definition":
            thing = self.definitions.find(path)
        else:
            raise invalid_parameter(f"The local AWS keeps no tags on {kind}.")
        if thing is None or (isinstance(thing, (Cluster, Service)) and thing.status == "INACTIVE"):
            raise EcsError("InvalidParameterException", "The specified resource was not found.")
        return thing

    def tag_resource(self, request: Json) -> Json:
        thing = self._tagged(request["resourceArn"])
        new = {tag["key"]: tag.get("value", "") for tag in request.get("tags") or []}
        if any(key.lower().startswith("aws:") for key in new):
            raise invalid_parameter("Tag keys must not start with aws:.")
        old = {tag["key"]: tag["value"] for tag in thing.tags}
        merged = {**old, **new}
        if len(merged) > 50:
            raise invalid_parameter("A resource can have at most 50 tags.")
        thing.tags = [{"key": key, "value": value} for key, value in merged.items()]
        return {}

    def untag_resource(self, request: Json) -> Json:
        thing = self._tagged(request["resourceArn"])
        keys = request.get("tagKeys") or []
        thing.tags = [tag for tag in thing.tags if tag["key"] not in keys]
        return {}

    def list_tags_for_resource(self, request: Json) -> Json:
        return {"tags": self._tagged(request["resourceArn"]).tags}

    # Account settings

    def list_account_settings(self, request: Json) -> Json:
        effective = {**(ACCOUNT_SETTINGS if request.get("effectiveSettings") else {}), **self.account_settings}
        name, value = request.get("name"), request.get("value")
        if name is not None and name not in ACCOUNT_SETTINGS:
            raise invalid_parameter(f"Unknown account setting: {name}.")
        found = [
            {"name": key, "value": effective[key], "principalArn": self.caller, "type": "user"}
            for key in sorted(effective)
            if name in (None, key) and value in (None, effective[key])
        ]
        return page(found, {**request, "maxResults": request.get("maxResults") or 10}, "settings")

    def put_account_setting(self, request: Json) -> Json:
        name, value = request["name"], request["value"]
        if name not in ACCOUNT_SETTINGS:
            raise invalid_parameter(f"Unknown account setting: {name}.")
        self.account_settings[name] = value
        return {"setting": {"name": name, "value": value, "principalArn": self.caller, "type": "user"}}

    def delete_account_setting(self, request: Json) -> Json:
        name = request["name"]
        value = self.account_settings.pop(name, ACCOUNT_SETTINGS.get(name, ""))
        return {"setting": {"name": name, "value": value, "principalArn": self.caller, "type": "user"}}


#: The account settings and what they are when nobody has set them.
ACCOUNT_SETTINGS = {
    "serviceLongArnFormat": "enabled",
    "taskLongArnFormat": "enabled",
    "containerInstanceLongArnFormat": "enabled",
    "awsvpcTrunking": "disabled",
    "containerInsights": "disabled",
    "fargateFIPSMode": "disabled",
    "tagResourceAuthorization": "on",
    "fargateTaskRetirementWaitPeriod": "7",
    "guardDutyActivate": "off",
    "defaultLogDriverMode": "non-blocking",
}

OPERATIONS: dict[str, Callable[[Ecs, Json], Json]] = {
    "CreateCluster": Ecs.create_cluster,
    "DescribeClusters": Ecs.describe_clusters,
    "ListClusters": Ecs.list_clusters,
    "UpdateCluster": Ecs.update_cluster,
    "UpdateClusterSettings": Ecs.update_cluster_settings,
    "PutClusterCapacityProviders": Ecs.put_cluster_capacity_providers,
    "DeleteCluster": Ecs.delete_cluster,
    "RegisterTaskDefinition": Ecs.register_task_definition,
    "DescribeTaskDefinition": Ecs.describe_task_definition,
    "DeregisterTaskDefinition": Ecs.deregister_task_definition,
    "DeleteTaskDefinitions": Ecs.delete_task_definitions,
    "ListTaskDefinitions": Ecs.list_task_definitions,
    "ListTaskDefinitionFamilies": Ecs.list_task_definition_families,
    "CreateService": Ecs.create_service,
    "UpdateService": Ecs.update_service,
    "DeleteService": Ecs.delete_service,
    "DescribeServices": Ecs.describe_services,
    "ListServices": Ecs.list_services,
    "CreateExpressGatewayService": express.create,
    "UpdateExpressGatewayService": express.update,
    "DescribeExpressGatewayService": express.describe,
    "DeleteExpressGatewayService": express.delete,
    "ListServiceDeployments": Ecs.list_service_deployments,
    "DescribeServiceDeployments": Ecs.describe_service_deployments,
    "DescribeServiceRevisions": Ecs.describe_service_revisions,
    "StopServiceDeployment": Ecs.stop_service_deployment,
    "ContinueServiceDeployment": Ecs.continue_service_deployment,
    "RunTask": Ecs.run_task,
    "StartTask": Ecs.start_task,
    "StopTask": Ecs.stop_task,
    "DescribeTasks": Ecs.describe_tasks,
    "ListTasks": Ecs.list_tasks,
    "TagResource": Ecs.tag_resource,
    "UntagResource": Ecs.untag_resource,
    "ListTagsForResource": Ecs.list_tags_for_resource,
    "ListAccountSettings": Ecs.list_account_settings,
    "PutAccountSetting": Ecs.put_account_setting,
    "PutAccountSettingDefault": Ecs.put_account_setting,
    "DeleteAccountSetting": Ecs.delete_account_setting,
}


def _service_connect_defaults(given: Json | None) -> Json | None:
    """An empty namespace means none."""
    return dict(given) if given and given.get("namespace") else None


def _without_other_strategy(current: Json, given: Json) -> Json:
    """A change of the strategy leaves the old one's settings behind."""
    strategy = given.get("strategy", current["strategy"])
    dropped = {
        "linearConfiguration": strategy != "LINEAR",
        "canaryConfiguration": strategy != "CANARY",
        "lifecycleHooks": strategy == "ROLLING",
        "earlySuccessCriteria": strategy != "ROLLING",
    }
    return {name: value for name, value in current.items() if not dropped.get(name, False)}


def _seconds(value: Any) -> float | None:
    """A time of a request: seconds, or what a parser has made of them."""
    if value is None:
        return None
    return float(value.timestamp()) if hasattr(value, "timestamp") else float(value)
