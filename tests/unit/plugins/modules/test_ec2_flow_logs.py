# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.modules.ec2_flow_logs import resource_type


@pytest.mark.parametrize(
    ("identifier", "kind"), [("vpc-1", "VPC"), ("subnet-1", "Subnet"), ("eni-1", "NetworkInterface")]
)
def test_an_identifier_tells_its_kind(identifier: str, kind: str) -> None:
    assert resource_type(identifier) == kind


def test_other_identifiers_are_refused() -> None:
    with pytest.raises(AnsibleAWSError, match=r"'tgw-1' is neither .* begin with vpc-, subnet-, eni-"):
        resource_type("tgw-1")
