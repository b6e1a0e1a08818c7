# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of hosted zones by name and of health checks have the members that every list has.

AWS: ListHostedZonesByName and ListHealthChecks answer with IsTruncated, MaxItems and (the latter) Marker; GetDNSSEC
with the key-signing keys (Route 53 API reference, response elements).
moto 5.2.5: leaves them out, against the service's model.
Can go when moto returns them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.route53.responses import Route53

from ..clock import Clock

ADDED: dict[str, dict[str, Any]] = {
    "list_hosted_zones_by_name": {"IsTruncated": False, "MaxItems": "100"},
    "list_health_checks": {"IsTruncated": False, "MaxItems": "100", "Marker": ""},
    "get_dnssec": {"KeySigningKeys": []},
}


def _completed(method: Callable[[Route53], ActionResult], added: dict[str, Any]) -> Callable[[Route53], ActionResult]:
    def mended(self: Route53) -> ActionResult:
        result = method(self).result
        assert isinstance(result, dict)
        return ActionResult({**added, **result})

    return mended


def apply(clock: Clock) -> None:
    for name, added in ADDED.items():
        setattr(Route53, name, _completed(getattr(Route53, name), added))
