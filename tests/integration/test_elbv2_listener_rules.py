# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from .harness import ROOT, Aws, ModuleFailed


@pytest.fixture
def groups(aws: Aws) -> list[str]:
    vpc_id = aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    elbv2 = aws.client("elbv2")
    return [
        elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc_id, TargetType="ip")["TargetGroups"][
            0
        ]["TargetGroupArn"]
        for name in ("blue", "green")
    ]


@pytest.fixture
def listener(aws: Aws, groups: list[str]) -> str:
    ec2, elbv2 = aws.client("ec2"), aws.client("elbv2")
    vpc_id = elbv2.describe_target_groups(TargetGroupArns=groups[:1])["TargetGroups"][0]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for index, zone in enumerate("ab")
    ]
    arn = elbv2.create_load_balancer(Name="alb", Subnets=[subnet["SubnetId"] for subnet in subnets])["LoadBalancers"][0]
    action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    return elbv2.create_listener(
        LoadBalancerArn=arn["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[action]
    )["Listeners"][0]["ListenerArn"]


def rule(groups: list[str], **fields: Any) -> dict[str, Any]:
    return {
        "name": "backend",
        "conditions": {"path_patterns": ["/api/*"]},
        "actions": [{"type": "forward", "target_groups": [{"arn": groups[0]}]}],
        "tags": {"Service": "backend"},
        **fields,
    }


def ensure(aws: Aws, listener: str, *rules: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
    return aws.run_module(
        "elbv2_listener_rules", {"listener_arn": listener, "rules": list(rules), **options}, check=check
    )


def test_creates_and_changes_nothing_again(aws: Aws, listener: str, groups: list[str]) -> None:
    predicted = ensure(aws, listener, rule(groups), check=True)["rules"]["backend"]
    created = ensure(aws, listener, rule(groups))
    assert created["rules"]["backend"]["priority"] == predicted["priority"]
    found = aws.client("elbv2").describe_rules(RuleArns=[created["rules"]["backend"]["arn"]])["Rules"][0]
    assert found["Conditions"][0]["PathPatternConfig"] == {"Values": ["/api/*"]}
    aws.mark()
    again = ensure(aws, listener, rule(groups))
    assert not again["changed"]
    assert aws.mutations() == []
    assert again["rules"] == created["rules"]


def test_plans_on_a_listener_to_come(aws: Aws) -> None:
    listener = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/uex/planned-80"
    group = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/planned-uex"
    predicted = ensure(aws, listener, rule([group]), check=True)
    assert predicted["actions"][0]["action"] == "create"
    assert aws.calls() == []


@pytest.mark.parametrize(
    "conditions",
    [
        {"path_patterns": ["/v2/*", "/v1/*"]},
        {"host_headers": ["api.example.com"]},
        {"path_patterns": ["/api/*"], "http_methods": ["POST", "GET"]},
        {"source_ips": ["10.0.0.0/8"]},
        {"http_headers": {"X-Version": ["2", "3"]}},
        {"query_strings": [{"key": "version", "value": "2"}, {"value": "beta"}]},
    ],
    ids="-".join,
)
def test_each_condition_round_trips(aws: Aws, listener: str, groups: list[str], conditions: dict[str, Any]) -> None:
    ensure(aws, listener, rule(groups))
    wanted = rule(groups, conditions=conditions)
    predicted = ensure(aws, listener, wanted, check=True)
    assert "conditions" in predicted["actions"][0]["fields"]
    made = ensure(aws, listener, wanted)
    assert made["rules"] == predicted["rules"]
    again = ensure(aws, listener, wanted)
    assert not again["changed"]
    assert again["rules"] == made["rules"]


@pytest.mark.parametrize("kind", ["weights", "stickiness", "redirect", "fixed-response"])
def test_each_action_round_trips(aws: Aws, listener: str, groups: list[str], kind: str) -> None:
    both = [{"arn": groups[0], "weight": 90}, {"arn": groups[1], "weight": 10}]
    action = {
        "weights": {"type": "forward", "target_groups": both},
        "stickiness": {"type": "forward", "target_groups": both, "stickiness_seconds": 600},
        "redirect": {"type": "redirect", "redirect": {"path": "/new", "status_code": "HTTP_302"}},
        "fixed-response": {"type": "fixed-response", "fixed_response": {"status_code": "503", "message_body": "Later"}},
    }[kind]
    ensure(aws, listener, rule(groups))
    wanted = rule(groups, actions=[action])
    assert ensure(aws, listener, wanted, check=True)["actions"][0]["fields"] == ["actions"]
    assert ensure(aws, listener, wanted)["changed"]
    assert not ensure(aws, listener, wanted)["changed"]


def test_leaves_shifted_traffic_alone(aws: Aws, listener: str, groups: list[str]) -> None:
    def wanted(blue: int, green: int, keep: bool) -> dict[str, Any]:
        both = [{"arn": groups[0], "weight": blue}, {"arn": groups[1], "weight": green}]
        return rule(groups, actions=[{"type": "forward", "target_groups": both}], keep_weights=keep)

    ensure(aws, listener, wanted(1, 0, keep=True))
    ensure(aws, listener, wanted(0, 1, keep=False))
    assert not ensure(aws, listener, wanted(1, 0, keep=True))["changed"]
    assert ensure(aws, listener, rule(groups, keep_weights=True))["changed"]


def test_a_longer_path_comes_before_a_shorter_one(aws: Aws, listener: str, groups: list[str]) -> None:
    paths = {"all": ["/*"], "uex": ["/api/uex/*"], "api": ["/api/*"]}
    made = ensure(
        aws, listener, *(rule(groups, name=name, conditions={"path_patterns": path}) for name, path in paths.items())
    )["rules"]
    assert made["uex"]["priority"] < made["api"]["priority"] < made["all"]["priority"]
    # A rule that becomes more precise moves with its precision.
    moved = ensure(aws, listener, rule(groups, name="all", conditions={"path_patterns": ["/api/uex/admin/*"]}))
    assert moved["actions"][0]["fields"] == ["conditions", "priority"]
    assert moved["rules"]["all"]["priority"] < made["uex"]["priority"]


def test_two_rules_change_places(aws: Aws, listener: str, groups: list[str]) -> None:
    def wanted(one: int, two: int) -> list[dict[str, Any]]:
        return [
            rule(groups, name="one", priority=one, conditions={"path_patterns": ["/one"]}),
            rule(groups, name="two", priority=two, conditions={"path_patterns": ["/two"]}),
        ]

    ensure(aws, listener, *wanted(10, 20))
    assert ensure(aws, listener, *wanted(20, 10))["changed"]
    assert not ensure(aws, listener, *wanted(20, 10))["changed"]


def test_several_processes_find_a_place_at_the_same_time(aws: Aws, listener: str, groups: list[str]) -> None:
    script = (
        "import json, sys\n"
        "from tests.integration.harness import execute\n"
        "args = json.loads(sys.argv[1])\n"
        "print(json.dumps(execute('elbv2_listener_rules', args)))\n"
    )

    def arguments(index: int) -> str:
        return json.dumps(
            {
                "listener_arn": listener,
                "rules": [rule(groups, name=f"s{index}", conditions={"path_patterns": [f"/s{index}/*"]})],
            }
        )

    path = os.pathsep.join(str(ROOT / part) for part in (".collections", ".", "tests/servers"))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, arguments(index)],
            env={**os.environ, "PYTHONPATH": path},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for index in range(4)
    ]
    results = [json.loads(process.communicate(timeout=600)[0]) for process in processes]
    assert [result.get("msg") for result in results if result.get("failed")] == []
    priorities = [next(iter(result["rules"].values()))["priority"] for result in results]
    assert len(set(priorities)) == 4


def test_retries_when_the_priority_was_taken_meanwhile(
    aws: Aws, listener: str, groups: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible_collections.slipway.aws.plugins.module_utils._elbv2 import api

    first = ensure(aws, listener, rule(groups, name="first", conditions={"path_patterns": ["/aaa/*"]}))
    real, answers = api.list_rules, []

    def stale(client: Any, arn: str) -> list[dict[str, Any]]:
        """The first answer is from before the neighbour made its rule."""
        answers.append(arn)
        return [] if len(answers) == 1 else real(client, arn)

    monkeypatch.setattr(api, "list_rules", stale)
    second = ensure(aws, listener, rule(groups, name="second", conditions={"path_patterns": ["/bbb/*"]}))
    assert second["rules"]["second"]["priority"] == first["rules"]["first"]["priority"] + 1
    assert aws.calls().count("elbv2:CreateRule") == 3


def test_a_fixed_priority_that_is_taken_is_an_error(aws: Aws, listener: str, groups: list[str]) -> None:
    ensure(aws, listener, rule(groups, priority=5))
    with pytest.raises(ModuleFailed, match="create the rule other"):
        ensure(aws, listener, rule(groups, name="other", priority=5, conditions={"path_patterns": ["/other"]}))


@pytest.mark.parametrize("check", [True, False])
def test_refuses_the_conditions_of_another_rule(aws: Aws, listener: str, groups: list[str], check: bool) -> None:
    ensure(aws, listener, rule(groups))
    with pytest.raises(ModuleFailed, match="which the rule backend of the listener"):
        ensure(aws, listener, rule(groups, name="twin"), check=check)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"conditions": {}}, "backend has no conditions"),
        ({"actions": []}, "backend has no actions"),
        ({"priority": 50001}, "backend has the priority 50001; allowed are 1 to 50000"),
        ({"actions": [{"type": "redirect"}]}, "redirect"),
    ],
)
def test_names_what_is_wrong(aws: Aws, listener: str, groups: list[str], fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailed, match=message):
        ensure(aws, listener, rule(groups, **fields), check=True)


def test_names_rules_of_one_task_that_collide(aws: Aws, listener: str, groups: list[str]) -> None:
    with pytest.raises(ModuleFailed, match="backend and twin have the same conditions"):
        ensure(aws, listener, rule(groups), rule(groups, name="twin"), check=True)


def test_tags_change_and_the_name_stays(aws: Aws, listener: str, groups: list[str]) -> None:
    ensure(aws, listener, rule(groups))
    changed = ensure(aws, listener, rule(groups, tags={"Team": "pay"}))
    assert changed["actions"][0]["fields"] == ["tags"]
    arn = changed["rules"]["backend"]["arn"]
    tags = aws.client("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"Name": "backend", "Team": "pay"}


def test_deletes_and_purges_only_its_owners_rules(aws: Aws, listener: str, groups: list[str]) -> None:
    paths = {"mine": "/mine", "theirs": "/theirs", "kept": "/kept"}
    owners = {"mine": "a", "theirs": "b", "kept": "a"}
    ensure(
        aws,
        listener,
        *(
            rule(groups, name=name, conditions={"path_patterns": [path]}, tags={"Owner": owners[name]})
            for name, path in paths.items()
        ),
    )
    assert ensure(aws, listener, {"name": "kept"}, state="absent")["changed"]
    assert not ensure(aws, listener, {"name": "kept"}, state="absent")["changed"]
    gone = ensure(aws, listener, state="absent", purge=True, owner_tags={"Owner": "a"})
    assert gone["actions"] == [{"action": "delete", "name": "mine", "fields": []}]
    with pytest.raises(ModuleFailed, match="owner_tags is empty"):
        ensure(aws, listener, state="absent", purge=True)
