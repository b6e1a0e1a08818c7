# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A load balancer is ``provisioning`` for a while.

AWS: State.Code of a load balancer is ``provisioning`` for about two minutes, then ``active`` (Elastic Load Balancing
API reference, LoadBalancerState).
moto 5.2.5: active with the first look at it. So it is here too, unless provisioning is scaled.
Can go when moto's load balancers take time.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.elbv2.models import FakeLoadBalancer

from ..clock import Clock


def apply(clock: Clock) -> None:
    init, activate = FakeLoadBalancer.__init__, FakeLoadBalancer.activate

    @functools.wraps(init)
    def mended_init(self: FakeLoadBalancer, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        seconds = clock.provisioning.begin("load_balancer", self.name)
        self.active_at = clock.moment + seconds  # type: ignore[attr-defined]

    def mended_activate(self: FakeLoadBalancer) -> None:
        if clock.now() >= self.active_at:  # type: ignore[attr-defined]
            activate(self)

    FakeLoadBalancer.__init__ = mended_init  # type: ignore[method-assign]
    FakeLoadBalancer.activate = mended_activate  # type: ignore[method-assign]
