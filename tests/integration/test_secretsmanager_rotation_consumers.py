# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services that read a secret: found however they refer to it, rolled once, and brought back when they fail."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .ecs import CLUSTER, REPOSITORY, Stage, behave, control
from .harness import Aws, ModuleFailed
from .rotation_functions import Function, killed_before

MODULE = "secretsmanager_rotation"
GENERATE = [{"field": "key", "length": 40}]
ENTRY = {"strategy": "random", "generate": GENERATE, "rotate": "now"}


class World:
    """Two secrets and services that read them."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.stage = Stage(aws)
        self.ecs = aws.client("ecs")
        self.secrets = aws.client("secretsmanager")
        made = {
            name: self.secrets.create_secret(Name=name, SecretString=json.dumps({"key": f"first-value-of-{name}"}))
            for name in ("shop/db", "shop/key")
        }
        self.arns = {name: secret["ARN"] for name, secret in made.items()}
        self.first = {name: secret["VersionId"] for name, secret in made.items()}

    def service(self, name: str, *, tag: str = "1.0", container: dict[str, Any] | None = None, count: int = 1) -> None:
        """A service whose only container has the further fields, as ECS's API names them."""
        definition = self.ecs.register_task_definition(
            family=name,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            executionRoleArn=f"arn:aws:iam::{self.aws.account_id}:role/execution",
            containerDefinitions=[{"name": name, "image": f"{REPOSITORY}:{tag}", **(container or {})}],
        )["taskDefinition"]["taskDefinitionArn"]
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=count,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": self.stage.subnets}},
            deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        )

    def reading(self, name: str, *secrets: str, **more: Any) -> None:
        """A service that reads secrets by their whole ARNs."""
        listed = [{"name": f"S{number}", "valueFrom": self.arns[secret]} for number, secret in enumerate(secrets)]
        self.service(name, container={"secrets": listed}, **more)

    def settle(self) -> None:
        """Until no deployment is under way."""
        names = self.ecs.list_services(cluster=CLUSTER)["serviceArns"]
        self.ecs.get_waiter("services_stable").wait(
            cluster=CLUSTER, services=names, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        while any(deployment["status"] == "IN_PROGRESS" for name in names for deployment in self.deployments(name)):
            control(self.aws, "ecs/clock", advance=30)

    def deployments(self, name: str) -> list[dict[str, Any]]:
        asked = {"cluster": CLUSTER, "service": name.rpartition("/")[2], "maxResults": 100}
        listed = self.ecs.list_service_deployments(**asked)
        return sorted(listed["serviceDeployments"], key=lambda item: item["createdAt"])

    def statuses(self, name: str) -> list[str]:
        return [deployment["status"] for deployment in self.deployments(name)]

    def current(self, name: str) -> str:
        return self.secrets.get_secret_value(SecretId=name)["VersionId"]

    def stages(self, name: str) -> dict[str, list[str]]:
        return self.secrets.describe_secret(SecretId=name)["VersionIdsToStages"]

    def task(self, *names: str, **options: Any) -> dict[str, Any]:
        secrets = [{"name": name, **ENTRY, **options.pop(name, {})} for name in names]
        return {"state": "rotated", "token": "one", "secrets": secrets, **options}

    def run(self, *names: str, check: bool = False, **options: Any) -> dict[str, Any]:
        return self.aws.run_module(MODULE, self.task(*names, **options), check=check)

    def fails(self, *names: str, **options: Any) -> dict[str, Any]:
        with pytest.raises(ModuleFailed) as failure:
            self.run(*names, **options)
        return failure.value.result


@pytest.fixture
def world(aws: Aws) -> Iterator[World]:
    yield World(aws)
    control(aws, "ecs/scenarios", "DELETE")


def actions(result: dict[str, Any]) -> dict[str, str]:
    return {consumer["service"]: consumer["action"] for consumer in result["consumers"]}


def test_consumers_are_found_however_they_refer_to_the_secret(world: World) -> None:
    arn = world.arns["shop/db"]
    partial = arn.rpartition("-")[0]
    references: dict[str, dict[str, Any]] = {
        "whole-arn": {"secrets": [{"name": "S", "valueFrom": arn}]},
        "json-key": {"secrets": [{"name": "S", "valueFrom": f"{arn}:key::"}]},
        "with-stage": {"secrets": [{"name": "S", "valueFrom": f"{arn}:key:AWSCURRENT:"}]},
        "partial-arn": {"secrets": [{"name": "S", "valueFrom": f"{partial}:key::"}]},
        "by-name": {"secrets": [{"name": "S", "valueFrom": "shop/db"}]},
        "by-parameter": {"secrets": [{"name": "S", "valueFrom": "/aws/reference/secretsmanager/shop/db"}]},
        "pulls-with-it": {"repositoryCredentials": {"credentialsParameter": arn}},
        "logs-with-it": {
            "logConfiguration": {"logDriver": "splunk", "secretOptions": [{"name": "token", "valueFrom": arn}]}
        },
    }
    for name, container in references.items():
        world.service(name, container=container)
    others: dict[str, dict[str, Any]] = {
        "pinned": {"secrets": [{"name": "S", "valueFrom": f"{arn}:key::{world.first['shop/db']}"}]},
        "reads-another": {"secrets": [{"name": "S", "valueFrom": world.arns["shop/key"]}]},
        "longer-name": {"secrets": [{"name": "S", "valueFrom": f"{partial}-replica-AbCdEf"}]},
        "reads-nothing": {},
    }
    for name, container in others.items():
        world.service(name, container=container)
    world.reading("asleep", "shop/db", count=0)
    world.reading("reloads", "shop/db")
    world.reading("left-alone", "shop/db")
    result = world.run("shop/db", check=True, consumers={"reload": ["reloads"], "ignore": [f"{CLUSTER}/left-alone"]})
    assert actions(result) == {
        **dict.fromkeys(references, "would_roll"),
        "pinned": "pinned",
        "asleep": "not_running",
        "reloads": "reloads",
    }
    rolled = [action["name"] for action in result["actions"] if action["action"] == "roll"]
    assert sorted(rolled) == sorted(f"{CLUSTER}/{name}" for name in references)
    assert [finding["finding"] for finding in result["findings"]] == ["pinned_consumer"]
    assert result["consumers"][0]["references"]
    # 15 services are two batches, and no call is made for each service but for its task definition.
    calls = world.aws.calls()
    assert calls.count("ecs:DescribeServices") == 2
    assert calls.count("ecs:DescribeTaskDefinition") == 15
    assert calls.count("ecs:ListServices") == 1


def test_two_secrets_roll_a_service_once(world: World) -> None:
    world.reading("both", "shop/db", "shop/key")
    world.reading("one", "shop/key")
    world.settle()
    result = world.run("shop/db", "shop/key", consumers={"clusters": [CLUSTER]})
    assert actions(result) == {"both": "rolled", "one": "rolled"}
    both = next(consumer for consumer in result["consumers"] if consumer["service"] == "both")
    assert both["versions"] == {name: world.current(name) for name in ("shop/db", "shop/key")}
    assert both["task_definition"] == "both:1"
    assert both["rollout"]["verdict"] == "successful"
    assert world.statuses("both") == ["SUCCESSFUL", "SUCCESSFUL"]
    assert world.statuses("one") == ["SUCCESSFUL", "SUCCESSFUL"]
    for name, first in world.first.items():
        assert world.stages(name) == {first: ["AWSPREVIOUS"], world.current(name): ["AWSCURRENT"]}
    assert not world.run("shop/db", "shop/key")["changed"]
    assert len(world.deployments("both")) == 2


def test_roll_that_was_cut_off_is_not_repeated(world: World) -> None:
    world.reading("both", "shop/db", "shop/key")
    world.settle()
    started = world.run("shop/db", "shop/key", wait=False)
    assert [finding["finding"] for finding in started["findings"]] == ["consumers_pending"] * 2
    assert "slipway-rolling" in world.stages("shop/db")[world.current("shop/db")]
    result = world.run("shop/db", "shop/key")
    assert actions(result) == {"both": "already_rolled"}
    assert result["changed"]
    assert world.stages("shop/db")[world.current("shop/db")] == ["AWSCURRENT"]
    assert world.statuses("both") == ["SUCCESSFUL", "SUCCESSFUL"]
    assert not world.run("shop/db", "shop/key")["changed"]


def test_service_that_does_not_come_up_brings_the_secret_back(world: World, tmp_path: Path) -> None:
    world.reading("fragile", "shop/db", tag="2.0")
    world.reading("sturdy", "shop/db")
    world.reading("stranger", "shop/key")
    world.settle()
    # So many tasks fail as the circuit breaker needs; those that start after the secret has gone back come up.
    match = {"image": "*:2.0", "account": world.aws.account_id}
    control(world.aws, "ecs/scenarios", match=match, behaviour={"exit_code": 1, "exit_after": 1}, times=3)
    told = world.fails("shop/db", "shop/key", consumers={"wait_timeout": 60}, progress_file=str(tmp_path / "progress"))
    assert [failure["name"] for failure in told["failures"]] == ["shop/db"]
    failure = told["failures"][0]
    assert failure["step"] == "consumers"
    assert f"{CLUSTER}/fragile did not come up with the new value" in failure["cause"]
    assert failure["current"].startswith(f"AWSCURRENT is the version {world.first['shop/db']} again")
    assert world.current("shop/db") == world.first["shop/db"]
    assert world.current("shop/key") != world.first["shop/key"], "a secret whose consumers came up went back too"
    assert told["secrets"]["shop/db"]["outcome"] == "rolled_back"
    assert actions(told) == {"fragile": "rolled_back", "sturdy": "rolled", "stranger": "rolled"}
    assert world.statuses("fragile") == ["SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]
    assert "fragile: ROLLING" in (tmp_path / "progress").read_text()
    # The one that came up with the new value is rolled back to the old one as well; the stranger is not touched again.
    assert len(world.deployments("sturdy")) == 3
    assert len(world.deployments("stranger")) == 2
    assert "slipway-rejected" in world.stages("shop/db")[told["secrets"]["shop/db"]["previous_version_id"]]


def test_with_keep_the_new_value_stays_and_the_next_run_tries_again(world: World) -> None:
    world.reading("fragile", "shop/db", tag="2.0")
    world.settle()
    behave(world.aws, "2.0", exit_code=1, exit_after=1)
    told = world.fails("shop/db", on_failure="keep", consumers={"wait_timeout": 60})
    version = world.current("shop/db")
    assert version != world.first["shop/db"]
    assert "because on_failure is keep" in told["msg"]
    control(world.aws, "ecs/scenarios", "DELETE")
    result = world.run("shop/db", on_failure="keep")
    assert actions(result) == {"fragile": "rolled"}
    assert world.current("shop/db") == version
    assert world.stages("shop/db")[version] == ["AWSCURRENT"]


def test_report_tells_and_restarts_nothing(world: World) -> None:
    world.reading("reader", "shop/db")
    world.settle()
    result = world.run("shop/db", consumers={"action": "report"})
    assert actions(result) == {"reader": "reported"}
    assert [finding["finding"] for finding in result["findings"]] == ["consumers_pending"]
    assert len(world.deployments("reader")) == 1
    assert actions(world.run("shop/db")) == {"reader": "rolled"}
    assert not world.run("shop/db")["changed"]
    world.aws.mark()
    world.run("shop/key", consumers={"action": "ignore"})
    assert [call for call in world.aws.calls() if call.startswith("ecs:")] == []
    assert world.stages("shop/key")[world.current("shop/key")] == ["AWSCURRENT"]


def test_single_user_rotation_is_refused_while_consumers_cannot_reload(world: World) -> None:
    world.reading("reader", "shop/db")
    definition = world.ecs.describe_services(cluster=CLUSTER, services=["reader"])["services"][0]["taskDefinition"]
    world.settle()
    world.aws.client("rds").create_db_instance(
        DBInstanceIdentifier="shop",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="shop",
        MasterUserPassword="first-value",
    )
    world.secrets.put_secret_value(SecretId="shop/db", SecretString=json.dumps({"password": "first-value"}))
    first = world.current("shop/db")
    single = {
        "name": "shop/db",
        "strategy": "rds_master_user",
        "db_instance_identifier": "shop",
        "rotate": "now",
    }
    task = {"state": "rotated", "token": "one", "secrets": [single]}
    world.aws.mark()
    for check in (True, False):
        with pytest.raises(ModuleFailed, match=f"the old value dies before {CLUSTER}/reader can be restarted"):
            world.aws.run_module(MODULE, task, check=check)
    assert world.aws.mutations() == []
    assert world.current("shop/db") == first
    # A task without a service reads it too, and nobody can restart that one.
    behave(world.aws, "1.0", exit_code=0, exit_after=10_000_000)
    network = {"awsvpcConfiguration": {"subnets": world.stage.subnets}}
    world.ecs.run_task(cluster=CLUSTER, taskDefinition=definition, launchType="FARGATE", networkConfiguration=network)
    with pytest.raises(ModuleFailed, match=f"before {CLUSTER}/reader:1 can be restarted"):
        world.aws.run_module(MODULE, {**task, "consumers": {"reload": ["reader"]}})
    result = world.aws.run_module(MODULE, {**task, "force": True})
    assert result["secrets"]["shop/db"]["outcome"] == "rotated"
    assert actions(result) == {"reader": "rolled", "": "not_a_service"}


def test_rolled_back_rolls_the_consumers_too(world: World) -> None:
    world.reading("reader", "shop/db")
    world.settle()
    world.run("shop/db")
    result = world.run("shop/db", state="rolled_back")
    assert actions(result) == {"reader": "rolled"}
    assert world.current("shop/db") == world.first["shop/db"]
    assert world.statuses("reader") == ["SUCCESSFUL"] * 3
    assert not world.run("shop/db", state="rolled_back")["changed"]


def test_deployment_of_another_is_waited_for_before_the_roll(world: World) -> None:
    world.reading("reader", "shop/db")
    world.settle()
    world.ecs.update_service(cluster=CLUSTER, service="reader", forceNewDeployment=True)
    result = world.run("shop/db")
    assert actions(result) == {"reader": "rolled"}
    assert world.statuses("reader") == ["SUCCESSFUL"] * 3


def test_services_are_rolled_after_aws_has_rotated_by_itself(world: World) -> None:
    function = Function(world.aws)
    world.reading("reader", "shop/db")
    world.reading("stranger", "shop/key")
    world.settle()
    entry = {"name": "shop/db", "strategy": "lambda", "two_valid": True, "max_age_days": 90}
    task = {"state": "rotated", "secrets": [entry]}
    world.secrets.rotate_secret(
        SecretId="shop/db", RotationLambdaARN=function.arn, RotationRules={"AutomaticallyAfterDays": 30}
    )
    while "LastRotatedDate" not in world.secrets.describe_secret(SecretId="shop/db"):
        control(world.aws, "ecs/clock", advance=10)
    # The services' clock runs ahead of the secret's: move the rotation to after they were deployed.
    control(world.aws, "secretsmanager/age", secret=world.arns["shop/db"], days=-3650)
    planned = world.aws.run_module(MODULE, task, check=True)
    assert (actions(planned), planned["secrets"]["shop/db"]["outcome"]) == ({"reader": "would_roll"}, "would_finish")
    version = world.current("shop/db")
    result = world.aws.run_module(MODULE, task)
    assert actions(result) == {"reader": "rolled"}
    assert result["consumers"][0]["versions"] == {"shop/db": version}
    assert world.current("shop/db") == version != world.first["shop/db"]
    assert not world.aws.run_module(MODULE, task)["changed"]
    assert len(world.deployments("reader")) == 2


def test_killed_before_any_call_each_service_is_rolled_once(world: World) -> None:
    world.reading("both", "shop/db", "shop/key")
    world.settle()
    current = {name: world.current(name) for name in world.arns}
    for call in itertools.count(1):
        task = world.task("shop/db", "shop/key", token=f"cut {call}", consumers={"clusters": [CLUSTER]})
        killed = killed_before(call, MODULE, task)
        world.aws.run_module(MODULE, task)
        for name, before in current.items():
            after = world.current(name)
            assert world.stages(name) == {before: ["AWSPREVIOUS"], after: ["AWSCURRENT"]}, f"cut before call {call}"
            current[name] = after
        assert world.statuses("both") == ["SUCCESSFUL"] * (call + 1), f"cut before call {call}"
        if not killed:
            break
    assert call > 25
    assert not world.aws.run_module(MODULE, task)["changed"]
