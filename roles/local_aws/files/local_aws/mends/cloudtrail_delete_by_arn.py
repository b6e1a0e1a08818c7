# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DeleteTrail by ARN, and of a trail that does not exist.

AWS: Name takes the trail's name or its ARN; an unknown one is TrailNotFoundException (CloudTrail API reference).
moto 5.2.5: ignores everything but a known name, and answers with success.
Can go when moto's DeleteTrail looks the trail up as GetTrail does.
"""

from __future__ import annotations

from moto.cloudtrail.models import CloudTrailBackend

from ..clock import Clock


def _delete_trail(self: CloudTrailBackend, name: str) -> None:
    del self.trails[self.get_trail(name).trail_name]


def apply(clock: Clock) -> None:
    CloudTrailBackend.delete_trail = _delete_trail
