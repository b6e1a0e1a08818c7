# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long it takes until what was asked for is there: by kind, scaled, and written down."""

from __future__ import annotations

import time
from typing import Any

#: Minutes that AWS takes, about.
MINUTES: dict[str, float] = {
    "rds_instance": 10,
    "rds_replica": 8,
    "rds_instance_change": 5,
    "rds_instance_deletion": 5,
    "replication_group": 8,
    "replication_group_change": 5,
    "replication_group_deletion": 3,
    "nat_gateway": 2,
    "nat_gateway_deletion": 1,
    "load_balancer": 2,
    "cloudfront_distribution": 5,
    "certificate": 2,
}


class Provisioning:
    """A minute of provisioning takes ``minute_ms`` real milliseconds; at 0, nothing is slower than it is by itself."""

    def __init__(self, second_ms: float) -> None:
        self._second_ms = second_ms
        self.minute_ms = 0.0
        self.minutes = dict(MINUTES)
        self.log: list[dict[str, Any]] = []

    def begin(self, kind: str, name: str, otherwise: float = 0.0) -> float:
        """Note that something was asked for; how many simulated seconds it takes.

        ``otherwise`` is how many it takes when provisioning is not scaled.
        """
        seconds = self.minutes[kind] * self.minute_ms / self._second_ms if self.minute_ms else otherwise
        now = time.time()
        self.log.append(
            {"kind": kind, "name": name, "requested": now, "available": now + seconds * self._second_ms / 1000}
        )
        return seconds

    def tell(self, told: dict[str, Any]) -> None:
        """Take settings; ValueError when they make no sense."""
        minute_ms, minutes = told.get("minute_ms", self.minute_ms), told.get("minutes", {})
        if set(told) - {"minute_ms", "minutes"} or not _is_time(minute_ms):
            raise ValueError("minute_ms must be a number of real milliseconds")
        if not isinstance(minutes, dict) or set(minutes) - set(MINUTES) or not all(map(_is_time, minutes.values())):
            raise ValueError(f"minutes has numbers of minutes for some of {sorted(MINUTES)}")
        self.minute_ms = float(minute_ms)
        self.minutes |= {kind: float(value) for kind, value in minutes.items()}

    def describe(self) -> dict[str, Any]:
        return {"minute_ms": self.minute_ms, "minutes": self.minutes, "log": self.log}


def _is_time(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
