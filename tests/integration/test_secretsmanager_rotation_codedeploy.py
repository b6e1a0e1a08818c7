# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that CodeDeploy deploys gets a new deployment of the revision that it runs when its secret is rotated."""

from __future__ import annotations

import gc
import json
import os
from typing import Any

import pytest
from botocore.client import BaseClient

from .codedeploy import GROUPS, CodeDeployed
from .codedeploy import MODULE as ROLLOUT
from .ecs import CLUSTER, SERVICE, control
from .harness import Aws, ModuleFailed, execute

MODULE = "secretsmanager_rotation"
SECRET = "shop/db"


class Reader(CodeDeployed):
    """A service at its first task set, which reads a secret; nobody tells the name of its deployment group."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self.secrets = aws.client("secretsmanager")
        arn = self.secrets.create_secret(Name=SECRET, SecretString=json.dumps({"key": "first"}))["ARN"]
        container = self.container(secrets=[{"name": "KEY", "value_from": f"{arn}:key::"}])
        aws.run_module(
            ROLLOUT, {**self.options(), "task_definition": self.definition(container_definitions=[container])}
        )
        events = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
        group = self.group(auto_rollback_configuration={"enabled": True, "events": events})
        aws.run_module(GROUPS, {"deployment_groups": [group]})
        aws.mark()

    def version(self) -> str:
        return self.secrets.get_secret_value(SecretId=SECRET)["VersionId"]

    def task(self, token: str, **options: Any) -> dict[str, Any]:
        generate = [{"field": "key", "length": 40}]
        secret = {"name": SECRET, "strategy": "random", "generate": generate, "rotate": "now"}
        return {"state": "rotated", "token": token, "secrets": [secret], **options}

    def rotate(self, token: str, *, check: bool = False, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The result, and the consumer in it."""
        result = self.aws.run_module(MODULE, self.task(token, **options), check=check)
        return result, next(iter(result["consumers"]), {})

    def serves(self) -> str:
        """The id of the primary task set."""
        (primary,) = [item for item in self.described()["taskSets"] if item["status"] == "PRIMARY"]
        return primary["id"]


@pytest.fixture
def reader(aws: Aws) -> Reader:
    return Reader(aws)


def killed(operation: str, task: dict[str, Any], *, after: bool) -> None:
    """Run the module in a fork that ends itself before or after the first call of an operation."""
    child = os.fork()
    if child == 0:
        gc.disable()
        try:
            original = BaseClient._make_api_call

            def cut(self: BaseClient, name: str, *args: Any, **kwargs: Any) -> Any:
                if name == operation and not after:
                    os._exit(9)
                answer = original(self, name, *args, **kwargs)
                if name == operation:
                    os._exit(9)
                return answer

            BaseClient._make_api_call = cut  # type: ignore[method-assign]
            execute(MODULE, task)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_reader_gets_one_deployment_of_what_it_runs_for_each_rotation(aws: Aws, reader: Reader) -> None:
    first, before = reader.serves(), reader.version()
    _planned, consumer = reader.rotate("one", check=True)
    assert consumer["action"] == "would_roll"
    result, consumer = reader.rotate("one")
    assert (consumer["action"], consumer["rollout"]["verdict"]) == ("rolled", "successful")
    assert consumer["rollout"]["code_deploy"]["application_name"] == "shop"
    assert (consumer["versions"], result["findings"]) == ({SECRET: reader.version()}, [])
    assert reader.version() != before
    assert (reader.statuses(), len(reader.revisions())) == (["Succeeded"], 1)
    assert reader.serves() != first
    assert "ecs:UpdateService" not in aws.mutations()
    assert not reader.rotate("one")[0]["changed"]
    assert reader.statuses() == ["Succeeded"]

    # Whether the deployment of a killed run has begun, its description says.
    killed("CreateDeployment", reader.task("two"), after=False)
    assert len(reader.numbers()) == 1
    assert reader.rotate("two")[1]["action"] == "rolled"
    killed("CreateDeployment", reader.task("three"), after=True)
    _result, consumer = reader.rotate("three")
    assert (consumer["action"], consumer["rollout"]["resumed"]) == ("already_rolled", True)
    assert reader.statuses() == ["Succeeded"] * 3
    assert not reader.rotate("three")[0]["changed"]


def test_reader_that_does_not_come_up_brings_the_secret_back(aws: Aws, reader: Reader) -> None:
    before = reader.version()
    match = {"image": "*:1.0", "account": aws.account_id}
    # Twelve tasks start until CodeDeploy gives up; of the next deployment's, the third one and those after it stay.
    control(aws, "ecs/scenarios", match=match, behaviour={"exit_code": 3, "exit_after": 1}, times=14)
    control(aws, "ecs/timing", installation=400)
    try:
        with pytest.raises(ModuleFailed) as failure:
            reader.rotate("one")
    finally:
        control(aws, "ecs/timing", installation=3600)
        control(aws, "ecs/scenarios", "DELETE")
    told = failure.value.result
    assert f"{CLUSTER}/{SERVICE} did not come up with the new value" in told["failures"][0]["cause"]
    assert "exit code 3" in told["failures"][0]["cause"]
    assert reader.version() == before
    assert told["consumers"][0]["action"] == "rolled_back"
    assert reader.statuses() == ["Succeeded", "Succeeded", "Failed"]
