# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The things of the ECS control plane, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from .scenarios import Behaviour
from .world import NetworkInterface

Json = dict[str, Any]

#: The states of a task before it runs, and those on its way out, in their order.
STARTING = ("PROVISIONING", "PENDING", "ACTIVATING")
LEAVING = ("DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED")

#: States of a service deployment in which it still does something.
ONGOING = ("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")


@dataclass
class Timing:
    """How many simulated seconds things take."""

    scheduler: float = 1
    provisioning: float = 3
    pulling: float = 6
    activating: float = 1
    stopping: float = 2
    deprovisioning: float = 2
    #: A task of a service without any health check counts as healthy when it has run so long.
    settling: float = 3
    #: One-off tasks run so long when nothing else is said.
    one_off: float = 10
    #: How often a deployment looks at its alarms, and how long it bakes with alarms when nothing else is said.
    alarm_poll: float = 10
    alarm_bake: float = 60
    #: Stopped tasks can be described for an hour.
    stopped_tasks_kept: float = 3600
    capacity_retry: float = 15
    traffic_shift: float = 5
    rollback: float = 10
    hook_poll: float = 30
    #: How long CodeDeploy waits for a replacement task set to get healthy.
    installation: float = 3600


@dataclass(eq=False)
class TaskDefinition:
    """A task definition as the API returns it (``body``), with what the engine looks at."""

    arn: str
    family: str
    revision: int
    body: Json
    tags: list[Json] = field(default_factory=list)

    @property
    def status(self) -> str:
        return str(self.body["status"])

    @property
    def containers(self) -> list[Json]:
        return list(self.body["containerDefinitions"])

    @property
    def network_mode(self) -> str | None:
        return self.body.get("networkMode")


@dataclass(eq=False)
class Cluster:
    name: str
    arn: str
    settings: list[Json]
    capacity_providers: list[str]
    default_strategy: list[Json]
    tags: list[Json]
    configuration: Json | None = None
    service_connect_defaults: Json | None = None
    status: str = "ACTIVE"


@dataclass(eq=False)
class Target:
    """A task's registration in a target group."""

    group_arn: str
    ip: str
    port: int
    availability_zone: str
    task_id: str
    state: str = "initial"
    reason: str | None = "Elb.RegistrationInProgress"
    description: str | None = "Target registration is in progress"

    def become(self, state: str, reason: str | None = None, description: str | None = None) -> None:
        self.state, self.reason, self.description = state, reason, description


@dataclass(eq=False)
class Container:
    """A container of a task."""

    definition: Json
    arn: str
    image: str
    runtime_id: str
    last_status: str = "PENDING"
    exit_code: int | None = None
    reason: str | None = None
    image_digest: str | None = None
    health: str = "UNKNOWN"

    @property
    def name(self) -> str:
        return str(self.definition["name"])

    @property
    def essential(self) -> bool:
        return bool(self.definition.get("essential", True))


@dataclass(eq=False)
class Task:
    id: str
    arn: str
    cluster: Cluster
    definition: TaskDefinition
    group: str
    started_by: str
    launch_type: str
    created_at: float
    containers: list[Container]
    behaviour: Behaviour
    deployment: Deployment | None = None
    service: Service | None = None
    capacity_provider: str | None = None
    platform_version: str | None = None
    platform_family: str | None = None
    container_instance: str | None = None
    availability_zone: str | None = None
    network: Json | None = None
    overrides: Json = field(default_factory=dict)
    tags: list[Json] = field(default_factory=list)
    interface: NetworkInterface | None = None
    attachment_id: str = ""
    attachment_status: str = "PRECREATED"
    enable_execute_command: bool = False
    last_status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    stop_code: str | None = None
    stopped_reason: str | None = None
    pull_started_at: float | None = None
    pull_stopped_at: float | None = None
    started_at: float | None = None
    stopping_at: float | None = None
    execution_stopped_at: float | None = None
    stopped_at: float | None = None
    connectivity_at: float | None = None
    version: int = 1
    targets: list[Target] = field(default_factory=list)
    #: It has run long enough to count where no health check says more.
    settled: bool = False
    #: It has counted as healthy once for its deployment.
    was_healthy: bool = False
    #: It fails its health checks, and is stopped when another task has taken its place.
    to_be_replaced: bool = False

    @property
    def live(self) -> bool:
        """The scheduler wants it to run."""
        return self.desired_status == "RUNNING"

    @property
    def running(self) -> bool:
        return self.last_status == "RUNNING"

    @property
    def draining(self) -> bool:
        """On its way out, but its containers still answer."""
        return not self.live and self.last_status in (*STARTING, "RUNNING", "DEACTIVATING")

    @property
    def health(self) -> str:
        """The health of the task as its essential containers' own checks tell."""
        checked = [c.health for c in self.containers if c.essential and c.definition.get("healthCheck")]
        if not checked or "UNHEALTHY" in checked:
            return "UNHEALTHY" if "UNHEALTHY" in checked else "UNKNOWN"
        return "HEALTHY" if all(health == "HEALTHY" for health in checked) else "UNKNOWN"

    @property
    def healthy(self) -> bool:
        """Whether the scheduler counts it as healthy."""
        if not (self.live and self.running):
            return False
        checks = [c for c in self.containers if c.essential and c.definition.get("healthCheck")]
        if checks and self.health != "HEALTHY":
            return False
        if self.targets and any(target.state not in ("healthy", "unused") for target in self.targets):
            return False
        return bool(checks or self.targets) or self.settled


@dataclass(eq=False)
class ServiceRevision:
    """What a service looked like at a moment: the workload that a deployment brings out."""

    id: str
    arn: str
    created_at: float
    definition: TaskDefinition
    #: The service's fields that belong to a revision, by their names in the API.
    configuration: Json
    images: list[Json]
    #: The target groups its tasks register in, by (container, port); for blue/green the chosen one of each pair.
    load_balancers: list[Json]


@dataclass(eq=False)
class Deployment:
    """An entry of a service's ``deployments``: the tasks of one revision."""

    revision: ServiceRevision
    created_at: float
    updated_at: float
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    rollout_reason: str = ""
    failed_tasks: int = 0
    #: How many of the desired tasks it may have; the scheduler of the strategy decides.
    scale_percent: float = 100
    #: After failures in a row the scheduler waits longer and longer.
    failures_in_a_row: int = 0
    not_before: float = 0
    #: A failed deployment starts no more tasks.
    halted: bool = False
    tasks: list[Task] = field(default_factory=list)
    #: The deployment of CodeDeploy that made it, for a task set.
    external_id: str = ""

    @property
    def id(self) -> str:
        return f"ecs-svc/{self.revision.id}"


@dataclass(eq=False)
class HookDetail:
    """A lifecycle hook that a service deployment has reached."""

    id: str
    target_type: str
    status: str
    target_arn: str | None = None
    expires_at: float | None = None
    timeout_action: str | None = None


@dataclass(eq=False)
class ServiceDeployment:
    arn: str
    created_at: float
    configuration: Json
    target: ServiceRevision
    sources: list[ServiceRevision]
    updated_at: float = 0
    status: str = "PENDING"
    status_reason: str | None = None
    started_at: float | None = None
    finished_at: float | None = None
    stopped_at: float | None = None
    stage: str | None = None
    hooks: list[HookDetail] = field(default_factory=list)
    rollback: Json | None = None
    breaker_status: str = "DISABLED"
    failure_count: int = 0
    threshold: int = 0
    alarms_status: str = "DISABLED"
    triggered_alarms: list[str] = field(default_factory=list)
    #: The weights of production and test traffic that the target revision has.
    production_weight: float = 0
    test_weight: float = 0
    #: What the source and target revisions had when it ended, so that the story does not change afterwards.
    final: Json | None = None

    @property
    def ongoing(self) -> bool:
        return self.status in ONGOING

    @property
    def rolling_back(self) -> bool:
        return self.status in ("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")


class Run(Protocol):
    """The course of a service deployment: does its next step when its time has come."""

    def step(self) -> None: ...


@dataclass(eq=False)
class Service:
    name: str
    arn: str
    cluster: Cluster
    created_at: float
    created_by: str
    #: The service's fields as the API returns them, apart from what is computed.
    fields: Json
    tags: list[Json]
    desired_count: int
    definition: TaskDefinition
    request: Json = field(default_factory=dict)
    status: str = "ACTIVE"
    deployments: list[Deployment] = field(default_factory=list)
    service_deployments: list[ServiceDeployment] = field(default_factory=list)
    revisions: dict[str, ServiceRevision] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    steady: bool = False
    tick_pending: bool = False
    #: Registrations and deregistrations of targets that no event has told yet, by target group.
    registered: dict[str, int] = field(default_factory=dict)
    deregistered: dict[str, int] = field(default_factory=dict)
    #: Tasks that the scheduler has stopped and that no event has told yet.
    stopped_tasks: list[str] = field(default_factory=list)
    #: The last revision that was brought out with success: where a rollback goes.
    last_good: ServiceRevision | None = None
    #: Goes on with what the current deployment's strategy does next.
    run: Run | None = None
    tasks: list[Task] = field(default_factory=list)

    @property
    def primary(self) -> Deployment:
        return next(d for d in self.deployments if d.status == "PRIMARY")

    @property
    def current(self) -> ServiceDeployment | None:
        """The service deployment that is under way."""
        last = self.service_deployments[-1] if self.service_deployments else None
        return last if last is not None and last.ongoing else None

    @property
    def controller(self) -> str:
        return str(self.fields["deploymentController"]["type"])

    @property
    def strategy(self) -> str:
        if self.controller != "ECS":
            return self.controller
        return str(self.fields["deploymentConfiguration"].get("strategy", "ROLLING"))
