# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks: from PROVISIONING to STOPPED, with their targets, health checks, exits and logs."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..timeline import Timeline
from .model import Cluster, Container, Deployment, Json, Service, Target, Task, TaskDefinition, Timing
from .scenarios import Behaviour, Scenarios, Subject
from .world import TargetGroup, World


class TaskWatcher(Protocol):
    """Whoever schedules tasks of services is told what becomes of them."""

    def task_changed(self, task: Task) -> None: ...

    def task_failed(self, task: Task) -> None: ...


@dataclass
class Launch:
    """What to launch a task of, and where."""

    cluster: Cluster
    definition: TaskDefinition
    group: str
    started_by: str
    launch_type: str
    network: Json | None = None
    overrides: Json = field(default_factory=dict)
    tags: list[Json] = field(default_factory=list)
    capacity_provider: str | None = None
    platform_version: str | None = None
    container_instance: str | None = None
    enable_execute_command: bool = False
    service: Service | None = None
    deployment: Deployment | None = None


def command_of(definition: TaskDefinition, overrides: Json) -> str:
    """The command of the first essential container, with the overrides in it."""
    container = next(c for c in definition.containers if c.get("essential", True))
    override = override_of(overrides, container["name"])
    return " ".join(override.get("command") or container.get("command") or [])


def override_of(overrides: Json, name: str) -> Json:
    return next((item for item in overrides.get("containerOverrides") or [] if item.get("name") == name), {})


class Tasks:
    """The tasks of an account and region."""

    def __init__(self, timeline: Timeline, world: World, timing: Timing, scenarios: Scenarios, arn_prefix: str) -> None:
        self.timeline = timeline
        self.world = world
        self.timing = timing
        self.scenarios = scenarios
        self.arn_prefix = arn_prefix
        self.by_id: dict[str, Task] = {}
        self.targets: dict[str, list[Target]] = {}
        self.watcher: TaskWatcher | None = None

    @property
    def now(self) -> float:
        return self.timeline.now

    def of_deployment(self, deployment: Deployment) -> list[Task]:
        return deployment.tasks

    def of_service(self, service: Service) -> list[Task]:
        return service.tasks

    def of_cluster(self, cluster: Cluster) -> list[Task]:
        return [task for task in self.by_id.values() if task.cluster is cluster]

    # Starting

    def behaviour_for(self, launch: Launch) -> Behaviour:
        """How the next task will behave; asked once a task, for scenarios may be limited to some tasks."""
        definition = launch.definition
        return self.scenarios.behaviour_of(
            Subject(
                images=tuple(container["image"] for container in definition.containers),
                containers=tuple(container["name"] for container in definition.containers),
                family=definition.family,
                cluster=launch.cluster.name,
                service=launch.service.name if launch.service else None,
                command=command_of(definition, launch.overrides),
                account=self.arn_prefix.rpartition(":")[2],
            )
        )

    def launch(self, launch: Launch, behaviour: Behaviour) -> Task:
        """Start a task. Raises ValueError when its network interface cannot be made."""
        definition, cluster = launch.definition, launch.cluster
        task_id = uuid.uuid4().hex
        arn = f"{self.arn_prefix}:task/{cluster.name}/{task_id}"
        interface = None
        if definition.network_mode == "awsvpc" and launch.network:
            network = launch.network["awsvpcConfiguration"]
            subnet = min(network["subnets"], key=lambda candidate: self._tasks_in(candidate, launch))
            interface = self.world.attach_interface(subnet, network.get("securityGroups") or [], arn)
        fargate = launch.launch_type == "FARGATE"
        task = Task(
            id=task_id,
            arn=arn,
            cluster=cluster,
            definition=definition,
            group=launch.group,
            started_by=launch.started_by,
            launch_type=launch.launch_type,
            created_at=self.now,
            containers=[
                Container(
                    definition=container,
                    arn=f"{self.arn_prefix}:container/{cluster.name}/{task_id}/{uuid.uuid4()}",
                    image=container["image"],
                    runtime_id=f"{task_id}-{index:010d}",
                )
                for index, container in enumerate(definition.containers)
            ],
            behaviour=behaviour,
            deployment=launch.deployment,
            service=launch.service,
            capacity_provider=launch.capacity_provider,
            platform_version=launch.platform_version if fargate else None,
            platform_family="Linux" if fargate else None,
            container_instance=launch.container_instance,
            availability_zone=interface.availability_zone if interface else None,
            network=launch.network,
            overrides=launch.overrides,
            tags=launch.tags,
            interface=interface,
            attachment_id=str(uuid.uuid4()),
            enable_execute_command=launch.enable_execute_command,
        )
        self.by_id[task_id] = task
        if launch.service is not None and launch.deployment is not None:
            launch.service.tasks.append(task)
            launch.deployment.tasks.append(task)
        self._then(task, self.timing.provisioning, "PROVISIONING", self._pending)
        return task

    def _tasks_in(self, subnet_id: str, launch: Launch) -> int:
        return sum(
            1
            for task in self.by_id.values()
            if task.live and task.group == launch.group and task.interface and task.interface.subnet_id == subnet_id
        )

    def _then(self, task: Task, seconds: float, expected: str, action: Callable[[Task], None]) -> None:
        """Do something later, if the task has not been stopped or gone on by then."""

        def act() -> None:
            if task.live and task.last_status == expected:
                action(task)

        self.timeline.after(seconds, act)

    def _become(self, task: Task, status: str) -> None:
        task.last_status = status
        task.version += 1
        if self.watcher:
            self.watcher.task_changed(task)

    def _pending(self, task: Task) -> None:
        task.attachment_status = "ATTACHED"
        task.connectivity_at = self.now
        task.pull_started_at = self.now
        self._become(task, "PENDING")
        behaviour = task.behaviour
        pulling = self.timing.pulling if behaviour.pull_seconds is None else behaviour.pull_seconds
        self._then(task, pulling, "PENDING", self._pulled)

    def _pulled(self, task: Task) -> None:
        behaviour = task.behaviour
        task.pull_stopped_at = self.now
        secret_error = self._secret_error(task)
        if secret_error:
            self._fail_to_start(task, secret_error)
            return
        said = behaviour.pull_error
        if said == "":
            said = f"{next(container for container in task.containers if container.essential).image}: not found"
        if said is None:
            said = next(filter(None, (self.world.pull_error(container.image) for container in task.containers)), None)
        if said is not None:
            reason = (
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
                f"failed to resolve ref {said}"
            )
            self._fail_to_start(task, reason)
            return
        error = behaviour.start_error or self._logging_error(task)
        if error:
            self._fail_to_start(task, error)
            return
        for container in task.containers:
            container.image_digest = self.world.image_digest(container.image)
        self._become(task, "ACTIVATING")
        self._register_targets(task)
        self._then(task, self.timing.activating, "ACTIVATING", self._running)

    def _secret_error(self, task: Task) -> str | None:
        for container in task.containers:
            for secret in container.definition.get("secrets") or []:
                error = self.world.secret_error(secret["valueFrom"])
                if error:
                    return (
                        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
                        f"retrieval failed: {error}"
                    )
        return None

    def _logging_error(self, task: Task) -> str | None:
        for container in task.containers:
            options = _awslogs(container)
            if options is None or options.get("awslogs-create-group") == "true":
                continue
            if not self.world.has_log_group(options["awslogs-group"], options.get("awslogs-region", "")):
                return (
                    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
                    "times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log "
                    "group does not exist. : exit status 1"
                )
        return None

    def _fail_to_start(self, task: Task, reason: str) -> None:
        for container in task.containers:
            container.reason = reason if reason.startswith("CannotPull") else container.reason
        self.stop(task, "TaskFailedToStart", reason, by_itself=True)

    def _running(self, task: Task) -> None:
        task.started_at = self.now
        for container in task.containers:
            container.last_status = "RUNNING"
        self._become(task, "RUNNING")
        self._log_start(task)
        self._check_containers(task)
        self._then(task, self.timing.settling, "RUNNING", self._settled)
        self._plan_end(task)

    def _settled(self, task: Task) -> None:
        task.settled = True
        self._become(task, "RUNNING")

    def _check_containers(self, task: Task) -> None:
        behaviour = task.behaviour
        for container in task.containers:
            check = container.definition.get("healthCheck")
            if not check:
                continue

            def health(value: str, container: Container = container) -> Callable[[Task], None]:
                def become(task: Task) -> None:
                    container.health = value
                    self._become(task, "RUNNING")

                return become

            failing = check.get("startPeriod", 0) + check["interval"] * check["retries"]
            late = behaviour.healthy_after or 0
            if behaviour.unhealthy or late > failing:
                self._then(task, failing, "RUNNING", health("UNHEALTHY"))
            if not behaviour.unhealthy:
                self._then(task, check["interval"] + late, "RUNNING", health("HEALTHY"))
            if behaviour.unhealthy_after is not None:
                self._then(
                    task,
                    behaviour.unhealthy_after + check["interval"] * check["retries"],
                    "RUNNING",
                    health("UNHEALTHY"),
                )

    def _plan_end(self, task: Task) -> None:
        behaviour = task.behaviour
        if behaviour.out_of_memory_after is not None:
            reason = "OutOfMemoryError: Container killed due to memory usage"

            def out_of_memory(task: Task) -> None:
                self._exit(task, 137, reason, f"{reason}")

            self._then(task, behaviour.out_of_memory_after, "RUNNING", out_of_memory)
        if behaviour.spot_interruption_after is not None:

            def interrupt(task: Task) -> None:
                self.stop(task, "SpotInterruption", "Your Spot Task was interrupted.", by_itself=True)

            self._then(task, behaviour.spot_interruption_after, "RUNNING", interrupt)
        code = behaviour.exit_code
        after = behaviour.exit_after
        if task.service is None and code is None:
            code = 0
        if code is not None:
            default = self.timing.one_off if task.service is None else 0
            self._then(
                task,
                default if after is None else after,
                "RUNNING",
                lambda task: self._exit(task, code, None, "Essential container in task exited"),
            )

    def _exit(self, task: Task, code: int, container_reason: str | None, stopped_reason: str) -> None:
        """The first essential container ends; the others are stopped with it."""
        container = next(c for c in task.containers if c.essential)
        lines = list(task.behaviour.exit_log_lines)
        if not lines:
            lines = [container_reason] if container_reason else [f"{container.name} exits with code {code}"]
        self._log(task, container, lines)
        container.last_status = "STOPPED"
        container.exit_code = code
        container.reason = container_reason
        task.execution_stopped_at = self.now
        self.stop(task, "EssentialContainerExited", stopped_reason, by_itself=True)

    # Stopping

    def stop(self, task: Task, code: str, reason: str, by_itself: bool = False) -> None:
        """Stop a task; ``by_itself`` when nobody asked for it, which is a failure for a service."""
        if not task.live:
            return
        task.desired_status = "STOPPED"
        task.stop_code = code
        task.stopped_reason = reason
        task.stopping_at = self.now
        if by_itself and self.watcher and task.service is not None:
            self.watcher.task_failed(task)
        if task.last_status in ("PROVISIONING", "PENDING"):
            task.execution_stopped_at = self.now
            self._deprovision(task)
            return
        delay = self._drain(task)
        self._become(task, "DEACTIVATING")
        over = all(container.last_status == "STOPPED" for container in task.containers if container.essential)
        self.timeline.after(0 if by_itself and over else delay, lambda: self._stop_containers(task))

    def _stop_containers(self, task: Task) -> None:
        self._become(task, "STOPPING")
        limit = max(container.definition.get("stopTimeout", 30) for container in task.containers)
        wanted = self.timing.stopping if task.behaviour.stop_seconds is None else task.behaviour.stop_seconds
        killed = wanted > limit

        def stopped() -> None:
            for container in task.containers:
                if container.last_status != "STOPPED":
                    container.last_status = "STOPPED"
                    container.exit_code = 137 if killed else 0
            if task.execution_stopped_at is None:
                task.execution_stopped_at = self.now
            self._deprovision(task)

        self.timeline.after(min(wanted, limit), stopped)

    def _deprovision(self, task: Task) -> None:
        for container in task.containers:
            container.last_status = "STOPPED"
        self._become(task, "DEPROVISIONING")

        def stopped() -> None:
            if task.interface is not None:
                self.world.detach_interface(task.interface.id)
            task.attachment_status = "DELETED"
            task.stopped_at = self.now
            self._become(task, "STOPPED")
            self.timeline.after(self.timing.stopped_tasks_kept, lambda: self._forget(task))

        self.timeline.after(self.timing.deprovisioning, stopped)

    def _forget(self, task: Task) -> None:
        del self.by_id[task.id]
        if task.service is not None and task.deployment is not None:
            task.service.tasks.remove(task)
            task.deployment.tasks.remove(task)

    # Targets

    def _register_targets(self, task: Task) -> None:
        if task.deployment is None or task.service is None or task.interface is None:
            return
        for balancer in task.deployment.revision.load_balancers:
            group = self.world.target_group(balancer["targetGroupArn"])
            if group is None:
                continue
            target = Target(
                group.arn,
                task.interface.private_ip,
                balancer["containerPort"],
                task.interface.availability_zone,
                task.id,
            )
            task.targets.append(target)
            self.targets.setdefault(group.arn, []).append(target)
            task.service.registered[group.arn] = task.service.registered.get(group.arn, 0) + 1
            if not group.in_use:
                target.become(
                    "unused",
                    "Target.NotInUse",
                    "Target group is not configured to receive traffic from the load balancer",
                )
                continue
            self._plan_health(task, target, group)

    def _plan_health(self, task: Task, target: Target, group: TargetGroup) -> None:
        behaviour = task.behaviour

        def later(seconds: float, *state: Any) -> None:
            def become() -> None:
                if task.live and target.state != "draining":
                    target.become(*state)
                    self._become(task, task.last_status)

            self.timeline.after(seconds, become)

        failing = group.interval * group.unhealthy_threshold
        unhealthy = ("unhealthy", "Target.ResponseCodeMismatch", behaviour.unhealthy_reason)
        late = behaviour.healthy_after or 0
        later(min(1, group.interval / 2), "initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
        if behaviour.unhealthy or late > failing:
            later(failing, *unhealthy)
        if not behaviour.unhealthy:
            later(group.interval * group.healthy_threshold + late, "healthy")
        if behaviour.unhealthy_after is not None:
            later(behaviour.unhealthy_after + failing, *unhealthy)

    def deregister(self, group_arn: str, ip: str, port: int | None) -> bool:
        """Somebody deregisters a target by hand; ECS does not put it back."""
        for target in self.targets.get(group_arn, []):
            if target.ip == ip and port in (None, target.port) and target.state != "draining":
                self._remove_target(target)
                return True
        return False

    def _remove_target(self, target: Target) -> float:
        """Let a target drain. Returns for how long."""
        group = self.world.target_group(target.group_arn)
        delay = 0.0 if group is None or target.state == "unused" else group.deregistration_delay
        target.become("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
        self.timeline.after(delay, functools.partial(self.targets[target.group_arn].remove, target))
        return delay

    def _drain(self, task: Task) -> float:
        """Deregister the task's targets. Returns how long connections drain."""
        longest = 0.0
        for target in task.targets:
            if target.state == "draining":
                continue
            longest = max(longest, self._remove_target(target))
            if task.service is not None:
                deregistered = task.service.deregistered
                deregistered[target.group_arn] = deregistered.get(target.group_arn, 0) + 1
        return longest

    # Logs

    def _log_start(self, task: Task) -> None:
        for container in task.containers:
            lines = [f"Starting {container.name} from {container.image}"]
            lines += [
                f"Listening on port {mapping['containerPort']}"
                for mapping in container.definition.get("portMappings", [])
                if "containerPort" in mapping
            ]
            if container.essential:
                lines += task.behaviour.log_lines
            self._log(task, container, lines)

    def _log(self, task: Task, container: Container, lines: list[str]) -> None:
        options = _awslogs(container)
        if options is None:
            return
        creates = options.get("awslogs-create-group") == "true"
        if not creates and not self.world.has_log_group(options["awslogs-group"], options.get("awslogs-region", "")):
            return
        prefix = options.get("awslogs-stream-prefix")
        stream = f"{prefix}/{container.name}/{task.id}" if prefix else container.runtime_id
        self.world.write_logs(
            options["awslogs-group"],
            options.get("awslogs-region", ""),
            stream,
            [(self.now, line) for line in lines],
        )


def _awslogs(container: Container) -> Json | None:
    configuration = container.definition.get("logConfiguration") or {}
    options = configuration.get("options") or {}
    return options if configuration.get("logDriver") == "awslogs" and options.get("awslogs-group") else None
