# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers are in their region's hosted zone, which alias records point to.

AWS: CanonicalHostedZoneId is the same for all application load balancers of a region (AWS General Reference, Elastic
Load Balancing endpoints and quotas).
moto 5.2.5: an example value in every region.
Can go when moto has the list.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer

from ..clock import Clock

APPLICATION = {
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-south-1": "ZP97RAFLXTNZK",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
    "ap-southeast-2": "Z1GM3OXH4ZPM65",
    "ca-central-1": "ZQSVJUPU6J1EY",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-north-1": "Z23TAZ6LKFMNIO",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-west-2": "ZHURV8PSTC4K8",
    "eu-west-3": "Z3Q77PNBQS71R4",
    "sa-east-1": "Z2P70J7HTTTPLU",
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
}


def apply(clock: Clock) -> None:
    create = ELBv2Backend.create_load_balancer

    @functools.wraps(create)
    def mended(self: ELBv2Backend, *args: Any, **kwargs: Any) -> FakeLoadBalancer:
        balancer = create(self, *args, **kwargs)
        if balancer.type == "application" and self.region_name in APPLICATION:
            balancer.canonical_hosted_zone_id = APPLICATION[self.region_name]
        return balancer

    ELBv2Backend.create_load_balancer = mended  # type: ignore[method-assign]
