# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed
from .network import OWNER, Network, actions, settle, tags_of

MODULE = "ec2_flow_logs"
GROUP = "/vpc/uex-dev/flow-logs"


class Recorded(Network):
    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        aws.client("logs").create_log_group(logGroupName=GROUP)
        self.bucket = f"flow-{aws.account_id}"
        aws.client("s3").create_bucket(Bucket=self.bucket)
        self.role = f"arn:aws:iam::{aws.account_id}:role/uex-dev-vpc-flow-logs"

    def to_logs(self, **fields: Any) -> dict[str, Any]:
        return {
            "component": "vpc",
            "name": "uex-dev-vpc",
            "resource_id": self.vpc_id,
            "log_group_name": GROUP,
            "iam_role_arn": self.role,
            **fields,
        }

    def to_s3(self, **fields: Any) -> dict[str, Any]:
        return {
            "component": "rejected",
            "resource_id": self.vpc_id,
            "traffic_type": "REJECT",
            "s3_arn": f"arn:aws:s3:::{self.bucket}",
            **fields,
        }

    def flow_logs(self) -> dict[str, dict[str, Any]]:
        return {tags_of(item)["Component"]: item for item in self.ec2.describe_flow_logs()["FlowLogs"]}


@pytest.fixture
def network(aws: Aws) -> Recorded:
    return Recorded(aws)


def test_delivers_to_a_log_group_and_to_a_bucket(aws: Aws, network: Recorded) -> None:
    done = settle(aws, MODULE, {"flow_logs": [network.to_logs(), network.to_s3()], "tags": {"Team": "a"}})
    real = network.flow_logs()
    assert done["flow_log_ids"] == {name: real[name]["FlowLogId"] for name in ("vpc", "rejected")}
    assert real["vpc"]["LogGroupName"] == GROUP
    assert real["vpc"]["DeliverLogsPermissionArn"] == network.role
    assert real["vpc"]["TrafficType"] == "ALL"
    assert real["vpc"]["MaxAggregationInterval"] == 600
    assert real["rejected"]["LogDestination"] == f"arn:aws:s3:::{network.bucket}"
    assert real["rejected"]["LogDestinationType"] == "s3"
    assert tags_of(real["vpc"]) == {**OWNER, "Team": "a", "Component": "vpc", "Name": "uex-dev-vpc"}


def test_tags_change_in_place(aws: Aws, network: Recorded) -> None:
    first = settle(aws, MODULE, {"flow_logs": [network.to_logs()]})
    changed = settle(aws, MODULE, {"flow_logs": [network.to_logs()], "tags": {"Team": "b"}})
    assert actions(changed) == [("update", "vpc", ["tags"])]
    assert changed["flow_log_ids"] == first["flow_log_ids"]


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({"traffic_type": "REJECT"}, ["traffic_type"]),
        ({"max_aggregation_interval": 60}, ["max_aggregation_interval"]),
        ({"log_format": "${version} ${srcaddr}"}, ["log_format"]),
    ],
)
def test_what_aws_cannot_change_is_made_again(
    aws: Aws, network: Recorded, fields: dict[str, Any], changes: list[str]
) -> None:
    first = settle(aws, MODULE, {"flow_logs": [network.to_logs()]})
    changed = settle(aws, MODULE, {"flow_logs": [network.to_logs(**fields)]})
    assert actions(changed) == [("update", "vpc", changes)]
    assert changed["flow_log_ids"] != first["flow_log_ids"]
    assert len(network.flow_logs()) == 1


def test_the_destination_can_change(aws: Aws, network: Recorded) -> None:
    settle(aws, MODULE, {"flow_logs": [network.to_logs()]})
    settle(aws, MODULE, {"flow_logs": [network.to_s3(component="vpc")]})
    assert [item["LogDestinationType"] for item in network.flow_logs().values()] == ["s3"]


def test_surplus_goes_when_asked(aws: Aws, network: Recorded) -> None:
    settle(aws, MODULE, {"flow_logs": [network.to_logs(), network.to_s3()]})
    kept = settle(aws, MODULE, {"flow_logs": [network.to_logs()]})
    assert (kept["changed"], kept["surplus"]) == (False, ["rejected"])
    settle(aws, MODULE, {"flow_logs": [network.to_logs()], "purge": True})
    assert list(network.flow_logs()) == ["vpc"]
    settle(aws, MODULE, {"flow_logs": [{"component": "vpc"}], "state": "absent"})
    assert network.flow_logs() == {}


def test_awss_refusal_is_an_error(aws: Aws, network: Recorded) -> None:
    wanted = network.to_s3(s3_arn="arn:aws:s3:::nobody-has-this-bucket")
    with pytest.raises(ModuleFailed, match=r"Failed to create the flow log rejected: .*does not exist"):
        aws.run_module(MODULE, {"flow_logs": [wanted], "owner_tags": OWNER})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"resource_id": "i-1"}, "'i-1' is neither a VPC nor a subnet nor a network interface"),
        ({"s3_arn": "arn:aws:s3:::b"}, "needs one of log_group_name and s3_arn"),
        ({"iam_role_arn": None}, "needs iam_role_arn"),
        ({"resource_id": None}, "has no resource_id"),
    ],
)
def test_bad_options(aws: Aws, network: Recorded, fields: dict[str, Any], message: str) -> None:
    aws.mark()
    with pytest.raises(ModuleFailed, match=message):
        aws.run_module(MODULE, {"flow_logs": [network.to_logs(**fields)], "owner_tags": OWNER})
    assert aws.calls() == []


def test_a_planned_network_has_planned_flow_logs(aws: Aws) -> None:
    wanted = {
        "component": "vpc",
        "resource_id": "vpc-planned-uex-dev",
        "log_group_name": GROUP,
        "iam_role_arn": "arn:aws:iam::000000000000:role/planned-uex-dev-vpc-flow-logs",
    }
    predicted = aws.run_module(MODULE, {"flow_logs": [wanted], "owner_tags": OWNER}, check=True)
    assert predicted["flow_log_ids"] == {"vpc": "fl-planned-vpc"}
