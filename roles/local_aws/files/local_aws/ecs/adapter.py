# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the engine in the place of moto's ECS, and lets the rest of moto see it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores
from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ecs.exceptions import ECSException
from moto.ecs.models import Cluster as MotoCluster
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus
from moto.utilities.utils import get_partition
from werkzeug.exceptions import HTTPException

from ..clock import Clock
from .api import FARGATE_PROVIDERS, OPERATIONS, Ecs
from .errors import EcsError
from .faults import Faults
from .model import Target, Timing
from .moto_world import MotoWorld, Script
from .scenarios import Scenarios

#: Operations of moto's that need to know the engine's clusters.
ON_INSTANCES = (
    "register_container_instance",
    "deregister_container_instance",
    "list_container_instances",
    "describe_container_instances",
    "update_container_instances_state",
    "put_attributes",
    "list_attributes",
    "delete_attributes",
)
NOT_SIMULATED = (
    "create_task_set",
    "describe_task_sets",
    "update_task_set",
    "delete_task_set",
    "update_service_primary_task_set",
)


#: What a service calls a call too many.
THROTTLING_CODES = {
    "autoscaling": "Throttling",
    "cloudwatch": "Throttling",
    "ec2": "RequestLimitExceeded",
    "elbv2": "Throttling",
    "iam": "Throttling",
    "rds": "Throttling",
    "sns": "Throttled",
    "sts": "Throttling",
}


class EngineTarget(FakeHealthStatus):
    """The health of a target that ECS has registered."""

    def __init__(self, target: Target, health_port: str | None) -> None:
        port = str(target.port) if health_port in (None, "traffic-port") else health_port
        super().__init__(target.ip, str(target.port), port, target.state, target.reason, target.description)
        self._zone = target.availability_zone

    @property
    def target(self) -> dict[str, str]:
        return {**super().target, "AvailabilityZone": self._zone}


class Engines:
    """The engines of all accounts and regions; each lives on moto's backend and goes with it when moto is reset."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.timing = Timing()
        self.scenarios = Scenarios()
        self.script = Script()
        self.faults = Faults()
        self.lock = threading.RLock()

    def of(self, backend: EC2ContainerServiceBackend) -> Ecs:
        engine = backend.__dict__.get("engine")
        if engine is None:
            region, account = backend.region_name, backend.account_id
            world = MotoWorld(account, region, self.script)
            engine = Ecs(
                account,
                region,
                world,
                self.clock.now(),
                self.timing,
                self.scenarios,
                self.faults,
                get_partition(region),
            )
            backend.__dict__["engine"] = engine
        return engine

    def all(self) -> Iterator[Ecs]:
        for account in list(ecs_backends.values()):
            for backend in list(account.values()):
                if "engine" in backend.__dict__:
                    yield backend.__dict__["engine"]

    def advance(self) -> None:
        now = self.clock.now()
        for engine in self.all():
            try:
                engine.advance(now)
            except (HTTPException, ServiceException) as error:
                # Not an answer to whatever request happens to come now.
                raise RuntimeError(f"ECS failed to go on: {error!r}") from error

    def reset(self) -> None:
        """Forget what tests have told; what ECS knows goes with moto's backends."""
        self.clock.resume()
        self.scenarios.clear()
        self.script.clear()
        self.faults.clear()
        for name, value in vars(Timing()).items():
            setattr(self.timing, name, value)


def patch(engines: Engines) -> None:
    """Once a process."""
    _patch_every_request(engines)
    _patch_operations(engines)
    _patch_backend(engines)
    _patch_target_health(engines)
    _patch_deregistration(engines)
    _patch_dependencies()


def _patch_every_request(engines: Engines) -> None:
    original = BaseResponse.call_action

    def call_action(self: BaseResponse) -> Any:
        with engines.lock:
            engines.advance()
            service = self.boto3_service_name
            refusal = None
            if engines.faults.refusals:
                refusal = engines.faults.refused(service, self._get_action() or "", self.current_account)
            if refusal is not None:
                code = refusal.code or THROTTLING_CODES.get(service, "ThrottlingException")
                # moto finds the service of an error by the module of its class.
                module = {"__module__": f"moto.{self.service_name}.exceptions"}
                error = type("RefusedError", (ServiceException,), module)(code, refusal.message)
                status, headers, body = self.serialized(ActionResult(error))
                return int(status), {**headers, "status": str(status)}, body
            return original(self)

    BaseResponse.call_action = call_action  # type: ignore[method-assign]


def _patch_operations(engines: Engines) -> None:
    def answer(operation: str) -> Callable[[EC2ContainerServiceResponse], ActionResult]:
        def method(self: EC2ContainerServiceResponse) -> ActionResult:
            try:
                return ActionResult(engines.of(self.ecs_backend).call(operation, dict(self._get_params())))
            except EcsError as error:
                raise ECSException(error.code, error.message) from error

        return method

    for operation in OPERATIONS:
        setattr(EC2ContainerServiceResponse, camelcase_to_underscores(operation), answer(operation))

    def refuse(self: EC2ContainerServiceResponse) -> ActionResult:
        raise ECSException("UnsupportedFeatureException", "The local AWS does not simulate task sets.")

    for name in NOT_SIMULATED:
        setattr(EC2ContainerServiceResponse, name, refuse)

    def knowing_clusters(original: Callable[..., ActionResult]) -> Callable[..., ActionResult]:
        def method(self: EC2ContainerServiceResponse) -> ActionResult:
            backend = self.ecs_backend
            for name, cluster in engines.of(backend).clusters.items():
                if cluster.status == "ACTIVE" and name not in backend.clusters:
                    backend.clusters[name] = MotoCluster(  # type: ignore[abstract]
                        name, backend.account_id, backend.region_name
                    )
            return original(self)

        return method

    for name in ON_INSTANCES:
        setattr(EC2ContainerServiceResponse, name, knowing_clusters(getattr(EC2ContainerServiceResponse, name)))

    def describe_capacity_providers(self: EC2ContainerServiceResponse) -> ActionResult:
        backend = self.ecs_backend
        names = self._get_param("capacityProviders") or [*FARGATE_PROVIDERS, *backend.capacity_providers]
        prefix = engines.of(backend).arn_prefix
        managed = [
            {"name": name, "capacityProviderArn": f"{prefix}:capacity-provider/{name}", "status": "ACTIVE", "tags": []}
            for name in names
            if name in FARGATE_PROVIDERS
        ]
        own, failures = backend.describe_capacity_providers([name for name in names if name not in FARGATE_PROVIDERS])
        return ActionResult({"capacityProviders": [*managed, *own], "failures": failures})

    EC2ContainerServiceResponse.describe_capacity_providers = describe_capacity_providers  # type: ignore[method-assign]


def _patch_backend(engines: Engines) -> None:
    """What the rest of moto asks of ECS: Application Auto Scaling and the tagging API."""

    def describe_services(
        self: EC2ContainerServiceBackend, cluster_str: str, service_names_or_arns: list[str]
    ) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
        request = {"cluster": cluster_str, "services": service_names_or_arns}
        try:
            found = engines.of(self).call("DescribeServices", request)
        except EcsError:
            return [], []
        return [service for service in found["services"] if service["status"] != "INACTIVE"], found["failures"]

    def iter_tagged_resources(self: EC2ContainerServiceBackend) -> Iterator[TaggedResource]:
        engine = engines.of(self)
        things: list[tuple[str, Any]] = [
            ("ecs:cluster", cluster) for cluster in engine.clusters.values() if cluster.status == "ACTIVE"
        ]
        things += [("ecs:service", service) for service in engine.services.values() if service.status == "ACTIVE"]
        things += [("ecs:task-definition", definition) for definition in engine.definitions.all()]
        things += [("ecs:task", task) for task in engine.tasks.by_id.values()]
        for kind, thing in things:
            tags = {tag["key"]: tag["value"] for tag in thing.tags}
            yield TaggedResource(arn=thing.arn, tags=tags, resource_type=kind)

    def tag_resource(self: EC2ContainerServiceBackend, arn: str, tags: dict[str, str]) -> None:
        listed = [{"key": key, "value": value} for key, value in tags.items()]
        engines.of(self).call("TagResource", {"resourceArn": arn, "tags": listed})

    def untag_resource(self: EC2ContainerServiceBackend, resource_arn: str, tag_keys: list[str]) -> None:
        engines.of(self).call("UntagResource", {"resourceArn": resource_arn, "tagKeys": tag_keys})

    for method in (describe_services, iter_tagged_resources, tag_resource, untag_resource):
        setattr(EC2ContainerServiceBackend, method.__name__, method)


def _patch_target_health(engines: Engines) -> None:
    original = ELBv2Backend.describe_target_health

    def describe_target_health(
        self: ELBv2Backend, target_group_arn: str, targets: list[dict[str, Any]]
    ) -> list[FakeHealthStatus]:
        engine = engines.of(ecs_backends[self.account_id][self.region_name])
        ours = engine.tasks.targets.get(target_group_arn, [])
        if not ours or target_group_arn not in self.target_groups:
            return original(self, target_group_arn, targets)
        health_port = self.target_groups[target_group_arn].health_check_port
        if not targets:
            theirs = original(self, target_group_arn, targets)
            return [*theirs, *(EngineTarget(target, health_port) for target in ours)]
        answer: list[FakeHealthStatus] = []
        for wanted in targets:
            found = [
                target
                for target in ours
                if target.ip == wanted["Id"] and str(wanted.get("Port", target.port)) == str(target.port)
            ]
            answer += [EngineTarget(target, health_port) for target in found] or original(
                self, target_group_arn, [wanted]
            )
        return answer

    ELBv2Backend.describe_target_health = describe_target_health  # type: ignore[method-assign]


def _patch_deregistration(engines: Engines) -> None:
    original = ELBv2Backend.deregister_targets

    def deregister_targets(self: ELBv2Backend, target_group_arn: str, instances: list[dict[str, Any]]) -> None:
        engine = engines.of(ecs_backends[self.account_id][self.region_name])
        theirs = []
        for instance in instances:
            port = instance.get("Port")
            if not engine.tasks.deregister(target_group_arn, instance["Id"], None if port is None else int(port)):
                theirs.append(instance)
        if theirs:
            original(self, target_group_arn, theirs)

    ELBv2Backend.deregister_targets = deregister_targets  # type: ignore[method-assign]


def _patch_dependencies() -> None:
    """The network interfaces of tasks keep their subnets and security groups from being deleted."""
    original_subnet = SubnetBackend.delete_subnet
    original_group = SecurityGroupBackend.delete_security_group

    def delete_subnet(self: Any, subnet_id: str) -> Any:
        if any(eni.requester_managed and eni.subnet.id == subnet_id for eni in self.enis.values()):
            raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        return original_subnet(self, subnet_id)

    def delete_security_group(self: Any, name: str | None = None, group_id: str | None = None) -> None:
        if any(
            eni.requester_managed and group_id in [group.id for group in eni.group_set] for eni in self.enis.values()
        ):
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
        original_group(self, name, group_id)

    SubnetBackend.delete_subnet = delete_subnet  # type: ignore[method-assign]
    SecurityGroupBackend.delete_security_group = delete_security_group  # type: ignore[method-assign]
