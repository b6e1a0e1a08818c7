# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Express Mode: from an image and two roles to an endpoint, with the verdict on each deployment."""

from __future__ import annotations

import contextlib
import copy
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.modules.ecs_express_service import SETTINGS

from .ecs import CLUSTER, Stage, behave, control, kill, run_in_child, standing_still
from .harness import Aws, ModuleFailed, Server
from .options import leaves, placed

MODULE = "ecs_express_service"
NAME = "web"
ROLE = "arn:aws:iam::111122223333:role/"
SUBNETS = "network_configuration.subnets"
GROUPS = "network_configuration.security_groups"


class Express(Stage):
    """What an Express service needs around it: a cluster, a network, a log group."""

    def options(self, tag: str = "1.0", **changes: Any) -> dict[str, Any]:
        return {
            "cluster": CLUSTER,
            "name": NAME,
            "infrastructure_role_arn": f"{ROLE}infrastructure",
            "execution_role_arn": f"{ROLE}execution",
            "primary_container": {
                "image": f"registry/web:{tag}",
                "container_port": 8080,
                "aws_logs_configuration": {"log_group": "/ecs/backend", "log_stream_prefix": "web"},
            },
            "network_configuration": {"subnets": self.subnets, "security_groups": self.groups[:1]},
            "wait_timeout": 60,
            **copy.deepcopy(changes),
        }

    def image(self, tag: str, **changes: Any) -> dict[str, Any]:
        """Only another image: everything else stays."""
        return {
            "cluster": CLUSTER,
            "name": NAME,
            "primary_container": {"image": f"registry/web:{tag}"},
            "wait_timeout": 60,
            **changes,
        }

    def own_definition(self, **changes: Any) -> dict[str, Any]:
        """A service from a task definition of its own."""
        main = {"name": "Main", "image": "registry/web:1", "portMappings": [{"name": "web", "containerPort": 80}]}
        registered = self.ecs.register_task_definition(
            family="own",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[main],
        )
        arn = registered["taskDefinition"]["taskDefinitionArn"]
        without = {"primary_container": None, "execution_role_arn": None}
        return self.options(task_definition_arn=arn, **without, **changes)

    @property
    def arn(self) -> str:
        return f"arn:aws:ecs:us-east-1:{self.aws.account_id}:service/{CLUSTER}/{NAME}"

    def express(self) -> dict[str, Any]:
        return self.ecs.describe_express_gateway_service(serviceArn=self.arn, include=["TAGS"])["service"]

    def deployments(self) -> list[dict[str, Any]]:
        listed = self.ecs.list_service_deployments(cluster=CLUSTER, service=NAME)["serviceDeployments"]
        return sorted(listed, key=lambda item: item["createdAt"], reverse=True)

    def run(self, options: dict[str, Any], **how: Any) -> dict[str, Any]:
        return self.aws.run_module(MODULE, options, **how)

    @contextlib.contextmanager
    def standing_still(self, options: dict[str, Any], lines: Path, **more: float) -> Iterator[dict[str, Any]]:
        """The options of a run that finds the clock stopped, which goes on when the run follows a deployment."""
        with standing_still(self.aws, lines, **more):
            yield {**options, "progress_file": str(lines)}

    def fails(self, options: dict[str, Any]) -> dict[str, Any]:
        with pytest.raises(ModuleFailed) as failure:
            self.run(options)
        return failure.value.result


@pytest.fixture
def stage(aws: Aws) -> Iterator[Express]:
    yield Express(aws)
    control(aws, "ecs/clock", paused=False)
    control(aws, "ecs/lag", "DELETE")
    control(aws, "ecs/timing", rollback=10)


def steady(service: dict[str, Any]) -> dict[str, Any]:
    """Without what AWS alone knows before a change."""
    own = {key: value for key, value in service.items() if key not in ("updated_at", "current_deployment")}
    names = ("service_revision_arn", "task_definition_arn", "created_at")
    configuration = {key: value for key, value in service["configuration"].items() if key not in names}
    return {**own, "configuration": configuration}


def test_check_mode_on_an_empty_account_predicts_the_service(aws: Aws) -> None:
    options = {
        "name": NAME,
        "infrastructure_role_arn": f"{ROLE}infrastructure",
        "execution_role_arn": f"{ROLE}execution",
        "primary_container": {"image": "registry/web:1"},
        "tags": {"Team": "shop"},
    }
    result = aws.run_module(MODULE, options, check=True)
    assert (result["changed"], result["will_start_deployment"], result["endpoints"]) == (True, True, [])
    assert result["actions"] == [{"action": "create", "name": NAME}]
    assert (result["service"]["status"], result["service"]["tags"]) == ("PLANNED", {"Team": "shop"})
    assert result["diff"]["after"]["primary_container.image"] == "registry/web:1"
    assert "starts a deployment" in result["diff"]["after_header"]
    assert aws.calls() == ["ecs:DescribeServices"]
    with pytest.raises(ModuleFailed, match="there is no ECS cluster default"):
        aws.run_module(MODULE, options)
    assert not aws.run_module(MODULE, {"name": NAME, "state": "absent"})["changed"]


def test_rolls_out_to_an_endpoint_and_then_changes_only_what_is_given(stage: Express, tmp_path: Path) -> None:
    lines = tmp_path / "progress"
    environment = [{"name": "LOG_LEVEL", "value": "info"}, {"name": "apiKeyName", "value": "x"}]
    options = stage.options(cpu=".5 vCPU", memory="1 GB", tags={"Team": "shop"}, progress_file=str(lines))
    options["primary_container"]["environment"] = environment
    created = stage.run(options)
    assert (created["rollout"]["verdict"], created["rollout"]["judged_by"]) == ("successful", "service_deployment")
    assert created["endpoints"] == created["service"]["configuration"]["ingress_paths"]
    assert created["endpoints"][0]["endpoint"].startswith("https://web-")
    assert created["service"]["configuration"]["cpu"] == "512"
    told = lines.read_text()
    assert "web: CANARY" in told
    assert "SUCCESSFUL, 1/1 tasks run" in told

    stage.aws.mark()
    again = stage.run(options)
    assert (again["changed"], again["changes"], again["rollout"]) == (False, [], {})
    assert again["service"] == created["service"]
    assert stage.aws.calls() == ["ecs:DescribeServices", "ecs:DescribeExpressGatewayService"]

    update = stage.image("1.1")
    predicted = stage.run(update, check=True)
    done = stage.run(update)
    assert (
        done["changes"]
        == predicted["changes"]
        == [
            {
                "field": "primary_container.image",
                "before": "registry/web:1.0",
                "after": "registry/web:1.1",
                "starts_deployment": True,
            }
        ]
    )
    assert (done["diff"], done["actions"]) == (predicted["diff"], predicted["actions"])
    assert steady(done["service"]) == steady(predicted["service"])
    assert (
        done["rollout"]["target_service_revision_arn"]
        == stage.express()["activeConfigurations"][0]["serviceRevisionArn"]
    )
    container = done["service"]["configuration"]["primary_container"]
    assert (container["environment"], container["container_port"]) == (environment, 8080)
    assert not stage.run(update)["changed"]

    tagged = stage.run({"cluster": CLUSTER, "name": NAME, "tags": {"Team": "web", "slipway:note": "kept"}})
    assert (tagged["changed"], tagged["will_start_deployment"], tagged["rollout"]) == (True, False, {})
    assert "starts no deployment" in tagged["diff"]["after_header"]
    assert not stage.run({"cluster": CLUSTER, "name": NAME, "tags": {"Team": "web"}})["changed"]
    assert len(stage.deployments()) == 2


def test_deployment_that_ecs_rolls_back_is_a_failure_with_its_cause(stage: Express) -> None:
    stage.run(stage.options())
    behave(stage.aws, "2.0", exit_code=7, exit_log_lines=["KeyError: DATABASE_URL"])
    result = stage.fails(stage.image("2.0"))
    assert (result["rollout"]["verdict"], result["rollout"]["status"]) == ("failed", "ROLLBACK_SUCCESSFUL")
    assert result["msg"].startswith("web: The deployment failed, and ECS has rolled the service back.")
    failure = result["failure"]
    assert "exit code 7" in failure["likely_cause"]
    assert failure["stopped_tasks"][0]["containers"] == [{"name": "Main", "exit_code": 7}]
    assert failure["log_tail"][-1] == "KeyError: DATABASE_URL"
    assert failure["circuit_breaker"]["status"] == "TRIGGERED"
    assert result["service"]["configuration"]["primary_container"]["image"] == "registry/web:1.0"
    assert not stage.run(stage.options())["changed"]


def test_first_deployment_that_fails_never_counts_as_unchanged(stage: Express) -> None:
    options = stage.options("1.0-unhealthy")
    first = stage.fails(options)
    assert first["rollout"]["status"] == "ROLLBACK_FAILED"
    assert "health check fails" in first["failure"]["likely_cause"]
    predicted = stage.run(options, check=True)
    assert (predicted["changed"], predicted["will_start_deployment"]) == (True, True)
    assert stage.fails(options)["rollout"]["status"] == "ROLLBACK_FAILED"
    assert len(stage.deployments()) == 2


def test_deployment_that_another_one_replaces_is_a_failure(stage: Express, tmp_path: Path) -> None:
    lines = tmp_path / "progress"

    def replace() -> None:
        while not lines.exists():
            time.sleep(0.02)
        stage.ecs.update_express_gateway_service(serviceArn=stage.arn, cpu="512", memory="1024")

    behave(stage.aws, "1.0", pull_seconds=40000)
    other = threading.Thread(target=replace)
    other.start()
    result = stage.fails(stage.options(progress_file=str(lines)))
    other.join()
    assert (result["rollout"]["status"], result["rollout"]["verdict"]) == ("STOPPED", "failed")
    assert "was stopped before it had ended" in result["msg"]


def test_what_is_asked_for_meets_a_running_deployment(stage: Express, tmp_path: Path) -> None:
    control(stage.aws, "ecs/clock", paused=True)
    started = stage.run(stage.options(wait=False))
    assert started["rollout"]["verdict"] == "not_awaited"
    assert "on_running_deployment is fail" in stage.fails(stage.options(on_running_deployment="fail"))["msg"]
    with stage.standing_still(stage.options(), tmp_path / "joined") as options:
        joined = stage.run(options)
    assert (joined["changed"], joined["rollout"]["resumed"]) == (False, True)
    assert joined["rollout"]["target_service_revision_arn"] == started["rollout"]["target_service_revision_arn"]
    control(stage.aws, "ecs/clock", paused=True)
    stage.run(stage.image("1.1", wait=False))
    superseding = stage.image("1.2", on_running_deployment="supersede")
    with stage.standing_still(superseding, tmp_path / "superseding") as options:
        assert stage.run(options)["rollout"]["verdict"] == "successful"
    assert [item["status"] for item in stage.deployments()] == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


def test_killed_it_converges_with_one_deployment_a_change(stage: Express) -> None:
    dice = random.Random(20261121)
    stage.run(stage.options("0"))
    control(stage.aws, "ecs/lag", account=stage.aws.account_id, seconds=20)
    for number, longest in enumerate((0.3, 2.0), 1):
        options = stage.image(str(number))
        child = run_in_child(MODULE, options)
        time.sleep(dice.uniform(0, longest))
        kill(stage.aws, child)
        # Reads that lag behind what the killed run has done are over when the next run begins.
        time.sleep(0.15)
        result = stage.run(options)
        assert result["service"]["configuration"]["primary_container"]["image"].endswith(f":{number}")
        assert [item["status"] for item in stage.deployments()] == ["SUCCESSFUL"] * (number + 1)


def test_killed_while_ecs_rolls_back_the_next_run_does_not_report_success(stage: Express, tmp_path: Path) -> None:
    stage.run(stage.options())
    behave(stage.aws, "2.0", exit_code=1, exit_after=1)
    control(stage.aws, "ecs/timing", rollback=100_000)
    child = run_in_child(MODULE, stage.image("2.0"))
    while len(stage.deployments()) < 2 or stage.deployments()[0]["status"] == "IN_PROGRESS":
        time.sleep(0.05)
    kill(stage.aws, child)
    with stage.standing_still(stage.image("2.0"), tmp_path / "progress", advance=100_000) as options:
        result = stage.fails(options)
    assert (result["rollout"]["resumed"], result["rollout"]["status"]) == (True, "ROLLBACK_SUCCESSFUL")
    assert len(stage.deployments()) == 2


def test_service_that_a_read_does_not_show_yet_is_not_created_twice(stage: Express) -> None:
    control(stage.aws, "ecs/lag", account=stage.aws.account_id, seconds=100)
    stage.run(stage.options(wait=False))
    result = stage.run(stage.options(cpu="512", memory="1024"))
    assert (result["rollout"]["verdict"], result["service"]["configuration"]["cpu"]) == ("successful", "512")


def test_goes_with_all_that_ecs_keeps_for_it(stage: Express) -> None:
    stage.run(stage.options())
    gone = {"cluster": CLUSTER, "name": NAME, "state": "absent", "wait_timeout": 60}
    predicted = stage.run(gone, check=True)
    done = stage.run(gone)
    assert done["changed"]
    assert (done["actions"], done["diff"]) == (predicted["actions"], predicted["diff"])
    assert stage.express()["status"]["statusCode"] == "INACTIVE"
    assert not stage.run(gone)["changed"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"task_definition_arn": "web:1"}, "execution_role_arn: the task definition of task_definition_arn says this"),
    ({"task_definition_arn": "web:1"}, "task_definition_arn: 'web:1' is no ARN"),
    ({"health_check_path": "health"}, "health_check_path: 'health' does not begin with a slash."),
    ({"scaling_target": {"min_task_count": 3, "max_task_count": 2}}, "min_task_count 3 is more than max_task_count 2"),
    ({"infrastructure_role_arn": None, "primary_container": None}, "infrastructure_role_arn, primary_container (or"),
    ({"execution_role_arn": "arn:aws:iam::000000000000:role/planned-x"}, "is a placeholder from check mode"),
]


def test_refuses_before_it_changes_anything(stage: Express) -> None:
    for changes, message in REFUSED:
        assert message in stage.fails(stage.options(**changes))["msg"]
    assert stage.aws.mutations() == []
    stage.run(stage.options(wait=False))
    told = stage.fails(stage.options(infrastructure_role_arn=f"{ROLE}other"))["msg"]
    assert f"ECS cannot change it on the existing service web ({ROLE}infrastructure → {ROLE}other)" in told
    stage.aws.run_module("ecs_service_rollout", stage.service(wait=False, name="plain"))
    assert "is not an Express service" in stage.fails(stage.options(name="plain"))["msg"]


# For each option a value before and another one after, where ours are not free to choose.
VALUES: dict[str, tuple[Any, Any]] = {
    "execution_role_arn": (f"{ROLE}execution", f"{ROLE}other"),
    "task_role_arn": (f"{ROLE}one", f"{ROLE}two"),
    "primary_container.image": ("registry/web:1", "registry/web:2"),
    "primary_container.container_port": (80, 8080),
    "primary_container.aws_logs_configuration.log_group": ("/ecs/one", "/ecs/two"),
    "primary_container.aws_logs_configuration.log_stream_prefix": ("ecs", "web"),
    "primary_container.repository_credentials.credentials_parameter": ("arn:aws:secretsmanager:x", "arn:aws:s:y"),
    "primary_container.command": (["serve", "a"], ["a", "serve"]),
    "primary_container.environment.name": ("ONE", "TWO"),
    "primary_container.environment.value": ("1", ""),
    "primary_container.secrets.name": ("ONE", "TWO"),
    "primary_container.secrets.value_from": (
        "arn:aws:ssm:us-east-1:111122223333:parameter/one",
        "arn:aws:ssm:us-east-1:111122223333:parameter/two",
    ),
    "cpu": ("512", "1 vCPU"),
    "memory": ("2048", "3 GB"),
    "cpu_architecture": ("X86_64", "ARM64"),
    "health_check_path": ("/ping", "/health?full=yes"),
    "scaling_target.min_task_count": (1, 2),
    "scaling_target.max_task_count": (20, 5),
    "scaling_target.auto_scaling_metric": ("AVERAGE_CPU", "REQUEST_COUNT_PER_TARGET"),
    "scaling_target.auto_scaling_target_value": (60, 70),
    "tags": ({"Team": "shop"}, {"Team": "web", "Owner": "me"}),
}
# What an option needs beside it.
BESIDE: dict[str, Any] = {
    "primary_container.environment": [{"name": "ONE", "value": "1"}],
    "primary_container.secrets": [{"name": "ONE", "value_from": "arn:aws:ssm:us-east-1:111122223333:parameter/one"}],
    "primary_container.aws_logs_configuration": {"log_group": "/ecs/one", "log_stream_prefix": "ecs"},
}


@pytest.fixture(scope="module")
def account(server: Server) -> Iterator[Express]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        express = Express(Aws(server, monkeypatch))
        # What the options name is there: a deployment that fails would be tried again.
        for name in ("one", "two"):
            express.aws.client("logs").create_log_group(logGroupName=f"/ecs/{name}")
            express.aws.client("ssm").put_parameter(Name=name, Value="x", Type="String")
        yield express


@pytest.mark.parametrize("path", list(leaves(SETTINGS)))
def test_option_is_compared_and_comes_back_as_it_was_sent(account: Express, path: str) -> None:
    common = {"name": path.replace(".", "-"), "wait": False, "on_running_deployment": "supersede"}
    if path == "task_definition_arn":
        before, after = account.options(**common), account.own_definition(**common)
    else:
        values = {
            SUBNETS: (account.subnets, account.subnets[:1]),
            GROUPS: (account.groups[:1], account.groups),
            **VALUES,
        }
        base = account.options(cpu="512", memory="2048", **common)
        for owner, beside in BESIDE.items():
            base = placed(base, owner, beside) if path.startswith(f"{owner}.") else base
        before, after = (placed(base, path, value) for value in values[path])
    account.run(before)
    assert not account.run(before)["changed"], "the first value does not come back as it was sent"
    changed = account.run(after)
    assert changed["changed"], f"{path} is not compared"
    assert changed["will_start_deployment"] == (path != "tags")
    again = account.run(after)
    assert again["changes"] == [], f"{path} does not come back as it was sent"
    assert not again["changed"]
