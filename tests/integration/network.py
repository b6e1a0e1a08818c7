# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A VPC to work in, and the three runs that every network module must stand."""

from __future__ import annotations

from typing import Any

from .harness import Aws

OWNER = {"Project": "uex", "Environment": "dev", "Role": "vpc"}


class Network:
    """A bare VPC in the test's account."""

    def __init__(self, aws: Aws, cidr: str = "10.0.0.0/16") -> None:
        self.aws = aws
        self.ec2 = aws.client("ec2")
        self.vpc_id = self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]

    def subnet(self, cidr: str, zone: str = "us-east-1a") -> str:
        return self.ec2.create_subnet(VpcId=self.vpc_id, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]

    def internet_gateway(self) -> str:
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc_id)
        return gateway

    def filters(self) -> list[dict[str, Any]]:
        return [{"Name": "vpc-id", "Values": [self.vpc_id]}]


def tags_of(answer: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in answer.get("Tags", [])}


def actions(result: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """What a result says was done: C((update, alb, [tags]))."""
    return [(action["action"], action["name"], action["fields"]) for action in result["actions"]]


def settle(aws: Aws, module: str, args: dict[str, Any]) -> dict[str, Any]:
    """Run in check mode, for real, and again. The prediction must come true, and the last run change nothing."""
    args = {"owner_tags": OWNER, **args}
    predicted = aws.run_module(module, args, check=True)
    done = aws.run_module(module, args)
    assert actions(predicted) == actions(done)
    assert predicted["changed"] == done["changed"]
    aws.mark()
    again = aws.run_module(module, args)
    assert not again["changed"], again["actions"]
    assert aws.mutations() == []
    return done
