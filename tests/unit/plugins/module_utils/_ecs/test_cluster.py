# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._ecs import cluster
from ansible_collections.slipway.aws.plugins.module_utils._ecs.cluster import (
    cluster_state,
    configuration_request,
    strategy_request,
    strategy_state,
)
from botocore.exceptions import ClientError

NO_ROLE = "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
STRATEGY = [
    {"capacity_provider": "FARGATE", "weight": 1, "base": 2},
    {"capacity_provider": "FARGATE_SPOT", "weight": 3, "base": 0},
]


def test_strategies_have_one_order_and_all_their_fields() -> None:
    assert strategy_state([{"capacityProvider": "FARGATE_SPOT", "weight": 3}, STRATEGY[0]]) == STRATEGY
    assert strategy_state(strategy_request(STRATEGY)) == STRATEGY


def test_state_of_a_plain_cluster() -> None:
    assert cluster_state({"clusterArn": "arn", "capacityProviders": None}) == {
        "arn": "arn",
        "container_insights": "disabled",
        "capacity_providers": [],
        "default_capacity_provider_strategy": [],
        "service_connect_namespace": "",
        "execute_command": {},
        "managed_storage": {},
        "tags": {},
    }


def test_a_configuration_comes_back_as_the_same() -> None:
    wanted = {
        "execute_command": {"logging": "OVERRIDE", "kms_key_id": "k", "log_group": "/exec", "log_encryption": False},
        "managed_storage": {"fargate_storage_kms_key_id": "f"},
    }
    request = configuration_request(wanted)
    assert request["executeCommandConfiguration"]["logConfiguration"] == {
        "cloudWatchLogGroupName": "/exec",
        "cloudWatchEncryptionEnabled": False,
    }
    state = cluster_state({"clusterArn": "arn", "configuration": request})
    assert {field: state[field] for field in wanted} == wanted


def test_an_empty_configuration_asks_for_nothing() -> None:
    assert configuration_request({"execute_command": {}, "managed_storage": None}) == {}


class NewAccount:
    """ECS in an account where it has no role of its own yet, as botocore's client shows it."""

    def __init__(self, failures: int, message: str = NO_ROLE) -> None:
        self.failures = failures
        self.message = message
        self.calls = 0

    def create_cluster(self, **request: Any) -> dict[str, Any]:
        self.calls += 1
        if self.calls <= self.failures:
            error = {"Code": "InvalidParameterException", "Message": self.message}
            raise ClientError({"Error": error}, "CreateCluster")
        return {"cluster": {"clusterArn": f"arn:{request['clusterName']}"}}


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(cluster.time, "sleep", slept.append)
    return slept


def create(client: NewAccount) -> dict[str, Any]:
    return cluster.Cluster(client, "uex").create("uex", {})


def test_waits_for_the_role_that_ecs_creates_for_itself(pauses: list[float]) -> None:
    assert create(NewAccount(failures=2))["arn"] == "arn:uex"
    assert pauses == [5.0, 5.0]


def test_gives_up_when_the_role_does_not_come(pauses: list[float]) -> None:
    client = NewAccount(failures=99)
    with pytest.raises(AnsibleAWSError, match="create the ECS cluster uex"):
        create(client)
    assert (client.calls, len(pauses)) == (6, 5)


def test_another_error_is_told_at_once(pauses: list[float]) -> None:
    with pytest.raises(AnsibleAWSError):
        create(NewAccount(failures=99, message="No"))
    assert pauses == []
