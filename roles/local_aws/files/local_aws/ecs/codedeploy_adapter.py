# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts CodeDeploy's deployments of ECS services in the place of moto's, which are stored and never happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from moto.codedeploy import responses
from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ecs.models import ecs_backends

from .adapter import Engines
from .codedeploy import AppSpec, CodeDeploy, CodeDeployment
from .errors import EcsError
from .model import Json
from .views import compact, when

Method = Callable[[CodeDeployResponse], ActionResult]


def _error(error: EcsError) -> CodeDeployException:
    refused = CodeDeployException(error.code, error.message)
    refused.code = 400
    return refused


def _revision(spec: AppSpec | None, *, content: bool = False) -> Json | None:
    """GetDeployment tells the hash alone; the content is GetApplicationRevision's to tell."""
    if spec is None:
        return None
    told = {"sha256": spec.sha256, **({"content": spec.content} if content else {})}
    return {"revisionType": "AppSpecContent", "appSpecContent": told}


def _info(deployment: CodeDeployment) -> Json:
    group = deployment.group
    overview = dict.fromkeys(("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready"), 0)
    overview[_target_status(deployment)] = 1
    return compact(
        {
            "applicationName": deployment.application,
            "deploymentGroupName": deployment.group_name,
            "deploymentConfigName": deployment.config_name,
            "deploymentId": deployment.id,
            "previousRevision": _revision(deployment.previous),
            "revision": _revision(deployment.spec),
            "status": deployment.status,
            "errorInformation": deployment.error,
            "createTime": when(deployment.created_at),
            "startTime": when(deployment.started_at),
            "completeTime": when(deployment.completed_at),
            "deploymentOverview": overview,
            "description": deployment.description,
            "creator": deployment.creator,
            "ignoreApplicationStopFailures": False,
            "autoRollbackConfiguration": deployment.auto_rollback or {"enabled": False},
            "updateOutdatedInstancesOnly": False,
            "rollbackInfo": deployment.rollback_info,
            "deploymentStyle": group.get("deploymentStyle"),
            "instanceTerminationWaitTimeStarted": deployment.termination_started,
            "blueGreenDeploymentConfiguration": group.get("blueGreenDeploymentConfiguration"),
            "loadBalancerInfo": group.get("loadBalancerInfo"),
            "fileExistsBehavior": "DISALLOW",
            "deploymentStatusMessages": [],
            "computePlatform": "ECS",
            "overrideAlarmConfiguration": deployment.alarms or None,
        }
    )


def _target_status(deployment: CodeDeployment) -> str:
    statuses = {"Created": "Pending", "Queued": "Pending", "Baking": "InProgress", "Stopped": "Failed"}
    return statuses.get(deployment.status, deployment.status)


def _target(engine: CodeDeploy, deployment: CodeDeployment) -> Json:
    service = deployment.service
    return {
        "deploymentTargetType": "ECSTarget",
        "ecsTarget": {
            "deploymentId": deployment.id,
            "targetId": f"{service.cluster.name}:{service.name}",
            "targetArn": service.arn,
            "lastUpdatedAt": when(deployment.completed_at or engine.now),
            "status": _target_status(deployment),
            "lifecycleEvents": [
                compact(
                    {
                        "lifecycleEventName": event.name,
                        "status": event.status,
                        "startTime": when(event.started_at),
                        "endTime": when(event.ended_at),
                        "diagnostics": {"errorCode": "UnknownError", "message": event.message}
                        if event.message
                        else None,
                    }
                )
                for event in deployment.events
            ],
            "taskSetsInfo": engine.task_sets(deployment),
        },
    }


def patch(engines: Engines) -> None:
    """Once a process."""

    def engine_of(response: CodeDeployResponse) -> CodeDeploy:
        return engines.of(ecs_backends[response.current_account][response.region]).codedeploy

    def known(response: CodeDeployResponse) -> CodeDeployment:
        number = response._get_param("deploymentId")
        found = engine_of(response).find(number)
        if found is None:
            raise EcsError("DeploymentDoesNotExistException", f"The deployment {number} could not be found")
        return found

    def group_of(response: CodeDeployResponse) -> Json:
        group = response.codedeploy_backend.get_deployment_group(
            response._get_param("applicationName"), response._get_param("deploymentGroupName")
        )
        return responses._deployment_group_info(group)

    def of_ecs(response: CodeDeployResponse) -> bool:
        application = response.codedeploy_backend.applications.get(response._get_param("applicationName") or "")
        return application is not None and application.compute_platform == "ECS"

    def replacing(name: str, when_ours: Callable[[CodeDeployResponse], bool]) -> Callable[[Method], Method]:
        """The operation, and moto's own for what is not of ECS."""
        original = getattr(CodeDeployResponse, name, None)

        def decorate(method: Method) -> Method:
            def answer(self: CodeDeployResponse) -> ActionResult:
                try:
                    if original is not None and not when_ours(self):
                        theirs: ActionResult = original(self)
                        return theirs
                    return method(self)
                except EcsError as error:
                    raise _error(error) from error

            setattr(CodeDeployResponse, name, answer)
            return answer

        return decorate

    def is_known(response: CodeDeployResponse) -> bool:
        return engine_of(response).find(response._get_param("deploymentId")) is not None

    def checked(response: CodeDeployResponse, given: Json) -> None:
        """What CodeDeploy asks of a deployment group for ECS."""
        style, pairs = given.get("deploymentStyle") or {}, (given.get("loadBalancerInfo") or {})
        if style != {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}:
            raise EcsError(
                "InvalidDeploymentStyleException",
                "The deployment type must be BLUE_GREEN and the deployment option WITH_TRAFFIC_CONTROL for an ECS "
                "deployment group.",
            )
        found = pairs.get("targetGroupPairInfoList") or []
        if len(found) != 1 or len(found[0].get("targetGroups") or []) != 2:
            raise EcsError(
                "InvalidLoadBalancerInfoException", "An ECS deployment group must have a pair of target groups."
            )
        if not (found[0].get("prodTrafficRoute") or {}).get("listenerArns"):
            raise EcsError("InvalidLoadBalancerInfoException", "A production traffic route must be specified.")
        settings = given.get("blueGreenDeploymentConfiguration") or {}
        if not settings.get("terminateBlueInstancesOnDeploymentSuccess") or not settings.get("deploymentReadyOption"):
            raise EcsError(
                "InvalidBlueGreenDeploymentConfigurationException",
                "terminateBlueInstancesOnDeploymentSuccess and deploymentReadyOption must be specified for an ECS "
                "deployment group.",
            )
        if given.get("deploymentConfigName") and given["deploymentConfigName"] not in engine_of(response).configs:
            raise EcsError(
                "DeploymentConfigDoesNotExistException",
                f"No deployment configuration found for name: {given['deploymentConfigName']}",
            )
        engine_of(response).service_of(given)

    create_group, update_group = CodeDeployResponse.create_deployment_group, CodeDeployResponse.update_deployment_group  # type: ignore[attr-defined]

    @replacing("create_deployment_group", of_ecs)
    def create_deployment_group(self: CodeDeployResponse) -> ActionResult:
        checked(self, dict(self._get_params()))
        answer: ActionResult = create_group(self)
        return answer

    @replacing("update_deployment_group", of_ecs)
    def update_deployment_group(self: CodeDeployResponse) -> ActionResult:
        name = self._get_param("currentDeploymentGroupName")
        group = self.codedeploy_backend.get_deployment_group(self._get_param("applicationName"), name)
        checked(self, {**responses._deployment_group_info(group), **self._get_params()})
        answer: ActionResult = update_group(self)
        return answer

    @replacing("create_deployment", of_ecs)
    def create_deployment(self: CodeDeployResponse) -> ActionResult:
        number = engine_of(self).create(self._get_param("applicationName"), group_of(self), dict(self._get_params()))
        return ActionResult({"deploymentId": number})

    @replacing("get_deployment", is_known)
    def get_deployment(self: CodeDeployResponse) -> ActionResult:
        return ActionResult({"deploymentInfo": _info(known(self))})

    def all_ecs(response: CodeDeployResponse) -> bool:
        return any(engine_of(response).find(number) for number in response._get_param("deploymentIds"))

    @replacing("batch_get_deployments", all_ecs)
    def batch_get_deployments(self: CodeDeployResponse) -> ActionResult:
        found = [engine_of(self).find(number) for number in self._get_param("deploymentIds")]
        return ActionResult({"deploymentsInfo": [_info(item) for item in found if item is not None]})

    def of_everything(response: CodeDeployResponse) -> bool:
        return not response._get_param("applicationName") and not response._get_param("deploymentGroupName")

    def may_be_ecs(response: CodeDeployResponse) -> bool:
        # moto lists nothing of an application that does not exist.
        known = ("", *response.codedeploy_backend.applications)
        return of_everything(response) or of_ecs(response) or response._get_param("applicationName", "") not in known

    list_others = CodeDeployResponse.list_deployments

    @replacing("list_deployments", may_be_ecs)
    def list_deployments(self: CodeDeployResponse) -> ActionResult:
        others: list[str] = []
        if of_everything(self):
            others, chosen = list_others(self).result["deployments"], engine_of(self).all()  # type: ignore[index]
        else:
            group_of(self)
            chosen = engine_of(self).of_group(
                self._get_param("applicationName"), self._get_param("deploymentGroupName")
            )
        span = self._get_param("createTimeRange") or {}

        def listed() -> Iterator[str]:
            statuses = self._get_param("includeOnlyStatuses") or []
            for item in chosen:
                created = when(item.created_at)
                assert created is not None
                late = span.get("end") is not None and created > span["end"]
                early = span.get("start") is not None and created < span["start"]
                if (not statuses or item.status in statuses) and not late and not early:
                    yield item.id

        return ActionResult({"deployments": [*listed(), *others]})

    @replacing("stop_deployment", is_known)
    def stop_deployment(self: CodeDeployResponse) -> ActionResult:
        return ActionResult(engine_of(self).stop(known(self), self._get_param("autoRollbackEnabled")))

    @replacing("continue_deployment", is_known)
    def continue_deployment(self: CodeDeployResponse) -> EmptyResult:
        engine_of(self).go_on(known(self), self._get_param("deploymentWaitType") or "READY_WAIT")
        return EmptyResult()

    @replacing("list_deployment_targets", is_known)
    def list_deployment_targets(self: CodeDeployResponse) -> ActionResult:
        target = _target(engine_of(self), known(self))
        return ActionResult({"targetIds": [target["ecsTarget"]["targetId"]]})

    @replacing("get_deployment_target", is_known)
    def get_deployment_target(self: CodeDeployResponse) -> ActionResult:
        target = _target(engine_of(self), known(self))
        wanted = self._get_param("targetId")
        if target["ecsTarget"]["targetId"] != wanted:
            raise EcsError("DeploymentTargetDoesNotExistException", f"The deployment target {wanted} does not exist.")
        return ActionResult({"deploymentTarget": target})

    @replacing("batch_get_deployment_targets", is_known)
    def batch_get_deployment_targets(self: CodeDeployResponse) -> ActionResult:
        target = _target(engine_of(self), known(self))
        wanted = target["ecsTarget"]["targetId"] in self._get_param("targetIds")
        return ActionResult({"deploymentTargets": [target] if wanted else []})

    @replacing("get_application_revision", of_ecs)
    def get_application_revision(self: CodeDeployResponse) -> ActionResult:
        application, asked = self._get_param("applicationName"), self._get_param("revision") or {}
        self.codedeploy_backend.get_application(application)
        sha256 = (asked.get("appSpecContent") or {}).get("sha256", "")
        spec = engine_of(self).revisions.get((application, sha256))
        if spec is None:
            raise EcsError(
                "RevisionDoesNotExistException", f"The application revision {sha256} does not exist for {application}."
            )
        return ActionResult(
            {"applicationName": application, "revision": _revision(spec, content=True), "revisionInfo": {}}
        )

    @replacing("create_deployment_config", lambda self: True)
    def create_deployment_config(self: CodeDeployResponse) -> ActionResult:
        name, configs = self._get_param("deploymentConfigName"), engine_of(self).configs
        if name in configs:
            raise EcsError("DeploymentConfigAlreadyExistsException", f"Deployment config name: {name} already exists.")
        configs[name] = self._get_param("trafficRoutingConfig") or {"type": "AllAtOnce"}
        return ActionResult({"deploymentConfigId": name})

    @replacing("get_deployment_config", lambda self: True)
    def get_deployment_config(self: CodeDeployResponse) -> ActionResult:
        name = self._get_param("deploymentConfigName")
        routing = engine_of(self).configs.get(name)
        if routing is None:
            raise EcsError(
                "DeploymentConfigDoesNotExistException", f"No deployment configuration found for name: {name}"
            )
        return ActionResult(
            {
                "deploymentConfigInfo": {
                    "deploymentConfigName": name,
                    "computePlatform": "ECS",
                    "trafficRoutingConfig": routing,
                }
            }
        )
