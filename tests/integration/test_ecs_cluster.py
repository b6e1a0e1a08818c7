# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed

FULL = {
    "name": "uex-dev",
    "container_insights": "enabled",
    "capacity_providers": ["FARGATE", "FARGATE_SPOT"],
    "default_capacity_provider_strategy": [
        {"capacity_provider": "FARGATE", "base": 1, "weight": 1},
        {"capacity_provider": "FARGATE_SPOT", "weight": 3},
    ],
    "execute_command": {"logging": "OVERRIDE", "log_group": "/ecs/exec"},
    "tags": {"Project": "uex"},
}


def ensure(aws: Aws, check: bool = False, **options: Any) -> dict[str, Any]:
    return aws.run_module("ecs_cluster", {**FULL, **options}, check=check)


def test_creates_and_changes_nothing_again(aws: Aws) -> None:
    predicted = ensure(aws, check=True)
    assert predicted["cluster"]["arn"] == "arn:aws:ecs:us-east-1:000000000000:cluster/planned-uex-dev"
    created = ensure(aws)
    assert created["changed"]
    found = aws.client("ecs").describe_clusters(clusters=["uex-dev"], include=["SETTINGS", "TAGS"])["clusters"][0]
    assert found["clusterArn"] == created["cluster"]["arn"]
    assert found["settings"] == [{"name": "containerInsights", "value": "enabled"}]
    assert found["tags"] == [{"key": "Project", "value": "uex"}]
    aws.mark()
    again = ensure(aws)
    assert not again["changed"]
    assert aws.mutations() == []
    assert again["cluster"] == created["cluster"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("container_insights", "enhanced"),
        ("container_insights", "disabled"),
        ("default_capacity_provider_strategy", [{"capacity_provider": "FARGATE", "base": 0, "weight": 1}]),
        ("service_connect_namespace", "arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-1"),
        ("execute_command", {"logging": "NONE"}),
        ("managed_storage", {"fargate_storage_kms_key_id": "arn:aws:kms:us-east-1:123456789012:key/1"}),
        ("tags", {"Project": "uex", "Environment": "dev"}),
        ("tags", {}),
    ],
)
def test_each_change_is_predicted_made_and_then_found(aws: Aws, field: str, value: Any) -> None:
    ensure(aws)
    predicted = ensure(aws, check=True, **{field: value})
    assert predicted["actions"] == [{"action": "update", "name": "uex-dev", "fields": [field]}]
    made = ensure(aws, **{field: value})
    assert made["cluster"] == predicted["cluster"]
    again = ensure(aws, **{field: value})
    assert not again["changed"]
    assert again["cluster"] == made["cluster"]


def test_takes_a_capacity_provider_away(aws: Aws) -> None:
    only = {
        "capacity_providers": ["FARGATE"],
        "default_capacity_provider_strategy": [{"capacity_provider": "FARGATE", "weight": 1}],
    }
    ensure(aws)
    changed = ensure(aws, **only)
    assert changed["actions"][0]["fields"] == ["capacity_providers", "default_capacity_provider_strategy"]
    assert not ensure(aws, **only)["changed"]


def test_names_a_strategy_outside_the_providers(aws: Aws) -> None:
    with pytest.raises(ModuleFailed, match="FARGATE_SPOT is not in capacity_providers, which allows FARGATE"):
        ensure(aws, capacity_providers=["FARGATE"], check=True)


def test_deletes_and_creates_again(aws: Aws) -> None:
    ensure(aws)
    assert ensure(aws, state="absent", check=True)["changed"]
    assert ensure(aws, state="absent")["changed"]
    assert not ensure(aws, state="absent")["changed"]
    assert ensure(aws)["actions"][0]["action"] == "create"


def test_minimal_cluster_round_trips(aws: Aws) -> None:
    for changed in (True, False):
        assert aws.run_module("ecs_cluster", {"name": "plain"})["changed"] is changed
