# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CodeDeploy's deployments of ECS services, over HTTP: what happens, in which order, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

CANARY = "CodeDeployDefault.ECSCanary10Percent5Minutes"
ROLLBACK = {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]}
ENDED = ("Succeeded", "Failed", "Stopped")


class Stack:
    """A service that CodeDeploy deploys, behind a load balancer with two target groups and a test listener."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.ecs, self.elbv2, self.deploy = (server.client(name) for name in ("ecs", "elbv2", "codedeploy"))
        ec2 = server.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
                "SubnetId"
            ]
            for index, zone in enumerate("ab")
        ]
        balancer = self.elbv2.create_load_balancer(Name="shop", Subnets=self.subnets)["LoadBalancers"][0]
        self.groups = [
            self.elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")[
                "TargetGroups"
            ][0]["TargetGroupArn"]
            for name in ("blue", "green")
        ]
        self.listeners = [
            self.elbv2.create_listener(
                LoadBalancerArn=balancer["LoadBalancerArn"],
                Protocol="HTTP",
                Port=port,
                DefaultActions=[{"Type": "forward", "TargetGroupArn": self.groups[0]}],
            )["Listeners"][0]["ListenerArn"]
            for port in (80, 8080)
        ]
        self.ecs.create_cluster(clusterName="shop")
        self.ecs.create_service(
            cluster="shop",
            serviceName="api",
            taskDefinition=self.register("api:1"),
            desiredCount=2,
            launchType="FARGATE",
            deploymentController={"type": "CODE_DEPLOY"},
            networkConfiguration={"awsvpcConfiguration": {"subnets": self.subnets}},
            loadBalancers=[{"targetGroupArn": self.groups[0], "containerName": "api", "containerPort": 80}],
        )
        self.deploy.create_application(applicationName="shop", computePlatform="ECS")
        self.deploy.create_deployment_group(**self.group())
        self.until(lambda: self.task_sets()[0]["stabilityStatus"] == "STEADY_STATE")

    def group(self, *, ready: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        route = [{"listenerArns": [arn]} for arn in self.listeners]
        return {
            "applicationName": "shop",
            "deploymentGroupName": "api",
            "serviceRoleArn": "arn:aws:iam::123456789012:role/codedeploy",
            "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            "blueGreenDeploymentConfiguration": {
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 5},
                "deploymentReadyOption": ready or {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
            },
            "loadBalancerInfo": {
                "targetGroupPairInfoList": [
                    {
                        "targetGroups": [{"name": "blue"}, {"name": "green"}],
                        "prodTrafficRoute": route[0],
                        "testTrafficRoute": route[1],
                    }
                ]
            },
            "ecsServices": [{"serviceName": "api", "clusterName": "shop"}],
            **changes,
        }

    def register(self, image: str) -> str:
        container = {"name": "api", "image": image, "portMappings": [{"containerPort": 80}]}
        return self.ecs.register_task_definition(
            family="api",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[container],
        )["taskDefinition"]["taskDefinitionArn"]

    def spec(self, definition: str, hooks: dict[str, str] | None = None) -> str:
        properties = {"TaskDefinition": definition, "LoadBalancerInfo": {"ContainerName": "api", "ContainerPort": 80}}
        return json.dumps(
            {
                "version": 0.0,
                "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}],
                "Hooks": [{name: arn} for name, arn in (hooks or {}).items()],
            }
        )

    def start(self, image: str = "api:2", hooks: dict[str, str] | None = None, **changes: Any) -> str:
        content = self.spec(self.register(image), hooks)
        return self.deploy.create_deployment(
            applicationName="shop",
            deploymentGroupName="api",
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
            **changes,
        )["deploymentId"]

    def info(self, number: str) -> dict[str, Any]:
        return self.deploy.get_deployment(deploymentId=number)["deploymentInfo"]

    def target(self, number: str) -> dict[str, Any]:
        return self.deploy.get_deployment_target(deploymentId=number, targetId="shop:api")["deploymentTarget"][
            "ecsTarget"
        ]

    def events(self, number: str) -> dict[str, str]:
        return {item["lifecycleEventName"]: item["status"] for item in self.target(number)["lifecycleEvents"]}

    def task_sets(self) -> list[dict[str, Any]]:
        return self.service()["taskSets"]

    def service(self) -> dict[str, Any]:
        return self.ecs.describe_services(cluster="shop", services=["api"])["services"][0]

    def weights(self, listener: int) -> dict[str, int]:
        action = self.elbv2.describe_listeners(ListenerArns=[self.listeners[listener]])["Listeners"][0]
        groups = action["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
        return {item["TargetGroupArn"].split("/")[1]: item["Weight"] for item in groups}

    def until(self, condition: Callable[[], Any], step: float = 10) -> Any:
        for _look in range(200):
            found = condition()
            if found:
                return found
            self.server.control("ecs/clock", {"advance": step})
        raise AssertionError("that took too long")

    def end(self, number: str) -> dict[str, Any]:
        self.until(lambda: self.info(number)["status"] in ENDED, step=60)
        return self.info(number)


@pytest.fixture
def stack(server: Any) -> Any:
    server.control("ecs/clock", {"paused": True})
    yield Stack(server)
    server.control("ecs/clock", {"paused": False})


def refused(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refusal:
        call(**request)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def test_traffic_moves_by_the_configuration_and_the_original_ends_last(stack: Stack) -> None:
    number = stack.start(deploymentConfigName=CANARY, description="to two")
    assert stack.info(number)["status"] == "Created"
    stack.until(lambda: stack.events(number)["AllowTraffic"] == "InProgress")
    stack.until(lambda: stack.weights(0) == {"blue": 90, "green": 10})
    assert stack.weights(1) == {"blue": 0, "green": 100}
    sets = {item["taskSetLabel"]: item for item in stack.target(number)["taskSetsInfo"]}
    assert (sets["Green"]["trafficWeight"], sets["Green"]["status"]) == (10, "ACTIVE")
    assert (sets["Blue"]["targetGroup"], sets["Blue"]["status"]) == ({"name": "blue"}, "PRIMARY")
    assert stack.service()["taskDefinition"].endswith(":1")
    stack.until(lambda: stack.info(number)["instanceTerminationWaitTimeStarted"])
    assert stack.weights(0) == {"blue": 0, "green": 100}
    primary, original = stack.task_sets()
    assert (primary["externalId"], primary["startedBy"], primary["status"]) == (number, "CODE_DEPLOY", "PRIMARY")
    assert original["status"] == "ACTIVE"
    assert stack.info(number)["status"] == "InProgress"
    info = stack.end(number)
    assert (info["status"], info["description"], info["deploymentOverview"]["Succeeded"]) == ("Succeeded", "to two", 1)
    assert set(stack.events(number).values()) == {"Succeeded"}
    service = stack.service()
    assert service["taskDefinition"].endswith(":2")
    assert len(service["taskSets"]) == 1
    assert service["deployments"] == []
    # Back again: the groups change places.
    assert stack.end(stack.start("api:3"))["status"] == "Succeeded"
    assert stack.weights(0) == {"blue": 100, "green": 0}


def test_revision_is_told_by_its_hash_and_its_content_by_another_call(stack: Stack) -> None:
    info = stack.info(stack.start())
    (sha256,) = info["revision"]["appSpecContent"].values()
    told = stack.deploy.get_application_revision(
        applicationName="shop", revision={"revisionType": "AppSpecContent", "appSpecContent": {"sha256": sha256}}
    )
    content = json.loads(told["revision"]["appSpecContent"]["content"])
    assert content["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"].endswith(":2")


def test_functions_decide_and_a_failure_gives_the_traffic_back(stack: Stack) -> None:
    good = "arn:aws:lambda:us-east-1:123456789012:function:good"
    stack.server.control("ecs/hooks", {"function": "*:good", "answers": ["IN_PROGRESS", "SUCCEEDED"]})
    stack.server.control("ecs/hooks", {"function": "*:bad", "answers": ["FAILED"]})
    hooks = {"BeforeInstall": good, "AfterAllowTraffic": "bad"}
    number = stack.start(hooks=hooks, autoRollbackConfiguration=ROLLBACK)
    info = stack.end(number)
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "HOOK_EXECUTION_FAILURE")
    events = stack.events(number)
    assert (events["BeforeInstall"], events["AllowTraffic"], events["AfterAllowTraffic"]) == (
        "Succeeded",
        "Succeeded",
        "Failed",
    )
    failed = next(item for item in stack.target(number)["lifecycleEvents"] if item["status"] == "Failed")
    assert "function bad reported" in failed["diagnostics"]["message"]
    rollback = info["rollbackInfo"]["rollbackDeploymentId"]
    again = stack.end(rollback)
    assert (again["status"], again["creator"]) == ("Succeeded", "codeDeployRollback")
    assert again["rollbackInfo"]["rollbackTriggeringDeploymentId"] == number
    assert stack.weights(0) == {"blue": 100, "green": 0}
    assert stack.service()["taskDefinition"].endswith(":1")
    assert [item.get("externalId") for item in stack.task_sets()] == [None]
    listed = stack.deploy.list_deployments(applicationName="shop", deploymentGroupName="api")["deployments"]
    assert listed == [rollback, number]


def test_failure_without_rollback_leaves_the_replacement_until_the_next_deployment(stack: Stack) -> None:
    stack.server.control("ecs/hooks", {"function": "*:bad", "answers": ["FAILED"]})
    assert stack.end(stack.start(hooks={"AfterInstall": "bad"}))["status"] == "Failed"
    assert len(stack.task_sets()) == 2
    assert stack.end(stack.start("api:3"))["status"] == "Succeeded"
    assert [item["taskDefinition"].rpartition(":")[2] for item in stack.task_sets()] == ["3"]


def test_tasks_that_never_get_healthy_end_the_installation(stack: Stack) -> None:
    info = stack.end(stack.start("api:2-nopull"))
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "TIMEOUT")
    definition = stack.spec("api:77")
    number = stack.deploy.create_deployment(
        applicationName="shop",
        deploymentGroupName="api",
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": definition}},
    )["deploymentId"]
    assert stack.end(number)["errorInformation"]["code"] == "ECS_UPDATE_ERROR"


def test_stop_alarm_and_the_waits_for_somebody(stack: Stack) -> None:
    number = stack.start()
    told = stack.deploy.stop_deployment(deploymentId=number, autoRollbackEnabled=True)
    assert told["status"] == "Succeeded"
    info = stack.info(number)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    stack.end(info["rollbackInfo"]["rollbackDeploymentId"])
    assert refused(stack.deploy.stop_deployment, deploymentId=number)[0] == "DeploymentAlreadyCompletedException"
    alarms = {"enabled": True, "alarms": [{"name": "errors"}]}
    watched = stack.start("api:3", overrideAlarmConfiguration=alarms)
    stack.server.control("ecs/alarms", {"name": "errors"})
    assert stack.end(watched)["errorInformation"]["code"] == "ALARM_ACTIVE"
    update = {"applicationName": "shop", "currentDeploymentGroupName": "api"}
    ready = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 60}
    settings = stack.group(ready=ready)["blueGreenDeploymentConfiguration"]
    stack.deploy.update_deployment_group(**update, blueGreenDeploymentConfiguration=settings)
    waiting = stack.start("api:4")
    stack.until(lambda: stack.info(waiting)["status"] == "Ready")
    assert refused(stack.deploy.continue_deployment, deploymentId=waiting, deploymentWaitType="TERMINATION_WAIT")[
        0
    ] == ("DeploymentIsNotInReadyStateException")
    stack.deploy.continue_deployment(deploymentId=waiting, deploymentWaitType="READY_WAIT")
    stack.until(lambda: stack.info(waiting)["instanceTerminationWaitTimeStarted"])
    stack.deploy.continue_deployment(deploymentId=waiting, deploymentWaitType="TERMINATION_WAIT")
    assert stack.end(waiting)["status"] == "Succeeded"
    left = stack.start("api:5")
    assert stack.end(left)["status"] == "Stopped"


def test_what_is_refused(stack: Stack) -> None:
    update = {"cluster": "shop", "service": "api"}
    changes = {
        "taskDefinition": (stack.register("api:9"), "Unable to update task definition"),
        "forceNewDeployment": (True, "Cannot force a new deployment"),
        "networkConfiguration": (
            {"awsvpcConfiguration": {"subnets": stack.subnets[:1]}},
            "Unable to update network parameters",
        ),
    }
    for name, (value, words) in changes.items():
        code, message = refused(stack.ecs.update_service, **update, **{name: value})
        assert code == "InvalidParameterException"
        assert message == (
            f"{words} on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new "
            "deployment."
        )
    assert stack.ecs.update_service(**update, desiredCount=3)["service"]["desiredCount"] == 3
    number = stack.start()
    code, message = refused(stack.start)
    assert code == "DeploymentLimitExceededException"
    assert message == f"The Deployment Group 'api' already has an active Deployment '{number}'"
    group = {"applicationName": "shop", "deploymentGroupName": "api"}
    bad = {"revisionType": "AppSpecContent", "appSpecContent": {"content": "version: 0.0"}}
    assert refused(stack.deploy.create_deployment, **group, revision=bad)[0] == "InvalidRevisionException"
    assert refused(stack.start, deploymentConfigName="mine")[0] == "DeploymentConfigDoesNotExistException"
    elsewhere = stack.group(deploymentGroupName="other", ecsServices=[{"serviceName": "no", "clusterName": "shop"}])
    assert refused(stack.deploy.create_deployment_group, **elsewhere)[0] == "InvalidECSServiceException"
    style = stack.group(deploymentGroupName="other", deploymentStyle={"deploymentType": "IN_PLACE"})
    assert refused(stack.deploy.create_deployment_group, **style)[0] == "InvalidDeploymentStyleException"
    asked = {"cluster": "shop", "serviceName": "more", "taskDefinition": "api:1", "desiredCount": 1}
    asked |= {"launchType": "FARGATE", "deploymentController": {"type": "CODE_DEPLOY"}}
    network = {"awsvpcConfiguration": {"subnets": stack.subnets}}
    code, message = refused(stack.ecs.create_service, **asked, networkConfiguration=network)
    assert message.startswith("Exactly one target group must be specified")


def test_groups_are_changed_and_deleted(stack: Stack) -> None:
    where = {"applicationName": "shop", "deploymentGroupName": "api"}
    info = stack.deploy.get_deployment_group(**where)["deploymentGroupInfo"]
    assert info["deploymentConfigName"] == "CodeDeployDefault.ECSAllAtOnce"
    alarms = {"enabled": True, "alarms": [{"name": "errors"}]}
    update = {"applicationName": "shop", "currentDeploymentGroupName": "api"}
    stack.deploy.update_deployment_group(**update, alarmConfiguration=alarms, newDeploymentGroupName="web")
    told = stack.deploy.batch_get_deployment_groups(applicationName="shop", deploymentGroupNames=["web", "api"])
    assert [item["alarmConfiguration"] for item in told["deploymentGroupsInfo"]] == [alarms]
    assert "api" in told["errorMessage"]
    for _time in range(2):
        stack.deploy.delete_deployment_group(applicationName="shop", deploymentGroupName="web")
    stack.deploy.delete_application(applicationName="shop")
    assert stack.deploy.list_applications()["applications"] == []
    assert refused(stack.deploy.list_deployments, **where)[0] == "ApplicationDoesNotExistException"


def test_without_names_the_deployments_of_all_groups_are_listed(stack: Stack) -> None:
    stack.deploy.create_application(applicationName="machines", computePlatform="Server")
    group = {"applicationName": "machines", "deploymentGroupName": "all"}
    stack.deploy.create_deployment_group(**group, serviceRoleArn="arn:aws:iam::123456789012:role/machines")
    location = {"bucket": "b", "key": "k", "bundleType": "zip"}
    other = stack.deploy.create_deployment(**group, revision={"revisionType": "S3", "s3Location": location})
    number = stack.start()
    assert set(stack.deploy.list_deployments()["deployments"]) == {number, other["deploymentId"]}
    assert stack.deploy.list_deployments(includeOnlyStatuses=["Failed"])["deployments"] == []
    refusal = refused(stack.deploy.list_deployments, deploymentGroupName="api")
    assert refusal[0] == "ApplicationNameRequiredException"


def test_service_can_leave_codedeploy(stack: Stack) -> None:
    stack.ecs.update_service(
        cluster="shop", service="api", deploymentController={"type": "ECS"}, forceNewDeployment=True
    )
    service = stack.until(lambda: (found := stack.service())["deployments"][0]["rolloutState"] == "COMPLETED" and found)
    assert service["deploymentController"] == {"type": "ECS"}
    assert "taskSets" not in service or service["taskSets"] == []


def test_deleted_service_ends_its_deployment(stack: Stack) -> None:
    number = stack.start()
    stack.ecs.delete_service(cluster="shop", service="api", force=True)
    assert stack.end(number)["errorInformation"]["code"] == "INVALID_ECS_SERVICE"
