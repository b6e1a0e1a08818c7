# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._ec2.layout import CLOUDFRONT

from .harness import Aws, ModuleFailed
from .network import OWNER, Network, actions, settle, tags_of

MODULE = "ec2_security_groups"


class Walled(Network):
    def groups(self) -> dict[str, dict[str, Any]]:
        found = self.ec2.describe_security_groups(Filters=self.filters())["SecurityGroups"]
        return {tags_of(group).get("Component", group["GroupName"]): group for group in found}

    def rules(self, component: str, direction: str = "IpPermissions") -> dict[tuple[Any, ...], str]:
        """(port, peer) → description."""
        return {
            (
                permission.get("FromPort"),
                peer.get("CidrIp") or peer.get("GroupId") or peer.get("PrefixListId"),
            ): peer.get("Description", "")
            for permission in self.groups()[component][direction]
            for kind in ("IpRanges", "UserIdGroupPairs", "PrefixListIds")
            for peer in permission.get(kind, [])
        }


@pytest.fixture
def network(aws: Aws) -> Walled:
    return Walled(aws)


def group(component: str, **fields: Any) -> dict[str, Any]:
    return {"component": component, "name": f"uex-dev-{component}-sg", "description": component.capitalize(), **fields}


def rule(*ports: str, **fields: Any) -> dict[str, Any]:
    return {"ports": list(ports), **fields}


def test_groups_may_refer_to_each_other_in_a_circle(aws: Aws, network: Walled) -> None:
    wanted = [
        group("alb", ingress=[rule("80", "443", cidrs=["0.0.0.0/0"])], egress=[rule("3900", groups=["app"])]),
        group("app", ingress=[rule("3900", groups=["alb"], description="from the load balancer")], egress=[]),
    ]
    done = settle(aws, MODULE, {"vpc_id": network.vpc_id, "security_groups": wanted, "tags": {"Team": "a"}})
    ids = done["security_group_ids"]
    assert network.rules("alb") == {(80, "0.0.0.0/0"): "", (443, "0.0.0.0/0"): ""}
    assert network.rules("alb", "IpPermissionsEgress") == {(3900, ids["app"]): ""}
    assert network.rules("app") == {(3900, ids["alb"]): "from the load balancer"}
    assert network.rules("app", "IpPermissionsEgress") == {}
    assert tags_of(network.groups()["alb"]) == {**OWNER, "Team": "a", "Component": "alb", "Name": "uex-dev-alb-sg"}


def test_what_is_left_out_is_not_touched(aws: Aws, network: Walled) -> None:
    args = {"vpc_id": network.vpc_id, "security_groups": [group("app")]}
    settle(aws, MODULE, args)
    # AWS lets a new group reach everything.
    assert network.rules("app", "IpPermissionsEgress") == {(None, "0.0.0.0/0"): ""}


def test_rules_are_added_described_and_removed(aws: Aws, network: Walled) -> None:
    def apply(*rules: dict[str, Any], **options: Any) -> dict[str, Any]:
        wanted = [group("app", ingress=list(rules), egress=[]), group("alb", ingress=[], egress=[])]
        return settle(aws, MODULE, {"vpc_id": network.vpc_id, "security_groups": wanted, **options})

    alb = apply(rule("80", "81", groups=["alb"], description="old"))["security_group_ids"]["alb"]
    changed = apply(rule("80", groups=["alb"], description="new"), rule("82", cidrs=["10.0.0.0/8"]))
    assert actions(changed) == [("update", "app", ["ingress"])]
    assert network.rules("app") == {(80, alb): "new", (82, "10.0.0.0/8"): ""}
    apply(rule("83", cidrs=["10.0.0.0/8"]), purge_rules=False)
    assert network.rules("app") == {(80, alb): "new", (82, "10.0.0.0/8"): "", (83, "10.0.0.0/8"): ""}
    apply()
    assert network.rules("app") == {}


def test_peers_by_name_identifier_and_prefix_list(aws: Aws, network: Walled) -> None:
    foreign = network.ec2.create_security_group(GroupName="bastion", Description="d", VpcId=network.vpc_id)["GroupId"]
    lists = {
        item["PrefixListName"]: item["PrefixListId"]
        for item in network.ec2.describe_managed_prefix_lists()["PrefixLists"]
    }
    wanted = [
        group(
            "app",
            ingress=[
                rule("22", groups=["bastion"]),
                rule("23", groups=[foreign]),
                rule("443", prefix_lists=[CLOUDFRONT]),
            ],
            egress=[rule("443", prefix_lists=["s3"], description="S3"), {"protocol": "all", "groups": ["app"]}],
        )
    ]
    done = settle(aws, MODULE, {"vpc_id": network.vpc_id, "security_groups": wanted})
    assert network.rules("app") == {(22, foreign): "", (23, foreign): "", (443, lists[CLOUDFRONT]): ""}
    assert network.rules("app", "IpPermissionsEgress") == {
        (443, lists["com.amazonaws.us-east-1.s3"]): "S3",
        (None, done["security_group_ids"]["app"]): "",
    }


def test_groups_that_refer_to_each_other_can_go(aws: Aws, network: Walled) -> None:
    circle = [
        group("alb", egress=[rule("80", groups=["app"])]),
        group("app", ingress=[rule("80", groups=["alb"])]),
        group("rds", ingress=[rule("5432", groups=["app"])]),
    ]
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "security_groups": circle})
    rest = [group("alb", egress=[])]
    kept = settle(aws, MODULE, {"vpc_id": network.vpc_id, "security_groups": rest})
    assert kept["surplus"] == ["app", "rds"]
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "security_groups": rest, "purge": True})
    assert sorted(network.groups()) == ["alb", "default"]
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "security_groups": [{"component": "alb"}], "state": "absent"})
    assert sorted(network.groups()) == ["default"]


def test_tags_change_in_place(aws: Aws, network: Walled) -> None:
    args = {"vpc_id": network.vpc_id, "security_groups": [group("app")]}
    first = settle(aws, MODULE, args)
    changed = settle(aws, MODULE, {**args, "tags": {"Team": "b"}})
    assert changed["security_group_ids"] == first["security_group_ids"]
    assert actions(changed) == [("update", "app", ["tags"])]


@pytest.mark.parametrize("field", ["name", "description"])
def test_name_and_description_cannot_change(aws: Aws, network: Walled, field: str) -> None:
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "security_groups": [group("app")]})
    args = {"vpc_id": network.vpc_id, "security_groups": [group("app", **{field: "other"})], "owner_tags": OWNER}
    with pytest.raises(ModuleFailed, match=r"AWS cannot change (group_name|description) of the security group app"):
        aws.run_module(MODULE, args)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (
            [group("app", ingress=[rule("80", groups=["web"])])],
            "refers to 'web', which is neither listed nor in the VPC",
        ),
        (
            [group("app", ingress=[rule("80", prefix_lists=["s4"])])],
            "com.amazonaws.us-east-1.s4', which does not exist",
        ),
        ([group("app", ingress=[rule("80")])], "a rule has none of cidrs, groups and prefix_lists"),
        ([group("app", ingress=[rule("http", cidrs=["10.0.0.0/8"])])], "'http' is not a port"),
        ([{"component": "app", "name": "x"}], "'app' has no description"),
    ],
)
def test_bad_options_change_nothing(aws: Aws, network: Walled, groups: list[dict[str, Any]], message: str) -> None:
    aws.mark()
    with pytest.raises(ModuleFailed, match=message):
        aws.run_module(MODULE, {"vpc_id": network.vpc_id, "security_groups": groups, "owner_tags": OWNER})
    assert aws.mutations() == []


def test_a_planned_network_has_planned_groups(aws: Aws) -> None:
    wanted = [group("alb", egress=[rule("80", groups=["app"])]), group("app")]
    args = {"vpc_id": "vpc-planned-uex-dev", "security_groups": wanted, "owner_tags": OWNER}
    predicted = aws.run_module(MODULE, args, check=True)
    assert predicted["security_groups"]["alb"]["egress"][0]["peer"] == "sg-planned-uex-dev-app-sg"
    assert aws.calls() == []
