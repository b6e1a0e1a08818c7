# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.modules.ec2_vpc_endpoints import modification

CURRENT = {"route_table_ids": ["rtb-1"], "subnet_ids": ["subnet-1", "subnet-2"], "security_group_ids": ["sg-1"]}


@pytest.mark.parametrize(
    ("changes", "arguments"),
    [
        ({"tags": {"a": "1"}}, {}),
        ({"route_table_ids": ["rtb-1", "rtb-2"]}, {"AddRouteTableIds": ["rtb-2"]}),
        ({"subnet_ids": ["subnet-2"]}, {"RemoveSubnetIds": ["subnet-1"]}),
        ({"security_group_ids": ["sg-2"]}, {"AddSecurityGroupIds": ["sg-2"], "RemoveSecurityGroupIds": ["sg-1"]}),
        ({"private_dns_enabled": False}, {"PrivateDnsEnabled": False}),
        ({"policy": {"Statement": []}}, {"PolicyDocument": '{"Statement": []}'}),
    ],
)
def test_only_what_differs_is_sent(changes: dict[str, Any], arguments: dict[str, Any]) -> None:
    assert modification(CURRENT, changes) == arguments
