# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout says about failures, and what it finds out before it changes anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .ecs import CLUSTER, SERVICE, Stage, behave, control
from .harness import Aws, ModuleFailed

MODULE = "ecs_service_rollout"
NAMES = {"cluster": CLUSTER, "name": SERVICE, "wait_timeout": 60}


@pytest.fixture
def stage(aws: Aws) -> Stage:
    return Stage(aws)


@pytest.fixture
def balanced(aws: Aws) -> Stage:
    return Stage(aws, balanced=True)


def failing(aws: Aws, options: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(ModuleFailed) as failure:
        aws.run_module(MODULE, options)
    return failure.value.result


@pytest.mark.parametrize(
    ("behaviour", "word"),
    [
        ({"pull_error": "repo:2.0: not found"}, "image was not found"),
        ({"pull_error": "dial tcp 10.0.0.1:443: i/o timeout"}, "No route to the registry"),
        (
            {"start_error": "ResourceInitializationError: unable to pull secrets or registry auth"},
            "secret cannot be read",
        ),
        ({"out_of_memory_after": 1}, "memory"),
        ({"exit_code": 7, "exit_after": 1}, "exit code 7"),
        ({"pull_error": "image Manifest does not contain descriptor matching platform"}, "another CPU architecture"),
    ],
)
def test_names_the_likely_cause(aws: Aws, stage: Stage, behaviour: dict[str, Any], word: str) -> None:
    aws.run_module(MODULE, stage.service("1.0"))
    behave(aws, "2.0", **behaviour)
    result = failing(aws, stage.service("2.0"))
    assert word in result["failure"]["likely_cause"]
    assert word in result["msg"]
    assert sum(group["count"] for group in result["failure"]["stopped_tasks"]) >= 3
    assert result["failure"]["circuit_breaker"]["failure_count"] >= 3
    assert result["failure"]["events"]


def test_names_the_health_check_that_fails(aws: Aws, balanced: Stage) -> None:
    behave(aws, "2.0", unhealthy=True)
    aws.run_module(MODULE, balanced.service("1.0", load_balancers=balanced.balancers()))
    result = failing(aws, balanced.service("2.0"))
    target = result["failure"]["unhealthy_targets"][0]
    assert target["target_group_arn"] == balanced.target_groups[0]
    assert "503" in target["reason"]
    assert "health check fails" in result["failure"]["likely_cause"]


def test_names_the_alarms_that_went_off(aws: Aws, balanced: Stage) -> None:
    alarms = {"alarm_names": ["errors-high"], "enable": True, "rollback": True}
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName="errors-high",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="Errors",
        Namespace="Shop",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    options = {"deployment_configuration": {"alarms": alarms, "bake_time_in_minutes": 5}}
    aws.run_module(MODULE, balanced.service("1.0", **options))
    control(aws, "ecs/alarms", account=aws.account_id, name="errors-high", state="ALARM")
    result = failing(aws, balanced.service("1.1", **options))
    assert result["failure"]["triggered_alarms"] == ["errors-high"]
    assert "errors-high" in result["failure"]["likely_cause"]


def test_timeout_is_no_verdict(aws: Aws, stage: Stage) -> None:
    aws.run_module(MODULE, stage.service("1.0"))
    behave(aws, "2.0", pull_seconds=100_000)
    result = failing(aws, {**stage.service("2.0"), "wait_timeout": 1})
    assert result["rollout"]["verdict"] == "not_ended"
    assert "has not ended within 1 seconds" in result["msg"]
    assert len(stage.deployments()) == 2


def test_sixty_old_revisions_take_no_further_reads(aws: Aws, stage: Stage) -> None:
    aws.run_module(MODULE, stage.service("1.0"))
    for number in range(60):
        stage.ecs.register_task_definition(
            family="shop-backend", containerDefinitions=[{"name": "x", "image": f"x:{number}", "memory": 64}]
        )
    aws.mark()
    assert not aws.run_module(MODULE, stage.service("1.0"))["changed"]
    assert len(aws.calls()) <= 2


def test_tags_change_without_a_deployment_or_a_revision(aws: Aws, stage: Stage) -> None:
    aws.run_module(MODULE, stage.service(tags={"Team": "core", "Old": "x"}))
    definition = stage.definition(tags={"Cost": "1"})
    result = aws.run_module(MODULE, stage.service(tags={"Team": "edge"}, task_definition=definition))
    assert sorted(change["field"] for change in result["changes"]) == [
        "tags.Old",
        "tags.Team",
        "task_definition.tags.Cost",
    ]
    assert not result["will_start_deployment"]
    assert {item["key"]: item["value"] for item in stage.described()["tags"]} == {"Team": "edge"}
    assert len(stage.revisions()) == len(stage.deployments()) == 1
    assert not aws.run_module(MODULE, stage.service(tags={"Team": "edge"}, task_definition=definition))["changed"]
    kept = aws.run_module(MODULE, stage.service(tags={"More": "y"}, purge_tags=False))
    assert kept["service"]["tags"] == {"Team": "edge", "More": "y"}


def push(aws: Aws, repository: str, tag: str, content: str) -> None:
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "x": content}
    aws.client("ecr").put_image(repositoryName=repository, imageTag=tag, imageManifest=json.dumps(manifest))


def test_tag_that_points_at_another_digest_can_be_a_change(aws: Aws, stage: Stage) -> None:
    uri = aws.client("ecr").create_repository(repositoryName="shop/web")["repository"]["repositoryUri"]
    for tag in ("1.0", "latest"):
        push(aws, "shop/web", tag, "one")
    definition = stage.definition(container_definitions=[stage.container(image=f"{uri}:latest")])
    options = stage.service(task_definition=definition, pin_digest=True)
    aws.run_module(MODULE, options)
    assert not aws.run_module(MODULE, options)["changed"]
    push(aws, "shop/web", "latest", "two")
    assert not aws.run_module(MODULE, {**options, "pin_digest": False})["changed"]
    assert aws.run_module(MODULE, options, check=True)["will_start_deployment"]
    result = aws.run_module(MODULE, options)
    assert [change["field"] for change in result["changes"]] == ["task_definition.images.backend.digest"]
    assert not aws.run_module(MODULE, options)["changed"]
    assert len(stage.revisions()) == 1
    back = aws.run_module(MODULE, {**NAMES, "state": "rolled_back"})
    image = back["task_definition"]["container_definitions"][0]["image"]
    assert image.startswith(f"{uri}@sha256:")


def test_preflight_reports_everything_at_once_before_any_change(aws: Aws, balanced: Stage) -> None:
    secrets = aws.client("secretsmanager")
    secret = secrets.create_secret(Name="db", SecretString=json.dumps({"password": "x"}))["ARN"]
    unset = secrets.create_secret(Name="unset")["ARN"]
    elsewhere = aws.client("secretsmanager", "eu-west-1").create_secret(Name="far", SecretString="x")["ARN"]
    uri = aws.client("ecr").create_repository(repositoryName="shop/web")["repository"]["repositoryUri"]
    container = balanced.container(
        image=f"{uri}:missing",
        secrets=[
            {"name": "A", "value_from": f"{secret}:user::"},
            {"name": "B", "value_from": f"{secret}:password::"},
            {"name": "C", "value_from": "/shop/none"},
            {"name": "D", "value_from": f"{secret}:password:AWSPREVIOUS:"},
            # The region that it names is asked for it.
            {"name": "E", "value_from": elsewhere},
        ],
        repository_credentials={"credentials_parameter": unset},
        log_configuration={
            "log_driver": "awslogs",
            "options": {"awslogs-group": "/ecs/none", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"},
        },
    )
    network = {"subnets": [*balanced.subnets, "subnet-0123456789abcdef0"], "security_groups": balanced.groups[:1]}
    ebs = {"role_arn": f"arn:aws:iam::{aws.account_id}:role/ebs", "size_in_gib": 10}
    volume = {"name": "data", "configured_at_launch": True}
    options = balanced.service(
        task_definition=balanced.definition(container_definitions=[container], volumes=[volume]),
        network_configuration={"awsvpc_configuration": network},
        volume_configurations=[{"name": "data", "managed_ebs_volume": ebs}],
        verify=True,
    )
    aws.mark()
    message = failing(aws, options)["msg"]
    assert aws.mutations() == []
    for word in ("role/execution does not exist", "no key 'user'; it has password", "no parameter /shop/none"):
        assert word in message
    for word in (
        f"{uri}:missing is not in its ECR repository",
        "no log group /ecs/none",
        "subnet-0123456789abcdef0 does not",
    ):
        assert word in message
    for word in (
        f"secrets.D: the secret {secret} has no version AWSPREVIOUS",
        f"repository_credentials: the secret {unset} has no version AWSCURRENT",
        "volume_configurations.managed_ebs_volume.role_arn: the role arn:aws:iam::{account}:role/ebs does not exist",
    ):
        assert word.replace("{account}", aws.account_id) in message
    assert "secrets.B" not in message
    assert "secrets.E" not in message


def test_preflight_passes_what_is_right(aws: Aws, balanced: Stage) -> None:
    iam = aws.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam.create_role(RoleName="execution", AssumeRolePolicyDocument=json.dumps(trust))
    container = balanced.container(image="registry.example/app:1")
    right = balanced.definition(container_definitions=[container])
    options = balanced.service(task_definition=right, load_balancers=balanced.balancers(), verify=True)
    assert aws.run_module(MODULE, options)["changed"]
    aws.client("lambda").create_function(
        FunctionName="check",
        Role=f"arn:aws:iam::{aws.account_id}:role/execution",
        Runtime="python3.12",
        Handler="check.handler",
        Code={"ZipFile": b"no code is run here"},
    )
    trusting_ecs = json.dumps(trust).replace("ecs-tasks", "ecs")
    iam.create_role(RoleName="shifter", AssumeRolePolicyDocument=trusting_ecs)
    role, function = f"arn:aws:iam::{aws.account_id}:role/", f"arn:aws:lambda:us-east-1:{aws.account_id}:function:"
    balancers = balanced.balancers(shifting=True)
    balancers[0]["advanced_configuration"]["role_arn"] = f"{role}shifter"
    hook = {"hook_target_arn": f"{function}check", "role_arn": f"{role}shifter", "lifecycle_stages": ["POST_SCALE_UP"]}
    configuration = {"strategy": "BLUE_GREEN", "lifecycle_hooks": [hook]}
    shifting = {**options, "load_balancers": balancers, "deployment_configuration": configuration}
    assert aws.run_module(MODULE, shifting, check=True)["changed"]
    hook |= {"hook_target_arn": f"{function}none", "role_arn": f"{role}execution"}
    balancers[0]["advanced_configuration"] |= {"production_listener_rule": f"{balanced.listener_rule}0"}
    elsewhere = aws.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    udp = aws.client("elbv2").create_target_group(
        Name="udp", Protocol="UDP", Port=8080, VpcId=elsewhere, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    balancers[0]["target_group_arn"] = udp
    problems = failing(aws, shifting)["msg"]
    for problem in (
        "role_arn: the role arn:aws:iam::{account}:role/execution does not let ecs.amazonaws.com assume it",
        "hook_target_arn: the function arn:aws:lambda:us-east-1:{account}:function:none does not exist",
        f"production_listener_rule: the listener rule {balanced.listener_rule}0 does not exist",
        f"no listener forwards to {udp}",
        f"{udp} speaks UDP, the port 8080 of the container backend is tcp",
        f"{udp} is in {elsewhere}, the subnets are in {balanced.vpc}",
    ):
        assert problem.replace("{account}", aws.account_id) in problems
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps({**trust, "Statement": []}))
    wrong = {**right, "execution_role_arn": f"arn:aws:iam::{aws.account_id}:role/other"}
    message = failing(aws, {**options, "task_definition": wrong})["msg"]
    assert "does not let ecs-tasks.amazonaws.com assume it" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cpu": "300"}, "task_definition.cpu: '300' is no CPU size of Fargate"),
        ({"memory": "4096"}, "task_definition.memory: '4096' does not go with cpu '256'"),
    ],
)
def test_bad_input_is_refused_before_any_call(aws: Aws, stage: Stage, change: dict[str, Any], message: str) -> None:
    aws.mark()
    assert message in failing(aws, stage.service(task_definition=stage.definition(**change)))["msg"]
    assert aws.calls() == []
