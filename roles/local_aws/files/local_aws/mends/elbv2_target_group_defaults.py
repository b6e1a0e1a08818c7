# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Target groups get AWS's health-check defaults.

AWS: an HTTP or HTTPS target group has protocol version HTTP1, health checks by HTTP on ``/`` with a timeout of 5 s and
status 200 (Elastic Load Balancing API reference, CreateTargetGroup).
moto 5.2.5: no protocol version, no path, the target group's own protocol, a timeout of 10 s.
Can go when moto has these defaults.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeTargetGroup

from ..clock import Clock

HTTP_DEFAULTS = {
    "protocol_version": "HTTP1",
    "healthcheck_protocol": "HTTP",
    "healthcheck_path": "/",
    "healthcheck_timeout_seconds": 5,
}


def apply(clock: Clock) -> None:
    create = ELBv2Backend.create_target_group

    @functools.wraps(create)
    def mended(self: ELBv2Backend, name: str, **kwargs: Any) -> FakeTargetGroup:
        if kwargs.get("protocol") in ("HTTP", "HTTPS"):
            for key, value in HTTP_DEFAULTS.items():
                kwargs[key] = kwargs.get(key) or value
        return create(self, name, **kwargs)

    ELBv2Backend.create_target_group = mended  # type: ignore[method-assign]
