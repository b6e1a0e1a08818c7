# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blue/green, linear and canary deployments: stages, traffic, hooks, and the way back."""

from __future__ import annotations

from typing import Any

import pytest
from bench import GROUP, OTHER_GROUP, RULE, TEST_RULE, Bench

BALANCERS = [
    {
        "targetGroupArn": GROUP,
        "containerName": "api",
        "containerPort": 8080,
        "advancedConfiguration": {
            "alternateTargetGroupArn": OTHER_GROUP,
            "productionListenerRule": RULE,
            "testListenerRule": TEST_RULE,
            "roleArn": "arn:aws:iam::123456789012:role/ecs-infrastructure",
        },
    }
]
BLUE_GREEN: dict[str, Any] = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}
HOOK_ARN = "arn:aws:lambda:us-east-1:123456789012:function:check"
STAGES = [
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
]


def lambda_hook(*stages: str, **more: Any) -> dict[str, Any]:
    role = "arn:aws:iam::123456789012:role/hooks"
    return {"hookTargetArn": HOOK_ARN, "roleArn": role, "lifecycleStages": list(stages), **more}


def pause_hook(*stages: str, **more: Any) -> dict[str, Any]:
    return {"targetType": "PAUSE", "lifecycleStages": list(stages), **more}


def start(bench: Bench, configuration: dict[str, Any]) -> Bench:
    """Bring the first revision out."""
    bench.create(loadBalancers=BALANCERS, deploymentConfiguration=configuration)
    assert bench.settle()["status"] == "SUCCESSFUL"
    bench.wait(30)
    return bench


def weights(bench: Bench, rule: str = RULE) -> dict[str, float]:
    """What the listener's rule forwards now."""
    return next(given for arn, given in reversed(bench.world.weights) if arn == rule)


def weight_steps(bench: Bench, group: str) -> list[float]:
    steps: list[float] = []
    for arn, given in bench.world.weights:
        if arn == RULE and (not steps or steps[-1] != given[group]):
            steps.append(given[group])
    return steps


def test_blue_green_goes_through_its_stages(bench: Bench) -> None:
    # A hook that wants to be asked again makes each stage long enough to be seen.
    hooks = [lambda_hook(*[s for s in STAGES if s not in ("SCALE_UP", "BAKE_TIME", "CLEAN_UP")])]
    start(bench, BLUE_GREEN)
    bench.world.hook_answers = ["IN_PROGRESS", "SUCCEEDED"] * len(STAGES)
    bench.update("api:2", deploymentConfiguration={"lifecycleHooks": hooks})
    seen: list[str] = []
    counts: set[int] = set()

    def ended() -> bool:
        deployment = bench.deployment
        stage = deployment.get("lifecycleStage")
        if stage and (not seen or seen[-1] != stage):
            seen.append(stage)
        counts.add(len(bench.tasks()))
        return deployment["status"] == "SUCCESSFUL"

    bench.wait_until(ended)
    assert seen == STAGES
    assert max(counts) == 4
    bench.wait(30)
    assert [task["containers"][0]["image"] for task in bench.tasks()] == ["api:2"] * 2
    assert [state for _ip, state in bench.targets(OTHER_GROUP)] == ["healthy", "healthy"]
    assert bench.targets(GROUP) == []
    assert weights(bench) == {GROUP: 0, OTHER_GROUP: 100}
    assert [payload["lifecycleStage"] for payload in bench.world.hook_calls[::2]] == [
        stage for stage in STAGES if stage not in ("SCALE_UP", "BAKE_TIME", "CLEAN_UP")
    ]


def test_green_takes_no_production_traffic_before_its_time(bench: Bench) -> None:
    start(bench, BLUE_GREEN)
    assert weights(bench) == {GROUP: 100, OTHER_GROUP: 0}
    bench.update("api:2", deploymentConfiguration={"lifecycleHooks": [pause_hook("POST_TEST_TRAFFIC_SHIFT")]})
    bench.wait_until(lambda: bench.deployment.get("lifecycleHookDetails"))
    deployment = bench.deployment
    assert deployment["lifecycleStage"] == "POST_TEST_TRAFFIC_SHIFT"
    assert deployment["targetServiceRevision"]["requestedTestTrafficWeight"] == 100
    assert deployment["targetServiceRevision"]["requestedProductionTrafficWeight"] == 0
    assert deployment["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"] == 100
    assert weights(bench) == {GROUP: 100, OTHER_GROUP: 0}
    assert weights(bench, TEST_RULE) == {GROUP: 0, OTHER_GROUP: 100}
    green = bench.call("DescribeServiceRevisions", serviceRevisionArns=[deployment["targetServiceRevision"]["arn"]])
    resolved = green["serviceRevisions"][0]["resolvedConfiguration"]["loadBalancers"]
    assert resolved == [{"targetGroupArn": OTHER_GROUP, "productionListenerRule": RULE}]


def test_blue_and_green_take_turns(bench: Bench) -> None:
    start(bench, {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0})
    for image, group in (("api:2", OTHER_GROUP), ("api:3", GROUP), ("api:4", OTHER_GROUP)):
        bench.update(image)
        assert bench.settle()["status"] == "SUCCESSFUL"
        bench.wait(30)
        assert weights(bench)[group] == 100
        assert len(bench.targets(group)) == 2


def test_blue_stays_through_the_bake_time(bench: Bench) -> None:
    start(bench, BLUE_GREEN)
    bench.update("api:2")
    bench.wait_until(lambda: bench.deployment.get("lifecycleStage") == "BAKE_TIME")
    began = bench.time
    bench.wait(290)
    assert bench.deployment["lifecycleStage"] == "BAKE_TIME"
    assert len(bench.tasks()) == 4
    bench.settle()
    assert bench.time - began < 340
    assert len(bench.tasks()) == 2


def test_canary_shifts_a_little_first(bench: Bench) -> None:
    canary = {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 3}
    start(bench, {"strategy": "CANARY", "canaryConfiguration": canary})
    bench.update("api:2")
    bench.wait_until(lambda: bench.deployment["targetServiceRevision"]["requestedProductionTrafficWeight"] == 10.0)
    began = bench.time
    assert weights(bench) == {GROUP: 90.0, OTHER_GROUP: 10.0}
    bench.wait_until(lambda: bench.deployment["targetServiceRevision"]["requestedProductionTrafficWeight"] == 100)
    assert 180 <= bench.time - began <= 190
    assert bench.settle()["status"] == "SUCCESSFUL"


def test_linear_shifts_step_by_step(bench: Bench) -> None:
    linear = {"stepPercent": 25.0, "stepBakeTimeInMinutes": 2}
    hooks = [lambda_hook("PRE_PRODUCTION_TRAFFIC_SHIFT")]
    start(bench, {"strategy": "LINEAR", "linearConfiguration": linear})
    assert weight_steps(bench, OTHER_GROUP) == [0]
    bench.update("api:2", deploymentConfiguration={"lifecycleHooks": hooks})
    assert bench.settle()["status"] == "SUCCESSFUL"
    assert weight_steps(bench, OTHER_GROUP) == [0, 25.0, 50.0, 75.0, 100.0]
    # The stage comes before every step.
    assert len(bench.world.hook_calls) == 4


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"strategy": "LINEAR"}, {"linearConfiguration": {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6}}),
        ({"strategy": "CANARY"}, {"canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}}),
    ],
)
def test_defaults_of_the_strategies(bench: Bench, configuration: dict[str, Any], expected: dict[str, Any]) -> None:
    service = bench.create(loadBalancers=BALANCERS, deploymentConfiguration=configuration)
    assert service["deploymentConfiguration"].items() >= expected.items()


@pytest.mark.parametrize("configuration", [BLUE_GREEN, {"strategy": "LINEAR"}, {"strategy": "CANARY"}])
def test_a_failing_hook_rolls_back_and_returns_the_traffic(bench: Bench, configuration: dict[str, Any]) -> None:
    start(bench, configuration)
    good = bench.service["taskDefinition"]
    bench.world.hook_answers = ["FAILED"]
    bench.update("api:2", deploymentConfiguration={"lifecycleHooks": [lambda_hook("POST_PRODUCTION_TRAFFIC_SHIFT")]})
    deployment = bench.settle()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "POST_PRODUCTION_TRAFFIC_SHIFT" in deployment["rollback"]["reason"]
    assert [hook["status"] for hook in deployment["lifecycleHookDetails"]] == ["FAILED"]
    assert weight_steps(bench, OTHER_GROUP)[-2:] == [100.0, 0]
    assert bench.service["taskDefinition"] == good
    bench.wait(60)
    assert [task["containers"][0]["image"] for task in bench.tasks()] == ["api:1"] * 2
    assert bench.targets(OTHER_GROUP) == []


def test_a_paused_deployment_goes_on_when_it_is_told_to(bench: Bench) -> None:
    start(bench, BLUE_GREEN)
    bench.update("api:2", deploymentConfiguration={"lifecycleHooks": [pause_hook("PRE_PRODUCTION_TRAFFIC_SHIFT")]})
    hook = bench.wait_until(lambda: bench.deployment.get("lifecycleHookDetails"))[0]
    assert (hook["targetType"], hook["status"], hook["timeoutAction"]) == ("PAUSE", "AWAITING_ACTION", "ROLLBACK")
    bench.wait(3600)
    assert bench.deployment["lifecycleStage"] == "PRE_PRODUCTION_TRAFFIC_SHIFT"
    arn = bench.deployment["serviceDeploymentArn"]
    request = {"serviceDeploymentArn": arn, "hookId": hook["hookId"], "action": "CONTINUE"}
    assert bench.call("ContinueServiceDeployment", **request) == {"serviceDeploymentArn": arn}
    assert bench.error("ContinueServiceDeployment", **request)[0] == "InvalidParameterException"
    deployment = bench.settle()
    assert deployment["status"] == "SUCCESSFUL"
    assert deployment["lifecycleHookDetails"][0]["status"] == "SUCCEEDED"


def test_a_paused_deployment_can_be_rejected(bench: Bench) -> None:
    start(bench, BLUE_GREEN)
    bench.update("api:2", deploymentConfiguration={"lifecycleHooks": [pause_hook("POST_SCALE_UP")]})
    hook = bench.wait_until(lambda: bench.deployment.get("lifecycleHookDetails"))[0]
    arn = bench.deployment["serviceDeploymentArn"]
    bench.call("ContinueServiceDeployment", serviceDeploymentArn=arn, hookId=hook["hookId"], action="ROLLBACK")
    deployment = bench.settle()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "rejected" in deployment["rollback"]["reason"]


@pytest.mark.parametrize(("action", "status"), [("ROLLBACK", "ROLLBACK_SUCCESSFUL"), ("CONTINUE", "SUCCESSFUL")])
@pytest.mark.parametrize("kind", ["PAUSE", "AWS_LAMBDA"])
def test_hooks_time_out(bench: Bench, kind: str, action: str, status: str) -> None:
    start(bench, BLUE_GREEN)
    bench.world.hook_answers = ["IN_PROGRESS"] * 1000
    timeout = {"timeoutConfiguration": {"timeoutInMinutes": 10, "action": action}}
    hook = pause_hook("POST_SCALE_UP", **timeout) if kind == "PAUSE" else lambda_hook("POST_SCALE_UP", **timeout)
    bench.update("api:2", deploymentConfiguration={"lifecycleHooks": [hook]})
    bench.wait_until(lambda: bench.deployment.get("lifecycleHookDetails"))
    began = bench.time
    bench.wait_until(lambda: bench.deployment["lifecycleHookDetails"][0]["status"] == "TIMED_OUT")
    assert 595 <= bench.time - began <= 605
    assert bench.settle()["status"] == status


def test_green_that_fails_trips_the_breaker(bench: Bench) -> None:
    start(bench, {**BLUE_GREEN, "deploymentCircuitBreaker": {"enable": True, "rollback": True}})
    bench.update("api:2-unhealthy")
    deployment = bench.settle()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert weight_steps(bench, OTHER_GROUP)[-1] == 0


def test_an_alarm_in_the_bake_time_returns_the_traffic(bench: Bench) -> None:
    alarms = {"alarmNames": ["5xx"], "enable": True, "rollback": True}
    start(bench, {**BLUE_GREEN, "alarms": alarms})
    bench.update("api:2")
    bench.wait_until(lambda: bench.deployment.get("lifecycleStage") == "BAKE_TIME")
    bench.world.alarms["5xx"] = "ALARM"
    deployment = bench.settle()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert deployment["alarms"]["triggeredAlarmNames"] == ["5xx"]
    assert weights(bench) == {GROUP: 100, OTHER_GROUP: 0}


def test_stopping_in_the_middle_of_a_shift_returns_the_traffic(bench: Bench) -> None:
    start(bench, {"strategy": "CANARY"})
    bench.update("api:2")
    bench.wait_until(lambda: bench.deployment["targetServiceRevision"]["requestedProductionTrafficWeight"] == 5.0)
    bench.call("StopServiceDeployment", serviceDeploymentArn=bench.deployment["serviceDeploymentArn"])
    assert bench.settle()["status"] == "ROLLBACK_SUCCESSFUL"
    assert weights(bench) == {GROUP: 100, OTHER_GROUP: 0}
    bench.wait(60)
    assert len(bench.tasks()) == 2


def test_a_newer_deployment_clears_up_what_the_last_one_left(bench: Bench) -> None:
    start(bench, BLUE_GREEN)
    bench.update("api:2")
    bench.wait_until(lambda: bench.deployment.get("lifecycleStage") == "BAKE_TIME")
    bench.update("api:3")
    stages = set()

    def ended() -> bool:
        stages.add(bench.deployment.get("lifecycleStage"))
        return bench.deployment["status"] == "SUCCESSFUL"

    bench.wait_until(ended)
    bench.wait(60)
    assert "RECONCILE_SERVICE" in stages
    assert [task["containers"][0]["image"] for task in bench.tasks()] == ["api:3"] * 2
    assert weights(bench) == {GROUP: 0, OTHER_GROUP: 100}


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"canaryConfiguration": {"canaryPercent": 5.0}}, "canaryConfiguration is only valid"),
        ({"strategy": "CANARY", "linearConfiguration": {"stepPercent": 5.0}}, "linearConfiguration is only valid"),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2.0}}, "stepPercent"),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 101.0}}, "canaryPercent"),
        ({"bakeTimeInMinutes": 1441}, "bakeTimeInMinutes"),
        ({"lifecycleHooks": [pause_hook("POST_SCALE_UP")]}, "Lifecycle hooks are not supported"),
        ({**BLUE_GREEN, "lifecycleHooks": [pause_hook("TEST_TRAFFIC_SHIFT")]}, "PAUSE hooks cannot"),
        ({**BLUE_GREEN, "lifecycleHooks": [pause_hook("PRODUCTION_TRAFFIC_SHIFT")]}, "PAUSE hooks cannot"),
        ({**BLUE_GREEN, "lifecycleHooks": [{"lifecycleStages": ["POST_SCALE_UP"]}]}, "hookTargetArn and roleArn"),
        ({**BLUE_GREEN, "lifecycleHooks": [pause_hook()]}, "lifecycleStages must be specified"),
        ({**BLUE_GREEN, "earlySuccessCriteria": {"enable": True, "healthyPercent": 100}}, "earlySuccessCriteria"),
        ({"earlySuccessCriteria": {"enable": True, "healthyPercent": 50}}, "healthyPercent"),
    ],
)
def test_illegal_configurations_are_refused(bench: Bench, configuration: dict[str, Any], words: str) -> None:
    code, message = bench.error(
        "CreateService",
        serviceName="api",
        taskDefinition=bench.register(),
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
        loadBalancers=BALANCERS,
        deploymentConfiguration=configuration,
    )
    assert code == "InvalidParameterException"
    assert words in message


def test_shifting_traffic_needs_somewhere_to_shift_it(bench: Bench) -> None:
    balancers = [{"targetGroupArn": GROUP, "containerName": "api", "containerPort": 8080}]
    code, message = bench.error(
        "CreateService",
        serviceName="api",
        taskDefinition=bench.register(),
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
        loadBalancers=balancers,
        deploymentConfiguration=BLUE_GREEN,
    )
    assert code == "InvalidParameterException"
    assert "alternateTargetGroupArn" in message
