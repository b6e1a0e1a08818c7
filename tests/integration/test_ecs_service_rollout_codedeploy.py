# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of which CodeDeploy makes the deployments: verdicts, waits, reports, rollbacks, kills."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from ansible_collections.slipway.aws.plugins.module_utils.ecs import CODE_DEPLOY

from .codedeploy import EVENTS, GROUPS, MODULE, ROLLBACK, WHERE, CodeDeployed
from .ecs import CLUSTER, SERVICE, behave, catches, control, kill, run_in_child, standing_still
from .harness import Aws, ModuleFailed

NAMES = {"cluster": CLUSTER, "name": SERVICE, "wait_timeout": 60}
SLOW = {"deployment_config_name": "slow"}
#: Minutes, and a little more than them in seconds: longer than any machine takes to look at what is under way.
LONG, PAST = 1000, 61_000


@pytest.fixture
def stage(aws: Aws) -> CodeDeployed:
    stage = CodeDeployed(aws)
    stage.deploy.create_deployment_config(
        deploymentConfigName="slow",
        computePlatform="ECS",
        trafficRoutingConfig={
            "type": "TimeBasedCanary",
            "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": LONG},
        },
    )
    return stage


WAIT_FOR_END = {
    "terminate_blue_instances_on_deployment_success": {"action": "TERMINATE", "termination_wait_time_in_minutes": LONG}
}
WAIT_FOR_SOMEBODY = {"deployment_ready_option": {"action_on_timeout": "STOP_DEPLOYMENT", "wait_time_in_minutes": 600}}


def test_creates_the_service_and_deploys_by_codedeploy(aws: Aws, stage: CodeDeployed, tmp_path: Path) -> None:
    predicted = aws.run_module(MODULE, stage.options(), check=True)
    assert predicted["actions"][-1]["action"] == "create"
    created = aws.run_module(MODULE, stage.options())
    assert created["rollout"]["judged_by"] == "task_set"
    assert created["rollout"]["status"] == "STEADY_STATE"
    aws.run_module(GROUPS, {"deployment_groups": [stage.group()]})
    aws.mark()
    assert not aws.run_module(MODULE, stage.options())["changed"]
    assert len(aws.calls()) == 2
    # What will happen, and what happens.
    wanted = stage.options("2.0", desired_count=3, code_deploy={"description": "to two"})
    predicted = aws.run_module(MODULE, wanted, check=True)
    assert predicted["will_start_deployment"]
    assert predicted["diff"]["after_header"] == "as it shall be (starts a deployment)"
    assert [item["action"] for item in predicted["actions"]] == ["register", "update", "deploy"]
    lines = tmp_path / "progress"
    result = aws.run_module(MODULE, {**wanted, "progress_file": str(lines)})
    assert [item["action"] for item in result["actions"]] == ["register", "update", "deploy"]
    rollout = result["rollout"]
    assert (rollout["verdict"], rollout["judged_by"], rollout["status"]) == ("successful", "code_deploy", "Succeeded")
    assert rollout["deployment_id"] == stage.numbers()[0]
    assert {item["status"] for item in rollout["code_deploy"]["lifecycle_events"]} == {"Succeeded"}
    assert "CODE_DEPLOY Install, InProgress" in lines.read_text()
    assert stage.runs() == "2"
    assert stage.described()["runningCount"] == 3
    # The target groups have changed places, which is no change of the task's.
    assert not aws.run_module(MODULE, wanted)["changed"]
    only = aws.run_module(MODULE, {**NAMES, "desired_count": 2})
    assert not only["will_start_deployment"]
    assert len(stage.numbers()) == 1


def test_task_that_names_only_an_image_is_deployed_by_the_service_s_own_controller(
    aws: Aws, stage: CodeDeployed
) -> None:
    aws.run_module(MODULE, stage.options())
    image = {**NAMES, "containers": [{"image": "registry/app:2"}]}
    no_group = "no deployment group DgpECS-shop-backend of an application AppECS-shop-back"
    with pytest.raises(ModuleFailed, match=no_group):
        aws.run_module(MODULE, image)
    assert len(stage.revisions()) == 1
    stage.deploy.create_application(applicationName="empty", computePlatform="ECS")
    stage.deploy.create_application(applicationName="machines", computePlatform="Server")
    aws.run_module(GROUPS, {"deployment_groups": [stage.group()]})
    found = aws.run_module(MODULE, image)["rollout"]["code_deploy"]
    assert (found["application_name"], found["deployment_group_name"]) == ("shop", "backend")
    # The last deployment tells the names from now on.
    again = aws.run_module(MODULE, {**NAMES, "force_new_deployment": True})
    assert again["rollout"]["code_deploy"]["application_name"] == "shop"
    assert [stage.statuses(), stage.runs()] == [["Succeeded", "Succeeded"], "2"]


def test_every_option_of_a_deployment_arrives(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up()
    stage.hook("*", "SUCCEEDED")
    hooks = (
        "before_install",
        "after_install",
        "after_allow_test_traffic",
        "before_allow_traffic",
        "after_allow_traffic",
    )
    alarms = {"enabled": True, "ignore_poll_alarm_failure": True, "alarms": [{"name": "quiet"}]}
    settings = {
        "deployment_config_name": "CodeDeployDefault.ECSCanary10Percent5Minutes",
        "description": "with all",
        "override_alarm_configuration": alarms,
        "hooks": {name: name for name in hooks},
    }
    # Held against the options, so that none can be forgotten.
    assert {*WHERE, *ROLLBACK, *settings} == CODE_DEPLOY.keys()
    assert set(hooks) == CODE_DEPLOY["hooks"]["options"].keys()
    assert alarms.keys() == CODE_DEPLOY["override_alarm_configuration"]["options"].keys()
    network = {"awsvpc_configuration": {"subnets": stage.subnets[:1], "security_groups": stage.groups}}
    wanted = stage.options("2.0", code_deploy=settings, network_configuration=network, platform_version="1.4.0")
    result = aws.run_module(MODULE, wanted)
    fields = {change["field"] for change in result["changes"] if change["starts_deployment"]}
    assert {"network_configuration.awsvpc_configuration.subnets", "platform_version"} <= fields
    info = stage.info()
    assert (info["deploymentConfigName"], info["description"]) == (settings["deployment_config_name"], "with all")
    assert info["autoRollbackConfiguration"] == {"enabled": True, "events": EVENTS}
    assert info["overrideAlarmConfiguration"]["ignorePollAlarmFailure"]
    told = {item["name"]: item["function"] for item in result["rollout"]["code_deploy"]["lifecycle_events"]}
    assert [function for function in told.values() if function] == list(hooks)
    assert stage.described()["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == stage.subnets[:1]
    assert not aws.run_module(MODULE, wanted)["changed"]
    kept = {"capacity_provider_strategy": [{"capacity_provider": "FARGATE_SPOT", "weight": 1}], "code_deploy": WHERE}
    moved = aws.run_module(MODULE, {**NAMES, **kept})
    assert moved["rollout"]["verdict"] == "successful"
    assert not aws.run_module(MODULE, {**NAMES, **kept})["changed"]


REFUSED = {
    "only with CODE_DEPLOY": {"deployment_controller": {"type": "ECS"}},
    "EXTERNAL is not supported": {"deployment_controller": {"type": "EXTERNAL"}},
    "use code_deploy.auto_rollback_configuration": {
        "deployment_configuration": {"deployment_circuit_breaker": {"enable": True, "rollback": True}}
    },
    "says how traffic is shifted": {"deployment_configuration": {"strategy": "CANARY"}},
    "needs exactly one": {"load_balancers": []},
    "is a stage of ECS's own deployments": {"wait_until": "BAKE_TIME"},
}


@pytest.mark.parametrize("words", REFUSED)
def test_refuses_before_any_call(aws: Aws, stage: CodeDeployed, words: str) -> None:
    aws.mark()
    with pytest.raises(ModuleFailed, match=words):
        aws.run_module(MODULE, {**stage.options(), **REFUSED[words]})
    assert aws.calls() == []


def test_refuses_what_nothing_can_change_and_what_is_missing(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up()
    aws.mark()
    with pytest.raises(ModuleFailed, match="enable_execute_command: neither ECS nor CodeDeploy can change it"):
        aws.run_module(MODULE, {**NAMES, "enable_execute_command": True})
    hooks = {"hooks": {"after_install": "nothing"}}
    with pytest.raises(ModuleFailed, match=r"code_deploy\.hooks\.after_install: the function nothing does not exist"):
        aws.run_module(MODULE, stage.options("2.0", code_deploy=hooks, verify=True))
    assert aws.mutations() == []


def test_failed_hook_names_its_function_and_the_rollback(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up()
    function = stage.hook("smoke-test", "FAILED")
    with pytest.raises(ModuleFailed) as failure:
        aws.run_module(MODULE, stage.options("2.0", code_deploy={"hooks": {"after_allow_traffic": function}}))
    told = failure.value.result
    failed, back = told["rollout"]["deployment_id"], told["rollout"]["code_deploy"]["rollback_deployment_id"]
    assert f"The deployment {failed} failed (HOOK_EXECUTION_FAILURE), and CodeDeploy has rolled" in told["msg"]
    assert told["failure"]["likely_cause"].startswith(f"The hook AfterAllowTraffic ({function}) failed.")
    assert [(item["hook_id"], item["status"]) for item in told["failure"]["hooks"]] == [("AfterAllowTraffic", "FAILED")]
    assert told["rollout"]["code_deploy"]["rollback_status"] == stage.info(back)["status"] == "Succeeded"
    assert stage.runs() == "1"


def test_tasks_that_crash_are_reported_and_alarms_named(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up()
    behave(aws, "2.0", exit_code=3, exit_after=1)
    control(aws, "ecs/timing", installation=120)
    try:
        with pytest.raises(ModuleFailed) as failure:
            aws.run_module(MODULE, stage.options("2.0"))
    finally:
        control(aws, "ecs/timing", installation=3600)
    told = failure.value.result
    assert told["rollout"]["status"] == "Failed"
    assert told["failure"]["status_reason"].startswith("TIMEOUT: ")
    assert told["failure"]["stopped_tasks"][0]["containers"] == [{"name": "backend", "exit_code": 3}]
    assert "exit code 3" in told["failure"]["likely_cause"]
    control(aws, "ecs/alarms", name="errors", account=aws.account_id)
    alarms = {"override_alarm_configuration": {"enabled": True, "alarms": [{"name": "errors"}]}}
    with pytest.raises(ModuleFailed, match=r"An alarm went off during the deployment: errors\."):
        aws.run_module(MODULE, stage.options("3.0", code_deploy=alarms))
    assert stage.runs() == "1"


def test_failure_that_was_not_taken_back_is_not_reported_as_unchanged(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up()
    never = {
        "auto_rollback_configuration": {"enabled": False},
        "hooks": {"after_allow_traffic": stage.hook("no", "FAILED")},
    }
    with pytest.raises(ModuleFailed, match="and was not rolled back"):
        aws.run_module(MODULE, stage.options("2.0", code_deploy=never))
    assert stage.runs() == "2"
    again = aws.run_module(MODULE, stage.options("2.0"))
    assert [change["field"] for change in again["changes"]] == ["deployment"]
    assert (again["rollout"]["verdict"], stage.statuses()) == ("successful", ["Succeeded", "Failed"])


def test_waits_until_an_event_and_until_the_original_waits_for_its_end(
    aws: Aws, stage: CodeDeployed, tmp_path: Path
) -> None:
    stage.set_up(blue_green_deployment_configuration=WAIT_FOR_END)
    wanted = stage.options("2.0", code_deploy=SLOW)
    reached = aws.run_module(MODULE, {**wanted, "wait_until": "AllowTestTraffic"})
    assert reached["rollout"]["verdict"] == "reached"
    assert stage.info()["status"] == "InProgress"
    # A second run attaches, and check mode says that it starts none.
    assert not aws.run_module(MODULE, wanted, check=True)["will_start_deployment"]
    shift, end = tmp_path / "shift", tmp_path / "end"
    with standing_still(aws, shift, advance=PAST):
        shifted = aws.run_module(MODULE, {**wanted, "wait_until": "TERMINATION_WAIT", "progress_file": str(shift)})
    assert (shifted["changed"], shifted["rollout"]["resumed"]) == (False, True)
    assert stage.runs() == "2"
    assert stage.info()["status"] == "InProgress"
    with standing_still(aws, end, advance=PAST):
        done = aws.run_module(MODULE, {**wanted, "progress_file": str(end)})
    assert (done["changed"], done["rollout"]["verdict"]) == (False, "successful")
    assert stage.statuses() == ["Succeeded"]
    started = aws.run_module(MODULE, {**stage.options("3.0"), "wait": False})
    assert started["rollout"]["verdict"] == "not_awaited"
    assert started["rollout"]["deployment_id"] == stage.numbers()[0]


def test_running_deployment_is_awaited_refused_or_superseded(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up()
    slow = stage.options("2.0", code_deploy=SLOW, wait=False)
    aws.run_module(MODULE, slow)
    aws.mark()
    with pytest.raises(ModuleFailed, match=rf"is running \({stage.numbers()[0]}\), and on_running_deployment is fail"):
        aws.run_module(MODULE, stage.options("3.0", on_running_deployment="fail"))
    assert aws.mutations() == []
    predicted = aws.run_module(MODULE, stage.options("3.0", on_running_deployment="supersede"), check=True)
    assert predicted["actions"][0] == {"action": "stop_deployment", "name": stage.numbers()[0]}
    superseded = aws.run_module(MODULE, stage.options("3.0", on_running_deployment="supersede"))
    assert superseded["rollout"]["verdict"] == "successful"
    assert stage.statuses() == ["Succeeded", "Succeeded", "Stopped"]
    aws.run_module(MODULE, stage.options("4.0", wait=False))
    # Another one is waited for, whatever becomes of it.
    result = aws.run_module(MODULE, stage.options("5.0", on_running_deployment="resume"))
    assert (result["rollout"]["resumed"], stage.statuses()[:2]) == (False, ["Succeeded", "Succeeded"])
    waited = aws.run_module(MODULE, stage.options("5.0", on_running_deployment="wait"))
    assert not waited["changed"]


def test_somebody_lets_the_traffic_be_rerouted_or_does_not(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up(blue_green_deployment_configuration=WAIT_FOR_SOMEBODY)
    paused = aws.run_module(MODULE, stage.options("2.0", wait_until="paused"))
    assert (paused["rollout"]["verdict"], paused["rollout"]["status"]) == ("paused", "Ready")
    assert aws.run_module(MODULE, {**NAMES, "code_deploy": WHERE, "state": "approved"}, check=True)["changed"]
    approved = aws.run_module(MODULE, {**NAMES, "code_deploy": WHERE, "state": "approved"})
    assert (approved["changed"], approved["rollout"]["verdict"]) == (True, "successful")
    assert not aws.run_module(MODULE, {**NAMES, "state": "approved"})["changed"]
    aws.run_module(MODULE, stage.options("3.0", wait_until="paused"))
    rejected = aws.run_module(MODULE, {**NAMES, "state": "rejected"})
    assert (rejected["changed"], rejected["rollout"]["verdict"], stage.runs()) == (True, "successful", "2")
    assert not aws.run_module(MODULE, {**NAMES, "state": "rejected"})["changed"]


def test_goes_back_to_the_last_successful_deployment_and_before_the_first_one(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up()
    back = {**NAMES, "state": "rolled_back"}
    aws.run_module(MODULE, stage.options("2.0"))
    network = {"awsvpc_configuration": {"subnets": stage.subnets[:1], "security_groups": stage.groups}}
    aws.run_module(MODULE, stage.options("3.0", network_configuration=network))
    predicted = aws.run_module(MODULE, back, check=True)
    assert predicted["will_start_deployment"]
    result = aws.run_module(MODULE, back)
    assert (result["rollout"]["verdict"], stage.runs()) == ("successful", "2")
    assert stage.described()["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == stage.subnets
    assert not aws.run_module(MODULE, back)["changed"]
    # A deployment that runs is taken back instead.
    aws.run_module(MODULE, stage.options("4.0", code_deploy=SLOW, wait_until="AllowTraffic"))
    taken_back = aws.run_module(MODULE, back)
    assert (taken_back["rollout"]["verdict"], taken_back["rollout"]["status"]) == ("successful", "Stopped")
    assert stage.runs() == "2"


def test_goes_back_to_what_ran_before_the_first_deployment(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up()
    with pytest.raises(ModuleFailed, match="there is no earlier deployment of backend"):
        aws.run_module(MODULE, {**NAMES, "code_deploy": WHERE, "state": "rolled_back"})
    # Checkpoints work as with any other controller.
    result = aws.run_module(MODULE, stage.options("2.0", checkpoint=True))
    assert result["checkpoint"] == "shop-backend:1"
    restored = aws.run_module(MODULE, {**NAMES, "state": "rolled_back", "rollback_to": "checkpoint"})
    assert (restored["checkpoint"], stage.runs()) == ("", "1")
    aws.run_module(MODULE, stage.options("3.0", reversible=False))
    with pytest.raises(ModuleFailed, match="marked as not reversible"):
        aws.run_module(MODULE, {**NAMES, "state": "rolled_back"})
    aws.run_module(MODULE, {**NAMES, "state": "rolled_back", "force_rollback": True})
    assert stage.runs() == "1"


def test_moved_tag_counts_as_a_change(aws: Aws, stage: CodeDeployed) -> None:
    ecr = aws.client("ecr")
    ecr.create_repository(repositoryName="shop/backend")
    image = f"{aws.account_id}.dkr.ecr.us-east-1.amazonaws.com/shop/backend:1.0"

    def push(digest: str) -> None:
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "x": digest,
        }
        ecr.put_image(repositoryName="shop/backend", imageManifest=json.dumps(manifest), imageTag="1.0")

    push("a")
    containers = [stage.container(image=image)]
    wanted = {**stage.options(), "task_definition": stage.definition(container_definitions=containers)}
    aws.run_module(MODULE, wanted)
    aws.run_module(GROUPS, {"deployment_groups": [stage.group()]})
    assert not aws.run_module(MODULE, {**wanted, "pin_digest": True})["changed"]
    push("b")
    moved = aws.run_module(MODULE, {**wanted, "pin_digest": True})
    assert [change["field"] for change in moved["changes"]] == ["task_definition.images.backend.digest"]
    assert not aws.run_module(MODULE, {**wanted, "pin_digest": True})["changed"]


def test_interrupted_run_stops_and_takes_back_where_asked(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up()
    child = run_in_child(MODULE, stage.options("2.0", code_deploy=SLOW, on_interrupt="roll_back"))
    stage.started(1)
    while not catches(child, signal.SIGHUP):
        time.sleep(0.02)
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)
    stage.started(2)
    assert stage.statuses()[1] == "Stopped"
    result = aws.run_module(MODULE, stage.options("3.0"))
    assert (result["rollout"]["verdict"], stage.statuses()) == ("successful", ["Succeeded", "Succeeded", "Stopped"])


def test_late_run_is_told_to_go_on(aws: Aws, stage: CodeDeployed, tmp_path: Path) -> None:
    lines = tmp_path / "progress"
    stage.set_up(blue_green_deployment_configuration=WAIT_FOR_END)
    with pytest.raises(ModuleFailed, match="has not ended within 1 seconds"):
        aws.run_module(MODULE, stage.options("2.0", code_deploy=SLOW, wait_timeout=1))
    assert stage.statuses() == ["InProgress"]
    with standing_still(aws, lines, advance=3 * PAST):
        again = aws.run_module(MODULE, stage.options("2.0", code_deploy=SLOW, progress_file=str(lines)))
    assert again["rollout"]["resumed"]


# The controller is killed as soon as the local AWS has answered this call so many times: before a deployment, during
# one that goes on until then, and after one.
CUTS = (
    ("ecs:RegisterTaskDefinition", 1, SLOW),
    ("ecs:TagResource", 1, SLOW),
    ("codedeploy:ListDeployments", 1, SLOW),
    ("codedeploy:CreateDeployment", 1, SLOW),
    ("codedeploy:GetDeployment", 1, SLOW),
    ("codedeploy:GetDeploymentTarget", 4, SLOW),
    ("ecs:DescribeServices", 3, {}),
)


def test_killed_at_any_point_it_converges_with_one_deployment_a_change(
    aws: Aws, stage: CodeDeployed, tmp_path: Path
) -> None:
    stage.set_up()
    for number, (call, times, how) in enumerate(CUTS, 1):
        options = stage.options(str(number), checkpoint=True, code_deploy=how)
        lines = tmp_path / str(number)
        aws.mark()
        child = run_in_child(MODULE, options)
        until = time.monotonic() + 300
        while aws.calls().count(call) < times:
            assert time.monotonic() < until, f"never saw {call}"
            time.sleep(0.01)
        kill(aws, child)
        with standing_still(aws, lines, advance=3 * PAST):
            result = aws.run_module(MODULE, {**options, "progress_file": str(lines)})
        assert result["images"]["backend"].endswith(f":{number}"), call
        assert stage.runs() == str(number + 1), f"killed after {call}, a revision was registered twice"
        assert len(stage.numbers()) == number, f"killed after {call}, a change has started several deployments"
        aws.run_module(MODULE, {**NAMES, "state": "released"})
    assert set(stage.statuses()) == {"Succeeded"}


def test_killed_during_a_failing_rollout_it_does_not_report_success(
    aws: Aws, stage: CodeDeployed, tmp_path: Path
) -> None:
    lines = tmp_path / "progress"
    stage.set_up()
    hooks = {"hooks": {"after_install": stage.hook("bad", "FAILED")}}
    control(aws, "ecs/timing", rollback=100_000)
    try:
        child = run_in_child(MODULE, stage.options("2.0", code_deploy=hooks))
        stage.started(2)
        kill(aws, child)
        rolled_back = pytest.raises(ModuleFailed, match=r"HOOK_EXECUTION_FAILURE.*has rolled the service back")
        with standing_still(aws, lines, advance=100_000), rolled_back as failure:
            aws.run_module(MODULE, stage.options("2.0", code_deploy=hooks, progress_file=str(lines)))
    finally:
        control(aws, "ecs/timing", rollback=10)
    assert failure.value.result["rollout"]["resumed"]
    assert len(stage.numbers()) == 2


def test_takes_the_service_down_and_its_group(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up()
    aws.run_module(MODULE, stage.options("2.0", code_deploy=SLOW, wait=False))
    gone = {"deployment_groups": [WHERE], "state": "absent"}
    assert aws.run_module(MODULE, {**NAMES, "state": "absent"})["changed"]
    predicted = aws.run_module(GROUPS, gone, check=True)
    assert [(item["action"], item["name"]) for item in predicted["actions"]] == [
        ("delete", "shop/backend"),
        ("delete", "shop"),
    ]
    assert aws.run_module(GROUPS, gone)["actions"] == predicted["actions"]
    assert not aws.run_module(GROUPS, gone)["changed"]
    assert not aws.run_module(MODULE, {**NAMES, "state": "absent"})["changed"]


def test_several_services_are_awaited_in_one_call_a_look(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up()
    everything = {"cluster": CLUSTER, "services": [{"name": SERVICE}], "wait_timeout": 60}
    assert aws.run_module("ecs_services_wait", everything)["services"][SERVICE]["verdict"] == "idle"
    control(aws, "ecs/timing", scheduler=100_000)
    try:
        started = aws.run_module(MODULE, stage.options("2.0", wait=False))["rollout"]
        # It has no task set yet, and is found all the same: check mode looks once.
        assert len(stage.described()["taskSets"]) == 1
        seen = aws.run_module("ecs_services_wait", everything, check=True)["services"][SERVICE]
        assert (seen["verdict"], seen["deployment_id"]) == ("not_ended", started["deployment_id"])
    finally:
        control(aws, "ecs/timing", scheduler=1)
        control(aws, "ecs/clock", advance=100_000)
    aws.mark()
    named = {**everything, "services": [{"name": SERVICE, "deployment_id": started["deployment_id"]}]}
    told = aws.run_module("ecs_services_wait", named)["services"][SERVICE]
    assert (told["verdict"], told["judged_by"], told["status"]) == ("successful", "code_deploy", "Succeeded")
    assert set(aws.calls()) == {"ecs:DescribeServices", "codedeploy:BatchGetDeployments"}
    bad = {"hooks": {"after_install": stage.hook("no", "FAILED")}}
    started = aws.run_module(MODULE, stage.options("3.0", wait=False, code_deploy=bad))["rollout"]
    named["services"][0]["deployment_id"] = started["deployment_id"]
    seen = aws.run_module("ecs_services_info", {"cluster": CLUSTER, "services": [SERVICE]})["services"][SERVICE]
    assert (seen["task_definition"], seen["deployments"][0]["rollout_state"]) == ("shop-backend:2", "COMPLETED")
    with pytest.raises(ModuleFailed, match=r"HOOK_EXECUTION_FAILURE\), and CodeDeploy has rolled the service back"):
        aws.run_module("ecs_services_wait", named)


def test_service_moves_from_codedeploy_to_ecs_s_own_deployments(aws: Aws, stage: CodeDeployed) -> None:
    stage.set_up()
    moved = {**NAMES, "deployment_controller": {"type": "ECS"}, "containers": [{"image": "registry/app:2"}]}
    assert aws.run_module(MODULE, moved, check=True)["will_start_deployment"]
    result = aws.run_module(MODULE, moved)
    assert (result["rollout"]["verdict"], result["rollout"]["judged_by"]) == ("successful", "service_deployment")
    assert stage.described()["deploymentController"] == {"type": "ECS"}
    assert not aws.run_module(MODULE, moved)["changed"]
    with pytest.raises(ModuleFailed, match="code_deploy: ECS itself makes the deployments of backend"):
        aws.run_module(MODULE, {**NAMES, "code_deploy": WHERE})
    with pytest.raises(ModuleFailed, match="wait_until: AllowTraffic is an event of CodeDeploy"):
        aws.run_module(MODULE, {**NAMES, "wait_until": "AllowTraffic"})
