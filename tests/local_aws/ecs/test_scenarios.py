# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios and faults: what tests can tell the engine, and what they are told when they get it wrong."""

from __future__ import annotations

from typing import Any

import pytest
from bench import Bench
from local_aws.ecs.faults import FaultError, Faults
from local_aws.ecs.scenarios import Behaviour, ScenarioError, Scenarios, Subject


def subject(**changes: Any) -> Subject:
    values: dict[str, Any] = {
        "images": ("r/api:1",),
        "containers": ("api",),
        "family": "api",
        "cluster": "main",
        "service": "uex-api",
        "command": "serve --port 80",
        "account": "123456789012",
    }
    return Subject(**{**values, **changes})


@pytest.mark.parametrize(
    ("match", "matches"),
    [
        ({}, True),
        ({"image": "*/api:1"}, True),
        ({"image": "*:2"}, False),
        ({"service": "uex-*", "image": "r/*"}, True),
        ({"service": "uex-*", "image": "x"}, False),
        ({"command": "serve*"}, True),
        ({"family": "api", "cluster": "main", "container": "api"}, True),
        ({"container": "web"}, False),
        ({"account": "123456789012"}, True),
        ({"account": "2*"}, False),
    ],
)
def test_matching(match: dict[str, str], matches: bool) -> None:
    scenarios = Scenarios()
    scenarios.add({"match": match, "behaviour": {"exit_code": 9}})
    assert (scenarios.behaviour_of(subject()).exit_code == 9) is matches


def test_a_scenario_about_services_leaves_one_off_tasks_alone() -> None:
    scenarios = Scenarios()
    scenarios.add({"match": {"service": "*"}, "behaviour": {"exit_code": 9}})
    assert scenarios.behaviour_of(subject(service=None)) == Behaviour()


def test_the_last_one_wins_and_limits_count_down() -> None:
    scenarios = Scenarios()
    scenarios.add({"behaviour": {"exit_code": 1}})
    limited = scenarios.add({"behaviour": {"exit_code": 2}, "times": 2})
    assert [scenarios.behaviour_of(subject()).exit_code for _number in range(3)] == [2, 2, 1]
    assert limited.describe() == {"id": 2, "match": {}, "behaviour": {"exit_code": 2}, "times": 2, "used": 2}
    assert scenarios.remove(2)
    assert not scenarios.remove(2)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("api:crash", {"exit_code": 1}),
        ("api:1.4-crash", {"exit_code": 1}),
        ("localhost:5000/api:v2_exit13", {"exit_code": 13}),
        ("api:nopull@sha256:" + "0" * 64, {"pull_error": ""}),
        ("api:unhealthy", {"unhealthy": True}),
        ("api:2-slow", {"pull_seconds": 120}),
        ("api:oom", {"out_of_memory_after": 5}),
        ("api:nocapacity", {"no_capacity": True}),
        ("api:crashproof", {}),
        ("crash", {}),
        ("localhost:5000/api", {}),
    ],
)
def test_tags(image: str, expected: dict[str, Any]) -> None:
    behaviour = Scenarios().behaviour_of(subject(images=(image,)))
    assert {name: getattr(behaviour, name) for name in expected} == expected
    if not expected:
        assert behaviour == Behaviour()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"behaviour": {"explode": True}}, "unknown behaviour ['explode']"),
        ({"behaviour": {"exit_code": 300}}, "exit_code must be between 0 and 255"),
        ({"behaviour": {"exit_after": "soon"}}, "exit_after must be a number of seconds"),
        ({"behaviour": {"log_lines": "text"}}, "log_lines must be a list of strings"),
        ({"behaviour": {"unhealthy": "yes"}}, "unhealthy must be true or false"),
        ({"behaviour": {"pull_error": 1}}, "pull_error must be a text"),
        ({"behaviour": {}, "match": {"colour": "red"}}, "match knows"),
        ({"behaviour": {}, "match": {"image": 1}}, "match takes texts"),
        ({"behaviour": {}, "times": 0}, "times must be a number of tasks"),
        ({"match": {}}, "behaviour is missing"),
        ({"behavior": {}}, "unknown keys ['behavior']"),
    ],
)
def test_mistakes_are_told(data: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenarios().add(data)
    assert words in str(caught.value)


def test_refusals_take_so_many_calls_or_such_a_share() -> None:
    faults = Faults()
    faults.refuse({"operation": "Describe*", "times": 2})
    assert [bool(faults.refused("ecs", "DescribeTasks", "1")) for _number in range(3)] == [True, True, False]
    assert not faults.refused("ecs", "UpdateService", "1")
    assert not faults.refused("elbv2", "DescribeRules", "1")
    faults.clear()
    faults.refuse({"service": "*", "percent": 5, "seed": 7})
    refused = sum(bool(faults.refused("ec2", "DescribeVpcs", "1")) for _number in range(2000))
    assert 60 <= refused <= 140
    faults.clear()
    faults.refuse({"account": "2", "times": 1})
    assert [bool(faults.refused("ecs", "ListTasks", account)) for account in ("1", "2")] == [False, True]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "give times"),
        ({"times": 1, "percent": 1}, "give times"),
        ({"times": -1}, "times must be a number"),
        ({"percent": "5"}, "percent must be a number"),
        ({"times": 1, "action": "x"}, "unknown keys ['action']"),
        ({"times": 1, "operation": 5}, "operation must be a text"),
    ],
)
def test_mistakes_in_refusals_are_told(data: dict[str, Any], words: str) -> None:
    with pytest.raises(FaultError) as caught:
        Faults().refuse(data)
    assert words in str(caught.value)


def test_reads_lag_behind_changes_for_a_while(bench: Bench) -> None:
    bench.ecs.faults.lags["123456789012"] = 5
    bench.create()
    answer = bench.call("DescribeServices", services=["api"])
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]
    assert bench.call("ListServiceDeployments", service="api")["serviceDeployments"] == []
    bench.wait(6)
    first = bench.settle()
    bench.wait(10)
    before = bench.service
    updated = bench.update("api:2", tags=None)
    assert updated["deployments"][0]["id"] != before["deployments"][0]["id"]
    new = updated["currentServiceDeployment"]
    assert bench.service["deployments"] == before["deployments"]
    assert bench.deployment["serviceDeploymentArn"] == first["serviceDeploymentArn"]
    hidden = bench.call("DescribeServiceDeployments", serviceDeploymentArns=[new])
    assert hidden["failures"] == [{"arn": new, "reason": "MISSING"}]
    bench.wait(6)
    assert bench.deployment["serviceDeploymentArn"] == new
    assert bench.settle()["status"] == "SUCCESSFUL"
