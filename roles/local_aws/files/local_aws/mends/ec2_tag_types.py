# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DescribeTags names the type of a NAT gateway, an elastic IP, a flow log.

AWS: a tag's ``resource-type`` is the type's name in the API's ResourceType enumeration: ``natgateway``, ``elastic-ip``,
``vpc-flow-log``, ``dedicated-host``, ``reserved-instances``, ``spot-instances-request``, ``prefix-list`` (EC2 API
reference, DescribeTags and TagSpecification).
moto 5.2.5: reports and filters by its own names (``nat-gateway``, ``vpc-elastic-ip``, ``flow-logs``, ...), so that a
filter on ``natgateway`` finds nothing. Some ids make the filter fail with a KeyError.
Can go when moto's EC2_RESOURCE_TO_PREFIX has the API's names.
"""

from __future__ import annotations

from moto.ec2.models import tags as moto_tags

from ..clock import Clock

NAMES = {
    "nat": "natgateway",
    "eipalloc": "elastic-ip",
    "fl": "vpc-flow-log",
    "h": "dedicated-host",
    "pl": "prefix-list",
    "sir": "spot-instances-request",
    "uuid4": "reserved-instances",
}


class _Types(dict[str, str]):
    def __missing__(self, prefix: str) -> str:
        return ""


def apply(clock: Clock) -> None:
    moto_tags.EC2_PREFIX_TO_RESOURCE = _Types({**moto_tags.EC2_PREFIX_TO_RESOURCE, **NAMES})
