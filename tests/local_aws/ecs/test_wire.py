# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine over HTTP, by boto3: each answer is held against the operation's shape in botocore's model."""

from __future__ import annotations

import itertools
import time
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

#: More than any simulated rollout of these tests takes.
PATIENCE = 120.0


@dataclass
class Stack:
    """What a service needs around it, and short ways to look at it."""

    server: Any
    subnets: list[str]
    security_group: str
    target_group: str
    alternate_group: str
    rule: str
    cluster: str
    log_group: str
    ecs: Any
    elbv2: Any
    logs: Any
    ec2: Any
    secretsmanager: Any
    ssm: Any

    def register(self, image: str = "registry/api:1", **changes: Any) -> str:
        definition = self.ecs.register_task_definition(
            **{
                "family": "api",
                "cpu": "256",
                "memory": "512",
                "networkMode": "awsvpc",
                "requiresCompatibilities": ["FARGATE"],
                "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
                "containerDefinitions": [
                    {
                        "name": "api",
                        "image": image,
                        "portMappings": [{"containerPort": 8080}],
                        "logConfiguration": {
                            "logDriver": "awslogs",
                            "options": {
                                "awslogs-group": self.log_group,
                                "awslogs-region": "us-east-1",
                                "awslogs-stream-prefix": "ecs",
                            },
                        },
                    }
                ],
                **changes,
            }
        )
        return definition["taskDefinition"]["taskDefinitionArn"]

    @property
    def network(self) -> dict[str, Any]:
        return {"awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": [self.security_group]}}

    def create(self, image: str = "registry/api:1", **changes: Any) -> dict[str, Any]:
        request = {
            "cluster": self.cluster,
            "serviceName": "api",
            "taskDefinition": self.register(image),
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": self.network,
            "loadBalancers": [{"targetGroupArn": self.target_group, "containerName": "api", "containerPort": 8080}],
        }
        return self.ecs.create_service(**{**request, **changes})["service"]

    def update(self, image: str, **changes: Any) -> dict[str, Any]:
        return self.ecs.update_service(
            cluster=self.cluster, service="api", taskDefinition=self.register(image), **changes
        )["service"]

    @property
    def service(self) -> dict[str, Any]:
        return self.ecs.describe_services(cluster=self.cluster, services=["api"], include=["TAGS"])["services"][0]

    @property
    def deployment(self) -> dict[str, Any]:
        newest = self.ecs.list_service_deployments(cluster=self.cluster, service="api")["serviceDeployments"][0]
        arns = [newest["serviceDeploymentArn"]]
        return self.ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"][0]

    def settle(self) -> dict[str, Any]:
        ends = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")
        return wait_for(lambda: self.deployment if self.deployment["status"] in ends else None)

    def health(self, group: str | None = None) -> list[dict[str, Any]]:
        arn = group or self.target_group
        return self.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]

    def tasks(self, status: str = "RUNNING") -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(cluster=self.cluster, desiredStatus=status)["taskArns"]
        return self.ecs.describe_tasks(cluster=self.cluster, tasks=arns, include=["TAGS"])["tasks"] if arns else []


def wait_for(condition: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < until, "that took too long"
        time.sleep(0.01)


@dataclass
class Network:
    """A VPC with a load balancer and its listener."""

    vpc: str
    subnets: list[str]
    security_group: str
    listener: str


def make_network(clients: dict[str, Any], name: str) -> Network:
    ec2, elbv2 = clients["ec2"], clients["elbv2"]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for number, zone in enumerate(("us-east-1a", "us-east-1b"))
    ]
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    balancer = elbv2.create_load_balancer(Name=name, Subnets=subnets, SecurityGroups=[group])["LoadBalancers"][0]
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]
    return Network(vpc, subnets, group, listener)


@pytest.fixture(scope="module")
def network(shared_server: Any, clients: dict[str, Any]) -> Network:
    """One network for all tests here: emptying the account takes longer than a test."""
    shared_server.control("reset")
    return make_network(clients, "shared")


NUMBERS = itertools.count(1)


def make_stack(server: Any, clients: dict[str, Any], network: Network) -> Stack:
    """Two target groups behind a rule, a log group and a cluster, all new."""
    number, elbv2 = next(NUMBERS), clients["elbv2"]
    targets = []
    for name in (f"api-{number}", f"alternate-{number}"):
        created = elbv2.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=8080,
            VpcId=network.vpc,
            TargetType="ip",
            HealthCheckIntervalSeconds=5,
            HealthyThresholdCount=2,
            HealthCheckTimeoutSeconds=2,
            UnhealthyThresholdCount=2,
        )
        targets.append(created["TargetGroups"][0]["TargetGroupArn"])
        elbv2.modify_target_group_attributes(
            TargetGroupArn=targets[-1], Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}]
        )
    weighted = [
        {"TargetGroupArn": targets[0], "Weight": 100},
        {"TargetGroupArn": targets[1], "Weight": 0},
    ]
    rule = elbv2.create_rule(
        ListenerArn=network.listener,
        Priority=number,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}}],
        Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}}],
    )["Rules"][0]["RuleArn"]
    log_group, cluster = f"/ecs/api-{number}", f"main-{number}"
    clients["logs"].create_log_group(logGroupName=log_group)
    clients["ecs"].create_cluster(
        clusterName=cluster,
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        settings=[{"name": "containerInsights", "value": "enabled"}],
        tags=[{"key": "Project", "value": "uex"}],
    )
    return Stack(
        server,
        network.subnets,
        network.security_group,
        targets[0],
        targets[1],
        rule,
        cluster,
        log_group,
        **clients,
    )


@pytest.fixture
def stack(shared_server: Any, clients: dict[str, Any], network: Network) -> Stack:
    shared_server.control("ecs/reset")
    # An hour is over in seconds, and on a busy machine before a test looks at a task that has stopped.
    shared_server.control("ecs/timing", {"stopped_tasks_kept": 10_000_000})
    return make_stack(shared_server, clients, network)


def test_a_service_is_brought_out_and_all_apis_tell_one_story(stack: Stack) -> None:
    created = stack.create(tags=[{"key": "Service", "value": "api"}], propagateTags="SERVICE")
    deployment = stack.settle()
    stack.ecs.get_waiter("services_stable").wait(
        cluster=stack.cluster, services=["api"], WaiterConfig={"Delay": 0, "MaxAttempts": 5000}
    )
    service = stack.service
    tasks = stack.tasks()
    assert deployment["status"] == "SUCCESSFUL"
    assert service["serviceArn"] == created["serviceArn"]
    assert service["runningCount"] == len(tasks) == 2
    assert service["tags"] == tasks[0]["tags"] == [{"key": "Service", "value": "api"}]
    revision = deployment["targetServiceRevision"]["arn"]
    assert service["currentServiceRevisions"][0]["arn"] == revision
    found = stack.ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"][0]
    assert found["containerImages"][0]["imageDigest"] == tasks[0]["containers"][0]["imageDigest"]
    addresses = {task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for task in tasks}
    health = stack.health()
    assert {item["Target"]["Id"] for item in health} == addresses
    assert {item["TargetHealth"]["State"] for item in health} == {"healthy"}
    interfaces = stack.ec2.describe_network_interfaces(
        Filters=[{"Name": "private-ip-address", "Values": sorted(addresses)}]
    )["NetworkInterfaces"]
    details = {d["value"] for t in tasks for d in t["attachments"][0]["details"] if d["name"] == "networkInterfaceId"}
    assert {interface["NetworkInterfaceId"] for interface in interfaces} == details
    assert {interface["Groups"][0]["GroupId"] for interface in interfaces} == {stack.security_group}
    events = stack.logs.filter_log_events(logGroupName=stack.log_group)["events"]
    assert {event["logStreamName"] for event in events} == {
        f"ecs/api/{task['taskArn'].rpartition('/')[2]}" for task in tasks
    }
    assert service["events"][0]["message"] == "(service api) has reached a steady state."


def test_an_update_drains_the_old_targets(stack: Stack) -> None:
    stack.create()
    stack.settle()
    old = {task["taskArn"] for task in stack.tasks()}
    stack.server.control("ecs/clock", {"paused": True})
    stack.update("registry/api:2")
    seen: list[tuple[str, ...]] = []
    while stack.deployment["status"] != "SUCCESSFUL":
        health = stack.health()
        states = tuple(sorted(item["TargetHealth"]["State"] for item in health))
        if not seen or seen[-1] != states:
            seen.append(states)
        for item in health:
            if item["TargetHealth"]["State"] == "draining":
                assert item["TargetHealth"]["Reason"] == "Target.DeregistrationInProgress"
                one = stack.elbv2.describe_target_health(TargetGroupArn=stack.target_group, Targets=[item["Target"]])
                assert one["TargetHealthDescriptions"] == [item]
        stack.server.control("ecs/clock", {"advance": 1})
        assert len(seen) < 10
    assert seen == [
        ("healthy", "healthy"),
        ("healthy", "healthy", "initial", "initial"),
        ("healthy", "healthy", "healthy", "healthy"),
        ("draining", "draining", "healthy", "healthy"),
        ("healthy", "healthy"),
    ]
    assert not old & {task["taskArn"] for task in stack.tasks()}


def test_a_scenario_makes_a_rollout_fail_and_the_log_says_why(stack: Stack) -> None:
    stack.server.control(
        "ecs/scenarios",
        {
            "match": {"image": "*:2"},
            "behaviour": {"exit_code": 3, "exit_after": 2, "exit_log_lines": ["KeyError: DATABASE_URL"]},
        },
    )
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    stack.create(deploymentConfiguration=breaker)
    stack.settle()
    stack.update("registry/api:2")
    deployment = stack.settle()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    failed = next(task for task in stack.tasks("STOPPED") if task["containers"][0].get("exitCode") == 3)
    stream = f"ecs/api/{failed['taskArn'].rpartition('/')[2]}"
    lines = stack.logs.get_log_events(logGroupName=stack.log_group, logStreamName=stream, startFromHead=True)["events"]
    assert lines[-1]["message"] == "KeyError: DATABASE_URL"
    assert stack.server.control("ecs/scenarios", method="GET")["scenarios"][0]["used"] >= 3
    stack.server.control("ecs/scenarios", method="DELETE")
    assert stack.server.control("ecs/scenarios", method="GET") == {"scenarios": []}


def test_an_image_tag_makes_a_rollout_fail(stack: Stack) -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    stack.server.control("ecs/clock", {"paused": True})
    stack.create("registry/api:1-unhealthy", deploymentConfiguration=breaker, healthCheckGracePeriodSeconds=60)
    stack.server.control("ecs/clock", {"advance": 40})
    sick = [item for item in stack.health() if item["TargetHealth"]["State"] == "unhealthy"]
    assert sick[0]["TargetHealth"]["Reason"] == "Target.ResponseCodeMismatch"
    assert sick[0]["TargetHealth"]["Description"] == "Health checks failed with these codes: [503]"
    stack.server.control("ecs/clock", {"paused": False})
    assert stack.settle()["status"] == "STOPPED"
    assert stack.service["deployments"][0]["rolloutState"] == "FAILED"


def test_blue_green_shifts_the_listeners_rule(stack: Stack) -> None:
    balancers = [
        {
            "targetGroupArn": stack.target_group,
            "containerName": "api",
            "containerPort": 8080,
            "advancedConfiguration": {
                "alternateTargetGroupArn": stack.alternate_group,
                "productionListenerRule": stack.rule,
                "roleArn": "arn:aws:iam::123456789012:role/ecs-infrastructure",
            },
        }
    ]
    hooks = [
        {
            "hookTargetArn": "arn:aws:lambda:us-east-1:123456789012:function:check",
            "roleArn": "arn:aws:iam::123456789012:role/hooks",
            "lifecycleStages": ["POST_SCALE_UP"],
            "hookDetails": {"smoke": ["/health"]},
        },
        {"targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"]},
    ]

    def weights() -> dict[str, int]:
        actions = stack.elbv2.describe_rules(RuleArns=[stack.rule])["Rules"][0]["Actions"]
        return {item["TargetGroupArn"]: item["Weight"] for item in actions[0]["ForwardConfig"]["TargetGroups"]}

    stack.server.control("ecs/hooks", {"function": "*:check", "answers": ["SUCCEEDED"]})
    stack.create(loadBalancers=balancers, deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1})
    stack.settle()
    assert weights() == {stack.target_group: 100, stack.alternate_group: 0}
    stack.update(
        "registry/api:2",
        deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": hooks},
    )
    paused = wait_for(
        lambda: [h for h in stack.deployment.get("lifecycleHookDetails", []) if h["status"] == "AWAITING_ACTION"]
    )
    assert stack.deployment["lifecycleStage"] == "PRE_PRODUCTION_TRAFFIC_SHIFT"
    assert stack.service["deploymentConfiguration"]["lifecycleHooks"][0]["hookDetails"] == {"smoke": ["/health"]}
    calls = stack.server.control("ecs/hooks", method="GET")["calls"]
    assert [call["payload"]["lifecycleStage"] for call in calls] == ["POST_SCALE_UP"]
    stack.ecs.continue_service_deployment(
        serviceDeploymentArn=stack.deployment["serviceDeploymentArn"], hookId=paused[0]["hookId"], action="CONTINUE"
    )
    assert stack.settle()["status"] == "SUCCESSFUL"
    assert weights() == {stack.target_group: 0, stack.alternate_group: 100}
    assert {item["TargetHealth"]["State"] for item in stack.health(stack.alternate_group)} == {"healthy"}


def test_hooks_and_alarms_can_be_scripted(stack: Stack) -> None:
    control = stack.server.control
    control("ecs/hooks", {"function": "*:check", "stage": "POST_SCALE_UP", "answers": ["IN_PROGRESS", "FAILED"]})
    with pytest.raises(urllib.error.HTTPError):
        control("ecs/hooks", {"function": "*", "answers": ["MAYBE"]})
    alarms = {"alarmNames": ["5xx"], "enable": True, "rollback": True}
    stack.create(deploymentConfiguration={"alarms": alarms})
    stack.settle()
    control("ecs/clock", {"paused": True})
    stack.update("registry/api:2-slow")
    control("ecs/clock", {"advance": 30})
    control("ecs/alarms", {"name": "5xx", "state": "ALARM"})
    control("ecs/clock", {"paused": False})
    deployment = stack.settle()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert deployment["alarms"]["triggeredAlarmNames"] == ["5xx"]


def test_a_real_alarm_counts_too(stack: Stack) -> None:
    cloudwatch = stack.server.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="real",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="HTTPCode_Target_5XX_Count",
        Namespace="AWS/ApplicationELB",
        Period=60,
        Threshold=1,
        Statistic="Sum",
    )
    stack.create(
        deploymentConfiguration={"alarms": {"alarmNames": ["real"], "enable": True, "rollback": False}},
    )
    stack.settle()
    stack.server.control("ecs/clock", {"paused": True})
    stack.update("registry/api:2-slow")
    cloudwatch.set_alarm_state(AlarmName="real", StateValue="ALARM", StateReason="test")
    stack.server.control("ecs/clock", {"paused": False})
    assert stack.settle()["status"] == "STOPPED"


def test_a_one_off_task_ends_with_its_exit_code(stack: Stack) -> None:
    answer = stack.ecs.run_task(
        cluster=stack.cluster,
        taskDefinition=stack.register("registry/api:1-exit4"),
        launchType="FARGATE",
        networkConfiguration=stack.network,
        startedBy="migrate",
        overrides={"containerOverrides": [{"name": "api", "command": ["migrate"]}]},
        tags=[{"key": "a", "value": "1"}],
    )
    arn = answer["tasks"][0]["taskArn"]
    stack.ecs.get_waiter("tasks_stopped").wait(
        cluster=stack.cluster, tasks=[arn], WaiterConfig={"Delay": 0, "MaxAttempts": 5000}
    )
    task = stack.ecs.describe_tasks(cluster=stack.cluster, tasks=[arn])["tasks"][0]
    assert task["containers"][0]["exitCode"] == 4
    assert task["stopCode"] == "EssentialContainerExited"


def test_a_log_group_can_be_made_by_the_task(stack: Stack) -> None:
    options = {
        "awslogs-create-group": "true",
        "awslogs-group": f"{stack.log_group}/own",
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "ecs",
    }
    container = {
        "name": "api",
        "image": "registry/api:1",
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    stack.ecs.run_task(
        cluster=stack.cluster,
        taskDefinition=stack.register(containerDefinitions=[container]),
        launchType="FARGATE",
        networkConfiguration=stack.network,
    )
    wait_for(lambda: stack.logs.describe_log_groups(logGroupNamePrefix=options["awslogs-group"])["logGroups"])
    wait_for(lambda: stack.logs.filter_log_events(logGroupName=options["awslogs-group"])["events"])


def test_errors_have_the_apis_codes(stack: Stack) -> None:
    def code(call: Callable[..., Any], **request: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(**request)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return caught.value.response["Error"]["Code"]

    ecs = stack.ecs
    assert code(ecs.update_service, cluster=stack.cluster, service="x") == "ServiceNotFoundException"
    assert code(ecs.update_service, cluster="x", service="x") == "ClusterNotFoundException"
    assert code(ecs.describe_task_definition, taskDefinition="x") == "ClientException"
    assert code(ecs.stop_service_deployment, serviceDeploymentArn="x") == "ServiceDeploymentNotFoundException"
    assert (
        code(ecs.create_task_set, service="x", cluster=stack.cluster, taskDefinition="x")
        == "UnsupportedFeatureException"
    )
    stack.create()
    assert code(ecs.delete_service, cluster=stack.cluster, service="api") == "InvalidParameterException"
    assert code(ecs.delete_cluster, cluster=stack.cluster) == "ClusterContainsServicesException"


def test_a_target_group_without_a_load_balancer_is_refused(stack: Stack) -> None:
    stack.elbv2.delete_rule(RuleArn=stack.rule)
    with pytest.raises(ClientError, match="does not have an associated load balancer"):
        stack.create()


def test_the_rest_of_aws_sees_the_service(stack: Stack) -> None:
    created = stack.create(tags=[{"key": "Service", "value": stack.cluster}])
    scaling = stack.server.client("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{stack.cluster}/api",
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 1,
        "MaxCapacity": 4,
    }
    scaling.register_scalable_target(**target)
    with pytest.raises(ClientError, match="ECS service doesn't exist"):
        scaling.register_scalable_target(**{**target, "ResourceId": f"service/{stack.cluster}/web"})
    tagging = stack.server.client("resourcegroupstaggingapi")
    found = tagging.get_resources(TagFilters=[{"Key": "Service", "Values": [stack.cluster]}])["ResourceTagMappingList"]
    assert [item["ResourceARN"] for item in found] == [created["serviceArn"]]


def test_the_digest_of_an_image_is_that_of_the_registry(stack: Stack) -> None:
    ecr = stack.server.client("ecr")
    ecr.create_repository(repositoryName="api")
    manifest = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}'
    pushed = ecr.put_image(repositoryName="api", imageManifest=manifest, imageTag="7")["image"]["imageId"]
    stack.create("123456789012.dkr.ecr.us-east-1.amazonaws.com/api:7")
    stack.settle()
    assert stack.tasks()[0]["containers"][0]["imageDigest"] == pushed["imageDigest"]
    stack.update("123456789012.dkr.ecr.us-east-1.amazonaws.com/api:8")
    failed = wait_for(lambda: stack.tasks("STOPPED"))[0]
    assert failed["stoppedReason"].startswith("CannotPullContainerError")


def test_a_deleted_service_leaves_nothing_behind(shared_server: Any, clients: dict[str, Any]) -> None:
    network = make_network(clients, "own")
    stack = make_stack(shared_server, clients, network)
    in_network = [{"Name": "vpc-id", "Values": [network.vpc]}]
    stack.create()
    stack.settle()
    with pytest.raises(ClientError, match="DependencyViolation"):
        stack.ec2.delete_security_group(GroupId=stack.security_group)
    with pytest.raises(ClientError, match="DependencyViolation"):
        stack.ec2.delete_subnet(SubnetId=stack.subnets[0])
    stack.ecs.delete_service(cluster=stack.cluster, service="api", force=True)
    stack.ecs.get_waiter("services_inactive").wait(
        cluster=stack.cluster, services=["api"], WaiterConfig={"Delay": 0, "MaxAttempts": 5000}
    )
    wait_for(lambda: not stack.ec2.describe_network_interfaces(Filters=in_network)["NetworkInterfaces"])
    assert stack.ecs.delete_cluster(cluster=stack.cluster)["cluster"]["status"] == "INACTIVE"
    assert stack.health() == []
    stack.ec2.delete_subnet(SubnetId=stack.subnets[0])


def test_a_target_can_be_deregistered_by_hand(stack: Stack) -> None:
    stack.create()
    stack.settle()
    target = {"Id": stack.health()[0]["Target"]["Id"], "Port": 8080}
    stack.elbv2.deregister_targets(TargetGroupArn=stack.target_group, Targets=[target])
    wait_for(lambda: target["Id"] not in [item["Target"]["Id"] for item in stack.health()])


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("{arn}", None),
        ("{arn}:password::", None),
        ("{arn}:pin::", "did not contain json key pin"),
        ("{arn}::AWSPREVIOUS:", "ResourceNotFoundException"),
        ("arn:aws:secretsmanager:us-east-1:123456789012:secret:nothing-AbCdEf", "ResourceNotFoundException"),
        ("arn:aws:ssm:us-east-1:123456789012:parameter/uex/key", None),
        ("arn:aws:ssm:us-east-1:123456789012:parameter/uex/none", "invalid parameters"),
        ("/uex/none", "invalid parameters"),
    ],
)
def test_tasks_need_the_secrets_that_they_name(stack: Stack, reference: str, words: str | None) -> None:
    arn = stack.secretsmanager.create_secret(Name=f"{stack.cluster}/database", SecretString='{"password": "x"}')["ARN"]
    stack.ssm.put_parameter(Name="/uex/key", Value="x", Type="SecureString", Overwrite=True)
    container = {
        "name": "api",
        "image": "registry/api:1",
        "secrets": [{"name": "KEY", "valueFrom": reference.format(arn=arn)}],
    }
    task = stack.ecs.run_task(
        cluster=stack.cluster,
        taskDefinition=stack.register(containerDefinitions=[container]),
        launchType="FARGATE",
        networkConfiguration=stack.network,
    )["tasks"][0]["taskArn"]
    stack.ecs.get_waiter("tasks_stopped").wait(
        cluster=stack.cluster, tasks=[task], WaiterConfig={"Delay": 0, "MaxAttempts": 5000}
    )
    ended = stack.ecs.describe_tasks(cluster=stack.cluster, tasks=[task])["tasks"][0]
    if words is None:
        assert ended["containers"][0]["exitCode"] == 0
    else:
        assert words in ended["stoppedReason"]


def test_throttled_calls_are_refused_as_each_service_words_it(stack: Stack) -> None:
    for service, call, expected in (
        ("ecs", stack.ecs.list_clusters, "ThrottlingException"),
        ("elbv2", stack.elbv2.describe_load_balancers, "Throttling"),
        ("ec2", stack.ec2.describe_vpcs, "RequestLimitExceeded"),
    ):
        stack.server.control("ecs/refusals", {"service": service, "times": 1})
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["Error"]["Code"] == expected
        call()
    refused = [item["refused"] for item in stack.server.control("ecs/refusals", method="GET")["refusals"]]
    assert refused == [1, 1, 1]


def test_calls_can_be_refused_for_any_reason(stack: Stack) -> None:
    code, message = "UnknownOperationException", "This partition does not know the operation."
    told = {"operation": "*ServiceDeployments", "percent": 100, "code": code, "message": message}
    stack.server.control("ecs/refusals", told)
    stack.create()
    with pytest.raises(ClientError) as caught:
        stack.ecs.list_service_deployments(cluster=stack.cluster, service="api")
    assert caught.value.response["Error"] == {"Code": code, "Message": message}
    wait_for(lambda: stack.service["deployments"][0]["rolloutState"] == "COMPLETED")
    stack.server.control("ecs/refusals", method="DELETE")
    assert stack.deployment["status"] == "SUCCESSFUL"


def test_a_hook_whose_function_does_not_exist_fails(stack: Stack) -> None:
    stack.create(
        loadBalancers=[],
        deploymentConfiguration={
            "strategy": "BLUE_GREEN",
            "bakeTimeInMinutes": 0,
            "lifecycleHooks": [
                {
                    "hookTargetArn": "arn:aws:lambda:us-east-1:123456789012:function:nothing",
                    "roleArn": "arn:aws:iam::123456789012:role/hooks",
                    "lifecycleStages": ["PRE_SCALE_UP"],
                }
            ],
        },
    )
    deployment = stack.settle()
    assert deployment["status"] == "ROLLBACK_FAILED"
    assert deployment["lifecycleHookDetails"][0]["status"] == "FAILED"


def test_reads_can_lag(stack: Stack) -> None:
    stack.server.control("ecs/lag", {"seconds": 3600})
    stack.create()
    answer = stack.ecs.describe_services(cluster=stack.cluster, services=["api"])
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]
    stack.server.control("ecs/clock", {"advance": 3600})
    assert stack.service["runningCount"] == 2


def test_timing_can_be_told(stack: Stack) -> None:
    stack.server.control("ecs/timing", {"pulling": 100000})
    stack.create()
    pulling = wait_for(lambda: [task for task in stack.tasks() if task["lastStatus"] == "PENDING"])
    assert "pullStoppedAt" not in pulling[0]
    with pytest.raises(urllib.error.HTTPError):
        stack.server.control("ecs/timing", {"pushing": 1})
    stack.server.control("ecs/reset")
    assert stack.server.control("ecs/timing", method="GET")["pulling"] == 6


def test_many_services_at_once(stack: Stack) -> None:
    definition = stack.register()
    names = [f"s{number:02}" for number in range(20)]
    for name in names:
        stack.create(serviceName=name, taskDefinition=definition, desiredCount=3)

    def running() -> bool:
        counts = []
        for batch in (names[:10], names[10:]):
            found = stack.ecs.describe_services(cluster=stack.cluster, services=batch)["services"]
            counts += [service["runningCount"] for service in found]
        return counts == [3] * 20

    wait_for(running)
    addresses = [item["Target"]["Id"] for item in stack.health()]
    assert len(addresses) == len(set(addresses)) == 60


def test_container_instances_belong_to_the_engines_clusters(stack: Stack) -> None:
    # moto words the platform of its images otherwise than the model, which is not this test's business.
    ec2 = stack.server.client("ec2", checked=False)
    instance = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    document = f'{{"instanceId": "{instance}"}}'
    stack.ecs.register_container_instance(cluster=stack.cluster, instanceIdentityDocument=document)
    found = stack.ecs.describe_clusters(clusters=[stack.cluster])["clusters"][0]
    assert found["registeredContainerInstancesCount"] == 1
    definition = stack.register(requiresCompatibilities=["EC2"])
    stack.create(taskDefinition=definition, launchType="EC2", loadBalancers=[])
    assert stack.settle()["status"] == "SUCCESSFUL"
    assert stack.tasks()[0]["containerInstanceArn"].startswith(
        f"arn:aws:ecs:us-east-1:123456789012:container-instance/{stack.cluster}/"
    )


def test_fargates_capacity_providers_are_known(stack: Stack) -> None:
    found = stack.ecs.describe_capacity_providers()["capacityProviders"]
    assert [provider["name"] for provider in found] == ["FARGATE", "FARGATE_SPOT"]
