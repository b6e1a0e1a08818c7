# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CodeDeploy's deployments of ECS services: a replacement task set, a shift of traffic, the end of the original one.

The lifecycle events, their order and what decides over each are those of CodeDeploy's user guide (AppSpec hooks for an
Amazon ECS deployment); statuses and error codes those of the API's model.
"""

from __future__ import annotations

import functools
import hashlib
import json
import random
import string
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from . import service_requests as requests
from .errors import EcsError
from .model import Deployment, Json, Service, ServiceRevision, TaskDefinition
from .rollouts import Abandoned, Course, Steps

if TYPE_CHECKING:
    from .api import Ecs

EVENTS = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
#: What CodeDeploy does itself; a function can hook into the others.
OWN_EVENTS = ("Install", "AllowTestTraffic", "AllowTraffic")
TEST_EVENTS = ("AllowTestTraffic", "AfterAllowTestTraffic")
ONGOING = ("Created", "Queued", "InProgress", "Baking", "Ready")
HOOK_SECONDS = 3600.0
ALL_AT_ONCE = "CodeDeployDefault.ECSAllAtOnce"


def predefined() -> dict[str, Json]:
    """The deployment configurations that every account has for ECS."""
    found = {ALL_AT_ONCE: {"type": "AllAtOnce"}}
    for minutes in (1, 3):
        found[f"CodeDeployDefault.ECSLinear10PercentEvery{minutes}Minutes"] = {
            "type": "TimeBasedLinear",
            "timeBasedLinear": {"linearPercentage": 10, "linearInterval": minutes},
        }
    for minutes in (5, 15):
        found[f"CodeDeployDefault.ECSCanary10Percent{minutes}Minutes"] = {
            "type": "TimeBasedCanary",
            "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": minutes},
        }
    return found


def shifts(routing: Json) -> list[tuple[float, float]]:
    """The steps of traffic: its percentage, and the minutes to wait after it."""
    if routing["type"] == "TimeBasedCanary":
        canary = routing["timeBasedCanary"]
        return [(float(canary["canaryPercentage"]), float(canary["canaryInterval"])), (100.0, 0.0)]
    if routing["type"] == "TimeBasedLinear":
        step, minutes = routing["timeBasedLinear"]["linearPercentage"], routing["timeBasedLinear"]["linearInterval"]
        return [*((float(weight), float(minutes)) for weight in range(step, 100, step)), (100.0, 0.0)]
    return [(100.0, 0.0)]


@dataclass(frozen=True)
class AppSpec:
    """The revision of a deployment."""

    content: str
    sha256: str
    properties: Json
    hooks: dict[str, str]

    @property
    def container(self) -> tuple[str, int]:
        balancer = self.properties["LoadBalancerInfo"]
        return balancer["ContainerName"], int(balancer["ContainerPort"])


def parse(revision: Json | None) -> AppSpec:
    """The AppSpec of a request, with what CodeDeploy says of a wrong one."""
    invalid = functools.partial(EcsError, "InvalidRevisionException")
    given = (revision or {}).get("appSpecContent") or (revision or {}).get("string") or {}
    if not revision:
        raise EcsError("RevisionRequiredException", "Revision is required.")
    content = given.get("content")
    if revision.get("revisionType") not in ("AppSpecContent", "String") or not content:
        raise invalid("For ECS deployments, revisions must be an AppSpecContent, an S3 location or a string.")
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    if given.get("sha256", sha256) != sha256:
        raise invalid("The sha256 of the AppSpec content does not match its content.")
    try:
        document = yaml.safe_load(content)
        (resource,) = document["Resources"]
        ((_name, target),) = resource.items()
        properties = target["Properties"]
        hooks = {name: arn for item in document.get("Hooks") or [] for name, arn in item.items()}
        kind, balancer = target["Type"], properties["LoadBalancerInfo"]
        complete = properties["TaskDefinition"] and balancer["ContainerName"] and balancer["ContainerPort"]
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError):
        raise invalid("AppSpec file cannot be parsed: a required property is missing or has the wrong type.") from None
    if kind != "AWS::ECS::Service" or not complete:
        raise invalid(f"The AppSpec file has an invalid resource type or property: {kind}.")
    unknown = sorted(set(hooks) - (set(EVENTS) - set(OWN_EVENTS)))
    if unknown:
        raise invalid(f"The AppSpec file contains an invalid hook: {unknown[0]}.")
    return AppSpec(content, sha256, properties, hooks)


@dataclass
class Event:
    """A lifecycle event of a deployment."""

    name: str
    status: str = "Pending"
    started_at: float | None = None
    ended_at: float | None = None
    message: str = ""


@dataclass(eq=False)
class CodeDeployment:
    """A deployment of CodeDeploy's."""

    id: str
    application: str
    group: Json
    service: Service
    spec: AppSpec | None
    config_name: str
    routing: Json
    created_at: float
    auto_rollback: Json
    alarms: Json
    previous: AppSpec | None = None
    creator: str = "user"
    description: str | None = None
    status: str = "Created"
    error: Json | None = None
    started_at: float | None = None
    completed_at: float | None = None
    rollback_info: Json | None = None
    events: list[Event] = field(default_factory=list)
    blue: Deployment | None = None
    green: Deployment | None = None
    weight: float = 0
    termination_started: bool = False
    ready_until: float = 0
    #: Somebody has ended a wait by ContinueDeployment.
    go_on: bool = False
    #: What the task sets had when it ended.
    final: list[Json] | None = None

    @property
    def ongoing(self) -> bool:
        return self.status in ONGOING

    @property
    def group_name(self) -> str:
        return str(self.group["deploymentGroupName"])

    @property
    def pair(self) -> Json:
        return dict(self.group["loadBalancerInfo"]["targetGroupPairInfoList"][0])


class Failure(Exception):
    """The deployment fails, with a code of the API's model."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class CodeDeploy:
    """The deployments of an account and region."""

    def __init__(self, ecs: Ecs) -> None:
        self.ecs = ecs
        self.deployments: dict[str, CodeDeployment] = {}
        #: AppSpecs by application and hash.
        self.revisions: dict[tuple[str, str], AppSpec] = {}
        self.configs: dict[str, Json] = predefined()

    @property
    def now(self) -> float:
        return self.ecs.timeline.now

    # What callers ask for

    def create(self, application: str, group: Json, request: Json) -> str:
        spec = parse(request.get("revision"))
        name = request.get("deploymentConfigName") or group.get("deploymentConfigName") or ALL_AT_ONCE
        if name not in self.configs:
            raise EcsError(
                "DeploymentConfigDoesNotExistException", f"No deployment configuration found for name: {name}"
            )
        if len(request.get("description") or "") > 256:
            raise EcsError("DescriptionTooLongException", "The description is too long.")
        service = self.service_of(group)
        running = self.running(application, group["deploymentGroupName"])
        if running is not None:
            raise EcsError(
                "DeploymentLimitExceededException",
                f"The Deployment Group '{group['deploymentGroupName']}' already has an active Deployment "
                f"'{running.id}'",
            )
        self.revisions[application, spec.sha256] = spec
        deployment = self._new(
            application,
            group,
            service,
            spec,
            config_name=name,
            routing=self.configs[name],
            auto_rollback=request.get("autoRollbackConfiguration") or group.get("autoRollbackConfiguration") or {},
            alarms=request.get("overrideAlarmConfiguration") or group.get("alarmConfiguration") or {},
            description=request.get("description"),
        )
        tested = bool(deployment.pair.get("testTrafficRoute"))
        deployment.events = [Event(event) for event in EVENTS if tested or event not in TEST_EVENTS]
        self._run(deployment, self._steps(deployment))
        self._watch_alarms(deployment)
        return deployment.id

    def service_of(self, group: Json) -> Service:
        """The service of a deployment group, which must take deployments of CodeDeploy's."""
        named = (group.get("ecsServices") or [{}])[0]
        found = self.ecs.services.get((named.get("clusterName", ""), named.get("serviceName", "")))
        if found is None or found.status != "ACTIVE":
            raise EcsError(
                "InvalidECSServiceException",
                f"The ECS service {named.get('serviceName')} in the cluster {named.get('clusterName')} "
                "cannot be found or is not active.",
            )
        if found.controller != "CODE_DEPLOY":
            raise EcsError(
                "InvalidECSServiceException",
                "Deployment group's ECS service must be configured for a CODE_DEPLOY deployment controller.",
            )
        return found

    def _new(
        self, application: str, group: Json, service: Service, spec: AppSpec | None, **settings: Any
    ) -> CodeDeployment:
        number = "d-" + "".join(random.choices(string.ascii_uppercase + string.digits, k=9))
        deployment = CodeDeployment(
            number, application, group, service, spec, created_at=self.now, previous=self._last(service), **settings
        )
        self.deployments[number] = deployment
        return deployment

    def _last(self, service: Service) -> AppSpec | None:
        """What the service's primary task set came from."""
        origin = self.deployments.get(service.primary.external_id)
        return origin.spec if origin is not None else None

    def _run(self, deployment: CodeDeployment, steps: Steps) -> None:
        service = deployment.service
        service.run = Course(
            self.ecs.timeline, lambda: self.ecs.rollouts.wake(service), self._guarded(deployment, steps)
        )
        self.ecs.rollouts.wake(service)

    def find(self, number: str) -> CodeDeployment | None:
        self.settle()
        return self.deployments.get(number)

    def running(self, application: str, group_name: str) -> CodeDeployment | None:
        return next((item for item in self.of_group(application, group_name) if item.ongoing), None)

    def of_group(self, application: str, group_name: str) -> Iterator[CodeDeployment]:
        """The deployments of a group, the newest first."""
        for deployment in self.all():
            if (deployment.application, deployment.group_name) == (application, group_name):
                yield deployment

    def all(self) -> Iterator[CodeDeployment]:
        """All deployments, the newest first."""
        self.settle()
        yield from reversed(self.deployments.values())

    def settle(self) -> None:
        """What was under way when its service was deleted has failed."""
        for deployment in self.deployments.values():
            if deployment.ongoing and deployment.service.status != "ACTIVE":
                self._end(deployment, "Failed", "INVALID_ECS_SERVICE", "The ECS service is not active.")

    def stop(self, deployment: CodeDeployment, roll_back: bool | None) -> Json:
        if not deployment.ongoing:
            raise EcsError(
                "DeploymentAlreadyCompletedException", f"The deployment {deployment.id} is already completed"
            )
        self._end(deployment, "Stopped", "MANUAL_STOP", "The deployment was stopped by a user.")
        wanted = _rolls_back(deployment.auto_rollback, "DEPLOYMENT_STOP_ON_REQUEST") if roll_back is None else roll_back
        if wanted and deployment.creator == "user":
            self._roll_back(deployment)
        return {"status": "Succeeded", "statusMessage": "No more deployments or lifecycle events will be initiated."}

    def go_on(self, deployment: CodeDeployment, wait_type: str) -> None:
        if not deployment.ongoing:
            raise EcsError(
                "DeploymentAlreadyCompletedException", f"The deployment {deployment.id} is already completed"
            )
        ready = deployment.status == "Ready" if wait_type == "READY_WAIT" else deployment.termination_started
        if not ready:
            raise EcsError(
                "DeploymentIsNotInReadyStateException",
                f"The deployment {deployment.id} is not in the state {wait_type}.",
            )
        deployment.go_on = True
        self.ecs.rollouts.wake(deployment.service)

    # The course of a deployment

    def _guarded(self, deployment: CodeDeployment, steps: Steps) -> Steps:
        try:
            yield from steps
        except Failure as failure:
            self._end(deployment, "Failed", failure.code, failure.message)
            if _rolls_back(deployment.auto_rollback, "DEPLOYMENT_FAILURE"):
                self._roll_back(deployment)
            raise Abandoned from None

    def _steps(self, deployment: CodeDeployment) -> Steps:
        service, rollouts = deployment.service, self.ecs.rollouts
        yield self.ecs.timing.scheduler
        deployment.status, deployment.started_at = "InProgress", self.now
        deployment.blue = service.primary
        yield from self._without_left_overs(service)
        yield from self._hook(deployment, "BeforeInstall")
        yield from self._install(deployment)
        yield from self._hook(deployment, "AfterInstall")
        if deployment.pair.get("testTrafficRoute"):
            with_test = self._begin(deployment, "AllowTestTraffic")
            self._route(deployment, "testTrafficRoute", 100)
            yield self.ecs.timing.traffic_shift
            self._done(with_test)
            yield from self._hook(deployment, "AfterAllowTestTraffic")
        yield from self._ready(deployment)
        yield from self._hook(deployment, "BeforeAllowTraffic")
        shift = self._begin(deployment, "AllowTraffic")
        for weight, minutes in shifts(deployment.routing):
            deployment.weight = weight
            self._route(deployment, "prodTrafficRoute", weight)
            yield self.ecs.timing.traffic_shift
            if minutes:
                yield 60.0 * minutes
        assert deployment.green is not None
        self._make_primary(service, deployment.green)
        self._done(shift)
        yield from self._hook(deployment, "AfterAllowTraffic")
        yield from self._terminate(deployment)
        self._end(deployment, "Succeeded")
        rollouts.say(service, f"(task set {service.primary.id}) deployment {deployment.id} completed.")

    def _without_left_overs(self, service: Service) -> Steps:
        """What an earlier deployment has left beside the primary task set goes first."""
        rest = [item for item in service.deployments if item.status != "PRIMARY"]
        for item in rest:
            item.scale_percent = 0
        self.ecs.rollouts.wake(service)
        yield lambda: not any(self.ecs.rollouts._remaining(item) for item in rest)

    def _begin(self, deployment: CodeDeployment, name: str) -> Event:
        event = next(item for item in deployment.events if item.name == name)
        event.status, event.started_at = "InProgress", self.now
        return event

    def _done(self, event: Event) -> None:
        event.status, event.ended_at = "Succeeded", self.now

    def _hook(self, deployment: CodeDeployment, name: str) -> Steps:
        """Ask the function of a lifecycle event until it says more than that it is at work."""
        event = self._begin(deployment, name)
        function = deployment.spec.hooks.get(name) if deployment.spec else None
        until, execution = self.now + HOOK_SECONDS, str(uuid.uuid4())
        answer = "SUCCEEDED" if function is None else "IN_PROGRESS"
        while answer == "IN_PROGRESS" and self.now < until:
            answer = self.ecs.world.invoke_hook(
                self._function_arn(function or ""),
                {"DeploymentId": deployment.id, "LifecycleEventHookExecutionId": execution, "lifecycleStage": name},
            )
            if answer == "IN_PROGRESS":
                yield min(self.ecs.timing.hook_poll, max(1.0, until - self.now))
        if answer != "SUCCEEDED":
            event.message = f"The lifecycle event hook function {function} " + (
                "reported that the validation failed." if answer == "FAILED" else "did not report within one hour."
            )
            raise Failure(
                "HOOK_EXECUTION_FAILURE",
                "The deployment failed because one or more of the lifecycle event validation functions failed.",
            )
        self._done(event)

    def _function_arn(self, function: str) -> str:
        prefix = self.ecs.arn_prefix.replace(":ecs:", ":lambda:", 1)
        return function if function.startswith("arn:") else f"{prefix}:function:{function}"

    def _install(self, deployment: CodeDeployment) -> Steps:
        service, rollouts, spec = deployment.service, self.ecs.rollouts, deployment.spec
        assert spec is not None
        event = self._begin(deployment, "Install")
        try:
            deployment.green = self._task_set(deployment, spec)
        except EcsError as error:
            raise Failure(
                "ECS_UPDATE_ERROR",
                f"The ECS service cannot be updated due to an unexpected error: {error.message} (Service: AmazonECS; "
                f"Status Code: 400; Error Code: {error.code})",
            ) from None
        deadline, green = self.now + self.ecs.timing.installation, deployment.green
        self.ecs.timeline.at(deadline, lambda: rollouts.wake(service))
        yield lambda: rollouts._all_healthy(service, green) or self.now >= deadline
        if not rollouts._all_healthy(service, green):
            event.message = "The replacement task set did not become healthy."
            raise Failure(
                "TIMEOUT",
                "The deployment timed out while waiting for the replacement task set to become healthy. This time out "
                "period is 60 minutes.",
            )
        self._done(event)

    def _task_set(self, deployment: CodeDeployment, spec: AppSpec) -> Deployment:
        """Make the replacement task set: what the AppSpec leaves out is as the service has it."""
        service, ecs = deployment.service, self.ecs
        definition = ecs.definitions.usable(spec.properties["TaskDefinition"])
        fields = {**service.fields, **_fields(spec)}
        name, port = spec.container
        assert deployment.blue is not None
        used = {item["targetGroupArn"] for item in deployment.blue.revision.load_balancers}
        free = next((arn for arn in self._groups(deployment) if arn not in used), None)
        if free is None:
            raise EcsError("InvalidParameterException", "The deployment group has no target group to spare.")
        fields["loadBalancers"] = [{"targetGroupArn": free, "containerName": name, "containerPort": port}]
        ecs._check(fields, definition, service.cluster, spare_group=True)
        return ecs.rollouts.add_task_set(service, _revision(ecs, service, definition, fields), deployment.id)

    def _groups(self, deployment: CodeDeployment) -> list[str]:
        found = [self.ecs.world.target_group_named(item["name"]) for item in deployment.pair["targetGroups"]]
        return [arn for arn in found if arn]

    def _route(self, deployment: CodeDeployment, route: str, weight: float) -> None:
        """Give the replacement task set its share of the traffic of a route's listeners."""
        assert deployment.green is not None
        mine = deployment.green.revision.load_balancers[0]["targetGroupArn"]
        weights = {arn: weight if arn == mine else 100 - weight for arn in self._groups(deployment)}
        for listener in (deployment.pair.get(route) or {}).get("listenerArns") or []:
            self.ecs.world.set_listener_weights(listener, weights)

    def _ready(self, deployment: CodeDeployment) -> Steps:
        option = (deployment.group.get("blueGreenDeploymentConfiguration") or {}).get("deploymentReadyOption") or {}
        if option.get("actionOnTimeout", "CONTINUE_DEPLOYMENT") == "CONTINUE_DEPLOYMENT":
            return
        deployment.status, deployment.go_on = "Ready", False
        until = self.now + 60.0 * option.get("waitTimeInMinutes", 0)
        self.ecs.timeline.at(until, lambda: self.ecs.rollouts.wake(deployment.service))
        yield lambda: deployment.go_on or self.now >= until
        if not deployment.go_on:
            self._end(
                deployment, "Stopped", "TIMEOUT", "The deployment was not rerouted within the specified wait time."
            )
            raise Abandoned
        deployment.status, deployment.go_on = "InProgress", False

    def _terminate(self, deployment: CodeDeployment) -> Steps:
        settings = deployment.group.get("blueGreenDeploymentConfiguration") or {}
        option = settings.get("terminateBlueInstancesOnDeploymentSuccess") or {}
        if option.get("action", "TERMINATE") != "TERMINATE":
            return
        deployment.termination_started, deployment.go_on = True, False
        until = self.now + 60.0 * option.get("terminationWaitTimeInMinutes", 0)
        self.ecs.timeline.at(until, lambda: self.ecs.rollouts.wake(deployment.service))
        yield lambda: deployment.go_on or self.now >= until
        yield from self._without_left_overs(deployment.service)

    def _make_primary(self, service: Service, chosen: Deployment) -> None:
        """UpdateServicePrimaryTaskSet: what the task set has becomes the service's."""
        for item in service.deployments:
            item.status = "PRIMARY" if item is chosen else "ACTIVE"
            item.updated_at = self.now
        service.deployments.sort(key=lambda item: item is not chosen)
        service.definition = chosen.revision.definition
        for name in (
            "networkConfiguration",
            "platformVersion",
            "loadBalancers",
            "capacityProviderStrategy",
            "launchType",
        ):
            service.fields[name] = chosen.revision.configuration[name]

    # The end

    def _end(self, deployment: CodeDeployment, status: str, code: str = "", message: str = "") -> None:
        deployment.final = self.task_sets(deployment)
        deployment.status, deployment.completed_at = status, self.now
        if code:
            deployment.error = {"code": code, "message": message}
        for event in deployment.events:
            if event.status == "InProgress":
                event.status, event.ended_at = "Failed" if status == "Failed" else "Skipped", self.now
            elif event.status == "Pending":
                event.status = "Skipped"
        deployment.service.run = None

    def _roll_back(self, failed: CodeDeployment) -> None:
        """A deployment of CodeDeploy's own gives the traffic back to the original task set."""
        rollback = self._new(
            failed.application,
            failed.group,
            failed.service,
            failed.previous,
            config_name=failed.config_name,
            routing={"type": "AllAtOnce"},
            auto_rollback={},
            alarms={},
            creator="codeDeployRollback",
        )
        rollback.events = [Event("AllowTraffic"), Event("AfterAllowTraffic")]
        rollback.blue, rollback.green = failed.green, failed.blue
        rollback.rollback_info = {"rollbackTriggeringDeploymentId": failed.id}
        failed.rollback_info = {
            "rollbackDeploymentId": rollback.id,
            "rollbackMessage": f"Deployment {failed.id} was rolled back to its original task set by {rollback.id}.",
        }
        self._run(rollback, self._back(rollback, failed))

    def _back(self, rollback: CodeDeployment, failed: CodeDeployment) -> Steps:
        service = rollback.service
        yield self.ecs.timing.scheduler
        rollback.status, rollback.started_at = "InProgress", self.now
        shift = self._begin(rollback, "AllowTraffic")
        yield self.ecs.timing.rollback
        original = failed.blue
        if original is not None:
            if failed.green is not None:
                for route in ("prodTrafficRoute", "testTrafficRoute"):
                    self._route(failed, route, 0)
                failed.weight = 0
            if service.primary is not original:
                original.scale_percent = 100
                self._make_primary(service, original)
        rollback.weight = 100
        self._done(shift)
        yield from self._without_left_overs(service)
        self._done(self._begin(rollback, "AfterAllowTraffic"))
        self._end(rollback, "Succeeded")

    def _watch_alarms(self, deployment: CodeDeployment) -> None:
        names = (
            [item["name"] for item in deployment.alarms.get("alarms") or []] if deployment.alarms.get("enabled") else []
        )
        if not names or not deployment.ongoing:
            return
        fired = [name for name in names if self.ecs.world.alarm_state(name) == "ALARM"]
        if fired:
            self._end(
                deployment,
                "Stopped",
                "ALARM_ACTIVE",
                f"One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and "
                f"the affected deployments have been stopped. Activated alarms: <{', '.join(fired)}>",
            )
            if _rolls_back(deployment.auto_rollback, "DEPLOYMENT_STOP_ON_ALARM"):
                self._roll_back(deployment)
            return
        self.ecs.timeline.after(self.ecs.timing.alarm_poll, lambda: self._watch_alarms(deployment))

    # What the API tells

    def task_sets(self, deployment: CodeDeployment) -> list[Json]:
        if deployment.final is not None:
            return deployment.final
        found = []
        for label, item in (("Blue", deployment.blue), ("Green", deployment.green)):
            if item is None:
                continue
            running, pending = self.ecs.rollouts.task_counts(item)
            group = item.revision.load_balancers[0]["targetGroupArn"]
            found.append(
                {
                    "identifer": item.id,
                    "desiredCount": self.ecs.rollouts.requested(deployment.service, item),
                    "pendingCount": pending,
                    "runningCount": running,
                    "status": item.status,
                    "trafficWeight": deployment.weight if label == "Green" else 100 - deployment.weight,
                    "targetGroup": {"name": group.split("/")[1]},
                    "taskSetLabel": label,
                }
            )
        return found


def _rolls_back(settings: Json, event: str) -> bool:
    return bool(settings.get("enabled")) and event in (settings.get("events") or [])


def _fields(spec: AppSpec) -> Json:
    """What an AppSpec says, by the names of ECS's API."""
    given, found = spec.properties, {}
    network = (given.get("NetworkConfiguration") or {}).get("AwsvpcConfiguration")
    if network:
        found["networkConfiguration"] = requests.network_configuration(
            {"awsvpcConfiguration": {name[0].lower() + name[1:]: value for name, value in network.items()}}
        )
    if given.get("PlatformVersion"):
        found["platformVersion"] = given["PlatformVersion"]
    if given.get("CapacityProviderStrategy"):
        strategy = [
            {"weight": 0, "base": 0, **{name[0].lower() + name[1:]: value for name, value in item.items()}}
            for item in given["CapacityProviderStrategy"]
        ]
        found |= {"capacityProviderStrategy": strategy, "launchType": None}
    return found


def _revision(ecs: Ecs, service: Service, definition: TaskDefinition, fields: Json) -> ServiceRevision:
    configuration = json.loads(json.dumps({name: fields.get(name) for name in requests.REVISION_FIELDS}))
    return ecs.rollouts.new_revision(service, definition, configuration, fields["loadBalancers"])
