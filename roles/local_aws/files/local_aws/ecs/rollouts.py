# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service scheduler: brings tasks to the desired count, and new revisions out by the service's strategy."""

from __future__ import annotations

import functools
import math
import random
import string
import uuid
from collections.abc import Callable, Generator
from typing import TypeAlias

from ..timeline import Timeline
from .model import (
    Deployment,
    HookDetail,
    Json,
    Service,
    ServiceDeployment,
    ServiceRevision,
    Task,
    TaskDefinition,
    Timing,
)
from .tasks import Launch, Tasks
from .world import World

#: A course waits for a condition, or for so many seconds.
Wait: TypeAlias = "Callable[[], bool] | float"
Steps: TypeAlias = Generator[Wait, None, None]

FARGATE_CAPACITY = (
    "Capacity is unavailable at this time. Please try again later or in a different availability zone. "
    "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
)
NO_INSTANCES = "No Container Instances were found in your cluster."
PLATFORM_VERSION = "1.4.0"
EVENTS_KEPT = 100
DEFAULT_HOOK_MINUTES = 1440


class Abandoned(Exception):
    """The course of a deployment ends here: something else goes on with the service."""


class Course:
    """The steps of a service deployment, each done when what it waits for has come."""

    def __init__(self, timeline: Timeline, wake: Callable[[], None], steps: Steps) -> None:
        self._timeline = timeline
        self._wake = wake
        self._steps = steps
        self._until: Callable[[], bool] | None = None
        self._not_before = 0.0

    def step(self) -> None:
        while self._timeline.now >= self._not_before and (self._until is None or self._until()):
            self._until = None
            try:
                wait = next(self._steps)
            except (StopIteration, Abandoned):
                self._until = lambda: False
                return
            if callable(wait):
                self._until = wait
            else:
                self._not_before = self._timeline.now + wait
                self._timeline.at(self._not_before, self._wake)


def threshold_of(configuration: Json, desired_count: int) -> int:
    """How many failures trip the circuit breaker."""
    given = (configuration.get("deploymentCircuitBreaker") or {}).get("thresholdConfiguration") or {}
    kind, value = given.get("type", "BOUNDED_PERCENT"), given.get("value", 50)
    if kind == "COUNT":
        return int(value)
    share: int = math.ceil(desired_count * value / 100)
    return min(max(share, 3), 200) if kind == "BOUNDED_PERCENT" else max(share, 1)


def deployment_id() -> str:
    return "".join(random.choices(string.ascii_letters + string.digits + "_-", k=21))


def revision_id() -> str:
    return str(random.randrange(10**18, 10**19))


class Rollouts:
    """The scheduler of all services of an account and region."""

    def __init__(self, timeline: Timeline, tasks: Tasks, world: World, timing: Timing, arn_prefix: str) -> None:
        self.timeline = timeline
        self.tasks = tasks
        self.world = world
        self.timing = timing
        self.arn_prefix = arn_prefix
        tasks.watcher = self

    @property
    def now(self) -> float:
        return self.timeline.now

    # What starts it

    def deploy(self, service: Service, configuration: Json) -> ServiceDeployment:
        """Start a service deployment of what the service's fields say now."""
        path = f"{service.cluster.name}/{service.name}"
        revision = self.new_revision(service, service.definition, configuration, self._balancers_for(service))
        service.revisions[revision.arn] = revision
        self._supersede(service)
        sources = [
            deployment.revision
            for deployment in service.deployments
            if deployment.status == "PRIMARY" or any(task.live for task in self.tasks.of_deployment(deployment))
        ]
        for deployment in service.deployments:
            deployment.status = "ACTIVE"
            deployment.updated_at = self.now
            # What was never brought out gets no more tasks.
            deployment.halted = deployment.rollout_state != "COMPLETED"
        deployment = Deployment(revision, self.now, self.now)
        deployment.rollout_reason = f"ECS deployment {deployment.id} in progress."
        if service.strategy != "ROLLING":
            deployment.scale_percent = 0
        service.deployments.insert(0, deployment)
        options = service.fields["deploymentConfiguration"]
        breaker = options.get("deploymentCircuitBreaker") or {}
        alarms = options.get("alarms") or {}
        started = ServiceDeployment(
            arn=f"{self.arn_prefix}:service-deployment/{path}/{deployment_id()}",
            created_at=self.now,
            updated_at=self.now,
            configuration=options,
            target=revision,
            sources=sources,
            breaker_status="MONITORING" if breaker.get("enable") else "DISABLED",
            threshold=threshold_of(options, service.desired_count) if breaker.get("enable") else 0,
            alarms_status="MONITORING" if alarms.get("enable") else "DISABLED",
        )
        service.service_deployments.append(started)
        service.run = None
        service.steady = False
        self.wake(service)
        return started

    def new_revision(
        self, service: Service, definition: TaskDefinition, configuration: Json, load_balancers: list[Json]
    ) -> ServiceRevision:
        number = revision_id()
        return ServiceRevision(
            id=number,
            arn=f"{self.arn_prefix}:service-revision/{service.cluster.name}/{service.name}/{number}",
            created_at=self.now,
            definition=definition,
            configuration=configuration,
            images=[
                {
                    "containerName": container["name"],
                    "image": container["image"],
                    "imageDigest": self.world.image_digest(container["image"]),
                }
                for container in definition.containers
            ],
            load_balancers=load_balancers,
        )

    def add_task_set(self, service: Service, revision: ServiceRevision, external_id: str = "") -> Deployment:
        """Add a task set to a service whose deployments somebody else controls; its first one is the primary one."""
        status = "ACTIVE" if service.deployments else "PRIMARY"
        task_set = Deployment(revision, self.now, self.now, status, "COMPLETED", external_id=external_id)
        service.deployments.append(task_set)
        self.wake(service)
        return task_set

    def _balancers_for(self, service: Service) -> list[Json]:
        """Where the next revision's tasks register: for blue/green the target groups that the last one does not use."""
        used = {item["targetGroupArn"] for item in service.last_good.load_balancers} if service.last_good else set()
        chosen = []
        for balancer in service.fields["loadBalancers"]:
            group = balancer.get("targetGroupArn")
            if not group:
                continue
            advanced = balancer.get("advancedConfiguration") or {}
            alternate = advanced.get("alternateTargetGroupArn")
            if service.strategy != "ROLLING" and alternate and group in used:
                group = alternate
            chosen.append({**balancer, "targetGroupArn": group})
        return chosen

    def _supersede(self, service: Service) -> None:
        current = service.current
        if current is not None:
            self._end(service, current, "STOPPED", "The service deployment was replaced by a newer service deployment.")

    def stop_deployment(self, service: Service, deployment: ServiceDeployment) -> None:
        """Somebody asked to roll back."""
        if deployment.status in ("PENDING", "IN_PROGRESS"):
            self._set_status(deployment, "ROLLBACK_REQUESTED", "A user requested to stop the service deployment.")
            self.wake(service)

    def continue_deployment(
        self, service: Service, deployment: ServiceDeployment, hook: HookDetail, go_on: bool
    ) -> None:
        """Somebody approved or rejected a paused deployment."""
        hook.status = "SUCCEEDED" if go_on else "FAILED"
        deployment.updated_at = self.now
        self.wake(service)

    def close(self, service: Service) -> None:
        """Take a service down: it drains, and is inactive when its tasks have gone."""
        service.desired_count = 0
        service.status = "DRAINING"
        service.run = None
        if service.current is not None:
            self._end(service, service.current, "STOPPED", "The service was deleted.")
        self._stop(service, [task for task in self.tasks.of_service(service) if task.live])
        self._say_targets(service)
        self._close_when_empty(service)
        self.wake(service)

    def wake(self, service: Service, delay: float | None = None) -> None:
        """Have the scheduler look at a service soon."""
        if delay is not None:
            self.timeline.after(delay, lambda: self.wake(service))
            return
        if not service.tick_pending:
            service.tick_pending = True
            self.timeline.after(self.timing.scheduler, lambda: self._tick(service))

    # What tasks tell

    def task_changed(self, task: Task) -> None:
        service, deployment = task.service, task.deployment
        if service is None or deployment is None:
            return
        if task.last_status == "STOPPING" and task.stop_code == "ServiceSchedulerInitiated":
            service.stopped_tasks.append(task.id)
        if task.healthy and not task.was_healthy:
            task.was_healthy = True
            deployment.failures_in_a_row = 0
            deployment.not_before = 0
            current = service.current
            breaker = service.fields["deploymentConfiguration"].get("deploymentCircuitBreaker") or {}
            if deployment.rollout_state == "IN_PROGRESS" and breaker.get("resetOnHealthyTask", True):
                deployment.failed_tasks = 0
                if current is not None and not current.rolling_back:
                    current.failure_count = 0
        self.wake(service)

    def task_failed(self, task: Task) -> None:
        if task.service is not None and task.deployment is not None:
            self._count_failure(task.service, task.deployment)

    def _count_failure(self, service: Service, deployment: Deployment) -> None:
        deployment.failures_in_a_row += 1
        row = deployment.failures_in_a_row
        if row >= 3:
            # A service that fails for simulated weeks must not compute a number that no float can hold.
            pause = min(2.0 ** min(row - 2, 10), 300.0)
            deployment.not_before = self.now + pause
            self.wake(service, pause)
            if row == 3 or row % 10 == 0:
                self.say(
                    service,
                    "is unable to consistently start tasks successfully. "
                    "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
                )
        if deployment.status == "PRIMARY" and deployment.rollout_state == "IN_PROGRESS":
            deployment.failed_tasks += 1
            deployment.updated_at = self.now
            current = service.current
            if current is not None and not current.rolling_back:
                current.failure_count = deployment.failed_tasks
                current.updated_at = self.now
        self.wake(service)

    # The scheduler

    def _tick(self, service: Service) -> None:
        service.tick_pending = False
        self._say_targets(service)
        if service.status != "ACTIVE":
            self._close_when_empty(service)
            return
        self._begin(service)
        self._stop_unhealthy(service)
        self._monitor(service)
        if service.run is not None:
            service.run.step()
        self._scale(service)
        self._forget_replaced(service)
        self._say_steady(service)

    def _begin(self, service: Service) -> None:
        current = service.current
        if current is None:
            return
        if current.status == "PENDING":
            current.started_at = self.now
            self._set_status(current, "IN_PROGRESS")
            steps = self._rolling if service.strategy == "ROLLING" else self._shifting
            service.run = Course(self.timeline, lambda: self.wake(service), steps(service, current))
            if current.alarms_status == "MONITORING":
                self._poll_alarms(service, current)
        elif current.status == "ROLLBACK_REQUESTED":
            if current.started_at is None:
                current.started_at = self.now
            self._fail(
                service,
                current,
                roll_back=True,
                rollout_reason="ECS deployment stopped: a user requested a rollback.",
                event=None,
                reason="Service deployment rolled back because of a user request.",
            )

    def _close_when_empty(self, service: Service) -> None:
        tasks = self.tasks.of_service(service)
        if service.status == "DRAINING" and all(
            task.last_status in ("STOPPING", "DEPROVISIONING", "STOPPED") for task in tasks
        ):
            service.status = "INACTIVE"
            service.deployments = []

    def _stop_unhealthy(self, service: Service) -> None:
        grace = service.fields.get("healthCheckGracePeriodSeconds") or 0
        for task in self.tasks.of_service(service):
            if not (task.live and task.running and task.started_at is not None):
                continue
            sick = [target for target in task.targets if target.state == "unhealthy"]
            if not sick and task.health != "UNHEALTHY":
                task.to_be_replaced = False
                continue
            remaining = task.started_at + grace - self.now
            if remaining > 0:
                self.wake(service, remaining)
                continue
            if not task.to_be_replaced:
                for target in sick:
                    self.say(
                        service,
                        f"(task {task.id}) (port {target.port}) is unhealthy in (target-group {target.group_arn}) "
                        f"due to (reason {target.description}).",
                    )
            task.to_be_replaced = self._is_replaced_first(service)
            if task.to_be_replaced:
                continue
            if sick:
                reason = f"Task failed ELB health checks in (target-group {sick[0].group_arn})"
            else:
                self.say(service, f"(task {task.id}) failed container health checks.")
                reason = "Task failed container health checks"
            self.tasks.stop(task, "ServiceSchedulerInitiated", reason)
            if task.deployment is not None:
                self._count_failure(service, task.deployment)

    def _is_replaced_first(self, service: Service) -> bool:
        """Outside a deployment, a task that fails its health checks stays until there is another one, if both fit."""
        desired = self.desired(service)
        highest = math.floor(desired * service.fields["deploymentConfiguration"]["maximumPercent"] / 100)
        healthy = sum(1 for task in service.primary.tasks if task.healthy)
        return (
            service.strategy == "ROLLING"
            and service.current is None
            and not service.primary.halted
            and highest > desired
            and healthy < desired
        )

    def _monitor(self, service: Service) -> None:
        """The circuit breaker and the alarms."""
        current = service.current
        if current is None or current.status not in ("IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
            return
        options = service.fields["deploymentConfiguration"]
        breaker = options.get("deploymentCircuitBreaker") or {}
        if breaker.get("enable"):
            current.threshold = threshold_of(options, self.desired(service))
            primary = service.primary
            if not primary.halted and primary.failed_tasks >= current.threshold:
                if current.status == "ROLLBACK_IN_PROGRESS":
                    primary.halted = True
                    primary.rollout_state = "FAILED"
                    primary.rollout_reason = "ECS deployment circuit breaker: tasks failed to start."
                    self._end(
                        service,
                        current,
                        "ROLLBACK_FAILED",
                        "The tasks of the service revision that was rolled back to failed to start.",
                    )
                    return
                current.breaker_status = "TRIGGERED"
                self._fail(
                    service,
                    current,
                    roll_back=bool(breaker.get("rollback")),
                    rollout_reason="ECS deployment circuit breaker: tasks failed to start.",
                    event="deployment failed: tasks failed to start.",
                    reason="Service deployment rolled back because the circuit breaker threshold was exceeded.",
                )
                return
        alarms = options.get("alarms") or {}
        if current.status == "IN_PROGRESS" and current.alarms_status == "MONITORING":
            fired = [name for name in alarms.get("alarmNames") or [] if self.world.alarm_state(name) == "ALARM"]
            if fired:
                current.alarms_status = "TRIGGERED"
                current.triggered_alarms = fired
                self._fail(
                    service,
                    current,
                    roll_back=bool(alarms.get("rollback")),
                    rollout_reason="ECS deployment failed: alarm detected.",
                    event="deployment failed: alarm detected.",
                    reason="Service deployment rolled back because of an alarm.",
                )

    def _poll_alarms(self, service: Service, deployment: ServiceDeployment) -> None:
        if deployment.status == "IN_PROGRESS":
            self.wake(service)
            self.timeline.after(self.timing.alarm_poll, lambda: self._poll_alarms(service, deployment))

    def desired(self, service: Service) -> int:
        if service.fields["schedulingStrategy"] == "DAEMON":
            return len(self.world.container_instances(service.cluster.name))
        return service.desired_count

    # Counts

    def _scale(self, service: Service) -> None:
        if service.strategy == "ROLLING":
            self._scale_rolling(service)
            return
        for deployment in list(service.deployments):
            wanted = math.ceil(self.desired(service) * deployment.scale_percent / 100)
            live = [task for task in self.tasks.of_deployment(deployment) if task.live]
            if len(live) < wanted:
                self._start(service, deployment, wanted - len(live))
            elif len(live) > wanted:
                self._stop(service, _least_worth(live)[: len(live) - wanted])

    def _scale_rolling(self, service: Service) -> None:
        desired = self.desired(service)
        options = service.fields["deploymentConfiguration"]
        lowest = math.ceil(desired * options["minimumHealthyPercent"] / 100)
        highest = math.floor(desired * options["maximumPercent"] / 100)
        primary = service.primary
        new = [task for task in self.tasks.of_deployment(primary) if task.live and not task.to_be_replaced]
        leaving = sum(1 for task in self.tasks.of_deployment(primary) if task.live and task.to_be_replaced)
        old = [
            task
            for deployment in service.deployments
            if deployment is not primary
            for task in self.tasks.of_deployment(deployment)
            if task.live
        ]
        if primary.halted:
            return
        if len(new) > desired:
            self._stop(service, _least_worth(new)[: len(new) - desired])
            new = [task for task in new if task.live]
        self._stop(service, [task for task in old if not task.healthy])
        old = _least_worth([task for task in old if task.live])
        healthy = sum(1 for task in new if task.healthy)
        surplus = healthy + len(old) - lowest
        replaced = len(old) + healthy - desired
        lacking_room = (desired - len(new)) - (highest - len(new) - len(old))
        self._stop(service, old[: max(0, min(surplus, max(replaced, lacking_room)))])
        old = [task for task in old if task.live]
        wanted = min(desired - len(new), highest - len(new) - len(old) - leaving)
        if wanted > 0:
            self._start(service, primary, wanted)

    def _start(self, service: Service, deployment: Deployment, count: int) -> None:
        if deployment.halted or self.now < deployment.not_before:
            return
        started: list[Task] = []
        for _number in range(count):
            task = self._launch(service, deployment)
            if task is None:
                deployment.not_before = max(deployment.not_before, self.now + self.timing.capacity_retry)
                self.wake(service, deployment.not_before - self.now)
                break
            started.append(task)
        if started:
            deployment.updated_at = self.now
            names = " ".join(f"(task {task.id})" for task in started)
            self.say(service, f"has started {len(started)} tasks: {names}.")

    def _launch(self, service: Service, deployment: Deployment) -> Task | None:
        revision = deployment.revision
        # A change of the capacity providers starts no deployment, but holds for the tasks started after it.
        placement = service.fields if deployment.status == "PRIMARY" else revision.configuration
        strategy = placement.get("capacityProviderStrategy") or []
        provider = _provider(strategy, len([task for task in self.tasks.of_deployment(deployment) if task.live]))
        launch_type = placement.get("launchType") or ("FARGATE" if provider in ("FARGATE", "FARGATE_SPOT") else "EC2")
        launch = Launch(
            cluster=service.cluster,
            definition=revision.definition,
            group=f"service:{service.name}",
            started_by=deployment.id,
            launch_type=launch_type,
            network=revision.configuration.get("networkConfiguration"),
            tags=self._tags_of_tasks(service, revision),
            capacity_provider=provider,
            platform_version=PLATFORM_VERSION,
            enable_execute_command=bool(service.fields.get("enableExecuteCommand")),
            service=service,
            deployment=deployment,
        )
        if launch_type != "FARGATE":
            instances = self.world.container_instances(service.cluster.name)
            if not instances:
                self._no_place(
                    service, deployment, "because no container instance met all of its requirements", NO_INSTANCES
                )
                return None
            live = [task for task in self.tasks.of_cluster(service.cluster) if task.live]
            launch.container_instance = min(
                instances,
                key=lambda instance: (
                    sum(1 for task in live if task.container_instance == instance.arn and task.service is service),
                    sum(1 for task in live if task.container_instance == instance.arn),
                ),
            ).arn
        behaviour = self.tasks.behaviour_for(launch)
        if behaviour.no_capacity:
            self._no_place(service, deployment, "", FARGATE_CAPACITY)
            return None
        try:
            return self.tasks.launch(launch, behaviour)
        except ValueError as error:
            self._no_place(service, deployment, "", str(error))
            return None

    def _no_place(self, service: Service, deployment: Deployment, why: str, reason: str) -> None:
        because = f" {why}" if why else ""
        self.say(service, f"was unable to place a task{because}. Reason: {reason}")
        self._count_failure(service, deployment)

    @staticmethod
    def _tags_of_tasks(service: Service, revision: ServiceRevision) -> list[Json]:
        propagate = service.fields.get("propagateTags")
        tags: list[Json] = []
        if propagate == "SERVICE":
            tags = [dict(tag) for tag in service.tags]
        elif propagate == "TASK_DEFINITION":
            tags = [dict(tag) for tag in revision.definition.tags]
        if service.fields.get("enableECSManagedTags"):
            tags += [
                {"key": "aws:ecs:clusterName", "value": service.cluster.name},
                {"key": "aws:ecs:serviceName", "value": service.name},
            ]
        return tags

    def _stop(self, service: Service, tasks: list[Task]) -> None:
        for task in tasks:
            starter = task.deployment.id if task.deployment else service.name
            self.tasks.stop(task, "ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {starter})")

    def _remaining(self, deployment: Deployment) -> list[Task]:
        """Its tasks whose containers may still answer."""
        return [task for task in self.tasks.of_deployment(deployment) if task.live or task.draining]

    def _forget_replaced(self, service: Service) -> None:
        service.deployments = [
            deployment
            for deployment in service.deployments
            if deployment.status == "PRIMARY"
            or self._remaining(deployment)
            or (service.current is not None and deployment.revision is service.current.target)
            or (deployment.scale_percent and service.strategy != "ROLLING" and service.current is not None)
            or (deployment.scale_percent and service.controller != "ECS")
        ]

    def _all_healthy(self, service: Service, deployment: Deployment) -> bool:
        return self.is_healthy(deployment, self.desired(service))

    def is_healthy(self, deployment: Deployment, wanted: int) -> bool:
        live = [task for task in self.tasks.of_deployment(deployment) if task.live]
        return len(live) == wanted and all(task.healthy for task in live)

    def _only_primary_left(self, service: Service) -> bool:
        return not any(
            self._remaining(deployment) for deployment in service.deployments if deployment.status != "PRIMARY"
        )

    # The course of a rolling deployment

    def _rolling(self, service: Service, current: ServiceDeployment) -> Steps:
        options = service.fields["deploymentConfiguration"]
        early = options.get("earlySuccessCriteria") or {}

        def brought_out() -> bool:
            if not early.get("enable"):
                return self._all_healthy(service, service.primary) and self._only_primary_left(service)
            share = early.get("healthyPercent", 100)
            healthy = sum(1 for task in self.tasks.of_deployment(service.primary) if task.healthy)
            deferred = early.get("sourceServiceRevisionCleanup") == "DEFERRED"
            return healthy >= math.ceil(self.desired(service) * share / 100) and (
                deferred or self._only_primary_left(service)
            )

        yield brought_out
        bake = 60.0 * (options.get("bakeTimeInMinutes") or 0)
        if not bake and current.alarms_status == "MONITORING":
            bake = self.timing.alarm_bake
        if bake:
            current.stage = "BAKE_TIME"
            current.updated_at = self.now
            yield bake
            yield brought_out
        self._succeed(service, current)

    # The course of a deployment that shifts traffic

    def _shifting(self, service: Service, current: ServiceDeployment) -> Steps:
        green = service.primary
        others = [deployment for deployment in service.deployments if deployment is not green]
        if others:
            self._set_production_weight(service, current, 0)
        if len(others) > 1:
            yield from self._stage(service, current, "RECONCILE_SERVICE")
            left_over = [deployment for deployment in others if deployment.revision is not service.last_good]
            for deployment in left_over:
                deployment.scale_percent = 0
            self.wake(service)
            yield lambda: not any(self._remaining(deployment) for deployment in left_over)
        yield from self._stage(service, current, "PRE_SCALE_UP")
        self._enter(current, "SCALE_UP")
        green.scale_percent = 100
        yield lambda: self._all_healthy(service, green)
        yield from self._stage(service, current, "POST_SCALE_UP")
        self._enter(current, "TEST_TRAFFIC_SHIFT")
        self._set_test_weight(service, current, 100)
        yield self.timing.traffic_shift
        yield from self._hooks(service, current, "TEST_TRAFFIC_SHIFT")
        yield from self._stage(service, current, "POST_TEST_TRAFFIC_SHIFT")
        shifts = _shifts(service.fields["deploymentConfiguration"]) if others else [(100.0, 0.0)]
        for weight, minutes in shifts:
            yield from self._stage(service, current, "PRE_PRODUCTION_TRAFFIC_SHIFT")
            self._enter(current, "PRODUCTION_TRAFFIC_SHIFT")
            self._set_production_weight(service, current, weight)
            yield self.timing.traffic_shift
            yield from self._hooks(service, current, "PRODUCTION_TRAFFIC_SHIFT")
            if minutes:
                yield 60.0 * minutes
        yield from self._stage(service, current, "POST_PRODUCTION_TRAFFIC_SHIFT")
        self._enter(current, "BAKE_TIME")
        yield 60.0 * (service.fields["deploymentConfiguration"].get("bakeTimeInMinutes") or 0)
        self._enter(current, "CLEAN_UP")
        self._set_test_weight(service, current, 0, keep=True)
        for deployment in service.deployments:
            if deployment is not green:
                deployment.scale_percent = 0
        self.wake(service)
        yield lambda: self._only_primary_left(service) and self._all_healthy(service, green)
        self._succeed(service, current)

    def _enter(self, current: ServiceDeployment, stage: str) -> None:
        current.stage = stage
        current.updated_at = self.now

    def _stage(self, service: Service, current: ServiceDeployment, stage: str) -> Steps:
        self._enter(current, stage)
        yield from self._hooks(service, current, stage)

    def _hooks(self, service: Service, current: ServiceDeployment, stage: str) -> Steps:
        for hook in service.fields["deploymentConfiguration"].get("lifecycleHooks") or []:
            if stage not in (hook.get("lifecycleStages") or []):
                continue
            timeout = hook.get("timeoutConfiguration") or {}
            action = timeout.get("action", "ROLLBACK")
            expires = self.now + 60.0 * timeout.get("timeoutInMinutes", DEFAULT_HOOK_MINUTES)
            kind = hook.get("targetType", "AWS_LAMBDA")
            detail = HookDetail(
                id=str(uuid.uuid4()),
                target_type=kind,
                status="AWAITING_ACTION" if kind == "PAUSE" else "IN_PROGRESS",
                target_arn=hook.get("hookTargetArn"),
                expires_at=expires,
                timeout_action=action,
            )
            current.hooks.append(detail)
            current.updated_at = self.now
            self.timeline.at(expires, lambda: self.wake(service))
            if kind == "PAUSE":
                yield functools.partial(self._resolved, detail, expires)
            else:
                yield from self._call_hook(service, current, hook, stage, detail)
            if detail.status in ("AWAITING_ACTION", "IN_PROGRESS"):
                detail.status = "TIMED_OUT"
            current.updated_at = self.now
            if detail.status == "SUCCEEDED" or (detail.status == "TIMED_OUT" and action == "CONTINUE"):
                continue
            words = {"FAILED": "failed", "TIMED_OUT": "timed out"}[detail.status]
            if kind == "PAUSE" and detail.status == "FAILED":
                words = "was rejected"
            self._fail(
                service,
                current,
                roll_back=True,
                rollout_reason=f"ECS deployment failed: a lifecycle hook {words}.",
                event=f"deployment failed: lifecycle hook {words}.",
                reason=f"Service deployment rolled back because a {kind} lifecycle hook {words} at stage {stage}.",
            )
            raise Abandoned

    def _resolved(self, detail: HookDetail, expires: float) -> bool:
        return detail.status != "AWAITING_ACTION" or self.now >= expires

    def _call_hook(
        self, service: Service, current: ServiceDeployment, hook: Json, stage: str, detail: HookDetail
    ) -> Steps:
        """Ask a function until it says more than IN_PROGRESS, or its time is over."""
        while detail.expires_at is not None and self.now < detail.expires_at:
            answer = self.world.invoke_hook(
                hook.get("hookTargetArn", ""),
                {
                    "executionDetails": {
                        "testTrafficWeights": {current.target.arn: current.test_weight},
                        "productionTrafficWeights": {current.target.arn: current.production_weight},
                        "serviceArn": service.arn,
                        "targetServiceRevisionArn": current.target.arn,
                    },
                    "executionId": detail.id,
                    "lifecycleStage": stage,
                    "resourceArn": current.arn,
                    "hookDetails": hook.get("hookDetails"),
                },
            )
            if answer in ("SUCCEEDED", "FAILED"):
                detail.status = answer
                return
            yield min(self.timing.hook_poll, max(0.0, detail.expires_at - self.now))

    def _set_production_weight(self, service: Service, current: ServiceDeployment, weight: float) -> None:
        current.production_weight = weight
        current.updated_at = self.now
        self._set_rules(current.target, "productionListenerRule", weight)

    def _set_test_weight(self, service: Service, current: ServiceDeployment, weight: float, keep: bool = False) -> None:
        """``keep``: the test listener goes on with the target revision, which is all there is after the clean-up."""
        current.test_weight = weight
        current.updated_at = self.now
        if not keep:
            self._set_rules(current.target, "testListenerRule", weight)

    def _set_rules(self, revision: ServiceRevision, rule: str, weight: float) -> None:
        given = {
            item.get("targetGroupArn"): item.get("advancedConfiguration") or {}
            for item in revision.configuration.get("loadBalancers") or []
        }
        for group, advanced in given.items():
            pair = {group, advanced.get("alternateTargetGroupArn")} - {None}
            chosen = next(
                (item["targetGroupArn"] for item in revision.load_balancers if item["targetGroupArn"] in pair), None
            )
            if advanced.get(rule) and chosen:
                self.world.set_weights(
                    advanced[rule], {arn: weight if arn == chosen else 100 - weight for arn in sorted(pair)}
                )

    # The end of a deployment

    def _succeed(self, service: Service, current: ServiceDeployment) -> None:
        primary = service.primary
        primary.rollout_state = "COMPLETED"
        primary.rollout_reason = f"ECS deployment {primary.id} completed."
        primary.failed_tasks = 0
        primary.updated_at = self.now
        service.last_good = primary.revision
        self._end(service, current, "SUCCESSFUL")
        self.say(service, f"(deployment {primary.id}) deployment completed.")

    def _fail(
        self,
        service: Service,
        current: ServiceDeployment,
        roll_back: bool,
        rollout_reason: str,
        event: str | None,
        reason: str,
    ) -> None:
        """The current deployment has failed: stop it, or go back to the last good revision."""
        failed = service.primary
        failed.rollout_state = "FAILED"
        failed.rollout_reason = rollout_reason
        failed.halted = True
        failed.updated_at = self.now
        service.run = None
        if event:
            self.say(service, f"(deployment {failed.id}) {event}")
        if not roll_back:
            self._set_status(current, "STOP_REQUESTED", reason.replace("rolled back", "stopped"))
            service.run = Course(self.timeline, lambda: self.wake(service), self._stopping(service, current))
            self.wake(service)
            return
        back = service.last_good
        if back is None or back is failed.revision:
            self._end(
                service,
                current,
                "ROLLBACK_FAILED",
                "The service deployment failed, and there is no successful service revision to roll back to.",
            )
            return
        current.rollback = {"reason": reason, "startedAt": self.now, "serviceRevisionArn": back.arn}
        self._set_status(current, "ROLLBACK_IN_PROGRESS", reason)
        for deployment in service.deployments:
            deployment.status = "ACTIVE"
        reinstated = next((d for d in service.deployments if d.revision is back), None)
        if reinstated is None:
            reinstated = Deployment(back, self.now, self.now)
        else:
            service.deployments.remove(reinstated)
        reinstated.status = "PRIMARY"
        reinstated.halted = False
        reinstated.rollout_state = "IN_PROGRESS"
        reinstated.rollout_reason = (
            f"ECS deployment circuit breaker: rolling back to deploymentId {reinstated.id}."
            if current.breaker_status == "TRIGGERED"
            else f"ECS deployment rolling back to deploymentId {reinstated.id}."
        )
        reinstated.failed_tasks = 0
        reinstated.failures_in_a_row = 0
        reinstated.not_before = 0
        reinstated.scale_percent = 100
        reinstated.updated_at = self.now
        service.deployments.insert(0, reinstated)
        service.definition = back.definition
        for name, value in back.configuration.items():
            service.fields[name] = value
        self.say(service, f"rolling back to (deployment {reinstated.id}).")
        service.run = Course(
            self.timeline, lambda: self.wake(service), self._rolling_back(service, current, failed, reinstated)
        )
        self.wake(service)

    def _stopping(self, service: Service, current: ServiceDeployment) -> Steps:
        yield self.timing.rollback
        self._end(service, current, "STOPPED", current.status_reason)

    def _rolling_back(
        self, service: Service, current: ServiceDeployment, failed: Deployment, reinstated: Deployment
    ) -> Steps:
        yield self.timing.rollback
        if service.strategy != "ROLLING":
            yield lambda: self._all_healthy(service, reinstated)
            if current.production_weight or current.test_weight:
                self._set_production_weight(service, current, 0)
                self._set_test_weight(service, current, 0)
                yield self.timing.traffic_shift
            self._enter(current, "CLEAN_UP")
            for deployment in service.deployments:
                if deployment is not reinstated:
                    deployment.scale_percent = 0
            self.wake(service)
        yield lambda: self._all_healthy(service, reinstated) and self._only_primary_left(service)
        reinstated.rollout_state = "COMPLETED"
        reinstated.rollout_reason = f"ECS deployment {reinstated.id} completed."
        reinstated.updated_at = self.now
        service.last_good = reinstated.revision
        self._end(service, current, "ROLLBACK_SUCCESSFUL", current.status_reason)
        self.say(service, f"(deployment {reinstated.id}) deployment completed.")

    def _set_status(self, deployment: ServiceDeployment, status: str, reason: str | None = None) -> None:
        deployment.status = status
        deployment.status_reason = reason
        deployment.updated_at = self.now

    def _end(self, service: Service, deployment: ServiceDeployment, status: str, reason: str | None = None) -> None:
        deployment.final = self.counts(service, deployment)
        self._set_status(deployment, status, reason)
        deployment.finished_at = self.now
        if status == "STOPPED":
            deployment.stopped_at = self.now
        for name in ("breaker_status", "alarms_status"):
            if getattr(deployment, name) == "MONITORING":
                setattr(deployment, name, "MONITORING_COMPLETE")
        service.run = None

    # What the APIs tell

    def counts(self, service: Service, deployment: ServiceDeployment) -> Json:
        """The task counts of a service deployment's revisions: as they are, or as they were when it ended."""
        if deployment.final is not None:
            return deployment.final
        return {
            revision.arn: self.revision_counts(service, revision)
            for revision in (*deployment.sources, deployment.target)
        }

    def revision_counts(self, service: Service, revision: ServiceRevision) -> Json:
        found = next((item for item in service.deployments if item.revision is revision), None)
        if found is None:
            return {"requestedTaskCount": 0, "runningTaskCount": 0, "pendingTaskCount": 0}
        running, pending = self.task_counts(found)
        return {
            "requestedTaskCount": self.requested(service, found),
            "runningTaskCount": running,
            "pendingTaskCount": pending,
        }

    def requested(self, service: Service, deployment: Deployment) -> int:
        if service.strategy != "ROLLING":
            return math.ceil(self.desired(service) * deployment.scale_percent / 100)
        if deployment.status == "PRIMARY":
            return self.desired(service)
        return sum(1 for task in self.tasks.of_deployment(deployment) if task.live)

    def task_counts(self, deployment: Deployment) -> tuple[int, int]:
        """The running and the pending tasks."""
        tasks = self.tasks.of_deployment(deployment)
        running = sum(1 for task in tasks if task.last_status == "RUNNING")
        pending = sum(
            1 for task in tasks if task.live and task.last_status in ("PROVISIONING", "PENDING", "ACTIVATING")
        )
        return running, pending

    def say(self, service: Service, text: str) -> None:
        """Add an event."""
        event = {"id": str(uuid.uuid4()), "createdAt": self.now, "message": f"(service {service.name}) {text}"}
        service.events.insert(0, event)
        del service.events[EVENTS_KEPT:]

    def _say_targets(self, service: Service) -> None:
        for group, count in service.registered.items():
            self.say(service, f"registered {count} targets in (target-group {group})")
        for group, count in service.deregistered.items():
            self.say(service, f"deregistered {count} targets in (target-group {group})")
        if service.deregistered:
            self.say(service, f"has begun draining connections on {max(service.deregistered.values())} tasks.")
        if service.stopped_tasks:
            names = " ".join(f"(task {task_id})" for task_id in service.stopped_tasks)
            self.say(service, f"has stopped {len(service.stopped_tasks)} running tasks: {names}.")
        service.registered = {}
        service.deregistered = {}
        service.stopped_tasks = []

    def _say_steady(self, service: Service) -> None:
        steady = (
            service.current is None
            and not service.primary.halted
            and self._all_healthy(service, service.primary)
            and not any(task.draining for task in self.tasks.of_service(service))
        )
        if steady and not service.steady:
            self.say(service, "has reached a steady state.")
        service.steady = steady


def _least_worth(tasks: list[Task]) -> list[Task]:
    """The tasks in the order in which they go: not healthy ones first, then the oldest."""
    return sorted(tasks, key=lambda task: (task.healthy, task.created_at))


def _provider(strategy: list[Json], number: int) -> str | None:
    """The capacity provider of a service's next task: base first, then by weight."""
    if not strategy:
        return None
    for item in strategy:
        base = item.get("base", 0)
        if number < base:
            return str(item["capacityProvider"])
        number -= base
    weights = [(str(item["capacityProvider"]), item.get("weight", 0)) for item in strategy if item.get("weight", 0)]
    if not weights:
        return str(strategy[0]["capacityProvider"])
    number %= sum(weight for _name, weight in weights)
    for name, weight in weights:
        if number < weight:
            return name
        number -= weight
    raise AssertionError("unreachable: the number is less than the sum of the weights")


def _shifts(options: Json) -> list[tuple[float, float]]:
    """The steps of production traffic: its percentage, and the minutes to bake after it."""
    strategy = options.get("strategy")
    if strategy == "CANARY":
        canary = options.get("canaryConfiguration") or {}
        return [(canary.get("canaryPercent", 5.0), canary.get("canaryBakeTimeInMinutes", 10)), (100.0, 0)]
    if strategy == "LINEAR":
        linear = options.get("linearConfiguration") or {}
        step, bake = linear.get("stepPercent", 10.0), linear.get("stepBakeTimeInMinutes", 6)
        steps = []
        weight = step
        while weight < 100:
            steps.append((round(weight, 1), float(bake)))
            weight += step
        return [*steps, (100.0, 0)]
    return [(100.0, 0)]
