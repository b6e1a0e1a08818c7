# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters, tags and account settings."""

from __future__ import annotations

from typing import Any

import pytest
from bench import Bench


def cluster(bench: Bench, name: str = "main", *include: str) -> dict[str, Any]:
    return bench.call("DescribeClusters", clusters=[name], include=list(include))["clusters"][0]


def test_a_bare_cluster(bench: Bench) -> None:
    created = bench.call("CreateCluster", clusterName="bare")["cluster"]
    assert created["clusterArn"] == "arn:aws:ecs:us-east-1:123456789012:cluster/bare"
    assert created["capacityProviders"] == []
    assert created["defaultCapacityProviderStrategy"] == []
    assert created["settings"] == [{"name": "containerInsights", "value": "disabled"}]
    again = bench.call("CreateCluster", clusterName="bare")["cluster"]
    assert again["clusterArn"] == created["clusterArn"]
    assert bench.call("CreateCluster")["cluster"]["clusterName"] == "default"


def test_describe_tells_only_what_is_included(bench: Bench) -> None:
    bench.call(
        "CreateCluster",
        clusterName="full",
        tags=[{"key": "a", "value": "1"}],
        settings=[{"name": "containerInsights", "value": "enhanced"}],
        configuration={"executeCommandConfiguration": {"logging": "DEFAULT"}},
        serviceConnectDefaults={"namespace": "arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns"},
    )
    plain = cluster(bench, "full")
    assert (plain["tags"], plain["settings"], plain["statistics"]) == ([], [], [])
    assert "configuration" not in plain
    full = cluster(bench, "full", "TAGS", "SETTINGS", "CONFIGURATIONS", "STATISTICS")
    assert full["tags"] == [{"key": "a", "value": "1"}]
    assert full["settings"] == [{"name": "containerInsights", "value": "enhanced"}]
    assert full["configuration"] == {"executeCommandConfiguration": {"logging": "DEFAULT"}}
    assert full["serviceConnectDefaults"]["namespace"].endswith("namespace/ns")
    assert {item["name"] for item in full["statistics"]} >= {"runningFargateTasksCount", "pendingEC2TasksCount"}


def test_updates(bench: Bench) -> None:
    enabled = [{"name": "containerInsights", "value": "enabled"}]
    assert bench.call("UpdateClusterSettings", cluster="main", settings=enabled)["cluster"]["settings"] == enabled
    bench.call("UpdateCluster", cluster="main", configuration={"executeCommandConfiguration": {"logging": "NONE"}})
    found = cluster(bench, "main", "SETTINGS", "CONFIGURATIONS")
    assert found["settings"] == enabled
    assert found["configuration"] == {"executeCommandConfiguration": {"logging": "NONE"}}
    wrong = [{"name": "containerInsights", "value": "perhaps"}]
    assert bench.error("UpdateClusterSettings", cluster="main", settings=wrong)[0] == "InvalidParameterException"


def test_capacity_providers_must_be_associated(bench: Bench) -> None:
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    code, _message = bench.error(
        "PutClusterCapacityProviders", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=strategy
    )
    assert code == "InvalidParameterException"
    answer = bench.call(
        "PutClusterCapacityProviders", capacityProviders=["FARGATE_SPOT"], defaultCapacityProviderStrategy=strategy
    )
    assert answer["cluster"]["defaultCapacityProviderStrategy"] == [
        {"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}
    ]


def test_counts_follow_services_and_tasks(bench: Bench) -> None:
    bench.create(desiredCount=3)
    bench.wait(5)
    assert (cluster(bench)["pendingTasksCount"], cluster(bench)["activeServicesCount"]) == (3, 1)
    bench.settle()
    assert (cluster(bench)["pendingTasksCount"], cluster(bench)["runningTasksCount"]) == (0, 3)


def test_a_cluster_in_use_is_not_deleted(bench: Bench) -> None:
    bench.create(desiredCount=1)
    bench.settle()
    assert bench.error("DeleteCluster", cluster="main") == (
        "ClusterContainsServicesException",
        "The Cluster cannot be deleted while Services are active.",
    )
    bench.call("DeleteService", service="api", force=True)
    bench.wait_until(lambda: bench.service["status"] == "INACTIVE")
    assert bench.error("DeleteCluster", cluster="main") == (
        "ClusterContainsTasksException",
        "The Cluster cannot be deleted while Tasks are active.",
    )
    bench.wait(30)
    assert bench.call("DeleteCluster", cluster="main")["cluster"]["status"] == "INACTIVE"
    assert bench.call("ListClusters")["clusterArns"] == []
    assert bench.error("CreateService", serviceName="api", desiredCount=1)[1] == "The referenced cluster was inactive."
    assert bench.call("CreateCluster", clusterName="main")["cluster"]["status"] == "ACTIVE"


def test_missing_clusters_are_failures(bench: Bench) -> None:
    answer = bench.call("DescribeClusters", clusters=["nowhere"])
    assert answer["clusters"] == []
    assert answer["failures"] == [{"arn": "arn:aws:ecs:us-east-1:123456789012:cluster/nowhere", "reason": "MISSING"}]
    assert bench.error("DeleteCluster", cluster="nowhere")[0] == "ClusterNotFoundException"


@pytest.mark.parametrize("kind", ["cluster", "service", "task-definition", "task"])
def test_tags(bench: Bench, kind: str) -> None:
    service = bench.create()
    bench.settle()
    arn = {
        "cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/main",
        "service": service["serviceArn"],
        "task-definition": service["taskDefinition"],
        "task": bench.tasks()[0]["taskArn"],
    }[kind]
    bench.call("TagResource", resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    bench.call("TagResource", resourceArn=arn, tags=[{"key": "a", "value": "3"}])
    assert bench.call("ListTagsForResource", resourceArn=arn)["tags"] == [
        {"key": "a", "value": "3"},
        {"key": "b", "value": "2"},
    ]
    bench.call("UntagResource", resourceArn=arn, tagKeys=["a", "zzz"])
    assert bench.call("ListTagsForResource", resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]
    assert bench.error("TagResource", resourceArn=arn, tags=[{"key": "aws:x", "value": "1"}])[0] == (
        "InvalidParameterException"
    )
    assert bench.error("ListTagsForResource", resourceArn=arn + "x")[0] == "InvalidParameterException"


def test_account_settings(bench: Bench) -> None:
    assert bench.call("ListAccountSettings")["settings"] == []
    effective = bench.call("ListAccountSettings", effectiveSettings=True, name="taskLongArnFormat")["settings"]
    assert effective[0]["value"] == "enabled"
    bench.call("PutAccountSetting", name="containerInsights", value="enabled")
    assert [s["value"] for s in bench.call("ListAccountSettings", name="containerInsights")["settings"]] == ["enabled"]
    created = bench.call("CreateCluster", clusterName="other")["cluster"]
    assert created["settings"] == [{"name": "containerInsights", "value": "enabled"}]
    bench.call("DeleteAccountSetting", name="containerInsights")
    assert bench.call("ListAccountSettings")["settings"] == []
    assert bench.error("PutAccountSetting", name="nonsense", value="1")[0] == "InvalidParameterException"
