# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Express Mode: services that ECS furnishes itself, rolled out and taken back like the others."""

from __future__ import annotations

from typing import Any

import pytest
from bench import SUBNETS, Bench
from test_wire import wait_for

ROLE = "arn:aws:iam::123456789012:role/"
ARN = "arn:aws:ecs:us-east-1:123456789012:service/main/api"


def create(bench: Bench, image: str = "api:1", **changes: Any) -> dict[str, Any]:
    request = {
        "serviceName": "api",
        "infrastructureRoleArn": f"{ROLE}infrastructure",
        "executionRoleArn": f"{ROLE}execution",
        "primaryContainer": {"image": image},
        **changes,
    }
    return bench.call("CreateExpressGatewayService", **request)["service"]


def update(bench: Bench, **changes: Any) -> dict[str, Any]:
    return bench.call("UpdateExpressGatewayService", serviceArn=ARN, **changes)["service"]


def described(bench: Bench) -> dict[str, Any]:
    return bench.call("DescribeExpressGatewayService", serviceArn=ARN, include=["TAGS"])["service"]


def test_what_is_left_out_has_the_defaults_of_the_api(bench: Bench) -> None:
    created = create(bench, tags=[{"key": "Team", "value": "shop"}])
    configuration = created["activeConfigurations"][0]
    expected = {
        "cpu": "256",
        "memory": "512",
        "cpuArchitecture": "X86_64",
        "healthCheckPath": "/ping",
        "networkConfiguration": {"subnets": list(SUBNETS), "securityGroups": []},
        "scalingTarget": {
            "minTaskCount": 1,
            "maxTaskCount": 20,
            "autoScalingMetric": "AVERAGE_CPU",
            "autoScalingTargetValue": 60,
        },
    }
    assert {name: configuration[name] for name in expected} == expected
    assert configuration["primaryContainer"]["containerPort"] == 80
    assert configuration["primaryContainer"]["awsLogsConfiguration"]["logStreamPrefix"] == "ecs"
    assert configuration["ingressPaths"][0]["endpoint"].startswith("https://api-")
    assert (created["status"], created["tags"]) == ({"statusCode": "ACTIVE"}, [{"key": "Team", "value": "shop"}])
    assert created["currentDeployment"] == bench.service["currentServiceDeployment"]


def test_an_express_service_is_a_service_with_tasks_behind_its_own_target_group(bench: Bench) -> None:
    create(bench, scalingTarget={"minTaskCount": 2})
    assert bench.settle()["status"] == "SUCCESSFUL"
    service = bench.service
    assert (service["runningCount"], service["resourceManagementType"]) == (2, "ECS")
    assert [state for _ip, state in bench.targets(service["loadBalancers"][0]["targetGroupArn"])] == ["healthy"] * 2
    assert "currentDeployment" not in described(bench)
    ours = [item["serviceRevisionArn"] for item in described(bench)["activeConfigurations"]]
    assert ours == [item["arn"] for item in service["currentServiceRevisions"]]
    assert bench.call("ListServices", resourceManagementType="CUSTOMER")["serviceArns"] == []
    assert bench.call("ListServices", resourceManagementType="ECS")["serviceArns"] == [ARN]


def test_an_update_shifts_the_traffic_by_a_canary_and_keeps_what_it_does_not_name(bench: Bench) -> None:
    create(bench, cpu="512", memory="1024")
    bench.settle()
    target = update(bench, primaryContainer={"image": "api:2"})["targetConfiguration"]
    assert (target["primaryContainer"]["image"], target["cpu"], target["memory"]) == ("api:2", "512", "1024")
    bench.wait_until(lambda: bench.deployment["targetServiceRevision"]["requestedProductionTrafficWeight"] == 5)
    active = described(bench)["activeConfigurations"]
    assert [item["primaryContainer"]["image"] for item in active] == ["api:2", "api:1"]
    assert bench.settle()["targetServiceRevision"]["arn"] == target["serviceRevisionArn"]
    assert [item["primaryContainer"]["image"] for item in described(bench)["activeConfigurations"]] == ["api:2"]


@pytest.mark.parametrize("tag", ["crash", "unhealthy", "nopull"])
def test_what_fails_is_taken_back_with_its_configuration(bench: Bench, tag: str) -> None:
    create(bench)
    bench.settle()
    update(bench, primaryContainer={"image": f"api:2-{tag}"}, healthCheckPath="/new")
    assert bench.settle()["status"] == "ROLLBACK_SUCCESSFUL"
    active = described(bench)["activeConfigurations"]
    assert [(item["primaryContainer"]["image"], item["healthCheckPath"]) for item in active] == [("api:1", "/ping")]


def test_a_task_definition_of_the_callers_own(bench: Bench) -> None:
    main = {"name": "Main", "portMappings": [{"name": "web", "containerPort": 8080}]}
    definition = bench.register(container=main)
    created = create(bench, primaryContainer=None, executionRoleArn=None, taskDefinitionArn=definition)
    configuration = created["activeConfigurations"][0]
    assert (configuration["taskDefinitionArn"], configuration["cpu"]) == (definition, "256")
    assert "primaryContainer" not in configuration
    assert bench.settle()["status"] == "SUCCESSFUL"


def test_deleting_drains_and_takes_the_target_groups_along(bench: Bench) -> None:
    create(bench)
    bench.settle()
    groups = len(bench.world.groups)
    told = bench.call("DeleteExpressGatewayService", serviceArn=ARN)["service"]
    assert told["status"] == {"statusCode": "DRAINING"}
    assert bench.error("DeleteExpressGatewayService", serviceArn=ARN)[0] == "ServiceNotActiveException"
    assert bench.error("UpdateExpressGatewayService", serviceArn=ARN, cpu="512")[0] == "ServiceNotActiveException"
    bench.wait_until(lambda: described(bench)["status"] == {"statusCode": "INACTIVE"})
    bench.wait(10)
    assert len(bench.world.groups) == groups - 2
    assert described(bench)["activeConfigurations"] == []
    create(bench)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"primaryContainer": None}, "primaryContainer with an image must be specified."),
    ({"executionRoleArn": None}, "executionRoleArn must be specified."),
    ({"infrastructureRoleArn": None}, "infrastructureRoleArn must be specified."),
    ({"serviceName": "a b"}, "Invalid service name."),
    ({"healthCheckPath": "health"}, "healthCheckPath must start with a forward slash."),
    ({"scalingTarget": {"minTaskCount": 3, "maxTaskCount": 2}}, "minTaskCount must be at least 1"),
    ({"taskDefinitionArn": "api"}, "primaryContainer cannot be specified together with taskDefinitionArn."),
    ({"networkConfiguration": {"subnets": ["subnet-x"]}}, "no subnet subnet-x"),
]


@pytest.mark.parametrize(("changes", "message"), BAD)
def test_what_is_refused(bench: Bench, changes: dict[str, Any], message: str) -> None:
    request = {"serviceName": "api", "primaryContainer": {"image": "api:1"}, "executionRoleArn": f"{ROLE}execution"}
    wanted = {**request, "infrastructureRoleArn": f"{ROLE}infrastructure", **changes}
    code, told = bench.error("CreateExpressGatewayService", **wanted)
    assert (code, message in told) == ("InvalidParameterException", True), told


def test_the_same_request_again_answers_the_same_service_and_another_one_is_refused(bench: Bench) -> None:
    assert create(bench)["serviceArn"] == create(bench)["serviceArn"]
    request = {"serviceName": "api", "infrastructureRoleArn": f"{ROLE}other", "primaryContainer": {"image": "api:1"}}
    assert "not idempotent" in bench.error("CreateExpressGatewayService", **request)[1]


def test_a_service_that_is_not_there_or_not_express(bench: Bench) -> None:
    assert bench.error("DescribeExpressGatewayService", serviceArn=ARN)[0] == "ResourceNotFoundException"
    assert bench.error("UpdateExpressGatewayService", serviceArn=ARN)[0] == "ServiceNotFoundException"
    bench.create()
    assert "not an Express service" in bench.error("DescribeExpressGatewayService", serviceArn=ARN)[1]


def test_over_http_every_answer_fits_the_model(server: Any, clients: dict[str, Any]) -> None:
    """In the default VPC, with nothing but an image and the roles: the clients hold each answer against its shape."""
    ecs, elbv2 = clients["ecs"], clients["elbv2"]
    ecs.create_cluster(clusterName="default")
    created = ecs.create_express_gateway_service(
        serviceName="web",
        infrastructureRoleArn=f"{ROLE}infrastructure",
        executionRoleArn=f"{ROLE}execution",
        primaryContainer={"image": "registry/web:1"},
    )["service"]
    arn = created["serviceArn"]

    def settled() -> dict[str, Any] | None:
        described = ecs.describe_express_gateway_service(serviceArn=arn, include=["TAGS"])["service"]
        return None if described.get("currentDeployment") else described

    first = wait_for(settled)
    subnets = {subnet["SubnetId"] for subnet in clients["ec2"].describe_subnets()["Subnets"] if subnet["DefaultForAz"]}
    assert set(first["activeConfigurations"][0]["networkConfiguration"]["subnets"]) == subnets
    groups = elbv2.describe_target_groups()["TargetGroups"]
    assert {group["TargetGroupName"][:15] for group in groups} == {"ecs-gateway-tg-"}
    target = ecs.update_express_gateway_service(serviceArn=arn, cpu="512", memory="1024")["service"]
    revision = target["targetConfiguration"]["serviceRevisionArn"]
    assert wait_for(settled)["activeConfigurations"][0]["serviceRevisionArn"] == revision
    described = ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"][0]
    assert described["ecsManagedResources"]["ingressPaths"][0]["endpoint"].startswith("https://web-")
    assert ecs.delete_express_gateway_service(serviceArn=arn)["service"]["status"]["statusCode"] == "DRAINING"
    wait_for(lambda: not elbv2.describe_target_groups()["TargetGroups"])
